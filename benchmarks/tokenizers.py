"""Tokenizers: right on treebanks, fast on Wikipedia, beside NLTK's own word_tokenize.

python benchmarks/tokenizers.py english     token F1 and lemma accuracy on UD English-EWT test
python benchmarks/tokenizers.py korean      morpheme F1 and dictionary forms on UD Korean-Kaist test
python benchmarks/tokenizers.py speed       MB/s of every tokenizer; KB=… is how much of each text
python benchmarks/tokenizers.py nltk        the nltk tokenizer beside NLTK's, token for token
python benchmarks/tokenizers.py jobs        kiwi with one and with two worker processes
python benchmarks/tokenizers.py             all of these
python benchmarks/tokenizers.py tags        Penn tags, UPOS and lemmas by tag on UD English-PUD
python benchmarks/tokenizers.py lemmas      writes nlpcli/data/lemmas_en.tsv anew, from EWT's train part
"""

from __future__ import annotations

import collections
import gzip
import itertools
import operator
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from side_by_side import data

from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.lemmas import english_lemmas, plain, resolve_clitics, tagged_english_lemmas
from nlpcli.engine.text.penn import upos
from nlpcli.engine.text.stemmers import make_english_lemmatizer, make_stemmer, make_tagged_lemmatizer
from nlpcli.engine.text.token import locate
from nlpcli.engine.text.tokenizers.english_tagger import make_tagger
from nlpcli.settings.text import AnalysisSettings

SENTENCES = int(os.environ.get("SENTENCES", "2000"))
KILOBYTES = int(os.environ.get("KB", "1000"))
JAVA = ("komoran", "okt", "hannanum", "kkma")


