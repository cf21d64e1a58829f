"""Models that come with nlpcli, by name: `nlpcli tag english-ner` needs no file.

Not here: how they are made (`benchmarks/english_models.py`, `benchmarks/shipped_vectors.py`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_DATA = Path(__file__).parents[2] / "data"
TAGGERS = ("english-ner", "english-pos")
WORD_VECTORS = ("english-words", "korean-words")
SHIPPED = TAGGERS + WORD_VECTORS
_SOURCES = {  # in short; all of them stand in the LICENSE beside the file
    "english-ner": "WNUT 2017, wikigold and the English Wikipedia of 2015",
    "english-pos": "UD's English Web Treebank, LemmInflect and the English Wikipedia of 2015",
    "english-words": "the English Wikipedia of 2015, 17 million words",
    "korean-words": "the Korean Wikipedia of 2023, 3.7 million morphemes",
}
MORPHEMES = "korean-morphemes"  # what a tokenizer goes by: to be inspected, and for no command to be given


def located(name: str | os.PathLike[str]) -> str:
    """The path of a model file: what is called so, or else what comes with nlpcli under this name.

    >>> located("english-pos").endswith("english-pos.safetensors"), located("./english-pos")
    (True, './english-pos')
    """
    path = os.fspath(name)
    if path in (*SHIPPED, MORPHEMES) and not os.path.lexists(path):
        return path_of(path)
    return path


def path_of(name: str) -> str:
    """The file of a model that comes with nlpcli, whatever else is called so."""
    folder = "vectors" if name in WORD_VECTORS else "models"  # a licence stands in each
    return str(_DATA / folder / f"{name}.safetensors")


def terms(path: str | os.PathLike[str]) -> str:
    """What to know of a file that comes with nlpcli: its licence, and where to read more; else ""."""
    folder = Path(path).resolve().parent
    if folder.parent != _DATA.resolve():
        return ""
    source = _SOURCES.get(Path(path).resolve().stem)
    learnt = f"learnt from {source}; " if source else ""
    return f"{learnt}comes with nlpcli, CC BY-SA 4.0; what it was learnt from: {folder / 'LICENSE'}"


def hint_for(name: str | os.PathLike[str], among: Sequence[str] = SHIPPED) -> str:
    """What to do about a model file that is not there; those `among` which it may be come with nlpcli."""
    bare = os.fspath(name)
    if "." in bare or os.sep in bare:
        return "check the name"
    return f"check the name; {', '.join(among[:-1])} and {among[-1]} come with nlpcli"
