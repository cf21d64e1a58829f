"""Self-attention layers: torch's own modules, numpy, and three tokens worked out by hand say the same."""

import math

import numpy as np
import pytest

from nlpcli.engine.neural import transformer
from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.neural.transformer import Places, initial_blocks
from nlpcli.engine.neural.transformer_step import BlockSteps, Prepared
from nlpcli.errors import SettingsError
from nlpcli.settings.transformer import Blocks, block_shapes, check_heads

torch = pytest.importorskip("torch")
nets = pytest.importorskip("nlpcli.engine.neural.nets.transformer")

BLOCKS = Blocks(width=16, num_layers=2, num_heads=2)


def drawn(blocks=BLOCKS, seed=0):
    """Weights none of which is zero or one."""
    random = np.random.default_rng(seed)
    return {
        name: (1.0 * name.endswith("norm") + random.standard_normal(shape) / math.sqrt(shape[0])).astype("f")
        for name, shape in block_shapes(blocks).items()
    }


def inputs(rows, seed=1):
    return np.random.default_rng(seed).standard_normal((rows, BLOCKS.width)).astype(np.float32)


def by_torch(weights, x, places, **options):
    tensors = {name: torch.tensor(weight) for name, weight in weights.items()}
    return nets.run(tensors, BLOCKS, torch.tensor(x), places, **options).numpy()


def composed(weights, x, *, causal):
    """One text through torch's own modules, put together as the formula says."""
    tensors = {name: torch.tensor(weight) for name, weight in weights.items()}
    x, length, half = torch.tensor(x), len(x), BLOCKS.head_size // 2

    def normed(x, name):
        module = torch.nn.RMSNorm(x.shape[-1], eps=1e-6)
        module.weight.data = tensors[name]
        return module(x)

    def turned(x):
        """As multiplied by e^(i p θ), pair by pair."""
        angles = torch.arange(length)[:, None] * 10000.0 ** (-torch.arange(half) / half)
        turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angles), angles)
        return torch.cat([turned.real, turned.imag], dim=-1)

    for n in range(BLOCKS.num_layers):
        q, k, v = (normed(x, f"layer{n}.norm") @ tensors[f"layer{n}.qkv"]).chunk(3, dim=1)
        q, k, v = (part.view(length, BLOCKS.num_heads, -1).transpose(0, 1) for part in (q, k, v))
        q, k = turned(normed(q, f"layer{n}.q_norm")), turned(normed(k, f"layer{n}.k_norm"))
        seen = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        x = x + seen.transpose(0, 1).reshape(length, -1) @ tensors[f"layer{n}.out"]
        feed_forward = torch.nn.Sequential(
            torch.nn.Linear(16, 64, bias=False), torch.nn.ReLU(), torch.nn.Linear(64, 16, bias=False)
        )
        feed_forward[0].weight.data = tensors[f"layer{n}.w_in"].T
        feed_forward[2].weight.data = tensors[f"layer{n}.w_out"].T
        inner = feed_forward[:2](normed(x, f"layer{n}.inner_norm"))
        x = x + feed_forward[2](inner**2)
    return normed(x, "norm").detach().numpy()


@pytest.mark.parametrize("causal", [True, False])
def test_the_layers_are_those_of_torchs_own_modules(causal):
    weights, x, places = drawn(), inputs(7), Places.of([7])
    expected = composed(weights, x, causal=causal)
    assert np.abs(by_torch(weights, x, places, causal=causal) - expected).max() < 1e-5
    assert np.abs(transformer.run(weights, BLOCKS, x, places, causal=causal) - expected).max() < 1e-5


def test_torchs_multi_head_attention_is_ours_without_rotation_and_norms(monkeypatch):
    blocks = Blocks(width=16, num_layers=1, num_heads=2)
    theirs = torch.nn.MultiheadAttention(16, 2, bias=False, batch_first=True)
    weights = drawn(blocks) | {"layer0.w_out": np.zeros((64, 16), np.float32)}
    weights["layer0.qkv"] = theirs.in_proj_weight.detach().numpy().T.copy()
    weights["layer0.out"] = theirs.out_proj.weight.detach().numpy().T.copy()
    monkeypatch.setattr(transformer, "rotated", lambda x, *_: x)
    monkeypatch.setattr(transformer, "norm", lambda x, _: x)
    x, attention = inputs(5), []
    ours = transformer.run(weights, blocks, x, Places.of([5]), causal=False, attention=attention)
    expected, shares = theirs(*[torch.tensor(x)[None]] * 3, average_attn_weights=False)
    assert np.abs(ours - x - expected[0].detach().numpy()).max() < 1e-5
    assert np.abs(attention[0] - shares.detach().numpy()).max() < 1e-6


