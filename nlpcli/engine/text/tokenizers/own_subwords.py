"""A subword model of a text of its own, for who needs one on the way: its size goes by the text."""

from __future__ import annotations

import base64
import collections
import re
from collections.abc import Sequence

from nlpcli.engine.text.tokenizers.sentencepiece import train
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.text import SubwordSettings

_SIZES = 300, 4000  # of own subwords, least and most
_SHARE = 25  # words of text a subword, so that each is seen often enough


def own_subwords(lines: Sequence[str], vocab_size: int = 0) -> str:
    """A sentencepiece model of some lines, in base64; size 0 goes by the amount of text.

    Raises InputError where the lines are too few for the subwords asked for.
    """
    size = vocab_size or _usual_size(lines)
    while True:
        try:
            made = train(lines, SubwordSettings(vocab_size=size, character_coverage=1.0))
        except (InputError, SettingsError) as error:
            most = re.search(r"--vocab-size ([\d,]+) or less", error.hint or "")
            if vocab_size and isinstance(error, SettingsError):
                raise SettingsError(
                    error.message, hint="use a larger --vocab-size, or leave it out: it goes by the text"
                ) from error
            if vocab_size or size >= 1_000_000:
                raise
            # Where the size is left to us, the nearest that the text allows.
            size = int(most[1].replace(",", "")) if most else size * 2
            continue
        return base64.b64encode(made).decode("ascii")


def _usual_size(lines: Sequence[str]) -> int:
    """How many subwords there are, the bytes among them, where nothing is said."""
    words = sum(line.count(" ") + 1 for line in lines)
    characters = len(collections.Counter("".join(lines)))
    least, most = _SIZES
    return 256 + characters + max(least, min(most, words // _SHARE))
