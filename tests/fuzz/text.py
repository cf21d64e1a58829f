"""Hostile texts through every tokenizer and every trainer: an answer, or one line of error.

A text is put together from what breaks text tools: control characters, floods of combining marks, emoji
sequences, jamo of all kinds, marks of direction, white space and line ends of all kinds, very long words;
in UTF-8, CP949 or UTF-16, some of its bytes spoilt. What keeps lines gives one for each, places stand
within their line, subwords come back as the text, and a model that was trained is asked something.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

from nlpcli.engine.text.invisible import visible
from tests.command_line import Done, within
from tests.fuzz.vector_files import _AnyCode

SHORT = 12
MODELS = Path(__file__).parents[1] / "models"
_LIST = "good\t좋다\nthe\n# remark\n은/J\n"


# --- texts ----------------------------------------------------------------------------------

Piece = Callable[[Random], str]


def _one_of(*pieces: str) -> Piece:
    return lambda random: random.choice(pieces)


def _some(most: int, *ranges: tuple[int, int]) -> Piece:
    """Up to `most` characters of these ranges of code points."""

    def characters(random: Random) -> str:
        number = random.randrange(1, most + 1)
        return "".join(chr(random.randrange(*random.choice(ranges))) for _ in range(number))

    return characters


def _repeated(*pieces: str) -> Piece:
    return lambda random: random.choice(pieces) * random.choice((2, 70, 3000))


def _words(text: str) -> Piece:
    """One of what stands between spaces."""
    return _one_of(*text.split(" "))


_PIECES: tuple[Piece, ...] = (
    _one_of("the cat sat.", "Don't stop!", "He said “no”. Dr. No went home.", "a 3.14"),
    _one_of("하늘이 푸르다.", "먹었다 먹는다", "ㅋㅋㅋㅋ ㅠㅠ", "'기생충'을 봤다", "값싼 닭"),
    _words("👨‍👩‍👧‍👦 🏴\U000e0067\U000e0062\U000e007f 👍🏽 🇰🇷 ❤️‍🔥 1️⃣ ☺︎ 🤦\u200d♀️"),
    _words("\u202eabc\u202c שלום السَّلام नमस्ते क्‍ष ไทยคำ ᠬᠠᠷ\u180eᠠ 漢字かな"),
    _words("\u1112\u1161\u11ab cafe\u0301 \ud55c\u11ab \uffa1\uffc2 \ufffe \uffff \ufdd0 \ufdd1 \U0010ffff"),
    _words("http://a.kr/가 a@b.co #태그 <b>x</b> &amp;&#0;&#xD800; 2026-01-02 010-1234-5678"),
    _words("▁ <unk> <0xE2> </s> <url> =1+1 1,000.5 가/NNG __label__x"),
    _one_of(*"\u00ad\u200b\u200c\u200d\u2060\ufeff\u180e\u200e\u202e\u2066\u2069\ufe0f\u3164\u034f"),
    _one_of("\n", "\n", "\n\n", "\r\n", "\r", "\x85", "\u2028", "\u2029", "\0"),
    _some(3, (0, 0x20), (0x7F, 0xA0)),
    _some(12, (0x1100, 0x1200)),
    _some(9, (0x3131, 0x318F), (0xFFA1, 0xFFDD)),
    _some(300, (0x300, 0x370)),
    _some(20, (0x20, 0x30), (0x3A, 0x41), (0x5B, 0x61), (0x7B, 0x7F)),
    _some(2, (0x20, 0xD800), (0xE000, 0x110000)),
    _repeated(*" \t\u00a0\u3000\u1680\v\f"),
    _repeated("a", "가", "ㅋ", "아", "x.", "'", '"', "-", "ab1", "😀"),
)
_SPOILT = (b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\xfe\xff", b"\0")
_ENCODINGS = ("utf-8",) * 8 + ("utf-8-sig", "cp949", "utf-16", "utf-16-le", "latin-1")


def _text(random: Random) -> str:
    parts: list[str] = []
    for _ in range(random.choice((0, 1, 2, 5, 20, 60))):
        parts.append(random.choice(_PIECES)(random))
        if random.random() < 0.4:
            parts.append(random.choice(" \n"))
    return "".join(parts)


class _File:
    """A hostile text as a file, and how it is to be read; `lines` unless its bytes are spoilt."""

    def __init__(self, random: Random, folder: Path, name: str, text: str) -> None:
        encoding = random.choice(_ENCODINGS)
        data = text.encode(encoding, "replace")
        self.lines = _lines(data.decode(encoding))
        self.options: list[str] = []
        if random.random() < 0.8:
            self.options += ["--encoding", random.choice((encoding, encoding, "auto"))]
        if random.random() < 0.3:
            self.options += ["--errors", random.choice(("replace", "skip"))]
        self.is_told = self.options[:2] == ["--encoding", encoding] or encoding == "utf-8"
        if random.random() < 0.2:
            at = random.randrange(len(data) + 1)
            data = data[:at] + random.choice(_SPOILT) + data[at:]
            self.is_told = False
        (folder / name).write_bytes(data)


def _lines(text: str) -> list[str]:
    text = text.removeprefix("\ufeff")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = text.split("\n")
    last = lines.pop()
    return [line.removesuffix("\r") for line in lines] + ([last] if last else [])


# --- questions ------------------------------------------------------------------------------

_TOKENIZERS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("word",), 4),
    (("whitespace",), 3),
    (("nltk",), 4),
    (("regexp", "--pattern", r"\w+|[^\w\s]+"), 2),
    (("regexp", "--pattern", r"\s*", "--gaps"), 1),
    (("char",), 3),
    (("jamo",), 3),
    (("sentence",), 2),
    (("subword", "--subword-model", str(MODELS / "sentencepiece.model")), 3),
    (("mecab",), 1),
    (("kiwi",), 1),
    (("morph",), 2),
)
_OPTIONS = (
    ("--lowercase",),
    ("--stopwords", "en"),
    ("--stopwords", "ko,list"),
    ("--stem", "porter"),
    ("--lemma",),
    ("--unicode", "nfkc", "--keep-jamo"),
    ("--unicode", "nfd"),
    ("--full-width",),
    ("--html",),
    ("--strip-control",),
    ("--mask", "url,email,mention,hashtag,date,phone,number,emoji"),
    ("--strip", "punct,symbol,emoji"),
    ("--squeeze-repeats", "2"),
    ("--squeeze-space",),
)


def _analysis(random: Random) -> list[str]:
    names, weights = zip(*_TOKENIZERS, strict=True)
    chosen = ["--tokenizer", *random.choices(names, weights)[0]]
    for option in random.sample(_OPTIONS, random.choice((0, 0, 1, 2, 3))):
        if chosen[1] in ("kiwi", "morph", "mecab") or option[0] not in ("--stem",):
            chosen += option
    return chosen


class _Session:
    """The commands of one try, each checked for how it ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said: list[str] = []

    def __call__(self, *command: str, input: str | bytes = b"") -> Done:
        done = within(*command, input=input, cwd=self._folder, code=_AnyCode())
        self._said.append(f"nlpcli {' '.join(command)}\n{done.err[-2000:]}")
        self.holds(done.returncode in (0, 1, 2), "the exit code")
        errors = [line for line in done.err.split("\n") if line.startswith("error:")]
        self.holds(len(errors) == (done.returncode != 0), "one error, or none")
        self.holds("Traceback" not in done.err and "Warning" not in done.err, "no traceback")
        done.stdout.decode()
        return done

    def holds(self, claim: bool, what: str) -> None:
        assert claim, "\n".join((what, *self._said))


