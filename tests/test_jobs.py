"""The Python API: what each command writes its function writes, byte for byte; and it is pleasant."""

import inspect
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import nlpcli
from nlpcli.commands import COMMANDS, Command
from nlpcli.engine import jobs
from nlpcli.errors import ModelError, SettingsError
from tests import jobs_stub

MODELS = Path(__file__).parent / "models"
TEXT = "a king and a queen\nthe king eats rice\nthe queen drinks tea\n" * 20
TABLE = "label\ttext\n" + "pos\tgood film\nneg\tbad film\npos\ta good story\nneg\tdull acting\n" * 6
SMALL = {"dim": 8, "min_count": 2, "epochs": 2}
COLUMNS = {"text_col": "text", "label_col": "label"}


@dataclass(frozen=True)
class Row:
    """A command that writes a file: what it reads (a list is one argument of the function), the
    extension of what it writes, and its settings, whose names are those of the options."""

    command: str
    inputs: list
    suffix: str
    settings: dict = field(default_factory=dict)
    output: str = "-o"  # how the command is told the file, nothing if by its place

    def options(self):
        """The settings as a user writes them: dim=8 is --dim 8, lowercase=True is --lowercase."""
        return [
            word
            for name, value in self.settings.items()
            for word in ("--" + name.replace("_", "-"), *(() if value is True else (value,)))
        ]


