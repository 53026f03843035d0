"""What transformers makes of texts, continuations and penalised scores: the reference of src-main/evaluate/.

Writes

src-main/evaluate/testing/likelihoods.json: for some checkpoints of src-main/models/testing/
    tokens          two windows of token ids [2][T]
    logProbabilities  natural log-probability of each token but the first, given those before it in its window
    perplexity      e to the mean of their negatives
    pairs           context and continuation in token ids, logLikelihood of the continuation, isGreedy

src-main/evaluate/testing/sample-choices.json: the sample model on multiple-choice tasks
    context, choices, delimiter, answer
    encoded         of each choice the ids of context and continuation, split as lm-evaluation-harness splits them
    logLikelihoods  of each choice
    accNormPick     the choice with the highest log-likelihood per character

src-main/decode/testing/sampling.json: what is left of scores after transformers' logits processors
    scores, context, written, temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, logitBias
    shares          the probabilities that are drawn with

Everything is computed in float32 with eager attention.
"""

import numpy as np
import torch
from reference_files import SOURCE, deterministic, rounded, write_json
from transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessorList
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

MODELS = SOURCE / "models" / "testing"
CHECKPOINTS = ["gqa-tied", "mqa-bf16", "fp16-sharded", "granite", "gemma2", "gpt-neox", "gpt2"]

TASKS = [
    ("Once upon a time, there was a little", ["girl", "boat", "the of", "zebra named Zog"], " ", 0),
    # White space at the end of the context belongs to the choice.
    ("It was winter, and the snow was ", ["deep.", "sharp like a hot pan.", "."], "", 0),
    # A choice whose tokens merge with the context's last one when both are encoded as one text.
    ("The fox sat do", ["wn by the fire.", "g and the cat.", "or of the house."], "", 0),
    ("", ["Once upon a time", "Qqqq", "The"], "", 2),
    ("The bear said: \n\n", ["Hello!", "I can't find my hat."], " ", 1),
    ("Das Café war", ["schön", "zu €5"], " ", 0),
]


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


@torch.no_grad()
def log_probabilities(model, ids):
    """Of each token but the first, and the greedy choices in their places."""
    logits = model(torch.tensor([ids])).logits[0].float()
    scores = torch.log_softmax(logits, -1)[:-1]
    return scores.gather(1, torch.tensor(ids[1:])[:, None])[:, 0], logits[:-1].argmax(-1)


def score(model, context, continuation):
    scores, greedy = log_probabilities(model, context + continuation)
    n = len(continuation)
    return scores[-n:].sum().item(), bool((greedy[-n:] == torch.tensor(continuation)).all())


def likelihoods():
    cases = {}
    for name in CHECKPOINTS:
        deterministic(7)
        model = load(MODELS / name)
        size = model.config.vocab_size
        windows = torch.randint(0, size, (2, 24)).tolist()
        scores = torch.cat([log_probabilities(model, window)[0] for window in windows])
        pairs = []
        for length in (1, 2, 7):
            context, continuation = windows[0][:9], windows[1][:length]
            value, greedy = score(model, context, continuation)
            pairs.append(dict(context=context, continuation=continuation, logLikelihood=value, isGreedy=greedy))
        best = model(torch.tensor([windows[0][:9]])).logits[0, -1].argmax().item()
        value, greedy = score(model, windows[0][:9], [best])
        pairs.append(dict(context=windows[0][:9], continuation=[best], logLikelihood=value, isGreedy=greedy))
        cases[name] = dict(
            tokens=windows,
            logProbabilities=rounded(scores),
            perplexity=rounded(torch.exp(-scores.mean()).item()),
            pairs=[{**pair, "logLikelihood": rounded(pair["logLikelihood"])} for pair in pairs],
        )
    write_json(SOURCE / "evaluate" / "testing" / "likelihoods.json", cases)


def sample_choices():
    folder = SOURCE.parent / "resources" / "sample-model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = load(folder)
    tasks = []
    for context, choices, delimiter, answer in TASKS:
        encoded, values = [], []
        for choice in choices:
            spaces = len(context) - len(context.rstrip())
            kept, moved = (context[:-spaces], context[-spaces:]) if spaces else (context, "")
            before = tokenizer.encode(kept)
            pair = [before, tokenizer.encode(kept + moved + delimiter + choice)[len(before) :]]
            encoded.append(pair)
            values.append(score(model, *pair)[0])
        lengths = np.array([len(choice) for choice in choices])
        tasks.append(
            dict(
                context=context,
                choices=choices,
                delimiter=delimiter,
                answer=answer,
                encoded=encoded,
                logLikelihoods=rounded(values),
                pick=int(np.argmax(values)),
                accNormPick=int(np.argmax(np.array(values) / lengths)),
            )
        )
    write_json(SOURCE / "evaluate" / "testing" / "sample-choices.json", tasks)


def penalized(left, times, options):
    # vLLM's apply_penalties (vllm/model_executor/layers/utils.py), which transformers doesn't have.
    left = left - options.get("frequencyPenalty", 0) * times
    return left - options.get("presencePenalty", 0) * (times > 0)


def sampling():
    deterministic(3)
    scores = torch.randn(40) * 3
    context = [3, 5, 5, 17, 30]
    written = [12, 6, 12, 30, 6, 6]
    times = torch.bincount(torch.tensor(written), minlength=len(scores))
    cases = []
    for options in [
        dict(temperature=1.0, repetitionPenalty=1.3),
        dict(temperature=0.7, repetitionPenalty=0.8),
        dict(temperature=1.0, minP=0.1),
        dict(temperature=2.0, minP=0.3),
        dict(temperature=0.5, topK=7),
        dict(temperature=1.4, topP=0.8),
        dict(temperature=1.2, topK=12, topP=0.9, minP=0.05, repetitionPenalty=1.2),
        dict(temperature=1.0, presencePenalty=1.5),
        dict(temperature=0.8, frequencyPenalty=0.6),
        dict(temperature=1.0, presencePenalty=-0.7, frequencyPenalty=-0.4),
        dict(temperature=1.0, logitBias=[[6, -100], [21, 4.5], [20, -1.5]]),
        dict(
            temperature=0.7,
            topP=0.9,
            repetitionPenalty=1.3,
            presencePenalty=0.5,
            frequencyPenalty=0.3,
            logitBias=[[6, 2.5], [25, -100], [12, -0.5]],
        ),
    ]:
        # The order in which transformers' generate puts them.
        processors = LogitsProcessorList()
        if "logitBias" in options:
            biases = {(token,): bias if bias > -100 else -torch.inf for token, bias in options["logitBias"]}
            processors.append(SequenceBiasLogitsProcessor(biases))
        if "repetitionPenalty" in options:
            processors.append(RepetitionPenaltyLogitsProcessor(options["repetitionPenalty"]))
        processors.append(lambda _, left: penalized(left, times, options))
        processors.append(TemperatureLogitsWarper(options["temperature"]))
        if "topK" in options:
            processors.append(TopKLogitsWarper(options["topK"]))
        if "topP" in options:
            processors.append(TopPLogitsWarper(options["topP"]))
        if "minP" in options:
            processors.append(MinPLogitsWarper(options["minP"]))
        left = processors(torch.tensor([context + written]), scores[None].clone())
        cases.append({**options, "shares": rounded(torch.softmax(left[0], -1))})
    write_json(
        SOURCE / "decode" / "testing" / "sampling.json",
        dict(scores=rounded(scores), context=context, written=written, cases=cases),
    )


if __name__ == "__main__":
    likelihoods()
    sample_choices()
    sampling()