def attempt(random: Random, folder: Path) -> None:
    """One hostile text, and one command with what follows from it."""
    (folder / "list").write_text(_LIST, encoding="utf-8")
    kinds, weights = zip(*_KINDS, strict=True)
    random.choices(kinds, weights)[0](random, folder, _Session(folder))


def _tokenize(random: Random, folder: Path, nlpcli: _Session) -> None:
    file = _File(random, folder, "text", _text(random))
    form = random.choice(("text", "text", "jsonl", "jsonl", "lines", "tsv", "conllu"))
    analysis = _analysis(random)
    more = (
        random.choice(((), (), (), ("--ngrams", "1-2"), ("--char-ngrams", "2-3"))) if form == "text" else ()
    )
    done = nlpcli("tokenize", "text", *analysis, *more, "--format", form, *file.options)
    if done.returncode or not file.is_told:
        return
    got = done.stdout.decode().split("\n")[:-1]
    if form in ("text", "jsonl"):
        nlpcli.holds(len(got) == len(file.lines), f"{len(got)} lines for {len(file.lines)}")
    if form != "jsonl":
        return
    exact = len(analysis) == 2 and analysis[1] in ("word", "whitespace", "char")
    for line, record in zip(file.lines, map(json.loads, got), strict=True):
        for token, (start, end) in zip(record["tokens"], record["offsets"], strict=True):
            nlpcli.holds(0 <= start <= end <= len(line), f"{token!r} at {start}-{end} of {line!r}")
            found = line[start:end]
            nlpcli.holds(not exact or token in (found, visible(found)), f"{token!r} for {found!r}")


