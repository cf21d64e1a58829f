"""Small sound files of every kind: those of `tests/models`, and others with what those have not."""

from __future__ import annotations

import functools
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.units import read_text
from nlpcli.engine.cooccurrence.counting import count_corpus
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.embeddings.glove_blocks import Cells
from nlpcli.engine.io import model_file
from nlpcli.engine.neural.transformer_lm import initial_weights
from nlpcli.settings.charlm import CharLMSettings
from nlpcli.settings.embeddings import CooccurrenceSettings
from nlpcli.settings.text import LOWERCASE
from nlpcli.settings.vocabulary import VocabularySettings
from tests.command_line import ROOT

MODELS = ROOT / "tests" / "models"
TEXT = "the king drinks tea\nthe queen drinks tea\nthe king and the queen rule\na man and a woman\n" * 6


def _stored(name: str) -> bytes:
    return (MODELS / name).read_bytes()


def _changed(name: str, change: Callable[[dict[str, Any], dict[str, Any]], None], folder: Path) -> bytes:
    """A model of `tests/models` with more in it."""
    info = model_file.read_info(MODELS / name)
    model = model_file.read_model(MODELS / name, info.kind)
    tensors = dict(model.tensors)
    change(info.header, tensors)
    model_file.write_model(folder / "made", info.kind, info.header, tensors)
    return (folder / "made").read_bytes()


def _unfinished_words(header: dict[str, Any], tensors: dict[str, Any]) -> None:
    known = Vocabulary.of_bytes(*(tensors[f"vocabulary.{part}"] for part in ("bytes", "offsets", "counts")))
    words = sum(word in known.id_of for word in TEXT.split())
    header["unfinished"] = {"stretches": 2, "words": words, "loss": 1.5, "predictions": 12}
    header["settings"]["epochs"] = 5


def _of_text(header: dict[str, Any], tensors: dict[str, Any], *, unfinished: bool) -> None:
    """A GloVe model of TEXT: its number of cells, their sum, and the costs of some blocks."""
    corpus = encode_documents([TEXT.splitlines()], LOWERCASE, VocabularySettings())
    matrix = count_corpus(corpus, CooccurrenceSettings())
    cells = Cells(matrix, corpus.vocabulary.counts)
    header |= {"cells": len(cells), "total": cells.total_units}
    tensors |= {name: array[: len(corpus.vocabulary)] for name, array in tensors.items()}
    tensors |= corpus.vocabulary.to_tensors()
    if unfinished:
        costs = np.full(np.count_nonzero(cells.sizes()), np.nan)
        costs[0] = 0.5
        tensors["unfinished"] = costs


def _seeded(header: dict[str, Any], tensors: dict[str, Any]) -> None:
    """Topics that hold words which were named for them."""
    header["settings"] |= {"seed_words": ["oven bread"], "seed_weight": 0.5}
    tensors["seeds"] = np.array([[0, 0], [1, 0]], dtype=np.int32)


def _checkpoint(folder: Path, header: dict[str, Any], tensors: dict[str, Any]) -> None:
    """A training on TEXT after five updates."""
    (folder / "t.txt").write_text(TEXT)
    text = read_text([str(folder / "t.txt")], "char")
    header["training"] |= {"step": 5, "text_sha256": text.sha256}
    settings = CharLMSettings.from_record(header["settings"])
    weights = initial_weights(settings, text.alphabet)
    tensors |= text.alphabet.to_tensors()
    tensors |= {f"{beside}{name}": weight for beside in ("", "now/") for name, weight in weights.items()}
    for moment in ("exp_avg", "exp_avg_sq"):
        tensors |= {f"{moment}/{name}": np.full_like(weight, 0.01) for name, weight in weights.items()}


def _attending(folder: Path, header: dict[str, Any], tensors: dict[str, Any]) -> None:
    """The same of a transformer."""
    header["settings"] |= {"cell": "transformer", "num_heads": 2, "context_size": 16}
    for name in [name for name in tensors if name.startswith("state/") or "layer0" in name]:
        del tensors[name]
    _checkpoint(folder, header, tensors)


def _with_vectors(_: dict[str, Any], tensors: dict[str, Any]) -> None:
    terms, texts = len(tensors["terms.offsets"]) - 1, len(tensors["texts.offsets"]) - 1
    random = np.random.default_rng(1)
    tensors["term_vectors"] = random.standard_normal((terms, 3), np.float32)
    tensors["document_vectors"] = random.standard_normal((texts, 3), np.float32)


