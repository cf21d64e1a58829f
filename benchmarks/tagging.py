"""Taggers beside CRFsuite, UDPipe and spaCy: training, tagging, and how good they are, on the same words.

Both read the same two-column files. CRFsuite (its averaged perceptron, ten epochs) is given the features
that are usual with it: the word, its affixes and shape, and the words around. UDPipe trains its tagger as
it comes, on CoNLL-U; spaCy its tagger or recogniser of names with a network of its own (HashEmbedCNN, eight
epochs, best by the development part). Word classes are k-means of word2vec vectors of enwiki-100mb, which
is all in lower case, and vectors for the network are the same, or of kowiki-100mb; what they take is
printed apart. The network chooses its weights by the development part. Figures of CPU seconds are of whole
processes, features and all. Settings were chosen on the development parts; the test parts are read here
alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from side_by_side import NLPCLI, data, measure, peer

from nlpcli.engine.sequences.evaluation import span_metrics
from nlpcli.engine.sequences.examples import Examples, examples_of
from nlpcli.engine.sequences.tagged_text import read_tagged
from nlpcli.engine.sequences.words import Words
from nlpcli.settings.tagging import TaggedTextSettings
from nlpcli.settings.text import AnalysisSettings

NER, UD, SLOTS = "tasks/tag-ner", "tasks/tag-pos", "tasks/tag-slots/snips-slots-en"
CONLL = f"{NER}/conll2003-en"
SETS = {
    "EWT UPOS": ("en/ud-ewt-train.conllu.gz", "en/ud-ewt-test.conllu.gz", "upos"),
    "CoNLL++": (f"{CONLL}/train-4col.conll.gz", f"{CONLL}/test-conllpp.conll.gz", "auto"),
    "WNUT17": (f"{NER}/wnut17-en/train.conll.gz", f"{NER}/wnut17-en/test.conll.gz", "auto"),
    "SNIPS": (f"{SLOTS}/train.conll.gz", f"{SLOTS}/test.conll.gz", "auto"),
    "KMOU": (f"{NER}/kmou-ner-ko/train.conll.gz", f"{NER}/kmou-ner-ko/test.conll.gz", "auto"),
    "GSD-ko UPOS": (f"{UD}/ud-gsd-ko/train.conllu.gz", f"{UD}/ud-gsd-ko/test.conllu.gz", "upos"),
    "GSD-ko XPOS": (f"{UD}/ud-gsd-ko/train.conllu.gz", f"{UD}/ud-gsd-ko/test.conllu.gz", "xpos"),
    "Kaist UPOS": ("ko/ud-kaist-train.conllu.gz", "ko/ud-kaist-test.conllu.gz", "upos"),
}  # fmt: skip
KOREAN = ("GSD-ko UPOS", "GSD-ko XPOS", "Kaist UPOS")  # of words with spaces between, as in kowiki
ENGLISH = ("EWT UPOS", "CoNLL++", "WNUT17", "SNIPS")
LIMIT = 240  # CPU seconds of a peer; spaCy's training of eight epochs has four times as many
# Peers that take long are asked where they come to an end.
SPACY_SETS, UDPIPE_SETS = ("EWT UPOS", "CoNLL++"), ("GSD-ko UPOS",)
CRFSUITE = """
import sys, time, pycrfsuite
train, test, model, out = sys.argv[1:]
def read(path):
    with open(path, encoding="utf-8", newline="\\n") as file:
        for block in file.read().split("\\n\\n"):
            rows = [line.split("\\t") for line in block.split("\\n") if line]
            if rows:
                yield [row[0] for row in rows], [row[1] for row in rows]
def shape(word):
    return "".join("X" if c.isupper() else "x" if c.islower() else "9" if c.isdigit() else c for c in word)
def own(word):
    low = word.lower()
    return (["w=" + word, "l=" + low, "s=" + shape(word)] + [f"-{n}={low[-n:]}" for n in (1, 2, 3, 4)]
            + [f"+{n}={low[:n]}" for n in (1, 2, 3, 4)])