def sentences(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """The text and the rows of each sentence of a CoNLL-U file."""
    text, rows = "", []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in itertools.chain(file, ["\n"]):
            line = line.rstrip("\n")
            if line.startswith("# text = "):
                text = line.removeprefix("# text = ")
            elif line and not line.startswith("#"):
                rows.append(line.split("\t"))
            elif not line and rows:
                yield text, rows
                rows = []


def words(rows: list[list[str]]) -> list[list[str]]:
    """The rows of words: no ranges such as 6-7, no empty nodes such as 8.1."""
    return [row for row in rows if row[0].isdecimal()]


def f1(right: int, found: int, wanted: int) -> str:
    return f"{200 * right / max(found + wanted, 1):.2f}"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print()


def english() -> None:
    """Token F1 by place in the line, and lemmas of the treebank's own words."""
    corpus = list(sentences(data("en/ud-ewt-test.conllu.gz")))
    rows = []
    for name in ("nltk", "word", "whitespace"):
        analyzer = Analyzer(AnalysisSettings(tokenizer=name))
        right = found = wanted = 0
        for text, entries in corpus:
            gold = {(t.start, t.end) for t in locate(text, [row[1] for row in words(entries)])}
            mine = {(t.start, t.end) for t in analyzer.analyse(text)}
            right, found, wanted = right + len(gold & mine), found + len(mine), wanted + len(gold)
        rows.append(
            (name, f"{100 * right / found:.2f}", f"{100 * right / wanted:.2f}", f1(right, found, wanted))
        )
    table(["EWT test", "precision", "recall", "F1"], rows)
    lemma_table("EWT test", [words(rows) for _, rows in corpus])
    gum = sentences(data("tasks/tag-pos/ud-gum-en/dev.conllu.gz"))
    lemma_table("GUM dev", [words(rows) for _, rows in gum])


def lemma_table(name: str, entries: list[list[list[str]]]) -> None:
    """Lemmas of a treebank's own words: without tags, with the tagger's and with the treebank's."""
    from lemminflect import getLemma
    from simplemma import lemmatize

    bare, by_tag, tag = make_english_lemmatizer(), make_tagged_lemmatizer(), make_tagger()

    def theirs(row: list[str]) -> str:
        part = row[3] if row[3] in ("NOUN", "PROPN", "VERB", "ADJ", "ADV", "AUX") else ""
        return (getLemma(row[1], part) or (row[1],))[0] if part else row[1]

    methods: dict[str, Callable[[list[list[str]]], Iterable[str]]] = {
        "--lemma": lambda rows: map(bare, resolve_clitics(forms(rows))),
        "--lemma --tag-english": lambda rows: map(by_tag, forms(rows), tag([forms(rows)])[0]),
        "by the treebank's tags": lambda rows: map(by_tag, forms(rows), (row[4] for row in rows)),
        "simplemma alone": lambda rows: (lemmatize(form, lang="en") for form in forms(rows)),
        "LemmInflect alone, by the treebank's tags": lambda rows: map(theirs, rows),
        "the word itself": forms,
    }
    wanted = [row[2] for rows in entries for row in rows]
    shares = []
    for method, function in methods.items():
        found = list(itertools.chain.from_iterable(map(function, entries)))
        shares.append((method, share(found, wanted), share(lowered(found), lowered(wanted))))
    table([f"{name}: lemmas of {len(wanted):,} words", "exact", "but for case"], shares)


def forms(rows: list[list[str]]) -> list[str]:
    return [row[1] for row in rows]


def share(found: list[str], wanted: list[str]) -> str:
    return f"{100 * sum(map(operator.eq, found, wanted)) / len(wanted):.2f}"


def lowered(texts: list[str]) -> list[str]:
    return [text.lower() for text in texts]


def tags() -> None:
    """Parts of speech of a treebank that the tagger never saw, UD English-PUD, and lemmas by them."""
    path = data("en/ud-pud-test.conllu.gz")
    entries = [words(rows) for _, rows in sentences(path)]
    tag = make_tagger()
    begun = time.process_time()
    found = tag([forms(rows) for rows in entries])
    seconds = time.process_time() - begun
    universal = [upos(forms(rows), mine) for rows, mine in zip(entries, found, strict=True)]

    def column(number: int) -> list[str]:
        return [row[number] for rows in entries for row in rows]

    def flat(lists: list[list[str]]) -> list[str]:
        return list(itertools.chain.from_iterable(lists))

    results = [(share(flat(found), column(4)), share(flat(universal), column(3)),
                f"{len(column(1)) / seconds:,.0f}")]  # fmt: skip
    table([f"PUD, {len(column(1)):,} words: Penn tags", "UPOS", "words per CPU s"], results)
    lemma_table("PUD", entries)


ENOUGH = 3  # words of the training part that an exception must set right
SHARE = 0.6  # of all words with that form
_SAME = {"VB": ("VB", "VBP"), "VBD": ("VBD", "VBN"), "JJR": ("JJR", "JJS"), "RBR": ("RBR", "RBS")}
_CLASS = {tag: name for name, tags in _SAME.items() for tag in tags}
_WORD = re.compile(r"[a-z]{2,}(?:-[a-z]+)*|[a-z]*'[a-z]+")
_TAGGED_WORD = re.compile(r"[a-z'][a-z'/-]*")
_PASSED_OVER = ("NNP", "ADD", "GW", "AFX", "CD")  # names, addresses, parts of words


def lemmas() -> None:
    """The words that the dictionaries get wrong in the training part, alone and with their tag.

    ENOUGH and SHARE were chosen on the dev part; the test part was not looked at.
    """
    by_rule, alone_by_rule = tagged_english_lemmas(exceptions={}), english_lemmas(exceptions={})
    alone: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    tagged: dict[tuple[str, str], collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for _, rows in sentences(data("en/ud-ewt-train.conllu.gz")):
        for row in words(rows):
            form, lemma, tag = plain(row[1]), row[2].lower(), row[4]
            if "Typo=Yes" in row[5] or lemma == "_":
                continue
            if _WORD.fullmatch(form):
                alone[form][lemma if tag not in (*_PASSED_OVER, "NNPS", "FW") else ""] += 1
            if _TAGGED_WORD.fullmatch(form) and tag not in _PASSED_OVER:
                tagged[form, _CLASS.get(tag, tag)][lemma] += 1
    lines = [
        f"{form}\t{lemma}"
        for form, counts in alone.items()
        if (lemma := exception(counts, alone_by_rule(form)))
    ]
    lines += [
        "\t".join([form, lemma, *_SAME.get(tag, (tag,))])
        for (form, tag), counts in tagged.items()
        if (lemma := exception(counts, by_rule(form, tag)))
    ]
    header = (
        "# What the dictionaries miss or mistake: form, lemma, and the Penn tags it has the lemma with;\n"
        "# no tag: where none is known. Written by `benchmarks/tokenizers.py lemmas` from the words of\n"
        "# UD English-EWT's training part (CC BY-SA 4.0).\n"
    )
    Path("nlpcli/data/lemmas_en.tsv").write_text(header + "\n".join(sorted(lines)) + "\n", encoding="utf-8")
    print(f"{len(lines)} exceptions")


def exception(counts: collections.Counter[str], found: str) -> str:
    """The lemma that should stand in the table where `found` is given now; empty: none."""
    lemma, count = counts.most_common(1)[0]
    gain = count - counts[found.lower()]
    return lemma if lemma != found.lower() and gain >= ENOUGH and count >= SHARE * counts.total() else ""


def gold_morphemes(row: list[str]) -> list[str]:
    """A word's morphemes; an auxiliary's full ones stand in the last column."""
    whole = dict(item.split("=", 1) for item in row[9].split("|") if "=" in item).get("OrigLemma", row[2])
    return [part for part in whole.split("+") if part] or ["+"]


def korean() -> None:
    """Morphemes as bags per sentence; dictionary forms of every word that begins with a verb."""
    corpus = list(itertools.islice(sentences(data("ko/ud-kaist-test.conllu.gz")), SENTENCES))
    rows = []
    for name in ("kiwi", "mecab", *JAVA):
        analyzer = Analyzer(AnalysisSettings(tokenizer=name))
        analyzer.tokens("시작")
        right = found = wanted = 0
        begun = time.perf_counter()
        for text, entries in corpus[: 300 if name == "kkma" else None]:
            gold = collections.Counter(part for row in words(entries) for part in gold_morphemes(row))
            mine = collections.Counter(analyzer.tokens(text))
            right, found, wanted = right + (gold & mine).total(), found + mine.total(), wanted + gold.total()
        rows.append((name, f1(right, found, wanted), f"{time.perf_counter() - begun:.1f}"))
    table([f"Kaist test, {len(corpus):,} sentences", "morpheme F1", "seconds"], rows)
    stem = make_stemmer("korean")
    verbs = [
        (row[1], parts[0] + "다")
        for _, entries in corpus
        for row in words(entries)
        if row[4].startswith(("pvg", "paa", "pad")) and len(parts := gold_morphemes(row)) > 1
    ]
    right = sum(stem(form) == lemma for form, lemma in verbs)
    table(
        ["dictionary forms", "words", "right"],
        [("--stem korean", len(verbs), f"{100 * right / len(verbs):.2f} %")],
    )


def texts() -> dict[str, list[str]]:
    """The beginnings of both Wikipedias, the English one in lines of a thousand characters."""
    size = KILOBYTES * 1000
    with gzip.open(data("ko/kowiki-100mb.txt.gz")) as file:
        korean = file.read(size).decode("utf-8", "ignore").split("\n")
    with gzip.open(data("en/enwiki-100mb.txt.gz")) as file:
        english = file.read(size).decode()
    return {"ko": korean, "en": [english[start : start + 1000] for start in range(0, len(english), 1000)]}


def speed() -> None:
    """Megabytes of UTF-8 a second in one process, after loading and a warm-up."""
    corpora = texts()
    shares = {"kkma": 100, "hannanum": 20, "okt": 20, "komoran": 5, "kiwi": 4, "mecab": 4}
    rows = []
    for name in ("word", "whitespace", "char", "jamo", "nltk", "sentence", "kiwi", "mecab", *JAVA):
        cells = []
        begun = time.perf_counter()
        analyzer = Analyzer(AnalysisSettings(tokenizer=name))
        analyzer.tokens("시작 start.")
        start = time.perf_counter() - begun
        for lines in corpora.values():
            part = lines[: max(20, len(lines) // shares.get(name, 1))]
            for line in part[:20]:
                analyzer.tokens(line)
            begun = time.perf_counter()
            count = sum(len(analyzer.tokens(line)) for line in part)
            seconds = time.perf_counter() - begun
            size = sum(len(line.encode()) + 1 for line in part)
            cells += [f"{size / 1e6 / seconds:.3f}", f"{count / seconds:,.0f}"]
        rows.append((name, f"{start:.2f}", *cells))
    table(["tokenizer", "start s", "ko MB/s", "ko tokens/s", "en MB/s", "en tokens/s"], rows)


def nltk() -> None:
    """CPU seconds of both on the same lines, and how many lines differ."""
    from nltk.tokenize import word_tokenize

    from nlpcli.engine.text.tokenizers import treebank

    with gzip.open(data("en/imdb-train.tsv.gz"), "rt", encoding="utf-8") as file:
        reviews = [line.rstrip("\n").split("\t")[3] for line in itertools.islice(file, 1, KILOBYTES * 25)]
    with gzip.open(data("en/enwiki-100mb.txt.gz")) as file:
        article = file.read(KILOBYTES * 10_000).decode()
    rows = []
    for name, lines in (("imdb", reviews), ("enwiki, one line", [article])):
        begun = time.process_time()
        collections.deque(map(treebank.treebank, lines), maxlen=0)
        middle = time.process_time()
        differ = 0
        theirs = 0.0
        for line in lines:
            before = time.process_time()
            expected = word_tokenize(line, preserve_line=True)
            theirs += time.process_time() - before
            differ += treebank.treebank(line) != expected
        size = sum(map(len, lines)) / 1e6
        ratio = theirs / (middle - begun)
        rows.append(
            (
                name,
                f"{size:.1f}",
                f"{size / (middle - begun):.2f}",
                f"{size / theirs:.2f}",
                f"{ratio:.1f}",
                differ,
            )
        )
    table(["text", "M characters", "nlpcli M/s", "NLTK M/s", "times", "lines that differ"], rows)


def jobs() -> None:
    """Wall seconds for the same Korean lines, loading included."""
    from nlpcli.engine.io.lines import Lines
    from nlpcli.engine.runtime.progress import SILENT
    from nlpcli.engine.text.streaming import token_lists
    from nlpcli.settings.text import RunSettings

    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "korean.txt"
        path.write_text("\n".join(texts()["ko"]), encoding="utf-8")
        for count in (1, 2):
            begun = time.perf_counter()
            lines = token_lists(
                Lines([str(path)]), AnalysisSettings(tokenizer="kiwi"), RunSettings(jobs=count), SILENT
            )
            collections.deque(lines, maxlen=0)
            seconds[count] = time.perf_counter() - begun
    table(
        [f"kiwi, {KILOBYTES} kB", "seconds", "times"],
        [
            ("--jobs 1", f"{seconds[1]:.1f}", 1),
            ("--jobs 2", f"{seconds[2]:.1f}", f"{seconds[1] / seconds[2]:.2f}"),
        ],
    )


PARTS = {"english": english, "korean": korean, "speed": speed, "nltk": nltk, "jobs": jobs}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        {**PARTS, "tags": tags, "lemmas": lemmas}[part]()
