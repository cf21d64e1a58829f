"""Settings of text becoming tokens."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import MOST, Needs, NgramRanges, Settings, no_such_choice, setting
from nlpcli.settings.frozen import frozen
from nlpcli.settings.libraries import checked_versions, installed_version

ANALYSIS = "Analysis"


TokenizerName = Literal[
    "word", "whitespace", "char", "jamo", "sentence", "nltk", "regexp", "subword",
    "kiwi", "morph", "mecab", "komoran", "okt", "hannanum", "kkma",
]  # fmt: skip


NORMALIZATION = "Normalization"


MASKABLE = ("url", "email", "mention", "hashtag", "date", "phone", "number", "emoji")


_STRIPPABLE = (*MASKABLE, "punct", "symbol")


def _names(option: str, values: tuple[str, ...], choices: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The single names in values such as "url,date", each once. Raises SettingsError for an unknown one."""
    names = tuple(
        dict.fromkeys(name.strip() for value in values for name in value.split(",") if name.strip())
    )
    for name in names:
        if choices is not None and name not in choices:
            raise no_such_choice(option, name, choices)
    return names


@frozen
class NormalizeSettings(Settings):
    """How text is made uniform before it is cut into tokens."""

    RARE: ClassVar[frozenset[str]] = frozenset(
        {
            "unicode",
            "keep_jamo",
            "full_width",
            "html",
            "strip_control",
            "mask",
            "strip",
            "squeeze_repeats",
            "squeeze_space",
        }
    )
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"keep_jamo": Needs("unicode", ("nfkc", "nfkd"))})

    lowercase: bool = setting(False, "Lower-case the text.", panel=NORMALIZATION)
    unicode: Literal["none", "nfc", "nfkc", "nfd", "nfkd"] = setting(
        "none",
        "Unicode normalization form: nfc, nfkc, nfd, nfkd or none.",
        panel=NORMALIZATION,
        metavar="FORM",
    )
    keep_jamo: bool = setting(
        False,
        "With nfkc and nfkd: single Hangul letters (as in laughter) stay as they are typed.",
        panel=NORMALIZATION,
        flags=("--keep-jamo",),
    )
    full_width: bool = setting(
        False,
        "Full-width letters and signs (ＡＢＣ１２３！) to ordinary ones.",
        panel=NORMALIZATION,
        flags=("--full-width",),
    )
    html: bool = setting(
        False, "Remove HTML tags and comments; &amp; and the like become characters.", panel=NORMALIZATION,
        flags=("--html",),
    )  # fmt: skip
    strip_control: bool = setting(
        False,
        "Remove control, direction and zero-width characters.",
        panel=NORMALIZATION,
        flags=("--strip-control",),
    )
    mask: tuple[str, ...] = setting(
        (),
        "Replace each by its name, such as <url>: url email mention hashtag date phone number emoji.",
        panel=NORMALIZATION,
        metavar="KIND,…",
        listed=MASKABLE,
    )
    strip: tuple[str, ...] = setting(
        (), "Remove any of these, and punct or symbol.", panel=NORMALIZATION, metavar="KIND,…",
        listed=_STRIPPABLE,
    )  # fmt: skip
    squeeze_repeats: int = setting(
        0, "Cut runs of one character, but digits, to N; 0 is off.", min=0, max=1_000_000,
        panel=NORMALIZATION, metavar="N",
    )  # fmt: skip
    squeeze_space: bool = setting(
        False,
        "Cut white space to one space, none at the ends.",
        panel=NORMALIZATION,
        flags=("--squeeze-space",),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "mask", _names("--mask", self.mask, MASKABLE))
        object.__setattr__(self, "strip", _names("--strip", self.strip, _STRIPPABLE))
        if both := set(self.mask) & set(self.strip):
            raise SettingsError(f"--mask and --strip both name {', '.join(sorted(both))}")

    @property
    def normalizes(self) -> bool:
        """Whether anything but lower-casing is asked for."""
        switches = self.full_width or self.html or self.strip_control or self.squeeze_space
        return bool(switches or self.unicode != "none" or self.mask or self.strip or self.squeeze_repeats)


TAKE_WORDS = ("kiwi", "morph", "mecab", "komoran", "okt")
KOREAN = ("kiwi", "morph", "mecab", "komoran", "okt", "hannanum", "kkma")  # their morphemes have tags
ENGLISH = ("nltk", "word", "whitespace", "regexp")  # their tokens can be tagged as English words


