"""What a command offers, for those who tell of it: help pages, man pages, completion, hints.

An option's former names and those of the settings that few people touch are strings of a class of their
own, so that they travel through typer as any name and heading would.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from nlpcli.commands import COMMANDS, Command
from nlpcli.settings.frozen import Frozen, frozen

if TYPE_CHECKING:
    from importlib.abc import InspectLoader


class Old(str):
    """A former name of an option: it still works, and is shown nowhere."""

    __slots__ = ()


class Rare(str):
    """A heading over an option that `--help` may leave to `--help-all`."""

    __slots__ = ()


class Listed(str):
    """A metavar, and the words that a value with commas may be made of."""

    words: tuple[str, ...]

    def __new__(cls, metavar: str, words: tuple[str, ...]) -> Listed:
        """The metavar with its words."""
        made = super().__new__(cls, metavar)
        made.words = words
        return made


@frozen
class Described(Frozen):
    """An option or argument as its user knows it."""

    names: tuple[str, ...]  # the short one first
    negated: tuple[str, ...]
    old: tuple[str, ...]
    metavar: str  # "" for a switch
    choices: tuple[str, ...]
    help: str
    default: str  # "" where there is none to tell
    panel: str
    rare: bool
    is_argument: bool
    required: bool
    several: bool

    @property
    def name(self) -> str:
        """What messages call it: its first long name, or an argument's place in the usage line."""
        long = [name for name in self.names if name.startswith("--")]
        return (*long, *self.names, self.metavar.strip("[]."))[0]

    @property
    def every_name(self) -> tuple[str, ...]:
        """All that is taken on a command line."""
        return (*self.names, *self.negated, *self.old)


def first_sentence(name: str) -> str:
    """What a command is for, in a line."""
    paragraph = " ".join(_docstring(COMMANDS[name].cli, Command.function(name)).split("\n\n")[0].split())
    return re.split(r"(?<=[.;]) ", paragraph)[0].rstrip(".;")


def _docstring(module: str, function: str) -> str:
    """The docstring of a function, read from the compiled module, since importing all would take long."""
    code = next(
        each for each in _constants(f"nlpcli.cli.{module}") if getattr(each, "co_name", "") == function
    )
    docstring = code.co_consts[0]
    return docstring if isinstance(docstring, str) else ""


@functools.cache
def _constants(module: str) -> tuple[Any, ...]:
    """What a module holds that was not run: its functions, among other things."""
    import importlib.util

    spec = importlib.util.find_spec(module)
    code = cast("InspectLoader", spec.loader).get_code(module) if spec is not None else None
    return code.co_consts if code is not None else ()


def described(command: Any) -> list[Described]:
    """What a command offers, but --help: arguments and options in their order."""
    return [describe(one) for one in command.params if one.name != "help" and not _hidden(one)]


def _hidden(parameter: Any) -> bool:
    return bool(getattr(parameter, "hidden", False))


def describe(parameter: Any) -> Described:
    """One parameter of a command as its user knows it."""
    is_argument = parameter.param_type_name == "argument"
    names = () if is_argument else _short_first(name for name in parameter.opts if not isinstance(name, Old))
    panel = getattr(parameter, "rich_help_panel", None) or ""
    switch = getattr(parameter, "is_flag", False)
    metavar = getattr(parameter, "metavar", None)
    listed = metavar.words if isinstance(metavar, Listed) else ()
    choices = listed or tuple(map(str, getattr(parameter.type, "choices", ())))
    return Described(
        names=names,
        negated=() if is_argument else tuple(parameter.secondary_opts),
        old=() if is_argument else tuple(name for name in parameter.opts if isinstance(name, Old)),
        metavar="" if switch else _metavar(parameter, choices),
        choices=choices,
        help=" ".join((parameter.help or "").split()),
        default=_default(parameter),
        panel=str(panel) or ("Arguments" if is_argument else "Options"),
        rare=isinstance(panel, Rare),
        is_argument=is_argument,
        required=bool(parameter.required),
        several=parameter.nargs == -1 or bool(getattr(parameter, "multiple", False)),
    )


def _short_first(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: name.startswith("--")))


def _metavar(parameter: Any, choices: tuple[str, ...]) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    if parameter.param_type_name == "argument":
        name = str(parameter.name).upper()
        return f"[{name}]..." if parameter.nargs == -1 and not parameter.required else name
    kind = type(parameter.type).__name__
    return (
        "NAME" if choices else "N" if kind.startswith("Int") else "X" if kind.startswith("Float") else "TEXT"
    )


def _default(parameter: Any) -> str:
    """The default as it would be written, nothing for none, an empty one, and a switch that is off."""
    value = parameter.default
    if getattr(parameter, "is_flag", False):
        return "" if not value or not parameter.secondary_opts else "on"
    if value is None or value in ("", ...) or callable(value) or parameter.required:
        return ""
    if parameter.param_type_name == "argument" and not parameter.show_default:
        return ""
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
