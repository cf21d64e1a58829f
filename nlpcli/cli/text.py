"""Text in, text out: `tokenize`."""

from __future__ import annotations

from nlpcli.cli import console
from nlpcli.cli.options import Files, Output, with_settings
from nlpcli.settings import AnalysisSettings, InputSettings


@with_settings
def tokenize(
    files: Files = None,
    output: Output = "-",
    analysis: AnalysisSettings = AnalysisSettings(),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
) -> None:
    """Split text into tokens, one output line per input line.

    \b
    Examples:
      nlpcli tokenize news.txt > tokens.txt
      nlpcli tokenize --tokenizer kiwi ko.txt | head
      zcat wiki.gz | nlpcli tokenize --lowercase | tr ' ' '\\n' | sort | uniq -c | sort -rn | head
    """
    from nlpcli.engine.analysis import Analyzer
    from nlpcli.engine.corpus import Lines

    analyzer = Analyzer(analysis)
    separator = "\t" if analysis.tokenizer == "sentence" else " "
    with console.open_output(output) as file:
        writer = console.LineWriter(file)
        for line in Lines(files, reading):
            writer.write(separator.join(analyzer.tokens(line)))
