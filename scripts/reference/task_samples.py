"""Questions of our own in the forms of the data sets that `spellm eval --tasks` knows by name, and what
lm-evaluation-harness makes of them: the reference of src-main/evaluate/tasks/named-tasks.ts.

Needs lm-eval 0.4.13 and pyarrow besides what the other scripts need. Writes

src-main/evaluate/testing/tasks/NAME.parquet: at least 40 questions of a data set's schema, made of the facts below; no
    question of a data set is copied. Compression and sizes of row groups differ from file to file.

src-main/evaluate/testing/tasks/expected.json: the sample model on them, by the harness's own task classes and scoring
    requests        SHA-256 of all contexts and continuations, so that prompts are known to be the same to the letter
    acc, accNorm, perplexity  as the harness reports them
    hits, hitsNorm  of each question, whether acc and acc_norm count it as right
    logLikelihoods  of each question's options

Everything is computed in float32, one request at a time.
"""

import hashlib
import os
import random

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"

import lm_eval
import pyarrow as pa
import pyarrow.parquet as pq
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from reference_files import SOURCE, deterministic, rounded, write_json

FOLDER = SOURCE / "evaluate" / "testing" / "tasks"
MODEL = SOURCE.parent / "resources" / "sample-model"
COUNT = 44

CAPITALS = [
    ("France", "Paris"), ("Japan", "東京 (Tokyo)"), ("Spain", "Madrid"), ("Peru", "Lima"), ("Egypt", "Cairo"),
    ("Norway", "Oslo"), ("Austria", "Vienna"), ("Brazil", "Brasília"), ("Kenya", "Nairobi"), ("Cuba", "Havana"),
    ("Poland", "Warsaw"), ("Iceland", "Reykjavík"), ("Canada", "Ottawa"), ("Greece", "Athens"), ("Chile", "Santiago"),
]
ANIMALS = [
    # name, what it says, where it sleeps, its young, what it eats
    ("dog", "bark", "a kennel", "puppy", "meat"), ("cat", "meow", "a basket", "kitten", "mice"),
    ("cow", "moo", "a barn", "calf", "grass"), ("owl", "hoot", "a hollow tree", "owlet", "small animals"),
    ("bear", "growl", "a den", "cub", "berries and fish"), ("sheep", "bleat", "a fold", "lamb", "hay"),
    ("pig", "grunt", "a sty", "piglet", "almost anything"), ("duck", "quack", "reeds", "duckling", "water plants"),
    ("horse", "neigh", "a stable", "foal", "oats"), ("frog", "croak", "a pond", "tadpole", "flies"),
    ("bee", "buzz", "a hive", "larva", "nectar"), ("fox", "yelp", "a burrow", "kit", "rabbits"),
]
TOOLS = [
    # name, what it does, to what, how one does it well, how one doesn't
    ("saw", "cut", "a plank", "pull and push it along a line", "lay it on the line and wait"),
    ("needle", "sew", "a button on", "put a thread through its eye first", "use it without a thread"),
    ("kettle", "boil", "water", "fill it and set it on the stove", "set it on the stove and fill it never"),
    ("broom", "sweep", "the floor", "move it from the wall to the door", "hold it in the air"),
    ("ladder", "reach", "a high shelf", "lean it on the wall and climb", "lay it flat and jump"),
    ("spoon", "stir", "a soup", "turn it slowly in the pot", "turn it slowly beside the pot"),
    ("rope", "tie", "a boat", "make a knot around the post", "throw it into the water"),
    ("lamp", "light", "a dark room", "switch it on", "cover it with a blanket"),
    ("rake", "gather", "leaves", "draw it over the lawn", "bury it under the lawn"),
    ("towel", "dry", "wet hands", "rub them with it", "dip it into the sink"),
    ("hammer", "drive", "a nail in", "hit its head straight", "hit the wall beside it"),
]
PEOPLE = ["Anna", "Ben", "Zoë", "Carlos", "Dana", "Émile", "Fatima", "Greg", "Hana", "Ivo", "Jürgen", "Kim"]
TRAITS = [
    # the thing, what follows if it is so, what follows if it is not
    ("box", "shelf", "fit", "large", "small"), ("stone", "bag", "tear", "heavy", "thin"),
    ("soup", "bowl", "melt", "hot", "soft"), ("coat", "chair", "fall over", "heavy", "light"),
    ("sofa", "door", "go through", "wide", "narrow"), ("ice", "cup", "float", "light", "deep"),
]
MATERIALS = [
    ("iron", "a magnet pulls it", "it rusts in wet air"), ("glass", "light goes through it", "it breaks when it falls"),
    ("wood", "it floats on water", "it burns"), ("rubber", "it bounces", "it keeps water out"),
    ("copper", "current flows through it", "it turns green with time"),
    ("ice", "it melts in the sun", "it is frozen water"),
    ("salt", "it dissolves in water", "the sea tastes of it"), ("paper", "it is made of wood", "it tears easily"),
    ("wool", "it keeps people warm", "it comes from sheep"), ("clay", "it hardens in the fire", "pots are made of it"),
    ("sand", "the wind makes dunes of it", "glass is made of it"),
]


