"""Subwords: pieces of words learned from text, with sentencepiece (Kudo & Richardson 2018).

    bpe        byte-pair encoding: the most frequent neighbours are joined, again and again
               (Sennrich et al. 2016)
    unigram    a unigram language model over pieces, cut down to size (Kudo 2018)

The model is sentencepiece's own file. Nothing is normalised and what was never seen is spelled
in bytes, so that `detokenize` gives the text back exactly. A space is written ▁; a ▁ in the text
itself is spelled in bytes too.

Not here: whole words (`rules.py`).
"""

from __future__ import annotations

import base64
import binascii
import collections
import functools
import io
import itertools
import operator
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, SupportsIndex, TypeAlias

from nlpcli.engine.io.opening import open_bytes
from nlpcli.engine.text.arguments import as_list
from nlpcli.engine.text.token import Token, locate, pieces
from nlpcli.engine.text.tokenizers.sentencepiece_file import check_model
from nlpcli.engine.text.tokenizers.tokenizer import Tokenizer
from nlpcli.errors import InputError, MissingDependency, ModelError, SettingsError
from nlpcli.settings.text import SubwordSettings

SPACE = "▁"
_SPACE_BYTES = ["<0xE2>", "<0x96>", "<0x81>"]  # a real ▁, in UTF-8
_STAND_INS = range(0xFDD0, 0x110000)  # the first are no characters
_BYTE = re.compile("<0x[0-9A-F]{2}>")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST = 1000  # characters given to the trainer at once: it leaves out sentences over 4192 bytes

Merge: TypeAlias = tuple[str, str, str, int]  # left, right, joined, how often they stood side by side


class Subwords:
    """A trained subword model: text to pieces or ids, and back.

    `merges`: the first joins of byte-pair encoding, where `train_subword` was asked for them.

    Raises ModelError, which names the model, when it is not a sentencepiece model.
    """

    def __init__(self, model: bytes, name: str = "this") -> None:
        check_model(model, name)
        sentencepiece = _library()
        self.model = model
        self.merges: list[Merge] = []
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            loaded = bool(self._processor.LoadFromSerializedProto(model))
        except (RuntimeError, ValueError):  # its own words may quote what is no UTF-8
            loaded = False
        if not loaded:
            raise ModelError(
                f"{name} is not a sentencepiece model",
                hint="nlpcli train-subword FILE… -o ko.model makes one",
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Subwords:
        """Read a model file. Raises ModelError when it is none."""
        with open_bytes(os.fspath(path)) as (stream, _):
            return cls(stream.read(), os.fspath(path))

    @property
    def pieces(self) -> list[str]:
        """All pieces, in the order of their ids."""
        return [self._processor.id_to_piece(number) for number in range(len(self))]

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    def tokenize(self, texts: Iterable[str]) -> list[list[str]]:
        """The pieces of each text.

        >>> model = Subwords(train(["low lower lowest"] * 5, SubwordSettings(vocab_size=270)))
        >>> model.tokenize(["low lower"])
        [['▁low', '▁low', 'e', 'r']]
        """
        return [self.split(text) for text in as_list(texts)]

    def detokenize(self, texts: Iterable[Sequence[str]]) -> list[str]:
        """The texts that were split into these pieces.

        >>> model = Subwords(train(["low lower lowest"] * 5, SubwordSettings(vocab_size=270)))
        >>> model.detokenize(model.tokenize(["low lower", "new"]))
        ['low lower', 'new']
        """
        return [self.join(parts) for parts in texts]

    def split(self, text: str) -> list[str]:
        """The pieces of one line.

        >>> model = Subwords(train(["low lower lowest"] * 5, SubwordSettings(vocab_size=270)))
        >>> model.join(model.split(" low  ▁😀")) == " low  ▁😀"
        True
        """
        text = _SURROGATE.sub("\ufffd", text)
        if SPACE not in text:
            return self._processor.encode(text, out_type=str)  # type: ignore[no-any-return]
        stand_in = next(filter(self._is_free, (sign for sign in map(chr, _STAND_INS) if sign not in text)))
        parts = self._processor.encode(text.replace(SPACE, stand_in), out_type=str)
        return _replaced(parts, [f"<0x{byte:02X}>" for byte in stand_in.encode()], _SPACE_BYTES)

    def _is_free(self, sign: str) -> bool:
        """Whether no piece holds that character, so that it is spelled in bytes."""
        return bool(self._processor.is_unknown(self._processor.piece_to_id(sign)))

    def join(self, parts: Sequence[str]) -> str:
        """The text that was split into these pieces; in those of another model, too, ▁ is a space."""
        if not parts:
            return ""
        foreign = any(SPACE in part and part not in self._known for part in parts)
        apart = (piece for part in parts for piece in self._apart(part)) if foreign else parts
        return str(self._processor.decode(list(apart)))

    @functools.cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.pieces)

    def _apart(self, part: str) -> list[str]:
        """A piece, or where the model does not know it what stands between its spaces, and these."""
        return [part] if part in self._known else [piece for piece in re.split(f"({SPACE})", part) if piece]

    def ids(self, parts: Iterable[str]) -> list[int]:
        """The pieces' ids."""
        return [self._processor.piece_to_id(part) for part in parts]

    def from_ids(self, ids: Iterable[SupportsIndex | str]) -> list[str]:
        """The pieces with these ids. Raises InputError naming what is no id of the model."""
        parts = list(ids)
        numbers = [_as_id(part) for part in parts]
        wrong = [part for part, n in zip(parts, numbers, strict=True) if not 0 <= n < len(self)]
        if wrong:
            shown = [_as_given(part) for part in dict.fromkeys(wrong)]
            named = ", ".join(shown[:10]) + (f" and {len(shown) - 10:,} more" if len(shown) > 10 else "")
            last = len(self) - 1
            if any(part.startswith("'") for part in shown):
                raise InputError(f"expected ids from 0 to {last}, found {named}")
            raise InputError(f"the model has ids 0 to {last}, not {named}")
        return [self._processor.id_to_piece(number) for number in numbers]

    def analyse(self, text: str) -> list[Token]:
        """The pieces with the places of the characters they stand for."""
        parts = self.split(text)
        spans = _spans(text, parts)
        if spans is None:  # a model that normalises: the surfaces are looked for
            surfaces = [part.replace(SPACE, "") for part in parts]
            return [
                found._replace(form=part) for part, found in zip(parts, locate(text, surfaces), strict=True)
            ]
        return [Token(part, start, end) for part, (start, end) in zip(parts, spans, strict=True)]


