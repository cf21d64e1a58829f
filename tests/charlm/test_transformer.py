"""A character model of self-attention learns, goes on where it was, and writes past its context."""

import math

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.charlm import perplexity, sampling
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.units import RARE, CharText, read_text
from nlpcli.engine.charlm.windows import Windows, sliding
from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import write_model
from nlpcli.engine.neural.transformer import Places
from nlpcli.engine.neural.transformer_lm import initial_weights, logits, outputs
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.charlm import CharLMSettings, GenerateSettings, weight_shapes

torch = pytest.importorskip("torch")

SMALL = {
    "cell": "transformer", "rnn_size": 16, "num_layers": 2, "num_heads": 2, "context": 16, "batch_size": 16,
    "epochs": 2, "learning_rate": 0.01,
}  # fmt: skip


BATCHES = CharLMSettings(cell="transformer", context_size=4, batch_size=16)  # are split into two parts


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat; the dog sat on the log.\n" * 60)
    return str(path)


def drawn(letters="ab \n", context=8, seed=1):
    """A model none of whose weights is zero."""
    settings = CharLMSettings(
        cell="transformer", rnn_size=16, num_layers=2, num_heads=2, context_size=context
    )
    alphabet = Vocabulary.of([*letters], range(len(letters) + 1, 1, -1))
    random = np.random.default_rng(seed)
    weights = {
        name: weight if weight.ndim == 1 else random.standard_normal(weight.shape).astype(np.float32) / 2
        for name, weight in initial_weights(settings, alphabet).items()
    }
    return CharLM(settings, alphabet, weights, {})


def anew(model, ids):
    """Logits of the next unit after reading a window, all of it at once."""
    return logits(model.weights, outputs(model.weights, model.settings, ids, Places.of([len(ids)])))[-1]


def trained(text_file, tmp_path, **options):
    return jobs.train_charlm([text_file], tmp_path / "m.safetensors", **{**SMALL, **options})


def test_it_learns_more_than_pairs_of_characters_say(text_file, tmp_path):
    model = trained(text_file, tmp_path, epochs=8)
    text = read_text([text_file], "char")
    pairs = text.ids[:-1] * len(text.alphabet) + text.ids[1:]
    shares = np.bincount(pairs)[pairs] / np.bincount(text.ids[:-1])[text.ids[:-1]]
    assert model.record["val_loss"] < -np.log(shares).mean() / 2
    assert model.generate("the cat ", length=6, temperature=0) == "the cat sat on"


def test_any_number_of_threads_gives_the_same_bytes(text_file, tmp_path):
    written = []
    for threads in (1, 2, 2):
        trained(text_file, tmp_path, threads=threads, dropout=0.2, context=4)
        assert len(Windows(read_text([text_file], "char"), BATCHES).of_update(0)[0]) == 16
        written.append((tmp_path / "m.safetensors").read_bytes())
    assert written[0] == written[1] == written[2]


def test_the_windows_of_an_epoch_hold_the_text_once_and_are_others_in_the_next():
    ids = np.arange(1000, dtype=np.int32)
    text = CharText(ids, Vocabulary.of(["a"], [1]), 1000, 1000)
    sizes = {"cell": "transformer", "context_size": 16, "batch_size": 16}
    windows = Windows(text, CharLMSettings(**sizes))

    def epoch_of(n):
        steps = range(n * windows.steps, (n + 1) * windows.steps)
        return np.concatenate([windows.of_update(step)[:-1] for step in steps], axis=1)

    epochs = [epoch_of(n) for n in range(3)]
    for epoch in epochs:
        assert len({*epoch.ravel().tolist()}) == epoch.size > 850 and epoch.max() < 949
        assert (np.diff(epoch, axis=0) == 1).all()
    assert len({tuple(sorted(epoch[0])) for epoch in epochs}) == 3
    assert (windows.of_update(3) == windows.of_update(3)).all()
    scored = windows.validation[windows.warm_up + 1 :].T.ravel()
    assert scored[scored >= 0].tolist() == ids[950:].tolist()


@pytest.mark.parametrize("length", [2, 3, 5, 17, 100, 1000])
def test_every_length_of_text_can_be_trained_on(length, tmp_path):
    (tmp_path / "t").write_text(("abcab" * length)[:length])
    model = trained(str(tmp_path / "t"), tmp_path, epochs=1)
    assert math.isfinite(model.record["val_loss"])


