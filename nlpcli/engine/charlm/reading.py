"""The text that a language model is trained on, in the units that its settings name."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from nlpcli.engine.charlm.units import CharText, read_text, text_of, unit_of
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.charlm import CharLMSettings
from nlpcli.settings.input import InputSettings


def read_for(
    paths: Sequence[str] | None,
    settings: CharLMSettings,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> tuple[CharLMSettings, CharText]:
    """The text, and the settings with a subword model where they need one and have none.

    Raises InputError for an empty text, one too small for its subwords, and all that `Lines` raises.
    """
    least = settings.min_char_count
    if settings.unit != "subword" or settings.subword_model:
        return settings, read_text(paths, unit_of(settings), reading, min_count=least, progress=progress)
    from nlpcli.engine.text.tokenizers.own_subwords import own_subwords

    lines = [*text_lines(paths, reading, progress)]  # read once: they may come from a pipe
    settings = dataclasses.replace(settings, subword_model=own_subwords(lines, settings.vocab_size))
    return settings, text_of(["\n".join(lines)] if lines else [], unit_of(settings), min_count=least)
