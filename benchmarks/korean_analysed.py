"""Korean texts as kiwi analyses them: what the tokenizer morph is learnt from and measured on.

python benchmarks/korean_analysed.py FOLDER            all texts, which takes kiwi about an hour and a half
python benchmarks/korean_analysed.py FOLDER chat.test  these alone

Writes FOLDER/NAME.tsv, a line of text and its morphemes (form, tag, start, end) each,
FOLDER/dictionary.tsv, kiwi's words and their tags, and FOLDER/analyser.txt, which kiwi that was, and when.
kiwi gets lines as `nlpcli tokenize` gives them.

NLPCLI_DATA is the folder of the evaluation data, NLPCLI_CLONES one of clones of public repositories, at
OWNER/NAME: 97danielj/WordEmbedding (Korean Wikipedia, CC BY-SA 3.0), e9t/nsmc (reviews, CC0),
kocohub/korean-hate-speech and adlnlp/K-MHaS (comments, CC BY-SA 4.0), 2runo/Curse-detection-data (MIT),
Unfinishedgod/dacon (headlines of KLUE-YNAT, CC BY-SA 4.0), jason9693/APEACH (sentences, CC BY-SA 4.0).
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from side_by_side import data

from nlpcli.engine.text.token import Token
from nlpcli.engine.text.tokenizers.korean import kiwi_model, make_analyser
from nlpcli.errors import InputError

ANALYSER = "analyser.txt"
CLONES = "NLPCLI_CLONES"
KOWIKI = "ko/kowiki-100mb.txt.gz"
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
                line = one_line(text)
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
    """All words that kiwi's model holds, in its order, which is about that of their frequency.

    Of nouns also what kiwi makes of them in a sentence: it parts 27 of 100.
    """
    model, number, told = kiwi_model(), 0, {}
    analyse = make_analyser("kiwi")
    with path.open("w", encoding="utf-8") as file:
        while True:
            try:
                word = model.morpheme(number)
            except ValueError:
                return
            form, tag = word.form, word.tag
            is_noun = tag.split("-")[0] in ("NNG", "NNP") and re.fullmatch("[가-힣]{2,10}", form)
            if is_noun and form not in told:
                told[form] = parts_of(form, analyse(f"{form}도 있다."))
            file.write(f"{form}\t{tag}\t{told[form] if is_noun else ''}\n")
            number += 1


def parts_of(form: str, tokens: Sequence[Token]) -> str:
    """The tags and lengths of a word's parts, NNG2 NNG1; how many, where they are not as written."""
    parts = [token for token in tokens if token.start < len(form)]
    if sum(len(part.form) for part in parts) != len(form):
        return f"X {len(parts)}"
    return " ".join(f"{part.tag}{len(part.form)}" for part in parts)