def _normalize(random: Random, folder: Path, nlpcli: _Session) -> None:
    file = _File(random, folder, "text", _text(random))
    chosen = [
        option
        for option in random.sample(_OPTIONS, 3)
        if option[0] not in ("--stopwords", "--stem", "--lemma")
    ]
    done = nlpcli("normalize", "text", *sum(chosen, ()), *file.options)
    if not done.returncode and file.is_told:
        got = done.stdout.count(b"\n")
        nlpcli.holds(got == len(file.lines), f"{got} lines for {len(file.lines)}")


def _subwords(random: Random, folder: Path, nlpcli: _Session) -> None:
    """A model of the text, by which the text and another one come back."""
    file = _File(random, folder, "text", _text(random))
    size = random.choice(("260", "300", "400"))
    kind = random.choice(("bpe", "unigram"))
    done = nlpcli(
        "train-subword", "text", "--vocab-size", size, "--model", kind, "-o", "m.model", *file.options
    )
    model = str(MODELS / "sentencepiece.model") if done.returncode else "m.model"
    lines = _lines(_text(random)) + (file.lines if file.is_told else [])
    text = "".join(f"{line}\n" for line in lines).removeprefix("\ufeff")
    ids = random.choice(((), ("--ids",)))
    parts = nlpcli("tokenize", "--tokenizer", "subword", "--model", model, *ids, input=text)
    back = nlpcli("detokenize", "--model", model, *ids, input=parts.stdout)
    nlpcli.holds(back.stdout == text.encode(), f"{back.out!r} for {text!r}")


def _detokenize(random: Random, folder: Path, nlpcli: _Session) -> None:
    """What are no pieces, and no ids, of the model."""
    file = _File(random, folder, "text", _text(random))
    ids = random.choice(((), ("--ids",)))
    nlpcli("detokenize", "text", "--model", str(MODELS / "sentencepiece.model"), *ids, *file.options)


_SMALL = ("--dim", "4", "--epochs", "1", "--min-count", "1")
_TRAINERS = (
    (
        ("train-w2v", *_SMALL, "--sample", "0", "-o", "m.safetensors"),
        ("similar", "m.safetensors", "{}", "-k", "2"),
    ),
    (("train-fasttext", *_SMALL, "--bucket", "50", "-o", "m.bin"), ("similar", "m.bin", "{}", "-k", "2")),
    (("train-glove", *_SMALL, "-o", "m.vec"), ("similar", "m.vec", "{}", "-k", "2")),
    (("cooccur", "--min-count", "1", "-o", "c.npz"), ("inspect", "c.npz")),
    (("cooccur", "--min-count", "1", "--pairs"), ()),
    (("count",), ()),
    (("count", "--ngrams", "1-3", "-o", "v.tsv"), ("vectorize", "text", "--read-vocab", "v.tsv")),
    (("vectorize", "-o", "v.svm"), ()),
    (("vectorize", "--method", "hashing", "-o", "v.npz"), ()),
    (
        ("vectorize", "--char-ngrams", "1-3", "--save-model", "m.safetensors"),
        ("vectorize", "text", "--model", "m.safetensors"),
    ),
    (("index", "-o", "i"), ("search", "i", "{}")),
    (("compare-tokenizers", "--tokenizers", "word,nltk,char,jamo", "--lines", "2"), ()),
    (("cluster", "--k", "2"), ()),
    (("summarize", "-n", "20%"), ()),
    (("summarize", "--method", "mmr"), ()),
    (("train-topics", "--num-topics", "2", "--iterations", "5", "-o", "t"), ("topics", "t", "{}")),
)


