"""A file in parts is read as the whole: whatever stands in it, and wherever it is cut."""

import dataclasses
import gzip
import itertools

import pytest

from nlpcli.engine.distributed import cuts, looks
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.plan import planned
from nlpcli.engine.io import opening
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.places import Part, decided, open_place, part_of
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.input import InputSettings, RecordSettings

LINES = InputSettings()


class Noted(Progress):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def ask(stage, look, places):
    return [look(place) for place in places]


def cut(path, size, reading=None, progress=None, ask=ask):
    return planned([str(path)], reading or Reading(LINES), size, 1, ask, progress or Noted())


def lines_of(pieces, settings=LINES):
    found = []
    for piece in pieces:
        with decided(piece.decided):
            found += [line for path in piece.paths for line in Lines([path], settings)]
    return found


def rows_of(pieces, settings, reading=LINES, labelled=True):
    found = []
    for piece in pieces:
        with decided(piece.decided):
            for path in piece.paths:
                records = Records([path], settings, reading, labelled=labelled)
                texts = list(itertools.chain.from_iterable(records.texts()))
                found += zip(texts, records.labels(), strict=True) if labelled else texts
    return found


@pytest.mark.parametrize("size", range(1, 24))
@pytest.mark.parametrize(
    "text", [b"one\n\n\ntwo three\nfour", b"\n\na\r\nb\n", b"a", b"\xef\xbb\xbfone\ntwo\n"]
)
def test_lines_of_parts_are_those_of_the_file(tmp_path, text, size):
    path = tmp_path / "text"
    path.write_bytes(text)
    pieces = cut(path, size)
    assert lines_of(pieces) == list(Lines([str(path)]))
    parts = [part_of(name) for piece in pieces for name in piece.paths]
    if all(parts):
        assert [part.start for part in parts] == [0, *(part.end for part in parts[:-1])]
        assert parts[-1].end == len(text)


def test_a_mark_within_a_file_is_a_letter_of_its_part(tmp_path):
    path = tmp_path / "text"
    path.write_text("one\n\ufefftwo\n")
    assert lines_of(cut(path, 4)) == ["one", "\ufefftwo"]


@pytest.mark.parametrize("size", [7, 20, 33, 50, 1000])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_rows_with_quotes_are_cut_outside_quotes(tmp_path, size, newline):
    path = tmp_path / "table.csv"
    rows = [
        f'{number},"text {number}, with ""quotes""{newline}and lines{newline}",l{number % 3}'
        for number in range(30)
    ]
    path.write_bytes(newline.join(["id,text,label", *rows, ""]).encode())
    reading = Reading(LINES, RecordSettings(), labelled=True)
    pieces = cut(path, size, reading)
    whole = rows_of(cut(path, 10**6, reading), RecordSettings())
    assert rows_of(pieces, RecordSettings()) == whole
    assert len(whole) == 30
    assert len(pieces) > 1


@pytest.mark.parametrize("row", ['5" pipe,x', 'pipe of 5",x', 'a "word" here,x'])
def test_quotes_within_a_field_leave_the_file_whole(tmp_path, row):
    path = tmp_path / "table.csv"
    path.write_text("text,label\n" + '"a",b\n' * 20 + row + "\n" + '"c",d\n' * 20)
    noted = Noted()
    assert len(cut(path, 40, Reading(LINES, RecordSettings(), labelled=True), noted)) == 1
    assert "one shard" in noted.notes[0]


@pytest.mark.parametrize("size", [30, 100])
def test_the_columns_of_the_first_part_hold_for_all(tmp_path, size):
    path = tmp_path / "table.tsv"
    path.write_text("label\tdocument\n" + "".join(f"{n % 2}\ttext {n}\n" for n in range(40)))
    asked = RecordSettings(text_col="document", label_col="label")
    pieces = cut(path, size, Reading(LINES, asked, labelled=True))
    assert len(pieces) > 1
    assert rows_of(pieces, asked) == [(f"text {n}", str(n % 2)) for n in range(40)]


def test_fields_of_json_lines_are_found_in_every_part(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f'{{"text": "t{n}"}}\n' for n in range(20)))
    asked = RecordSettings(text_col="text")
    pieces = cut(path, 50, Reading(LINES, asked))
    assert len(pieces) > 1
    assert rows_of(pieces, asked, labelled=False) == [f"t{n}" for n in range(20)]


def test_auto_is_decided_once(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"plain\n" * 10 + "한국어 문장\n".encode("cp949") * 10)
    auto = InputSettings(encoding="auto")
    pieces = cut(path, 40, Reading(auto))
    assert len(pieces) > 2
    assert lines_of(pieces, auto) == ["plain"] * 10 + ["한국어 문장"] * 10


