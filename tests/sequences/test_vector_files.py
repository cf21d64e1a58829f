"""Rows of numbers from tables and files of arrays, learnt from and judged by the commands; errors."""

import json
from pathlib import Path

import numpy as np
import pytest

import nlpcli
from nlpcli.engine import jobs
from nlpcli.engine.sequences.vector_examples import read_vectors
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings, RecordSettings

torch = pytest.importorskip("torch")

SAMPLE = str(Path(__file__).parents[2] / "sample_corpora" / "blood_pressure.tsv")
COLUMNS = "height,weight,age"
SMALL = {"cell": "none", "rnn_size": 4, "epochs": 20, "learning_rate": 0.05, "dropout": 0.0}


def test_a_table_is_learnt_classified_explained_and_measured(tmp_path):
    output = str(tmp_path / "m")
    outcome = jobs.train_rnn(SAMPLE, output, vector_col=COLUMNS, test=SAMPLE, **SMALL)
    assert outcome.evaluations["test"].accuracy > 0.85
    assert jobs.evaluate(output, SAMPLE).accuracy == outcome.evaluations["test"].accuracy
    mistakes = jobs.evaluate(output, SAMPLE, mistakes=1).mistakes
    assert mistakes[0].text.startswith("height=")
    assert jobs.classify(output, ["165 95 70", "180 65 22"]) == ["high", "low"]
    record = json.loads(jobs.classify(output, ["165 95 70"], explain=True, jsonl=True)[0])
    assert [name for name, _ in record["tokens"]] == COLUMNS.split(",")
    odds = record["start"] + sum(share for _, share in record["tokens"])
    chance = nlpcli.load(output).probabilities(["165 95 70"])[0, 0]
    assert odds == pytest.approx(np.log(chance / (1 - chance)), abs=0.01)
    line = jobs.classify(output, ["165 95 70"], top_k=2, explain=True)[0].split("\t")
    assert line[0::2][:2] == ["high", "low"] and "age:" in line[4]


def test_columns_are_found_by_name_by_number_in_json_and_in_one_cell(tmp_path):
    rows = [line.split("\t") for line in Path(SAMPLE).read_text().splitlines()[1:]]
    (tmp_path / "t.csv").write_text(
        "name,blood_pressure,age,height,weight\n" + "".join(f"x,{p},{a},{h},{w}\n" for h, w, a, p in rows)
    )
    (tmp_path / "t.jsonl").write_text(
        "".join(json.dumps({"v": [int(h), int(w), int(a)], "p": p}) + "\n" for h, w, a, p in rows)
    )
    (tmp_path / "t.tsv").write_text("".join(f"[{h}, {w}, {a}]\t{p}\n" for h, w, a, p in rows))
    plain = jobs.train_rnn(SAMPLE, str(tmp_path / "m"), vector_col=COLUMNS, **SMALL).model
    named = {**SMALL, "vector_col": COLUMNS, "label_col": "blood_pressure"}
    others = [
        jobs.train_rnn(str(tmp_path / "t.csv"), str(tmp_path / "o"), **named),
        jobs.train_rnn(SAMPLE, str(tmp_path / "o"), vector_col="1,2,3", **SMALL),
        jobs.train_rnn(str(tmp_path / "t.jsonl"), str(tmp_path / "o"), vector_col="v", **SMALL),
        jobs.train_rnn(str(tmp_path / "t.tsv"), str(tmp_path / "o"), vector_col="1", label_col="2", **SMALL),
    ]  # fmt: skip
    for other in others:
        assert all((other.model.weights[name] == plain.weights[name]).all() for name in plain.weights)
    assert others[0].model.inputs.columns == others[1].model.inputs.columns == ("height", "weight", "age")
    assert others[2].model.inputs.columns == ("v[1]", "v[2]", "v[3]")
    # The columns of the training are found in another table, in any order.
    expected = plain.classify([list(map(float, row[:3])) for row in rows])
    jobs.classify(str(tmp_path / "m"), str(tmp_path / "t.csv"), str(tmp_path / "found"))
    assert (tmp_path / "found").read_text().split() == expected


