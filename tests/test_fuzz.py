"""A short part of each campaign of `tests/fuzz`, always with the same seeds."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.fuzz.campaigns import CAMPAIGNS, run


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_campaign_finds_nothing(campaign: str) -> None:
    tally = run(campaign, range(import_module(f"tests.fuzz.{campaign}").SHORT))
    if tally.missing:
        pytest.skip(tally.missing)
    assert not tally.failures, "\n".join(tally.failures.values())
