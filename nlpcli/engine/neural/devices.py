"""What a network is trained on: the device, the numbers, the threads, as asked for and as there are.

Not here: the products themselves (`nets/recurrent.py`), and generation, which needs no torch.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

from nlpcli.engine.runtime.threads import available_cores
from nlpcli.engine.runtime.torch_caches import limit_caches
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import CharLMSettings

if TYPE_CHECKING:
    import torch

PART = 8  # fewest streams worth a thread
_LARGE = 128  # units of a layer, from which on bfloat16 pays


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
        raise _no_bfloat16()
    # Small products gain nothing from AMX, and small networks are the ones whose numbers get looked at.
    has_amx = bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())
    return settings.rnn_size >= 64 and has_amx and cpu_supports_bfloat16()


def products_of(precision: str, size: int) -> torch.dtype:
    """The numbers in which the products of a network of large matrices are made on the CPU.

    `precision` is what was asked for; auto is bfloat16 where the processor has instructions that multiply it
    (AMX, AVX-512) and layers have 128 units or more: two to three times faster than float32 there.
    Raises SettingsError where bfloat16 is asked for and the processor has none.
    """
    import torch

    if precision == "float32" or (precision == "auto" and (size < _LARGE or not _multiplies_bfloat16())):
        return torch.float32
    if not cpu_supports_bfloat16():
        raise _no_bfloat16()
    return torch.bfloat16


def _multiplies_bfloat16() -> bool:
    import torch

    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return cpu_supports_bfloat16() and any(getattr(torch.cpu, name, bool)() for name in asked)


def _no_bfloat16() -> SettingsError:
    return SettingsError(
        "--precision bfloat16: this processor has no instructions for it (x86 needs AVX-512 or "
        "AVX-NE-CONVERT)",
        hint="use --precision auto, which is float32 here",
    )


@functools.cache
def cpu_supports_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16: found by trying, which knows ONEDNN_MAX_CPU_ISA too."""
    import torch

    from nlpcli.engine.neural.nets.recurrent import packed

    limit_caches()
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