@pytest.mark.parametrize("sparse", [True, False])
def test_files_of_arrays_are_learnt_from(tmp_path, sparse):
    rows = [line.split("\t") for line in Path(SAMPLE).read_text().splitlines()[1:]]
    vectors = np.array([row[:3] for row in rows], float)
    labels = np.frombuffer("\n".join(row[3] for row in rows).encode(), np.uint8)
    path = str(tmp_path / "rows.npz")
    if sparse:
        indptr = np.arange(len(rows) + 1, dtype=np.int32) * 3
        indices = np.tile(np.arange(3, dtype=np.int32), len(rows))
        shape = np.array(vectors.shape)
        np.savez(path, data=vectors.reshape(-1), indices=indices, indptr=indptr, shape=shape, labels=labels)
    else:
        np.savez(path, vectors=vectors, labels=labels)
    plain = jobs.train_rnn(SAMPLE, str(tmp_path / "p"), vector_col=COLUMNS, **SMALL).model
    outcome = jobs.train_rnn(path, str(tmp_path / "m"), test=path, **SMALL)
    assert all((outcome.model.weights[name] == plain.weights[name]).all() for name in plain.weights)
    assert jobs.evaluate(str(tmp_path / "m"), path).accuracy == outcome.evaluations["test"].accuracy
    jobs.classify(str(tmp_path / "m"), path, str(tmp_path / "found"))
    assert (tmp_path / "found").read_text().split() == outcome.model.classify(vectors)


def test_rows_of_vectorize_are_learnt_from(tmp_path):
    (tmp_path / "films.tsv").write_text("label\ttext\n" + "pos\ta good film\nneg\ta bad film\n" * 20)
    path, other = str(tmp_path / "films.npz"), str(tmp_path / "other.npz")
    jobs.vectorize(str(tmp_path / "films.tsv"), path, text_col="text", label_col="label")
    model = jobs.train_rnn(path, str(tmp_path / "m"), test=path, **SMALL)
    assert model.evaluations["test"].accuracy == 1
    assert model.model.inputs.columns == ("a", "film", "good", "bad")
    (tmp_path / "else.tsv").write_text("label\ttext\npos\tother words than those\n")
    jobs.vectorize(str(tmp_path / "else.tsv"), other, text_col="text", label_col="label")
    with pytest.raises(InputError, match="its column 'other' is 'a' where was learnt"):
        jobs.evaluate(str(tmp_path / "m"), other)


def test_labels_and_numbers_are_answers_too(tmp_path):
    table = "".join(f"{a}\t{b}\t{','.join(n for n, x in (('a', a), ('b', b)) if x > 0)}\n"
                    for a in range(-4, 5) for b in range(-4, 5))  # fmt: skip
    (tmp_path / "l.tsv").write_text("x\ty\tsigns\n" + table)
    sizes = {**SMALL, "vector_col": "x,y", "epochs": 60, "num_layers": 0}
    output = str(tmp_path / "m")
    jobs.train_rnn(str(tmp_path / "l.tsv"), output, label_col="signs", label_sep=",", **sizes)
    assert nlpcli.load(output).classify([[4, 4], [4, -4], [-4, -4]]) == [("a", "b"), ("a",), ()]
    assert jobs.evaluate(output, str(tmp_path / "l.tsv"), label_col="signs").micro().f1 > 0.9
    numbers = "".join(f"{a}\t{b}\t{3 * a - b + 0.5}\n" for a in range(-4, 5) for b in range(-4, 5))
    (tmp_path / "n.tsv").write_text("x\ty\tz\n" + numbers)
    jobs.train_rnn(str(tmp_path / "n.tsv"), output, **sizes)
    assert nlpcli.load(output).classify([[2, 1]]) == [pytest.approx(5.5, abs=0.3)]


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("1\tx\tlow", "t.tsv:3: column b holds 'x', which is no number"),
        ("1\t\tlow", "t.tsv:3: column b is empty"),
        ("1\tnan\tlow", "t.tsv:3: column b holds nan, and numbers are finite"),
        ("-inf\t2\tlow", "t.tsv:3: column a holds -inf, and numbers are finite"),
        ("1e16\t2\tlow", "t.tsv:3: column a holds 1e16"),
        ("1\t2,5\tlow", "t.tsv:3: column b holds '2,5', which is no number"),
        ("1\t1_000\tlow", "no number"),
        ("1", "t.tsv:3: 1 field, the columns asked for need at least 3"),
    ],
)
def test_cells_that_are_no_numbers_are_told_with_their_place(tmp_path, cells, message):
    (tmp_path / "t.tsv").write_text(f"a\tb\tlabel\n1\t2\thigh\n{cells}\n")
    with pytest.raises(InputError, match=message) as caught:
        jobs.train_rnn(str(tmp_path / "t.tsv"), str(tmp_path / "m"), vector_col="a,b", **SMALL)
    assert ("decimal point" in str(caught.value.hint)) == ("2,5" in cells)
    assert not (tmp_path / "m").exists()