def test_three_tokens_by_hand():
    """The cat sat: one head of two numbers; what "sat" sees is worked out with a pencil.

    The vectors are the = (1, 0), cat = (0, 1), sat = (1, 1). Normed, (1, 0) becomes (√2, 0), (0, 1)
    becomes (0, √2), and (1, 1) stays. W_qkv takes them over as q, k and v, the norms of q and k change
    nothing more, and θ_0 = 1: place p is turned by p radians. So with √d = √2, and sat at place 2,

        score(sat, the) = (1, 1)ᵣ₂ · (√2, 0)    / √2 = cos 2 − sin 2                = −1.3254
        score(sat, cat) = (1, 1)ᵣ₂ · (0, √2)ᵣ₁  / √2 = cos 1 + sin 1                =  1.3818
        score(sat, sat) = (1, 1)ᵣ₂ · (1, 1)ᵣ₂   / √2 = 2 / √2                       =  1.4142

    and softmax shares out 0.0318, 0.4763 of v = (√2, 0), (0, √2) and 0.4920 of (1, 1).
    """
    blocks = Blocks(width=2, num_layers=1, num_heads=1)
    weights = initial_blocks(blocks, np.random.default_rng(0))
    weights["layer0.qkv"] = np.hstack([np.eye(2, dtype=np.float32)] * 3)
    weights["layer0.out"] = np.eye(2, dtype=np.float32)
    x, attention = np.array([[1, 0], [0, 1], [1, 1]], np.float32), []
    out = transformer.run(weights, blocks, x, Places.of([3]), causal=True, attention=attention)
    scores = [math.cos(2) - math.sin(2), math.cos(1) + math.sin(1), math.sqrt(2)]
    shares = [math.exp(score) / sum(map(math.exp, scores)) for score in scores]
    assert attention[0][0, 0, 2].tolist() == pytest.approx(shares, abs=1e-5)
    assert shares == pytest.approx([0.0318, 0.4763, 0.4920], abs=1e-4)
    root = math.sqrt(2)
    sat = [1 + shares[0] * root + shares[2], 1 + shares[1] * root + shares[2]]
    size = math.sqrt((sat[0] ** 2 + sat[1] ** 2) / 2)
    assert out[2].tolist() == pytest.approx([sat[0] / size, sat[1] / size], abs=1e-5)
    assert attention[0][0, 0, 0].tolist() == [1, 0, 0]


@pytest.mark.parametrize("causal", [True, False])
def test_numpy_equals_torch_and_padding_has_no_influence(causal):
    weights, x = drawn(), inputs(9)
    places = Places.of([5, 1, 3])
    ours = transformer.run(weights, BLOCKS, x, places, causal=causal)
    assert np.abs(ours - by_torch(weights, x, places, causal=causal)).max() < 1e-4
    for part in (slice(0, 5), slice(5, 6), slice(6, 9)):
        alone = transformer.run(weights, BLOCKS, x[part], Places.of([part.stop - part.start]), causal=causal)
        assert np.abs(ours[part] - alone).max() < 1e-5


def test_packed_sequences_are_the_same_texts():
    weights, x, packing = drawn(), inputs(9), Packing.of([5, 3, 1])
    order = packing.order()
    packed = by_torch(weights, x[order], Places.of_packing(packing), causal=False)
    assert np.abs(packed - by_torch(weights, x, Places.of([5, 3, 1]), causal=False)[order]).max() < 1e-5


def test_a_causal_place_sees_nothing_of_what_comes():
    weights, x = drawn(), inputs(6)
    before = by_torch(weights, x, Places.of([6]), causal=True)
    x[4:] = inputs(2, seed=5)
    after = by_torch(weights, x, Places.of([6]), causal=True)
    assert (before[:4] == after[:4]).all() and np.abs(before[4:] - after[4:]).min(axis=1).max() > 1e-3
    both = by_torch(weights, x, Places.of([6]), causal=False)
    assert np.abs(both[:4] - after[:4]).max() > 1e-3


def test_only_distances_matter_to_rotary_positions():
    x = inputs(2).reshape(2, 2, 8)
    cosines, sines = transformer.rotation(40, 8)

    def product(place):
        """Of one vector at a place and another three places on."""
        turned = (transformer.rotated(x[n], cosines[p], sines[p]) for n, p in enumerate((place, place + 3)))
        return np.prod([*turned], axis=0).sum(axis=-1)

    near, far = product(0), product(36)
    assert np.abs(near - far).max() < 1e-5