def features(words):
    low = ["<2>", "<1>", *map(str.lower, words), "</1>", "</2>"]
    found = []
    for i, word in enumerate(words):
        a, b, c, d, e = low[i : i + 5]
        around = ["b=" + b, "a=" + a, "d=" + d, "e=" + e, "bc=" + b + "|" + c, "cd=" + c + "|" + d,
                  "b3=" + b[-3:], "d3=" + d[-3:], "bd=" + b + "|" + d]
        around += ["bs=" + shape(words[i - 1])] if i else ["BOS"]
        around += ["ds=" + shape(words[i + 1])] if i + 1 < len(words) else ["EOS"]
        found.append(own(word) + around)
    return found
trainer = pycrfsuite.Trainer(algorithm="ap", params={"max_iterations": 10}, verbose=False)
for words, tags in read(train):
    trainer.append(features(words), tags)
trainer.train(model)
tagger = pycrfsuite.Tagger()
tagger.open(model)
count, begun = 0, time.process_time()
with open(out, "w", encoding="utf-8") as file:
    for words, _ in read(test):
        file.write("\\n".join(tagger.tag(features(words))) + "\\n\\n")
        count += len(words)
print(count / (time.process_time() - begun))
"""
UDPIPE = """
import gzip, sys, time
from ufal.udpipe import InputFormat, ProcessingError, Sentence, Sentences, Trainer, Model
train, test, model, out, column = sys.argv[1:]
def read(path):
    error, sentences = ProcessingError(), Sentences()
    reader = InputFormat.newConlluInputFormat()
    reader.setText(gzip.open(path, "rt", encoding="utf-8").read())
    sentence = Sentence()
    while reader.nextSentence(sentence, error):
        sentences.append(sentence)
        sentence = Sentence()
    return sentences
error = ProcessingError()
made = Trainer.train("morphodita_parsito", read(train), Sentences(), Trainer.NONE, "", Trainer.NONE, error)
assert not error.occurred(), error.message
with open(model, "wb") as file:
    file.write(made)
loaded = Model.load(model)
count, spent = 0, 0.0
with open(out, "w", encoding="utf-8") as file:
    for sentence in read(test):
        begun = time.process_time()
        loaded.tag(sentence, Model.DEFAULT)
        spent += time.process_time() - begun
        words = [word for word in sentence.words][1:]
        count += len(words)
        tags = (word.upostag if column == "upos" else word.xpostag for word in words)
        file.write("\\n".join(tags) + "\\n\\n")
print(count / spent)
"""
SPACY = """
import random, sys, time
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example
train, test, model, out, dev = sys.argv[1:]
def read(path):
    with open(path, encoding="utf-8", newline="\\n") as file:
        for block in file.read().split("\\n\\n"):
            rows = [line.split("\\t") for line in block.split("\\n") if line]
            if rows:
                yield [row[0] for row in rows], [row[1] for row in rows]
names = any(tag.startswith("B-") for _, tags in read(test) for tag in tags)
nlp = spacy.blank("xx")
part = nlp.add_pipe("ner" if names else "tagger")
def gold(words, tags):
    return Doc(nlp.vocab, words=words, ents=tags) if names else Doc(nlp.vocab, words=words, tags=tags)
def examples(path):
    return [Example(Doc(nlp.vocab, words=words), gold(words, tags)) for words, tags in read(path)]
def found(words):
    doc = part(Doc(nlp.vocab, words=words))
    if not names:
        return [token.tag_ for token in doc]
    return [token.ent_iob_ + ("-" + token.ent_type_ if token.ent_type_ else "") for token in doc]
def right(path):
    pairs = [(a, b) for words, tags in read(path) for a, b in zip(found(words), tags)]
    return sum(a == b for a, b in pairs if a != "O" or b != "O")
