"""Runs campaigns: try after try, each with a seed of its own that makes it again."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

# In the order in which they run; a campaign is tests/fuzz/<name>.py.
CAMPAIGNS: tuple[str, ...] = (
    "compressed", "faults", "kernel_files", "kills", "model_files", "resumes", "settings", "tables", "text",
    "vector_files",
)  # fmt: skip


@dataclass
class Tally:
    """How a campaign went: tries, the failures by seed, and why it could not run."""

    campaign: str
    tried: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    missing: str = ""

    def __str__(self) -> str:
        if self.missing:
            return f"{self.campaign}: not run: {self.missing}"
        return f"{self.campaign}: {self.tried:,} tried, {len(self.failures):,} failed"


def run(campaign: str, seeds: Iterable[int], seconds: float = float("inf"), only: str = "") -> Tally:
    """Tries `seeds` one after another until they or the seconds are used up; the first is always tried.

    A campaign over kinds tries them in turn, or `only` those whose names have this in them.
    """
    module: Any = import_module(f"tests.fuzz.{campaign}")
    kinds = [kind for kind in getattr(module, "KINDS", ()) if only in kind]
    if only and not kinds:
        return Tally(campaign, missing=f"it has no kind {only}")
    tally = Tally(campaign, missing=module.missing() if hasattr(module, "missing") else "")
    if tally.missing:
        return tally
    end = time.monotonic() + seconds
    for seed in seeds:
        tally.tried += 1
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                kind = [kinds[seed % len(kinds)]] if kinds else []
                module.attempt(Random(f"{campaign} {seed}"), Path(folder), *kind)
            except Exception:
                tally.failures[seed] = traceback.format_exc()
        if time.monotonic() > end:
            break
    return tally
