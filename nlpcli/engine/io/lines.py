"""Reading: files and stdin, compressed or not, as lines of text.

Lines end at `\\n` (a `\\r` before it is dropped), as in every Unix tool, or at `\\r` in files that
have no other end (`line_ends.py`); `str.splitlines` would cut at eight other characters. Text is read
in chunks and never held whole. The locale is ignored: the encoding is what the settings say, and stdin
is read as bytes.

Not here: columns and labels (`records.py`), and what becomes of a line (`text/analyzer.py`).
"""

from __future__ import annotations

import codecs
import errno
import io
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO, TypeAlias, TypeVar, cast

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
from nlpcli.engine.runtime.progress import SILENT, Progress, before_reading
from nlpcli.errors import InputError, MissingFile
from nlpcli.settings.input import InputSettings

Paths: TypeAlias = Sequence[str] | None  # names of files, `-` is stdin; none is stdin too

CHUNK = 1 << 20
STDIN = "-"
_LINE_END = 10
_UTF8_NAMES = ("utf-8", "utf-8-sig")
_CODEC_ERRORS = {"strict": "strict", "replace": "replace", "skip": "ignore"}
Piece = TypeVar("Piece", str, bytes)
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def read_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """What the stream has, up to a mebibyte at a time; what a pipe has now comes now."""
    read = getattr(stream, "read1", stream.read)
    while True:
        for act in before_reading:
            act()
        if not (chunk := read(CHUNK)):
            return
        yield chunk


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

    def line_blocks(self) -> Iterator[bytes]:
        """The same lines as valid UTF-8, in blocks that end after a line end; `\\r` is left in place.

        `number` counts the lines given *before* the block.
        """
        for block in self._each(self._valid_lines):
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
            with open_bytes(self.path) as (stream, raw):
                for piece in pieces(self._begun(chunks(stream))):
                    yield piece
                    if self._total is not None:
                        self._progress.update(self._stage, done_before + raw.tell(), self._total)
                if self._total is not None:
                    done_before += raw.tell()

    def _begun(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks of a file, once the first one has shown that it is text, and in which encoding."""
        head = next(chunks, b"")
        while begins_a_mark(head) and (more := next(chunks, b"")):
            head += more
        refuse_other_kinds(display_name(self.path), head)
        self.encoding = self._asked
        if self._asked in (AUTO, *_UTF8_NAMES):
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
            valid = self._valid(block)
            yield valid if valid.endswith(b"\n") else valid + b"\n"

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

    def _valid(self, block: bytes) -> bytes:
        if block.isascii():
            return block
        text = self._text(block, "utf-8")
        return block if self._errors == "strict" else text.encode()

    def _decoded(self, chunks: Iterator[bytes]) -> Iterator[str]:
        """Text that ends at a line end (the last piece gets one if the file has none)."""
        if self.encoding in _UTF8_NAMES:
            return self._decoded_utf8(chunks)
        if self.encoding == AUTO:
            return self._decoded_auto(chunks)
        return self._decoded_stepwise(chunks, self.encoding)

    def _decoded_auto(self, chunks: Iterator[bytes]) -> Iterator[str]:
        """UTF-8; from the first line that is not, CP949."""
        encoding, plain = "utf-8", True
        for block in line_blocks(chunks):
            if encoding == "utf-8" and plain and not block.isascii():
                plain = False
                encoding = guess(block) or "utf-8"
            yield from self._as_far_as_it_is(block, encoding)

    def _decoded_utf8(self, chunks: Iterator[bytes]) -> Iterator[str]:
        for block in line_blocks(chunks):
            yield from self._as_far_as_it_is(block, "utf-8")

    def _as_far_as_it_is(self, block: bytes, encoding: str) -> Iterator[str]:
        """The block's text; with bad bytes in it, the lines before them, and then the error."""
        try:
            yield _ended(block.decode(encoding, self._errors))
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

    def _decoded_stepwise(self, chunks: Iterator[bytes], encoding: str) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(encoding)(self._errors)
        rest: list[str] = []
        lines = 0
        decoded = itertools.chain(map(decoder.decode, chunks), map(decoder.decode, [b""], [True]))
        try:
            for text in with_line_feeds(decoded, quoted=self._table):
                if not rest and not lines:
                    text = text.removeprefix("\ufeff")
                cut = text.rfind("\n") + 1
                if cut:
                    yield "".join([*rest, text[:cut]])
                    rest.clear()
                    lines += 1
                rest.append(text[cut:])
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


def line_blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks' bytes in blocks that end at a line end, but for the last of a file without one."""
    rest: list[bytes] = []
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if not cut:
            rest.append(chunk)
            continue
        yield b"".join([*rest, chunk[:cut]])
        rest = [chunk[cut:]]
    if last := b"".join(rest):
        yield last


def count_lines(block: bytes) -> int:
    """How many line ends there are: `block.count`, in a quarter of the time."""
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _LINE_END))


