"""What Facebook's fastText files mean as word vectors: read as words and subwords, and written.

The file itself is `io/fasttext_file.py`. Of a classifier the words and n-grams are read all the same;
its labels are for `classify/fasttext_classifier.py`.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.corpus.subwords import SubwordRule
from nlpcli.engine.io import fasttext_file
from nlpcli.engine.io.binary_input import BinaryInput
from nlpcli.engine.io.fasttext_file import SUPERVISED, Arguments, FastTextFile
from nlpcli.engine.runtime.arrays import Floats, offsets_of
from nlpcli.engine.vectors.subwords import Subwords
from nlpcli.errors import ModelError, OutputError
from nlpcli.settings.embeddings import FastTextSettings

_MODELS = {"cbow": fasttext_file.CBOW, "skipgram": fasttext_file.SKIPGRAM}
_LOSSES = {"ns": fasttext_file.NEGATIVE_SAMPLING, "hs": fasttext_file.HIERARCHICAL_SOFTMAX}
_BLOCK = 1 << 24  # numbers that are checked at a time


@dataclass(frozen=True, eq=False)
class FacebookModel:
    """What a file holds: words and how often they were seen, their vectors [V, dim], and their subwords."""

    tokens: PackedTokens
    counts: NDArray[np.int64]
    vectors: Floats
    subwords: Subwords
    arguments: Arguments

    @property
    def labels_left_out(self) -> bool:
        """Whether it is a classifier, whose labels are not here."""
        return self.arguments.model == SUPERVISED


def read_facebook(source: BinaryInput, name: str, *, whole: bool = False) -> FacebookModel:
    """The model in a fastText file, plain or compressed, `.bin` or `.ftz`.

    `whole` keeps the words' own rows and the output rows, to be written elsewhere: a second matrix, if
    the file is compressed.

    Raises ModelError for files that are not fastText's, are cut short or damaged.
    """
    content = fasttext_file.read(source, name, outputs=whole)
    words, arguments = len(content.tokens), content.arguments
    own, rows = content.inputs[:words], content.inputs[words:]
    subwords = _subwords(content, rows)
    texts = PackedTokens(b"".join(content.tokens), offsets_of([len(token) for token in content.tokens]))
    vectors = np.empty(own.shape, np.float32) if whole or not own.flags.writeable else own
    subwords.put_together(texts, own, vectors)
    _check_finite(vectors, name)
    if whole:
        subwords = dataclasses.replace(subwords, word_rows=own, output_rows=_outputs(content))
    return FacebookModel(texts, content.counts, vectors, subwords, arguments)


def _subwords(content: FastTextFile, rows: Floats) -> Subwords:
    arguments = content.arguments
    rule = SubwordRule(max(1, arguments.minn), arguments.maxn, max(1, arguments.bucket))
    if content.kept is None:
        return Subwords(rule, None, rows)
    order = np.argsort(content.kept[:, 0], kind="stable")
    return Subwords(rule, content.kept[order, 0], rows[content.kept[order, 1]], zeros=False)


def _outputs(content: FastTextFile) -> Floats | None:
    return None if content.arguments.model == SUPERVISED else content.outputs


def _check_finite(vectors: Floats, name: str) -> None:
    step = max(1, _BLOCK // vectors.shape[1])
    for start in range(0, len(vectors), step):
        if not np.isfinite(vectors[start : start + step]).all():
            raise ModelError(f"{name}: the vectors hold nan or inf", hint="is the file damaged?")


def settings_of(arguments: Arguments) -> FastTextSettings:
    """The settings that training a model like one of Facebook's takes; those it has no word for are ours."""
    models = {number: name for name, number in _MODELS.items()}
    losses = {number: name for name, number in _LOSSES.items()}
    wanted = {
        "dim": arguments.dim,
        "window": arguments.window,
        "epochs": arguments.epochs,
        "negative": arguments.negative,
        "sample": arguments.sample if np.isfinite(arguments.sample) else 0.0,
        "minn": arguments.minn if arguments.maxn else FastTextSettings.minn,
        "maxn": arguments.maxn,
        "bucket": arguments.bucket,
    }
    bounds = {field.name: field.metadata for field in dataclasses.fields(FastTextSettings)}
    for name, value in wanted.items():
        low, high = bounds[name]["min"], bounds[name]["max"]
        wanted[name] = min(max(value, low), value if high is None else high)
    model, loss = models.get(arguments.model, "cbow"), losses.get(arguments.loss, "ns")
    return FastTextSettings(model=model, loss=loss, **wanted)  # type: ignore[arg-type]


def arguments_of(settings: FastTextSettings) -> Arguments:
    """What stands in a file for our settings."""
    return Arguments(
        dim=settings.dim,
        window=settings.window,
        epochs=settings.epochs,
        min_count=1,
        negative=settings.negative,
        word_ngrams=1,
        loss=_LOSSES[settings.loss],
        model=_MODELS[settings.model],
        bucket=settings.bucket if settings.maxn else 0,
        minn=settings.minn if settings.maxn else 0,
        maxn=settings.maxn,
        update_rate=100,
        sample=settings.sample,
    )


def write_facebook(
    path: str | os.PathLike[str],
    tokens: PackedTokens,
    vectors: Floats,
    counts: NDArray[np.int64],
    subwords: Subwords,
    settings: FastTextSettings,
) -> None:
    """Write a model as fastText's own `.bin`, with a row for every bucket: zeros for those without one.

    The words' vectors [V, dim] stay, also where a word or the meaning of absent n-grams changes.

    Raises OutputError for n-grams of jamo, which fastText does not know.
    """
    if not fits_facebook(subwords.rule):
        raise OutputError(
            f"cannot write {path}: fastText has no n-grams of jamo (--jamo)", hint="write .safetensors"
        )
    arguments, outputs = arguments_of(settings), subwords.output_rows
    if outputs is None:
        outputs = np.zeros_like(vectors)
    rows = itertools.chain(subwords.own_rows(tokens, vectors), subwords.every_row() if arguments.maxn else ())
    bounds = tokens.offsets.tolist()
    pieces = (tokens.text[start:end] for start, end in itertools.pairwise(bounds))
    fasttext_file.write(path, arguments, pieces, counts, (len(vectors) + arguments.bucket, rows), outputs)


def fits_facebook(rule: SubwordRule) -> bool:
    """Whether fastText has such subwords: it knows none of jamo."""
    return not (rule.jamo and rule.maxn)
