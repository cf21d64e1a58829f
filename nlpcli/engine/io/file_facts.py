"""What the bytes of a text file tell: encoding and line ends, in one pass, whatever is said of them."""

from __future__ import annotations

import codecs

from nlpcli.engine.io.charsets import encoding_of_mark, surely_wide
from nlpcli.engine.io.opening import open_bytes, read_chunks

_CANDIDATES = ("ascii", "utf-8", "cp949")


def facts_of(path: str) -> tuple[int, str, str]:
    """Bytes (unpacked), encoding and line ends (LF, CRLF, CR, none or mixed) of a file.

    The encoding is the one its mark tells, or the first of ASCII, UTF-8 and CP949 that all of it fits; else
    "unknown".
    """
    size = returns = feeds = both = 0
    marked = ""
    decoders = {name: codecs.getincrementaldecoder(name)() for name in _CANDIDATES}
    last = b""
    with open_bytes(path) as (stream, _):
        for chunk in read_chunks(stream):
            if not size:
                mark = "utf-8-sig" if chunk.startswith(codecs.BOM_UTF8) else None
                marked = mark or encoding_of_mark(chunk) or surely_wide(chunk) or ""
            for name in [*decoders]:
                try:
                    decoders[name].decode(chunk)
                except UnicodeDecodeError:
                    del decoders[name]
            size += len(chunk)
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            both += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
            last = chunk[-1:]
    for name in [*decoders]:
        try:
            decoders[name].decode(b"", True)
        except UnicodeDecodeError:
            del decoders[name]
    encoding = marked or next(iter(decoders), "unknown")
    if marked.startswith(("utf-16", "utf-32")):
        return size, encoding, "not looked at"
    return size, encoding, _line_ends(feeds, returns, both)


def _line_ends(feeds: int, returns: int, both: int) -> str:
    kinds = [name for name, count in (("CRLF", both), ("LF", feeds - both), ("CR", returns - both)) if count]
    return kinds[0] if len(kinds) == 1 else "mixed" if kinds else "none"