learnt = examples(train)
random.seed(1)
optimizer = nlp.initialize(lambda: learnt)
best = -1
for epoch in range(8):
    random.shuffle(learnt)
    for batch in spacy.util.minibatch(learnt, size=spacy.util.compounding(16.0, 64.0, 1.001)):
        nlp.update(batch, sgd=optimizer, drop=0.1)
    with nlp.use_params(optimizer.averages):
        score = right(dev)
        if score > best:
            best = score
            nlp.to_disk(model)
nlp.from_disk(model)
count, spent = 0, 0.0
with open(out, "w", encoding="utf-8") as file:
    for words, _ in read(test):
        begun = time.process_time()
        tags = found(words)
        spent += time.process_time() - begun
        count += len(words)
        file.write("\\n".join(tags) + "\\n\\n")
print(count / spent)
"""
OURS = """
import sys, time
from nlpcli.engine.sequences.models import load_tagger
model = load_tagger(sys.argv[1])
with open(sys.argv[2], encoding="utf-8", newline="\\n") as file:
    blocks = [block.split("\\n") for block in file.read().split("\\n\\n")]
sentences = [[row.split("\\t")[0] for row in rows if row] for rows in blocks]
best = float("inf")
for _ in range(4):
    begun = time.process_time()
    model.tag(sentences)
    best = min(best, time.process_time() - begun)
