from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.io.line_ends import with_line_feeds


@given(text=st.text(st.sampled_from('a\r\n"'), max_size=12), cuts=st.lists(st.integers(0, 12), max_size=4))
def test_lines_without_any_other_end_end_at_returns_however_the_text_is_cut(text, cuts):
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[begin:end] for begin, end in itertools.pairwise(places)]
    found = "".join(with_line_feeds(iter(pieces)))
    assert found == (text if "\n" in text else text.replace("\r", "\n"))
    as_bytes = b"".join(with_line_feeds(piece.encode() for piece in pieces))
    assert as_bytes.decode() == found


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("table", "is_mac"),
    [
        ('a,b\rc,"d\ne"\r', True),
        ('"a\nb",c\rd,e\r', True),
        ('a,b\r\nc,"d\re"\r\n', False),
        ('a,b\nc,"d\re"\n', False),
        ('a,"b\r\nc"\rd,e\r', True),
        ("a,b\rc,d\ne,f\r\n", False),
        ('a,"b\n', False),
        ('"a\nb\rc\r\nd",e\rf,g\r', True),
        ('"a\rb\rc",e\nf,g\n', False),
    ],
)
def test_in_a_table_the_ends_outside_quotes_count(table, is_mac, whole):
    pieces = [table] if whole or is_mac else list(table)
    found = "".join(with_line_feeds(iter(pieces), quoted=True))
    assert found == (re.sub("\r\n?", "\n", table) if is_mac else table)


def test_the_end_of_a_first_line_longer_than_the_sample_may_be_cut_in_two():
    pieces = ["x" * (1 << 20) + "\r", "\ny\rz\n"]
    assert list(with_line_feeds(iter(pieces))) == pieces
