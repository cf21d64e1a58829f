"""Text in, text out: what `tokenize`, `normalize` and `compare-tokenizers` do.

    texts ─▶ a list of results, one per text
    files ─▶ output, one line per line (several with some formats), as they come

Not here: subword models (`subword_job.py`), and what lines of tokens look like (`token_formats.py`).
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nlpcli.engine.io.lines import Lines, count_lines
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.table_output import Column, kept_for, open_lines
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.io.writing import LineWriter, Output, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text import token_formats
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.engine.text.streaming import (
    LineRate,
    Texts,
    token_details,
    token_lists,
    token_pieces,
    works_in_pieces,
)
from nlpcli.engine.text.word_lines import has_fast_road, word_lines
from nlpcli.errors import SettingsError
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.results import LineSettings
from nlpcli.settings.text import (
    ENGLISH,
    KOREAN,
    AnalysisSettings,
    ComparisonSettings,
    NgramSettings,
    NormalizeSettings,
    RunSettings,
    TokenFormatSettings,
)

if TYPE_CHECKING:
    from nlpcli.engine.text.comparison import TokenizerComparison
    from nlpcli.engine.text.token import Token

_NFC = NormalizeSettings(unicode="nfc")


@plain_settings
def tokenize(
    texts: Paths | Iterable[str],
    output: Output | None = None,
    analysis: AnalysisSettings = AnalysisSettings(),
    *,
    runs: NgramSettings = NgramSettings(),
    shape: TokenFormatSettings = TokenFormatSettings(),
    reading: TextInputSettings = TextInputSettings(),
    running: RunSettings = RunSettings(),
    table: LineSettings = LineSettings(),
    machines: DistributedSettings = DistributedSettings(),
    progress: Progress = SILENT,
) -> list[list[str]]:
    """The tokens of each text.

    With `output`, `texts` names files, whose tokens go there in the format of `shape`, and none are
    given back; without it `shape` has no place (`analyse` gives tags and places). An `output` whose name
    ends in that of a table gets the rows of the texts, with the column `tokens`.

    >>> tokenize(["The New York Times", "세종대왕은 한글을 만들었다."], lowercase=True)
    [['the', 'new', 'york', 'times'], ['세종대왕은', '한글을', '만들었다']]

    Raises SettingsError for settings that contradict each other, MissingDependency for a tokenizer
    whose library is not installed, and InputError for a line that fails with on_error="stop".
    """
    if output is None:
        if shape != TokenFormatSettings():
            raise SettingsError("how tokens are written goes with output=", hint="analyse() gives their tags")
        _refuse_texts(machines)
        tokens = token_lists(Texts(_given(texts)), analysis, running, progress)
        return list(map(_joined(runs), tokens))
    _check(shape, analysis)
    if shape.pos or shape.tagset != "own":
        analysis = dataclasses.replace(analysis, tag_english=True)
    if machines.wanted:
        work: Callable[..., object] = functools.partial(
            tokenize, analysis=analysis, runs=runs, shape=shape, reading=reading, running=running, table=table
        )
        cut = shape.format not in ("tsv", "conllu") and table.id_col is None
        _map_files(work, texts, output, reading, machines, progress, "tokenizing", cut=cut)
        return []
    progress = LineRate(progress)
    kept = kept_for(output, table, otherwise=f"--format {shape.format}" if shape.format != "text" else None)
    lines = text_lines(_names(texts), reading, progress, "tokenizing", kept=kept)
    results: Iterator[Any]
    as_lines: Callable[[Any], Iterable[str]]
    if kept is None and runs == NgramSettings() and _are_written(shape, analysis, running):
        _write_morphemes(output, lines, analysis, shape.pos, progress)
        return []
    is_plain = shape == TokenFormatSettings() and runs == NgramSettings()
    if kept is None and is_plain and has_fast_road(analysis, running):
        _write_words(output, lines, analysis, progress)
        return []
    if kept is None and is_plain and works_in_pieces(analysis, running):
        pieces = progress.counted(token_pieces(lines, analysis))
        _write_pieces(output, pieces, token_formats.joined(analysis.tokenizer))
        return []
    if token_formats.needs_details(shape):
        head, as_lines = _details(shape, analysis, runs)
        results = token_details(lines, analysis, running, progress)
    else:
        head, as_lines = [], _bare(shape, analysis, runs)
        results = token_lists(lines, analysis, running, progress)
    if analysis.tokenizer in ENGLISH and (shape.pos or analysis.tagged):
        results = _told_where_korean(results, progress)
    with open_lines(output, kept, [Column("tokens")], table, progress) as written:
        for line in itertools.chain([head], map(as_lines, progress.counted(results))):
            for part in line:
                written.write(part)
    return []


@plain_settings
def analyse(
    texts: Iterable[str],
    analysis: AnalysisSettings = AnalysisSettings(),
    *,
    running: RunSettings = RunSettings(),
    progress: Progress = SILENT,
) -> list[list[Token]]:
    """The tokens of each text with their places, and tags and lemmas where the tokenizer knows them.

    >>> [(token.form, token.tag, token.start, token.end) for token in analyse(["하늘"], tokenizer="kiwi")[0]]
    [('하늘', 'NNG', 0, 2)]

    Raises what `tokenize` raises.
    """
    return [tokens for _, tokens in token_details(Texts(_given(texts)), analysis, running, progress)]


@plain_settings
def normalize(
    texts: Paths | Iterable[str],
    output: Output | None = None,
    settings: NormalizeSettings = _NFC,
    *,
    reading: TextInputSettings = TextInputSettings(),
    table: LineSettings = LineSettings(),
    machines: DistributedSettings = DistributedSettings(),
    progress: Progress = SILENT,
) -> list[str]:
    """Each text made uniform; by default only Unicode's NFC.

    With `output`, `texts` names files, whose lines go there, and none are given back; a table gets the rows
    of the texts, with the column `normalized`.

    >>> normalize(["Sooooo  good: https://example.com"], lowercase=True, squeeze_repeats=2, mask=("url",))
    ['soo  good: <url>']
    """
    from nlpcli.engine.text.normalizers import Normalizer

    normalizer = Normalizer(settings)

    def normalized(text: str) -> str:
        text = normalizer(text)
        return text.lower() if settings.lowercase else text

    if output is None:
        _refuse_texts(machines)
        return list(map(normalized, _given(texts)))
    if machines.wanted:
        work = functools.partial(normalize, settings=settings, reading=reading, table=table)
        cut = table.id_col is None
        _map_files(work, texts, output, reading, machines, progress, "normalizing", cut=cut)
        return []
    progress = LineRate(progress)
    kept = kept_for(output, table)
    lines = text_lines(_names(texts), reading, progress, "normalizing", kept=kept)
    if normalizer.is_local and kept is None:
        pieces = (
            ([normalized(line)], goes_on and number == len(batch))
            for batch, goes_on in lines.pieces()
            for number, line in enumerate(batch, start=1)
        )
        _write_pieces(output, progress.counted(pieces), "".join)
        return []
    with open_lines(output, kept, [Column("normalized")], table, progress) as written:
        for line in progress.counted(lines):
            written.write(normalized(line))
    return []


@plain_settings
def compare_tokenizers(
    paths: Paths,
    tokenizers: Sequence[str] = ("word", "nltk", "kiwi"),
    settings: ComparisonSettings = ComparisonSettings(),
    *,
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: TextInputSettings = TextInputSettings(),
    progress: Progress = SILENT,
) -> TokenizerComparison:
    """What each of some tokenizers makes of the same lines, how fast, and in how many words.

    It is measured on the first `limit` lines; the tokens of the first `lines` that are not blank are
    kept. `subword:FILE` is the tokenizer of a subword model.

    Raises SettingsError for a name that is none.
    """
    from nlpcli.engine.text.comparison import compare

    refuse(changed(analysis, "tokenizer"), "here", "--tokenizers names those to compare")
    text = list(itertools.islice(text_lines(paths, reading, progress), settings.limit))
    return compare(text, tokenizers, analysis, settings.lines, progress)


_LOOKED_AT = 100  # lines


def _told_where_korean(results: Iterable[Any], progress: Progress) -> Iterator[Any]:
    """The results; a note if most words of the first lines are Korean, which English tags do not fit."""
    words = korean = 0
    results = iter(results)
    for result in itertools.islice(results, _LOOKED_AT):
        tokens = [token.form for token in result[1]] if isinstance(result, tuple) else result
        words += sum(token[:1].isalpha() for token in tokens)
        korean += sum("가" <= token[:1] <= "힣" for token in tokens)
        yield result
        if korean > words / 2:
            progress.note(
                "this is Korean, and its tags are those of English words; "
                "for Korean: --tokenizer kiwi, or morph, which is faster"
            )
            break
    yield from results


def _names(texts: Paths | Iterable[str]) -> list[str] | None:
    return None if texts is None else [*texts]


def _refuse_texts(machines: DistributedSettings) -> None:
    if machines.wanted:
        from nlpcli.engine.distributed.maps import refuse_texts

        refuse_texts(machines)


def _map_files(
    work: Callable[..., object],
    texts: Paths | Iterable[str],
    output: Output,
    reading: TextInputSettings,
    machines: DistributedSettings,
    progress: Progress,
    stage: str,
    *,
    cut: bool,
) -> None:
    from nlpcli.engine.distributed.cuts import Reading
    from nlpcli.engine.distributed.maps import map_files

    map_files(work, _names(texts), output, Reading.of(reading), machines, progress, stage, cut=cut)


def _given(texts: Paths | Iterable[str]) -> Iterable[str]:
    if texts is None:
        raise TypeError("give texts; or, with output=, the names of files")
    several: Iterable[str] = as_list(texts)
    return several


def _write_words(output: Output, lines: Lines, analysis: AnalysisSettings, progress: LineRate) -> None:
    with open_output(output) as file:
        writer = LineWriter(file)
        for words in word_lines(lines.line_blocks(in_pieces=True), analysis):
            writer.write_block(words)
            progress.count(count_lines(words))


def _are_written(shape: TokenFormatSettings, analysis: AnalysisSettings, running: RunSettings) -> bool:
    """Whether a kernel can write the output: nothing but morphemes, and perhaps their tags."""
    if analysis.tokenizer != "morph" or running.jobs > 1 or analysis.lowercase or analysis.stem != "none":
        return False
    from nlpcli.engine.text.morpheme_writer import writes_morphemes

    return shape == dataclasses.replace(TokenFormatSettings(), pos=shape.pos) and writes_morphemes(analysis)


def _write_morphemes(
    output: Output, lines: Lines, analysis: AnalysisSettings, tags: bool, progress: LineRate
) -> None:
    from nlpcli.engine.text.morpheme_writer import MorphemeWriter

    written = MorphemeWriter(Analyzer(analysis), tags)
    with open_output(output) as file:
        writer = LineWriter(file)
        for block in lines.line_blocks():
            morphemes = written.lines(block)
            writer.write_block(morphemes)
            progress.count(count_lines(morphemes))


def _write_pieces(
    output: Output, pieces: Iterable[tuple[list[str], bool]], join: Callable[[list[str]], str]
) -> None:
    """The tokens of every line, as they come; True: the line goes on with those that follow."""
    begun: list[str] = []  # the last token of the line so far
    with open_output(output) as file:
        writer = LineWriter(file)
        for tokens, goes_on in pieces:
            if not (goes_on or begun):
                writer.write(join(tokens))
                continue
            text = join([*begun, *tokens])
            writer.write(text[len(join(begun)) :], b"" if goes_on else b"\n")
            begun = (tokens or begun)[-1:] if goes_on else []


def _check(shape: TokenFormatSettings, analysis: AnalysisSettings) -> None:
    if shape.tagset != "own":
        from nlpcli.engine.text.tagsets import check_tagset

        check_tagset(analysis.tokenizer, shape.tagset)
    if (shape.pos or shape.tagset != "own") and analysis.tokenizer not in (*ENGLISH, *KOREAN):
        raise SettingsError(
            f"the tokenizer {analysis.tokenizer} knows no parts of speech",
            hint=f"for English: --tokenizer {', '.join(ENGLISH)}; for Korean: {', '.join(KOREAN)}",
        )
    asks_tags = shape.pos or analysis.lemma or analysis.keep_pos or analysis.drop_pos
    if shape.tagset != "own" and shape.format in ("text", "lines") and not asks_tags:
        refuse(["--tagset"], "without --pos, or --format tsv, jsonl or conllu")
    if shape.ids and analysis.tokenizer != "subword":
        raise SettingsError(
            "--ids needs --tokenizer subword", hint="--tokenizer subword --model ko.model --ids"
        )
    if shape.ids and (shape.format in ("tsv", "conllu") or (shape.offsets and shape.format != "jsonl")):
        raise SettingsError("--ids goes with --format text, lines or jsonl")


def _joined(runs: NgramSettings) -> Callable[[list[str]], list[str]]:
    """Tokens as they are, or as their n-grams."""
    if runs == NgramSettings():
        return lambda tokens: tokens
    from nlpcli.engine.text.token_ngrams import apply

    return lambda tokens: apply(tokens, runs)


def _bare(
    shape: TokenFormatSettings, analysis: AnalysisSettings, runs: NgramSettings
) -> Callable[[list[str]], Iterable[str]]:
    """Lines for the tokens of a line."""
    lines = token_formats.bare_lines(shape, analysis.tokenizer, _ids(shape, analysis))
    if runs == NgramSettings():
        return lines
    joined = _joined(runs)
    return lambda tokens: lines(joined(tokens))


def _details(
    shape: TokenFormatSettings, analysis: AnalysisSettings, runs: NgramSettings
) -> tuple[Iterable[str], Callable[[tuple[str, list[Token]]], Iterable[str]]]:
    """What stands before the first line, and lines for a line and its tokens with places and tags."""
    from nlpcli.engine.text.tagsets import converted
    from nlpcli.engine.text.token_ngrams import apply_to_details

    name, tagged = analysis.tokenizer, analysis.tagged
    details = token_formats.Details(shape, analysis, tagged, _ids(shape, analysis))

    def lines(pair: tuple[str, list[Token]]) -> Iterable[str]:
        text, tokens = pair
        if not tagged:
            return details.lines(text, apply_to_details(tokens, runs))
        shown = apply_to_details(converted(name, tokens, shape.tagset), runs)
        if shape.format != "conllu":
            return details.lines(text, shown)
        return details.lines(text, shown, apply_to_details(converted(name, tokens, "upos"), runs))

    return details.head(), lines


def _ids(shape: TokenFormatSettings, analysis: AnalysisSettings) -> Callable[[list[str]], list[int]] | None:
    """What turns tokens into the ids of the subword model, if ids are asked for."""
    if not shape.ids:
        return None
    import base64

    from nlpcli.engine.text.tokenizers.sentencepiece import Subwords

    return Subwords(base64.b64decode(analysis.subword_model)).ids
