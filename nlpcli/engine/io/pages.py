"""Pages and pictures from text that nobody vouches for: what may stand in them, and what a page may do.

A page is one file that needs nothing else, and says so: its policy forbids the network, and every script
but the one it was made with.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import Any

# What XML 1.0 forbids, lone surrogates among it, and what turns the direction of the text around it.
_NO_TEXT = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_CHARSET = '<meta charset="utf-8">'
_PLACE = re.compile("@([A-Z]+)@")


def plain(text: str) -> str:
    """The text without control characters, as a picture can show it.

    >>> plain("re\\x1b[31md\\u202e")
    're[31md'
    """
    return _NO_TEXT.sub("", text)


def escaped(text: str) -> str:
    """The same for HTML and SVG, in a text or an attribute.

    >>> escaped("<b>\\x00 & co")
    '&lt;b&gt; &amp; co'
    """
    return html.escape(plain(text))


def script_data(value: Any) -> str:
    """JSON to stand in a script element, which nothing in it can end.

    >>> script_data(["</script>"])
    '["\\\\u003c/script>"]'
    """
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return written.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def page(template: str, **places: str) -> str:
    """A page with its policy, and each @NAME@ of the template filled; what is filled in has no places.

    >>> page('<meta charset="utf-8"><p>@TITLE@</p>', TITLE="a @TITLE@").partition("<p>")[2]
    'a @TITLE@</p>'
    """
    digests = [hashlib.sha256(script.encode()).digest() for script in _SCRIPT.findall(template)]
    scripts = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests) or "'none'"
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = f'{_CHARSET}<meta http-equiv="Content-Security-Policy" content="{policy}">'
    with_policy = template.replace(_CHARSET, head, 1)
    return _PLACE.sub(lambda place: places.get(place[1], place[0]), with_policy)
