"""Finding texts: what `index` and `search` do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.opening import STDIN, Paths
from nlpcli.engine.io.questions import Answers, Questions
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.search.index import SearchIndex, build, extend, is_index
from nlpcli.engine.search.ranking import Hit, Search
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.fields import changed, given_options, refuse
from nlpcli.settings.input import FolderSettings, InputSettings, TextInputSettings
from nlpcli.settings.search import AnswerSettings, IndexSettings, SearchSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.wording import counted


@plain_settings
def index(
    paths: Paths,
    output: str,
    settings: IndexSettings = IndexSettings(),
    *,
    vectors: str | None = None,
    append: str | None = None,
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    folders: FolderSettings = FolderSettings(),
    columns: AnswerSettings = AnswerSettings(),
    given: frozenset[str] = frozenset(),
    progress: Progress = SILENT,
) -> SearchIndex:
    """An index of some texts (files, or folders of files), written to `output`.

    With `columns` the files are tables of questions and answers: questions are found, and `chat` answers.

    `vectors` is a file of word vectors, with which documents are also found by meaning. `append` is an index
    whose documents come first, but those of files that are given anew; it brings its own analysis (`given`
    are the names of settings that the user set, of which SettingsError is raised for those that then do
    nothing). The result is that of all texts indexed together.

    Raises InputError when there is no text, or something in a folder may not be read, and OutputError,
    before any work, when `output` cannot be written.
    """
    check_writable(output)
    if columns.answer_col is not None:
        refuse(changed(settings, "unit") + changed(folders), "with --answer-col: each row is a question")
        refuse(["--append"] * (append is not None), "with --answer-col")
    if append is not None:
        refuse(["--vectors"] * (vectors is not None), "with --append")
        refuse(given_options(given, AnalysisSettings, IndexSettings), "with --append: the index has its own")
        made = extend(SearchIndex.load(append), as_list(paths), reading, folders, progress)
    else:
        made = _built(paths, vectors, settings, analysis, reading, folders, progress, columns)
    made.save(output)
    progress.note(f"{output}: {counted(len(made), 'document')}, {counted(len(made.terms), 'term')}")
    return made


@plain_settings
def search(
    texts: str,
    queries: Iterable[str] | None = None,
    ranking: SearchSettings = SearchSettings(),
    *,
    like: Sequence[str] = (),
    vectors: str | None = None,
    settings: IndexSettings = IndexSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    folders: FolderSettings = FolderSettings(),
    given: frozenset[str] = frozenset(),
    progress: Progress = SILENT,
) -> Answers[list[Hit]]:
    """Each of some queries with the documents that answer it, best first.

    `texts` is an index, which brings its own analysis, or a file or folder of texts. Without
    `queries` they are read from stdin, one per line, as they arrive; those that find nothing are
    noted and passed over. Of a list the first such query raises InputError. `given` are the names of settings
    that the user set; SettingsError is raised for those that do nothing beside an index.
    With `like`, places as `file:line`, the one query is what stands there, and other documents like that are
    found.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "notes.txt").write_text("the cat sat\\nstocks fell\\n")
    ...     [(query, hits)] = search(folder, ["cat"], top_k=3)
    >>> [(hit.line, hit.snippet.text) for hit in hits]
    [(1, 'the cat sat')]
    """
    if like and queries is not None:
        raise SettingsError("give either a query or --like, not both")
    if is_index(texts):
        refuse(["--vectors"] * (vectors is not None), "with an index", "it goes with nlpcli index --vectors")
        of_texts = given_options(given, AnalysisSettings, IndexSettings, TextInputSettings, FolderSettings)
        refuse(of_texts, "with an index, which has its own", "give it to nlpcli index")
        found = SearchIndex.load(texts)
    else:
        refuse(["--vectors"] * (vectors is not None and ranking.by != "vectors"), "without --by vectors")
        found = _built([texts], vectors, settings, analysis, reading, folders, progress)
    engine = Search(found, ranking)
    if like:
        places = Questions([", ".join(like)], progress)
        return Answers(places, lambda batch: places.solved(batch, lambda _: engine.more_like(like)))
    questions = Questions(queries, progress, "query")
    return Answers(questions, lambda batch: questions.solved(batch, engine.find))


def _built(
    paths: Paths,
    vectors: str | None,
    settings: IndexSettings,
    analysis: AnalysisSettings,
    reading: InputSettings,
    folders: FolderSettings,
    progress: Progress,
    columns: AnswerSettings = AnswerSettings(),
) -> SearchIndex:
    words = None
    if vectors is not None:
        from nlpcli.engine.vectors.job import load_vectors

        words = load_vectors(vectors, progress)
    return build(paths or [STDIN], analysis, settings, reading, words, folders, progress, columns)
