"""What an emoji is: one place for the masks of `normalize` and for the tokenizer morph.

Not here: what joins characters to one that is seen (`invisible.py`).
"""

from __future__ import annotations

import re

# Classes of characters. These are pictures by themselves:
EMOJI = (
    "\u231a\u231b\u23e9-\u23f3\u23f8-\u23fa\u25fd\u25fe\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55"
    "\U0001f004\U0001f0cf\U0001f170-\U0001f19a\U0001f201-\U0001f265\U0001f300-\U0001faff"
)
# These where U+FE0F behind them asks for a picture (Emoji, and no Emoji_Presentation, in Unicode's data):
_ASKED = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u2328\u23cf\u24c2\u25aa\u25ab\u25b6\u25c0"
    "\u25fb\u25fc\u2934\u2935\u3030\u303d\u3297\u3299"
)
FLAGS = "\U0001f1e6-\U0001f1ff"  # two letters of them are a flag
_TOUCH = "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]"  # what changes the look of the emoji before it
_TAGS = "[\U000e0020-\U000e007f]"
# What an emoji of several characters has behind its first, one of them at least.
JOINS = "\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f" + FLAGS

EMOJI_PATTERN = re.compile(
    f"[{FLAGS}]{{2}}|[#*0-9]\ufe0f?\u20e3"
    f"|(?:[{EMOJI}]|[{_ASKED}]\ufe0f){_TOUCH}*+{_TAGS}*+(?:\u200d[{EMOJI}\u2190-\u21ff]{_TOUCH}*+)*+"
)
_MAY_BEGIN = re.compile(f"[{EMOJI}{FLAGS}\u20e3\ufe0f]")


def may_hold_emoji(text: str) -> bool:
    """Whether it is worth looking for emoji in a text."""
    return not text.isascii() and _MAY_BEGIN.search(text) is not None
