"""What a network is trained on: the device, the numbers, the threads, as asked for and as there are.

Not here: the products themselves (`nets/recurrent.py`), and generation, which needs no torch.
"""

from __future__ import annotations

import functools
import itertools

from nlpcli.engine.runtime.threads import available_cores
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import CharLMSettings

PART = 8  # fewest streams worth a thread


def check(settings: CharLMSettings) -> None:
    """Refuse what this machine does not have, before any text is read. Raises SettingsError."""
    wants_bfloat16(settings, device_of(settings))


def device_of(settings: CharLMSettings) -> str:
    """`cpu` or `cuda`. Raises SettingsError where the GPU asked for is not there."""
    import torch

    if settings.device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("--device cuda: torch finds no GPU here", hint="use --device auto")
    return "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"


def wants_bfloat16(settings: CharLMSettings, device: str) -> bool:
    """Asked for, or where there are matrix units for it: a GPU, or a CPU with AMX.

    Raises SettingsError where it is asked for and the processor has no instructions for it. The
    products could be had without them, but several times slower than in float32.
    """
    import torch

    if settings.precision == "float32":
        return False
    if device == "cuda":
        return True
    if settings.precision == "bfloat16":
        if cpu_supports_bfloat16():
            return True
        raise SettingsError(
            "--precision bfloat16: this processor has no instructions for it (x86 needs AVX-512 or "
            "AVX-NE-CONVERT)",
            hint="use --precision auto, which is float32 here",
        )
    # Small products gain nothing from AMX, and small networks are the ones whose numbers get looked at.
    has_amx = bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())
    return settings.rnn_size >= 64 and has_amx and cpu_supports_bfloat16()


@functools.cache
def cpu_supports_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16: found by trying, which knows ONEDNN_MAX_CPU_ISA too."""
    import torch

    from nlpcli.engine.neural.nets.recurrent import packed

    return packed(torch.ones((PART, PART), dtype=torch.bfloat16), PART) is not None


def parts(threads: int, batch: int, device: str) -> list[slice]:
    """The batch's columns, split for the threads.

    >>> parts(2, 20, "cpu"), parts(2, 20, "cuda")
    ([slice(0, 10, None), slice(10, 20, None)], [slice(0, 20, None)])
    """
    if device != "cpu":
        return [slice(0, batch)]
    count = max(1, min(threads or min(8, available_cores()), batch // PART))
    bounds = [batch * n // count for n in range(count + 1)]
    return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]