def _train(random: Random, folder: Path, nlpcli: _Session) -> None:
    file = _File(
        random, folder, "text", _text(random) + random.choice(("", "\nthe cat sat on the mat\n" * 3))
    )
    command, question = random.choice(_TRAINERS)
    with_analysis = command[0] != "compare-tokenizers"
    done = nlpcli(
        command[0], "text", *command[1:], *(_analysis(random) if with_analysis else ()), *file.options
    )
    if question and not done.returncode:
        words = (_text(random)[:40].replace("\0", "") or "x") if random.random() < 0.5 else "cat"
        nlpcli(*(part.format(words if not words.startswith("-") else "cat") for part in question))


def _classify(random: Random, folder: Path, nlpcli: _Session) -> None:
    rows = [f"{random.choice('ab')}\t{line}" for line in _lines(_text(random))] + [
        "a\tgood film",
        "b\tbad film",
    ]
    file = _File(random, folder, "rows.tsv", "\n".join(rows) + "\n")
    method = ("--model", "nbsvm") if random.random() < 0.2 else ()
    done = nlpcli("train-nb", "rows.tsv", *method, *_analysis(random), *file.options, "-o", "m.safetensors")
    model = str(MODELS / "naive-bayes.safetensors") if done.returncode else "m.safetensors"
    text = _File(random, folder, "text", _text(random))
    done = nlpcli("classify", model, "text", "--format", "text", *text.options)
    if not done.returncode and text.is_told:
        got = done.stdout.count(b"\n")
        nlpcli.holds(got == len(text.lines), f"{got} labels for {len(text.lines)} lines")


def _characters(random: Random, folder: Path, nlpcli: _Session) -> None:
    file = _File(random, folder, "text", _text(random)[:3000])
    unit = random.choice(("char", "jamo", "byte"))
    network = ("--rnn-size", "4", "--epochs", "1", "--seq-length", "8", "--threads", "1")
    done = nlpcli("train-charlm", "text", *network, "--unit", unit, "-o", "m.safetensors", *file.options)
    _write_on(random, nlpcli, str(MODELS / "charlm.safetensors") if done.returncode else "m.safetensors")


def _write_on(random: Random, nlpcli: _Session, model: str = str(MODELS / "charlm.safetensors")) -> None:
    """A hostile prime, and hostile lines to be measured."""
    skip = random.choice(((), ("--skip-unknown",), ("--skip-unknown",)))
    drawn = ("--temperature", random.choice(("0", "1")), "--length", "20")
    nlpcli("generate", model, "--prime", "-", *skip, *drawn, input=_text(random)[:200])
    text = _text(random)[:500]
    done = nlpcli("perplexity", model, "--per-line", input=text)
    got = done.stdout.count(b"\n")
    nlpcli.holds(got == len(_lines(text)), f"{got} lines for {len(_lines(text))}")


_KINDS: tuple[tuple[Callable[[Random, Path, _Session], None], int], ...] = (
    (_tokenize, 12),
    (_normalize, 2),
    (_subwords, 3),
    (_detokenize, 1),
    (_train, 8),
    (_classify, 4),
    (_characters, 2),
    (lambda random, folder, nlpcli: _write_on(random, nlpcli), 2),
)
