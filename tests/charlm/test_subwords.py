"""Language models of subwords: what is read is what is written, by any cell, and files are looked at."""

import base64

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.charlm import perplexity
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.subword_units import SubwordUnit
from nlpcli.engine.charlm.units import to_units, writer_of
from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.io.model_file import write_model
from nlpcli.engine.text.tokenizers.own_subwords import own_subwords
from nlpcli.errors import InputError, ModelError, SettingsError

pytest.importorskip("torch")

LINES = ["the cat sat on the mat", "the dog sat on the log", "  고양이가 앉았다", "", "a ▁ and 😀"] * 12
SMALL = {"unit": "subword", "rnn_size": 16, "batch_size": 4, "epochs": 2, "learning_rate": 0.01, "threads": 1}
TRANSFORMER = {"cell": "transformer", "num_layers": 1, "num_heads": 2, "context": 16}


@pytest.fixture(scope="module")
def unit():
    return SubwordUnit(own_subwords(LINES))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subwords")
    (folder / "text").write_text("\n".join(LINES))
    jobs.train_charlm([folder / "text"], folder / "t.safetensors", **SMALL, **TRANSFORMER)
    jobs.train_charlm([folder / "text"], folder / "l.safetensors", **SMALL, seq_length=8)
    return folder


@pytest.mark.parametrize("text", ["the cat", "  two  spaces \n\n end", "새 글자 😀 ▁\n▁", "", "\n", "a\r\tb"])
def test_a_text_comes_back_from_its_subwords(unit, text):
    writer = writer_of(unit)
    assert "".join(writer.write(chr(point)) for point in to_units(text, unit).tolist()) == text


def test_what_follows_a_text_keeps_its_space(unit):
    points = [chr(point) for point in to_units("the cat sat", unit).tolist()]
    after = writer_of(unit, "on the mat")
    assert "".join(map(after.write, points)) == " the cat sat"
    assert unit.piece("\n") == "\n" and unit.piece("\U0010fffe") == "\U0010fffe"


@pytest.mark.parametrize("name", ["t", "l"])
def test_a_model_writes_and_measures(folder, name):
    model = CharLM.load(folder / f"{name}.safetensors")
    written = model.generate("the cat ", length=12, temperature=0)
    assert written.startswith("the cat") and "▁" not in written and max(model.alphabet.tokens) > "\U000f0000"
    assert written[len("the cat") :] == model.generate("the cat ", length=12, temperature=0, echo=False)
    cost = perplexity.of_text(model, [str(folder / "text")])
    assert cost.unknown == 0 and cost.characters == len("\n".join(LINES)) > cost.units
    assert cost.bits_per_character < 6
    one, other = perplexity.of_lines(model, [LINES[0], "xyzq"])
    assert one[1] < other[1]


def test_a_prime_of_subwords_never_seen_is_told(folder):
    model = CharLM.load(folder / "t.safetensors")
    with pytest.raises(InputError, match="never seen the subwords"):
        model.generate("Zebra")
    assert model.generate("Zebra the cat", length=3, skip_unknown=True)


def test_the_subword_model_may_be_given_and_the_bytes_are_the_same_twice(folder, tmp_path):
    lines = str(folder / "text")
    jobs.train_subword([lines], tmp_path / "s.model", vocab_size=300)
    for name in ("a", "b"):
        given = {"subword_model": str(tmp_path / "s.model")}
        jobs.train_charlm([lines], tmp_path / name, **SMALL, **TRANSFORMER, **given)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    kept = base64.b64decode(CharLM.load(tmp_path / "a").settings.subword_model)
    assert kept == (tmp_path / "s.model").read_bytes()
    with pytest.raises(SettingsError, match="--vocab-size does nothing without --unit subword"):
        jobs.train_charlm([lines], tmp_path / "c", vocab_size=300)


def test_heads_are_shown_subword_by_subword_and_cells_are_not(folder):
    view = jobs.activations(folder / "t.safetensors", str(folder / "text"))
    assert "".join(view.heads.units[:4]).startswith("▁the▁")
    with pytest.raises(SettingsError, match="this model reads subwords"):
        jobs.activations(folder / "l.safetensors", str(folder / "text"), find="quote")
    with pytest.raises(SettingsError, match="a model of subwords"):
        WordStates(CharLM.load(folder / "l.safetensors"))


@pytest.mark.parametrize("content", ["", "no base64!", base64.b64encode(b"no model").decode()])
def test_a_file_without_a_sound_subword_model_is_refused(folder, tmp_path, content):
    model = CharLM.load(folder / "t.safetensors")
    header = model.header()
    header["settings"]["subword_model"] = content
    write_model(tmp_path / "m", "charlm", header, model.tensors())
    with pytest.raises(ModelError):
        CharLM.load(tmp_path / "m")


def test_pieces_that_a_smaller_subword_model_does_not_have_are_passed_over(folder, tmp_path):
    model = CharLM.load(folder / "t.safetensors")
    header = model.header()
    header["settings"]["subword_model"] = own_subwords(["ab"] * 9)
    write_model(tmp_path / "m", "charlm", header, model.tensors())
    assert isinstance(CharLM.load(tmp_path / "m").generate(length=20), str)
    assert np.isfinite(perplexity.of_text(CharLM.load(tmp_path / "m"), [str(folder / "text")]).nats)