@pytest.mark.parametrize(
    "letters", ["카\n".encode("cp949") * 9, "한국어 카\n".encode("cp949"), "é 카\n".encode()]
)
@pytest.mark.parametrize("line", [b"plain\n", b"a long line without an end "])
@pytest.mark.parametrize("here", [0, 1000])
def test_auto_means_what_it_means_on_one_machine(tmp_path, monkeypatch, letters, line, here):
    """Wherever the first letters stand in the blocks that are read: in CP949 some could be UTF-8 as well."""
    for module in (opening, cuts):
        monkeypatch.setattr(module, "CHUNK", 64)
    monkeypatch.setattr(cuts, "_HEAD", 50)
    monkeypatch.setattr(cuts, "_HERE", here)
    path = tmp_path / "text"
    auto = InputSettings(encoding="auto")
    for before in (*range(0, 140, 9), *range(8100, 8400, 17)):
        path.write_bytes(b"one\n" + (line * before)[:before] + letters * 2 + "나무\n".encode("cp949") * 3)
        whole = Lines([str(path)], dataclasses.replace(auto, errors="replace"))
        (known, *_) = {
            one.encoding for piece in cut(path, 12, Reading(auto)) for one in piece.decided.values()
        }
        expected = "".join(whole).count("나무") == 3
        assert (known == "cp949") == expected


def test_letters_are_looked_for_from_the_first_on(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"plain\n" * 20_000 + "한국어\n".encode("cp949"))
    assert list(Lines([str(path)], InputSettings(encoding="auto")))[-1] == "한국어"


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("line", ["one,two", "a" * 3000 + ",b"])
def test_the_client_reads_no_more_than_beginnings(tmp_path, monkeypatch, quoted, line):
    monkeypatch.setattr(cuts, "_HEAD", 256)
    monkeypatch.setattr(cuts, "_HERE", 1000)  # bytes, fewer than the file has
    monkeypatch.setattr(looks, "_FIRST", 64)
    path = tmp_path / ("table.csv" if quoted else "text")
    path.write_text('"a",b\n' + (line + "\n") * (40_000 // len(line)))
    here, asked = [], []

    class Counted:
        def __init__(self, name):
            self._file = open_place(name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._file.close()

        def seek(self, place):
            self._file.seek(place)

        def read(self, size):
            found = self._file.read(size)
            here.append(len(found))
            return found

    def elsewhere(stage, look, places):
        asked.append(look.__name__)
        with monkeypatch.context() as there:
            there.setattr(looks, "open_place", open_place)
            return ask(stage, look, places)

    for module in (cuts, looks):
        monkeypatch.setattr(module, "open_place", Counted)
    reading = Reading(InputSettings(encoding="auto"), RecordSettings(), labelled=quoted)
    pieces = cut(path, 10_000, reading, ask=elsewhere)
    assert len(pieces) >= 4
    assert sum(here) < 2000
    assert asked == ["letter_in", *["quotes_in"] * quoted, *["row_in"] * (len(line) > 256)]


def test_a_line_longer_than_shards_is_cut_at_its_ends(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"one\n" + b"word " * 100 + b"\ntwo\nthree\n")
    parts = [part_of(name) for piece in cut(path, 50) for name in piece.paths]
    assert [(part.start, part.end) for part in parts] == [(0, 505), (505, 515)]


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"one\ntwo\n" * 100, mtime=0),
        ("one\ntwo\n" * 100).encode("utf-16"),
        b"one\rtwo\r" * 100,
        b"one line " * 100,
        b"",
    ],
)
def test_what_cannot_be_cut_is_one_shard(tmp_path, content):
    path = tmp_path / "text"
    path.write_bytes(content)
    auto = InputSettings(encoding="auto")
    pieces = cut(path, 20, Reading(auto))
    assert [piece.paths for piece in pieces] == [(str(path),)]
    assert lines_of(pieces, auto) == list(Lines([str(path)], auto))


def test_a_file_of_one_line_is_said_to_be_one_shard(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"word " * 100)
    noted = Noted()
    cut(path, 20, progress=noted)
    assert noted.notes == [f"{path} has no line end to cut it at, so it is one shard"]


def test_small_files_go_together_and_large_inputs_in_larger_shards(tmp_path, monkeypatch):
    names = []
    for number in range(10):
        names.append(str(tmp_path / f"{number}"))
        (tmp_path / f"{number}").write_text("a\n" * number)
    together = planned(names, Reading(LINES), 1000, 4, ask)
    assert [piece.paths for piece in together] == [tuple(names)]
    monkeypatch.setattr("nlpcli.engine.distributed.plan.MOST_SHARDS", 3)
    few = planned(names, Reading(LINES), 1, 4, ask)
    assert len(few) <= 3
    assert [name for piece in few for name in piece.paths if not part_of(name)] or len(few) == 3


def test_what_a_server_gives_whole_is_not_cut(monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/whole/text", b"a line\n" * 100)

    def seek(*_):
        raise ValueError("The HTTP server doesn't appear to support range requests.")

    assert len(cut("memory://whole/text", 200)) > 1
    monkeypatch.setattr("nlpcli.engine.io.places._Remote.seek", seek)
    noted = Noted()
    (piece,) = cut("memory://whole/text", 200, progress=noted)
    assert piece.paths == ("memory://whole/text",)
    assert "gives whole files alone, so it is one shard" in noted.notes[0]


def test_an_error_in_a_part_says_where(tmp_path, nlpcli):
    path = tmp_path / "text"
    path.write_bytes(b"fine\nfine\n\xff\n")
    error = nlpcli("count", Part("text", 5, 12).name, code=1).err
    assert "text@5:2: not utf-8: bytes ff" in error
