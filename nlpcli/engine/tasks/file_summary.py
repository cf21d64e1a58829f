"""What is asked first of a model: what it is, in a sentence, and which settings are not the usual ones."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from nlpcli.engine.io.model_file import ModelInfo
from nlpcli.engine.io.schemas.by_kind import SCHEMAS, schema_of
from nlpcli.errors import ModelError
from nlpcli.settings.fields import Settings
from nlpcli.wording import counted

_MOST_NAMES = 8


def summary(info: ModelInfo) -> str:
    """A sentence about a model; "" where nothing is known of its kind."""
    kind = info.kind.removesuffix("-checkpoint")
    tell = _TELL.get(kind)
    if tell is None:
        return ""
    try:
        said = tell(info.header, {name: tensor.shape for name, tensor in info.tensors.items()})
    except (
        KeyError,
        TypeError,
        IndexError,
        ValueError,
        AttributeError,
    ):  # damaged or newer: its rows say what there is
        return ""
    if info.kind.endswith("-checkpoint"):
        return f"an interrupted training, to go on with --resume: {said}"
    return said


def changed_settings(info: ModelInfo) -> dict[str, tuple[Any, Any]]:
    """The settings that are not at their default: value and default by their place in the header."""
    if info.kind not in SCHEMAS:
        return {}
    fields: Mapping[str, Any] = {}
    with contextlib.suppress(ModelError):
        fields = schema_of(info.kind).read_header(info.path, info.header)
    found = {}
    for name, value in fields.items():
        if isinstance(value, Settings) and name in info.header:
            for field in dataclasses.fields(value):
                is_there = field.name in info.header[name]
                if is_there and (here := getattr(value, field.name)) != field.default:
                    found[f"{name}.{field.name}"] = here, field.default
    return found


Header: TypeAlias = Mapping[str, Any]
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]


def _words(shapes: Shapes) -> int:
    """How many strings a vocabulary has."""
    return shapes["vocabulary.offsets"][0] - 1


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown + (f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else "")


def _classifier(header: Header, shapes: Shapes) -> str:
    features = shapes["features.keys"][0]
    texts = f"{counted(features, 'feature')}" if features else f"{counted(_words(shapes), 'word')}"
    return f"tells {_labels(header)} apart, by {texts}"


def _labels(header: Header) -> str:
    labels = header["labels"]
    return f"{counted(len(labels), 'class', 'classes')} ({_named(labels)})"


def _vectors(_header: Header, shapes: Shapes) -> str:
    rows, dim = shapes["vectors"]
    return f"vectors of {counted(rows, 'word')}, {counted(dim, 'number')} each"


def _vectorizer(header: Header, shapes: Shapes) -> str:
    how = header["settings"].get("kind", "tfidf")
    return (
        f"turns texts into {counted(_words(shapes), 'column')} ({how}), learnt "
        f"of {counted(header['documents'], 'text')}"
    )


def _index(_header: Header, shapes: Shapes) -> str:
    terms, texts = shapes["terms.offsets"][0] - 1, shapes["lengths"][0]
    answers = ", each with an answer" * ("answers.offsets" in shapes)
    return f"an index of {counted(texts, 'text')} with {counted(terms, 'different term')}{answers}"


def _reader(_header: Header, shapes: Shapes) -> str:
    return f"finds answers to questions in texts, by {counted(shapes['weights'][0], 'weight')}"


def _morphemes(header: Header, shapes: Shapes) -> str:
    lines = header.get("lines") or shapes["weights"][0]
    labels, source = len(header["labels"]), header.get("learnt_from")
    learnt = f", learnt from analyses by {source}" if source else ""
    return (
        f"finds Korean morphemes, by {counted(labels, 'label')} and "
        f"{counted(lines, 'line')} of weights{learnt}"
    )


def _masked(header: Header, shapes: Shapes) -> str:
    words = header["words"] if "words" in header else shapes["head.b"][0]
    cell = header["encoder"].get("cell", "lstm")
    return f"finds masked words, one of {words:,}, by a network ({cell})"


def _topics(header: Header, shapes: Shapes) -> str:
    if "documents" not in header:  # a training that was interrupted
        return f"{counted(header['num_topics'], 'topic')} of {counted(header['tokens'], 'token')}"
    found = shapes.get("word_counts") or shapes["components"]
    return (
        f"{counted(found[1], 'topic')} over {counted(found[0], 'word')}, learnt "
        f"of {counted(header['documents'], 'text')}"
    )


def _tagger(header: Header, shapes: Shapes) -> str:
    if "tags" not in header:
        return f"a tagger with {counted(shapes['weights'][1], 'tag')}"
    tags = header["tags"]
    if isinstance(tags, int):
        return f"a tagger with {counted(tags, 'tag')}"
    return f"gives words one of {counted(len(tags), 'tag')} ({_named(tags)})"


def _network(header: Header, _shapes: Shapes) -> str:
    if "labels" not in header:
        return "a classifier of texts"
    pairs = "pairs of texts" if header.get("pairs") else "texts"
    answer = header.get("answer", "label")
    if answer == "number":
        return f"gives {pairs} a number"
    given = "several of" if answer == "labels" else "one of"
    return f"gives {pairs} {given} {_labels(header)}"


def _numbers(header: Header, _shapes: Shapes) -> str:
    columns = header["columns"]
    if isinstance(columns, int):
        return f"a classifier of rows of {counted(columns, 'number')}"
    said = "a number" if header.get("answer") == "number" else f"one of {_labels(header)}"
    return f"gives rows of {counted(len(columns), 'number')} ({_named(columns)}) {said}"


def _charlm(header: Header, shapes: Shapes) -> str:
    units = shapes["output.b"][0] if "output.b" in shapes else 0
    settings = header["settings"]
    size, layers = settings.get("rnn_size") or settings.get("hidden_size"), settings.get("num_layers", 1)
    of_layers = f"{counted(layers, 'layer')} of {size}, {settings.get('cell')}"
    return f"writes text of {counted(units, 'different character')}; {of_layers}"


def _seq2seq(header: Header, _shapes: Shapes) -> str:
    return f"translates between texts; {counted(header['targets'], 'unit')} can be written"


def _facebook(header: Header, _shapes: Shapes) -> str:
    dim, words = header["arguments"]["dim"], header["words"]
    if header["labels"]:
        return f"tells {_labels(header)} apart, by {counted(words, 'word')} of {counted(dim, 'number')} each"
    return f"vectors of {counted(words, 'word')} and of their n-grams, {counted(dim, 'number')} each"


def _counts(_header: Header, shapes: Shapes) -> str:
    return f"how often {counted(_words(shapes), 'word')} stand together: {counted(shapes['data'][0], 'pair')}"


def _tokens(header: Header, shapes: Shapes) -> str:
    texts = f"{counted(header['documents'], 'line')} of text"
    return f"how often {counted(_words(shapes), 'different token')} stand in {texts}, to be added up by merge"


def _frequencies(header: Header, shapes: Shapes) -> str:
    return (
        f"in how many of {counted(header['documents'], 'text')} each of "
        f"{counted(_words(shapes), 'feature')} stands"
    )


def _partial(header: Header, shapes: Shapes) -> str:
    texts = f"{counted(header['texts'], 'text')}, {_labels(header)}"
    return (
        f"{counted(shapes['features.keys'][0], 'feature')} counted in "
        f"{texts}; merge makes a classifier of parts"
    )


_TELL: dict[str, Callable[[Header, Shapes], str]] = {
    "naive-bayes": _classifier,
    "linear-classifier": _classifier,
    **dict.fromkeys(("word2vec", "fasttext", "glove", "vectors"), _vectors),
    "vectorizer": _vectorizer,
    "index": _index,
    "document-frequencies": _frequencies,
    "naive-bayes-counts": _partial,
    "token-counts": _tokens,
    "topics": _topics,
    "reader": _reader,
    "morphemes": _morphemes,
    "masked-lm": _masked,
    **dict.fromkeys(("tagger", "recurrent-tagger"), _tagger),
    "recurrent-classifier": _network,
    "vector-classifier": _numbers,
    "charlm": _charlm,
    "seq2seq": _seq2seq,
    "co-occurrence counts": _counts,
    "fastText": _facebook,
    "supervised fastText": _facebook,
}
