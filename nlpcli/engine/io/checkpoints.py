"""The file from which an interrupted training goes on: its name, what is said of it, and its end."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from nlpcli.engine.io.model_file import Model, read_model
from nlpcli.engine.io.paths import is_no_file
from nlpcli.errors import ModelError


def checkpoint_path(output: str | os.PathLike[str]) -> str:
    """The checkpoint of a training that will write `output`; it is a model file, whatever `output` is.

    >>> checkpoint_path("w.safetensors"), checkpoint_path("wiki/w.txt")
    ('w.checkpoint.safetensors', 'wiki/w.txt.checkpoint.safetensors')
    """
    # Beside a pipe or a device there is no place for it.
    path = Path("nlpcli") if is_no_file(output) else Path(output)
    return str(path.with_name(f"{path.name.removesuffix('.safetensors')}.checkpoint.safetensors"))


def interrupted(done: str, checkpoint: str) -> str:
    """The note of an interrupted training, which has written its checkpoint."""
    return (
        f"interrupted after {done}; to go on from the checkpoint, repeat the command with "
        f"--resume {checkpoint}"
    )


def read_finished(
    path: str | os.PathLike[str], kinds: tuple[str, ...], unfinished: tuple[str, ...], noun: str, command: str
) -> Model:
    """A model of one of the `kinds`. Raises ModelError for others, and for an interrupted training."""
    model = read_model(path, (*kinds, *unfinished))
    if model.kind in unfinished:
        raise ModelError(
            f"{path} is a training that was interrupted, no {noun} yet",
            hint=f"repeat the {command} command with --resume {path}",
        )
    return model


def remove_checkpoint(path: str | os.PathLike[str], written: bool, resumed: str | None) -> None:
    """Remove the checkpoint of a training whose output is written, if it is of this very training.

    It is when the training has `written` it, or was `resumed` from it.
    """
    with contextlib.suppress(OSError):
        if written or (resumed is not None and Path(path).samefile(resumed)):
            Path(path).unlink()
