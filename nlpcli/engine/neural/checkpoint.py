"""A training as arrays and numbers in a model file, and back: weights, Adam's moments, states, place.

Not here: the file, and what a training is of (`charlm/checkpoint.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import Model
from nlpcli.engine.neural.trainer import Network, Trainer
from nlpcli.engine.neural.weights import Weights
from nlpcli.errors import ModelError

if TYPE_CHECKING:
    from nlpcli.engine.neural.nets.recurrent_network import State

_MOMENTS = ("exp_avg", "exp_avg_sq")


def optimizer_tensors(trainer: Trainer, network: Network) -> dict[str, NDArray[Any]]:
    """The weights of the moment, and Adam's two moments of each; zeros before the first update."""
    tensors: dict[str, NDArray[Any]] = {f"now/{name}": array for name, array in network.arrays().items()}
    for name, weight in network.weights.items():
        for moment in _MOMENTS:
            held = trainer.optimizer.state.get(weight, {}).get(moment)
            tensors[f"{moment}/{name}"] = (
                np.zeros(tuple(weight.shape), dtype=np.float32) if held is None else held.cpu().numpy()
            )
    return tensors


def weights_now(model: Model, shapes: Mapping[str, tuple[int, ...]]) -> Weights:
    """The weights of the moment. Raises ModelError for other shapes."""
    return {name: _taken(model, f"now/{name}", shape) for name, shape in shapes.items()}


def place(trainer: Trainer) -> dict[str, Any]:
    """Where a training is, for the JSON part of a file."""
    return {
        "step": trainer.step,
        "stale": trainer.stale,
        "best_loss": trainer.best_loss if math.isfinite(trainer.best_loss) else None,
        "loss_sum": trainer.loss_sum,
        "loss_count": trainer.loss_count,
    }


def restore(trainer: Trainer, network: Network, model: Model, where: Mapping[str, Any]) -> None:
    """Bring a new training, its network begun with `weights_now`, to the place `where`.

    Raises ModelError for moments of other shapes.
    """
    import torch

    trainer.step, trainer.stale = where["step"], where["stale"]
    trainer.best_loss = math.inf if where["best_loss"] is None else where["best_loss"]
    trainer.loss_sum, trainer.loss_count = where["loss_sum"], where["loss_count"]
    if not trainer.step:
        return
    for name, weight in network.weights.items():
        trainer.optimizer.state[weight] = {
            "step": torch.tensor(float(trainer.step), device=weight.device),
            **{
                moment: torch.tensor(_taken(model, f"{moment}/{name}", tuple(weight.shape))).to(weight.device)
                for moment in _MOMENTS
            },
        }


def state_tensors(states: Sequence[State]) -> dict[str, NDArray[Any]]:
    """The hidden states of a batch, its parts joined: by layer and number, each [B, H]."""
    return {
        f"state/{n}/{k}": np.concatenate([state[n][k].cpu().numpy() for state in states])
        for n, layer in enumerate(states[0])
        for k in range(len(layer))
    }


def restore_states(
    states: Sequence[State], parts: Sequence[slice], model: Model, shape: tuple[int, int]
) -> None:
    """Put the hidden states of a file, each [B, H], in the place of those of a batch's parts."""
    import torch

    for n, layer in enumerate(states[0]):
        kept = [_taken(model, f"state/{n}/{k}", shape) for k in range(len(layer))]
        for part, state in zip(parts, states, strict=True):
            state[n] = tuple(
                torch.tensor(array[part]).to(old.device) for array, old in zip(kept, state[n], strict=True)
            )


def _taken(model: Model, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array: NDArray[np.float32] = model.tensors[name]
    if array.shape != shape:
        raise ModelError(
            f"the checkpoint does not fit: its {name} is {list(array.shape)}, the training's {list(shape)}",
            hint="give the same files in the same order as before",
        )
    return array.copy()
