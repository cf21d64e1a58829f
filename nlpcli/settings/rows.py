"""Settings of what is done with rows before anything is trained on them: parts, duplicates, languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import LAST_SEED, Needs, Settings, setting
from nlpcli.settings.frozen import frozen


@frozen
class SplitSettings(Settings):
    """How large the parts are, and what stays together."""

    dev: float = setting(0.1, "Share of the rows for dev; 0: none.", min=0, max=0.8, metavar="SHARE")
    test: float = setting(0.1, "Share of the rows for test; 0: none.", min=0, max=0.8, metavar="SHARE")
    group_col: str | None = setting(
        None,
        "Column or JSON field whose equal values stay together, such as an author.",
        metavar="COLUMN",
    )
    seed: int = setting(1, "Random seed.", min=0, max=LAST_SEED)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dev + self.test >= 1:
            raise SettingsError(f"--dev {self.dev:g} and --test {self.test:g} leave nothing for train")
        if self.dev + self.test == 0:
            raise SettingsError("--dev 0 and --test 0 leave nothing to split off")


@frozen
class DedupSettings(Settings):
    """When two texts count as one."""

    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"shingle": Needs("threshold", but=(1.0, 1))})

    threshold: float = setting(
        0.8, "From which similarity on (of their sets of shingles); 1: only the same text.", min=0.1, max=1
    )
    shingle: int = setting(4, "Characters of a shingle.", min=1, max=64, metavar="N")


@frozen
class LanguageSettings(Settings):
    """Which lines pass, and which languages may be told."""

    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"min_probability": Needs("only", but=((),))})

    only: tuple[str, ...] = setting(
        (), "Print only lines of these languages, as they stand.", metavar="CODE,…"
    )
    among: tuple[str, ...] = setting(
        ("common",),
        "Languages that texts may be in, such as ko,en; common: 35 large ones; all: 139.",
        metavar="CODE,…",
    )
    min_probability: float = setting(
        0.0, "With --only: leave out lines whose language is less sure.", min=0, max=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("only", "among"):
            codes = (code.strip().lower() for part in getattr(self, name) for code in part.split(","))
            object.__setattr__(self, name, tuple(dict.fromkeys(code for code in codes if code)))
