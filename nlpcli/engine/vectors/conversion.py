"""Word vectors from one layout to another, and what a smaller type of number costs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.vectors.neighbours import Neighbours
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.engine.vectors.writing import (
    DTYPES,
    FASTTEXTS_OWN,
    SubwordModel,
    holds_subwords,
    layout_of,
    mended,
    odd_tokens,
    quantized,
    restored,
    write_vectors,
)
from nlpcli.errors import OutputError, SettingsError
from nlpcli.settings.vectors import ConvertSettings

_SAMPLED = 200
_NEAREST = 10


@dataclass(frozen=True)
class Quality:
    """What smaller numbers cost: the mean cosine of a vector with itself before, and the share of
    the ten nearest words that stay, over `words` words from all of the vocabulary."""

    cosine: float
    neighbours: float
    words: int


@dataclass(frozen=True)
class Conversion:
    """What was written: words, length of a vector, words left out or mended, and the quality; and what
    the source holds and the output cannot, in words."""

    words: int
    dim: int
    left_out: int
    mended: int
    quality: Quality | None
    lost: tuple[str, ...] = ()


@plain_settings
def convert(vectors: str, output: str, settings: ConvertSettings = ConvertSettings()) -> Conversion:
    """What was written: the vectors of a file, anew in the layout that the extension of `output` names.

    Raises OutputError for words the layout cannot hold (unless the settings say what to do with
    them), and InputError or ModelError for a source that holds no vectors.
    """
    layout = layout_of(output) if settings.layout == "auto" else settings.layout
    if settings.dtype not in DTYPES.get(layout, ("float32",)):
        raise SettingsError(
            f"--dtype {settings.dtype} needs a name in .safetensors (float16, int8), .npy or .npz (float16)"
        )
    check_writable(output)
    loaded = Vectors.load(vectors, verify=True, whole=True)
    if settings.layout == "auto":
        kept = None if settings.normalize else loaded.model
        layout = layout_of(output, kept.subwords.rule if kept else None)
    rows = np.arange(min(len(loaded), settings.top or len(loaded)))
    tokens, rows, repaired = _fitted(loaded.tokens, rows, layout, settings)
    if not len(rows):
        raise OutputError(f"cannot write {output}: no word is left")
    matrix = loaded.matrix if len(rows) == len(loaded) else loaded.matrix[rows]
    if settings.normalize:
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        matrix = (matrix / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    counts = loaded.counts[rows] if loaded.counts is not None else None
    model, lost = _kept_subwords(loaded, rows, layout, settings)
    if model is not None and repaired:
        model = dataclasses.replace(model, subwords=dataclasses.replace(model.subwords, word_rows=None))
    write_vectors(
        output, tokens, matrix, counts=counts, layout=layout, dtype=settings.dtype, model=model,
        source=loaded.header,
    )  # fmt: skip
    quality = None
    if settings.dtype != "float32":
        quality = _quality(matrix, restored(*quantized(matrix, settings.dtype)))
    asked = min(len(loaded), settings.top or len(loaded))
    return Conversion(len(rows), loaded.dim, asked - len(rows), repaired, quality, lost)


def _kept_subwords(
    loaded: Vectors, rows: NDArray[np.int64], layout: str, settings: ConvertSettings
) -> tuple[SubwordModel | None, tuple[str, ...]]:
    """The subwords that go out with the words of some `rows`, and what does not go out."""
    lost = [loaded.left_out] if loaded.left_out else []
    model = loaded.model
    if model is None or (not model.subwords.rule.maxn and layout != "fasttext-bin"):
        return None, tuple(lost)
    unseen = "the subwords: a word that is not in the file has no vector"
    if settings.normalize:
        return None, (*lost, f"{unseen} (--normalize is for words alone)")
    if not holds_subwords(layout, settings.dtype):
        return None, (*lost, f"{unseen} (.safetensors with float32, and .bin, hold them)")
    subwords = model.subwords if len(rows) == len(loaded) else model.subwords.of_words(rows)
    if layout == "fasttext-bin":
        if model.header.get("analysis", FASTTEXTS_OWN) != FASTTEXTS_OWN:
            lost.append("how text was analysed: ask for words as the model spells them")
        if not subwords.zeros:
            lost.append("the length, but the direction, of vectors of words that are not in the file")
    return SubwordModel(subwords, model.header), tuple(lost)


def _fitted(
    tokens: PackedTokens, rows: NDArray[np.int64], layout: str, settings: ConvertSettings
) -> tuple[PackedTokens, NDArray[np.int64], int]:
    """The words that go out, the rows they come from, and how many were mended to fit the layout."""
    chosen = tokens if len(rows) == len(tokens) else tokens.take(rows)
    odd = odd_tokens(chosen, layout)
    if settings.odd_words == "error" or not len(odd):
        return chosen, rows, 0
    if settings.odd_words == "skip":
        rows = np.delete(rows, odd)
        return tokens.take(rows), rows, 0
    words = list(chosen)
    for number in odd.tolist():
        words[number] = mended(words[number], layout)
    first: dict[str, int] = {}
    is_odd = set(odd.tolist())
    for number in sorted(range(len(words)), key=lambda number: number in is_odd):  # what was whole goes first
        first.setdefault(words[number], number)
    kept = sorted(first.values())
    return PackedTokens.of(words[number] for number in kept), rows[kept], len(is_odd & set(kept))


def _quality(before: NDArray[np.float32], after: NDArray[np.float32]) -> Quality:
    sampled = np.unique(np.linspace(0, len(before) - 1, _SAMPLED).astype(np.int64))
    first, second = before[sampled].astype(np.float64), after[sampled].astype(np.float64)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosines = np.einsum("ij,ij->i", first, second) / np.where(lengths == 0, 1.0, lengths)
    near = [Neighbours(matrix).similar(sampled.tolist(), top_k=_NEAREST) for matrix in (before, after)]
    shared = [
        len({row for row, _ in old} & {row for row, _ in new}) / max(len(old), 1)
        for old, new in zip(*near, strict=True)
    ]
    return Quality(float(cosines.mean()), float(np.mean(shared)), len(sampled))
