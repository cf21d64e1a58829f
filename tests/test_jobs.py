"""The engine does without a terminal what the command does, byte for byte."""

import pytest

from nlpcli.engine import jobs
from nlpcli.settings.charlm import CharLMSettings, GenerateSettings
from nlpcli.settings.embeddings import CooccurrenceSettings, FastTextSettings, GloveSettings, Word2VecSettings
from nlpcli.settings.input import RecordSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

TEXT = "a king and a queen\nthe king eats rice\nthe queen drinks tea\n" * 20
TABLE = "label\ttext\n" + "pos\tgood film\nneg\tbad film\n" * 5
LABELLED = RecordSettings(text_col="text", label_col="label")
COLUMNS = ["--text-col", "text", "--label-col", "label"]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "table.tsv").write_text(TABLE)
    return tmp_path


def in_folder(folder, *names):
    return [str(folder / name) for name in names]


@pytest.mark.parametrize(
    ("job", "source", "suffix", "keywords", "options"),
    [
        (jobs.tokenize, "text", "txt", {"analysis": AnalysisSettings(lowercase=True)}, ["--lowercase"]),
        (jobs.vectorize, "text", "npz", {}, []),
        (jobs.vectorize, "table.tsv", "svm", {"records": LABELLED}, COLUMNS),
        (jobs.train_nb, "table.tsv", "safetensors", {"records": LABELLED}, COLUMNS),
        (
            jobs.train_w2v,
            "text",
            "safetensors",
            {"settings": Word2VecSettings(dim=8), "vocabulary": VocabularySettings(min_count=2)},
            ["--dim", "8", "--min-count", "2"],
        ),
        (
            jobs.train_fasttext,
            "text",
            "vec",
            {"settings": FastTextSettings(dim=8, bucket=1000), "vocabulary": VocabularySettings(min_count=2)},
            ["--dim", "8", "--bucket", "1000", "--min-count", "2"],
        ),
        (
            jobs.train_glove,
            "text",
            "txt",
            {
                "settings": GloveSettings(dim=8, epochs=2),
                "counting": CooccurrenceSettings(window_size=2),
                "vocabulary": VocabularySettings(min_count=2),
            },
            ["--dim", "8", "--epochs", "2", "--window", "2", "--min-count", "2"],
        ),
    ],
)
def test_a_job_writes_what_its_command_writes(files, nlpcli, job, source, suffix, keywords, options):
    text, by_job, by_command = in_folder(files, source, f"job.{suffix}", f"command.{suffix}")
    job([text], by_job, **keywords)
    nlpcli(job.__name__.replace("_", "-"), text, "-o", by_command, *options)
    assert (files / f"job.{suffix}").read_bytes() == (files / f"command.{suffix}").read_bytes()


def test_a_language_model_is_trained_and_writes_as_the_commands_do(files, nlpcli):
    text, model, out = in_folder(files, "text", "model.safetensors", "out.txt")
    jobs.train_charlm([text], model, CharLMSettings(rnn_size=16, epochs=1, batch_size=4, seq_length=8))
    jobs.generate(model, out, "the ", GenerateSettings(length=40))
    shown = nlpcli("generate", model, "--prime", "the ", "--length", "40").stdout
    assert (files / "out.txt").read_bytes() == shown
    assert len(shown) >= 44
