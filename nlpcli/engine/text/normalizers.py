"""Text made uniform before it is cut into tokens, step by step in a fixed order.

    HTML → Unicode form → full-width forms → control characters → masks (or removal) of URLs,
    e-mail addresses, mentions, hashtags, dates, phone numbers, numbers, emoji → punctuation and
    symbols → repeated characters → white space

Every step is a regular expression that runs in linear time: each begins where nothing of its
own kind stands before it, and never gives back what it has taken.

Not here: stop words and stems (`stopwords.py`, `stemmers.py`), and lower-casing of tokens.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import cast

from nlpcli.engine.io.line_ends import one_line
from nlpcli.engine.text.alignment import Aligned, Form, Replacement, normalised
from nlpcli.engine.text.emoji import EMOJI_PATTERN
from nlpcli.engine.text.quick_masks import DigitRuns, quick_mask
from nlpcli.settings.text import MASKABLE, NormalizeSettings

Step = tuple[re.Pattern[str], Replacement]

_HANGUL = "ㄱ-ㆎ가-힣\u1100-\u11ff"
_URL_PART = rf"[^\s<>\"'{_HANGUL}.,!?;:)\]}}…、。]"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"

# In the order in which they are looked for: a date is not a number, an address holds a mention.
PATTERNS: dict[str, re.Pattern[str]] = {
    "url": re.compile(
        rf"(?i:(?:https?|ftp)://|(?<![\w.])www\.)(?:{_URL_PART}|[.,!?;:)\]}}]++(?={_URL_PART}))++"
        rf"|(?<![A-Za-z0-9@._-])(?:[a-z0-9-]+\.)+(?:com|net|org|io|kr|edu|gov)(?!\.?[A-Za-z0-9@_-])"
        rf"(?:/(?:{_URL_PART}|[.,!?;:)\]}}]++(?={_URL_PART}))*+)?"
    ),
    "email": re.compile(
        r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++(?<![.-])"
    ),
    "mention": re.compile(rf"(?<![\w@.])@(?:[A-Za-z0-9_]{{1,40}}+|[{_HANGUL}]{{1,20}}+)"),
    "hashtag": re.compile(r"(?<![\w#&])#(?=[\d_]*+[^\W\d_])\w++"),
    "date": re.compile(
        rf"(?<!\d)(?:\d{{4}}|['’]?\d{{2}})년(?:\s?(?:0?[1-9]|1[0-2])월(?:\s?{_DAY}일)?)?"
        rf"|(?<!\d)(?:0?[1-9]|1[0-2])월\s?{_DAY}일"
        rf"|(?<![\d.])\d{{4}}\.\s?(?:0?[1-9]|1[0-2])\.\s?{_DAY}(?!\d)\.?"
        rf"|(?<![\d/-])\d{{4}}([-/])(?:0?[1-9]|1[0-2])\1{_DAY}(?![\d/-])"
        rf"|(?<![\d/-])\d{{1,2}}([-/])\d{{1,2}}\2\d{{4}}(?![\d/-])"
        rf"|(?i:(?<![\w])(?:{_DAY}(?:st|nd|rd|th)?\s{_MONTH}|{_MONTH}\s{_DAY}(?:st|nd|rd|th)?),?\s\d{{4}}(?!\d))"
        rf"|(?<![A-Za-z])(?:January|February|March|April|June|July|August|September|October|November|December)"
        rf"\s{_DAY}(?:st|nd|rd|th)?(?!\w)"
    ),
    "phone": re.compile(
        r"(?<![\w+-])(?:"
        r"\+\d{1,3}[ .-]?(?:\(0?\d{1,4}\)|\d{1,4})[ .-]?\d{3,4}[ .-]?\d{4}"  # +82-10-1234-5678
        r"|\(0?\d{2,3}\)[ ]?\d{3,4}[ .-]\d{4}"  # (02) 123-4567, (555) 123-4567
        r"|0\d{1,2}[ .-]\d{3,4}[ .-]\d{4}|01[016789]\d{7,8}"  # 010-1234-5678, 01012345678
        r"|[2-9]\d{2}[.-]\d{3}[.-]\d{4}"  # 555-123-4567
        r"|1[568]\d{2}-\d{4}"  # 1588-1234
        r")(?![\d-])"
    ),
    "number": re.compile(
        r"(?<![A-Za-z_\d])(?:(?<![\w)])[+\-−])?(?:\d{1,3}(?:,\d{3})++(?!\d)|\d++)(?:\.\d++)?(?:%|‰)?"
    ),
    "emoji": EMOJI_PATTERN,
}
assert set(PATTERNS) == set(MASKABLE)
MASK = re.compile("<(?:" + "|".join(MASKABLE) + ")>")

_INLINE = frozenset(
    ("b", "i", "u", "s", "a", "em", "strong", "span", "font", "sub", "sup", "small", "big", "mark", "code")
)
_SCRIPT = re.compile(r"(?is)<(script|style)\b[^<>]*+>(?:(?!</?\1\b).)*+(?:</\1\s*+>)?")
_COMMENT = re.compile(r"(?s)<!--(?:(?!<!--|-->).)*+(?:-->)?")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]*+)[^<>]*+>|<[!?][A-Za-z][^<>]*+>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")
_FULL_WIDTH = re.compile("[\uff01-\uff5e\u3000\uffe0-\uffe6]")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_EDGES = re.compile(r"\A\s++|(?<!\s)\s++\Z")
_SPACE = re.compile(r"\s++")
_NOT_COMPATIBILITY_JAMO = re.compile("[^\u3131-\u318e]++")


class Normalizer:
    """Lines made uniform as the settings say; does nothing by default.

    `is_local`: pieces of a line, cut at spaces, give the pieces of the whole.

    >>> Normalizer(NormalizeSettings(mask=("url", "date"), squeeze_repeats=2))("2026년 11월 20일 ㅋㅋㅋㅋ https://x.kr/a에서")
    '<date> ㅋㅋ <url>에서'
    """

    def __init__(self, settings: NormalizeSettings) -> None:
        self._form = None if settings.unicode == "none" else cast(Form, settings.unicode.upper())
        self._keep_jamo = settings.keep_jamo and settings.unicode in ("nfkc", "nfkd")
        self._before = _html_steps() if settings.html else []
        patterns = settings.html or settings.mask or settings.strip
        self.is_local = not (patterns or settings.squeeze_repeats or settings.squeeze_space)
        self._after = _steps(settings)
        runs = DigitRuns()
        self._quickly = [_quick(pattern, replacement, runs) for pattern, replacement in self._after]

    @property
    def is_idle(self) -> bool:
        """Whether every line comes back as it was."""
        return self._form is None and not self._before and not self._after

    def __call__(self, text: str) -> str:
        """The line made uniform."""
        for pattern, replacement in self._before:
            text = pattern.sub(replacement, text)
        if self._form is not None:
            text = self._in_form(text, self._form)
        for apply in self._quickly:
            text = apply(text)
        return text

    def aligned(self, text: str) -> Aligned:
        """The line made uniform, with the place of each of its characters in the original."""
        aligned = Aligned(text)
        for pattern, replacement in self._before:
            aligned = aligned.sub(pattern, replacement)
        if self._form is not None:
            aligned = self._aligned_in_form(aligned, self._form)
        for pattern, replacement in self._after:
            aligned = aligned.sub(pattern, replacement)
        return aligned

    def _in_form(self, text: str, form: Form) -> str:
        if not self._keep_jamo:
            return unicodedata.normalize(form, text)
        return _NOT_COMPATIBILITY_JAMO.sub(lambda run: unicodedata.normalize(form, run[0]), text)

    def _aligned_in_form(self, aligned: Aligned, form: Form) -> Aligned:
        if not self._keep_jamo:
            return normalised(aligned, form)
        return aligned.sub(_NOT_COMPATIBILITY_JAMO, lambda run: unicodedata.normalize(form, run[0]))


def _steps(settings: NormalizeSettings) -> list[Step]:
    """What comes after the Unicode form, in order."""
    steps: list[Step] = []
    if settings.full_width:
        steps.append((_FULL_WIDTH, _ordinary))
    if settings.strip_control:
        steps.append((_CONTROL, ""))
    for name, pattern in PATTERNS.items():
        if name in settings.mask:
            steps.append((pattern, f"<{name}>"))
        elif name in settings.strip:
            steps.append((pattern, _gap))
    if classes := {"punct": "P", "symbol": "S"}.keys() & set(settings.strip):
        steps.append(
            _character_step("".join(sorted(name[0].upper() for name in classes)), bool(settings.mask))
        )
    if settings.squeeze_repeats:
        steps.append(_repeat_step(settings.squeeze_repeats))
    if settings.squeeze_space:
        steps += [(_EDGES, ""), (_SPACE, " ")]
    return steps


def _quick(pattern: re.Pattern[str], replacement: Replacement, runs: DigitRuns) -> Callable[[str], str]:
    """What does the same as `pattern.sub(replacement, text)`, faster where it is that of a mask."""
    name = next((name for name, known in PATTERNS.items() if known is pattern), "")
    return quick_mask(name, pattern, replacement, runs)


def _html_steps() -> list[Step]:
    import html

    def tag(match: re.Match[str]) -> str:
        return "" if (match[1] or "").lower() in _INLINE else _gap(match)

    return [
        (_SCRIPT, _gap),
        (_COMMENT, _gap),
        (_TAG, tag),
        (_ENTITY, lambda match: one_line(html.unescape(match[0]))),
    ]


def _gap(match: re.Match[str]) -> str:
    """Nothing, or a space where two words would run together."""
    text, (start, end) = match.string, match.span()
    between = start > 0 and end < len(text) and not text[start - 1].isspace() and not text[end].isspace()
    return " " if between else ""


def _ordinary(match: re.Match[str]) -> str:
    return " " if match[0] == "\u3000" else unicodedata.normalize("NFKC", match[0])


def _character_step(categories: str, masked: bool) -> Step:
    """Punctuation (P) or symbols (S) removed; a mask such as <url> is neither."""
    kept = MASK.pattern + "|" if masked else ""
    run = re.compile(rf"{kept}[{_class_of(categories)}]++")

    def removed(match: re.Match[str]) -> str:
        return match[0] if masked and MASK.fullmatch(match[0]) else _gap(match)

    return run, removed


@functools.cache
def _class_of(categories: str) -> str:
    """A character class: those whose category begins with one of the letters (none lie beyond U+1FFFF)."""
    wanted = [code for code in range(0x20000) if unicodedata.category(chr(code))[0] in categories]
    ranges: list[list[int]] = []
    for code in wanted:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def _repeat_step(most: int) -> Step:
    # Digits stay (10000), and so does the beginning of an address.
    pattern = re.compile(rf"(?!(?i:www)\.)([^\d\s])\1{{{most},}}+")
    put: Callable[[re.Match[str]], str] = lambda match: match[1] * most  # noqa: E731
    return pattern, put
