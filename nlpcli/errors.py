"""Every error that a user can mend, as one tree.

    NlpcliError            message + hint; exit code 1
    ├── SettingsError      an option has a value that makes no sense; exit code 2
    ├── InputError         a text file is missing (MissingFile), unreadable, badly encoded or badly formed
    ├── OutputError        a result cannot be written where or how it was asked for
    ├── ModelError         a model file is damaged, of another kind, or from a newer version
    ├── ClusterError       other machines cannot be reached, or cannot do the work
    └── MissingDependency  an optional package is not installed

Anything that is not in this tree is a bug and keeps its traceback.
Only `nlpcli.cli` turns these into text and exit codes.
"""

from __future__ import annotations


class NlpcliError(Exception):
    """Something went wrong that the user can mend; `hint` says how."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments do not survive the trip back from a worker
        # process unless they say how they are rebuilt.
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[NlpcliError], message: str, hint: str | None) -> NlpcliError:
    return kind(message, hint=hint)


class SettingsError(NlpcliError):
    """A setting is out of bounds, or two settings contradict each other."""

    exit_code = 2


class InputError(NlpcliError):
    """An input cannot be read; the message begins with `file:line:` where there is one."""


class MissingFile(InputError):
    """There is no file of the name that was given."""


class OutputError(NlpcliError):
    """A result cannot be written."""


class ModelError(NlpcliError):
    """A model file cannot be used."""


class ClusterError(NlpcliError):
    """Other machines cannot be reached, or cannot do what is asked."""


class MissingDependency(NlpcliError):
    """An optional package is needed and not installed; the hint holds the install line."""


INSTALL_PLOT = "pip install 'nlpcli[plot]'"
INSTALL_EXCEL = "pip install 'nlpcli[excel]'"
INSTALL_PARQUET = "pip install 'nlpcli[parquet]'"
INSTALL_CLUSTER = "pip install 'nlpcli[cluster]'"
