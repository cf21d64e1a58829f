"""From a line of text to its tokens: normalise → leave out what is invisible → tokenise → filter → lemma
→ stem → lower-case.

An `Analyzer` is built from its settings and nothing else, so one loaded with a model does
exactly what it did in training.

Not here: many lines on several cores (`streaming.py`), n-grams (`token_ngrams.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nlpcli.engine.runtime.processes import Failure, Worker
from nlpcli.engine.text.invisible import aligned_visible, visible
from nlpcli.engine.text.token import Token
from nlpcli.engine.text.tokenizers.by_name import make_tokenizer
from nlpcli.engine.text.tokenizers.tokenizer import LineFailed
from nlpcli.errors import SettingsError
from nlpcli.settings.libraries import check_versions
from nlpcli.settings.text import ENGLISH, KOREAN, AnalysisSettings

TIME_LIMIT = 30.0  # seconds a Java analyser may think about one line
ISOLATED = ("komoran", "okt", "hannanum", "kkma")
_KERNEL_ROAD = ("word", "whitespace")
_AS_IT_IS = ("sentence", "subword")  # these give back the text itself, invisible characters and all
_MASK_BLIND = ("sentence", "regexp", "subword")  # to these <url> is text like any other


class Analyzer:
    """Turns lines into tokens as its settings say.

    A Java analyser runs in a process of its own (unless `isolate` is off); a line it crashes or
    hangs on raises InputError, and the next line finds it restarted.

    Raises SettingsError for settings that contradict each other, MissingDependency for a
    tokenizer whose library is not installed. Warns (OtherVersion) when settings come from a model
    that other versions of its libraries made.

    >>> Analyzer(AnalysisSettings(lowercase=True)).tokens("Natural Language Processing.")
    ['natural', 'language', 'processing']
    """

    def __init__(self, settings: AnalysisSettings, *, isolate: bool = True) -> None:
        self.settings = settings
        _check_tags(settings)
        if settings.recorded:
            check_versions(settings.recorded)
        self._workers: dict[str, Worker] = {}
        self._isolated = isolate and settings.tokenizer in ISOLATED
        if self._isolated:
            return
        self._tokenizer = make_tokenizer(settings)
        self._normalizer = _normalizer(settings)
        self._kept = _tag_filter(settings) if settings.tagged else None
        self._clitics = _clitics(settings)
        self._finished = _finisher(settings)
        self._leaves_out = settings.tokenizer not in _AS_IT_IS
        self._variants = settings.tokenizer not in (*KOREAN, "regexp")  # whose words do not go beyond them
        self._masks = bool(settings.mask) and settings.tokenizer not in _MASK_BLIND
        self._mask_tag = ("SW" if settings.tokenizer in KOREAN else "SYM") if settings.tagged else ""

    def tokens(self, text: str) -> list[str]:
        """The tokens of one line, in order."""
        if self._isolated:
            return self._asked("tokens", text)  # type: ignore[no-any-return]
        if self._kept is not None:
            return [token.form for token in self.analyse(text)]
        if self._normalizer:
            text = self._normalizer(text)
        if self._leaves_out:
            text = visible(text, self._variants)
        tokens = self._masked_tokens(text) if self._masks else self._tokenizer.tokens(text)
        if self._clitics is not None:
            tokens = self._clitics(tokens)
        if self._finished is None:
            return tokens
        return [form for form in map(self._finished, tokens) if form is not None]

    def analyse(self, text: str) -> list[Token]:
        """The tokens of one line with their places, and tags and lemmas where they are known."""
        if self._isolated:
            return self._asked("analyse", text)  # type: ignore[no-any-return]
        from nlpcli.engine.text.alignment import Aligned

        aligned = self._normalizer.aligned(text) if self._normalizer else Aligned(text)
        if self._leaves_out:
            aligned = aligned_visible(aligned, self._variants)
        tokens = self._masked_analysis(aligned.text) if self._masks else self._tokenizer.analyse(aligned.text)
        if aligned.starts is not None:
            places = (aligned.place(token.start, token.end) for token in tokens)
            tokens = [
                token._replace(start=start, end=end)
                for token, (start, end) in zip(tokens, places, strict=True)
            ]
        if self._kept is not None:
            tokens = self._kept(tokens)
        if self._clitics is not None:
            forms = self._clitics([token.form for token in tokens])
            tokens = [token._replace(form=form) for token, form in zip(tokens, forms, strict=True)]
        if self._finished is None:
            return tokens
        finished = ((token, self._finished(token.form)) for token in tokens)
        return [token._replace(form=form) for token, form in finished if form is not None]

    def prepare(self, lines: Sequence[str]) -> None:
        """Be told lines whose tokens will be asked for soon, which is faster with some tokenizers."""
        if not self._isolated and self._tokenizer.prepare is not None and self._normalizer is None:
            self._tokenizer.prepare([visible(line, self._variants) for line in lines])

    @property
    def is_plain(self) -> bool:
        """Whether `finish` over the types of a `word` or `whitespace` scan does the same as `tokens`."""
        on_road = self.settings.tokenizer in _KERNEL_ROAD
        return on_road and self._normalizer is None and self._kept is None

    def finish(self, types: list[str]) -> list[str | None]:
        """What becomes of bare tokens after tokenising, where that needs no context; None: dropped.

        `corpus/encoding.py` scans text in a kernel and calls this once per type instead of per token.
        """
        return list(types) if self._finished is None else [self._finished(form) for form in types]

    @property
    def only_lowers(self) -> bool:
        """Whether `finish` is nothing but lower-casing."""
        return self._finished is str.lower

    @property
    def finishes_nothing(self) -> bool:
        """Whether `finish` leaves tokens as they are."""
        return self._finished is None

    def _masked_tokens(self, text: str) -> list[str]:
        return (
            [token.form for token in self._masked_analysis(text)]
            if "<" in text
            else self._tokenizer.tokens(text)
        )

    def _masked_analysis(self, text: str) -> list[Token]:
        """Tokens of what stands between masks, and each mask as one token."""
        from nlpcli.engine.text.normalizers import MASK

        tokens: list[Token] = []
        position = 0
        for match in [*MASK.finditer(text), None]:
            begin = match.start() if match else len(text)
            tokens += [
                token._replace(start=token.start + position, end=token.end + position)
                for token in self._tokenizer.analyse(text[position:begin])
            ]
            if match:
                tokens.append(Token(match[0], match.start(), match.end(), self._mask_tag))
                position = match.end()
        return tokens

    def _asked(self, method: str, text: str) -> Any:
        if method not in self._workers:
            self._workers[method] = isolated(self.settings, method, TIME_LIMIT)
        result = self._workers[method].map([text])[0]
        if isinstance(result, Failure):
            raise LineFailed(f"{self.settings.tokenizer} failed on a line: {result}: {text[:60]!r}")
        return result


def isolated(settings: AnalysisSettings, method: str, time_limit: float) -> Worker:
    """A process that applies `method` ("tokens" or "analyse") of an Analyzer to lines."""
    _check_tags(settings)
    return Worker("nlpcli.engine.text.analyzer:bound_method", (settings.to_record(), method), time_limit)


def bound_method(record: dict[str, Any], method: str) -> Callable[[str], Any]:
    """The method of an Analyzer with these settings; this is what a worker process calls."""
    analyzer = Analyzer(AnalysisSettings.from_record(record), isolate=False)
    function: Callable[[str], Any] = getattr(analyzer, method)
    return function


def _check_tags(settings: AnalysisSettings) -> None:
    if settings.tokenizer in (*KOREAN, *ENGLISH):
        if (settings.keep_pos or settings.drop_pos) and not (settings.recorded or settings.user_dict):
            from nlpcli.engine.text.tagsets import check_beginnings

            check_beginnings(settings.tokenizer, "--keep-pos", settings.keep_pos)
            check_beginnings(settings.tokenizer, "--drop-pos", settings.drop_pos)
        return
    if settings.keep_pos or settings.drop_pos or settings.tag_english:
        raise SettingsError(
            f"the tokenizer {settings.tokenizer} knows no tags, which --keep-pos and --drop-pos go by",
            hint=f"those that do: {', '.join((*ENGLISH, *KOREAN))}",
        )


def _normalizer(settings: AnalysisSettings) -> Any:
    """A Normalizer, or None when it would do nothing; lower-casing is done token by token."""
    if settings.normalizes:
        from nlpcli.engine.text.normalizers import Normalizer

        return Normalizer(settings)
    return None


def _finisher(settings: AnalysisSettings) -> Callable[[str], str | None] | None:
    """What becomes of a bare token: its stem, its lower case, or None for a stop word."""
    stops: frozenset[str] = frozenset()
    if settings.stopwords and settings.tokenizer not in KOREAN and not _by_english_tags(settings):
        from nlpcli.engine.text.stopwords import looked_up, untagged

        stops = untagged(settings.stopwords)
    steps = _stemmers(settings)
    lowercase = settings.lowercase
    if not stops and not steps:
        # Token by token, so that the byte-scanning kernel, which lower-cases its vocabulary
        # and not the text, gives the same (σ at the end of a word is ς).
        return str.lower if lowercase else None

    def finished(form: str) -> str | None:
        if stops and looked_up(form) in stops:
            return None
        if not (form[:1] == "<" and form[-1:] == ">"):  # a mask has no stem
            for step in steps:
                form = step(form)
        return form.lower() if lowercase else form

    return finished


def _by_english_tags(settings: AnalysisSettings) -> bool:
    """Whether lemmas, and stop words before them, are dealt with in `_english_filter`."""
    return settings.lemma and settings.tokenizer in ENGLISH and settings.tagged


def _stemmers(settings: AnalysisSettings) -> list[Callable[[str], str]]:
    if not settings.lemma and settings.stem == "none":
        return []
    from nlpcli.engine.text.stemmers import make_english_lemmatizer, make_lemmatizer, make_stemmer

    korean = settings.tokenizer in KOREAN
    steps: list[Callable[[str], str]] = []
    if settings.lemma and not _by_english_tags(settings):
        steps.append(make_english_lemmatizer() if korean else make_lemmatizer())
    if settings.stem != "none" and not (korean and settings.stem == "korean"):
        steps.append(make_stemmer(settings.stem))
    return steps


def _clitics(settings: AnalysisSettings) -> Callable[[list[str]], list[str]] | None:
    """Without tags, 's is a verb or not by its neighbours; only Treebank tokens have it alone."""
    if settings.tokenizer != "nltk" or not settings.lemma or settings.tagged:
        return None
    from nlpcli.engine.text.lemmas import resolve_clitics

    return resolve_clitics


