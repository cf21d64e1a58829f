"""`inspect` and `merge`, which serve more than one kind of file."""

import json

import pytest

from tests.command_line import ROOT

ROWS = [
    f"{label}\t{text}\n"
    for label, text in [("a", "red red wine"), ("b", "blue sea"), ("a", "wine"), ("b", "sea")]
]


def table(path, rows):
    path.write_text("label\ttext\n" + "".join(rows))
    return path


def test_merged_classifiers_have_the_bytes_of_training_on_all_the_text(nlpcli, tmp_path):
    for name, rows in (("one", ROWS[:2]), ("two", ROWS[2:]), ("all", ROWS)):
        nlpcli("train-nb", table(tmp_path / f"{name}.tsv", rows), "-o", f"{name}.safetensors")
    nlpcli("merge", "one.safetensors", "two.safetensors", "-o", "sum.safetensors")
    assert (tmp_path / "sum.safetensors").read_bytes() == (tmp_path / "all.safetensors").read_bytes()


def test_merged_counts_have_the_bytes_of_counting_all_the_text(nlpcli, tmp_path):
    texts = ["I like deep learning\nI like NLP\n", "I enjoy flying\n"]
    for name, text in (("one", texts[0]), ("two", texts[1]), ("all", "".join(texts))):
        nlpcli("cooccur", "--window", "1", "-o", f"{name}.npz", input=text)
    nlpcli("merge", "one.npz", "two.npz", "-o", "sum.npz")
    assert (tmp_path / "sum.npz").read_bytes() == (tmp_path / "all.npz").read_bytes()


def test_models_of_another_kind_are_not_added_up(nlpcli, tmp_path):
    nlpcli("vectorize", "--save-model", "v.safetensors", input="a b\n")
    nlpcli("train-nb", table(tmp_path / "t.tsv", ROWS), "-o", "nb.safetensors")
    stderr = nlpcli("merge", "nb.safetensors", "v.safetensors", "-o", "sum", code=1).stderr.decode()
    assert "is a vectorizer model" in stderr
    assert not (tmp_path / "sum").exists()


def test_the_most_telling_features_of_a_class_are_shown(nlpcli, tmp_path):
    nlpcli(
        "train-nb",
        table(tmp_path / "t.tsv", ROWS),
        "-o",
        "nb.safetensors",
        "--ngrams",
        "1",
        "--char-ngrams",
        "0",
    )
    lines = nlpcli("inspect", "nb.safetensors", "--top", "1").stdout.decode().splitlines()
    assert [line.split("\t")[:2] for line in lines[1:]] == [["a", "wine"], ["b", "sea"]]


@pytest.mark.parametrize("name", ["vectors", "seq2seq", "tagger", "recurrent-classifier"])
def test_what_has_no_telling_features_says_so(nlpcli, name):
    done = nlpcli("inspect", MODELS / f"{name}.safetensors", "-n", 3, code=2)
    assert f"--top does nothing with a file of the kind {name}: a classifier of train-nb" in done.err


@pytest.mark.parametrize("damage", [b"", b"not a model", b"\xff" * 64])
def test_what_is_no_model_is_said_to_be_none(nlpcli, tmp_path, damage):
    (tmp_path / "m").write_bytes(damage)
    assert b"is not a model file" in nlpcli("inspect", "m", code=1).stderr


def test_inspect_prints_a_header_other_tools_can_read(nlpcli):
    nlpcli("vectorize", "--save-model", "v.safetensors", "--quiet", input="a b\nb\n")
    record = json.loads(nlpcli("inspect", "v.safetensors", "--json").stdout)
    assert record["kind"] == "vectorizer" and record["documents"] == 2
    assert record["tensors"]["document_frequencies"]["shape"] == [2]
    assert "(verified)" in nlpcli("inspect", "--verify", "v.safetensors").stdout.decode()


# --- inspect opens everything ---------------------------------------------------------------

MODELS = ROOT / "tests" / "models"
TEXT = "a king and a queen\nthe king eats rice\nthe queen drinks tea\n"


def rows_of(nlpcli, path):
    lines = nlpcli("inspect", path).out.splitlines()
    return dict(line.split("\t", 1) for line in lines), [line.split("\t")[0] for line in lines]


