"""Lines of text out of files, whatever their compression, encoding and line ends."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.io.lines import Lines
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings


def lines_of(path, encoding="utf-8"):
    return list(Lines([str(path)], InputSettings(encoding=encoding)))


@given(
    lines=st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=20))
)
def test_lines_end_at_newlines_only(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("lines") / "text"
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    expected = [line.removeprefix("\ufeff") if number == 0 else line for number, line in enumerate(lines)]
    assert lines_of(path) == expected


def test_other_line_separators_stay_in_the_line(tmp_path):
    path = tmp_path / "text"
    path.write_text("a\u2028b\x0bc\x85d\n", encoding="utf-8")
    assert lines_of(path) == ["a\u2028b\x0bc\x85d"]


def test_the_last_line_needs_no_newline_and_crlf_is_one_line_end(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"one\r\n\r\ntwo")
    assert lines_of(path) == ["one", "", "two"]


def test_files_follow_each_other_and_the_place_is_known(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("a\nb")
    second.write_text("c\n")
    lines = Lines([str(first), str(second)])
    assert [(line, lines.place) for line in lines] == [
        ("a", f"{first}:1"),
        ("b", f"{first}:2"),
        ("c", f"{second}:1"),
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp949", "euc-kr", "johab"])
def test_other_encodings_are_read_across_chunk_boundaries(tmp_path, encoding):
    expected = [f"한글 문장 {number}" for number in range(90_000)]
    path = tmp_path / "text"
    path.write_bytes("".join(line + "\r\n" for line in expected).encode(encoding))
    assert lines_of(path, encoding) == expected


@pytest.mark.parametrize(
    ("written", "read", "hint"),
    [
        ("cp949", "utf-8", "use --encoding cp949"),
        ("utf-8", "cp949", "use --encoding utf-8"),
        ("utf-16", "utf-8", "use --encoding utf-16"),
    ],
)
def test_a_wrong_encoding_is_told_by_file_line_and_bytes_with_the_likely_one(tmp_path, written, read, hint):
    path = tmp_path / "korean.txt"
    path.write_bytes("ascii first\n가각힣똠방각하 펲시콜라\n".encode(written))
    with pytest.raises(InputError, match=rf"korean\.txt:[12]: not {read}: bytes [0-9a-f ]+") as caught:
        lines_of(path, read)
    assert hint in (caught.value.hint or "")


def test_the_line_of_a_bad_byte_is_right_far_into_the_file(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"good line\n" * 300_000 + b"bad \xff\n")
    with pytest.raises(InputError, match=":300001: "):
        lines_of(path)


def test_an_unknown_encoding_lists_usual_ones():
    with pytest.raises(SettingsError, match="klingon") as caught:
        Lines(["x"], InputSettings(encoding="klingon"))
    assert "cp949" in (caught.value.hint or "")


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        lines_of(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        lines_of(tmp_path / "missing")


def test_stdin_is_read_as_bytes_whatever_the_locale(process):
    text = "한국어 문장\n"
    assert process("tokenize", input=text, LC_ALL="C", PYTHONUTF8="0").stdout.decode() == text


def test_batches_come_as_the_pipe_gives_them(monkeypatch):
    class Pipe(io.BytesIO):
        pieces = iter([b"one\ntw", b"o\n", b"three"])

        def read1(self, size=-1):
            return next(self.pieces, b"")

        def peek(self, size=0):
            return b"one"

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Pipe()))
    assert list(Lines(None).batches()) == [["one"], ["two"], ["three"]]


@pytest.mark.parametrize("encoding", ["utf-8", "auto"])
def test_the_lines_before_a_bad_byte_are_given_before_the_error(tmp_path, encoding):
    (tmp_path / "t.txt").write_bytes(b"one\n" + "둘\n".encode() + b"bad \xff\xff\xff here\nfour\n")
    lines = Lines([str(tmp_path / "t.txt")], InputSettings(encoding=encoding))
    given = iter(lines)
    assert [next(given), next(given)] == ["one", "둘"]
    with pytest.raises(InputError, match=r"t\.txt:3: not "):
        next(given)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "auto", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ["", "\n", "a", "a\n\ufeff", "가\n"])
def test_a_mark_alone_is_no_line(tmp_path, encoding, text):
    written = "utf-8-sig" if encoding in ("utf-8", "auto") else encoding
    (tmp_path / "a").write_text(text, encoding=written, newline="")
    lines = text.removesuffix("\n").split("\n") if text else []
    reading = InputSettings(encoding=encoding)
    assert list(Lines([str(tmp_path / "a")], reading)) == lines
    blocks = Lines([str(tmp_path / "a")], reading).blocks()
    assert b"".join(blocks) == "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_an_encoding_without_its_mark_is_told(tmp_path, encoding):
    (tmp_path / "a").write_bytes("a b\n".encode(f"{encoding}-le"))
    with pytest.raises(InputError, match=f"a:1: not {encoding}: ") as caught:
        list(Lines([str(tmp_path / "a")], InputSettings(encoding=encoding)))
    assert f"--encoding {encoding}-le" in str(caught.value.hint)