QUESTIONS = json.dumps(
    {"data": [{"paragraphs": [{"context": "The king drinks tea.", "qas": [
        {"question": "Who drinks?", "answers": [{"text": "The king", "answer_start": 0}]}]}]}]}
)  # fmt: skip
ROWS = [
    Row("tokenize", ["text"], "txt", {"lowercase": True}),
    Row("tokenize", ["text"], "tsv", {"format": "tsv", "offsets": True}),
    Row("normalize", ["text"], "txt", {"unicode": "nfkc", "squeeze_repeats": 1}),
    Row("train-subword", ["text"], "model", {"vocab_size": 280}),
    Row("detokenize", ["pieces"], "txt", {"model": MODELS / "sentencepiece.model"}),
    Row("count", ["text"], "tsv", {"lowercase": True, "ngrams": "1-2"}),
    Row("vectorize", ["text"], "npz"),
    Row("vectorize", ["table.tsv"], "svm", COLUMNS),
    Row("dedup", ["table.tsv"], "tsv"),
    Row("language", ["table.tsv"], "tsv", {"among": "ko,en"}),
    Row("report", ["table.tsv"], "html", COLUMNS),
    Row("train-topics", ["text"], "safetensors", {"num_topics": 2, "iterations": 5, "max_df": 1.0}),
    Row("topics", [MODELS / "topics.safetensors", "text"], "tsv"),
    Row("summarize", ["text"], "csv", {"sentences": "1"}),
    Row("classify", [MODELS / "naive-bayes.safetensors", "table.tsv"], "csv",
        {"text_col": "text", "output_encoding": "utf-8-sig"}),
    Row("vectorize", ["table.tsv"], "jsonl", {"text_col": "text", "top": 2}),
    Row("index", ["text"], "safetensors"),
    Row("train-reader", ["questions.json"], "safetensors", {"epochs": 2, "buckets": 1024}),
    Row("train-nb", ["table.tsv"], "safetensors", COLUMNS),
    Row("classify", [MODELS / "naive-bayes.safetensors", "text"], "tsv"),
    Row("classify", [MODELS / "naive-bayes.safetensors", "text"], "tsv", {"top_k": 2, "explain": True}),
    Row("classify", [MODELS / "linear-classifier.safetensors", "text"], "jsonl", {"jsonl": True}),
    Row("train-rnn", ["table.tsv"], "safetensors", {**COLUMNS, "rnn_size": 8, "epochs": 2}),
    Row("train-rnn", ["table.tsv"], "safetensors", {**COLUMNS, "rnn_size": 8, "epochs": 2, "label_sep": ","}),
    Row("train-rnn", ["pairs.tsv"], "safetensors",
        {"text_col": "1", "text2_col": "2", "rnn_size": 8, "epochs": 2, "label_type": "number"}),
    Row("classify", [MODELS / "recurrent-classifier-pairs.safetensors", "pairs.tsv"], "tsv",
        {"text_col": "1", "text2_col": "2"}),
    Row("classify", [MODELS / "recurrent-classifier-labels.safetensors", "text"], "jsonl",
        {"jsonl": True, "threshold": 0.2}),
    Row("train-rnn", ["people.tsv"], "safetensors",
        {"cell": "none", "vector_col": "height,age", "rnn_size": 8, "epochs": 2}),
    Row("classify", [MODELS / "vector-classifier.safetensors", "people.tsv"], "tsv", {"explain": True}),
    Row("train-tagger", ["tagged"], "safetensors", {"hash_bits": 8, "epochs": 2}),
    Row("tag", [MODELS / "tagger.safetensors", "text"], "txt"),
    Row("tag", [MODELS / "tagger.safetensors", "text"], "jsonl", {"format": "jsonl", "proba": True}),
    Row("train-seq2seq", ["table.tsv"], "safetensors",
        {"text_col": "text", "target_col": "label", "unit": "char", "rnn_size": 8, "epochs": 2}),
    Row("translate", [MODELS / "seq2seq.safetensors", "text"], "txt"),
    Row("translate", [MODELS / "seq2seq.safetensors", "text"], "jsonl", {"jsonl": True, "n_best": 2}),
    Row("train-w2v", ["text"], "safetensors", SMALL),
    Row("train-fasttext", ["text"], "vec", {**SMALL, "bucket": 1000}),
    Row("train-glove", ["text"], "txt", {**SMALL, "window_size": 2}),
    Row("cooccur", ["text"], "npz", {"lowercase": True, "window_size": 3}),
    Row("cooccur", ["text"], "tsv"),
    Row("cooccur", ["text"], "tsv", {"pairs": True}),
    Row("convert", [MODELS / "word2vec.safetensors"], "vec", output=""),
    Row("plot", [MODELS / "word2vec.safetensors"], "html"),
    Row("train-charlm", ["text"], "safetensors",
        {"rnn_size": 16, "epochs": 1, "batch_size": 4, "seq_length": 8, "threads": 1}),
    Row("train-charlm", ["table.tsv"], "safetensors", {**COLUMNS, "rnn_size": 16, "epochs": 1}),
    Row("generate", [MODELS / "charlm-label.safetensors"], "jsonl",
        {"label": "duck", "num_samples": 3, "guidance": 1.5, "jsonl": True}),
    Row("index", ["table.tsv"], "safetensors", {"text_col": "text", "answer_col": "label"}),
    Row("train-charlm", ["text"], "safetensors",
        {"cell": "transformer", "num_heads": 2, "context": 8, "rnn_size": 8, "epochs": 1, "batch_size": 4}),
    Row("train-mlm", ["text"], "safetensors",
        {"rnn_size": 8, "word_dim": 8, "epochs": 1, "cell": "transformer"}),
    Row("generate", [MODELS / "charlm.safetensors"], "txt", {"prime": "the", "length": 40}),
    Row("activations", [MODELS / "charlm.safetensors", "known"], "html"),
    Row("activations", [MODELS / "charlm-transformer.safetensors", "known"], "html", {"layer": 0}),
    Row("gradients", [[MODELS / "charlm.safetensors"], "known"], "tsv", {"steps": 3}),
    Row("merge", [[MODELS / "naive-bayes.safetensors"] * 2], "safetensors"),
    Row("merge", [[MODELS / "counts.npz"] * 2], "npz"),
    Row("merge", [[MODELS / "topics.safetensors"] * 2], "safetensors"),
]  # fmt: skip


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "tagged").write_text("the/D king/N eats/V\nthe/D queen/N drinks/V tea/N\n" * 6)
    (tmp_path / "known").write_text("the king and the queen\n" * 9)
    (tmp_path / "pieces").write_text("▁the ▁ k i n g\n")
    (tmp_path / "table.tsv").write_text(TABLE)
    (tmp_path / "pairs.tsv").write_text("the king\tthe queen\t1.5\nthe king\tking\t4\ntea\tthe tea\t5\n" * 5)
    (tmp_path / "questions.json").write_text(QUESTIONS)
    (tmp_path / "people.tsv").write_text("height\tage\tpressure\n150\t70\thigh\n180\t20\tlow\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def job_of(command):
    return getattr(jobs, Command.function(command))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.command}-{row.suffix}")
