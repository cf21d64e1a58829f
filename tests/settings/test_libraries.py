"""Library versions that a model's tokens depend on: recorded, compared, never in the way."""

from __future__ import annotations

import importlib.metadata
import warnings

import pytest

from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.errors import MissingDependency, ModelError
from nlpcli.settings.libraries import OtherVersion
from nlpcli.settings.text import AnalysisSettings, libraries_of

KIWI = AnalysisSettings(tokenizer="kiwi")


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, []),
        ({"tokenizer": "nltk"}, []),
        ({"tokenizer": "kiwi"}, ["kiwipiepy", "kiwipiepy_model"]),
        ({"tokenizer": "morph", "stem": "korean"}, []),
        ({"tokenizer": "kiwi", "stem": "korean"}, ["kiwipiepy", "kiwipiepy_model"]),
        ({"tokenizer": "kiwi", "keep_pos": ("N",)}, ["kiwipiepy", "kiwipiepy_model"]),
        ({"tokenizer": "mecab"}, ["python-mecab-ko-dic"]),
        ({"tokenizer": "mecab", "stem": "korean"}, ["python-mecab-ko-dic"]),
        ({"tokenizer": "okt", "lemma": True}, ["konlpy", "lemminflect", "simplemma"]),
        ({"stem": "porter"}, ["nltk"]),
        ({"stem": "korean"}, ["kiwipiepy", "kiwipiepy_model"]),
        ({"lemma": True}, ["kiwipiepy", "kiwipiepy_model", "lemminflect", "simplemma"]),
        ({"tokenizer": "nltk", "keep_pos": ("N",)}, []),
        ({"tokenizer": "subword", "subword_model": "eA=="}, ["sentencepiece"]),
    ],
)
def test_an_analysis_names_only_what_its_tokens_depend_on(settings, names):
    assert libraries_of(AnalysisSettings(**settings)) == names


def test_versions_are_recorded_and_are_no_setting():
    record = KIWI.to_record()
    assert record["libraries"]["kiwipiepy"] == importlib.metadata.version("kiwipiepy")
    again = AnalysisSettings.from_record(record)
    assert again == KIWI
    assert again.recorded == record["libraries"]
    assert "libraries" not in AnalysisSettings().to_record()


def test_the_same_versions_and_models_without_a_record_are_silent():
    record = KIWI.to_record()
    Analyzer(AnalysisSettings.from_record(record))
    del record["libraries"]
    Analyzer(AnalysisSettings.from_record(record))


def test_another_version_warns_where_the_analysis_is_used(monkeypatch):
    record = KIWI.to_record()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.1")
    settings = AnalysisSettings.from_record(record)
    with pytest.warns(OtherVersion, match=r"made with kiwipiepy \d.* \(here 99.1\).* tokens may differ"):
        assert Analyzer(settings).tokens("하늘이 맑다") == ["하늘", "이", "맑", "다"]


def test_a_library_that_was_replaced_need_not_be_installed():
    settings = AnalysisSettings.from_record({"tokenizer": "nltk", "libraries": {"gruut-lang-en": "2.0.1"}})
    with pytest.warns(OtherVersion, match=r"made with gruut-lang-en 2\.0\.1 \(here english-pos\)"):
        Analyzer(settings)


def test_a_missing_library_is_an_error_with_the_install_line():
    settings = AnalysisSettings.from_record({"libraries": {"no-such-library": "1.2"}})
    with pytest.raises(MissingDependency) as caught:
        Analyzer(settings)
    assert caught.value.hint == "pip install no-such-library==1.2"


@pytest.mark.parametrize("record", [[], {"kiwipiepy": 3}, None])
def test_a_damaged_record_is_a_model_error(record):
    with pytest.raises(ModelError, match="library versions"):
        AnalysisSettings.from_record({"libraries": record})


def test_the_command_line_warns_in_one_line_and_not_when_quiet(nlpcli, tmp_path):
    from nlpcli.engine.io import model_file

    (tmp_path / "texts.txt").write_text("맑은 하늘\n흐린 하늘\n", encoding="utf-8")

    def vectorize(*arguments):
        return nlpcli("vectorize", "texts.txt", "-o", "m.tsv", *arguments).err

    vectorize("--tokenizer", "kiwi", "--save-model", "m", "-q")
    assert "warning" not in vectorize("--model", "m")
    table = (tmp_path / "m.tsv").read_bytes()
    info = model_file.read_info(tmp_path / "m")
    info.header["analysis"]["libraries"]["kiwipiepy"] = "0.1"
    model = model_file.read_model(tmp_path / "m", info.kind)
    model_file.write_model(tmp_path / "m", info.kind, info.header, model.tensors)
    said = vectorize("--model", "m")
    assert said.startswith("warning: the model was made with kiwipiepy 0.1 (here ")
    assert said.count("warning") == 1
    assert vectorize("--model", "m", "--quiet") == ""
    assert (tmp_path / "m.tsv").read_bytes() == table


def test_other_warnings_are_shown_as_python_shows_them(capsys, monkeypatch):
    from nlpcli.cli import process

    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(process, "_warned", set())
    process._show_warnings()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
        for _ in range(2):
            warnings.showwarning("kiwi changed", OtherVersion, "f", 1)
    assert capsys.readouterr().err == "warning: kiwi changed\n"


def test_start_up_reads_no_versions(process):
    program = "import sys, nlpcli.engine.text.analyzer as a; a.Analyzer(a.AnalysisSettings()).tokens('a b');"
    program += "a.AnalysisSettings().to_record(); sys.exit('importlib.metadata' in sys.modules)"
    process.python(program)
