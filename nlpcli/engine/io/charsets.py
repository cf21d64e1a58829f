"""Which encoding bytes are in: by name, by their mark, by what they can be.

For text in English or Korean: UTF-8 is told from everything else by its form; what is not UTF-8
and fits CP949 (which holds EUC-KR) is taken for that. Chinese text in GBK fits too: name it.
"""

from __future__ import annotations

import codecs
import re

from nlpcli.errors import SettingsError

AUTO = "auto"
_MARKS = (  # the longer ones first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 16
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
# Codecs of single names, and of Python's own sources.
_NOT_OF_LINES = ("idna", "punycode", "unicode-escape", "raw-unicode-escape")


def checked_encoding(name: str, option: str = "--encoding") -> str:
    """Python's name of an encoding; `auto` stays. Raises SettingsError for one that is not text's."""
    if name.lower() == AUTO:
        return AUTO
    hint = "usual ones are utf-8, cp949, euc-kr, utf-16, or auto"
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError) as error:
        raise SettingsError(f"{option}: no encoding is called {name!r}", hint=hint) from error
    try:
        "".encode(found.name)  # hex and rot13 are codecs too, but not of text
        codecs.getincrementaldecoder(found.name)
        if found.name in _NOT_OF_LINES:
            raise ValueError
    except (LookupError, ValueError) as error:
        raise SettingsError(f"{option}: {name} is not an encoding of text", hint=hint) from error
    return found.name


def encoding_of_mark(head: bytes) -> str | None:
    """The encoding that a byte order mark at the beginning tells.

    >>> encoding_of_mark("가".encode("utf-16"))
    'utf-16'
    """
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def begins_a_mark(head: bytes) -> bool:
    """Whether only more bytes can tell which mark this is, or whether it is one.

    >>> begins_a_mark(b"\\xff"), begins_a_mark(b"a")
    (True, False)
    """
    return any(mark.startswith(head) and mark != head for mark, _ in _MARKS) if head else False


def guess(block: bytes) -> str | None:
    """UTF-8 or CP949, whichever the block can be; None when neither.

    >>> guess("한국어\\n".encode("cp949")), guess("한국어\\n".encode())
    ('cp949', 'utf-8')
    """
    begun = max(first_letter(block), 0)  # before it, it could be either
    sample = block[begun : begun + _SAMPLE]
    sample = sample[: sample.rfind(b"\n") + 1] or block[begun:]
    for name in ("utf-8", "cp949"):
        try:
            sample.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return None


def first_letter(block: bytes) -> int:
    """Where the first byte stands that is none of ASCII's; -1 where all are.

    >>> first_letter("naïve".encode()), first_letter(b"plain")
    (2, -1)
    """
    found = None if block.isascii() else _NOT_ASCII.search(block)
    return found.start() if found else -1


def encoding_hint(block: bytes, tried: str) -> str:
    """What to do about bytes that were not what they were said to be."""
    if marked := encoding_of_mark(block):
        return f"the file begins with a {marked.upper()} mark: use --encoding {marked}"
    if found := wide(block):
        return f"it looks like {found.upper()} without a mark: use --encoding {found}"
    likely = guess(block)
    if likely and likely != tried:
        return f"it reads as {likely}: use --encoding {likely}"
    return "name the file's encoding with --encoding, or go on with --errors replace or skip"


def wide(block: bytes) -> str | None:
    """UTF-16 without a mark: in English or Korean text every other byte of a space is NUL."""
    sample = block[: _SAMPLE // 2 * 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 < len(sample) // 2 or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def surely_wide(head: bytes) -> str | None:
    """The same of English text: a NUL in each letter, so that it would be read as UTF-8 without an error.

    >>> surely_wide("plain text".encode("utf-16-le")), surely_wide(b"plain text, a lot of it")
    ('utf-16-le', None)
    """
    sample = head[:_SAMPLE]
    return wide(sample) if len(sample) >= 16 and sample.count(0) * 4 > len(sample) else None
