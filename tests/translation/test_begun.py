"""train-seq2seq --init: what it takes of a model of train-mlm, what does not fit, and checkpoints."""

import base64

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.corpus.encoding import encode
from nlpcli.engine.sequences.initial_network import InitialNetwork
from nlpcli.engine.sequences.masked_training import MaskedTraining
from nlpcli.engine.translation import checkpoint
from nlpcli.engine.translation.begun import as_word, initial_network
from nlpcli.engine.translation.examples import examples_of
from nlpcli.engine.translation.pairs import TextPairs
from nlpcli.engine.translation.training import Seq2SeqTraining
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.translation import END, SPECIAL, UNKNOWN, Seq2SeqSettings
from nlpcli.settings.vocabulary import VocabularySettings
from tests.sequences.test_recurrent_tagger import Silent

pytest.importorskip("torch")

TEXTS = ["cats chase mice .", "mice fear cats .", "Dogs chase cats .", "cats fear dogs ."] * 4
SIZES = {"rnn_size": 8, "word_dim": 6, "ngram_dim": 4, "bucket": 100}
FITTING = {"unit": "word", "rnn_size": 8, "embedding_dim": 10, "epochs": 1, "augment": 0.0, "min_count": 1}
PAIRS = TextPairs(TEXTS, [text.upper() for text in TEXTS])
QUICK = NetworkTraining(val_frac=0.1, batch_tokens=100, dropout=0.0, word_dropout=0.0)


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    """Files of masked language models, made once for the settings asked for."""
    folder, made = tmp_path_factory.mktemp("masked"), {}
    (folder / "text").write_text("\n".join(TEXTS))

    def file(tokenizer="nltk", subword_model="", **changes):
        key = (tokenizer, subword_model, *changes.items())
        if key not in made:
            analysis = AnalysisSettings(tokenizer=tokenizer, subword_model=subword_model)
            corpus = encode([str(folder / "text")], analysis, VocabularySettings(), TextInputSettings())
            encoder = EncoderSettings(**{**SIZES, **changes})
            made[key] = str(folder / str(len(made)))
            MaskedTraining(corpus, analysis, encoder=encoder, training=QUICK).best().save(made[key])
        return made[key]

    return file


def begun(path, pairs=PAIRS, **changes):
    settings = Seq2SeqSettings(**{**FITTING, **changes})
    initial = None
    if path is not None:
        initial, settings = initial_network(path, settings)
    return Seq2SeqTraining(examples_of(pairs, settings, None, QUICK.val_frac), QUICK, initial)


def test_the_encoder_reads_the_same_numbers_as_the_masked_model(masked):
    path = masked()
    network = InitialNetwork.load(path, EncoderSettings(**SIZES)).network
    training, alone = begun(path), begun(None)
    arrays, first = training.network.arrays(), alone.network.arrays()
    units = training.examples.vocabulary.units
    for name, array in arrays.items():
        if name == "embedding":
            continue
        theirs = network.weights[name] if name.startswith("layer") else first[name]
        assert (array == theirs).all(), name
    read = arrays["embedding"] * np.float32(np.sqrt(10))
    assert {"▁cats", "▁CATS"} <= {*units}
    for unit in ("▁cats", "▁CATS"):  # which differ in form alone
        number = units.index(unit) + SPECIAL
        assert read[number] == pytest.approx(network.vectors([unit[1:]])[0], abs=1e-6)
    assert read[UNKNOWN, :6] == pytest.approx(network.own_vectors("words")[0]) and not read[UNKNOWN, 6:].any()
    assert (arrays["embedding"][END] == first["embedding"][END]).all()
    assert training.begun_with == f"the encoder, {len(units)} of {len(units)} units"
    training.run(Silent())
    assert len(training.best().translate(["dogs chase mice ."])) == 1


def test_units_are_found_as_the_tokenizer_spells_them(masked):
    assert [as_word(unit, "jamo") for unit in ["ᄒ", "ᅡ", "ᆹ", "a", " ", "ᅀ", "ᄀ"]] == [
        "ㅎ", "ㅏ", "ㅄ", "a", "", "ㅿ", "ㄱ",
    ]  # fmt: skip
    assert as_word("ᇽ", "jamo") == "ᇽ"  # no letter stands for it alone
    assert [as_word(unit, "word") for unit in ("▁the", "s", "▁", ".")] == ["the", "s", "", "."]
    chars = begun(masked("char"), unit="char")
    known = len(chars.examples.vocabulary.units) - 1  # but the space
    assert chars.begun_with == f"the encoder, {known} of {known + 1} units"