def make_subwords(content: str) -> Tokenizer:
    """The tokenizer for a model's content in base64, as settings hold it."""
    if not content:
        raise SettingsError(
            "the tokenizer subword needs a model",
            hint="--subword-model ko.model, made by nlpcli train-subword",
        )
    try:
        model = Subwords(base64.b64decode(content, validate=True))
    except binascii.Error as error:
        raise ModelError("the subword model in these settings is damaged") from error
    return Tokenizer(model.split, model.analyse)


def _library() -> Any:
    try:
        import sentencepiece
    except ImportError as error:
        raise MissingDependency("sentencepiece is not installed", hint="pip install sentencepiece") from error
    sentencepiece.set_min_log_level(2)
    return sentencepiece


_LONGEST_ID = 18  # digits of a number that fits 64 bits


def _as_id(part: SupportsIndex | str) -> int:
    """The number; −1 for what cannot be an id."""
    if not isinstance(part, str):
        return operator.index(part)
    digits = part.lstrip("0") or part[-1:]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_ID else -1


def _as_given(part: SupportsIndex | str) -> str:
    text = str(part)
    shown = text if len(text) <= _LONGEST_ID + 2 else f"{text[:_LONGEST_ID]}…"
    return shown if re.fullmatch("-?[0-9]+…?", shown) else repr(shown)


def _replaced(parts: list[str], old: list[str], new: list[str]) -> list[str]:
    result: list[str] = []
    position = 0
    while position < len(parts):
        if parts[position : position + len(old)] == old:
            result += new
            position += len(old)
        else:
            result.append(parts[position])
            position += 1
    return result


