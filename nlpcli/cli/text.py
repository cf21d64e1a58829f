"""Text in, text out: `tokenize` and `normalize`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlpcli.cli import console, token_formats
from nlpcli.cli.options import Files, Output, Quiet, with_settings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import (
    ENGLISH,
    KOREAN,
    AnalysisSettings,
    NgramSettings,
    NormalizeSettings,
    RunSettings,
    TokenFormatSettings,
)

if TYPE_CHECKING:
    from nlpcli.engine.text.token import Token


@with_settings
def tokenize(
    files: Files = None,
    output: Output = "-",
    analysis: AnalysisSettings = AnalysisSettings(),
    runs: NgramSettings = NgramSettings(),
    shape: TokenFormatSettings = TokenFormatSettings(),
    reading: InputSettings = InputSettings(),
    running: RunSettings = RunSettings(),
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="The same as --subword-model.", metavar="FILE", rich_help_panel="Analysis"
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Split text into tokens, one output line per input line.

    \b
    Examples:
      nlpcli tokenize news.txt > tokens.txt
      nlpcli tokenize --tokenizer kiwi --lemma --stopwords ko ko.txt
      nlpcli tokenize --tokenizer kiwi --pos --tagset upos --format tsv ko.txt
      zcat wiki.gz | nlpcli tokenize --lowercase | tr ' ' '\\n' | sort | uniq -c
      nlpcli tokenize --tokenizer nltk --pos --lemma en.txt
      nlpcli tokenize --mask url,email,number --ngrams 1-2 reviews.txt

    \b
    Tokenizers:
      word        Unicode words, without punctuation (the default)
      whitespace  what stands between white space
      nltk        NLTK's word_tokenize: Penn Treebank, isn't is is n't
      regexp      what matches --pattern, or with --gaps what lies between
      char, jamo  characters; Hangul letters
      sentence    sentences, English and Korean
      subword     pieces of a model that train-subword made
      kiwi        Korean morphemes with tags; needs no Java
      mecab       Korean morphemes, the fastest; needs the extra mecab
      komoran, okt, hannanum, kkma
                  Korean morphemes through KoNLPy; need the extra konlpy
    """
    import dataclasses

    from nlpcli.engine.io.lines import Lines
    from nlpcli.engine.text.streaming import LineRate, token_details, token_lists

    if model is not None:
        from nlpcli.engine.text.resources import read_base64

        analysis = dataclasses.replace(analysis, subword_model=read_base64(model))
    _check(shape, analysis)
    if shape.pos or shape.tagset != "own":
        analysis = dataclasses.replace(analysis, tag_english=True)
    progress = LineRate(console.progress(quiet))
    lines = Lines(files, reading, progress, "tokenizing")
    if token_formats.needs_details(shape):
        write = _details(shape, analysis, runs)
        results: Iterable[Any] = token_details(lines, analysis, running, progress)
    else:
        write = _bare(shape, analysis, runs)
        results = token_lists(lines, analysis, running, progress)
    with console.open_output(output) as file:
        writer = console.LineWriter(file)
        for line in write.head:
            writer.write(line)
        for result in progress.counted(results):
            for line in write.lines(result):
                writer.write(line)


class _Writing:
    """Output lines for the tokens of an input line, and what stands before the first."""

    def __init__(self, lines: Callable[[Any], Iterable[str]], head: Iterable[str] = ()) -> None:
        self.lines = lines
        self.head = head


def _bare(shape: TokenFormatSettings, analysis: AnalysisSettings, runs: NgramSettings) -> _Writing:
    lines = token_formats.bare_lines(shape, analysis.tokenizer, _ids(shape, analysis))
    if runs == NgramSettings():
        return _Writing(lines)
    from nlpcli.engine.text.token_ngrams import apply

    return _Writing(lambda tokens: lines(apply(tokens, runs)))


def _details(shape: TokenFormatSettings, analysis: AnalysisSettings, runs: NgramSettings) -> _Writing:
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

    return _Writing(lines, details.head())


def _ids(shape: TokenFormatSettings, analysis: AnalysisSettings) -> Callable[[list[str]], list[int]] | None:
    if not shape.ids:
        return None
    import base64

    from nlpcli.engine.text.tokenizers.sentencepiece import Subwords

    return Subwords(base64.b64decode(analysis.subword_model)).ids


def _check(shape: TokenFormatSettings, analysis: AnalysisSettings) -> None:
    from nlpcli.engine.text.tagsets import check_tagset
    from nlpcli.errors import SettingsError

    check_tagset(analysis.tokenizer, shape.tagset)
    if (shape.pos or shape.tagset != "own") and analysis.tokenizer not in (*ENGLISH, *KOREAN):
        raise SettingsError(
            f"the tokenizer {analysis.tokenizer} knows no parts of speech",
            hint=f"for English: --tokenizer {', '.join(ENGLISH)}; for Korean: {', '.join(KOREAN)}",
        )
    if shape.ids and analysis.tokenizer != "subword":
        raise SettingsError(
            "--ids needs --tokenizer subword", hint="--tokenizer subword --model ko.model --ids"
        )
    if shape.ids and (shape.format in ("tsv", "conllu") or (shape.offsets and shape.format != "jsonl")):
        raise SettingsError("--ids goes with --format text, lines or jsonl")


@with_settings
def normalize(
    files: Files = None,
    output: Output = "-",
    settings: NormalizeSettings = NormalizeSettings(unicode="nfc"),
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Make text uniform, one output line per input line; by default only Unicode's NFC.

    \b
    Examples:
      nlpcli normalize --lowercase --squeeze-space old.txt > new.txt
      nlpcli normalize --html --mask url,email,phone --squeeze-repeats 2 reviews.txt
      nlpcli normalize --strip emoji,punct --strip-control messages.txt
      nlpcli normalize --unicode nfkc --keep-jamo --full-width chat.txt
    """
    from nlpcli.engine.io.lines import Lines
    from nlpcli.engine.text.normalizers import Normalizer
    from nlpcli.engine.text.streaming import LineRate

    normalizer = Normalizer(settings)
    progress = LineRate(console.progress(quiet))
    lines = Lines(files, reading, progress, "normalizing")
    with console.open_output(output) as file:
        writer = console.LineWriter(file)
        for line in progress.counted(lines):
            text = normalizer(line)
            writer.write(text.lower() if settings.lowercase else text)
