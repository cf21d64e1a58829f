"""Settings of reports."""

from __future__ import annotations

from nlpcli.settings.fields import MOST, Settings, setting
from nlpcli.settings.frozen import frozen


@frozen
class ReportSettings(Settings):
    """How much a report shows."""

    top: int = setting(
        20, "Words, pairs, triples and keywords to list.", min=1, max=MOST, flags=("--top", "-n")
    )
