"""64 bytes at a time: compiled against what the functions mean."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine.kernels.text import utf8

texts = st.text(st.sampled_from("aZ09_'’., \t\n\x1c\x00é가힣\ud7a4\uabff갛힟漢😀"), min_size=0, max_size=70)


@pytest.fixture(scope="module", params=["word_bytes", "spaced_bytes"])
def look(request):
    import numba

    function = getattr(utf8, request.param)
    return numba.njit(lambda text, at: function(text, at)), function


@settings(max_examples=300)
@given(text=texts)
def test_compiled_windows_say_what_their_python_definition_says(look, text):
    compiled, meaning = look
    window = np.frombuffer(text.encode() + b"x" * 64, dtype=np.uint8)
    sure = (1 << utf8.SURE) - 1
    for ours, expected in zip(compiled(window, 0), meaning(window, 0), strict=True):
        assert ours & sure == expected & sure


def test_words_doubts_and_line_ends_of_a_window_by_hand():
    window = np.frombuffer("it's 가, é\n1.5".encode().ljust(64), dtype=np.uint8)
    words, doubtful, lines = (f"{mask:064b}"[::-1].rstrip("0") for mask in utf8.word_bytes(window, 0))
    assert words == "1111011100000111"
    assert doubtful == "000000000011"
    assert lines == "0000000000001"


def test_a_mark_before_a_byte_beyond_ascii_is_doubtful_by_hand():
    window = np.frombuffer("a'é 1.é 'b _'c x'가".encode().ljust(64), dtype=np.uint8)
    words, doubtful, _ = (f"{mask:064b}"[::-1].rstrip("0") for mask in utf8.word_bytes(window, 0))
    assert words == "1000010000010101010111"
    assert doubtful == "011100111"


@given(bits=st.integers(0, 2**64 - 1))
def test_the_lowest_bit_is_where_the_first_one_stands(bits):
    written = f"{bits:064b}"[::-1]
    assert utf8.lowest_bit(np.uint64(bits)) == (written.index("1") if bits else 64)
