"""Text in, text out: `tokenize` and `normalize`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Output, Quiet, with_settings
from nlpcli.cli.results import as_json
from nlpcli.engine import jobs
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.results import JsonSettings, LineSettings
from nlpcli.settings.text import (
    AnalysisSettings,
    NgramSettings,
    NormalizeSettings,
    RunSettings,
    TokenFormatSettings,
)


@with_settings
def tokenize(
    files: Files = None,
    output: Output = "-",
    analysis: AnalysisSettings = AnalysisSettings(),
    runs: NgramSettings = NgramSettings(),
    shape: TokenFormatSettings = TokenFormatSettings(),
    reading: TextInputSettings = TextInputSettings(),
    running: RunSettings = RunSettings(),
    table: LineSettings = LineSettings(),
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="The same as --subword-model.", metavar="FILE", rich_help_panel="Analysis"
        ),
    ] = None,
    machines: DistributedSettings = DistributedSettings(),
    shaped: JsonSettings = JsonSettings(),
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
      nlpcli tokenize survey.xlsx --sheet 2 --text-col answer -o tokens.xlsx

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
      morph       nearly kiwi's morphemes, many times as fast: for large texts
      mecab       Korean morphemes, the fastest; needs the extra mecab
      komoran, okt, hannanum, kkma
                  Korean morphemes through KoNLPy; need the extra konlpy
    """
    same: dict[str, Any] = {} if model is None else {"subword_model": model}
    if shaped.is_json:
        refuse(["--format"] * (shape.format not in ("text", "jsonl")), "beside --json and --jsonl")
        shape = replace(shape, format="jsonl")
    with as_json(output, shaped, folder=machines.wanted) as file:
        jobs.tokenize(
            files, file, analysis=analysis, runs=runs, shape=shape, reading=reading,
            running=running, table=table, machines=machines, progress=console.progress(quiet), **same,
        )  # fmt: skip


@with_settings
def normalize(
    files: Files = None,
    output: Output = "-",
    settings: NormalizeSettings = NormalizeSettings(unicode="nfc"),
    reading: TextInputSettings = TextInputSettings(),
    table: LineSettings = LineSettings(),
    machines: DistributedSettings = DistributedSettings(),
    shaped: JsonSettings = JsonSettings(),
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
    with as_json(output, shaped, ["text"], table, folder=machines.wanted) as file:
        jobs.normalize(
            files, file, settings, reading=reading, table=table, machines=machines,
            progress=console.progress(quiet),
        )  # fmt: skip