def test_other_errors_of_tables(tmp_path):
    def fails(text, match, error=InputError, name="t.tsv", **more):
        (tmp_path / name).write_text(text)
        with pytest.raises(error, match=match):
            jobs.train_rnn(str(tmp_path / name), str(tmp_path / "m"), **{**SMALL, "vector_col": "v", **more})

    fails("v\tlabel\n1 2\tx\n1 2 3\ty\n", r"t.tsv:3: column v holds 3 numbers, where .*t.tsv:2 has 2")
    fails("a\tlabel\n1\tx\n", "no column is called 'v'; there are: a, label")
    fails("v\ta\tb\n1\t2\t3\n", "which column is the label")
    fails("v\tlabel\n1\tx\n2\tx\n", "only one class: all 2 rows are labelled 'x'")
    fails("v\tlabel\n1\tx\n", "'label' is the label, and a column of --vector-col too", vector_col="v,label")
    fails("__label__a 1 2\n", "there are no columns for --vector-col", name="t.txt")
    fails('{"v": [1, null], "label": "x"}\n', "holds 'null', which is no number", name="t.jsonl")
    fails('{"v": true, "label": "x"}\n', "holds 'true', which is no number", name="t.jsonl")
    fails("v\tlabel\n1\tx\n", "--vector-col cannot be 'v,'", SettingsError, vector_col="v,")
    fails("v\tlabel\n1\tx\n", "--text-col is for texts, and --cell none learns", SettingsError, text_col="v")


@pytest.mark.parametrize(
    ("option", "settings"),
    [
        ("--pooling", {"pooling": "max"}), ("--bidirectional", {"bidirectional": True}),
        ("--tokenizer", {"tokenizer": "char"}), ("--vectors", {"vectors": SAMPLE}), ("--lm", {"lm": SAMPLE}),
        ("--init", {"init": SAMPLE}), ("--blend", {"blend": SAMPLE}),
        ("--word-dropout", {"word_dropout": 0.1}),
        ("--text-col", {"text_col": "height", "vector_col": None}), ("--max-words", {"max_words": 9}),
    ],
)  # fmt: skip
def test_options_of_texts_have_no_place(tmp_path, option, settings):
    with pytest.raises(SettingsError, match=f"{option} is for texts, and --cell none learns from rows"):
        jobs.train_rnn(SAMPLE, str(tmp_path / "m"), **{**SMALL, "vector_col": COLUMNS, **settings})


def test_numbers_and_cells_go_together(tmp_path):
    output = str(tmp_path / "m")
    with pytest.raises(SettingsError, match="which columns hold them"):
        jobs.train_rnn(SAMPLE, output, cell="none")
    with pytest.raises(SettingsError, match="--vector-col: rows of numbers are for --cell none"):
        jobs.train_rnn(SAMPLE, output, vector_col=COLUMNS)
    with pytest.raises(TypeError, match="no argument 'vector_col'"):
        jobs.train_nb(SAMPLE, output, vector_col=COLUMNS)
    with pytest.raises(SettingsError, match="--num-layers 0 is for --cell none"):
        jobs.train_rnn(SAMPLE, output, num_layers=0)
    jobs.train_rnn(SAMPLE, output, vector_col=COLUMNS, **SMALL)
    for text, message in (
        ("1 2", "a row has 2 numbers, and the model takes 3"),
        ("a b c", "no row of numbers"),
    ):
        with pytest.raises(InputError, match=message):
            jobs.classify(output, [text])
    with pytest.raises(SettingsError, match="the model judges rows of numbers"):
        jobs.evaluate(output, SAMPLE, text_col="height")