def _large_counts(header: dict[str, Any], tensors: dict[str, Any]) -> None:
    small = tensors["features.small"].copy()
    small[0, 0] = small[3, 1] = 255
    tensors |= {"features.small": small, "features.large": np.array([300, 70_000])}
    header["calibration"] = {"scale": 0.1, "length": 0.2, "texts": 9}
    header["settings"]["variant"] = "multinomial"


def _halved(header: dict[str, Any], tensors: dict[str, Any]) -> None:
    tensors["vectors"] = tensors["vectors"].astype(np.float16)


def _told_more(header: dict[str, Any], tensors: dict[str, Any]) -> None:
    """Given vectors of three words, and the states of a character language model."""
    lm = model_file.read_model(MODELS / "charlm.safetensors", "charlm")
    tensors |= {f"lm.{name}": array for name, array in lm.tensors.items()}
    header |= {"lm": lm.header["settings"], "given_dim": 2}
    tensors |= PackedTokens.of(["Seoul", "king", "tea"]).to_tensors("given")
    tensors["table.given"] = np.ones((4, 2), np.float16)
    more = 2 + lm.fields["settings"].rnn_size
    for way in ("forward", "backward"):
        w = tensors[f"layer0.{way}.w_xh"]
        tensors[f"layer0.{way}.w_xh"] = np.concatenate([w, np.full((more, w.shape[1]), 0.01, np.float32)])


def _network(letters: str, folder: Path, **chosen: Any) -> bytes:
    settings = CharLMSettings(**chosen)
    alphabet = Vocabulary.of(letters, range(1, len(letters) + 1))
    CharLM(settings, alphabet, initial_weights(settings, alphabet), {"history": []}).save(folder / "made")
    return (folder / "made").read_bytes()


def _matrix() -> bytes:
    import scipy.sparse

    rows = np.array([[1, 2, 0, 0, 1], [2, 1, 0, 0, 0], [0, 0, 3, 1, 0], [0, 0, 1, 2, 1]], np.float64)
    file = io.BytesIO()
    scipy.sparse.save_npz(file, scipy.sparse.csr_matrix(rows), compressed=False)
    with zipfile.ZipFile(file, "a") as archive:
        names = io.BytesIO()
        np.save(names, np.frombuffer(b"cat\ndog\nbond\nstock\nthe", np.uint8))
        archive.writestr("features.npy", names.getvalue())
    return file.getvalue()


def _normalising() -> bytes:
    import sentencepiece

    content = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.splitlines() * 5), model_writer=content, vocab_size=60,
        model_type="unigram", normalization_rule_name="nmt_nfkc", hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    return content.getvalue()


@functools.cache
def sources(kind: str) -> list[bytes]:
    """Sound files of a kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made: dict[str, Callable[[], list[bytes]]] = {
            "word2vec": lambda: [_changed("word2vec.safetensors", _unfinished_words, folder)],
            "fasttext": lambda: [_changed("fasttext.safetensors", _unfinished_words, folder)],
            "glove": lambda: [
                _changed("glove.safetensors", functools.partial(_of_text, unfinished=unfinished), folder)
                for unfinished in (False, True)
            ],
            "charlm-checkpoint": lambda: [
                _changed("charlm-checkpoint.safetensors", functools.partial(_checkpoint, folder), folder),
                _changed("charlm-checkpoint.safetensors", functools.partial(_attending, folder), folder),
            ],
            "index": lambda: [_changed("index.safetensors", _with_vectors, folder)],
            "naive-bayes": lambda: [_changed("naive-bayes.safetensors", _large_counts, folder)],
            "vectors": lambda: [
                _stored("vectors-int8.safetensors"), _changed("vectors.safetensors", _halved, folder)
            ],
            "recurrent-tagger": lambda: [_changed("recurrent-tagger.safetensors", _told_more, folder)],
            "charlm": lambda: [
                _network("the \nkinga", folder, cell="gru", rnn_size=6, num_layers=2, embedding_dim=3),
                _stored("charlm-transformer.safetensors"),
                _network("the \n\xea\xb0\x80\ufffd", folder, cell="rnn", rnn_size=5, unit="byte"),
            ],
            "topics": lambda: [_changed("topics.safetensors", _seeded, folder)],
            "matrix": lambda: [_matrix()],
            "counts": lambda: [_stored("counts.npz")],
            "sentencepiece": lambda: [_stored("sentencepiece.model"), _normalising()],
        }  # fmt: skip
        stored = MODELS / f"{kind}.safetensors"
        return [*([stored.read_bytes()] if stored.exists() else []), *made.get(kind, list)()]
