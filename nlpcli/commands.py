"""The table of commands: what `nlpcli --help` lists, and what `nlpcli.engine.jobs` holds.

A command `train-nb` is the function `train_nb` twice: in a module of `nlpcli.cli`, which reads
arguments and prints, and in a module of `nlpcli.engine`, which does the work.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """Where a command's functions stand, and its heading in --help."""

    cli: str
    engine: str
    heading: str

    @staticmethod
    def function(name: str) -> str:
        """The name of a command's functions.

        >>> Command.function("train-nb")
        'train_nb'
        """
        return name.replace("-", "_")


_TEXT, _DOCUMENTS, _CLASSIFIERS, _TAGGERS = "Text", "Documents", "Classifiers", "Taggers"
_SEQ2SEQ, _VECTORS = "Sequence to sequence", "Word vectors"
_CHARLM, _MASKED, _MODELS = "Character language models", "Masked words", "Models"

COMMANDS = {
    "tokenize": Command("text", "text.job", _TEXT),
    "normalize": Command("text", "text.job", _TEXT),
    "train-subword": Command("subwords", "text.subword_job", _TEXT),
    "detokenize": Command("subwords", "text.subword_job", _TEXT),
    "compare-tokenizers": Command("compare_tokenizers", "text.job", _TEXT),
    "count": Command("vectorize", "corpus.job", _DOCUMENTS),
    "vectorize": Command("vectorize", "vectors.document_job", _DOCUMENTS),
    "keywords": Command("keywords", "tasks.keyword_job", _DOCUMENTS),
    "split": Command("rows", "tasks.rows_job", _DOCUMENTS),
    "dedup": Command("rows", "tasks.rows_job", _DOCUMENTS),
    "language": Command("rows", "tasks.rows_job", _DOCUMENTS),
    "report": Command("report", "tasks.report_job", _DOCUMENTS),
    "train-topics": Command("topics", "topics.topic_job", _DOCUMENTS),
    "topics": Command("topics", "topics.topic_job", _DOCUMENTS),
    "index": Command("search", "search.job", _DOCUMENTS),
    "search": Command("search", "search.job", _DOCUMENTS),
    "train-reader": Command("questions", "tasks.question_job", _DOCUMENTS),
    "ask": Command("questions", "tasks.question_job", _DOCUMENTS),
    "summarize": Command("summarize", "tasks.summary_job", _DOCUMENTS),
    "train-nb": Command("classify", "classify.job", _CLASSIFIERS),
    "train-rnn": Command("networks", "sequences.classifier_job", _CLASSIFIERS),
    "classify": Command("classify", "sequences.classifier_job", _CLASSIFIERS),
    "evaluate": Command("classify", "model_job", _CLASSIFIERS),
    "train-tagger": Command("tagging", "sequences.job", _TAGGERS),
    "tag": Command("tagging", "sequences.job", _TAGGERS),
    "train-seq2seq": Command("translation", "translation.job", _SEQ2SEQ),
    "translate": Command("translation", "translation.job", _SEQ2SEQ),
    "chat": Command("dialogue", "tasks.dialogue_job", _SEQ2SEQ),
    "train-w2v": Command("embeddings", "embeddings.job", _VECTORS),
    "train-fasttext": Command("embeddings", "embeddings.job", _VECTORS),
    "train-glove": Command("glove", "embeddings.glove_job", _VECTORS),
    "cooccur": Command("glove", "cooccurrence.job", _VECTORS),
    "similar": Command("vectors", "vectors.job", _VECTORS),
    "analogy": Command("vectors", "vectors.job", _VECTORS),
    "odd-one-out": Command("vectors", "vectors.job", _VECTORS),
    "evaluate-vectors": Command("vector_evaluation", "vectors.job", _VECTORS),
    "convert": Command("convert", "model_job", _VECTORS),
    "plot": Command("plot", "plots.job", _VECTORS),
    "cluster": Command("cluster", "topics.job", _VECTORS),
    "train-charlm": Command("charlm", "charlm.job", _CHARLM),
    "generate": Command("charlm", "charlm.job", _CHARLM),
    "perplexity": Command("charlm_analysis", "charlm.job", _CHARLM),
    "activations": Command("charlm_analysis", "plots.job", _CHARLM),
    "gradients": Command("charlm_analysis", "plots.job", _CHARLM),
    "train-mlm": Command("masked_words", "sequences.masked_job", _MASKED),
    "fill-mask": Command("masked_words", "sequences.masked_job", _MASKED),
    "inspect": Command("model_files", "model_job", _MODELS),
    "merge": Command("model_files", "model_job", _MODELS),
}
