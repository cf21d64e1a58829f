"""The tokenizer morph: Korean morphemes by a model of nlpcli's own, learnt from what kiwi finds.

A line is made clean and composed as for every analyser; each of its characters gets a label by the model
(`tagging/morphemes.py`), and labels are put together to morphemes.
Addresses, hashtags and the user's words are bound to their tags beforehand.

Not here: how the model is made (`benchmarks/korean_morphemes.py`).
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.shipped import MORPHEMES, path_of
from nlpcli.engine.kernels.tagging.arguments import FREE
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.tagging.morphemes import BEGINS, MorphemeModel
from nlpcli.engine.tagging.syllable_labels import Piece, form_of
from nlpcli.engine.text.emoji import EMOJI_PATTERN, FLAGS, JOINS
from nlpcli.engine.text.token import Token, pieces
from nlpcli.engine.text.tokenizers.morphemes import CHUNK, dictionary_form, fit
from nlpcli.errors import NlpcliError

MODEL = MORPHEMES
_MOST_KEPT = 1 << 16  # forms
_BYTES = 2  # of a label's number
_Key = tuple[str, bytes, int]  # characters, their labels, and which piece of the first one a form begins with
_MARKED = re.compile(rf"[@#{JOINS}]|://|www\.|[0-9][,.:/-]?[0-9]")
_JOINED = re.compile(f"[{JOINS}]")
_FLAG = re.compile(f"[{FLAGS}]{{2}}$")
# Whole words, but for what a sentence puts behind them, and one of the signs that each of them has.
_PATTERNS = (
    ("W_EMAIL", ("@",), re.compile(r"[\w.+-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+", re.ASCII)),
    ("W_URL", ("://", "www."), re.compile(r"(?:https?|ftp)://[!-~]*[\w/]|www\.[!-~]*[\w/]", re.ASCII)),
    # Behind Korean too, and the last of several signs begins it; not behind C. Any other is a sign.
    ("W_HASHTAG", ("#",), re.compile(r"(?<![A-Za-z0-9_])#[^\s#@]*[^\W\d_][^\s#@.,!?]*")),
    ("SW", ("#",), re.compile(r"(?<=[A-Za-z0-9_])#+|#+(?=[\s@]|$|#[^\s#@])|#(?![^\s#@]*[^\W\d_])")),
    ("W_MENTION", ("@",), re.compile(r"(?<![\w@])@[A-Za-z0-9_]*[A-Za-z][A-Za-z0-9_]*")),
    (
        "W_SERIAL",
        ("",),
        re.compile(r"[0-9](?<![\w.-][0-9])\d*(?:(?:[-/:]\d+)+|(?:\.\d+){2,})(?!\w)(?![-/:]\w)", re.ASCII),
    ),
    ("SN", ("",), re.compile(r"[0-9](?:\d{,2}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d*\.\d+(?![.\d])|\d+)", re.ASCII)),
)


class _Line(NamedTuple):
    """Morphemes of a text: their forms, all that is told of them [M, 6], and where the text begins in it."""

    forms: list[str]
    told: NDArray[np.int32]
    begin: int


class Morphemes:
    """Morphemes of any line, with kiwi's tags.

    user_words: tags by words, both as the user wrote them. Raises NlpcliError for a tag that is none.
    """

    def __init__(self, model: MorphemeModel, user_words: Mapping[str, str] | None = None) -> None:
        self.model = model
        self._forms: dict[_Key, str] = {}
        self._ahead: dict[str, _Line] = {}
        numbers = {label: number for number, label in enumerate(model.labels)}
        self._plain = {
            tag: (numbers.get((Piece("B", tag, "="),)), numbers.get((Piece("I", tag, "="),)))
            for tag in model.tags
        }
        self._ending = ["다" * (dictionary_form("", tag) != "") for tag in model.tags]
        self._user = dict(user_words or {})
        for word, tag in self._user.items():
            if self._bound(tag, 1) is None:
                raise NlpcliError(
                    f"morph refuses the user word {word!r}: it knows no tag {tag}",
                    hint="a line is: word TAB tag, e.g. 챗봇\tNNG",
                )
        longest_first = sorted(self._user, key=lambda word: (-len(word), word))
        self._user_words = re.compile("|".join(map(re.escape, longest_first))) if self._user else None

    @classmethod
    def shipped(cls, user_dict: str = "") -> Morphemes:
        """By the model that comes with nlpcli; user_dict: a dictionary's content. Raises NlpcliError."""
        from nlpcli.engine.text.tokenizers.korean import entries

        return cls(shipped_model(), {form: tag or "NNP" for form, tag, _ in entries(user_dict)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Morphemes:
        """The model of a file. Raises ModelError."""
        return cls(MorphemeModel.load(path))

    def tokens(self, line: str) -> list[str]:
        """The morphemes of a line."""
        if (ahead := self._ahead.get(line)) is not None:
            return [*ahead.forms]
        return [form for _, found in self._parts(fit(line).text) for form in found.forms]

    def analyse(self, line: str) -> list[Token]:
        """The same with tags, places and dictionary forms."""
        if (ahead := self._ahead.get(line)) is not None:
            return self._tokens(ahead, 0)
        aligned = fit(line)
        tokens = [token for begin, found in self._parts(aligned.text) for token in self._tokens(found, begin)]
        if aligned.starts is None:
            return tokens
        places = (aligned.place(token.start, token.end) for token in tokens)
        return [
            token._replace(start=start, end=end) for token, (start, end) in zip(tokens, places, strict=True)
        ]

    def prepare(self, lines: Sequence[str]) -> None:
        """Find the morphemes of lines that will be asked for soon: all at once takes less time."""
        fitted = ((line, fit(line)) for line in lines if len(line) <= CHUNK)
        wanted = {line: aligned.text for line, aligned in fitted if aligned.starts is None}
        self._ahead = dict(zip(wanted, self._found([*wanted.values()]), strict=True))

    def _tokens(self, found: _Line, begin: int) -> list[Token]:
        starts, ends = (found.told[:, :2] + (begin - found.begin)).T.tolist()
        numbers = found.told[:, 2].tolist()
        tags = [self.model.tags[tag] for tag in numbers]
        lemmas = [form + self._ending[tag] for form, tag in zip(found.forms, numbers, strict=True)]
        return [*map(Token, found.forms, starts, ends, tags, lemmas)]

    def _parts(self, text: str) -> Iterator[tuple[int, _Line]]:
        """Where each part of a line begins, and its morphemes; nearly all lines have one part."""
        for begin, piece in pieces(text, CHUNK):
            yield begin, self._found([piece])[0]

    def labelled(self, texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int16]]:
        """The characters of clean texts in a row [N], and the number of the label of each, −1 for spaces."""
        bound = None
        if self._user_words is not None or any(map(_MARKED.search, texts)):
            bound = self._bound_in(texts)
        return self.model.labelled(texts, bound)

    def _found(self, texts: Sequence[str]) -> list[_Line]:
        labels = self.labelled(texts)[1]
        morphemes = self.model.morphemes(labels)
        together = "".join(texts)
        places = zip(morphemes[:, 0].tolist(), morphemes[:, 1].tolist(), strict=True)
        forms = [together[start:end] for start, end in places]
        self._restore(forms, together, labels.tobytes(), morphemes)
        begins = offsets_of([len(text) for text in texts])
        parts = pairwise(np.searchsorted(morphemes[:, 4], begins).tolist())
        return [
            _Line(forms[first:last], morphemes[first:last], begin)
            for (first, last), begin in zip(parts, begins.tolist(), strict=False)
        ]

    def _restore(self, forms: list[str], text: str, labels: bytes, morphemes: NDArray[np.int32]) -> None:
        """Set those forms that are not as they are written."""
        restored, kept = np.flatnonzero(morphemes[:, 3]), self._forms
        rows = morphemes[restored].tolist()
        for number, (_, end, _, _, first, piece) in zip(restored.tolist(), rows, strict=True):
            end = max(end, first + 1)
            key = text[first:end], labels[_BYTES * first : _BYTES * end], piece
            forms[number] = kept.get(key) or self._form(key)

    def _form(self, key: _Key) -> str:
        if len(self._forms) >= _MOST_KEPT:
            self._forms.clear()
        characters, numbers, piece = key
        labels = [self.model.labels[number] for number in np.frombuffer(numbers, np.int16).tolist()]
        form = self._forms[key] = form_of(characters, labels, piece)
        return form

    # --- what is known beforehand -------------------------------------------------------------

    def _bound_in(self, texts: Sequence[str]) -> NDArray[np.int32]:
        bound = np.full(sum(map(len, texts)), FREE, np.int32)
        start = 0
        for text in texts:
            if self._user_words is not None or _MARKED.search(text):
                bound[start : start + len(text)] = self._bound_of(text)
            start += len(text)
        return bound

    def _bound_of(self, text: str) -> list[int]:
        bound = [FREE] * len(text)
        for tag, begin, end in self._known(text):
            labels = self._bound(tag, end - begin)
            if labels is not None and bound[begin] < 0 and all(one == FREE for one in bound[begin + 1 : end]):
                bound[begin:end] = labels
                if end < len(text) and bound[end] == FREE:
                    bound[end] = BEGINS
        return bound

    def _known(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Tags and places of addresses and numbers, and of user words: where a word begins, or 3 letters."""
        if _MARKED.search(text):
            for tag, signs, pattern in _PATTERNS:
                if any(sign in text for sign in signs):
                    for match in pattern.finditer(text):
                        yield tag, *match.span()
            if _JOINED.search(text):
                for match in EMOJI_PATTERN.finditer(text):
                    if len(match[0]) > 1:
                        yield "SW" if _FLAG.match(match[0]) else "W_EMOJI", *match.span()
        for match in self._user_words.finditer(text) if self._user_words else ():
            begin, end = match.span()
            if not begin or not text[begin - 1].isalnum() or end - begin > 2:
                yield self._user[match[0]], begin, end

    def _bound(self, tag: str, length: int) -> list[int] | None:
        """The labels of a morpheme that is as it is written; None where the model has none for the tag."""
        begins, goes_on = self._plain.get(tag, (None, None))
        if begins is None or (goes_on is None and length > 1):
            return None
        return [begins, *[goes_on or 0] * (length - 1)]


@functools.cache
def shipped_model() -> MorphemeModel:
    """The model that comes with nlpcli."""
    return MorphemeModel.load(path_of(MODEL))