def test_files_of_arrays_that_are_none_are_told(tmp_path):
    path = str(tmp_path / "a.npz")
    for arrays, message in (
        ({"vectors": np.ones((3, 2))}, "it has no labels"),
        ({"vectors": np.ones((3, 2)), "labels": np.arange(2)}, "2 labels for 3 rows"),
        ({"vectors": np.full((3, 2), np.nan), "labels": np.arange(3)}, "no rows of numbers"),
        ({"other": np.ones(3)}, "no rows of numbers"),
    ):
        np.savez(path, **arrays)
        with pytest.raises(InputError, match=message):
            jobs.train_rnn(path, str(tmp_path / "m"), **SMALL)
    with pytest.raises(SettingsError, match="--vector-col is for tables"):
        jobs.train_rnn(path, str(tmp_path / "m"), vector_col="1", **SMALL)
    with pytest.raises(SettingsError, match="rows of numbers are for --cell none"):
        jobs.train_rnn(path, str(tmp_path / "m"))


def test_the_command_line_refuses_options_that_are_given_and_reads_rows_from_a_pipe(nlpcli, tmp_path):
    asked = ("train-rnn", SAMPLE, "--cell", "none", "--vector-col", COLUMNS, "-o", "m")
    for option in ("--bidirectional", "--max-words=500", "--lowercase"):  # as they are anyway
        done = nlpcli(*asked, option, code=2)
        assert f"error: {option.split('=')[0]} is for texts" in done.err
    assert not (tmp_path / "m").exists()
    done = nlpcli(*asked, "--rnn-size", 4, "--epochs", 20, "--lr", 0.05, "--val-frac", 0.2)
    assert "rows of 3 numbers" in done.err
    assert nlpcli("classify", "m", input="165 95 70\n180\t65\t22\n").out == "high\nlow\n"
    assert nlpcli("classify", "m", "--format", "csv", input="age,weight,height\n70,95,165\n").out == "high\n"
    done = nlpcli("classify", "m", input="165 95 70\n\n", code=1)
    assert "<stdin>:2: the line is empty" in done.err
    done = nlpcli("evaluate", "m", SAMPLE, "--errors", 2, "--plot", "c.html")
    assert "height=" in done.out and (tmp_path / "c.html").exists()


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (np.array([b"no", b"yes"] * 3), ("no", "yes")),
        (np.array([3, 12] * 3), ("12", "3")),
        (np.array([0, 1] * 3, np.uint8), ("0", "1")),
        (np.frombuffer("예\n아니오\n예\n예\n예\n예".encode(), np.uint8), ("아니오", "예")),
    ],
)
def test_labels_of_arrays_are_strings_numbers_or_lines(tmp_path, labels, names):
    path = str(tmp_path / "a.npz")
    np.savez(path, vectors=np.arange(12, dtype=np.float16).reshape(6, 2), labels=labels)
    found = read_vectors([path], RecordSettings(), InputSettings())
    assert found.names == names and found.columns == ("1", "2")
    assert found.vectors.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]
    assert found.names[found.labels[1]] == {"yes": "yes", "3": "12", "1": "1", "예": "아니오"}[names[1]]


def test_sparse_rows_are_filled_and_too_many_numbers_are_told(tmp_path):
    path = str(tmp_path / "a.npz")
    rows = {"data": np.array([2.0, 3, 4]), "indices": np.array([1, 1, 0], np.int32), "labels": np.arange(2)}
    np.savez(path, indptr=np.array([0, 2, 3], np.int32), shape=np.array([2, 3]), **rows)
    assert read_vectors([path], RecordSettings(), InputSettings()).vectors.tolist() == [[0, 5, 0], [4, 0, 0]]
    np.savez(path, indptr=np.array([0, 2, 3], np.int32), shape=np.array([2, 2**30]), **rows)
    with pytest.raises(InputError, match="numbers are more than can be learnt from at once"):
        read_vectors([path], RecordSettings(), InputSettings())
