"""Every hyperparameter, written once. Standard library only.

One frozen dataclass per method, one line a knob. The class is the option list of its
command (`cli/options.py` reads it), the argument of its engine function (bounds are checked
when it is made), and the record in the model file (`to_record` and `from_record`).
Fields of settings that meet in one command must have different names.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeVar

from nlpcli.errors import ModelError, SettingsError

T = TypeVar("T")


def setting(
    default: T,
    help: str,
    *,
    min: float | None = None,
    max: float | None = None,
    above: float | None = None,
    flags: tuple[str, ...] = (),
    metavar: str | None = None,
    panel: str | None = None,
    hidden: bool = False,
    reads: str | None = None,
) -> T:
    """One knob: its default, its help text, its bounds (`min`/`max` inclusive, `above` exclusive).

    `flags` replaces the option's name, which otherwise is the field's name with dashes.
    `panel` is the heading under which `--help` lists it. `reads` names the reader in
    `engine/resources.py` that turns what the user wrote (a file's name) into what is stored
    (its content): no path goes into a model.
    """
    metadata = {
        "help": help,
        "min": min,
        "max": max,
        "above": above,
        "flags": flags,
        "metavar": metavar,
        "panel": panel,
        "hidden": hidden,
        "reads": reads,
    }
    return dataclasses.field(default=default, metadata=metadata)


def option_name(field: dataclasses.Field[Any]) -> str:
    """The name a user knows a field by: `min_count` is `--min-count`."""
    flags: tuple[str, ...] = field.metadata["flags"]
    return flags[0].split("/")[0] if flags else "--" + field.name.replace("_", "-")


@dataclass(frozen=True)
class Settings:
    """What all settings can do: check themselves, become a JSON record and come back."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, list):
                object.__setattr__(self, field.name, value := tuple(value))
            _check(option_name(field), value, hints[field.name], field.metadata)

    def to_record(self) -> dict[str, Any]:
        """The settings as JSON types, to stand in a model file."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """The settings that `to_record` wrote; a field it lacks has its default.

        Raises ModelError for a field or value this version does not know.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := set(record) - known:
            raise ModelError(
                f"the model file holds settings this version does not know: {', '.join(sorted(unknown))}",
                hint="it was written by a newer nlpcli: upgrade nlpcli to use it",
            )
        try:
            return cls(**record)
        except (SettingsError, TypeError) as error:
            raise ModelError(f"the model file holds settings that make no sense: {error}") from error


def _check(name: str, value: Any, hint: Any, bounds: typing.Mapping[str, Any]) -> None:
    """Raise SettingsError unless `value` has the type `hint` names and lies within `bounds`."""
    options = _alternatives(hint)
    if value is None:
        if type(None) not in options:
            raise SettingsError(f"{name} needs a value")
        return
    choices = [choice for option in options for choice in _literals(option)]
    if choices and value not in choices:
        raise SettingsError(f"{name} cannot be {value!r}: choose from {', '.join(map(str, choices))}")
    if bool in options and not isinstance(value, bool):
        raise SettingsError(f"{name} is on or off, not {value!r}")
    if int in options or float in options:
        _check_number(name, value, float in options, bounds)


def _check_number(name: str, value: Any, may_be_float: bool, bounds: typing.Mapping[str, Any]) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float) if may_be_float else int):
        raise SettingsError(f"{name} must be a {'number' if may_be_float else 'whole number'}, not {value!r}")
    if not math.isfinite(value):
        raise SettingsError(f"{name} must be a finite number, not {value}")
    if bounds["min"] is not None and value < bounds["min"]:
        raise SettingsError(f"{name} must be at least {bounds['min']}, not {value}")
    if bounds["max"] is not None and value > bounds["max"]:
        raise SettingsError(f"{name} must be at most {bounds['max']}, not {value}")
    if bounds["above"] is not None and value <= bounds["above"]:
        raise SettingsError(f"{name} must be greater than {bounds['above']}, not {value}")


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return typing.get_args(hint)
    return (hint,)


