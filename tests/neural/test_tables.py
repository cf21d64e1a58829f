"""Rows that a batch touches: Adam on them as torch's, and their moving average as if all were looked at."""

import numpy as np
import pytest

from nlpcli.engine.neural.tables import BETAS, Table

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_touched_rows_move_as_sparse_adam_moves_them_and_the_average_knows_all(decay):
    random = np.random.default_rng(0)
    start = random.normal(size=(6, 4)).astype(np.float32)
    table = Table(start, decay)
    weight = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.SparseAdam([weight], lr=0.1, betas=BETAS)
    average = np.zeros_like(start)
    for step in range(1, 8):
        rows = np.unique(random.integers(0, 6, 3))
        leaf, at = table.leaf(rows)
        assert (leaf.detach().numpy() == table.now[rows]).all() and at[rows].tolist() == [*range(len(rows))]
        gradient = random.normal(size=(len(rows), 4)).astype(np.float32)
        table.update(gradient, step, 0.1)
        places = torch.tensor(rows[None])
        weight.grad = torch.sparse_coo_tensor(
            places, torch.tensor(gradient), (6, 4), check_invariants=True
        ).coalesce()
        optimizer.step()
        average = decay * average + (1 - decay) * table.now
        assert table.now == pytest.approx(weight.detach().numpy(), abs=1e-5)
        expected = average / (1 - decay**step)
        assert table.mean(step) == pytest.approx(expected, abs=1e-5)
