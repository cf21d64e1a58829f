"""A short part of each campaign of `tests/fuzz`, always with the same seeds."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import typer

from nlpcli.cli import build_app
from tests.fuzz import kills
from tests.fuzz.campaigns import CAMPAIGNS, run


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_campaign_finds_nothing(campaign: str) -> None:
    tally = run(campaign, range(import_module(f"tests.fuzz.{campaign}").SHORT))
    if tally.missing:
        pytest.skip(tally.missing)
    assert not tally.failures, "\n".join(tally.failures.values())


def test_every_command_that_writes_a_file_is_killed() -> None:
    group: Any = typer.main.get_command(build_app())
    writing = {
        name
        for name, command in group.commands.items()
        if any("--output" in parameter.opts for parameter in command.params)
    }
    assert kills.commands() == writing - {"compare-tokenizers"}  # it writes how long each took
