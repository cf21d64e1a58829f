"""The libraries whose tokens, tags or stems an analysis consists of, and their versions.

A model holds the versions it was made with (`AnalysisSettings.to_record`); where it is used,
`check_versions` compares. Our own rules are not named here: they go with the model's format.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

from nlpcli.errors import MissingDependency, ModelError

# What stands in older models: another binding gives the same; our own tagger does not quite.
_NO_LONGER = {"python-mecab-ko"}
_REPLACED = {"gruut-lang-en": "english-pos"}
# What a model may name: the name and the version go into an install line, which a user may copy.
_NAME, _VERSION = (
    re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,60}[A-Za-z0-9])?"),
    re.compile(r"[A-Za-z0-9.+!_-]{1,60}"),
)


class OtherVersion(UserWarning):
    """A model is used with another version of a library than it was made with."""


def installed_version(name: str) -> str:
    """The version of a distribution; empty when it is not installed."""
    import importlib.metadata

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def checked_versions(value: Any) -> Mapping[str, str]:
    """Versions as they stand in a model file. Raises ModelError."""
    if not isinstance(value, dict) or not all(
        _NAME.fullmatch(name) and isinstance(version, str) and _VERSION.fullmatch(version)
        for name, version in value.items()
    ):
        raise ModelError("the model's record of library versions is damaged")
    return value


def check_versions(recorded: Mapping[str, str]) -> None:
    """Warn (OtherVersion) where other versions are installed than a model was made with.

    Raises MissingDependency for a library that is not installed.
    """
    recorded = {name: version for name, version in recorded.items() if name not in _NO_LONGER}
    installed = {name: _REPLACED.get(name) or installed_version(name) for name in recorded}
    if missing := [name for name, version in installed.items() if not version]:
        wanted = " ".join(f"{name}=={recorded[name]}" for name in missing)
        raise MissingDependency(
            f"the model needs {', '.join(missing)}, which is not installed", hint=f"pip install {wanted}"
        )
    changed = [
        f"{name} {version} (here {installed[name]})"
        for name, version in recorded.items()
        if installed[name] != version
    ]
    if changed:
        warnings.warn(
            f"the model was made with {', '.join(changed)}: its tokens may differ",
            OtherVersion,
            stacklevel=3,
        )
