"""Settings of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from nlpcli.settings.fields import MOST, Needs, Settings, setting
from nlpcli.settings.frozen import frozen


@frozen
class PlotSettings(Settings):
    """How words are laid out on a map."""

    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {"perplexity": Needs("method", ("tsne",)), "k": Needs("color_by", ("cluster",))}
    )

    method: Literal["pca", "tsne"] = setting(
        "pca", "Straight onto the two widest directions, or neighbours kept together (t-SNE)."
    )
    top: int = setting(
        500,
        "Words to draw when none are named: the N first (most frequent).",
        min=2,
        max=MOST,
        flags=("--top", "-n"),
    )
    color_by: Literal["none", "cluster", "rank"] = setting(
        "none",
        "Colours: all alike, k-means clusters (named by their words), or by rank in the vocabulary.",
        flags=("--color-by",),
    )
    k: int = setting(8, "Clusters to colour.", min=1, max=MOST)
    perplexity: float = setting(30.0, "t-SNE: about how many neighbours a word has.", above=1, max=1e6)
    seed: int = setting(1, "Seed of t-SNE and of the clusters.", min=0, max=2**32 - 1)
