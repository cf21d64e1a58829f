"""Settings of groups of words and documents."""

from __future__ import annotations

from dataclasses import dataclass

from nlpcli.settings.fields import MOST, Settings, setting


@dataclass(frozen=True)
class ClusterSettings(Settings):
    """How many groups, and what is shown of each."""

    k: int = setting(20, "Clusters.", min=1, max=MOST)
    vocab: int | None = setting(None, "Words: only the N first (most frequent).", min=1, max=MOST)
    top: int = setting(
        10,
        "Words or terms to show for each cluster.",
        min=1,
        max=MOST,
        flags=("--top", "-n"),
        old=("--terms",),
    )
    seed: int = setting(1, "Seed of the starting points.", min=0, max=2**32 - 1)