def read(path: Path) -> Iterator[tuple[str, Morphemes]]:
    """The lines of a file and their morphemes, without those with a space in one."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            text, *told = line.rstrip("\n").split("\t")
            parts = [one.split(" ") for one in told]
            if all(len(part) == 4 for part in parts):
                yield text, [(form, tag, int(start), int(end)) for form, tag, start, end in parts]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


# --- texts ----------------------------------------------------------------------------------------


def column(name: str, *columns: str) -> Iterator[str]:
    with gzip.open(data(name), "rt", encoding="utf-8", errors="replace") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield from (row[key] for key in columns if row.get(key))


def clones(pattern: str) -> list[Path]:
    """The files of cloned repositories, by name."""
    found = sorted(Path(os.environ.get(CLONES, ".")).glob(pattern))
    if not found:
        sys.exit(f"{pattern} is not at hand: set {CLONES} to a folder of clones")
    return found


def cells(pattern: str, name: str) -> Iterator[str]:
    """A column of cloned tables."""
    for path in clones(pattern):
        with path.open(encoding="utf-8") as file:
            yield from (row[name] for row in csv.DictReader(file))


def cloned(pattern: str, end: str = "") -> Iterator[str]:
    """The lines of cloned files, each up to the last `end` in it, without quotation marks around it."""
    for path in clones(pattern):
        for line in path.read_text(encoding="utf-8-sig").splitlines():
            yield (line.rpartition(end)[0] if end else line).strip().strip('"').replace('""', '"')


def all_reviews() -> list[str]:
    """Every review, those without a clear opinion too, but for all that are tested on."""
    tested = {one_line(text) for text in reviews("test")}
    found = [
        row["review"]
        for path in clones("e9t/nsmc/raw/*.json")
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]
    return [text for text in found if one_line(text) not in tested]


def of_new_words(texts: Iterable[str], share: float) -> Iterator[str]:
    """Those of 30 to 600 characters where no training text before has so great a share of the words."""
    seen = {
        word
        for name, told in TEXTS.items()
        if name.endswith(".train") and not name.endswith(("-new.train", "-varied.train"))
        for text in told()
        for word in one_line(text).split(" ")
    }
    for text in map(one_line, texts):
        words = text.split(" ")
        if 30 <= len(text) <= 600 and sum(word not in seen for word in words) >= share * len(words):
            seen.update(words)
            yield text


def other_articles() -> Iterator[str]:
    """Paragraphs of all of kowiki, its files in random order, but for those that `articles` has."""
    with gzip.open(data(KOWIKI), "rt", encoding="utf-8", errors="replace") as file:
        own = {hash(line.strip()) for line in file}
    files = clones("97danielj/WordEmbedding/text/*/wiki_*")
    random.Random(5).shuffle(files)
    for path in files:
        for line in path.read_text(encoding="utf-8").split("\n"):
            if not line.startswith("<") and hash(line.strip()) not in own:
                yield line


def headlines() -> Iterator[str]:
    with data("ko/ynat-headlines.csv").open(encoding="utf-8") as file:
        yield from (row["title"] for row in csv.DictReader(file))


def comments(wanted: Callable[[int], bool]) -> list[str]:
    texts = several(("classify/hate-speech-ko/train", "text"))
    return [text for number, text in enumerate(texts) if wanted(number)]


def articles(*wanted: int) -> Iterator[str]:
    """Paragraphs of those articles of a hundred."""
    number = 0
    with gzip.open(data(KOWIKI), "rt", encoding="utf-8", errors="replace") as file:
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


def varied(name: str, times: int, seed: int) -> Iterator[str]:
    """Training texts as hasty people write them: most of what a model gets wrong are words new to it.

    Three of five go on with words of another text; of most, some spaces are left out; in one of four, a
    character is missing, doubled, another one, or in its neighbour's place. No held-out text is among them.
    """
    held_out = {one_line(text) for key in TEXTS if not key.endswith(".train") for text in TEXTS[key]()}
    lines = [line for line in dict.fromkeys(map(one_line, TEXTS[name]())) if len(line) > 5]
    lines = [line for line in lines if line not in held_out]
    syllables = [one for line in lines[:3000] for one in line if "가" <= one <= "힣"]
    chance = random.Random(seed)
    for _ in range(times):
        for line in lines:
            if chance.random() < 0.6:
                own, other = line.split(" "), chance.choice(lines).split(" ")
                own = own[: chance.randint(1, len(own))]
                line = " ".join(own + other[chance.randint(0, len(other) - 1) :])
            share = chance.choice((0, 0.15, 0.4, 0.4))
            line = "".join("" if one == " " and chance.random() < share else one for one in line)
            if chance.random() < 0.25 and len(line) > 3:
                line = misspelt(line, chance, syllables)
            yield line[:300]


def misspelt(line: str, chance: random.Random, syllables: list[str]) -> str:
    place = chance.randrange(len(line) - 1)
    here, then = line[place : place + 2]
    wrong = then, here + here + then, chance.choice(syllables) + then, then + here
    return line[:place] + chance.choice(wrong) + line[place + 2 :]


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
    "comments.dev": lambda: comments(lambda number: number % 16 == 0),
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
        ("translate/react-docs-enko/train", "ko"),
    ),
    "comments.train": lambda: comments(lambda number: number % 16 != 0),
    "encyclopaedia.train": lambda: [
        *articles(1, 21, 41, 61, 81), *articles(*range(2, 100, 10)),
        *first(7_000_000, articles(*range(3, 100, 10), *range(5, 100, 10))),
    ],
    "encyclopaedia-more.train": lambda: [
        *first(6_000_000, articles(*range(4, 100, 10))),
        *first(9_000_000, articles(*range(6, 100, 10), *range(8, 100, 10))),
    ],
    "encyclopaedia-rest.train": lambda: articles(
        *({n for n in range(100) if n % 10 in (0, 1, 7, 9)} - {1, 21, 41, 61, 81} - {50, 70})
    ),
    "comments-more.train": lambda: [
        *cloned("kocohub/korean-hate-speech/unlabeled/*_5.txt"),
        *cloned("adlnlp/K-MHaS/data/kmhas_[tv]*[td].txt", end="\t"),
        *cloned("2runo/Curse-detection-data/dataset.txt", end="|"),
    ],
    "headlines-more.train": lambda: [
        *cells("Unfinishedgod/dacon/dacon_news_r/test_data.csv", "title"),
        *cloned("kocohub/korean-hate-speech/news_title/train*.txt"),
        *cloned("kocohub/korean-hate-speech/news_title/unlabeled*_5.txt"),
    ],
    "chat-more.train": lambda: [
        *several(("classify/goemotions-ko/train", "text")),
        *cells("jason9693/APEACH/APEACH/test.csv", "text"),
    ],
    "reviews-more.train": all_reviews,
    "encyclopaedia-new.train": lambda: of_new_words(other_articles(), 0.2),
    "chat-varied.train": lambda: varied("chat.train", 2, 1),
    "comments-varied.train": lambda: varied("comments.train", 8, 2),
    "headlines-varied.train": lambda: varied("headlines.train", 5, 3),
    "reviews-varied.train": lambda: varied("reviews.train", 3, 4),
    "comments-more-varied.train": lambda: varied("comments-more.train", 2, 5),
    "headlines-more-varied.train": lambda: varied("headlines-more.train", 4, 6),
    "encyclopaedia-varied.train": lambda: varied("encyclopaedia-more.train", 1, 7),
    "reviews-more-varied.train": lambda: varied("reviews-more.train", 1, 8),
}  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 1 else sys.exit(__doc__)
