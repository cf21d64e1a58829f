"""Is something much slower than it was? Within a minute, without peers and without data: `make bench-smoke`.

Each rate is divided by that of a yardstick taken in the same run, so that the machine, and what else it does,
matter less: `re.findall` over the same text, or, for starting, a script that imports typer. Processor time,
the best of a few runs. ⚠ marks what is more than 1.5 times slower than the ratio that is kept here; a change
that moves one for good writes the new one down (`--keep` prints them).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nlpcli.engine import jobs
from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.classify.explanations import explain
from nlpcli.engine.classify.features import count
from nlpcli.engine.classify.training import train
from nlpcli.engine.corpus.scanner import Scanner
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.normalizers import Normalizer
from nlpcli.engine.text.stopwords import load
from nlpcli.engine.text.word_writer import WordWriter
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import LOWERCASE, MASKABLE, AnalysisSettings, NormalizeSettings

TOO_SLOW = 1.5
WORDS, CLASSES, LINE = 400_000, 8, 60  # words of the text, classes of its lines, words in one
# How many times as fast as the yardstick: on a shared machine with AVX-512, AMD EPYC.
KEPT = {
    "ids of words": 13.0,
    "tokenize": 14.0,
    "tokenize, stop words": 9.2,
    "words, text by text": 0.49,
    "normalize, all masks": 0.21,
    "features counted": 1.0,
    "nbsvm, 3 epochs": 0.37,
    "classify": 1.5,
    "explain": 0.28,
    "count": 3.3,
    "train-w2v": 0.49,
    "start of tokenize": 0.55,
    "start of --help": 1.0,
}
TYPER = """
import typer
app = typer.Typer()
@app.command()
def one(): pass
@app.command()
def two(): pass
app()
"""


def made_up_text() -> list[str]:
    """Lines of words as frequent as those of a language (Zipf), a fifth of them Korean; always the same."""
    chance = np.random.default_rng(1)
    latin = ["".join(letters) for letters in chance.choice(list("etaoinshrdlu"), (20_000, 6))]
    korean = ["".join(map(chr, codes)) for codes in chance.integers(0xAC00, 0xD7A4, (5_000, 3))]
    known = np.array([word[: 2 + place % 5] for place, word in enumerate(latin)] + korean)
    chance.shuffle(known)
    frequent = 1 / np.arange(1, len(known) + 1)
    words = known[chance.choice(len(known), WORDS, p=frequent / frequent.sum())].tolist()
    lines = [words[first : first + LINE] for first in range(0, WORDS, LINE)]
    return [" ".join([*line[:-1], "No. 12, 3.5.", line[-1]]) for line in lines]


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Processor seconds, the best of some runs after a first one, in which kernels are loaded."""
    work()
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def start(command: list[str]) -> float:
    """Processor seconds that a process takes to start and end, the best of some."""
    import resource

    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, input=b"one line\n", stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def works(lines: list[str], folder: Path) -> dict[str, Callable[[], object]]:
    """What is measured, all of it over the same text."""
    block = "".join(f"{line}\n" for line in lines).encode()
    file = folder / "text"
    file.write_bytes(block)
    analyzer = Analyzer(AnalysisSettings())
    plain, dropping = (
        WordWriter(Analyzer(AnalysisSettings(lowercase=True, stopwords=stops)))
        for stops in ((), load(["en"]))
    )
    masks = Normalizer(NormalizeSettings(mask=MASKABLE))
    examples = examples_of(lines, [f"class {number % CLASSES}" for number in range(len(lines))], LOWERCASE)
    features = FeatureSettings(ngrams="1-2", char_ngrams="0")
    nbsvm = NaiveBayesSettings(variant="nbsvm", epochs=3)
    classifier = Classifier(train(examples, LOWERCASE, features))
    return {
        "ids of words": lambda: Scanner("word").scan(block, 0),
        "tokenize": lambda: plain.words(block),
        "tokenize, stop words": lambda: dropping.words(block),
        "words, text by text": lambda: [analyzer.tokens(line) for line in lines],
        "normalize, all masks": lambda: [masks(line) for line in lines],
        "features counted": lambda: count(examples.corpus, examples.labels, CLASSES, features),
        "nbsvm, 3 epochs": lambda: train(examples, LOWERCASE, features, nbsvm),
        "classify": lambda: classifier.predict(examples.corpus),
        "explain": lambda: list(explain(classifier, examples.corpus)),
        "count": lambda: jobs.count([str(file)], str(folder / "counts")),
        "train-w2v": lambda: jobs.train_w2v([str(file)], str(folder / "w2v.safetensors"), epochs=1, dim=50),
    }


def main() -> None:
    """Print the ratios, and exit with 1 if one is marked."""
    lines = made_up_text()
    text = "\n".join(lines)
    yardstick = seconds(lambda: re.findall(r"\w+", text))
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, work in works(lines, Path(folder)).items():
            found[name] = yardstick / seconds(work)
    typer, ours = start([sys.executable, "-c", TYPER, "one"]), [sys.executable, "-m", "nlpcli"]
    found["start of tokenize"] = typer / start([*ours, "tokenize"])
    found["start of --help"] = typer / start([*ours, "--help"])
    print(f"{'':24}{'ratio':>8}{'kept':>8}")
    slow = 0
    for name, ratio in found.items():
        kept = KEPT.get(name)
        marked = kept is not None and ratio * TOO_SLOW < kept
        slow += marked
        print(f"{name:24}{ratio:8.2f}{kept if kept is not None else '':>8}{'  ⚠' if marked else ''}")
    if "--keep" in sys.argv:
        print({name: float(f"{ratio:.2g}") for name, ratio in found.items()})
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()
