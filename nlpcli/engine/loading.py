"""What a file holds, as an object: a classifier, word vectors, an index and so on.

A file's kind is told by its content, never by its name. Not here: how each kind is read (its own
module knows), and what all model files have in common (`io/model_file.py`).
"""

from __future__ import annotations

import importlib
import operator
import os
from typing import TYPE_CHECKING, Any, TypeAlias

from nlpcli.engine.io.compressed import format_of
from nlpcli.engine.io.model_file import first_bytes, read_info
from nlpcli.engine.io.opening import open_bytes
from nlpcli.engine.io.paths import checked_name
from nlpcli.engine.io.schemas.by_kind import COUNTS
from nlpcli.errors import InputError, ModelError

if TYPE_CHECKING:
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.classify.classifier import Classifier
    from nlpcli.engine.classify.partial_count_files import PartialCountFile
    from nlpcli.engine.cooccurrence.count_files import Cooccurrence
    from nlpcli.engine.corpus.token_count_files import TokenCountFile
    from nlpcli.engine.documents.partial_counts import FrequencyFile
    from nlpcli.engine.documents.vectorizer import Vectorizer
    from nlpcli.engine.search.index import SearchIndex
    from nlpcli.engine.sequences.masked_lm import MaskedLM
    from nlpcli.engine.sequences.tagger import Tagger
    from nlpcli.engine.sequences.text_classifier import TextClassifier
    from nlpcli.engine.sequences.vector_classifier import VectorClassifier
    from nlpcli.engine.tasks.reader import Reader
    from nlpcli.engine.text.tokenizers.morph import Morphemes
    from nlpcli.engine.text.tokenizers.sentencepiece import Subwords
    from nlpcli.engine.topics.topic_model import TopicModel
    from nlpcli.engine.translation.model import Seq2Seq
    from nlpcli.engine.vectors.word_vectors import Vectors

    Loaded: TypeAlias = (
        Classifier
        | Vectors
        | Vectorizer
        | SearchIndex
        | CharLM
        | Cooccurrence
        | Subwords
        | Tagger
        | TextClassifier
        | Seq2Seq
        | VectorClassifier
        | TopicModel
        | MaskedLM
        | Reader
        | TokenCountFile
        | PartialCountFile
        | FrequencyFile
        | Morphemes
    )

SENTENCEPIECE, VECTOR_FILE, SUPERVISED = "sentencepiece", "vector file", "supervised fastText"
_CLASSIFIER = ("classify.classifier", "Classifier.load")
_VECTORS = ("vectors.word_vectors", "Vectors.load")
_CHARLM = ("charlm.model", "CharLM.load")
_NETWORK_CLASSIFIER = ("sequences.text_classifier", "TextClassifier.load")
_SEQ2SEQ = ("translation.model", "Seq2Seq.load")
_VECTOR_CLASSIFIER = ("sequences.vector_classifier", "VectorClassifier.load")
_TOPICS = ("topics.topic_model", "TopicModel.load")
_TAGGER = ("sequences.tagger", "Tagger.load")
_MASKED = ("sequences.masked_lm", "MaskedLM.load")
# Where the reader of each kind stands.
READERS = {
    "naive-bayes": _CLASSIFIER,
    "naive-bayes-counts": ("classify.partial_count_files", "PartialCountFile.load"),
    "linear-classifier": _CLASSIFIER,
    "word2vec": _VECTORS,
    "fasttext": _VECTORS,
    "glove": _VECTORS,
    "vectors": _VECTORS,
    VECTOR_FILE: _VECTORS,
    SUPERVISED: ("vectors.supervised", "SupervisedFastText.load"),
    "tagger": _TAGGER,
    "tagger-checkpoint": _TAGGER,
    "recurrent-tagger": _TAGGER,
    "recurrent-tagger-checkpoint": _TAGGER,
    "recurrent-classifier": _NETWORK_CLASSIFIER,
    "recurrent-classifier-checkpoint": _NETWORK_CLASSIFIER,
    "vector-classifier": _VECTOR_CLASSIFIER,
    "vector-classifier-checkpoint": _VECTOR_CLASSIFIER,
    "vectorizer": ("documents.vectorizer", "Vectorizer.load"),
    "token-counts": ("corpus.token_count_files", "TokenCountFile.load"),
    "document-frequencies": ("documents.partial_counts", "FrequencyFile.load"),
    "topics": _TOPICS,
    "topics-checkpoint": _TOPICS,
    "index": ("search.index", "SearchIndex.load"),
    "reader": ("tasks.reader", "Reader.load"),
    "morphemes": ("text.tokenizers.morph", "Morphemes.load"),
    "seq2seq": _SEQ2SEQ,
    "seq2seq-checkpoint": _SEQ2SEQ,
    "charlm": _CHARLM,
    "charlm-checkpoint": _CHARLM,
    "masked-lm": _MASKED,
    "masked-lm-checkpoint": _MASKED,
    COUNTS: ("cooccurrence.count_files", "load"),
    SENTENCEPIECE: ("text.tokenizers.sentencepiece", "Subwords.load"),
}


