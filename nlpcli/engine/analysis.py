"""From a line of text to its tokens: normalise → tokenise → filter → stem.

An `Analyzer` is built from its settings and nothing else, so one loaded with a model does
exactly what it did in training.
"""

from __future__ import annotations

from nlpcli.engine.tokenizers import make_tokenizer
from nlpcli.settings import AnalysisSettings


class Analyzer:
    """Turns lines into tokens as its settings say.

    >>> Analyzer(AnalysisSettings(lowercase=True)).tokens("Natural Language Processing.")
    ['natural', 'language', 'processing']
    """

    def __init__(self, settings: AnalysisSettings) -> None:
        self.settings = settings
        self._tokenize = make_tokenizer(settings.tokenizer)

    def tokens(self, text: str) -> list[str]:
        """The tokens of one line, in order."""
        tokens = self._tokenize(text)
        # Token by token, so that the byte-scanning kernel, which lower-cases its vocabulary
        # and not the text, gives the same (σ at the end of a word is ς).
        return [token.lower() for token in tokens] if self.settings.lowercase else tokens

    @property
    def is_plain(self) -> bool:
        """Whether `finish` over the types of a `word` or `whitespace` scan does the same as `tokens`."""
        return self.settings.tokenizer in ("word", "whitespace")

    def finish(self, types: list[str]) -> list[str | None]:
        """What becomes of bare tokens after tokenising, where that needs no context; None: dropped.

        `encoding.py` scans text in a kernel and calls this once per type instead of per token.
        """
        return [token.lower() for token in types] if self.settings.lowercase else list(types)
