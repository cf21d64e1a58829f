"""Reading: files and stdin, compressed or not, as lines of text.

Lines end at `\\n` (a `\\r` before it is dropped), as in every Unix tool, or at `\\r` in files that
have no other end (`line_ends.py`); `str.splitlines` would cut at eight other characters. Text is read
in chunks and never held whole. The locale is ignored: the encoding is what the settings say, and stdin
is read as bytes.

Not here: how files are opened (`opening.py`), columns and labels (`records.py`), and what becomes of a
line (`text/analyzer.py`).
"""

from __future__ import annotations

import codecs
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, TypeVar

from nlpcli.engine.io.charsets import (
    AUTO,
    begins_a_mark,
    checked_encoding,
    encoding_hint,
    encoding_of_mark,
    guess,
    surely_wide,
)
from nlpcli.engine.io.file_kinds import refuse_other_kinds
from nlpcli.engine.io.line_ends import with_line_feeds
from nlpcli.engine.io.opening import CHUNK, STDIN, display_name, open_bytes, read_chunks, total_size
from nlpcli.engine.io.places import decided_of, part_of
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings

_LINE_END = 10
_LONG_LINE = 4 << 20  # bytes of a line beyond which those who can take it in pieces get it so
_UTF8_NAMES = ("utf-8", "utf-8-sig")
_CODEC_ERRORS = {"strict": "strict", "replace": "replace", "skip": "ignore"}
Piece = TypeVar("Piece", str, bytes)


def _full_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """A mebibyte at a time, also of a pipe that has less now."""
    return iter(lambda: stream.read(CHUNK), b"")


