"""One function per command: paths and settings in, a file out. The command line without a terminal.

The same call gives the same bytes as the command of that name with the same settings.
Each raises what its method's module raises: InputError, OutputError, ModelError.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from nlpcli.engine.io.atomic import check_writable, write_atomically
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.charlm import CharLMSettings, GenerateSettings
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.embeddings import CooccurrenceSettings, FastTextSettings, GloveSettings, Word2VecSettings
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

Paths = Sequence[str] | None
_LOWERCASE = AnalysisSettings(lowercase=True)
_FIVE_OR_MORE = VocabularySettings(min_count=5)


def tokenize(
    paths: Paths,
    output: str,
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: InputSettings = InputSettings(),
) -> None:
    """Tokens joined by a space, one line per line of the input."""
    from nlpcli.engine.io.lines import Lines
    from nlpcli.engine.text.analyzer import Analyzer

    analyzer = Analyzer(analysis)
    with write_atomically(output) as file:
        for line in Lines(paths, reading):
            file.write((" ".join(analyzer.tokens(line)) + "\n").encode("utf-8", "replace"))


def vectorize(
    paths: Paths,
    output: str,
    settings: VectorizeSettings = VectorizeSettings(),
    analysis: AnalysisSettings = _LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> None:
    """A matrix of document rows, in the format that the extension of `output` names."""
    from nlpcli.engine.documents import matrix_files
    from nlpcli.engine.documents.vectorizer import fit, hashed
    from nlpcli.engine.io.records import Records

    matrix_files.check_extension(output)
    check_writable(output)
    rows = Records(paths, records, reading, labelled=records.has_labels, progress=progress)
    if settings.kind == "hashing":
        table = matrix_files.LabelledMatrix(hashed(rows.texts(), analysis, settings))
    else:
        vectorizer, matrix = fit(rows.documents(), analysis, vocabulary, settings)
        table = matrix_files.LabelledMatrix(matrix, vectorizer.vocabulary)
    if records.has_labels:
        table = dataclasses.replace(table, labels=rows.labels(table.matrix.documents))
    matrix_files.write_matrix(output, table)


def train_nb(
    paths: Paths,
    output: str,
    settings: NaiveBayesSettings = NaiveBayesSettings(),
    features: FeatureSettings = FeatureSettings(),
    analysis: AnalysisSettings = _LOWERCASE,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> None:
    """A Naive Bayes model of labelled texts."""
    from nlpcli.engine.classify.examples import read_examples
    from nlpcli.engine.classify.naive_bayes import train

    check_writable(output)
    examples = read_examples(paths, analysis, records, reading, progress)
    train(examples, analysis, features, settings, progress).save(output)


def train_w2v(
    paths: Paths,
    output: str,
    settings: Word2VecSettings = Word2VecSettings(),
    analysis: AnalysisSettings = _LOWERCASE,
    vocabulary: VocabularySettings = _FIVE_OR_MORE,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> None:
    """Word2Vec vectors, in the layout that the extension of `output` names."""
    from nlpcli.engine.embeddings.job import Job, train_word2vec

    job = Job(paths, analysis, vocabulary, reading=reading)
    train_word2vec(job, output, settings, progress)


def train_fasttext(
    paths: Paths,
    output: str,
    settings: FastTextSettings = FastTextSettings(),
    analysis: AnalysisSettings = _LOWERCASE,
    vocabulary: VocabularySettings = _FIVE_OR_MORE,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> None:
    """FastText vectors of words and their parts, in the layout that the extension names."""
    from nlpcli.engine.embeddings import job

    task = job.Job(paths, analysis, vocabulary, reading=reading)
    job.train_fasttext(task, output, settings, progress)


def train_glove(
    paths: Paths,
    output: str,
    settings: GloveSettings = GloveSettings(),
    counting: CooccurrenceSettings = CooccurrenceSettings(),
    analysis: AnalysisSettings = _LOWERCASE,
    vocabulary: VocabularySettings = _FIVE_OR_MORE,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> None:
    """GloVe vectors, in the layout that the extension of `output` names."""
    from nlpcli.engine.embeddings import glove_job

    glove_job.train_glove(paths, output, settings, counting, vocabulary, analysis, reading, progress=progress)


def train_charlm(
    paths: Paths,
    output: str,
    settings: CharLMSettings = CharLMSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> None:
    """A character language model: the network with the best validation loss."""
    from nlpcli.engine.charlm.job import train

    check_writable(output)
    train(paths, settings, reading, progress).save(output)


def generate(
    model: str,
    output: str,
    prime: str = "",
    settings: GenerateSettings = GenerateSettings(),
) -> None:
    """Texts of a character language model that begin with `prime`, each ending with a line end."""
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.charlm.sampling import generate as pieces

    language_model = CharLM.load(model)
    with write_atomically(output) as file:
        for sample in range(settings.num_samples):
            text = "".join(pieces(language_model, prime, settings, sample=sample))
            file.write((text if text.endswith("\n") else text + "\n").encode("utf-8", "replace"))
