"""GloVe's loss written out, cell by cell: count, weight, product of the vectors, error, share of J.

Logarithms and weights are those that the training works with (`glove_blocks.py`).
"""

from __future__ import annotations

import math

import numpy as np

from nlpcli.engine.embeddings.glove import Glove
from nlpcli.engine.embeddings.glove_blocks import Cells
from nlpcli.engine.io.shown_work import WorkTable, check_shown

_MOST_CELLS, _MOST_DIM = 200, 8


def check_size(cells: Cells, dim: int) -> None:
    """Raise InputError for more than can be shown."""
    check_shown("cells", len(cells), _MOST_CELLS)
    check_shown("numbers in a vector", dim, _MOST_DIM, hint="give shorter vectors: --dim 2")


def loss(model: Glove, cells: Cells) -> list[WorkTable]:
    """Both sides of the model, the terms of J = ½ Σ f(X) (u·v + b_u + b_v − ln X)², and J."""
    tokens, dim = model.vocabulary.tokens, model.settings.dim
    sides = (model.words, model.contexts)
    tables = [
        WorkTable(
            name,
            [name, *(str(number) for number in range(1, dim + 1)), "bias"],
            [
                (token, *row, bias)
                for token, row, bias in zip(
                    tokens, side.rows[:, 0, :dim].tolist(), side.biases[:, 0].tolist(), strict=True
                )
            ],
        )
        for name, side in zip(("u", "v"), sides, strict=True)
    ]
    terms = []
    for row, column, log, weight in sorted(_cells(cells)):
        product = float(model.words.rows[row, 0] @ model.contexts.rows[column, 0])
        biases = float(model.words.biases[row, 0] + model.contexts.biases[column, 0])
        error = product + biases - log
        share = 0.5 * weight * error * error
        terms.append((tokens[row], tokens[column], math.exp(log), weight, product, biases, log, error, share))
    columns = ["word", "neighbour", "X", "f(X)", "u·v", "b_u + b_v", "ln X", "error", "½ f error²"]
    total = math.fsum(term[-1] for term in terms)
    return [*tables, WorkTable("cells", columns, terms), WorkTable("J", ["J"], [(total,)])]


def _cells(cells: Cells) -> list[tuple[int, int, float, float]]:
    """Row, column, ln X and f(X) of every cell."""
    found = []
    for row_block, column_block in np.argwhere(cells.sizes()).tolist():
        block = cells.block(row_block, column_block)
        begin = 0
        for segment, end in enumerate(block.ends.tolist()):
            row = block.first_row + int(block.rows[segment])
            for cell in range(begin, end):
                column = block.first_column + int(block.columns[cell])
                found.append((row, column, float(block.logs[cell]), float(block.weights[cell])))
            begin = end
    return found