@pytest.mark.parametrize("context", [1, 2, 7, 8])
def test_what_is_written_past_the_context_is_what_its_window_says(context):
    model = drawn(context=context)
    text = "".join(sampling.generate(model, "ab", GenerateSettings(length=40, temperature=0)))
    ids = [model.alphabet.id_of[letter] for letter in text]
    network, written = model.stepper(), []
    for number in ids[:-1]:
        written.append(network.step([number])[0])
    for start, fresh, stop in sliding(len(ids) - 1, context):
        assert stop - start <= context and (not start or fresh - start == context // 2)
        for last in range(fresh, stop):
            expected = anew(model, np.array(ids[start : last + 1]))
            assert np.abs(written[last] - expected).max() < 1e-4
            if last >= 1:
                assert ids[last + 1] == int(np.argmax(expected))


def test_a_text_costs_the_same_at_once_and_unit_by_unit(tmp_path):
    model = drawn()
    text = "ab ba\nb" * 9
    (tmp_path / "t").write_text(text)
    network, before, nats = model.stepper(), "\n", 0.0
    for character in text:
        scores = network.step([model.alphabet.id_of[before]])[0].astype(float)
        nats += np.log(np.exp(scores).sum()) - scores[model.alphabet.id_of[character]]
        before = character
    assert perplexity.of_text(model, [str(tmp_path / "t")]).nats == pytest.approx(nats, rel=1e-5)


def test_lines_are_scored_each_for_itself():
    model = drawn()
    lines = ["ab", "", "b a b a b" * 5, "a", "c"] * 300
    found = [*perplexity.of_lines(model, lines)]
    assert [line for line, _ in found] == lines
    for line, bits in found[:5]:
        (alone,) = perplexity.of_lines(model, [line])
        assert bits == pytest.approx(alone[1], rel=1e-5)


@pytest.mark.parametrize("letters", ["ab", "ab\n"])
def test_a_model_without_line_ends_reads_and_writes_too(letters, tmp_path):
    model = drawn(letters)
    (tmp_path / "t").write_text("abba" * 9)
    assert 0 < perplexity.of_text(model, [str(tmp_path / "t")]).bits_per_character < 40
    assert len(model.generate(length=30)) in (30, 31)


def test_settings_that_do_nothing_and_heads_that_do_not_fit_are_refused(text_file, tmp_path):
    for options, said in (
        ({"cell": "lstm", "num_heads": 2}, "--num-heads does nothing without --cell transformer"),
        ({"cell": "gru", "context": 9}, "--context does nothing without --cell transformer"),
        ({"cell": "transformer", "seq_length": 9}, "--seq-length does nothing with --cell transformer"),
        (
            {"cell": "transformer", "embedding_dim": 9},
            "--embedding-dim does nothing with --cell transformer",
        ),
        (
            {"cell": "transformer", "rnn_size": 20, "num_heads": 4},
            "--rnn-size 20 cannot be shared by 4 heads",
        ),
    ):
        with pytest.raises(SettingsError, match=said):
            jobs.train_charlm([text_file], tmp_path / "no.safetensors", **options)
    assert not (tmp_path / "no.safetensors").exists()


def test_what_needs_states_is_refused(text_file, tmp_path):
    trained(text_file, tmp_path, epochs=1)
    with pytest.raises(SettingsError, match="no way back through time"):
        jobs.gradients([tmp_path / "m.safetensors"], text_file, tmp_path / "g.tsv", steps=3)
    assert not (tmp_path / "g.tsv").exists()
    with pytest.raises(SettingsError, match="no states"):
        WordStates(CharLM.load(tmp_path / "m.safetensors"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"num_heads": 3}, "cannot be shared by 3 heads"),
        ({"num_heads": 1}, "array layer0.q_norm is"),
        ({"context_size": 1 << 40}, "--context must be at most"),
        ({"rnn_size": 32}, "array embedding0 is"),
        ({"num_layers": 3}, "no array layer2.norm"),
        ({"cell": "lstm"}, "no array layer0.w_xh"),
    ],
)
def test_a_forged_file_is_refused(change, said, tmp_path):
    model = drawn()
    header = model.header()
    header["settings"] |= change
    write_model(tmp_path / "m", "charlm", header, model.tensors())
    with pytest.raises(ModelError, match=said):
        CharLM.load(tmp_path / "m")