@pytest.mark.parametrize("path", sorted(MODELS.glob("*")), ids=lambda path: path.name)
def test_every_kind_of_model_begins_with_a_summary(nlpcli, path):
    if path.suffix == ".json":
        pytest.skip("what another program says of a model")
    rows, order = rows_of(nlpcli, path)
    assert order[:3] == ["what", "kind", "summary"] and len(rows["summary"].split()) >= 2
    record = json.loads(nlpcli("inspect", path, "--json").out)
    assert record["summary"] == rows["summary"] and [*record][:2] == ["kind", "summary"]


def test_settings_that_are_not_the_usual_ones_come_first(nlpcli, tmp_path):
    (tmp_path / "t").write_text(TEXT * 9)
    nlpcli("train-w2v", "t", "-o", "w.safetensors", "--dim", 4, "--epochs", 2, "--stopwords", "en")
    rows, order = rows_of(nlpcli, "w.safetensors")
    assert rows["settings.dim"] == "4 (default 100)" and rows["settings.epochs"] == "2 (default 5)"
    assert "(default none)" in rows["analysis.stopwords"]
    first = order[3 : order.index("analysis.drop_pos")]
    assert {"settings.dim", "settings.epochs", "analysis.lowercase", "analysis.stopwords"} <= {*first}
    assert all("(default " in rows[name] for name in first)
    assert len(order) == len({*order})
    changed = json.loads(nlpcli("inspect", "w.safetensors", "--json").out)["changed"]
    assert changed["settings.dim"] == 4 and "settings.negative" not in changed


WRITTEN = {
    "v.npz": (["vectorize", "t"], "matrix of documents", "27 rows × 9 columns"),
    "v.npy": (["vectorize", "t"], "array", "27 × 9"),
    "v.mtx": (["vectorize", "t"], "Matrix Market", "27 rows × 9 columns"),
    "v.svm": (["vectorize", "t"], "svmlight", "27 rows"),
    "v.jsonl": (["vectorize", "t"], "JSON lines", "27 objects"),
    "v.csv": (["vectorize", "t"], "table", "27 rows and 9 columns"),
    "c.npz": (["cooccur", "t"], "co-occurrence counts", "9 words"),
    "counts.txt": (["count", "t"], "vocabulary", "9 tokens, seen 117 times"),
    "k.html": (["keywords", "t", "--chart", "k.html"], "page", "no other file and no network"),
    "report.html": (["report", "t"], "page", "Report: t"),
    "w.vec": (["train-w2v", "t", "--dim", 4, "--epochs", 1, "--min-count", 1], "word vectors", "9 words, 4"),
    "w.bin": (["train-w2v", "t", "--dim", 4, "--epochs", 1, "--min-count", 1], "word vectors", "9 words, 4"),
    "w.glove": (["train-w2v", "t", "--dim", 4, "--epochs", 1, "--min-count", 1], "word vectors", "9 words"),
    "s.model": (["train-subword", "t", "--vocab-size", 280], "subwords", "280 subwords"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_else_is_written_is_opened_too(nlpcli, tmp_path, name):
    (tmp_path / "t").write_text(TEXT * 9)
    command, kind, said = WRITTEN[name]
    nlpcli(*command, *([] if "--chart" in command else ["-o", name]), "-q")
    rows, order = rows_of(nlpcli, name)
    assert kind in rows["kind"] and said in rows["summary"] and order[1:3] == ["kind", "summary"]
    assert json.loads(nlpcli("inspect", name, "--json").out)["kind"] == rows["kind"]


def test_pictures_say_how_large_they_are(nlpcli, tmp_path):
    pytest.importorskip("matplotlib")
    for name, said in (("p.png", "1,500 × 1,125 pixels"), ("p.svg", "a drawing")):
        nlpcli("plot", MODELS / "vectors.vec", "-o", name, "-q")
        assert said in rows_of(nlpcli, name)[0]["summary"]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + bytes(40), b"\x93NUMPY\x01\x00", b"%%MatrixMarket\n", b"\n\x05\n\x01a"]
)
def test_damaged_files_are_errors(nlpcli, tmp_path, content):
    (tmp_path / "m.npz").write_bytes(content)
    assert "m.npz is" in nlpcli("inspect", "m.npz", code=1).err


@pytest.mark.parametrize("call", [["classify"], ["chat"], ["topics"]])
def test_a_text_in_the_place_of_a_model(nlpcli, tmp_path, call):
    (tmp_path / "t.csv").write_text("text\ngood\n")
    done = nlpcli(*call, tmp_path / "t.csv", code=1)
    assert "t.csv is not a model file" in done.err and "a model comes first" in done.err
