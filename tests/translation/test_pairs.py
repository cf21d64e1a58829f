"""Pairs in tables: columns that are found or not, empty sides, and what is said in the words of pairs."""

from __future__ import annotations

import json
import re

import pytest

from nlpcli.engine.translation.pairs import Reading, TextPairs, read_pairs
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import RecordSettings
from nlpcli.settings.translation import TargetSettings

ROWS = [("one cat", "한 마리"), ("", "빈 줄"), ("two dogs", ""), ("three", "셋")]
WHOLE = TextPairs(["one cat", "three"], ["한 마리", "셋"])


class Told:
    def __init__(self):
        self.notes, self.losses = [], []

    def note(self, text):
        self.notes.append(text)

    def lost(self, text):
        self.losses.append(text)

    def update(self, *_):
        pass


def how(text_col=None, target_col=None, noise="none", **records):
    return Reading(RecordSettings(text_col=text_col, **records), TargetSettings(target_col), noise=noise)


@pytest.fixture
def tables(tmp_path):
    csv, tsv, lines = (tmp_path / f"pairs.{end}" for end in ("csv", "tsv", "jsonl"))
    csv.write_text("en,ko\n" + "".join(f"{one},{other}\n" for one, other in ROWS))
    tsv.write_text(csv.read_text().replace(",", "\t"))
    objects = ({"source": one or None, "target": other} for one, other in ROWS)
    lines.write_text("".join(json.dumps(one) + "\n" for one in objects))
    return {path.suffix[1:]: str(path) for path in (csv, tsv, lines)}


@pytest.mark.parametrize(
    ("end", "columns"),
    [("csv", ()), ("csv", ("en", "ko")), ("csv", ("1", "2")), ("tsv", ()), ("tsv", ("en", "ko")),
     ("tsv", ("1", "2")), ("jsonl", ())],
)  # fmt: skip
def test_an_empty_side_is_left_out_and_a_line_of_names_is_no_pair_in_any_layout(tables, end, columns):
    told = Told()
    assert read_pairs([tables[end]], how(*columns), told) == WHOLE
    assert [re.sub(r"first: .*", "", loss) for loss in told.losses] == [
        "2 pairs have an empty side and are left out (the "
    ]
    names = [note for note in told.notes if "taken as the names of the columns (en, ko)" in note]
    assert told.notes == names
    assert len(names) == (end != "jsonl" and columns != ("en", "ko"))


def test_a_parquet_file_needs_no_names(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = str(tmp_path / "pairs.parquet")
    parquet.write_table(arrow.table({"a": [one for one, _ in ROWS], "b": [other for _, other in ROWS]}), path)
    assert read_pairs([path]) == WHOLE


@pytest.mark.parametrize(
    ("end", "reading", "message", "hint"),
    [
        ("csv", how("en"), "no column is called 'target'", "--text-col and --target-col name"),
        (
            "csv",
            how(None, "ko"),
            "no column is called 'source'",
            "--text-col and --target-col name",
        ),
        ("csv", how("en", "fr"), "no column is called 'fr'", "--target-col is one of these names"),
        ("csv", how("1", "9"), "there is no column 9", "--target-col is a header name or a number"),
        ("csv", how("en", "en"), "in the same column", "see --text-col, --target-col"),
        ("jsonl", how("en", "ko"), "no field 'en'; there are: source, target", None),
        ("jsonl", how(None, "ko"), "no field 'ko'", "--text-col and --target-col name"),
    ],
)
def test_an_error_of_a_table_names_the_options_of_pairs(tables, end, reading, message, hint):
    with pytest.raises(InputError, match=message) as found:
        read_pairs([tables[end]], reading)
    assert (found.value.hint or "").startswith(hint or "")
    assert "label" not in (found.value.hint or "")


@pytest.mark.parametrize("idle", [{"label_col": "a"}, {"label_sep": ","}, {"multi_label": "each"}])
def test_options_of_labels_have_no_place(tables, idle):
    option = "--" + next(iter(idle)).replace("_", "-")
    with pytest.raises(SettingsError, match=f"{option} has no place among pairs"):
        read_pairs([tables["csv"]], how(**idle))
    with pytest.raises(SettingsError, match=f"{option} has no place beside --noise"):
        read_pairs([tables["csv"]], how(noise="spaces", **idle))


def test_noise_takes_the_texts_of_a_column(tables):
    assert read_pairs([tables["csv"]], how("en", noise="spaces")).targets == ["one cat", "two dogs", "three"]
    with pytest.raises(SettingsError, match="--target-col has no place beside --noise"):
        read_pairs([tables["csv"]], how("en", "ko", noise="spaces"))


def test_the_file_without_pairs_is_named(tmp_path):
    path = tmp_path / "dev.tsv"
    path.write_text("en\tko\n")
    with pytest.raises(InputError, match=r"there are no pairs in .*dev\.tsv"):
        read_pairs([str(path)])
