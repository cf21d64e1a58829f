"""Rows before training: parts of a table, duplicates, languages; rows come out as they went in."""

import json
import random

import numpy as np
import pytest

import nlpcli
from nlpcli.engine.corpus.near_duplicates import FUNCTIONS, Duplicate, NearDuplicates, band_rows
from nlpcli.engine.io.raw_rows import raw_rows
from nlpcli.engine.tasks.rows_job import parts_of
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.rows import SplitSettings

CSV = 'id,text,label,who\r\n1,"a, ""b""\r\nc",pos,x\r\n2,plain text,neg,y\r\n3,third one,neg,z\r\n4,end,pos,y'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_bytes(CSV.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_in(path, **settings):
    with raw_rows(str(path), RecordSettings(**settings)) as rows:
        return rows.head, [row.raw for row in rows]


# --- raw rows -------------------------------------------------------------------------------

TABLES = {
    "quoted.csv": CSV.encode(),
    "marked.csv": b"\xef\xbb\xbf" + CSV.encode(),
    "sep.csv": ("sep=;\n" + CSV.replace(",", ";")).encode(),
    "wide.tsv": "text\tlabel\n하나\tx\n둘\ty\n".encode("utf-16"),
    "big.tsv": b"\xfe\xff" + "text\tlabel\n하나\tx\n".encode("utf-16-be"),
    "korean.csv": "본문,평점\n영화 좋다,5\n별로,1\n".encode("cp949"),
    "objects.jsonl": b'{"text": "one", "n": 1}\n\n{"text":"two" , "n": 2.50}\n',
    "returns.tsv": b"text\tlabel\ra\tx\rb\ty\r",
    "lines.txt": b"one\n\ntwo\r\n three",
    "empty.csv": b"",
    "head.csv": b"text,label\n",
    "blank.csv": b"\n\ntext,label\n\na,x\n\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_head_and_rows_are_the_file(folder, name):
    (folder / name).write_bytes(TABLES[name])
    encoding = "cp949" if name == "korean.csv" else "utf-8"
    with raw_rows(name, reading=InputSettings(encoding=encoding)) as rows:
        found = rows.head + b"".join(rows.written(row.raw) for row in rows)
    assert found == TABLES[name]


@pytest.mark.parametrize("seed", range(20))
def test_any_table_comes_out_as_it_went_in(folder, seed):
    """Cells of commas, quotes and line ends; the cells are those of the csv module."""
    import csv
    import io

    dice = random.Random(seed)
    cells = ["".join(dice.choices('ab한 ,"\n;\t', k=dice.randint(0, 9))) for _ in range(60)]
    table = [["text", "label", "n"], *([*cells[3 * n : 3 * n + 2], f"{n}"] for n in range(20))]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=dice.choice(["\n", "\r\n"])).writerows(table)
    (folder / "x.csv").write_bytes(out.getvalue().encode())
    with raw_rows("x.csv", RecordSettings(delimiter=",")) as rows:
        found = [*rows]
        assert rows.head + b"".join(row.raw for row in found) == out.getvalue().encode()
    assert [row.cells for row in found] == table[1:]


def test_what_is_wrong_is_told_with_its_place(folder):
    (folder / "bad.tsv").write_bytes(b"text\tlabel\na\tx\n\xff\xfe\ty\n")
    with pytest.raises(InputError, match=r"bad\.tsv:3: not utf-8"):
        rows_in("bad.tsv")
    (folder / "bad.jsonl").write_text('{"text": "a"}\n{"text"\n')
    with pytest.raises(InputError, match=r"bad\.jsonl:2: not JSON"):
        rows_in("bad.jsonl")
    (folder / "short.csv").write_text("label,text\nx,one\nx\n")
    with pytest.raises(InputError, match=r"short\.csv:3: 1 cell, column 2"):
        nlpcli.dedup("short.csv", str(folder / "out"))


# --- split ----------------------------------------------------------------------------------


def test_parts_together_are_the_table(folder, nlpcli):
    shown = nlpcli("split", "t.csv", "-o", "parts", "--dev", 0.25, "--test", 0.25).out
    parts = {name: (folder / "parts" / f"{name}.csv").read_bytes() for name in ("train", "dev", "test")}
    head = b"id,text,label,who\r\n"
    assert all(part.startswith(head) for part in parts.values())
    rows = [part.removeprefix(head) for part in parts.values()]
    assert sorted(b"".join(rows)) == sorted((CSV + "\r\n").encode().removeprefix(head))
    assert [line.split("\t")[:2] for line in shown.splitlines()] == [
        ["part", "rows"], ["train", "2"], ["dev", "1"], ["test", "1"],
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_parts_and_another_others(folder):
    (folder / "lines.txt").write_text("".join(f"line {number}\n" for number in range(100)))
    found = []
    for seed in (1, 1, 2):
        nlpcli.split("lines.txt", folder / f"parts{len(found)}", seed=seed)
        found.append((folder / f"parts{len(found)}" / "test.txt").read_text())
    assert found[0] == found[1] != found[2] and len(found[0].splitlines()) == 10
    numbers = [int(line.split()[1]) for line in found[0].splitlines()]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("seed", range(5))
def test_each_part_has_its_share_of_each_label(seed):
    labels = np.array([0] * 60 + [1] * 30 + [2] * 10)
    found = parts_of(100, SplitSettings(dev=0.1, test=0.2, seed=seed), labels)
    assert np.bincount(found).tolist() == [70, 10, 20]
    assert np.bincount(labels[found == 2]).tolist() == [12, 6, 2]


def test_a_group_stays_together():
    groups = np.repeat(np.arange(40), 5)
    found = parts_of(200, SplitSettings(), groups % 2, groups)
    assert all(len({*found[groups == group].tolist()}) == 1 for group in range(40))
    assert np.bincount(found).tolist() == [160, 20, 20]


def test_groups_and_labels_of_a_table(folder):
    rows = "".join(f"{number}\t{'ab'[number % 2]}\twho{number // 4}\n" for number in range(80))
    (folder / "g.tsv").write_text("text\tlabel\twho\n" + rows)
    found = nlpcli.split("g.tsv", folder / "parts", label_col="label", group_col="who")
    assert [(part.name, part.rows, part.labels) for part in found] == [
        ("train", 64, {"a": 32, "b": 32}), ("dev", 8, {"a": 4, "b": 4}), ("test", 8, {"a": 4, "b": 4}),
    ]  # fmt: skip
    whose = [
        {line.split("\t")[2] for line in (folder / "parts" / f"{name}.tsv").read_text().splitlines()[1:]}
        for name in ("train", "dev", "test")
    ]
    assert not (whose[0] & whose[1] or whose[0] & whose[2] or whose[1] & whose[2])


def test_a_workbook_is_split_into_csv(folder):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["내용", "n"], *([f"글, {number}", number] for number in range(10))):
        book.active.append(row)
    book.save(folder / "b.xlsx")
    nlpcli.split("b.xlsx", folder / "parts")
    lines = (folder / "parts" / "test.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "내용,n" and lines[1].startswith('"글, ') and len(lines) == 2


def test_stdin_is_split_too(nlpcli, folder):
    nlpcli("split", "-o", "parts", "--dev", 0, input="a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", code=0)
    assert len((folder / "parts" / "test.txt").read_text().splitlines()) == 1
    assert not (folder / "parts" / "dev.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "error", "code"),
    [
        (["t.csv", "-o", "p"], "too few rows", 1),
        (["t.csv", "-o", "p", "--dev", 0.6, "--test", 0.4], "leave nothing for train", 2),
        (["t.csv", "-o", "p", "--dev", 0, "--test", 0], "nothing to split off", 2),
        (["t.csv", "-o", "p", "--label-col", "stars"], "no column is called 'stars'", 1),
        (["t.csv", "-o", "p", "--group-col", "author"], "no column is called 'author'", 1),
        (["t.csv", "-o", "t.csv", "--dev", 0, "--test", 0.5], "would be replaced", 1),
        (["t.csv", "-o", "p", "--text-col", "text"], "no such option: --text-col", 2),
        (["none.csv", "-o", "p"], "no such file", 1),
    ],
)
def test_what_cannot_be_split_is_told_and_nothing_is_written(nlpcli, folder, arguments, error, code):
    assert error in nlpcli("split", *arguments, code=code).err
    assert not [*folder.glob("p/*")]


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_a_table_is_not_replaced_by_a_part_of_it(nlpcli, folder, part):
    table = "text\n" + "".join(f"text {number}\n" for number in range(40))
    (folder / f"{part}.csv").write_text(table)
    done = nlpcli("split", f"{part}.csv", "-o", ".", code=1)
    assert f"{part}.csv is read and would be replaced" in done.err
    assert (folder / f"{part}.csv").read_text() == table
    if part == "dev":
        nlpcli("split", "dev.csv", "-o", ".", "--dev", 0)
        assert (folder / "dev.csv").read_text() == table


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "text,label\n"])
def test_of_a_table_without_rows_that_is_told_and_not_its_columns(nlpcli, folder, content):
    (folder / "none.csv").write_text(content)
    done = nlpcli("split", "none.csv", "-o", "p", "--label-col", "label", code=1)
    assert "there are no rows to split" in done.err


