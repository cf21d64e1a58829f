"""A character language model at work, written out: `generate --show-work`."""

from __future__ import annotations

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.shown_work import written_out
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.shown_work import WorkTable
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import GenerateSettings
from nlpcli.settings.input import InputSettings


@plain_settings
def generate_work(
    model: str,
    prime: str = "",
    settings: GenerateSettings = GenerateSettings(length=0),
    *,
    prime_file: str | None = None,
    skip_unknown: bool = False,
    reading: InputSettings = InputSettings(),
) -> list[WorkTable]:
    """The weights of a small model, and its states, gates and chances at each character of a prime.

    With a `length` also at each character that it goes on with. Raises SettingsError without a prime,
    InputError for more than can be shown.
    """
    if prime_file is not None:
        prime = "\n".join(Lines([prime_file], reading))
    if not prime:
        raise SettingsError("--show-work needs a text to read", hint="give one: --prime hello")
    return written_out(CharLM.load(model), prime, settings, skip_unknown=skip_unknown)
