"""Indexes as nlpcli 0.1.0 wrote them (format 1): postings as plain numbers, terms as they were met."""

from __future__ import annotations

from typing import Any

import numpy as np

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.model_file import Model
from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.engine.search.postings import K1, B, Packer, damaged, room_of
from nlpcli.engine.search.strings import MappedStrings

PLAIN = "plain"


def from_plain(model: Model) -> Model:
    """The same index as this version writes it. Raises ModelError where postings do not ascend."""
    held = model.tensors
    starts, documents, times = (held[f"postings.{name}"] for name in ("starts", "documents", "counts"))
    same_term = np.ones(len(documents), bool)
    same_term[starts[:-1][starts[:-1] < len(documents)]] = False
    if (np.diff(documents.astype(np.int64), prepend=-1) <= 0)[same_term].any():
        raise damaged()
    names = [name.encode("utf-8", "surrogatepass") for name in PackedTokens.from_model(model, "terms")]
    order = np.array(sorted(range(len(names)), key=names.__getitem__), np.int64)
    sizes = np.diff(starts)[order]
    cells = ranges(starts[:-1][order], sizes)
    packer = Packer(held["norms"], room_of(held["lengths"], K1, B), K1)
    packer.add(documents[cells], times[cells], offsets_of(sizes))
    postings = packer.postings(sizes)
    tensors: dict[str, Any] = {
        name: array for name, array in held.items() if not name.startswith("postings.")
    }
    tensors |= {f"postings.{name}": getattr(postings, name) for name in vars(postings) if name != "blocks"}
    tensors |= MappedStrings.packed([names[place] for place in order]).to_tensors("terms")
    if "term_vectors" in tensors:
        tensors["term_vectors"] = tensors["term_vectors"][order]
    return Model(model.kind, model.header, model.fields, tensors)