def _spans(text: str, parts: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where each piece stands; None when the pieces do not spell the text."""
    spans: list[tuple[int, int]] = []
    position = -1 if parts and parts[0].startswith(SPACE) else 0  # the space put before every line
    pending = 0  # bytes still to come of a character spelled in bytes
    for part in parts:
        if _BYTE.fullmatch(part):
            code = int(part[3:5], 16)
            if not pending:
                pending = 1 if code < 0x80 else 2 if code < 0xE0 else 3 if code < 0xF0 else 4
            spans.append((max(position, 0), position + 1))
            pending -= 1
            position += not pending
        else:
            spans.append((max(position, 0), max(position + len(part), 0)))
            position += len(part)
    return spans if position == len(text) else None


# --- training -------------------------------------------------------------------------------


def train(lines: Iterable[str], settings: SubwordSettings) -> bytes:
    """A sentencepiece model of the lines, as the bytes of its file.

    Raises InputError when the text is empty or has too little in it for the vocabulary.
    """
    sentencepiece = _library()
    sentencepiece.set_random_generator_seed(settings.seed)
    content = io.BytesIO()
    feed = _Feed(_sentences(lines))
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=feed,
            model_writer=content,
            model_type=settings.model_type,
            vocab_size=settings.vocab_size,
            character_coverage=settings.character_coverage,
            input_sentence_size=settings.max_lines,
            shuffle_input_sentence=settings.max_lines > 0,
            num_threads=settings.threads,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            byte_fallback=True,
            max_sentence_length=1 << 20,
            minloglevel=2,
        )
    except RuntimeError as error:
        if feed.raised is not None:
            raise feed.raised from None
        raise _training_error(str(error), settings) from error
    return content.getvalue()


class _Feed:
    """The trainer's input; what reading raised (a bad byte, Ctrl-C) is kept, since the trainer hides it."""

    def __init__(self, sentences: Iterator[str]) -> None:
        self._sentences = sentences
        self.raised: BaseException | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self._sentences)
        except StopIteration:
            raise
        except BaseException as error:
            self.raised = error
            raise


def _sentences(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        line = _SURROGATE.sub("\ufffd", line).replace("\x00", " ")
        for _, piece in pieces(line, _MOST):
            if not piece.isspace():
                yield piece


def _training_error(message: str, settings: SubwordSettings) -> InputError | SettingsError:
    if "sentences_.empty()" in message:
        return InputError("the input holds no text to learn subwords from")
    if most := re.search(r"value <= (\d+)", message):
        return InputError(
            f"the text has too few different pieces for --vocab-size {settings.vocab_size:,}",
            hint=f"use --vocab-size {most[1]} or less, or more text",
        )
    if "vocab_size" in message or "required_chars" in message or "Vocabulary size" in message:
        return SettingsError(
            f"--vocab-size {settings.vocab_size:,} has no room for the text's characters and the 256 bytes",
            hint="use a larger --vocab-size, or a lower --character-coverage",
        )
    return InputError(f"sentencepiece cannot train on this: {message}")


class WordCounts:
    """Passes lines on and counts their words, to tell later how often a pair was joined."""

    def __init__(self) -> None:
        self.counts: collections.Counter[str] = collections.Counter()

    def counted(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines, unchanged."""
        for line in lines:
            self.counts.update(SPACE + word for word in line.split(" ") if word)
            yield line


def merges(model: Subwords, words: collections.Counter[str], count: int) -> list[Merge]:
    """The first joins of a BPE model: left, right, joined, and how often they stood side by side.

    A piece's id is its rank, so the pair it was joined from is what earlier joins make of its
    characters.
    """
    joined = [piece for piece in model.pieces if len(piece) > 1 and not piece.startswith("<")]
    rank = {piece: number for number, piece in enumerate(joined)}
    table: list[Merge] = []
    spelled = {word: list(word) for word in words}
    for number, piece in enumerate(joined[:count]):
        parts = _joined_before(piece, rank, number)
        if len(parts) != 2:
            continue
        left, right = parts
        seen = 0
        for word, symbols in spelled.items():
            if piece in word:
                spelled[word], times = _join(symbols, left, right)
                seen += times * words[word]
        table.append((left, right, piece, seen))
    return table


def _joined_before(piece: str, rank: dict[str, int], limit: int) -> list[str]:
    symbols = list(piece)
    while len(symbols) > 2:
        ranked = [
            (rank.get(left + right, limit), place)
            for place, (left, right) in enumerate(itertools.pairwise(symbols))
        ]
        best, place = min(ranked)
        if best >= limit:
            break
        symbols[place : place + 2] = [symbols[place] + symbols[place + 1]]
    return symbols


def _join(symbols: list[str], left: str, right: str) -> tuple[list[str], int]:
    result: list[str] = []
    times = position = 0
    while position < len(symbols):
        if symbols[position : position + 2] == [left, right]:
            result.append(left + right)
            times += 1
            position += 2
        else:
            result.append(symbols[position])
            position += 1
    return result, times
