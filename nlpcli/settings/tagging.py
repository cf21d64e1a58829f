"""Settings of taggers: how tagged text is read, how a tagger is trained, and what it writes."""

from __future__ import annotations

from typing import ClassVar, Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import LAST_SEED, Settings, setting, whole_number
from nlpcli.settings.frozen import frozen
from nlpcli.settings.input import INPUT

OUTPUT = "Output"
_MOST_BITS = 24


@frozen
class TaggedTextSettings(Settings):
    """Where words and tags stand in tagged text."""

    RARE: ClassVar[frozenset[str]] = frozenset({"layout", "columns"})

    layout: Literal["auto", "conllu", "columns", "slash", "inline", "jsonl"] = setting(
        "auto",
        "How tagged text is written: conllu, columns (a word a line), slash (word/TAG), inline (<word:TAG>), "
        "jsonl; auto goes by content.",
        panel=INPUT,
        metavar="NAME",
    )
    tag: Literal["auto", "upos", "xpos", "ner"] = setting(
        "auto",
        "Which tags: upos, xpos, or ner for spans; auto is upos in CoNLL-U, and else the last column.",
        panel=INPUT,
    )
    columns: str = setting(
        "", "The columns of word and tag, counted from 1: word=1,tag=4.", panel=INPUT, metavar="PLACES"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.columns and not _places(self.columns):
            raise SettingsError(
                f"--columns cannot be {self.columns!r}", hint="wanted: word=1,tag=4, counted from 1"
            )

    @property
    def word_column(self) -> int:
        """The word's column, counted from 1; 0 where none was named."""
        return _places(self.columns).get("word", 0)

    @property
    def tag_column(self) -> int:
        """The tag's column, counted from 1; 0 where none was named."""
        return _places(self.columns).get("tag", 0)


def _places(text: str) -> dict[str, int]:
    """The columns in `word=1,tag=4`; none at all where the text is not of that kind.

    >>> _places("word=2, tag=3"), _places("tag=4"), _places("tag=0"), _places("lemma=3")
    ({'word': 2, 'tag': 3}, {'tag': 4}, {}, {})
    """
    found: dict[str, int] = {}
    for part in text.split(",") if text else ():
        name, _, number = part.strip().partition("=")
        if (
            name not in ("word", "tag")
            or not number.isascii()
            or not number.isdecimal()
            or whole_number(number) < 1
        ):
            return {}
        found[name] = whole_number(number)
    return found


@frozen
class TaggerSettings(Settings):
    """How a tagger learns."""

    RARE: ClassVar[frozenset[str]] = frozenset({"pieces", "margin", "outside_margin", "hash_bits"})

    method: Literal["linear", "rnn"] = setting(
        "linear",
        "linear: an averaged perceptron over hashed features, fast and small; rnn: a recurrent network, "
        "with a CRF for spans.",
    )
    tokenizer: Literal[
        "auto", "word", "whitespace", "char", "nltk", "kiwi", "mecab", "komoran", "okt", "hannanum", "kkma"
    ] = setting(
        "auto", "What will split a bare text into words; auto: what splits as the tagged text does.",
        metavar="NAME",
    )  # fmt: skip
    pieces: Literal["auto", "yes", "no"] = setting(
        "auto", "Tags such as NNG+JKS are predicted piece by piece; auto: where there are more than 64."
    )
    epochs: int = setting(
        0,
        "Passes over the text; 0 goes by the method: 5 for linear, for rnn by the length of the text.",
        min=0,
        max=1000,
    )
    margin: int = setting(
        16, "By how much the right tags have to win before nothing is learnt.", min=0, max=1000
    )
    outside_margin: int = setting(
        0, "The same for O, outside of spans: a higher one finds more spans; 0 goes by how rare they are.",
        min=0, max=10_000,
    )  # fmt: skip
    hash_bits: int = setting(
        0, "Hash features into 2^N rows of weights; 0 goes by the length of the text.", min=0, max=_MOST_BITS
    )
    seed: int = setting(1, "Seed of the order of sentences.", min=0, max=LAST_SEED)


@frozen
class TagSettings(Settings):
    """What is written of tagged text."""

    format: Literal["auto", "slash", "tsv", "conllu", "conll", "jsonl", "inline"] = setting(
        "auto",
        "slash (word/TAG), tsv, conllu, conll (a word a line), jsonl or inline (<word:TAG>); auto: inline "
        "for spans, else slash.",
        panel=OUTPUT,
        metavar="NAME",
    )
    spans: bool = setting(
        False, "Write the spans alone, with their places in the original line, in characters.", panel=OUTPUT,
        flags=("--spans",),
    )  # fmt: skip
    proba: bool = setting(
        False, "The probability of each tag or span beside it.", panel=OUTPUT, flags=("--proba",)
    )
    words: bool = setting(
        False, "The text is words already, with spaces between them.", panel=INPUT, flags=("--words",)
    )
