"""What all analysers of Korean morphemes share: text they can take, dictionary forms of what they give."""

from __future__ import annotations

import re

from nlpcli.engine.text.alignment import Aligned, composed
from nlpcli.engine.text.token import Token, pieces
from nlpcli.engine.text.tokenizers.tokenizer import Analyse, LineFailed
from nlpcli.errors import NlpcliError

CHUNK = 4096  # characters given to an analyser at once


# Also white space of any kind: a line that begins with U+00A0 or U+3000 is empty to Okt.
_UNFIT = re.compile(r"[\x00-\x08\x7f\ud800-\udfff]|[^\S\n]")


_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


_STAND_IN = "■"


def guarded(analyse: Analyse, *, narrow: bool = False) -> Analyse:
    """`analyse` for any line at all: cleaned, composed, cut to pieces, places put right.

    `narrow` keeps characters beyond U+FFFF from an analyser that cannot take them. What the library
    raises over a line, and letters that it gives nothing for, raise LineFailed: a line may get lost,
    but not in silence.
    """

    def analyse_line(line: str) -> list[Token]:
        aligned = fit(line)
        tokens: list[Token] = []
        for start, piece in pieces(aligned.text, CHUNK):
            bare = piece.lstrip()  # Komoran counts places from there
            start += len(piece) - len(bare)
            if bare:
                found = _found(analyse, bare, narrow)
                tokens += [_moved(token, start, aligned) for token in found if token.form.strip()]
        return tokens

    return analyse_line


def _found(analyse: Analyse, piece: str, narrow: bool) -> list[Token]:
    try:
        found = _with_stand_ins(analyse, piece) if narrow else analyse(piece)
    except (NlpcliError, MemoryError):
        raise
    except Exception as error:
        raise LineFailed(f"{type(error).__name__}: {str(error)[:200]}") from error
    if not found and any(map(str.isalnum, piece)):
        raise LineFailed(f"no morphemes were found in {piece[:60]!r}")
    return found


def fit(line: str) -> Aligned:
    """The line as every analyser can take it: composed (NFC), no NUL, no lone surrogates, plain spaces."""
    return composed(_UNFIT.sub(" ", line))


def _moved(token: Token, start: int, aligned: Aligned) -> Token:
    begin, end = aligned.place(token.start + start, token.end + start)
    return token._replace(start=begin, end=end)


def _with_stand_ins(analyse: Analyse, piece: str) -> list[Token]:
    if not _ASTRAL.search(piece):
        return analyse(piece)
    # The analyser keeps the order, so the stand-ins (and real ■) are put back one by one.
    originals = iter(re.findall(f"[{_STAND_IN}\U00010000-\U0010ffff]", piece))

    def restored(token: Token) -> Token:
        if _STAND_IN not in token.form:
            return token
        form = "".join(next(originals, mark) if mark == _STAND_IN else mark for mark in token.form)
        return token._replace(form=form, lemma=form)

    return [restored(token) for token in analyse(_ASTRAL.sub(_STAND_IN, piece))]


_PREDICATES = ("VV", "VA", "VX", "VCP", "VCN", "PV", "PA", "PX", "VXV", "VXA")


def dictionary_form(form: str, tag: str) -> str:
    """A verb's or adjective's stem with its dictionary ending 다; any other form as it is.

    >>> dictionary_form("먹", "VV"), dictionary_form("밥", "NNG")
    ('먹다', '밥')
    """
    return form + "다" if tag.split("-")[0] in _PREDICATES else form