class Lines:
    """The lines of some files, one after the other; knows where it is.

    `paths` are file names, `-` is stdin, none at all is stdin too. While iterating, `place`
    is `file:line` of the line last given. Iterating a second time needs files, not stdin. `table`: line
    ends may stand in quotes, and a mark at the beginning tells the encoding (`.encoding`, once it is
    being read), as Excel writes one.

    Raises InputError for a file that is missing or unreadable, and for bytes that are not text
    in the encoding (with `file:line` and the bytes).
    """

    def __init__(
        self,
        paths: Sequence[str] | None,
        settings: InputSettings = InputSettings(),
        progress: Progress = SILENT,
        stage: str = "reading",
        *,
        table: bool = False,
    ) -> None:
        self.paths = list(paths or [STDIN])
        self.path = self.paths[0]
        self.number = 0
        self._asked = self.encoding = checked_encoding(settings.encoding)
        self._table = table
        self._errors = _CODEC_ERRORS[settings.errors]
        self._progress = progress
        self._stage = stage
        self._total = total_size(self.paths)
        self._decided = {path: decided_of(path) for path in self.paths}

    @property
    def has_end(self) -> bool:
        """Whether the input is files alone: nobody is waiting at the other end of a pipe."""
        return self._total is not None

    @property
    def name(self) -> str:
        """The file that is being read, as messages show it."""
        return display_name(self.path)

    @property
    def place(self) -> str:
        """`file:line` of the line last given; stdin is called `<stdin>`."""
        return f"{display_name(self.path)}:{self.number}"

    def __iter__(self) -> Iterator[str]:
        for batch in self.batches():
            first = self.number
            for offset, line in enumerate(batch, start=1):
                self.number = first + offset
                yield line

    def batches(self) -> Iterator[list[str]]:
        """Lists of lines, as they arrive: what one read gave, cut at its last line end.

        A reader that passes a batch on as a whole keeps a pipe flowing without a call per line.
        `number` counts the lines given *before* the batch.
        """
        for text in self._each(self._decoded):
            lines = ended_lines(text)
            before = self.number
            yield lines
            self.number = before + len(lines)

    def pieces(self) -> Iterator[tuple[list[str], bool]]:
        """The same, but a line of more than some mebibytes in pieces that end with a space or tab.

        True: the last of the list is such a piece, and the line goes on in the next list.
        """
        for text in self._each(self._decoded_in_pieces):
            goes_on = not text.endswith("\n")
            lines = ended_lines(text + "\n" if goes_on else text)
            before = self.number
            yield lines, goes_on
            self.number = before + len(lines) - goes_on

    def line_blocks(self, *, in_pieces: bool = False) -> Iterator[bytes]:
        """The same lines as valid UTF-8, in blocks that end after a line end; `\\r` is left in place.

        `in_pieces`: a line of more than some mebibytes comes in several blocks, all but the last of which
        end with a space or tab. `number` counts the lines given *before* the block.
        """
        for block in self._each(self._valid_pieces if in_pieces else self._valid_lines):
            before = self.number
            yield block
            self.number = before + count_lines(block)

    def blocks(self) -> Iterator[bytes]:
        """The same text as valid UTF-8 in blocks of about a mebibyte, for kernels that read bytes.

        A block ends after a line end or, where a line is longer than a block, after a space or
        tab; every file's text ends with a line end. `\\r` is left in place.
        """
        for block in self._each(self._valid_blocks, _full_chunks):
            yield block
            self.number += count_lines(block)

    def _each(
        self,
        pieces: Callable[[Iterator[bytes]], Iterator[Piece]],
        chunks: Callable[[BinaryIO], Iterator[bytes]] = read_chunks,
    ) -> Iterator[Piece]:
        """The pieces of every file's bytes, telling the progress after each."""
        done_before = 0
        for path in self.paths:
            self.path, self.number = path, 0
            with open_bytes(self.path, self._progress.lost) as (stream, raw):
                for piece in pieces(self._begun(chunks(stream))):
                    yield piece
                    if self._total is not None:
                        self._progress.update(self._stage, done_before + raw.tell(), self._total)
                if self._total is not None:
                    done_before += raw.tell()

    def _begun(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks of a file, once the first one has shown that it is text, and in which encoding."""
        self.encoding = self._asked
        if known := self._decided.get(self.path):
            self.encoding = known.encoding
            if (part := part_of(self.path)) and part.start:  # the beginning stands in another part
                return chunks
        head = next(chunks, b"")
        while begins_a_mark(head) and (more := next(chunks, b"")):
            head += more
        refuse_other_kinds(display_name(self.path), head)
        if self._asked in (AUTO, *_UTF8_NAMES) and self.encoding == self._asked:
            marked = encoding_of_mark(head)
            found = marked or surely_wide(head)
            if self._asked == AUTO or (self._table and marked):
                self.encoding = found or self._asked
            elif found and not marked:
                raise self._not_text(0, head[:6], "NUL in every letter", encoding_hint(head, self._asked))
        if self.encoding in (AUTO, *_UTF8_NAMES):
            without_mark = head.removeprefix(codecs.BOM_UTF8)
            return with_line_feeds(itertools.chain([without_mark], chunks), quoted=self._table)
        return itertools.chain([head], chunks)

    def _valid_lines(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        if self.encoding not in _UTF8_NAMES:
            yield from (text.encode("utf-8", "surrogatepass") for text in self._decoded(chunks))
            return
        for block in line_blocks(chunks):
            for valid in self._as_far_as_valid(block):
                yield valid if valid.endswith(b"\n") else valid + b"\n"

    def _valid_pieces(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        if self.encoding not in _UTF8_NAMES:
            yield from (text.encode("utf-8", "surrogatepass") for text in self._decoded_in_pieces(chunks))
            return
        ended = True
        for block in line_blocks(chunks, _LONG_LINE):
            ended = block.endswith(b"\n")
            yield from self._as_far_as_valid(block)
        if not ended:
            yield b"\n"

    def _valid_blocks(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        if self.encoding not in _UTF8_NAMES:
            for text in self._decoded(chunks):
                yield text.encode("utf-8", "surrogatepass")
            return
        rest: list[bytes] = []
        at_line_start = True
        for chunk in chunks:
            cut = max(chunk.rfind(b"\n"), chunk.rfind(b" "), chunk.rfind(b"\t")) + 1
            if not cut:
                rest.append(chunk)
                continue
            yield self._valid(b"".join([*rest, chunk[:cut]]))
            rest = [chunk[cut:]]
            at_line_start = chunk[cut - 1 : cut] == b"\n"
        last = b"".join(rest)
        if last or not at_line_start:
            yield self._valid(last) + b"\n"

    def _as_far_as_valid(self, block: bytes) -> Iterator[bytes]:
        """The block; with bad bytes in it, the lines before them, and then the error."""
        good = 0
        if self._errors == "strict" and not block.isascii():
            try:
                block.decode("utf-8")
            except UnicodeDecodeError as error:
                good = block.rfind(b"\n", 0, error.start) + 1
                if good:
                    yield block[:good]
        yield self._valid(block[good:])

    def _valid(self, block: bytes) -> bytes:
        if block.isascii():
            return block
        text = self._text(block, "utf-8")
        return block if self._errors == "strict" else text.encode()

    def _decoded(self, chunks: Iterator[bytes], longest: float = math.inf) -> Iterator[str]:
        """Text that ends at a line end (the last piece gets one if the file has none).

        Or, of a line that is longer than `longest`, after a space or tab.
        """
        if self.encoding in _UTF8_NAMES:
            texts = self._decoded_utf8(chunks, longest)
        elif self.encoding == AUTO:
            texts = self._decoded_auto(chunks, longest)
        else:
            texts = self._decoded_stepwise(chunks, self.encoding, longest)
        return texts if longest < math.inf else map(_ended, texts)

    def _decoded_in_pieces(self, chunks: Iterator[bytes]) -> Iterator[str]:
        ended = True
        for text in self._decoded(chunks, _LONG_LINE):
            ended = text.endswith("\n")
            yield text
        if not ended:
            yield "\n"

    def _decoded_auto(self, chunks: Iterator[bytes], longest: float) -> Iterator[str]:
        """UTF-8; from the first line that is not, CP949."""
        encoding, plain = "utf-8", True
        for block in line_blocks(chunks, longest):
            if encoding == "utf-8" and plain and not block.isascii():
                plain = False
                encoding = guess(block) or "utf-8"
            yield from self._as_far_as_it_is(block, encoding)

    def _decoded_utf8(self, chunks: Iterator[bytes], longest: float) -> Iterator[str]:
        for block in line_blocks(chunks, longest):
            yield from self._as_far_as_it_is(block, "utf-8")

    def _as_far_as_it_is(self, block: bytes, encoding: str) -> Iterator[str]:
        """The block's text; with bad bytes in it, the lines before them, and then the error."""
        try:
            yield block.decode(encoding, self._errors)
        except UnicodeDecodeError as error:
            good = block.rfind(b"\n", 0, error.start) + 1
            if good:
                yield block[:good].decode(encoding, self._errors)
            # `number` has gone on by what was good.
            yield self._text(block[good:], encoding)

    def _text(self, block: bytes, encoding: str) -> str:
        try:
            return block.decode(encoding, self._errors)
        except UnicodeDecodeError as error:
            raise self._bad_bytes(error, block, encoding) from error

    def _decoded_stepwise(self, chunks: Iterator[bytes], encoding: str, longest: float) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(encoding)(self._errors)
        rest: list[str] = []
        lines = size = 0
        decoded = itertools.chain(map(decoder.decode, chunks), map(decoder.decode, [b""], [True]))
        try:
            for text in with_line_feeds(decoded, quoted=self._table):
                if not rest and not lines:
                    text = text.removeprefix("\ufeff")
                cut = text.rfind("\n") + 1
                if not cut and size > longest:
                    cut = max(text.rfind(" "), text.rfind("\t")) + 1
                if cut:
                    yield "".join([*rest, text[:cut]])
                    rest.clear()
                    lines += 1
                    size = 0
                rest.append(text[cut:])
                size += len(text) - cut
            if last := "".join(rest):
                yield last + "\n"
        except UnicodeDecodeError as error:
            raise self._bad_bytes(error, error.object, encoding) from error
        except UnicodeError as error:  # the mark that tells the order of the bytes
            raise InputError(
                f"{display_name(self.path)}:1: not {encoding}: there is no mark at the beginning",
                hint=f"--encoding {encoding}-le or {encoding}-be says the order of the bytes",
            ) from error

    def _bad_bytes(self, error: UnicodeDecodeError, block: bytes, encoding: str) -> InputError:
        line = block.count(b"\n", 0, error.start)
        start = block[error.start : error.start + 6]
        return self._not_text(line, start, error.reason, encoding_hint(block, encoding), encoding)

    def _not_text(
        self, line: int, start: bytes, reason: str, hint: str, encoding: str | None = None
    ) -> InputError:
        return InputError(
            f"{display_name(self.path)}:{self.number + line + 1}: not {encoding or self._asked}: "
            f"bytes {start.hex(' ')} ({reason})",
            hint=hint,
        )


def line_blocks(chunks: Iterable[bytes], longest: float = math.inf) -> Iterator[bytes]:
    """The chunks' bytes in blocks that end at a line end, but for the last of a file without one.

    A line of more than `longest` bytes is cut after a space or tab too.
    """
    rest: list[bytes] = []
    size = 0
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if not cut and size > longest:
            cut = max(chunk.rfind(b" "), chunk.rfind(b"\t")) + 1
        if not cut:
            rest.append(chunk)
            size += len(chunk)
            continue
        rest.append(chunk[:cut])
        block = b"".join(rest)
        rest, size = [chunk[cut:]], len(chunk) - cut
        yield block
    if last := b"".join(rest):
        rest.clear()
        yield last


def count_lines(block: bytes) -> int:
    """How many line ends there are: `block.count`, with numpy in a quarter of the time."""
    if "numpy" not in sys.modules:  # importing it would take longer
        return block.count(b"\n")
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _LINE_END))


def ended_lines(text: str) -> list[str]:
    """The lines of a text that ends with a line end, without their ends."""
    lines = text.split("\n")
    lines.pop()  # what follows the last "\n" is empty by construction
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