def test_a_job_writes_what_its_command_writes(files, nlpcli, row):
    job_of(row.command)(*row.inputs, output=files / f"job.{row.suffix}", **row.settings)
    flat = [one for given in row.inputs for one in (given if isinstance(given, list) else [given])]
    output = [row.output, f"command.{row.suffix}"] if row.output else [f"command.{row.suffix}"]
    nlpcli(row.command, *flat, *output, *row.options())
    assert (files / f"job.{row.suffix}").read_bytes() == (files / f"command.{row.suffix}").read_bytes()


def test_every_command_that_writes_a_file_is_among_them():
    writing = {name for name in COMMANDS if "output" in inspect.signature(job_of(name)).parameters}
    assert writing == {row.command for row in ROWS}


# --- plain keywords -------------------------------------------------------------------------


def test_an_unknown_keyword_is_a_type_error_with_the_nearest_known_one():
    with pytest.raises(
        TypeError, match=r"train_w2v\(\) has no argument 'min_cuont': did you mean 'min_count'"
    ):
        nlpcli.train_w2v(["text"], "w.safetensors", min_cuont=3)


@pytest.mark.parametrize(
    ("job", "settings", "option"),
    [
        ("train_w2v", {"dim": 0}, "--dim must be at least 1"),
        ("train_nb", {"variant": "gaussian"}, "--method cannot be 'gaussian'"),
        ("train_nb", {"holdout": 2}, "--holdout must be at most 0.9"),
        ("train_nb", {"cross_validate": 1}, "--cross-validate needs at least 2 parts"),
        ("train_glove", {"epochs": "many"}, "--epochs must be a whole number"),
    ],
)
def test_a_value_out_of_bounds_is_the_error_of_its_settings(tmp_path, job, settings, option):
    with pytest.raises(SettingsError, match=option):
        getattr(nlpcli, job)(["text"], str(tmp_path / "out.safetensors"), **settings)
    assert not [*tmp_path.iterdir()]


def test_settings_may_be_an_object_and_single_fields_beside_it(files):
    from nlpcli.settings.embeddings import Word2VecSettings

    usual = Word2VecSettings(epochs=2, dim=8)
    one = nlpcli.train_w2v("text", "one.safetensors", settings=usual, dim=4, min_count=2)
    nlpcli.train_w2v(["text"], "other.safetensors", epochs=2, dim=4, min_count=2)
    assert one.settings.dim == 4
    assert (files / "one.safetensors").read_bytes() == (files / "other.safetensors").read_bytes()


# --- the package ----------------------------------------------------------------------------


def test_the_package_lists_its_functions_and_imports_nothing_before_one_is_used():
    program = """
import sys
before = set(sys.modules)
import nlpcli
names = dir(nlpcli)
nlpcli.engine.jobs
print(*{name.split(".")[0] for name in set(sys.modules) - before} & {%s})
print(*names)
"""
    heavy = "'numpy', 'scipy', 'numba', 'torch', 'typer', 'rich', 'sentencepiece', 'dataclasses'"
    done = subprocess.run([sys.executable, "-c", program % heavy], capture_output=True, check=True, text=True)
    loaded, names = done.stdout.split("\n")[:2]
    assert not loaded
    assert {"load", *map(Command.function, COMMANDS)} <= {*names.split()}


def test_what_the_package_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'nlpcli' has no attribute 'train_bert'"):
        nlpcli.train_bert  # noqa: B018


# --- classifiers ----------------------------------------------------------------------------

VARIANTS = ["multinomial", "binary-multinomial", "bernoulli", "complement", "nbsvm"]
MORE = [*({"variant": variant} for variant in VARIANTS), {"prune": True}, {"calibrate": True}]


@pytest.mark.parametrize("settings", MORE, ids=lambda settings: "-".join(map(str, settings.values())))
def test_every_variant_of_classifier_can_be_used_from_python(files, nlpcli, settings):
    outcome = jobs.train_nb("table.tsv", "job.safetensors", test="table.tsv", **settings)
    nlpcli("train-nb", "table.tsv", "-o", "command.safetensors", *Row("", [], "", settings).options())
    assert (files / "job.safetensors").read_bytes() == (files / "command.safetensors").read_bytes()
    classifier = jobs.load("job.safetensors")
    assert classifier.classify(["a good film", "dull"]) == ["pos", "neg"]
    assert classifier.probabilities(["a good film"]).sum() == pytest.approx(1)
    assert outcome.evaluations["test"].accuracy == 1 and outcome.model.labels == ("neg", "pos")


