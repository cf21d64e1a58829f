"""Settings of questions to word vectors."""

from __future__ import annotations

from typing import Literal

from nlpcli.settings.fields import MOST, Settings, setting
from nlpcli.settings.frozen import frozen


@frozen
class SimilarSettings(Settings):
    """Which words are near."""

    top_k: int = setting(
        10, "Words to show.", min=1, max=MOST, panel="Method", flags=("--top", "-n"), old=("--top-k", "-k")
    )
    by: Literal["cosine", "dot", "euclidean"] = setting("cosine", "What nearness is.")
    vocab: int | None = setting(None, "Look among the N first (most frequent) words only.", min=1, max=MOST)


@frozen
class AnalogySettings(Settings):
    """How an analogy is completed."""

    top_k: int = setting(10, "Words to show.", min=1, max=MOST, flags=("--top", "-n"), old=("--top-k", "-k"))
    method: Literal["3cosadd", "3cosmul"] = setting(
        "3cosadd", "Add and subtract vectors, or multiply and divide cosines (Levy and Goldberg 2014)."
    )
    vocab: int | None = setting(None, "Look among the N first (most frequent) words only.", min=1, max=MOST)


@frozen
class OddOneOutSettings(Settings):
    """What being the odd one is."""

    by: Literal["euclidean", "cosine"] = setting(
        "euclidean", "The largest mean distance to the others, or the smallest cosine with their mean."
    )


@frozen
class VectorEvaluationSettings(Settings):
    """What takes part when word vectors are evaluated."""

    vocab: int = setting(300_000, "Only the N first (most frequent) words take part.", min=1, max=MOST)
    method: Literal["3cosadd", "3cosmul"] = setting("3cosadd", "How analogies are answered.")
    case_sensitive: bool = setting(False, "Tell King from king.", flags=("--case-sensitive",))
    unknown: Literal["skip", "wrong"] = setting(
        "skip", "A question with an unknown word is passed over, or counts as wrong."
    )


@frozen
class ConvertSettings(Settings):
    """How word vectors are written anew."""

    layout: Literal[
        "auto", "safetensors", "word2vec", "word2vec-bin", "fasttext-bin", "glove", "npy", "tsv"
    ] = setting("auto", "Layout of the output; auto goes by its extension.", flags=("--format",))
    top: int | None = setting(
        None, "Only the N first (most frequent) words.", min=1, max=MOST, flags=("--vocab",), old=("--top",)
    )
    normalize: bool = setting(False, "Scale every vector to length 1.", flags=("--normalize",))
    dtype: Literal["float32", "float16", "int8"] = setting(
        "float32",
        "Type of the numbers: a half or a quarter of the size in .safetensors (.npy, .npz: float16).",
    )
    odd_words: Literal["error", "skip", "underscore"] = setting(
        "error",
        "A word that the layout cannot hold (with a space, say): refuse, leave out, or write _ for it.",
    )
