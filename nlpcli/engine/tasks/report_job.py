"""A report of a corpus: what `report` does."""

from __future__ import annotations

import os

import numpy as np

from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.file_facts import facts_of
from nlpcli.engine.io.opening import STDIN, Paths, display_name
from nlpcli.engine.io.paths import is_folder
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.writing import Output, open_output
from nlpcli.engine.plots import report_page
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.tasks.corpus_report import CorpusReport, FileFacts, Watched, report_of
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings, LabelledTextSettings
from nlpcli.settings.reports import ReportSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

ANY_ENCODING = InputSettings(encoding="auto")


@plain_settings
def report(
    paths: Paths,
    output: Output | None = None,
    settings: ReportSettings = ReportSettings(),
    *,
    title: str | None = None,
    analysis: AnalysisSettings = LOWERCASE,
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = ANY_ENCODING,
    progress: Progress = SILENT,
) -> CorpusReport:
    """What is in some texts: sizes, lengths, vocabulary, words, keywords, duplicates, encodings, languages.

    Every line is a text, or every row of a table; with a label column the keywords are those of each class.
    `output` gets it as an HTML page.

    Raises InputError for texts without a token, OutputError for a page that is not named .html.
    """
    if isinstance(output, str | os.PathLike):
        check_writable(output)
    names = [STDIN] if paths is None else [os.fspath(path) for path in paths]
    rows = Records(names, records, reading, labelled=records.has_labels, progress=progress)
    seen = Watched()
    try:
        corpus = encode_documents(
            seen.through(rows.texts()), analysis, VocabularySettings(vocab_order="first-seen")
        )
    except NoTokens as reason:
        raise InputError(reason.message, hint=reason.hint) from reason
    progress.update("reporting", 0.0)
    labels = sorted(rows.names)
    order = np.array([labels.index(name) for name in rows.names], dtype=np.int32)
    codes = order[np.array(rows.codes, dtype=np.int32)] if records.has_labels else None
    found = report_of(corpus, seen, codes, labels, settings.top)
    found.files = [
        FileFacts(display_name(path), *facts_of(path))
        for path in names
        if path != STDIN and not is_folder(path) and os.path.isfile(path)  # noqa: PTH113
    ]
    if output is not None:
        heading = title or f"Report: {', '.join(os.path.basename(name) for name in names[:3])}"  # noqa: PTH119
        written = report_page.page(
            heading, found.measures, found.tables(), (found.growth, found.zipf), found.keywords
        )
        with open_output(output) as file:
            file.write(written.encode("utf-8", "replace"))
    return found