print(sum(map(len, sentences)) / best)
"""


def main() -> None:
    wanted = sys.argv[1:] or [*SETS]
    head = ("set", "tagger", "accuracy", "unseen", "F1", "train + tag, CPU s", "tokens/s", "model MB")
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vectors: dict[str, Path] = {}
        for language, sets, text in (("English", ENGLISH, "en/enwiki"), ("Korean", KOREAN, "ko/kowiki")):
            if {*wanted} & {*sets}:
                vectors |= dict.fromkeys(sets, word_vectors(language, data(f"{text}-100mb.txt.gz"), folder))
        classes: list[object] = []
        for title in wanted:
            if title in ENGLISH and not classes:
                classes = word_classes(vectors[title], folder)
            beside(title, folder, classes if title in ENGLISH else [], vectors.get(title))


def word_vectors(language: str, text: Path, folder: Path) -> Path:
    """Vectors of the words of a text, made here."""
    made = folder / f"{language}.safetensors"
    options = ["--dim", 100, "--epochs", 3, "--window", 3, "--min-count", 5, "--threads", 2, "-q"]
    spent = measure([*NLPCLI, "train-w2v", text, "-o", made, *options]).cpu
    row(language, "word vectors", "", "", "", f"{spent:.1f}", "", f"{made.stat().st_size / 1e6:.0f}")
    return made


def word_classes(vectors: Path, folder: Path) -> list[object]:
    """The options that name classes of English words, made here."""
    options: list[object] = []
    spent = 0.0
    for number in (1000, 64):
        command = [*NLPCLI, "cluster", vectors, "--k", number, "--top", 40_000, "--members"]
        found = measure(command)
        spent += found.cpu
        (folder / f"classes{number}").write_text(found.stdout, encoding="utf-8")
        options += ["--clusters", folder / f"classes{number}"]
    row("English", "word classes", "", "", "", f"{spent:.1f}", "", "")
    return options


def ours(title: str, name: str, folder: Path, more: list[object], repeat: int = 2) -> None:
    """A row of a tagger of ours."""
    model = folder / "model"
    options = [folder / "train", "-o", model, "--tokenizer", "whitespace", "-q", *more]
    trained = measure([*NLPCLI, "train-tagger", *options], repeat=repeat)
    record = json.loads(measure([*NLPCLI, "evaluate", model, folder / "test", "--json", "-q"]).stdout)
    f1 = f"{100 * record['spans'][-1]['f1']:.2f}" if "spans" in record else ""
    figures = [f"{100 * record['accuracy']:.2f}", f"{100 * record['unseen_accuracy']:.2f}", f1]
    rate = measure([Path(NLPCLI[0]).parent / "python", "-c", OURS, model, folder / "test"]).stdout
    size = f"{model.stat().st_size / 1e6:.0f}"
    row(title, name, *figures, f"{trained.cpu:.1f}", f"{float(rate):,.0f}", size)


def beside(title: str, folder: Path, classes: list[object], vectors: Path | None) -> None:
    train, test, tag = SETS[title]
    examples = {}
    for part, name in (("train", train), ("dev", train.replace("train", "dev")), ("test", test)):
        examples[part] = written(data(name), tag, folder / part)
    ours(title, "nlpcli", folder, [])
    if classes:
        ours(title, "nlpcli --clusters", folder, classes)
    network = ["--method", "rnn", "--dev", folder / "dev"]
    ours(title, "nlpcli rnn", folder, network, repeat=1)
    if vectors is not None:
        ours(title, "nlpcli rnn, vectors", folder, [*network, "--vectors", vectors], repeat=1)
    peers = {"CRFsuite": (CRFSUITE, [folder / "train", folder / "test"], [])}
    if title in UDPIPE_SETS:
        peers["UDPipe"] = (UDPIPE, [data(train), data(test)], [tag])
    if title in SPACY_SETS:
        peers["spaCy"] = (SPACY, [folder / "train", folder / "test"], [folder / "dev"])
    for name, (program, files, more) in peers.items():
        command = peer(program)
        if command is None:
            return
        limit = LIMIT * (4 if name == "spaCy" else 1)
        limited = ["bash", "-c", f'ulimit -t {limit}; exec "$@"', "limited", *command]
        try:
            theirs = measure([*limited, *files, folder / name, folder / "tags", *more])
        except Exception as error:
            row(title, name, f"not done in {limit} CPU s ({type(error).__name__})", "", "", "", "", "")
            continue
        figures = score((folder / "tags").read_text(encoding="utf-8"), examples)
        files = [folder / name, *(folder / name).rglob("*")]
        size = f"{sum(file.stat().st_size for file in files if file.is_file()) / 1e6:.0f}"
        row(title, name, *figures, f"{theirs.cpu:.1f}", f"{float(theirs.stdout):,.0f}", size)


def row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def written(path: Path, tag: str, output: Path) -> Examples:
    """The sentences of a file, and the same as two columns for all."""
    found = read_tagged([str(path)], TaggedTextSettings(tag=tag))
    examples = examples_of(found, Words(AnalysisSettings(tokenizer="whitespace")), tag)
    sentences = (zip(*pair, strict=True) for pair in zip(examples.words, examples.tags, strict=True))
    blocks = ("".join(f"{word}\t{tag}\n" for word, tag in sentence) for sentence in sentences)
    output.write_text("\n".join(blocks), encoding="utf-8")
    return examples


def score(text: str, examples: dict[str, Examples]) -> list[str]:
    """Accuracy, accuracy on unseen words, and F1 of spans, for tags one a line."""
    test = examples["test"]
    found = [block.split("\n") for block in text.split("\n\n") if block]
    known = {word for words in examples["train"].words for word in words}
    pairs = [
        (word not in known, gold == tag)
        for words, golds, tags in zip(test.words, test.tags, found, strict=True)
        for word, gold, tag in zip(words, golds, tags, strict=True)
    ]
    unseen = [right for new, right in pairs if new]
    figures = [f"{100 * sum(right for _, right in pairs) / len(pairs):.2f}"]
    figures.append(f"{100 * sum(unseen) / max(len(unseen), 1):.2f}")
    if test.target != "ner":
        return [*figures, ""]
    rows = span_metrics(test.tags, found)
    right = sum(one.right for one in rows)
    return [*figures, f"{200 * right / sum(one.there + one.found for one in rows):.2f}"]


if __name__ == "__main__":
    main()