@pytest.mark.parametrize(
    ("command", "column"),
    [("split", "--label-col"), ("dedup", "--text-col"), ("language", "--text-col")],
)
def test_no_option_is_listed_that_is_refused(nlpcli, command, column):
    page = nlpcli(command, "--help-all", code=0).out
    assert f"  {column} COLUMN" in page
    for option in {"--text-col", "--label-col", "--text2-col", "--vector-col"} - {column}:
        assert option not in page.split("Input:")[1]
    for option in ("--label-sep", "--multi-label", "--on-error"):
        assert option not in page


def test_a_hint_names_the_option_that_asked(nlpcli, folder):
    for option in ("--label-col", "--group-col"):
        assert f"hint: {option} is one of" in nlpcli("split", "t.csv", "-o", "p", option, "no", code=1).err


# --- dedup ----------------------------------------------------------------------------------


def jaccard(one, other, size):
    sets = [{text[at : at + size] for at in range(max(1, len(text) - size + 1))} for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_similarity_is_about_that_of_the_shingles():
    dice = random.Random(3)
    for _ in range(40):
        one = "".join(dice.choices("abcdefgh 가나다", k=120)).strip()
        at = dice.randrange(20, 100)
        other = one[:at] + "".join(dice.choices("xyz", k=dice.randint(1, 20))) + one[at:]
        true = jaccard(" ".join(one.split()), " ".join(other.split()), 4)
        found = NearDuplicates(0.3, 4).add([one, other])[1]
        estimate = found.similarity if found else 0.0
        assert (
            estimate == pytest.approx(true, abs=4 * (true * (1 - true) / FUNCTIONS) ** 0.5 + 0.01)
            or true < 0.4
        )


def test_all_pairs_above_the_threshold_are_found_among_many():
    dice = random.Random(5)
    texts = ["".join(dice.choices("abcdefghijklmnop ", k=100)) for _ in range(3000)]
    copies = [text[:50] + "Q" + text[50:] for text in texts]  # similarity about 0.95
    seen = NearDuplicates(0.8, 4)
    assert not any(seen.add(texts))
    found = seen.add(copies)
    assert sum(one is not None and one.of == number for number, one in enumerate(found)) == 3000


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.8, 0.9, 0.99])
def test_bands_leave_a_pair_at_the_threshold_its_chances(threshold):
    rows = band_rows(threshold)
    assert 1 - (1 - threshold**rows) ** (FUNCTIONS // rows) >= 0.97 or rows == 1


def test_what_is_like_a_dropped_text_is_told_of_the_kept_one():
    text = "the very same sentence stands here once and again in nearly the same words"
    found = NearDuplicates(0.8, 4).add([text, text + ".", text + ".", "other words altogether"])
    assert found[0] is None and found[3] is None
    assert found[1].of == found[2].of == 0 and 0.9 < found[1].similarity == found[2].similarity < 1
    assert NearDuplicates(1, 4).add([text, text + ".", text])[1:] == [None, Duplicate(0, 1.0)]


def test_dedup_keeps_the_first_and_its_row(folder, nlpcli):
    rows = 'n,text\r\n1,"same, text here"\r\n2,other\r\n3,"same, text  here"\r\n4,\r\n5,\r\n6,other'
    (folder / "d.csv").write_bytes(rows.encode())
    done = nlpcli("dedup", "d.csv", "--report", "r.tsv", "-o", "out.csv")
    kept = b'n,text\r\n1,"same, text here"\r\n2,other\r\n4,\r\n5,\r\n'
    assert (folder / "out.csv").read_bytes() == kept
    assert (folder / "r.tsv").read_text().splitlines() == [
        "line\tsame_as\tsimilarity\ttext", "4\t2\t1.0000\tsame, text  here", "7\t3\t1.0000\tother",
    ]  # fmt: skip
    assert "6 rows, 2 dropped: 2 the same, 0 nearly" in done.err


def test_lines_in_any_batches_give_the_same(folder):
    dice = random.Random(1)
    lines = [
        dice.choice(["good film", "bad film", f"number {dice.randrange(500)} of many"]) for _ in range(3000)
    ]
    seen, one, other = NearDuplicates(0.9, 4), NearDuplicates(0.9, 4), list[object]()
    for line in lines:
        other += seen.add([line])
    assert one.add(lines) == other
    (folder / "l.txt").write_text("\n".join(lines) + "\n")
    nlpcli.dedup("l.txt", folder / "out", threshold=1)
    assert (folder / "out").read_text().splitlines() == [*dict.fromkeys(lines)]


def test_shingle_does_nothing_where_only_the_same_count(nlpcli, folder):
    assert "--shingle does nothing" in nlpcli("dedup", "t.csv", "--threshold", 1, "--shingle", 3, code=2).err


@pytest.mark.parametrize("command", ["dedup", "language"])
def test_names_of_other_layouts(nlpcli, folder, command):
    assert "o.xls" in nlpcli(command, "t.csv", "--text-col", "text", "-o", "o.xls", code=1).err
    nlpcli(command, "t.csv", "--text-col", "text", "-o", "o.json")
    assert [one["id"] for one in json.loads((folder / "o.json").read_text())] == ["1", "2", "3", "4"]
    nlpcli(command, "t.csv", "--text-col", "text", "-o", "o.jsonl")
    objects = [json.loads(line) for line in (folder / "o.jsonl").read_text().splitlines()]
    assert [one["id"] for one in objects] == ["1", "2", "3", "4"] and objects[0]["text"] == 'a, "b"\nc'
    (folder / "in.jsonl").write_text('{"text":"good films",   "n": 1.50}\n')
    nlpcli(command, "in.jsonl", "--text-col", "text", "-o", "o.jsonl")
    assert (folder / "o.jsonl").read_text().startswith('{"text":"good films",   "n": 1.50')


def test_a_report_takes_no_other_files_place(nlpcli, folder):
    before = (folder / "t.csv").read_bytes()
    done = nlpcli("dedup", "t.csv", "--text-col", "text", "--report", "t.csv", code=1)
    assert "is read and would be replaced" in done.err and (folder / "t.csv").read_bytes() == before
    assert "the same file" in nlpcli("dedup", "t.csv", "-o", "one", "--report", "one", code=1).err


# --- language -------------------------------------------------------------------------------

langid = pytest.importorskip("py3langid")


def test_a_line_out_per_line_in(nlpcli):
    done = nlpcli("language", "--among", "ko,en", input="이 영화 좋다\nwhat a good film\n\n123\n")
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert [code for code, _ in lines] == ["ko", "en", "und", "und"] and lines[0][1] == "1.0000"


def test_only_some_languages_pass_as_they_stand(nlpcli):
    text = "이 영화 좋다\r\nwhat a good film\n좋아요"
    assert nlpcli("language", "--only", "ko", input=text).out == "이 영화 좋다\r\n좋아요\r\n"
    assert nlpcli("language", "--only", "en", "--min-probability", 1, input="so\n").out == ""


def test_a_table_gets_two_columns(folder):
    nlpcli.language("t.csv", folder / "out.csv", among=("ko", "en"))
    lines = (folder / "out.csv").read_bytes().split(b"\r\n")
    assert lines[0] == b"id,text,label,who,language,probability" and lines[2].startswith(b'c",pos,x,en,0.')
    (folder / "o.jsonl").write_text('{"text": "좋은 영화", "n": 1.50}\n{"n": 2, "text": "good films"}\n')
    nlpcli.language("o.jsonl", folder / "out.jsonl", among=("ko", "en"))
    lines = (folder / "out.jsonl").read_text().splitlines()
    assert lines[0] == '{"text": "좋은 영화", "n": 1.50, "language": "ko", "probability": 1.0}'
    assert json.loads(lines[1])["language"] == "en"


def test_columns_that_are_there_keep_their_names(nlpcli, folder):
    (folder / "l.csv").write_text("text,language\ngood films here,fr\n")
    done = nlpcli("language", "l.csv", "--text-col", "text", "--among", "ko,en", "-o", "out.csv")
    assert "what is added is language_2" in done.err
    assert (
        (folder / "out.csv")
        .read_text()
        .startswith("text,language,language_2,probability\ngood films here,fr,en,")
    )
    (folder / "l.jsonl").write_text('{"text": "good films here", "language": "fr"}\n')
    for shape in ([], ["--jsonl"]):
        done = nlpcli("language", "l.jsonl", "--text-col", "text", "--among", "ko,en", *shape)
        found = json.loads(done.out, object_pairs_hook=list)
        assert [name for name, _ in found] == ["text", "language", "language_2", "probability"]
        assert [value for _, value in found[1:3]] == ["fr", "en"]
    (folder / "l.jsonl").write_text('{"text": "a"}\n{"text": "b", "probability": 1}\n')
    assert "it has a field 'probability'" in nlpcli("language", "l.jsonl", "--text-col", "text", code=1).err


def test_rows_with_cells_left_out_get_the_columns_in_their_place(folder):
    (folder / "s.csv").write_text("text,label,n\ngood films here\n\n")
    nlpcli.language("s.csv", folder / "out.csv", among=("ko", "en"))
    assert (folder / "out.csv").read_text().splitlines()[1].startswith("good films here,,,en,")
    assert (folder / "out.csv").read_text().endswith("\n\n")


@pytest.mark.parametrize("given", [{"among": ("xx",)}, {"only": ("xx",)}, {"among": ("ko",)}])
def test_languages_that_are_none(folder, given):
    with pytest.raises(SettingsError):
        nlpcli.language("t.csv", folder / "out", **given)
    assert not (folder / "out").exists()


# --- the name of an output ------------------------------------------------------------------


@pytest.mark.parametrize("command", ["dedup", "language"])
def test_the_name_of_an_output_says_its_format(nlpcli, folder, command):
    openpyxl = pytest.importorskip("openpyxl")
    (folder / "k.csv").write_bytes(TABLES["korean.csv"] + b"\r\n")
    options = [command, "k.csv", "--encoding", "cp949", "--text-col", "본문"]
    added = [["language", "probability"], ["ko", 1], ["ko", 1]] if command == "language" else [[]] * 3
    wanted = [
        [*row, *more]
        for row, more in zip([["본문", "평점"], ["영화 좋다", 5], ["별로", 1]], added, strict=True)
    ]
    nlpcli(*options, "-o", "o.xlsx", code=0)
    book = openpyxl.load_workbook(folder / "o.xlsx")
    assert [list(row) for row in book.active.values] == wanted
    nlpcli(*options, "-o", "o.tsv", code=0)
    assert (folder / "o.tsv").read_text().splitlines()[0].split("\t") == wanted[0]
    nlpcli(*options, "-o", "o.jsonl", code=0)
    nlpcli(command, "o.jsonl", "--text-col", "본문", "-o", "p.csv", code=0)
    assert (folder / "p.csv").read_text().splitlines()[1].startswith("영화 좋다,5")
    nlpcli(*options, "-o", "as_it_stands.csv", code=0)
    assert "영화 좋다,5".encode("cp949") in (folder / "as_it_stands.csv").read_bytes()


def test_lines_become_a_column_of_a_workbook(nlpcli, folder):
    openpyxl = pytest.importorskip("openpyxl")
    (folder / "t.txt").write_text("하나\n하나\n\n둘\n")
    nlpcli("dedup", "t.txt", "-o", "o.xlsx", code=0)
    assert [row[0] for row in openpyxl.load_workbook(folder / "o.xlsx").active.values] == [
        "text",
        "하나",
        None,
        "둘",
    ]


@pytest.mark.parametrize(
    "call",
    [
        ["dedup", "t.csv"],
        ["language", "t.csv"],
        ["count", "t.csv"],
        ["keywords", "t.csv"],
        ["tokenize", "t.csv"],
    ],
)
@pytest.mark.parametrize("name", ["o.xls", "o.png", "o.html"])
def test_rows_are_not_written_under_the_name_of_a_picture(nlpcli, folder, call, name):
    done = nlpcli(*call, "--text-col", "text", "-o", name, code=1)
    assert name in done.err and "hint: name a .xlsx" in done.err
    assert not (folder / name).exists()


def test_a_language_is_known_by_its_name_and_a_long_list_is_not_printed():
    pytest.importorskip("py3langid")
    for given, meant in (
        ("korean", "did you mean ko?"),
        ("eng", "did you mean en?"),
        ("qq", "codes are ISO"),
    ):
        with pytest.raises(SettingsError) as error:
            nlpcli.language("t.csv", "out", among=(given, "ja"))
        assert error.value.hint.startswith(meant) and len(error.value.message) < 80


@pytest.mark.parametrize(
    ("given", "suffix"),
    [
        ("text\tlabel\n" + "a\tx\nb\ty\n" * 10, "tsv"),
        ("text,label\n" + "a,x\nb,y\n" * 10, "csv"),
        ('{"text": "a", "label": "x"}\n{"text": "b", "label": "y"}\n' * 10, "jsonl"),
        ("__label__x a\n__label__y b\n" * 10, "txt"),
    ],
)
def test_parts_of_stdin_are_called_what_they_are(nlpcli, folder, given, suffix):
    column = [] if suffix == "txt" else ["--label-col", "label"]
    format_ = ["--input-format", "fasttext"] if suffix == "txt" else []
    nlpcli("split", "-o", "parts", *column, *format_, input=given)
    assert sorted(path.name for path in (folder / "parts").iterdir()) == [
        f"{part}.{suffix}" for part in ("dev", "test", "train")
    ]


def test_parts_do_not_go_to_stdout(nlpcli, folder):
    assert "hint: name it: -o parts" in nlpcli("split", "t.csv", "-o", "-", code=1).err
    assert not (folder / "-").exists()
