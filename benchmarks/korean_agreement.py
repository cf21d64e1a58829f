"""The tokenizer morph beside kiwi: how far they agree, by domain, and how fast both are; and mecab.

python benchmarks/korean_agreement.py FOLDER           FOLDER holds what `korean_analysed.py` writes
python benchmarks/korean_agreement.py FOLDER errors    and what goes wrong most often
python benchmarks/korean_agreement.py FOLDER dev       on the texts by which features and sizes are chosen

Agreement is F1 of morphemes: form, tag and place have to be the same. Speeds are those of one process after
loading, of the same lines, in CPU seconds; kiwi through its binding and through nlpcli.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from korean_analysed import Morphemes, read
from tokenizers import table

from nlpcli.engine.runtime.progress import SILENT
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.streaming import Texts, token_details, token_lists
from nlpcli.engine.text.tokenizers.korean import kiwi_model
from nlpcli.errors import MissingDependency
from nlpcli.settings.text import AnalysisSettings, RunSettings

COARSE = {"NNP": "NNG"}  # whether a noun is a name
LINES = 600  # of a domain, for speed


def main(folder: str, *wanted: str) -> None:
    paths = sorted(Path(folder).glob(f"*.{'dev' if 'dev' in wanted else 'test'}.tsv"))
    analyse = Analyzer(AnalysisSettings(tokenizer="morph")).analyse
    rows, wrong = [], Counter()
    for path in paths:
        right = list(read(path))
        found = [
            [(token.form, token.tag, token.start, token.end) for token in analyse(text)] for text, _ in right
        ]
        rows.append(agreement(path.name.partition(".")[0], [told for _, told in right], found, wrong))
    rows.append(("mean", "", *(f"{sum(float(row[n]) for row in rows) / len(rows):.2f}" for n in (2, 3, 4))))
    table(["domain", "morphemes", "form, tag and place", "names as nouns", "places alone"], rows)
    if "errors" in wanted:
        table(["kiwi", "morph", "times"], [(*pair, times) for pair, times in wrong.most_common(40)])
    speeds([text for path in paths for text, _ in list(read(path))[:LINES]])


def agreement(
    name: str, right: Sequence[Morphemes], found: Sequence[Morphemes], wrong: Counter
) -> tuple[object, ...]:
    """A row: F1 of morphemes, of morphemes whose nouns are one kind, and of places."""
    views: tuple[Callable, ...] = (
        lambda one: one,
        lambda one: (one[0], COARSE.get(one[1], one[1]), *one[2:]),
        lambda one: one[2:],
    )
    scores = []
    for view in views:
        pairs = [
            (Counter(map(view, told)), Counter(map(view, own)))
            for told, own in zip(right, found, strict=True)
        ]
        both = sum((told & own).total() for told, own in pairs)
        scores.append(f"{200 * both / sum(told.total() + own.total() for told, own in pairs):.2f}")
    for told, own in zip(right, found, strict=True):
        theirs, ours = (" ".join(one[1] for one in x if one not in y) for x, y in ((told, own), (own, told)))
        if theirs != ours and len(theirs) < 20:
            wrong[theirs, ours] += 1
    return (name, f"{sum(map(len, right)):,}", *scores)


def speeds(lines: list[str]) -> None:
    size = sum(len(line.encode()) for line in lines) / 1e6
    rows = []
    for name in ("morph", "kiwi", "mecab"):
        try:
            tokenized(name, lines[:50])
        except MissingDependency:
            print(f"{name} is not installed")
            continue
        rows.append((name, size / seconds(partial(tokenized, name, lines))))
    kiwi = kiwi_model()
    rows.append(("kiwi, its binding alone", size / seconds(lambda: [kiwi.tokenize(line) for line in lines])))
    for name in ("morph", "kiwi"):
        rows.append((f"{name}, with places and tags", size / seconds(partial(detailed, name, lines))))
    table([f"{size:.2f} MB", "MB per CPU s"], [(name, f"{speed:.2f}") for name, speed in rows])


def tokenized(name: str, lines: list[str]) -> None:
    for _ in token_lists(Texts(lines), AnalysisSettings(tokenizer=name), RunSettings(), SILENT):
        pass


def detailed(name: str, lines: list[str]) -> None:
    for _ in token_details(Texts(lines), AnalysisSettings(tokenizer=name), RunSettings(), SILENT):
        pass


def seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 1 else sys.exit(__doc__)
