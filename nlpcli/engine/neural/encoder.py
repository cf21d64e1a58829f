"""The encoder at work, without torch: the same numbers as `nets/encoder.py` gives in training, to 1e-5.

Not here: which rows of the tables a word has (`word_inputs.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from nlpcli.engine.neural import transformer
from nlpcli.engine.neural.int8_matrix import Int8Matrix, columns
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.word_inputs import WordRows
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.settings.neural import BACKWARD, TRANSFORMER, Layers, blocks_of, directions

cells, subwords = Kernels("neural.recurrent_cells"), Kernels("text.subword_hashes")
rounded = Kernels("neural.lstm_int8")


class Tables(Mapping[str, Floats]):
    """Tables as they are kept, float16 [R, D], read as float32."""

    def __init__(self, tables: Mapping[str, np.ndarray[tuple[int, int], np.dtype[np.float16]]]) -> None:
        self.kept = dict(tables)
        self._wide: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._wide:
            self._wide[name] = self.kept[name].astype(np.float32)
        return self._wide[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)

    def rows(self, name: str, rows: Ids) -> Floats:
        """Some of the rows, without reading all."""
        return self.kept[name][rows].astype(np.float32)


def word_vectors(tables: Tables, rows: WordRows) -> Floats:
    """The vectors of words, float32 [W, D]."""
    features = tables["features"]
    means = np.empty((len(rows.own), features.shape[1]), np.float32)
    subwords.row_means(features, rows.starts, rows.features, means)
    means *= np.sqrt(np.diff(rows.starts).astype(np.float32))[:, None]
    parts = [tables.rows("words", rows.own), means]
    if "given" in tables:
        parts.append(tables.rows("given", rows.vectors))
    return np.concatenate(parts, axis=1)


def run(
    settings: Layers,
    weights: Mapping[str, Floats],
    x: Floats,
    rows: Ids,
    packing: Packing,
    states: Floats | None = None,
) -> Floats:
    """The encoder's output float32 [N, output_size] for packed sentences; word n is row rows[n] of `x`.

    states: float32 [N, S], those of a language model at each word, which stand behind `x`.
    """
    if settings.cell == TRANSFORMER:
        inputs, read = _inputs(weights["input.w"], weights["input.b"], x, rows, states)
        places, causal = transformer.Places.of_packing(packing), not settings.bidirectional
        return transformer.run(weights, blocks_of(settings), inputs[read], places, causal=causal)
    back = packing.reversed()
    for n in range(settings.num_layers):
        outputs = []
        for direction in directions(settings):
            name = f"layer{n}.{direction}"
            inputs, read = _inputs(weights[f"{name}.w_xh"], weights[f"{name}.b"], x, rows, states)
            if direction == BACKWARD:
                read = read[back]
            w_hh = weights.get(f"{name}.w_hh")
            out = run_layer(settings.cell, inputs, read, packing, w_hh, settings.rnn_size)
            outputs.append(out if direction != BACKWARD else out[back])
        x, rows, states = np.concatenate(outputs, axis=1), np.arange(len(back)), None
    return x


def _inputs(w: Floats, b: Floats, x: Floats, rows: Ids, states: Floats | None) -> tuple[Floats, Ids]:
    """What the inputs add to the gates, and which row of it each place takes."""
    inputs: Floats = x @ (w if states is None else w[: x.shape[1]])
    inputs += b
    if states is None:
        return inputs, rows
    together: Floats = states @ w[x.shape[1] :]
    together += inputs[rows]
    return together, np.arange(len(rows))


def run_layer(
    cell: str, inputs: Floats, rows: Ids, packing: Packing, w_hh: Floats | None, size: int
) -> Floats:
    """The outputs float32 [N, size] of a layer for packed sequences; place n takes row rows[n] of inputs."""
    return _LAYERS[cell](inputs, rows, packing, w_hh, size)


def _states(packing: Packing, size: int) -> Floats:
    """Room for the states before any step, which are zero, and after each: [B + N, H]."""
    states = np.empty((packing.batch + int(packing.starts[-1]), size), np.float32)
    states[: packing.batch] = 0.0
    return states


def _rnn(inputs: Floats, rows: Ids, packing: Packing, w_hh: Floats, size: int) -> Floats:
    h = _states(packing, size)
    for now, before, after in packing.steps():
        cells.rnn_forward(inputs, rows[now], h[before] @ w_hh, h[after])
    return h[packing.batch :]


def _lstm(inputs: Floats, rows: Ids, packing: Packing, w_hh: Floats | Int8Matrix, size: int) -> Floats:
    h, c = _states(packing, size), _states(packing, size)
    if isinstance(w_hh, Int8Matrix):
        rounded.layer(inputs, rows, packing.starts, w_hh.packed, w_hh.scales, c, h)
        return h[packing.batch :]
    gates = np.empty((packing.batch, 4 * size), np.float32)
    for now, before, after in packing.steps():
        live = gates[: now.stop - now.start]
        cells.lstm_forward(inputs, rows[now], h[before] @ w_hh, c[before], live, c[after], h[after])
    return h[packing.batch :]


def _gru(inputs: Floats, rows: Ids, packing: Packing, w_hh: Floats, size: int) -> Floats:
    h, low = _states(packing, size), np.empty((packing.batch, size), np.float32)
    gates, reset_h = np.empty((packing.batch, 3 * size), np.float32), np.empty_like(low)
    w_zr, w_n = columns(w_hh, 0, 2 * size), columns(w_hh, 2 * size, 3 * size)
    for now, before, after in packing.steps():
        live = slice(0, now.stop - now.start)
        cells.gru_gates_forward(inputs, rows[now], h[before] @ w_zr, h[before], gates[live], reset_h[live])
        candidate = reset_h[live] @ w_n
        cells.gru_forward(inputs, rows[now], candidate, h[before], gates[live], h[after], low[live])
    return h[packing.batch :]


def _mingru(inputs: Floats, rows: Ids, packing: Packing, _w_hh: None, size: int) -> Floats:
    h, gates = _states(packing, size), np.empty((packing.batch, 2 * size), np.float32)
    for now, before, after in packing.steps():
        cells.mingru_forward(inputs, rows[now], h[before], gates[: now.stop - now.start], h[after])
    return h[packing.batch :]


_LAYERS: dict[str, Callable[..., Floats]] = {"rnn": _rnn, "lstm": _lstm, "gru": _gru, "mingru": _mingru}