def _literals(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


# --- reading text ---------------------------------------------------------------------------

INPUT = "Input"


@dataclass(frozen=True)
class InputSettings(Settings):
    """How bytes become text."""

    encoding: str = setting(
        "utf-8",
        "Encoding of the input: utf-8, cp949, euc-kr, utf-16 and so on, or auto.",
        panel=INPUT,
        metavar="NAME",
    )
    errors: Literal["strict", "replace", "skip"] = setting(
        "strict", "Bytes that are not text: end, put U+FFFD for them, or leave them out.", panel=INPUT
    )


@dataclass(frozen=True)
class RecordSettings(Settings):
    """Where text and label stand in a line."""

    format: Literal["auto", "text", "tsv", "csv", "jsonl", "fasttext"] = setting(
        "auto",
        "Layout of a line; auto goes by the file's name and first line.",
        panel=INPUT,
        flags=("--format",),
    )
    text_col: str | None = setting(
        None,
        "Column (name, or number from 1) or JSON field that holds the text.",
        panel=INPUT,
        metavar="COLUMN",
    )
    label_col: str | None = setting(
        None,
        "Column (name, or number from 1) or JSON field that holds the label.",
        panel=INPUT,
        metavar="COLUMN",
    )
    header: Literal["auto", "yes", "no"] = setting(
        "auto",
        "Whether the first row names the columns; auto: it does if a name is asked for or known.",
        panel=INPUT,
    )
    quoting: Literal["auto", "rfc4180", "none"] = setting(
        "auto",
        'Whether "…" encloses a field; auto: in CSV yes, in TSV quotes are plain characters.',
        panel=INPUT,
    )
    multi_label: Literal["first", "each"] = setting(
        "first", "A line with several labels counts for the first one, or once for each.", panel=INPUT
    )

    @property
    def has_labels(self) -> bool:
        """Whether labels were asked for by name or by layout."""
        return self.label_col is not None or self.format == "fasttext"


# --- from text to tokens --------------------------------------------------------------------

ANALYSIS = "Analysis"
TokenizerName = Literal[
    "word", "whitespace", "char", "jamo", "sentence", "nltk", "regexp", "subword",
    "kiwi", "mecab", "komoran", "okt", "hannanum", "kkma",
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
            raise SettingsError(f"{option} cannot be {name!r}: choose from {', '.join(choices)}")
    return names


@dataclass(frozen=True)
class NormalizeSettings(Settings):
    """How text is made uniform before it is cut into tokens."""

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
    )
    strip: tuple[str, ...] = setting(
        (), "Remove any of these, and punct or symbol.", panel=NORMALIZATION, metavar="KIND,…"
    )
    squeeze_repeats: int = setting(
        0, "Cut runs of one character, but digits, to N; 0 is off.", min=0, panel=NORMALIZATION,
        metavar="N",
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


TAKE_WORDS = ("kiwi", "mecab", "komoran", "okt")


@dataclass(frozen=True)
class AnalysisSettings(NormalizeSettings):
    """How text becomes tokens. Stored in every model, so that training and use cannot disagree.

    `stopwords`, `user_dict` and `subword_model` hold content (words, lines, base64), no path.
    """

    lowercase: bool = setting(False, "Lower-case the tokens.", panel=ANALYSIS)
    tokenizer: TokenizerName = setting(  # noqa: RUF009 (an alias of Literal, as safe as one)
        "word", "What splits a line into tokens: word, nltk, kiwi, …; `nlpcli tokenize --help` lists them.",
        panel=ANALYSIS, metavar="NAME",
    )  # fmt: skip
    pattern: str = setting(
        "", "With the tokenizer regexp: what a token looks like.", panel=ANALYSIS, metavar="REGEXP"
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
        reads="base64",
    )
    user_dict: str = setting(
        "", "Words for kiwi, mecab, komoran or okt to know; a line is word TAB tag.",
        panel=ANALYSIS, metavar="FILE", reads="text",
    )  # fmt: skip
    stopwords: tuple[str, ...] = setting(
        (), "Leave out stop words: en, ko, or files with a word a line.",
        panel=ANALYSIS, metavar="en|ko|FILE,…", reads="stopwords",
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


NGRAMS = "N-grams"


@dataclass(frozen=True)
class NgramSettings(Settings):
    """Runs of tokens, or of the characters in them, in place of single tokens."""

    ngrams: str = setting(
        "1",
        "Runs of tokens, joined by _; 1-3 is single tokens, pairs and triples.",
        panel=NGRAMS,
        metavar="RANGE",
    )
    char_ngrams: str = setting(
        "0", "Runs of characters inside each token instead; 0 is off.", panel=NGRAMS, metavar="RANGE"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.char_range != (1, 0) and self.word_range != (1, 1):
            raise SettingsError("--ngrams and --char-ngrams exclude each other")
        if self.word_range == (1, 0):
            raise SettingsError("--ngrams 0 leaves no tokens")

    @property
    def word_range(self) -> tuple[int, int]:
        """Shortest and longest run of tokens."""
        return ngram_range("--ngrams", self.ngrams)

    @property
    def char_range(self) -> tuple[int, int]:
        """Shortest and longest run of characters; (1, 0) is none."""
        return ngram_range("--char-ngrams", self.char_ngrams)


OUTPUT = "Output"


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class SubwordSettings(Settings):
    """How subwords are learned (sentencepiece)."""

    model_type: Literal["bpe", "unigram"] = setting(
        "bpe", "Byte-pair encoding, or a unigram language model.", flags=("--model",)
    )
    vocab_size: int = setting(8000, "Number of pieces, the 256 bytes among them.", min=260, max=1_000_000)
    character_coverage: float = setting(
        0.9995,
        "Share of the text's characters that get a piece; the rest is spelled in bytes.",
        above=0,
        max=1,
    )
    max_lines: int = setting(0, "Learn from this many lines, drawn at random; 0 is all.", min=0)
    threads: int = setting(1, "Threads.", min=1, max=256)
    seed: int = setting(1, "Seed of the draw of lines.", min=0, max=2**32 - 1)


RUNNING = "Running"


@dataclass(frozen=True)
class RunSettings(Settings):
    """How many cores an analysis takes, and what becomes of a line it fails on."""

    jobs: int = setting(
        1, "Worker processes; for kiwi, mecab and the Java analysers.", min=1, max=256, panel=RUNNING,
        flags=("--jobs", "-j"),
    )  # fmt: skip
    on_error: Literal["stop", "skip", "keep"] = setting(
        "skip", "A line that an analyser fails on: end, leave it empty, or cut it at spaces.", panel=RUNNING
    )
    time_limit: float = setting(
        30.0,
        "Seconds a Java analyser, or a worker, may take for one line.",
        above=0,
        panel=RUNNING,
        metavar="SECONDS",
    )


VOCABULARY = "Vocabulary"


@dataclass(frozen=True)
class VocabularySettings(Settings):
    """Which tokens get an id, and in which order."""

    min_count: int = setting(1, "Drop tokens seen fewer times than this.", min=1, panel=VOCABULARY)
    max_vocab: int | None = setting(None, "Keep only the N most frequent tokens.", min=1, panel=VOCABULARY)
    vocab_order: Literal["frequency", "first-seen", "alphabetical"] = setting(
        "frequency", "Order of the ids.", panel=VOCABULARY
    )


# --- vectors and classifiers ----------------------------------------------------------------


@dataclass(frozen=True)
class VectorizeSettings(Settings):
    """Bag-of-words weights."""

    kind: Literal["onehot", "bow", "binary", "tfidf", "hashing"] = setting(
        "tfidf", "A row per token; counts; 0 and 1; counts weighted by rarity; counts in hashed columns."
    )
    ngrams: str = setting("1", "Runs of words; 1-2 is words and pairs of neighbours.", metavar="RANGE")
    char_ngrams: str = setting(
        "0",
        "Runs of characters inside words (a space at both ends) in place of words; 0 is off.",
        metavar="RANGE",
    )
    smooth_idf: bool = setting(True, "TF-IDF: idf = ln((1 + n) / (1 + df)) + 1, or ln(n / df) + 1.")
    sublinear_tf: bool = setting(False, "TF-IDF: 1 + ln(count) in place of the count.")
    norm: Literal["l2", "l1", "none"] = setting("l2", "TF-IDF: length to which each row is scaled.")
    min_df: int = setting(1, "Drop features found in fewer documents than this.", min=1)
    max_df: float = setting(1.0, "Drop features found in a larger share of the documents.", above=0, max=1)
    max_features: int | None = setting(None, "Keep only the N most frequent features.", min=1)
    hash_bits: int = setting(20, "Hashing: two to this power is the number of columns.", min=1, max=30)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.char_range != (1, 0) and self.word_range != (1, 1):
            raise SettingsError("--ngrams and --char-ngrams exclude each other")
        if self.word_range == (1, 0):
            raise SettingsError("--ngrams 0 leaves no features")
        if self.kind == "onehot" and self.char_range != (1, 0):
            raise SettingsError("--kind onehot has a row per token, --char-ngrams has no tokens")

    @property
    def word_range(self) -> tuple[int, int]:
        """Shortest and longest run of words."""
        return ngram_range("--ngrams", self.ngrams)

    @property
    def char_range(self) -> tuple[int, int]:
        """Shortest and longest run of characters; (1, 0) is none."""
        return ngram_range("--char-ngrams", self.char_ngrams)


FEATURES = "Features"


@dataclass(frozen=True)
class FeatureSettings(Settings):
    """What a classifier sees of a text."""

    ngrams: str = setting(
        "1-3", "Word n-grams, as a range: 1-2 is words and pairs of neighbours; 0 is none.", panel=FEATURES,
        metavar="RANGE",
    )  # fmt: skip
    char_ngrams: str = setting(
        "auto", "Character n-grams, as a range; 0 is none; auto is 2-4 for Korean, Chinese and Japanese.",
        panel=FEATURES, metavar="RANGE",
    )  # fmt: skip
    char_span: Literal["text", "word"] = setting(
        "text", "Character n-grams run through the text as if it had no spaces, or stay inside words.",
        panel=FEATURES,
    )  # fmt: skip
    binary: bool = setting(
        False, "A feature counts once per document, however often it is there.", panel=FEATURES
    )
    min_docs: int = setting(
        1, "Leave features out that were seen fewer times than this.", min=1, panel=FEATURES,
        flags=("--min-count", "--min-docs"),
    )  # fmt: skip
    hash_bits: int = setting(
        0, "Hash features into 2^N cells, which bounds the memory; 0 keeps each one apart.", min=0, max=32,
        panel=FEATURES,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        word, char = self.word_range, self.char_range if self.char_ngrams != "auto" else (1, 1)
        if word[1] == 0 and char[1] == 0:
            raise SettingsError("--ngrams 0 and --char-ngrams 0 leave no features")

    @property
    def word_range(self) -> tuple[int, int]:
        """Shortest and longest word n-gram; (1, 0) for none."""
        return ngram_range("--ngrams", self.ngrams)

    @property
    def char_range(self) -> tuple[int, int]:
        """Shortest and longest character n-gram; (1, 0) for none."""
        return ngram_range("--char-ngrams", self.char_ngrams)


def ngram_range(name: str, text: str) -> tuple[int, int]:
    """The two ends of a range of lengths; "0" is the empty range (1, 0).

    >>> ngram_range("--ngrams", "2-5"), ngram_range("--ngrams", "1"), ngram_range("--ngrams", "0")
    ((2, 5), (1, 1), (1, 0))
    """
    low, dash, high = text.strip().partition("-")
    if text.strip() == "0":
        return 1, 0
    if not low.isdecimal() or (dash and not high.isdecimal()):
        raise SettingsError(f"{name} is a range such as 1-3, a number, or 0 for none, not {text!r}")
    first, last = int(low), int(high or low)
    if not 1 <= first <= last <= 16:
        raise SettingsError(f"{name} goes from a length of at least 1 to one of at most 16, not {text!r}")
    return first, last


@dataclass(frozen=True)
class NaiveBayesSettings(Settings):
    """Which Naive Bayes, and how it is smoothed."""

    variant: Literal["multinomial", "binary-multinomial", "bernoulli", "complement", "nbsvm"] = setting(
        "binary-multinomial", "The model; see above.", panel="Model"
    )
    alpha: float = setting(
        0.5, "Additive smoothing; 1 is Laplace's, 0 is maximum likelihood.", min=0, panel="Model"
    )
    prior: Literal["fit", "uniform"] = setting(
        "fit", "Class priors from the label counts, or all equal.", panel="Model"
    )
    cost: float = setting(1.0, "nbsvm: what a mistake costs; lower is smoother.", above=0, panel="Model")
    epochs: int = setting(10, "nbsvm: passes over the texts, at most.", min=1, panel="Model")
    seed: int = setting(1, "Seed of all shuffling.", min=0, panel="Model")


# --- word vectors ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Word2VecSettings(Settings):
    """Skip-gram and CBOW (Mikolov et al. 2013)."""

    model: Literal["skipgram", "cbow"] = setting("skipgram", "Predict the context, or from the context.")
    loss: Literal["ns", "hs", "softmax"] = setting(
        "ns", "Negative sampling, hierarchical softmax, or the full softmax (for small vocabularies)."
    )
    dim: int = setting(100, "Length of a vector.", min=1, max=4096)
    window: int = setting(5, "Most words to each side of the centre.", min=1)
    epochs: int = setting(5, "Passes over the text.", min=1)
    negative: int = setting(5, "Noise words drawn per centre word.", min=1)
    sample: float = setting(1e-3, "Subsampling threshold for frequent words; 0 is off.", min=0)
    alpha: float = setting(0.025, "Learning rate at the start.", above=0)
    min_alpha: float = setting(0.0001, "Learning rate at the end.", min=0)
    ns_exponent: float = setting(0.75, "Power of the counts from which noise words are drawn.")
    fixed_window: bool = setting(
        False, "Always the whole window, not a random part of it.", flags=("--fixed-window",)
    )
    threads: int = setting(1, "Threads; more than one is faster and no longer byte-reproducible.", min=1)
    seed: int = setting(1, "Seed of all randomness.", min=0)


@dataclass(frozen=True)
class FastTextSettings(Word2VecSettings):
    """Word2vec with subwords: a word is the mean of itself and its character n-grams (Bojanowski et al. 2017)."""

    loss: Literal["ns", "hs"] = setting("ns", "Negative sampling or hierarchical softmax.")
    sample: float = setting(1e-4, "Subsampling threshold for frequent words; 0 is off.", min=0)
    alpha: float = setting(0.05, "Learning rate at the start.", above=0)
    minn: int = setting(3, "Shortest character n-gram.", min=1, panel="Subwords")
    maxn: int = setting(6, "Longest character n-gram; 0 is none.", min=0, max=64, panel="Subwords")
    bucket: int = setting(
        2_000_000, "Buckets that n-grams are hashed into.", min=1, max=2**31 - 1, panel="Subwords"
    )
    jamo: bool = setting(False, "Korean: n-grams of jamo (ㅎㅏㄴ) and not of syllables.", panel="Subwords")

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.maxn < self.minn:
            raise SettingsError(f"--maxn {self.maxn} is below --minn {self.minn}")


@dataclass(frozen=True)
class PhraseSettings(Settings):
    """Word pairs that are joined to one word before training (Mikolov et al. 2013b, section 4)."""

    phrases: int = setting(
        0, "Times to join words that belong together (new_york); 0 is off.", min=0, panel="Phrases"
    )
    phrase_threshold: float = setting(100.0, "Higher joins fewer.", min=0, panel="Phrases")
    phrase_discount: int = setting(5, "Pairs must be seen more often than this.", min=0, panel="Phrases")


@dataclass(frozen=True)
class ContinuationSettings(Settings):
    """Where training begins, and what it leaves on the way."""

    resume: str | None = setting(
        None,
        "Go on with a model: an interrupted one, or with more epochs or new text.",
        panel="Continue",
        metavar="MODEL",
    )
    init: str | None = setting(None, "Begin with these word vectors.", panel="Continue", metavar="VECTORS")
    checkpoint_every: float | None = setting(
        None,
        "Epochs (or a part of one) after which OUTPUT.partial is written.",
        above=0,
        panel="Continue",
        metavar="EPOCHS",
    )


@dataclass(frozen=True)
class CooccurrenceSettings(Settings):
    """Which neighbours count, and how much (Pennington et al. 2014, section 4.2)."""

    window_size: int = setting(
        10, "Words to each side that count as neighbours.", min=1, flags=("--window-size", "--window")
    )
    symmetric: bool = setting(
        True, "Count both sides, or the left side only.", flags=("--symmetric/--asymmetric",)
    )
    distance_weighting: bool = setting(
        True, "A neighbour at distance d counts 1/d, or always 1.", flags=("--distance-weighting/--flat",)
    )


@dataclass(frozen=True)
class GloveSettings(Settings):
    """Weighted least squares on log co-occurrence counts, by AdaGrad (Pennington et al. 2014)."""

    dim: int = setting(100, "Length of a vector.", min=1, max=4096)
    epochs: int = setting(15, "Passes over the co-occurrence cells.", min=1)
    x_max: float = setting(100.0, "Count from which a cell has full weight.", above=0)
    alpha: float = setting(0.75, "Exponent of the weighting function.", min=0)
    eta: float = setting(0.05, "AdaGrad's first step.", above=0)
    bias: bool = setting(True, "Bias terms b_i and b_j, as in the paper.")
    tolerance: float = setting(
        0.0, "End when an epoch lowers the cost by a smaller share than this; 0 is off.", min=0, max=1
    )
    output_vectors: Literal["w+c", "w", "c", "both"] = setting(
        "w+c", "Sum of word and context vectors, one of them, or both side by side.", flags=("--model",)
    )
    seed: int = setting(1, "Seed of all randomness.", min=0)


@dataclass(frozen=True)
class GloveResources(Settings):
    """What counting and training may use of this machine. None of it changes the result."""

    threads: int | None = setting(None, "Threads; all cores if not given. The result is the same.", min=1)
    memory: str = setting("4GB", "Most memory to use; what is more goes to $TMPDIR.", metavar="SIZE")


# --- questions to word vectors --------------------------------------------------------------


@dataclass(frozen=True)
class SimilarSettings(Settings):
    """Which words are near."""

    top_k: int = setting(10, "Words to show.", min=1, panel="Method", flags=("--top-k", "-k"))
    by: Literal["cosine", "dot", "euclidean"] = setting("cosine", "What nearness is.")
    vocab: int | None = setting(None, "Look among the N first (most frequent) words only.", min=1)


@dataclass(frozen=True)
class AnalogySettings(Settings):
    """How an analogy is completed."""

    top_k: int = setting(10, "Words to show.", min=1, flags=("--top-k", "-k"))
    method: Literal["3cosadd", "3cosmul"] = setting(
        "3cosadd", "Add and subtract vectors, or multiply and divide cosines (Levy and Goldberg 2014)."
    )
    vocab: int | None = setting(None, "Look among the N first (most frequent) words only.", min=1)


@dataclass(frozen=True)
class OddOneOutSettings(Settings):
    """What being the odd one is."""

    by: Literal["euclidean", "cosine"] = setting(
        "euclidean", "The largest mean distance to the others, or the smallest cosine with their mean."
    )


@dataclass(frozen=True)
class VectorEvaluationSettings(Settings):
    """What takes part when word vectors are evaluated."""

    vocab: int = setting(300_000, "Only the N first (most frequent) words take part.", min=1)
    method: Literal["3cosadd", "3cosmul"] = setting("3cosadd", "How analogies are answered.")
    case_sensitive: bool = setting(False, "Tell King from king.", flags=("--case-sensitive",))
    unknown: Literal["skip", "wrong"] = setting(
        "skip", "A question with an unknown word is passed over, or counts as wrong."
    )


@dataclass(frozen=True)
class ConvertSettings(Settings):
    """How word vectors are written anew."""

    layout: Literal["auto", "safetensors", "word2vec", "word2vec-bin", "glove", "npy", "tsv"] = setting(
        "auto", "Layout of the output; auto goes by its extension.", flags=("--format",)
    )
    top: int | None = setting(None, "Only the N first (most frequent) words.", min=1)
    normalize: bool = setting(False, "Scale every vector to length 1.", flags=("--normalize",))
    dtype: Literal["float32", "float16", "int8"] = setting(
        "float32", "Type of the numbers: a half or a quarter of the size in .safetensors (.npy: float16)."
    )
    odd_words: Literal["error", "skip", "underscore"] = setting(
        "error",
        "A word that the layout cannot hold (with a space, say): refuse, leave out, or write _ for it.",
    )


@dataclass(frozen=True)
class PlotSettings(Settings):
    """How words are laid out on a map."""

    method: Literal["pca", "tsne"] = setting(
        "pca", "Straight onto the two widest directions, or neighbours kept together (t-SNE)."
    )
    top: int = setting(500, "Words to draw when none are named: the N first (most frequent).", min=2)
    color_by: Literal["none", "cluster", "rank"] = setting(
        "none", "Colours: all alike, k-means clusters, or by rank in the vocabulary.", flags=("--color-by",)
    )
    k: int = setting(8, "Clusters to colour.", min=1)
    perplexity: float = setting(30.0, "t-SNE: about how many neighbours a word has.", above=1)
    seed: int = setting(1, "Seed of t-SNE and of the clusters.", min=0)


@dataclass(frozen=True)
class ClusterSettings(Settings):
    """How many groups, and what is shown of each."""

    k: int = setting(20, "Clusters.", min=1)
    top: int | None = setting(None, "Words: only the N first (most frequent).", min=1)
    terms: int = setting(10, "Documents: terms to show for each cluster.", min=1)
    seed: int = setting(1, "Seed of the starting points.", min=0)


@dataclass(frozen=True)
class IndexSettings(Settings):
    """What a document is when texts are searched."""

    unit: Literal["line", "paragraph", "file"] = setting(
        "line", "What is found: lines, paragraphs (parted by blank lines), or whole files."
    )


@dataclass(frozen=True)
class SearchSettings(Settings):
    """How found documents are ranked."""

    top_k: int = setting(10, "Documents to show.", min=1, flags=("--top-k", "-k"))
    by: Literal["tfidf", "bm25", "vectors"] = setting(
        "tfidf", "Cosine of TF-IDF rows, Okapi BM25, or cosine of mean word vectors (needs --vectors)."
    )
    prefix: Literal["auto", "on", "off"] = setting(
        "auto",
        "A query word also finds longer words that begin with it; auto: Hangul words, for their particles.",
    )
    bm25_k1: float = setting(1.2, "BM25: how soon more of a word says no more.", min=0)
    bm25_b: float = setting(0.75, "BM25: how much long documents are held back.", min=0, max=1)
    width: int = setting(160, "Characters of text to show.", min=20)


# --- character language model ---------------------------------------------------------------


TRAINING = "Training"
NETWORK = "Network"


@dataclass(frozen=True)
class CharLMSettings(Settings):
    """A recurrent network that predicts the next character."""

    cell: Literal["rnn", "lstm", "gru"] = setting("lstm", "Recurrent cell.", panel=NETWORK)
    rnn_size: int = setting(
        256, "Units per layer.", min=1, max=8192, flags=("--rnn-size", "--hidden-size"), panel=NETWORK
    )
    num_layers: int = setting(1, "Layers.", min=1, max=16, panel=NETWORK)
    embedding_dim: int = setting(
        0, "Length of a character's vector; 0 is one-hot.", min=0, max=8192, panel=NETWORK
    )
    dropout: float = setting(
        0.0, "Share of each layer's outputs dropped while training.", min=0, max=0.95, panel=NETWORK
    )
    unit: Literal["char", "jamo", "byte"] = setting(
        "char",
        "What is predicted: characters, with Hangul syllables taken apart into jamo, or UTF-8 bytes.",
        panel=NETWORK,
    )
    min_char_count: int = setting(
        1,
        "Characters seen fewer times than this become one, U+FFFD.",
        min=1,
        panel=NETWORK,
        flags=("--min-count", "--min-char-count"),
    )
    seq_length: int = setting(
        64,
        "Characters through which the gradient flows back; the state is carried on.",
        min=1,
        panel=TRAINING,
    )
    batch_size: int = setting(
        64, "Streams trained side by side; fewer if the text is short.", min=1, panel=TRAINING
    )
    epochs: int = setting(10, "Passes over the text.", min=1, panel=TRAINING)
    learning_rate: float = setting(0.004, "Adam's step size at the start.", above=0, panel=TRAINING)
    schedule: Literal["constant", "linear", "cosine"] = setting(
        "cosine", "How the step size falls to 1 % of the start.", panel=TRAINING
    )
    weight_decay: float = setting(0.0, "Pull of the weights towards zero (AdamW).", min=0, panel=TRAINING)
    grad_clip: float = setting(5.0, "Largest norm of the gradient; 0 is off.", min=0, panel=TRAINING)
    val_frac: float = setting(
        0.05, "Share of the text, from its end, kept for validation.", min=0, max=0.9, panel=TRAINING
    )
    eval_every: int = setting(
        0,
        "Updates between validations; 0 is an epoch, about 40 at most and at least every 1000 updates.",
        min=0,
        panel=TRAINING,
    )
    patience: int = setting(
        0, "Stop after this many validations without a better one; 0 is off.", min=0, panel=TRAINING
    )
    sample_every: int = setting(
        0, "Updates between samples of what the model writes; 0 is off.", min=0, panel=TRAINING
    )
    seed: int = setting(1, "Seed of all randomness.", min=0, panel=TRAINING)
    device: Literal["auto", "cpu", "cuda"] = setting("auto", "Where to compute.", panel=TRAINING)
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto",
        "Numbers in matrix products; auto is bfloat16 where the hardware has units for it.",
        panel=TRAINING,
    )
    threads: int = setting(
        0,
        "Parts the batch is split into, a thread each; 0 is a thread per core, at most 8. "
        "The same number gives the same bytes.",
        min=0,
        max=256,
        panel=TRAINING,
    )


# Sizes that suit a laptop, a workstation, a GPU.
CHARLM_PRESETS: dict[str, dict[str, Any]] = {
    "small": {
        "rnn_size": 256,
        "num_layers": 1,
        "dropout": 0.0,
        "seq_length": 64,
        "batch_size": 64,
        "epochs": 10,
    },
    "medium": {
        "rnn_size": 512,
        "num_layers": 2,
        "dropout": 0.4,
        "seq_length": 128,
        "batch_size": 64,
        "epochs": 30,
    },
    "large": {
        "rnn_size": 1024,
        "num_layers": 3,
        "dropout": 0.4,
        "seq_length": 256,
        "batch_size": 128,
        "epochs": 50,
    },
}


@dataclass(frozen=True)
class GenerateSettings(Settings):
    """How characters are drawn from a language model."""

    length: int = setting(500, "Most characters to write.", min=0)
    until: str | None = setting(None, "Stop when this has been written.", metavar="TEXT")
    temperature: float = setting(1.0, "Below 1 safer, above 1 bolder; 0 always takes the likeliest.", min=0)
    top_k: int = setting(0, "Draw from the K likeliest only; 0 is off.", min=0)
    top_p: float = setting(1.0, "Draw from the likeliest that together reach P.", above=0, max=1)
    num_samples: int = setting(1, "Texts to write.", min=1)
    seed: int = setting(1, "Seed of all randomness.", min=0)


@dataclass(frozen=True)
class ActivationSettings(Settings):
    """Which cells of a character model are looked at, on how much text."""

    find: Literal["quote", "line-length", "bracket", "indent", "if", "word-length", "upper-case"] | None = (
        setting(None, "Rank the cells by their correlation with this property of the text.")
    )
    count: int = setting(10, "Cells in the ranking.", min=1)
    layer: int | None = setting(None, "Layer to begin at, from 0; the last if not given.", min=0)
    signal: str = setting("cell", "Signal to begin at: cell, h, or a gate: i f o g (LSTM), z r n (GRU).")
    cell: int | None = setting(None, "Cell to begin at, from 0; with --find, the best match.", min=0)
    max_chars: int = setting(2000, "Characters of the text to read.", min=1, max=100_000)


@dataclass(frozen=True)
class GradientSettings(Settings):
    """How far back, on how much text."""

    steps: int = setting(50, "Steps back in time.", min=1, max=10_000)
    max_text: int = setting(100_000, "Characters of the text to use.", min=2)


@dataclass(frozen=True)
class ToySettings(Settings):
    """The scalar network h_t = tanh(w_hh h_(t-1) + w_xh x_t + b)."""

    w_hh: float = setting(3.0, "Recurrent weight.", panel="Toy")
    w_xh: float = setting(2.0, "Input weight.", panel="Toy")
    b: float = setting(1.0, "Bias.", panel="Toy")
    x: tuple[float, ...] = setting(
        (0.0,), "Input; given several times, one a step (then --steps is theirs).", panel="Toy"
    )
    h0: float = setting(0.0, "State before the first step.", panel="Toy")