@frozen
class AnalysisSettings(NormalizeSettings):
    """How text becomes tokens. Stored in every model, so that training and use cannot disagree.

    `stopwords`, `user_dict` and `subword_model` hold content (words, lines, base64), no path.
    `recorded` is no setting: the versions of the libraries whose tokens a model was made of.
    """

    RARE: ClassVar[frozenset[str]] = NormalizeSettings.RARE | {
        "pattern",
        "gaps",
        "subword_model",
        "user_dict",
        "keep_pos",
        "drop_pos",
        "tag_english",
    }
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            **NormalizeSettings.NEEDS,
            "gaps": Needs("tokenizer", ("regexp",)),
            "tag_english": Needs("tokenizer", ENGLISH),
        }
    )

    recorded: ClassVar[Mapping[str, str]] = MappingProxyType({})

    lowercase: bool = setting(False, "Lower-case the tokens.", panel=ANALYSIS)
    tokenizer: TokenizerName = setting(
        "word", "What splits a line into tokens: word, nltk, kiwi, for large Korean texts morph, …; `nlpcli "
        "tokenize --help` lists them.",
        panel=ANALYSIS, metavar="NAME",
    )  # fmt: skip
    pattern: str = setting(
        "",
        "With the tokenizer regexp: what a token looks like; a line may take it 5 seconds.",
        panel=ANALYSIS,
        metavar="REGEXP",
    )
    gaps: bool = setting(
        False,
        "With the tokenizer regexp: the pattern is what lies between tokens.",
        panel=ANALYSIS,
        flags=("--gaps",),
    )
    subword_model: str = setting(
        "",
        "With the tokenizer subword: a sentencepiece model.",
        panel=ANALYSIS,
        metavar="FILE",
        reads="subwords",
    )
    user_dict: str = setting(
        "", "Words for kiwi, morph, mecab, komoran or okt to know; a line is word TAB tag.",
        panel=ANALYSIS, metavar="FILE", reads="text",
    )  # fmt: skip
    stopwords: tuple[str, ...] = setting(
        (), "Leave out stop words: en, ko, or files with a word a line.",
        panel=ANALYSIS, metavar="en|ko|FILE,…", reads="stopwords", listed=("en", "ko"),
    )  # fmt: skip
    keep_pos: tuple[str, ...] = setting(
        (), "Keep only tokens whose tag begins so: N,V for nouns and verbs.", panel=ANALYSIS, metavar="TAG,…"
    )
    drop_pos: tuple[str, ...] = setting(
        (),
        "Leave out tokens whose tag begins so: J,E for particles and endings.",
        panel=ANALYSIS,
        metavar="TAG,…",
    )
    lemma: bool = setting(
        False, "Dictionary forms: is to be, 먹었다 to 먹다.", panel=ANALYSIS, flags=("--lemma",)
    )
    tag_english: bool = setting(
        False,
        "Tag English words, so that --lemma goes by part of speech.",
        panel=ANALYSIS,
        flags=("--tag-english",),
    )
    stem: Literal["none", "porter", "snowball", "lancaster", "korean"] = setting(
        "none", "Stems, jumping to jump: porter, snowball, lancaster, or korean (dictionary forms).",
        panel=ANALYSIS, metavar="NAME",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("keep_pos", "drop_pos"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        if self.tokenizer == "regexp" and not self.pattern:
            raise SettingsError("the tokenizer regexp needs --pattern")
        if self.pattern and self.tokenizer != "regexp":
            raise SettingsError("--pattern is for --tokenizer regexp")
        if self.subword_model and self.tokenizer != "subword":
            raise SettingsError("a subword model is for --tokenizer subword")
        if self.user_dict and self.tokenizer not in TAKE_WORDS:
            raise SettingsError(
                f"the tokenizer {self.tokenizer} takes no user dictionary",
                hint=f"those that do: {', '.join(TAKE_WORDS)}",
            )

    @property
    def tagged(self) -> bool:
        """Whether tokens carry tags: morphemes always do, English words where something needs it."""
        asked = self.tag_english or self.keep_pos or self.drop_pos
        return self.tokenizer in KOREAN or (self.tokenizer in ENGLISH and bool(asked))

    def to_record(self) -> dict[str, Any]:
        """The settings as JSON types, and the versions of the libraries that the tokens depend on."""
        versions = {name: installed_version(name) for name in libraries_of(self)}
        known = {name: version for name, version in versions.items() if version}
        return {**super().to_record(), **({"libraries": known} if known else {})}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """The settings that `to_record` wrote, with the versions in `recorded`. Raises ModelError."""
        settings = super().from_record({name: record[name] for name in record if name != "libraries"})
        object.__setattr__(settings, "recorded", checked_versions(record.get("libraries", {})))
        return settings


NGRAMS = "N-grams"


@frozen
class NgramSettings(NgramRanges, Settings):
    """N-grams of tokens, or of the characters in them, in place of single tokens."""

    ngrams: str = setting(
        "1",
        "N-grams of tokens, joined by _; 1-3 is single tokens, pairs and triples.",
        panel=NGRAMS,
        metavar="RANGE",
    )
    char_ngrams: str = setting(
        "0", "N-grams of characters inside each token instead; 0 is off.", panel=NGRAMS, metavar="RANGE"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.char_range != (1, 0) and self.word_range != (1, 1):
            raise SettingsError("--ngrams and --char-ngrams exclude each other")
        if self.word_range == (1, 0):
            raise SettingsError("--ngrams 0 leaves no tokens")


OUTPUT = "Output"


@frozen
class TokenFormatSettings(Settings):
    """How tokens are written."""

    format: Literal["text", "lines", "jsonl", "tsv", "conllu"] = setting(
        "text",
        "text (a line of tokens), lines (a token a line), jsonl, tsv or conllu.",
        panel=OUTPUT,
        metavar="NAME",
    )
    pos: bool = setting(False, "Write part-of-speech tags: 하늘/NNG.", panel=OUTPUT, flags=("--pos",))
    tagset: Literal["own", "sejong", "upos"] = setting(
        "own", "Tags as the analyser has them, or in a common set.", panel=OUTPUT
    )
    offsets: bool = setting(
        False, "Write where each token stands in the original line, in characters.", panel=OUTPUT,
        flags=("--offsets",),
    )  # fmt: skip
    ids: bool = setting(
        False, "Write a subword model's ids in place of pieces.", panel=OUTPUT, flags=("--ids",)
    )


@frozen
class SubwordSettings(Settings):
    """How subwords are learned (sentencepiece)."""

    model_type: Literal["bpe", "unigram"] = setting(
        "bpe", "Byte-pair encoding, or a unigram language model.", flags=("--method",), old=("--model",)
    )
    vocab_size: int = setting(8000, "Number of pieces, the 256 bytes among them.", min=260, max=1_000_000)
    character_coverage: float = setting(
        0.9995,
        "Share of the text's characters that get a piece; the rest is spelled in bytes.",
        above=0,
        max=1,
    )
    max_lines: int = setting(0, "Learn from this many lines, drawn at random; 0 is all.", min=0, max=MOST)
    threads: int = setting(1, "Threads.", min=1, max=256)
    seed: int = setting(1, "Seed of the draw of lines.", min=0, max=2**32 - 1)
    merges: int = setting(
        0, "BPE: print the first N merges and their counts.", min=0, max=MOST, flags=("--show-merges",),
        panel="Options", metavar="N",
    )  # fmt: skip


@frozen
class ComparisonSettings(Settings):
    """How many lines tokenizers are compared on."""

    lines: int = setting(
        5, "Lines to show side by side.", min=0, max=MOST, panel="Options", metavar="N",
        flags=("--top", "-n"), old=("--lines",),
    )  # fmt: skip
    limit: int = setting(
        1000, "Lines to measure on.", min=1, max=MOST, panel="Options", metavar="N", flags=("--max-lines",),
        old=("--limit",),
    )  # fmt: skip


RUNNING = "Running"


@frozen
class RunSettings(Settings):
    """How many cores an analysis takes, and what becomes of a line it fails on."""

    RARE: ClassVar[frozenset[str]] = frozenset({"on_error", "time_limit"})

    jobs: int = setting(
        1, "Worker processes; for kiwi, mecab, the Java analysers and English tags.", min=1, max=256,
        panel=RUNNING, flags=("--jobs", "-j"),
    )  # fmt: skip
    on_error: Literal["stop", "skip", "keep"] = setting(
        "skip", "A line that an analyser fails on: end, leave it empty, or cut it at spaces.", panel=RUNNING
    )
    time_limit: float = setting(
        30.0,
        "Seconds a Java analyser, or a worker, may take for one line.",
        above=0,
        max=1e6,
        panel=RUNNING,
        metavar="SECONDS",
    )


_KIWI = ("kiwipiepy", "kiwipiepy_model")


_TOKENIZERS = {
    "kiwi": _KIWI,
    "sentence": _KIWI,
    "mecab": ("python-mecab-ko-dic",),  # either binding gives the same
    **dict.fromkeys(("komoran", "okt", "hannanum", "kkma"), ("konlpy",)),
    "subword": ("sentencepiece",),
}


_STEMS = {**dict.fromkeys(("porter", "snowball", "lancaster"), ("nltk",)), "korean": _KIWI}


def libraries_of(settings: AnalysisSettings) -> list[str]:
    """The distributions that decide what tokens an analysis gives.

    >>> libraries_of(AnalysisSettings()), libraries_of(AnalysisSettings(stem="porter", tag_english=True))
    ([], ['nltk'])
    """
    morphemes = settings.tokenizer in KOREAN
    found = {*_TOKENIZERS.get(settings.tokenizer, ())}
    if settings.lemma:
        found |= {"lemminflect", "simplemma"} | ({*_KIWI} if not morphemes else set())
    if not (settings.stem == "korean" and morphemes):  # morphemes bring their dictionary forms
        found |= {*_STEMS.get(settings.stem, ())}
    return sorted(found)


LOWERCASE = AnalysisSettings(lowercase=True)  # what documents are compared by