def test_a_classifier_is_measured_in_every_way_and_goes_on_from_another(files):
    told = []
    outcome = jobs.train_nb(
        "table.tsv", "first.safetensors", holdout=0.25, cross_validate=3, test="table.tsv", autotune=0.01,
        measured=lambda name, found: told.append((name, found.documents)),
    )  # fmt: skip
    assert told == [("holdout", 6), ("cross-validation", 24), ("test", 24)]
    assert [*outcome.evaluations] == [name for name, _ in told] and outcome.trials
    longer = jobs.train_nb("table.tsv", "longer.safetensors", append="first.safetensors").model
    assert longer.documents.tolist() == [24, 24]
    for settings, option in (
        ({"alpha": 2.0}, "--alpha"),
        ({"prune": True}, "--prune"),
        ({"ngrams": "1"}, "--ngrams"),
    ):
        with pytest.raises(SettingsError, match=f"{option} has no place"):
            jobs.train_nb("table.tsv", "longer.safetensors", append="first.safetensors", **settings)


def test_a_classifier_that_is_only_measured_gives_no_model(files):
    assert jobs.train_nb("table.tsv", cross_validate=2).model is None
    with pytest.raises(SettingsError, match="where should the model go"):
        jobs.train_nb("table.tsv")


def test_texts_in_memory_give_labels_in_a_list():
    model = MODELS / "naive-bayes.safetensors"
    assert nlpcli.classify(model, ["a good film", "bad"]) == ["pos", "neg"]
    assert nlpcli.classify(model, "a good film", proba=True) == ["pos\t0.8990"]
    assert nlpcli.classify(model, []) == []
    with pytest.raises(ModelError, match="is a word2vec model"):
        nlpcli.classify(MODELS / "word2vec.safetensors", ["a"])


def test_an_evaluation_holds_its_mistakes(files):
    (files / "wrong.tsv").write_text("neg\ta good film\npos\tgood\n")
    found = nlpcli.evaluate(MODELS / "naive-bayes.safetensors", "wrong.tsv", mistakes=5, plot="c.html")
    assert found.accuracy == 0.5
    assert [(one.true, one.predicted, one.text) for one in found.mistakes] == [("neg", "pos", "a good film")]
    assert "accuracy 0.5000" in (files / "c.html").read_text()
    assert nlpcli.telling_features(MODELS / "naive-bayes.safetensors", 1)[0].text == "bad"


# --- types ----------------------------------------------------------------------------------


def test_the_stub_with_the_signatures_is_current():
    assert jobs_stub.STUB.read_text() == jobs_stub.stub(), "run: python tests/jobs_stub.py"


def test_one_string_is_one_text_and_one_value(tmp_path):
    (tmp_path / "table.tsv").write_text("pos\ta good film\nneg\ta bad film\n")
    nlpcli.train_nb(tmp_path / "table.tsv", tmp_path / "nb.safetensors")
    classifier = nlpcli.load(tmp_path / "nb.safetensors")
    assert classifier.classify("a good film") == ["pos"]
    assert classifier.probabilities("a good film").shape == (1, 2)
    assert nlpcli.classify(tmp_path / "nb.safetensors", "a good film") == ["pos"]
    nlpcli.vectorize(tmp_path / "table.tsv", save_model=tmp_path / "m.safetensors")
    assert nlpcli.load(tmp_path / "m.safetensors").transform("a film").shape[0] == 1
    assert nlpcli.normalize("see https://a.example", mask="url") == nlpcli.normalize(
        ["see https://a.example"], mask=["url"]
    )


def test_what_is_no_settings_object_or_no_text_is_a_wrong_call(tmp_path):
    with pytest.raises(TypeError, match="analysis must be AnalysisSettings, not dict"):
        nlpcli.tokenize(["x"], analysis={"lowercase": True})
    with pytest.raises(TypeError, match="analysis must be AnalysisSettings, not dict"):
        nlpcli.tokenize(["x"], analysis={}, lowercase=True)
    with pytest.raises(TypeError, match="the names of files go with output="):
        nlpcli.tokenize(tmp_path / "text.txt")
    for wrong in ({"encoding": 3}, {"stopwords": [None]}, {"mask": [2.5]}):
        with pytest.raises((SettingsError, TypeError)):
            nlpcli.tokenize(["x"], **wrong)


def test_help_shows_every_setting_as_a_keyword():
    parameters = inspect.signature(nlpcli.train_glove).parameters
    assert parameters["dim"].default == 100
    assert parameters["min_count"].default == 5
    assert parameters["lowercase"].default is True
