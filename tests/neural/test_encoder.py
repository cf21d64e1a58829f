"""The encoder: in training and at work the same numbers, and those of the equations of the notes."""

import numpy as np
import pytest

from nlpcli.engine.neural.encoder import Tables, run
from nlpcli.engine.neural.encoder import word_vectors as at_work
from nlpcli.engine.neural.encoder_weights import initial_encoder
from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.neural.word_inputs import WordInputs, WordRows
from nlpcli.errors import SettingsError
from nlpcli.settings.neural import EncoderSettings

torch = pytest.importorskip("torch")

from nlpcli.engine.neural.nets.encoder import WordTensors, encode, word_vectors  # noqa: E402

SENTENCES = [["나는", "the", "cat"], ["the", "dog"], ["Zebra"]]
LENGTHS = [3, 2, 1]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def parts(values, count):
    return np.split(values, count)


def by_the_notes(cell, x, w_xh, w_hh, b, size):
    """The states of one sentence x [T, D], step by step."""
    h, c, found = np.zeros(size), np.zeros(size), []
    for now in x:
        given = now @ w_xh + b
        if cell == "rnn":
            h = np.tanh(given + h @ w_hh)
        elif cell == "lstm":
            i, f, o, g = parts(given + h @ w_hh, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        elif cell == "gru":
            w_z, w_r, w_n = np.split(w_hh, 3, axis=1)
            z, r, n = parts(given, 3)
            z, r = sigmoid(z + h @ w_z), sigmoid(r + h @ w_r)
            h = (1 - z) * h + z * np.tanh(n + (r * h) @ w_n)
        else:
            z, n = parts(given, 2)
            h = (1 - sigmoid(z)) * h + sigmoid(z) * n
        found.append(h)
    return np.array(found)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mingru"])
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True)])
def test_the_encoder_is_its_equations_and_the_same_in_training_and_at_work(cell, layers, bidirectional):
    size, dims = 8, 6
    settings = EncoderSettings(
        cell=cell, rnn_size=size, num_layers=layers, bidirectional=bidirectional, word_dim=4, ngram_dim=2
    )
    random = np.random.default_rng(0)
    weights = initial_encoder(settings, random)
    for name in weights:
        weights[name] = random.normal(size=weights[name].shape).astype(np.float32) * 0.4
    packing, vectors = Packing.of(LENGTHS), random.normal(size=(5, dims)).astype(np.float32)
    words = random.integers(0, 5, sum(LENGTHS))
    rows = words[packing.order()]
    ours = run(settings, weights, vectors, rows, packing)
    tensors = {name: torch.tensor(array) for name, array in weights.items()}
    theirs = encode(settings, tensors, torch.tensor(vectors), torch.tensor(rows), packing).numpy()
    assert ours == pytest.approx(theirs, abs=1e-5)

    expected, begin = [], 0
    for length in LENGTHS:
        x = vectors[words[begin : begin + length]].astype(np.float64)
        begin += length
        for n in range(layers):
            ways = ["forward", "backward"] if bidirectional else ["forward"]
            outputs = []
            for way in ways:
                own = [weights.get(f"layer{n}.{way}.{name}") for name in ("w_xh", "w_hh", "b")]
                order = x if way == "forward" else x[::-1]
                states = by_the_notes(cell, order, *own, size)
                outputs.append(states if way == "forward" else states[::-1])
            x = np.concatenate(outputs, axis=1)
        expected.append(x)
    assert ours[np.argsort(packing.order())] == pytest.approx(np.concatenate(expected), abs=1e-5)


def test_a_words_vectors_are_the_same_in_training_and_at_work():
    settings = EncoderSettings(word_dim=4, ngram_dim=3, bucket=50, min_word_count=1)
    words = [word for sentence in SENTENCES for word in sentence]
    inputs = WordInputs.of_text(words[:-1], settings, given=["cat", "zebra"])
    assert [*inputs.known] == ["cat", "dog", "the", "나는"]
    rows = inputs.rows(["The", "Zebra", "cat", ""])
    assert rows.own.tolist() == [3, 0, 1, 0] and rows.vectors.tolist() == [0, 2, 1, 0]
    assert (np.diff(rows.starts) > 10).all() and rows.features.max() < 50
    picked = rows.of(np.array([2, 0]))
    alone = inputs.rows(["cat", "The"])
    assert all((a == b).all() for a, b in zip(picked, alone, strict=True))

    random = np.random.default_rng(0)
    tables = {
        "words": random.normal(size=(5, 4)).astype(np.float16),
        "features": random.normal(size=(50, 3)).astype(np.float16),
        "given": random.normal(size=(3, 2)).astype(np.float16),
    }
    ours = at_work(Tables(tables), rows)
    wide = {name: torch.tensor(table.astype(np.float32)) for name, table in tables.items()}
    held = WordTensors(
        wide["words"], torch.tensor(rows.own), wide["features"], torch.tensor(rows.features),
        torch.tensor(rows.starts[:-1]), torch.ones(4), wide["given"][torch.tensor(rows.vectors)],
    )  # fmt: skip
    assert ours == pytest.approx(word_vectors(held).numpy(), abs=1e-5)
    by_hand = tables["features"][rows.features[: rows.starts[1]]].astype(np.float32)
    assert ours[0, 4:7] == pytest.approx(by_hand.sum(axis=0) / np.sqrt(len(by_hand)), abs=1e-4)


def test_n_grams_from_longer_to_shorter_are_refused():
    with pytest.raises(SettingsError, match="--maxn 3 is below --minn 5"):
        EncoderSettings(minn=5, maxn=3)


def test_hangul_is_taken_apart_where_most_words_are_korean():
    settings = EncoderSettings()
    assert WordInputs.of_text(["나는", "학교에", "go"], settings).jamo
    assert not WordInputs.of_text(["나는", "to", "go"], settings).jamo
    one, two = (WordInputs.of_text([], EncoderSettings(jamo=jamo)).rows(["먹었다"]) for jamo in ("yes", "no"))
    assert len(one.features) > len(two.features)
    assert isinstance(one, WordRows)
