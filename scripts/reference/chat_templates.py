"""Chat templates in the styles of model families, and the prompts that transformers renders with them.

Writes src-main/tokenizer/testing/chat-templates.json:

    conversations   lists of messages
    templates       for each style: source (Jinja), specialTokens, and prompts: for each conversation without and with
                    add_generation_prompt the text, or {"error": message} where the template refuses it
    times           what Python's strftime makes of 2026-03-07 16:05:09 in several formats

The templates are written for this file. They have the structure of the families' own, and together the parts of Jinja
that those use.
"""

import datetime
import json
from pathlib import Path

from jinja2.exceptions import TemplateError
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

OUTPUT = Path(__file__).resolve().parents[2] / "src-main/tokenizer/testing/chat-templates.json"

CONVERSATIONS = [
    [{"role": "user", "content": "Hello!"}],
    [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "  Capital of France?\n"}],
    [
        {"role": "system", "content": "Sé breve, 你好 <b>&amp;</b> \"quoted\" {{ braces }} {% x %}"},
        {"role": "user", "content": "One\n\ntwo\ttabs\\n"},
        {"role": "assistant", "content": "<think>\nhm, two\n</think>\n\n Three. "},
        {"role": "user", "content": "And <|im_end|> or </s> in it?"},
    ],
    [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d"},
    ],
    [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
    [{"role": "tool", "content": "42"}],
    [{"role": "user", "content": ""}],
]

TEMPLATES = {
    "chatml": (
        {"eos_token": "<|im_end|>"},
        """{%- if messages[0]['role'] != 'system' %}
    {{- '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    ),
    # Keeps the thoughts of the last answer only, as reasoning models do.
    "chatml-thinking": (
        {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
        """{%- set ns = namespace(last_user=-1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages | length - 1) - loop.index0 %}
    {%- if ns.last_user < 0 and message.role == 'user' and message.content is string %}
        {%- set ns.last_user = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if message.role == 'assistant' and '</think>' in content and loop.index0 < ns.last_user %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<|im_start|>' ~ message.role ~ '\\n' ~ content ~ '<|im_end|>\\n' }}
{%- endfor %}
{%- if tools %}{{- raise_exception('no tools here') }}{%- endif %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
""",
    ),
    "headers": (
        {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
        """{{- bos_token }}
{%- set messages_left = messages %}
{%- if messages[0].role == 'system' %}
    {%- set system = messages[0]['content'] | trim %}
    {%- set messages_left = messages[1:] %}
{%- else %}
    {%- set system = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}{{- "Tools: " + tools | tojson }}{%- endif %}
{{- "Knowledge: December 2023\\n\\n" + system + "<|eot_id|>" }}
{%- for message in messages_left %}
    {%- if not (message.role in ['ipython', 'tool'] or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- elif message.role == 'tool' %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {{- message.content | tojson }}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    ),
    "turns": (
        {"bos_token": "<bos>", "eos_token": "<eos>"},
        """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{% for message in messages %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
{% endif %}
{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}
{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}
{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}
""",
    ),
    "inst": (
        {"bos_token": "<s>", "eos_token": "</s>"},
        """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] | trim + eos_token }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with the exception of a first system message!") }}
    {%- endif %}
{%- endfor %}
""",
    ),
    "phi": (
        {"bos_token": "<s>", "eos_token": "<|endoftext|>"},
        "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}"
        "{{'<|system|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'user' %}"
        "{{'<|user|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'assistant' %}"
        "{{'<|assistant|>\\n' + message['content'] + '<|end|>\\n'}}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}",
    ),
    "zephyr": (
        {"bos_token": "<s>", "eos_token": "</s>"},
        """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    ),
    # What else templates use: macros, filters, tests, loops over ranges, and mappings.
    "everything": (
        {"bos_token": "<s>", "unk_token": "<unk>"},
        """{#- a comment -#}
{% macro line(role, text='-') -%}
    [{{ role | upper }}|{{ text | replace('\\n', '/') }}]
{%- endmacro %}
{{ bos_token }}
{%- for message in messages if message.role != 'tool' %}
    {% if message.role == 'system' %}{% continue %}{% endif %}
    {{- line(message.role, message.content) }}
    {% generation %}
    spoken {{ none }} {{ unknown }} {{ true }}
    {%- endgeneration -%}
    {%- if loop.first and not loop.last %}{{ ' first of ' ~ loop.length }}{% endif %}
{%- else %}
    {{- 'nothing' }}
{%- endfor %}
{% for i in range(2, 9, 3) %}{{ i }},{% endfor %}
{{ messages | map(attribute='role') | list | join('+') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}
{{ {'a': [1, 2.5, true, none], 'é': 'ü'} | tojson }} {{ messages[0] | tojson(indent=2) }}
{% for key, value in {'x': 1, 'y': 2}.items() %}{{ key }}={{ value }};{% endfor %}
{{ messages[-1].get('name', 'nobody') }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 'ab' in 'cabd' }} {{ unk_token if unk_token is defined else '' }}
{{ messages[0].content.startswith('H') }} {{ 'a b  c'.split() | length }} {{ ' x '.strip() ~ 'y'.upper() ~ 'Title case'.title() }} {{ 'xxyaxy'.strip('xy') }}|{{ ' \\n a\\n '.rstrip('\\n ') }}|{{ '\\n\\n b'.lstrip('\\n') }}|{{ 'a-b-c'.split('-', 1)[1] }}
{{- '!' if messages | length > 2 and not false else '?' }}
""",
    ),
}


def rendered(tokenizer, messages, add_generation_prompt):
    try:
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt)
    except TemplateError as error:
        return {"error": str(error)}


templates = {}
for name, (special_tokens, source) in TEMPLATES.items():
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE()), chat_template=source, **special_tokens
    )
    templates[name] = {
        "source": source,
        "specialTokens": special_tokens,
        "prompts": [
            [rendered(tokenizer, messages, add_generation_prompt) for add_generation_prompt in (False, True)]
            for messages in CONVERSATIONS
        ],
    }
moment = datetime.datetime(2026, 3, 7, 16, 5, 9)
formats = ["%d %b %Y", "%B %d, %Y", "%Y-%m-%d %H:%M:%S", "%A %a %I %p %y 100%%"]
times = {pattern: moment.strftime(pattern) for pattern in formats}
value = {"conversations": CONVERSATIONS, "templates": templates, "times": times}
OUTPUT.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
