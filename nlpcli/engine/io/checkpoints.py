"""The file from which an interrupted training goes on: its name, what is said of it, and its end; and how
a training runs that leaves one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from nlpcli.engine.io.model_file import Model, read_model
from nlpcli.engine.io.paths import is_no_file
from nlpcli.engine.runtime.interrupts import saved_when_interrupted
from nlpcli.engine.runtime.progress import Progress
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


class Learning(Protocol):
    """A training that may be interrupted."""

    def go(self, progress: Progress, every: int, save: Callable[[], object]) -> int:
        """Learn to the end, from wherever it stands, and `save` each `every` updates; how many there were."""

    def model(self) -> Any:
        """What has been learnt, which can `save` itself."""

    def done(self) -> str:
        """How far it is, in words."""

    def save(self, path: str) -> None:
        """Write a checkpoint."""

    def restore(self, path: str) -> None:
        """Go on from a checkpoint. Raises ModelError for one of another training."""


def learnt(learning: Learning, output: str | None, resume: str | None, every: int, progress: Progress) -> Any:
    """The model, written to `output`; a checkpoint each `every` updates (0: none) and when interrupted."""
    if resume is not None:
        learning.restore(resume)
    if output is None:
        learning.go(progress, 0, lambda: None)
        return learning.model()
    path = checkpoint_path(output)

    def save() -> None:
        learning.save(path)
        progress.note(interrupted(learning.done(), path))

    with saved_when_interrupted(save):
        updates = learning.go(progress, every, lambda: learning.save(path))
        model = learning.model()
        model.save(output)
    remove_checkpoint(path, 0 < every <= updates, resume)
    return model