def test_heads_are_those_of_the_numbers_that_are_written(tmp_path):
    model = drawn(context=6)
    model.save(tmp_path / "m.safetensors")
    (tmp_path / "t").write_text("ab ba ab")
    view = jobs.activations(
        tmp_path / "m.safetensors", str(tmp_path / "t"), tmp_path / "h.html", layer=0, cell=1
    )
    assert view.heads.units == [*"ab ba "] and view.heads.attention.shape == (2, 2, 6, 6)
    assert np.abs(view.heads.attention.sum(axis=3) - 1).max() < 1e-5
    assert np.abs(np.triu(view.heads.attention, 1)).max() == 0
    levels = view.levels()
    assert levels == np.rint(view.heads.attention[0, 1, -1] * 127).tolist()
    habits = view.habits()
    assert [habit[:2] for habit in habits] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert habits[1].first == pytest.approx(view.heads.attention[0, 1, :, 0].mean(), abs=1e-3)
    page = (tmp_path / "h.html").read_text()
    assert '"units":["a","b"," ","b","a"," "]' in page and "@" not in page.split("<style>")[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"find": "quote"}, "--find does nothing with a transformer"),
        ({"signal": "h"}, "--signal does nothing with a transformer"),
        ({"layer": 2}, "layers are 0 to 1"),
        ({"cell": 2}, "heads are 0 to 1"),
    ],
)
def test_heads_that_are_not_there_are_told(options, said, tmp_path):
    drawn().save(tmp_path / "m.safetensors")
    (tmp_path / "t").write_text("ab")
    with pytest.raises(SettingsError, match=said):
        jobs.activations(tmp_path / "m.safetensors", str(tmp_path / "t"), tmp_path / "h.html", **options)
    assert not (tmp_path / "h.html").exists()


def test_muon_makes_updates_orthogonal_and_leaves_the_rest_to_adam():
    from nlpcli.engine.neural.nets.muon import Muon, orthogonal

    torch.manual_seed(0)
    for shape in ((8, 32), (32, 8), (16, 16)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape) * 1e-3))
        assert values.min() > 0.4 and values.max() < 1.3
    weights = {name: torch.ones(4, 4, requires_grad=True) for name in ("layer0.qkv", "output.w")}
    twin = torch.ones(4, 4, requires_grad=True)
    ours = Muon(weights, lr=0.1, weight_decay=0.0)
    theirs = torch.optim.AdamW([twin], lr=0.1, weight_decay=0.0)
    gradient = torch.randn(4, 4)
    for weight in (*weights.values(), twin):
        weight.grad = gradient.clone()
    ours.step()
    theirs.step()
    assert torch.allclose(weights["output.w"], twin, rtol=0, atol=1e-6)
    moved = (1 - weights["layer0.qkv"].detach()) / (0.1 * 0.5 * 2)
    assert torch.allclose(moved, orthogonal(gradient + 0.95 * gradient), atol=1e-5)


def test_muon_learns_otherwise_than_adam(text_file, tmp_path):
    losses = [
        trained(text_file, tmp_path, optimizer=name, epochs=2, learning_rate=0.004).record["val_loss"]
        for name in ("adamw", "muon")
    ]
    assert max(losses) < 1.4 and losses[0] != losses[1]


@pytest.mark.parametrize("length", [1, 7, 8, 9, 12, 13, 40])
def test_of_a_long_prime_only_the_last_window_is_read(length):
    model = drawn()
    prime = ("ab ba" * 9)[:length]
    network = model.stepper()
    for letter in prime:
        scores = network.step([model.alphabet.id_of[letter]])[0]
    written = model.generate(prime, length=1, temperature=0, echo=False)
    assert model.alphabet.id_of[written[0]] == int(np.argmax(scores))


@pytest.mark.parametrize("cuts", [{}, {"top_k": 3, "top_p": 0.9}, {"temperature": 0.0}])
def test_what_is_written_at_once_is_what_is_written_unit_by_unit(cuts):
    settings = CharLMSettings(cell="transformer", rnn_size=128, num_layers=2, num_heads=4, context_size=24)
    alphabet = Vocabulary.of([*"abcdef ", RARE], range(9, 1, -1))
    random = np.random.default_rng(1)
    weights = {
        name: (name.endswith("norm") + random.standard_normal(shape) * shape[0] ** -0.5).astype(np.float32)
        for name, shape in weight_shapes(settings, len(alphabet)).items()
    }
    model, asked = CharLM(settings, alphabet, weights, {}), GenerateSettings(length=90, seed=3, **cuts)
    text = "".join(sampling.generate(model, "abc", asked))
    network, random = model.stepper(), np.random.default_rng([3, 0])
    assert network.together > 1 and len(text) == 93 and len({*text}) > 2
    for place, letter in enumerate(text[:-1]):
        scores = sampling.next_logits(model, network, alphabet.id_of[letter])
        if place >= 2:
            assert alphabet.tokens[sampling.draw(scores, asked, random)] == text[place + 1]
    ended = GenerateSettings(length=90, seed=3, until=text[40:60], **cuts)
    assert text.startswith("".join(sampling.generate(model, "abc", ended)))
