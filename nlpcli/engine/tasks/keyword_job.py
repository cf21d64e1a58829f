"""Keywords of files: what `keywords` does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.word_ngrams import with_ngrams
from nlpcli.engine.documents.keywords import (
    Keywords,
    class_counts,
    document_counts,
    keywords_of_classes,
    keywords_of_corpus,
    keywords_of_documents,
    usable,
)
from nlpcli.engine.documents.sparse import count_matrix
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.pictures import tell_unseen
from nlpcli.engine.io.records import Records
from nlpcli.engine.plots import keyword_pictures
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import InputError
from nlpcli.settings.fields import refuse
from nlpcli.settings.input import InputSettings, LabelledTextSettings
from nlpcli.settings.keywords import KeywordSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings
from nlpcli.wording import counted


@plain_settings
def keywords(
    paths: Paths,
    settings: KeywordSettings = KeywordSettings(),
    *,
    chart: str | None = None,
    cloud: str | None = None,
    font: str | None = None,
    analysis: AnalysisSettings = LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Keywords:
    """The keywords of each class, of each document or of all texts; every line or row is a document.

    `chart` gets a bar chart and `cloud` a word cloud, as .html or .png; `font` is a font file for .png.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "films.tsv")
    ...     _ = path.write_text("label\\ttext\\ngood\\tfine fine plot\\nbad\\tdull plot\\n")
    ...     found = keywords(path, label_col="label", top=1)
    >>> [(group.name, group.words[0].word) for group in found.groups]
    [('bad', 'dull'), ('good', 'fine')]

    Raises InputError for texts without labels where classes are asked for, OutputError for another extension,
    MissingDependency for a picture without matplotlib.
    """
    for path in (chart, cloud):
        if path is not None:
            keyword_pictures.kind_of(path)
            check_writable(path)
    is_picture = any(path is not None and path.endswith(".png") for path in (chart, cloud))
    refuse(["--font"] * (font is not None and not is_picture), "without a .png picture to draw")
    labelled = settings.by == "class" or (settings.by == "auto" and records.has_labels)
    refuse(["--label-col"] * (records.label_col is not None and not labelled), f"with --by {settings.by}")
    refuse(
        ["--prior-size"] * (not labelled and settings.prior_size != KeywordSettings().prior_size),
        "without classes",
    )
    found = _keywords(paths, settings, labelled, analysis, vocabulary, records, reading, progress)
    if chart is None and cloud is None:
        return found
    found = replace(found, groups=[group for group in found.groups if group.words])
    for path, draw in ((chart, keyword_pictures.chart), (cloud, keyword_pictures.cloud)):
        if path is not None:
            tell_unseen(draw(found, path, font), progress)
    return found


def _keywords(
    paths: Paths,
    settings: KeywordSettings,
    labelled: bool,
    analysis: AnalysisSettings,
    vocabulary: VocabularySettings,
    records: LabelledTextSettings,
    reading: InputSettings,
    progress: Progress,
) -> Keywords:
    rows = Records(paths, records, reading, labelled=labelled, progress=progress)
    corpus = _corpus(rows, settings.word_range, analysis, vocabulary)
    allowed = usable(corpus.vocabulary, settings.min_length)
    if not allowed.any():
        raise InputError(
            f"no word has {counted(settings.min_length, 'character')} and a letter among them",
            hint="--min-length 1, or another tokenizer",
        )
    if labelled:
        names, labels = _classes(rows)
        counts = class_counts(corpus, labels, len(names))
        groups = keywords_of_classes(
            counts, names, corpus.vocabulary, settings.top, allowed=allowed, prior=settings.prior_size
        )
        return Keywords("class", groups)
    if settings.by == "document":
        each = keywords_of_documents(count_matrix(corpus), corpus.vocabulary, settings.top, allowed)
        return Keywords("document", each)
    totals, frequencies = corpus.vocabulary.counts, document_counts(corpus)
    found = keywords_of_corpus(
        totals, frequencies, corpus.documents, corpus.vocabulary, settings.top, allowed
    )
    return Keywords("corpus", found)


def _corpus(
    rows: Records, lengths: tuple[int, int], analysis: AnalysisSettings, vocabulary: VocabularySettings
) -> EncodedCorpus:
    """The documents as ids of words, or of their n-grams."""
    shortest, longest = lengths
    if longest == 1:
        return encode_documents(rows.documents(), analysis, vocabulary)
    words = encode_documents(rows.documents(), analysis, VocabularySettings(vocab_order="first-seen"))
    return with_ngrams(words, shortest, longest, vocabulary)


def _classes(rows: Records) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The classes in order of their names, and the number of each document's: int32 [D]."""
    names = tuple(sorted(rows.names))
    if len(names) < 2:
        raise InputError(
            f"all texts are labelled {names[0]!r}: there is nothing to tell this class from",
            hint="--by corpus gives the keywords of all texts",
        )
    position = {name: number for number, name in enumerate(names)}
    order = np.array([position[name] for name in rows.names], dtype=np.int32)
    return names, order[np.array(rows.codes, dtype=np.int32)]