def ended_lines(text: str) -> list[str]:
    """The lines of a text that ends with a line end, without their ends."""
    lines = text.split("\n")
    lines.pop()  # what follows the last "\n" is empty by construction
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def display_name(path: str) -> str:
    """A path as messages show it."""
    return "<stdin>" if path == STDIN else path


def total_size(paths: Iterable[str]) -> int | None:
    """Bytes on disk of all files together; None when one is a pipe (no total is known)."""
    try:
        return sum(os.stat(path).st_size for path in paths if os.path.isfile(path) or _refuse())  # noqa: PTH113,PTH116
    except OSError:
        return None


def _refuse() -> bool:
    raise FileNotFoundError


class open_bytes:
    """A context manager: `(stream, raw)`, the decompressed bytes and the file beneath them.

    Compression is told by content (gzip, bz2, xz, zstd), not by name. `raw.tell()` is how far
    the file has been read, for progress.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> tuple[BinaryIO, BinaryIO]:
        try:
            if self._path == STDIN:
                self._raw: BinaryIO = sys.stdin.buffer
            else:
                self._raw = open(self._path, "rb")
        except OSError as error:
            raise _unreadable(self._path, error) from error
        try:
            head = self._raw.peek(6)[:6]  # type: ignore[attr-defined]
        except OSError as error:
            raise _unreadable(self._path, error) from error
        kind = next((name for magic, name in COMPRESSED.items() if head.startswith(magic)), None)
        self._stream = _decompressed(self._raw, kind) if kind else self._raw
        return self._stream, self._raw

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._path != STDIN:
            self._raw.close()
        if isinstance(error, EOFError) or (
            error is not None
            and type(error).__name__ in ("BadGzipFile", "IsalError", "LZMAError", "ZstdError", "error")
        ):
            raise InputError(
                f"{display_name(self._path)}: the compressed file is damaged or cut short ({error})"
            ) from error
        if isinstance(error, OSError) and error.filename is None and not isinstance(error, BrokenPipeError):
            raise error


def check_readable(path: str) -> None:
    """Raise InputError for a file that is not there or cannot be read, before long work that ends with it."""
    # A pipe is not opened: what is read of it is gone. Neither is a folder, which may hold labelled files.
    if path != STDIN and (os.path.isfile(path) or not os.path.exists(path)):  # noqa: PTH110,PTH113
        with open_bytes(path):
            pass


def _decompressed(raw: BinaryIO, kind: str) -> BinaryIO:
    if kind == "gzip":
        return io.BufferedReader(cast(io.RawIOBase, _gzip_file(raw)), CHUNK)
    if kind == "bz2":
        import bz2

        return cast(BinaryIO, bz2.BZ2File(raw))
    if kind == "xz":
        import lzma

        return cast(BinaryIO, lzma.LZMAFile(raw))
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return cast(BinaryIO, zstd.ZstdFile(raw))


def _gzip_file(raw: BinaryIO) -> Any:
    try:
        from isal.igzip import IGzipFile
    except ImportError:  # there is none for this processor
        import gzip

        return gzip.GzipFile(fileobj=raw)
    return IGzipFile(fileobj=raw)  # type: ignore[no-untyped-call]  # two to three times as fast


def _unreadable(path: str, error: OSError) -> InputError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return MissingFile(f"{path}: no such file", hint="check the name; - reads from stdin")
    if isinstance(error, IsADirectoryError):
        return InputError(f"{path} is a folder", hint=f"name its files: {path.rstrip('/')}/*")
    return InputError(f"{path}: cannot be read: {error.strerror}")
