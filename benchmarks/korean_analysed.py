"""Korean texts as kiwi analyses them: what the tokenizer morph is learnt from and measured on.

python benchmarks/korean_analysed.py FOLDER            all texts, which takes kiwi some minutes
python benchmarks/korean_analysed.py FOLDER chat.test  these alone

Writes FOLDER/NAME.tsv, a line of text and its morphemes (form, tag, start, end) each,
FOLDER/dictionary.tsv, kiwi's words and their tags, and FOLDER/analyser.txt, which kiwi that was, and when.
kiwi gets lines as `nlpcli tokenize` gives them.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from side_by_side import data

from nlpcli.engine.text.tokenizers.korean import kiwi_model, make_analyser
from nlpcli.errors import InputError

ANALYSER = "analyser.txt"
Morphemes = list[tuple[str, str, int, int]]
csv.field_size_limit(1 << 24)


def main(folder: str, *names: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    if not names:
        write_dictionary(Path(folder, "dictionary.tsv"))
        versions = (f"{name} {version(name)}" for name in ("kiwipiepy", "kiwipiepy_model"))
        told = f"{', '.join(versions)}, {datetime.now(UTC):%Y-%m-%d}\n"
        Path(folder, ANALYSER).write_text(told, encoding="utf-8")
    analyse = make_analyser("kiwi")
    for name in names or TEXTS:
        seen = set()
        with Path(folder, f"{name}.tsv").open("w", encoding="utf-8") as file:
            for text in TEXTS[name]():
                line = re.sub(r"\s+", " ", text).strip()
                if not line or line in seen:
                    continue
                seen.add(line)
                try:
                    tokens = analyse(line)
                except InputError:  # no morphemes were found
                    continue
                told = [f"{token.form} {token.tag} {token.start} {token.end}" for token in tokens]
                file.write("\t".join([line, *told]) + "\n")
        print(name, flush=True)


def write_dictionary(path: Path) -> None:
    """All words that kiwi's model holds, in its order, which is about that of their frequency."""
    model, number = kiwi_model(), 0
    with path.open("w", encoding="utf-8") as file:
        while True:
            try:
                word = model.morpheme(number)
            except ValueError:
                return
            file.write(f"{word.form}\t{word.tag}\n")
            number += 1


def read(path: Path) -> Iterator[tuple[str, Morphemes]]:
    """The lines of a file and their morphemes, without those with a space in one."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            text, *told = line.rstrip("\n").split("\t")
            parts = [one.split(" ") for one in told]
            if all(len(part) == 4 for part in parts):
                yield text, [(form, tag, int(start), int(end)) for form, tag, start, end in parts]


# --- texts ----------------------------------------------------------------------------------------


def column(name: str, *columns: str) -> Iterator[str]:
    with gzip.open(data(name), "rt", encoding="utf-8", errors="replace") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield from (row[key] for key in columns if row.get(key))


def headlines() -> Iterator[str]:
    with data("ko/ynat-headlines.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["title"]


def articles(*wanted: int) -> Iterator[str]:
    """Paragraphs of those articles of a hundred."""
    number = 0
    with gzip.open(data("ko/kowiki-100mb.txt.gz"), "rt", encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.strip():
                number += 1
            elif number % 100 in wanted:
                yield line


def reviews(part: str) -> list[str]:
    found = list(column(f"ko/nsmc-{part}.tsv.gz", "document"))
    random.Random(1).shuffle(found)
    return found


def first(size: int, texts: Iterable[str]) -> Iterator[str]:
    """Texts until they have so many bytes."""
    total = 0
    for text in texts:
        total += len(text.strip().encode())
        if total > size:
            return
        yield text


def several(*parts: tuple[str, ...]) -> Iterator[str]:
    for name, *columns in parts:
        yield from column(f"tasks/{name}.tsv.gz", *columns)


PAIR = ("question", "answer")
TWO = ("sentence1", "sentence2")
TEXTS: dict[str, Callable[[], Iterable[str]]] = {
    # By these, features and sizes are chosen; no line of theirs is learnt from.
    "encyclopaedia.dev": lambda: first(400_000, articles(70)),
    "reviews.dev": lambda: first(300_000, reviews("test")[25_000:]),
    "headlines.dev": lambda: [text for number, text in enumerate(headlines()) if number % 20 == 3],
    "chat.dev": lambda: several(
        ("dialogue/songys-chatbot-ko/dev", *PAIR), ("translate/tatoeba-enko/dev", "ko")
    ),
    "comments.dev": lambda: list(several(("classify/hate-speech-ko/train", "text")))[::16],
    "news.dev": lambda: several(("translate/news-park-enko/dev", "ko")),
    # With these it is measured.
    "encyclopaedia.test": lambda: first(400_000, articles(50)),
    "reviews.test": lambda: first(300_000, reviews("test")),
    "headlines.test": lambda: [text for number, text in enumerate(headlines()) if number % 20 == 7],
    "chat.test": lambda: several(
        ("dialogue/songys-chatbot-ko/test", *PAIR), ("translate/tatoeba-enko/test", "ko")
    ),
    "comments.test": lambda: several(("classify/hate-speech-ko/dev", "text")),
    "news.test": lambda: first(300_000, several(("translate/news-park-enko/test", "ko"))),
    "chat.train": lambda: several(
        ("dialogue/songys-chatbot-ko/train", *PAIR), ("dialogue/chatterbot-ko/all", *PAIR),
        ("translate/tatoeba-enko/train", "ko"), ("translate/jhe-enko/dev", "ko"),
        ("nli/question-pair-ko/train", "question1", "question2"),
    ),
    "headlines.train": lambda: [text for number, text in enumerate(headlines()) if number % 20 not in (3, 7)],
    "reviews.train": lambda: reviews("train"),
    "mixed.train": lambda: several(
        ("nli/korsts-ko/train", *TWO), ("nli/xnli-ko/dev", *TWO), ("nli/xnli-ko/test", *TWO),
        ("classify/hate-speech-ko/train", "text"), ("translate/react-docs-enko/train", "ko"),
    ),
    "encyclopaedia.train": lambda: [
        *articles(1, 21, 41, 61, 81), *articles(*range(2, 100, 10)),
        *first(7_000_000, articles(*range(3, 100, 10), *range(5, 100, 10))),
    ],
    "encyclopaedia-more.train": lambda: [
        *first(6_000_000, articles(*range(4, 100, 10))),
        *first(9_000_000, articles(*range(6, 100, 10), *range(8, 100, 10))),
    ],
}  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 1 else sys.exit(__doc__)