_Filter = Callable[[list[Token]], list[Token]]


def _tag_filter(settings: AnalysisSettings) -> _Filter | None:
    """What is done to tokens with tags; None: nothing."""
    by_tag = settings.keep_pos or settings.drop_pos or settings.lemma
    if settings.tokenizer not in KOREAN:
        return _english_filter(settings) if by_tag else None
    if by_tag or settings.stopwords or settings.stem == "korean":
        return _korean_filter(settings)
    return None


def _english_filter(settings: AnalysisSettings) -> _Filter:
    """The tags asked for; then stop words and dictionary forms."""
    from nlpcli.engine.text.penn import upos
    from nlpcli.engine.text.stopwords import looked_up, untagged

    keep, drop = settings.keep_pos, settings.drop_pos
    stops = untagged(settings.stopwords)

    def fits(tag: str, universal: str) -> bool:
        def among(beginnings: tuple[str, ...]) -> bool:
            return universal in beginnings or tag.startswith(beginnings)

        return not (drop and among(drop)) and (not keep or among(keep))

    def kept(tokens: list[Token]) -> list[Token]:
        if keep or drop:
            universal = upos([token.form for token in tokens], [token.tag for token in tokens])
            tokens = [token for token, part in zip(tokens, universal, strict=True) if fits(token.tag, part)]
        if not settings.lemma:
            return tokens
        left = (token for token in tokens if looked_up(token.form) not in stops)
        return [token._replace(form=token.dictionary_form) for token in left]

    return kept


def _korean_filter(settings: AnalysisSettings) -> _Filter:
    """Dictionary forms first, then stop words and the tags asked for."""
    from nlpcli.engine.text.stemmers import dictionary_forms
    from nlpcli.engine.text.stopwords import tagged
    from nlpcli.engine.text.tagsets import tag_begins

    name = settings.tokenizer
    is_stop_word = tagged(settings.stopwords, name)
    to_dictionary = settings.lemma or settings.stem == "korean"

    def kept(tokens: list[Token]) -> list[Token]:
        if to_dictionary:
            tokens = dictionary_forms(tokens, name)
        return [
            token
            for token in tokens
            if not is_stop_word(token)
            and not tag_begins(name, token.tag, settings.drop_pos)
            and (not settings.keep_pos or tag_begins(name, token.tag, settings.keep_pos))
        ]

    return kept