def load(path: str | os.PathLike[str]) -> Loaded:
    """The object for whatever a file holds, with its verbs.

        Classifier     .classify(texts), .probabilities(texts)
        TextClassifier the same, by a network; also of pairs of texts, with several labels, or numbers
        VectorClassifier   the same of rows of numbers
        (a supervised model of fastText's is such a classifier, and vectors too)
        Vectors        .similar(word), .analogy(question), .odd_one_out(words)
        Vectorizer     .transform(texts)
        TopicModel     .transform(texts), .top_words(10)
        SearchIndex    .search(query)
        Reader         .read(question, text)
        Morphemes      .tokens(line), .analyse(line)
        CharLM         .generate(prime=…)
        Tagger         .tag(texts), .entities(texts)
        Seq2Seq        .translate(texts)
        MaskedLM       .fill(texts)
        Cooccurrence   .pairs(), .table()
        Subwords       .tokenize(texts), .detokenize(pieces)
        TokenCountFile .vocabulary(), .documents
        FrequencyFile  .vectorizer(), .documents
        PartialCountFile   .counts, a part of what merge makes a Classifier of

    >>> import pathlib, tempfile
    >>> import nlpcli
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = pathlib.Path(folder, "films.tsv").write_text("pos\\ta good film\\nneg\\ta bad film\\n")
    ...     done = nlpcli.train_nb(f"{folder}/films.tsv", f"{folder}/films.safetensors")
    ...     nlpcli.load(f"{folder}/films.safetensors").classify(["so bad", "Good!"])
    ['neg', 'pos']

    Raises ModelError for a file that is damaged, of a kind that is not known, or no model at all.
    """
    name = checked_name(path, ModelError)
    kind = _kind_of(name)
    if kind not in READERS:
        raise ModelError(
            f"{name} is a {kind} model, which this nlpcli does not know",
            hint="it was written by a newer nlpcli: upgrade nlpcli to use it",
        )
    module, reader = READERS[kind]
    read = operator.attrgetter(reader)(importlib.import_module(f"nlpcli.engine.{module}"))
    try:
        found: Any = read(name)
    except InputError as error:
        raise ModelError(
            error.message,
            hint=error.hint or "models are what nlpcli train-…, vectorize, index and cooccur write",
        ) from error
    return found  # type: ignore[no-any-return]


def _kind_of(path: str) -> str:
    """What kind of thing a file holds, by its first bytes; word vectors are what is left."""
    start = first_bytes(path, 64)
    if format_of(start):
        with open_bytes(path) as (stream, _):
            start = stream.read(64)
    elif start[8:9] == b"{":
        return read_info(path).kind
    if start.startswith(b"PK\x03\x04"):
        return COUNTS
    # A protocol buffer: a piece (field 1, its length), and in it the piece's text (field 1, its length).
    if len(start) > 4 and start[0] == start[2] == 10 and start[3] < start[1]:
        return SENTENCEPIECE
    # fastText's magic number, and the eighth of its arguments, which is the kind of model.
    if start.startswith(b"\xba\x16\x4f\x2f") and start[36:40] == b"\3\0\0\0":
        return SUPERVISED
    return VECTOR_FILE