def test_gradients_flow_where_texts_are_of_several_lengths_and_dropout_is_by_the_seed():
    weights = {name: torch.tensor(weight, requires_grad=True) for name, weight in drawn().items()}
    places, x = Places.of([4, 2]), torch.tensor(inputs(6))
    outs = [
        nets.run(weights, BLOCKS, x, places, causal=False, dropout=0.3, random=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    assert (outs[0] == outs[1]).all() and (outs[0] != outs[2]).any()
    gradients = torch.autograd.grad(outs[0].sum(), [*weights.values()])
    assert all(torch.isfinite(gradient).all() and gradient.abs().sum() > 0 for gradient in gradients)


def test_layers_begin_as_doing_nothing():
    weights, x = initial_blocks(BLOCKS, np.random.default_rng(3)), inputs(4)
    out = transformer.run(weights, BLOCKS, x, Places.of([4]), causal=True)
    assert np.abs(out - transformer.norm(x, weights["norm"])).max() < 1e-6
    assert block_shapes(BLOCKS) == {name: weight.shape for name, weight in weights.items()}


def test_many_long_texts_are_compared_some_at_a_time(monkeypatch):
    weights, x, places = drawn(), inputs(12), Places.of([3, 4, 1, 4])
    whole, parts = [], []
    expected = transformer.run(weights, BLOCKS, x, places, causal=True, attention=whole)
    monkeypatch.setattr(transformer, "_SCORES", 64)
    out = transformer.run(weights, BLOCKS, x, places, causal=True, attention=parts)
    assert np.abs(out - expected).max() < 1e-6
    assert [part.shape for part in parts] == [(4, 2, 4, 4)] * 2
    assert all(np.abs(one - other).max() < 1e-6 for one, other in zip(whole, parts, strict=True))


def test_heads_share_the_width():
    check_heads("--rnn-size", 24, 3)
    with pytest.raises(SettingsError, match="--rnn-size 20 cannot be shared by 4 heads"):
        check_heads("--rnn-size", 20, 4)


@pytest.mark.parametrize("batch", [1, 3])
def test_one_place_at_a_time_is_all_at_once(batch):
    weights, length = drawn(), 9
    steps = BlockSteps(Prepared.of(weights, BLOCKS, length), BLOCKS, length, batch)
    for seed in (1, 2):  # the second begins again over what the first has left
        x = inputs(batch * length, seed)
        expected = transformer.run(weights, BLOCKS, x, Places.of([length] * batch), causal=True)
        rows = x.reshape(batch, length, -1)
        ours = np.stack([steps(rows[:, place].copy()) for place in range(length)], axis=1)
        assert np.abs(ours.reshape(expected.shape) - expected).max() < 1e-5
        with pytest.raises(IndexError):
            steps(rows[:, 0].copy())
        steps.begin()
        steps.fill(rows[:, :5])
        later = np.stack([steps(rows[:, place].copy()) for place in range(5, length)], axis=1)
        assert np.abs(later - expected.reshape(rows.shape)[:, 5:]).max() < 1e-5
        with pytest.raises(IndexError):
            steps.fill(np.zeros((batch, length + 1, BLOCKS.width), np.float32))
        steps.begin()


def test_large_layers_are_rounded_and_stay_near():
    blocks, length = BLOCKS._replace(width=132, num_layers=2), 70
    random = np.random.default_rng(5)
    weights = {
        name: (1.0 * name.endswith("norm") + random.standard_normal(shape) / math.sqrt(shape[0])).astype("f")
        for name, shape in block_shapes(blocks).items()
    }
    x = random.standard_normal((2 * length, 132)).astype(np.float32)
    expected = transformer.run(weights, blocks, x, Places.of([length] * 2), causal=True).reshape(
        2, length, -1
    )
    layers = Prepared.of(weights, blocks, length)
    assert layers.packed.size > 2 * 12 * 132 * 132
    steps, rows = BlockSteps(layers, blocks, length, 2), x.reshape(2, length, -1)
    together = np.stack([steps(rows[:, place].copy()) for place in range(length)], axis=1)
    assert 1e-5 < np.abs(together - expected).max() < 0.15 and np.abs(together - expected).mean() < 0.02
    alone = BlockSteps(layers, blocks, length)
    assert (np.stack([alone(rows[1:, n].copy())[0] for n in range(length)]) == together[1]).all()
    alone.begin()
    alone.fill(rows[1:, :67])
    assert (alone(rows[1:, 67].copy())[0] == together[1, 67]).all()
