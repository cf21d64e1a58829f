"""Which schema a kind of file has; docs/MODEL_FILES.md says in words what they say."""

from __future__ import annotations

from importlib import import_module

from nlpcli.engine.io.schema import Schema

NEWEST = {"index": 2, "linear-classifier": 2}  # the format of a kind that has had more than one
COUNTS = "co-occurrence counts"
# The module of this package, and the name there; each is imported when a file of its kind is read.
SCHEMAS = {
    "naive-bayes": ("classify", "NAIVE_BAYES"),
    "naive-bayes-counts": ("classify", "PARTIAL_COUNTS"),
    "linear-classifier": ("classify", "LINEAR"),
    "word2vec": ("embeddings", "WORD2VEC"),
    "fasttext": ("embeddings", "FASTTEXT"),
    "glove": ("embeddings", "GLOVE"),
    "vectors": ("vectors", "VECTORS"),
    "vectorizer": ("documents", "VECTORIZER"),
    "document-frequencies": ("documents", "FREQUENCIES"),
    "index": ("documents", "INDEX"),
    "token-counts": ("counts", "TOKEN_COUNTS"),
    "topics": ("topics", "TOPICS"),
    "topics-checkpoint": ("topics", "CHECKPOINT"),
    "reader": ("reading", "READER"),
    "tagger": ("tagging", "TAGGER"),
    "tagger-checkpoint": ("tagging", "TAGGER_CHECKPOINT"),
    "recurrent-tagger": ("tagging", "RECURRENT_TAGGER"),
    "recurrent-tagger-checkpoint": ("tagging", "RECURRENT_TAGGER_CHECKPOINT"),
    "recurrent-classifier": ("classify", "RECURRENT_CLASSIFIER"),
    "recurrent-classifier-checkpoint": ("classify", "RECURRENT_CLASSIFIER_CHECKPOINT"),
    "vector-classifier": ("classify", "VECTOR_CLASSIFIER"),
    "vector-classifier-checkpoint": ("classify", "VECTOR_CLASSIFIER_CHECKPOINT"),
    "morphemes": ("morphemes", "MORPHEMES"),
    "charlm": ("charlm", "CHARLM"),
    "charlm-checkpoint": ("charlm", "CHARLM_CHECKPOINT"),
    "seq2seq": ("translation", "SEQ2SEQ"),
    "seq2seq-checkpoint": ("translation", "SEQ2SEQ_CHECKPOINT"),
    "masked-lm": ("masked", "MASKED_LM"),
    "masked-lm-checkpoint": ("masked", "MASKED_LM_CHECKPOINT"),
    COUNTS: ("cooccurrence", "COUNTS"),
}


def schema_of(kind: str) -> Schema:
    """The schema of a kind of file."""
    module, name = SCHEMAS[kind]
    schema: Schema = getattr(import_module(f"nlpcli.engine.io.schemas.{module}"), name)
    return schema