def test_subwords_are_those_of_the_masked_model(masked, tmp_path):
    (tmp_path / "text").write_text("\n".join(TEXTS + PAIRS.targets))
    jobs.train_subword(str(tmp_path / "text"), str(tmp_path / "sub"), vocab_size=300)
    pieces = base64.b64encode((tmp_path / "sub").read_bytes()).decode()
    path = masked("subword", pieces)
    training = begun(path, unit="subword")
    assert training.settings.subword_model == pieces
    assert begun(path, unit="subword", subword_model=pieces).settings == training.settings
    with pytest.raises(SettingsError, match="has other subwords than --subword-model") as caught:
        begun(path, unit="subword", subword_model=base64.b64encode(b"other").decode())
    assert "leave --subword-model out" in caught.value.hint


@pytest.mark.parametrize(
    ("theirs", "ours", "message", "hint"),
    [
        ({}, {"rnn_size": 16}, "made with --rnn-size 8, and here it is 16", "add --rnn-size 8"),
        ({}, {"embedding_dim": 256}, "made with --embedding-dim 10, and here", "add --embedding-dim 10"),
        (
            {"cell": "gru", "bidirectional": False},
            {"rnn_size": 16},
            "made with --cell gru, --no-bidirectional and --rnn-size 8$",
            "add --cell gru --no-bidirectional --rnn-size 8",
        ),
        ({"cell": "mingru"}, {}, "made with --cell mingru, and here it is lstm", "begin with another model"),
        (
            {},
            {"unit": "char"},
            "cut by --tokenizer nltk, and here --unit is char",
            "add --unit word, or begin",
        ),
        ({"rnn_size": 9}, {"unit": "char"}, "and here --unit is char", "add --unit word, or begin"),
        ({"tokenizer": "sentence"}, {}, "by --tokenizer sentence", "begin with a model of train-mlm --tok"),
    ],
)
def test_what_does_not_fit_says_what_would(masked, theirs, ours, message, hint):
    with pytest.raises(SettingsError, match=message) as caught:
        begun(masked(**theirs), **ours)
    assert caught.value.hint.startswith(hint)


def test_a_network_that_is_told_vectors_does_not_fit(tmp_path):
    (tmp_path / "v.vec").write_text("1 2\ncats 1 2\n")
    (tmp_path / "tagged").write_text("cats/N chase/V\nmice/N fear/V\n" * 8)
    path = str(tmp_path / "t")
    jobs.train_tagger(
        str(tmp_path / "tagged"), path, method="rnn", epochs=1, vectors=str(tmp_path / "v.vec"), **SIZES
    )
    with pytest.raises(SettingsError, match="made with --vectors, which units have not"):
        begun(path)


def test_a_checkpoint_goes_on_with_the_same_first_weights_only(masked, tmp_path):
    path = tmp_path / "checkpoint"
    checkpoint.save(begun(masked()), path)
    checkpoint.restore(begun(masked()), path)
    with pytest.raises(ModelError, match="of another training"):
        checkpoint.restore(begun(None), path)


def test_the_command_takes_it_and_says_what_was_taken(masked, tmp_path, nlpcli):
    rows = tmp_path / "pairs.tsv"
    rows.write_text("".join(f"{a}\t{b}\n" for a, b in zip(PAIRS.sources, PAIRS.targets, strict=True)))
    sizes = ["--unit", "word", "--rnn-size", "8", "--embedding-dim", "10", "--epochs", "1"]
    done = nlpcli("train-seq2seq", rows, *sizes, "--init", masked(), "-o", tmp_path / "m")
    assert f"{masked()}: the encoder, " in done.err and " units" in done.err
    with pytest.raises(ModelError, match="needs a recurrent-tagger, recurrent-classifier or masked-lm model"):
        jobs.train_seq2seq(str(rows), str(tmp_path / "m"), init="tests/models/naive-bayes.safetensors")