def choices_of(draw, right, others, count, labels="ABCDE"):
    """Shuffled choices, as `Sequence({text, label})` is stored, and the label of the right one."""
    texts = [right, *draw.sample([other for other in dict.fromkeys(others) if other != right], count - 1)]
    draw.shuffle(texts)
    return dict(text=texts, label=list(labels[:count])), labels[texts.index(right)]


def science(draw, i):
    """A question with its answer, and what could stand in its place."""
    kind = i % 4
    if kind == 0:
        country, capital = CAPITALS[i // 4]
        return f"Which city is the capital of {country}?", capital, [city for _, city in CAPITALS]
    if kind == 1:
        animal = ANIMALS[i // 4]
        field = draw.choice([1, 2, 3, 4])
        asks = {
            1: f"What do you hear when a {animal[0]} calls?", 2: f"Where does a {animal[0]} usually sleep?",
            3: f"What is a young {animal[0]} called?", 4: f"What does a {animal[0]} live on?",
        }
        return asks[field], animal[field], [other[field] for other in ANIMALS]
    if kind == 2:
        tool = TOOLS[i // 4]
        return f"Which of these helps to {tool[1]} {tool[2]}?", f"a {tool[0]}", [f"a {other[0]}" for other in TOOLS]
    material = MATERIALS[i // 4]
    field = draw.choice([1, 2])
    return f"What is true of {material[0]}?", material[field], [other[field] for other in MATERIALS]


def arc(draw, i):
    question, right, others = science(draw, i)
    choices, key = choices_of(draw, right, others, [4, 4, 3, 5][i % 4], "12345" if i % 5 == 0 else "ABCDE")
    return dict(id=f"own-{i}", question=question, choices=choices, answerKey=key)


def openbookqa(draw, i):
    question, right, others = science(draw, i)
    choices, key = choices_of(draw, right, others, 4)
    # Some stems end with white space, which belongs to the choice; some keys begin with it.
    stem = question.rstrip("?") + (" " if i % 7 == 0 else "")
    return dict(id=f"own-{i}", question_stem=stem, choices=choices, answerKey=" " + key if i % 9 == 0 else key)


def commonsense_qa(draw, i):
    question, right, others = science(draw, i)
    choices, key = choices_of(draw, right, others, 5)
    return dict(id=f"own-{i}", question=f" {question} ", question_concept="", choices=choices, answerKey=key)


def sciq(draw, i):
    question, right, others = science(draw, i)
    wrong = draw.sample([other for other in dict.fromkeys(others) if other != right], 3)
    support = ["", f"  It is known that the answer is {right}.", f"{question} People asked this for long.\n"][i % 3]
    return dict(question=question, distractor3=wrong[2], distractor1=wrong[0], distractor2=wrong[1],
                correct_answer=right, support=support)


def piqa(draw, i):
    name, verb, thing, well, badly = TOOLS[i % len(TOOLS)]
    person = draw.choice(PEOPLE)
    goal = [f"How do you {verb} {thing}?", f"{person} wants to {verb} {thing} with a {name}",
            f"to {verb}  {thing}\nwith a {name}", f"{verb} {thing} "][i // len(TOOLS) % 4]
    well, badly = f"Take the {name}, and {well}.", f"Take the {name}, and {badly}." + (" " if i % 6 == 0 else "")
    label = draw.randrange(2)
    return dict(goal=goal, sol1=badly if label else well, sol2=well if label else badly, label=label)


def hellaswag(draw, i):
    name, verb, thing, well, badly = TOOLS[i % len(TOOLS)]
    person = draw.choice(PEOPLE)
    others = [f"{end[0].upper()}{end[1:]}." for _, _, _, *ends in draw.sample(TOOLS, 2) for end in ends]
    if i % 2:
        activity = f"Home and garden [rest] {verb}"
        ctx_a = f"[header] How to {verb} {thing} [title] Get a {name}. [step] A good one lasts for long.  Ask a friend."
        ctx_b = "" if i % 4 == 1 else f"[title] Then {well}. [step]"
        endings = [f"{ending} [substeps] Take your time. [title] Rest" for ending in others[:3]]
        right = f"Now {verb} {thing}, and {well}. [substeps] [1]  Take your time."
    else:
        activity = f"Using a {name}"
        ctx_a = f"{person} shows a {name} to the camera."
        ctx_b = [f"{person} then", "the ÉLAN of the Two Friends", "she", ""][i // 2 % 4]
        endings = [ending.lower() for ending in others[:3]]
        right = f"begins to {verb} {thing}."
    label = draw.randrange(4)
    endings.insert(label, right)
    return dict(ind=i, activity_label=activity, ctx_a=ctx_a, ctx_b=ctx_b, ctx=f"{ctx_a} {ctx_b}", endings=endings,
                source_id=f"own~{i}", split="val", split_type="indomain", label=str(label))


def winogrande(draw, i):
    thing, place, verb, first, second = TRAITS[i % len(TRAITS)]
    one, other = draw.sample(PEOPLE, 2)
    about_thing = draw.random() < 0.5
    if i % 3 == 0:
        sentence = f"{one} gave {other} a map because _ {['knew the way', 'was lost'][about_thing]}."
        option1, option2 = one, other
    else:
        sentence = (f"The {thing} did not {verb} with the {place}, because the _ was too "
                    f"{first if about_thing else second}." + (" " if i % 4 == 0 else ""))
        option1, option2 = (thing, place)
    if i % 5 == 0:
        sentence += " The _ stayed."
    answer = "1" if (about_thing if i % 3 else not about_thing) else "2"
    return dict(sentence=sentence, option1=option1, option2=option2, answer=answer)


def boolq(draw, i):
    animal = ANIMALS[i % len(ANIMALS)]
    label = draw.randrange(2)
    other = draw.choice([one for one in ANIMALS if one is not animal])
    passage = f"{animal[0].capitalize()} -- A {animal[0]} sleeps in {animal[2]}, and its young is called a {animal[3]}."
    # Longer than the sample model's context: the beginning is lost.
    if i % 8 == 0:
        passage = " ".join(f"The {a[0]} says {a[1]}, and lives on {a[4]}." for a in ANIMALS * 4) + " " + passage
    question = f"is a young {animal[0]} called a {(animal if label else other)[3]}"
    return dict(question=question, passage=passage, idx=i, label=label)


def copa(draw, i):
    name, verb, thing, well, badly = TOOLS[i % len(TOOLS)]
    person = draw.choice(PEOPLE)
    label = draw.randrange(2)
    if i % 2:
        premise, right, wrong = f"{person} had to {verb} {thing}.", f"{person} took the {name}.", "The sun went down."
    else:
        premise, right, wrong = f"{person} took the {name}. ", f"There was {thing} to {verb}.", "Élan is a word."
    return dict(premise=premise, choice1=wrong if label else right, choice2=right if label else wrong,
                question=["cause", "effect"][i % 2], idx=i, label=label)


# Beginnings that the sample model knows from its stories, so that it writes some of the last words.
STORIES = [
    "On a farm at the end of a long road", "And the moth? It had fallen asleep long ago.",
    "A warm feeling spread from Fern's nose down to her toes.", "She looked at the mess. She tilted her head.",
    "What are you looking for?", "I can't, breathed Toby. I am afraid of moths. Everyone is afraid of something.",
    "Far away, in a caravan painted like a sunrise", "Bees were bumping into the sunflowers.",
    "So she took a deep breath and knocked on the door",
    "\"Thank you for telling me,\" Gus said. Broken things can be mended.",
    "There was a long silence, and then a laugh.",
]


def lambada_openai(draw, i):
    if i % 4 == 0:
        return dict(text=STORIES[i // 4])
    animal, other = draw.sample(ANIMALS, 2)
    person = draw.choice(PEOPLE)
    end = ["", "\n", "."][i % 3]
    return dict(text=(
        f"Once upon a time, {person} had a {animal[0]} and a {other[0]}. \"{person}, look!\" said Mom.\nThe {other[0]} "
        f"went to sleep in {other[2]}, and so {person} went out to play with the {animal[0]}{end}"
    ))


STRING = pa.string()
LABELLED = pa.struct([("text", pa.list_(STRING)), ("label", pa.list_(STRING))])
# Of each form: its questions, how its file is packed, columns that aren't strings.
FORMS = {
    "arc_easy": (arc, "snappy", dict(choices=LABELLED)),
    "arc_challenge": (arc, "none", dict(choices=LABELLED)),
    "piqa": (piqa, "zstd", dict(label=pa.int64())),
    "hellaswag": (hellaswag, "snappy", dict(endings=pa.list_(STRING), ind=pa.int32())),
    "openbookqa": (openbookqa, "gzip", dict(choices=LABELLED)),
    "winogrande": (winogrande, "brotli", {}),
    "boolq": (boolq, "lz4", dict(label=pa.int64(), idx=pa.int32())),
    "sciq": (sciq, "snappy", {}),
    "lambada_openai": (lambada_openai, "zstd", {}),
    "copa": (copa, "snappy", dict(label=pa.int64(), idx=pa.int32())),
    "commonsense_qa": (commonsense_qa, "gzip", dict(choices=LABELLED)),
}


def write_samples():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for seed, (name, (form, compression, types)) in enumerate(FORMS.items()):
        draw = random.Random(seed)
        rows = [form(draw, i) for i in range(COUNT)]
        schema = pa.schema([(column, types.get(column, STRING)) for column in rows[0]])
        table = pa.Table.from_pylist(rows, schema)
        pq.write_table(table, FOLDER / f"{name}.parquet", compression=compression, row_group_size=16 + seed,
                       data_page_version="2.0" if seed % 2 else "1.0")


def with_own_questions(name):
    """The harness's own definition of a task, reading our file in place of its data set."""
    manager = TaskManager()
    files = {"test": str(FOLDER / f"{name}.parquet")}
    own = dict(dataset_path="parquet", dataset_name=None, dataset_kwargs=dict(data_files=files),
               training_split=None, validation_split=None, test_split="test")
    config = manager._factory._load_full_config(manager._index[name], own)
    return {key: value for key, value in config.items() if key != "tag"}


def expected():
    deterministic(1)
    model = HFLM(pretrained=str(MODEL), dtype="float32", device="cpu", batch_size=1)
    results = {}
    for name in FORMS:
        task = with_own_questions(name)
        found = lm_eval.simple_evaluate(model=model, tasks=[task], log_samples=True, bootstrap_iters=0)
        samples = sorted(found["samples"][name], key=lambda sample: sample["doc_id"])
        assert len(samples) == COUNT
        requests = [list(argument[:2]) for sample in samples for argument in arguments_of(sample)]
        metrics = found["results"][name]
        results[name] = dict(
            requests=hashlib.sha256("\0".join(text for request in requests for text in request).encode()).hexdigest(),
            **{own: metrics[f"{theirs},none"] for own, theirs in
               [("acc", "acc"), ("accNorm", "acc_norm"), ("perplexity", "perplexity")] if f"{theirs},none" in metrics},
            hits=[int(sample["acc"]) for sample in samples],
            **(dict(hitsNorm=[int(sample["acc_norm"]) for sample in samples]) if "acc_norm" in samples[0] else {}),
            logLikelihoods=[rounded([float(one[0]) for one in answers_of(sample)]) for sample in samples],
        )
    write_json(FOLDER / "expected.json", dict(lmEval=lm_eval.__version__, tasks=results))


def arguments_of(sample):
    """(context, continuation) of each option."""
    arguments = sample["arguments"]
    named = arguments.values() if isinstance(arguments, dict) else arguments
    return [list(one.values()) if isinstance(one, dict) else one for one in named]


def answers_of(sample):
    """(log-likelihood, is greedy) of each option."""
    answers = sample["resps"]
    return [answer[0] if isinstance(answer[0], (list, tuple)) else answer for answer in answers]


if __name__ == "__main__":
    write_samples()
    expected()
