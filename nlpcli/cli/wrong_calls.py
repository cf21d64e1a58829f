"""What is said of a call that cannot be obeyed: what is wrong in plain words, and what was meant.

An option, a value or a command that nobody has is looked for among the names that other programs use
(`peers.py`), then among those that are spelt alike.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from nlpcli.cli.described import Described, describe, described
from nlpcli.cli.options import command_of
from nlpcli.commands import COMMANDS
from nlpcli.peers import COMMANDS_OF_PEERS, OPTIONS_OF_PEERS, VALUES_OF_PEERS, spelt_as_ours

_MOST_NAMED = 6  # commands in a hint


def told(error: Any, arguments: Sequence[str]) -> tuple[str, str]:
    """The message and the hint for an error of typer's, given all that stood on the command line."""
    context = getattr(error, "ctx", None)
    command = next(iter(arguments), "")
    command = command if command in COMMANDS else ""  # an option without a value comes without a context
    message, hint = _told(error, context, arguments, command)
    path = f"nlpcli {command}".rstrip() if context is None else context.command_path
    see = f"see {path} --help"
    return message, f"{hint}{'' if hint.endswith('?') else ';'} {see}" if hint else see


def _told(error: Any, context: Any, arguments: Sequence[str], command: str) -> tuple[str, str]:
    kind = type(error).__name__
    parameter = getattr(error, "param", None)
    if kind == "NoSuchOption":
        return _no_such_option(str(error.option_name), context, arguments)
    if kind == "MissingParameter" and parameter is not None:
        return _missing(parameter)
    if kind == "BadOptionUsage":
        return _no_value(error, command)
    if "extra argument" in error.format_message() and context is not None:
        return _too_many(error, context)
    if kind == "BadParameter" and parameter is not None:
        return _bad_value(error, parameter)
    if found := re.match("No such command '(.*)'", error.format_message(), re.DOTALL):
        return f"no such command: {found[1]}", _meant(found[1], COMMANDS_OF_PEERS, COMMANDS)
    message = error.format_message().rstrip(".")
    return message[:1].lower() + message[1:], ""


# --- options --------------------------------------------------------------------------------


def _no_such_option(name: str, context: Any, arguments: Sequence[str]) -> tuple[str, str]:
    if len(name) == 2:  # -minCount was read as -m, -i, …
        name = next((word for word in arguments if word.startswith(name) and len(word) > 2), name)
        name = name.partition("=")[0]
    message = f"no such option: {name}"
    if context is None or context.command.name not in COMMANDS:
        return message, ""
    parameters = described(context.command)
    meant = _option_meant(name, parameters)
    # What another command has under just this name is not misspelt.
    return message, (_elsewhere(name) if meant.startswith("did you mean") else "") or meant or _elsewhere(
        name
    )


def _option_meant(name: str, parameters: Sequence[Described]) -> str:
    """What a name is called here, or is near to."""
    known = {each: one for one in parameters for each in one.every_name}
    shown = [each for one in parameters for each in (*one.names, *one.negated)] + ["--help", "--help-all"]
    spelt = spelt_as_ours(name)
    if spelt.startswith("--") and spelt != name and spelt in shown:
        return f"nlpcli writes it {spelt}"
    for ours in OPTIONS_OF_PEERS.get(spelt, ()):
        if ours in known:
            return f"nlpcli calls it {known[ours].name}" + _values(known[ours], ours)
        if ours == "FILE" and any(one.is_argument for one in parameters):
            return "nlpcli takes the names of files as they are, without an option"
    near = difflib.get_close_matches(spelt, shown, 1, 0.7)
    return f"did you mean {near[0]}?" if near else ""


def _values(option: Described, name: str) -> str:
    """The choices of an option whose values are others than a peer's."""
    return f" {'|'.join(option.choices)}" if name in ("--method", "--loss") and option.choices else ""


def _elsewhere(name: str) -> str:
    """Which other commands have an option."""
    spelt = spelt_as_ours(name)
    wanted = {name, spelt, *OPTIONS_OF_PEERS.get(spelt, ())}
    having = [
        command
        for command in COMMANDS
        if any(wanted & {*one.names, *one.negated} for one in described(command_of(command)))
    ]
    if len(having) > _MOST_NAMED:
        return f"it is an option of {', '.join(having[:3])} and others, not of this command"
    return f"it is an option of {_and(having)}" if having else ""


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


# --- values ---------------------------------------------------------------------------------


def nearest(value: str, choices: Iterable[str]) -> str:
    """The choice that is meant by a value: by another program's name for it, or its spelling; or nothing.

    >>> nearest("sg", ["skipgram", "cbow"]), nearest("kwii", ["word", "kiwi"]), nearest("x", ["word"])
    ('skipgram', 'kiwi', '')
    """
    known = {choice.lower(): choice for choice in choices}
    spelt = value.lower().replace("_", "-")
    for ours in (spelt, *VALUES_OF_PEERS.get(spelt, ())):
        if ours in known:
            return known[ours]
    near = difflib.get_close_matches(spelt, known, 1, 0.6)
    return known[near[0]] if near else ""


def _meant(value: str, peers: dict[str, str], choices: Iterable[str]) -> str:
    spelt = spelt_as_ours(value)
    if spelt in peers:
        return f"nlpcli calls it {peers[spelt]}"
    near = nearest(spelt, choices)
    return f"did you mean {near}?" if near else ""


def _missing(parameter: Any) -> tuple[str, str]:
    one = describe(parameter)
    given = f"{one.names[0]} {one.metavar}" if one.names else one.name
    return f"{one.name} is missing", f"{given}: {one.help.rstrip('.')}" if one.help else ""


def _no_value(error: Any, command: str) -> tuple[str, str]:
    """An option that stands without its value, or a switch with one."""
    name = str(error.option_name)
    for one in described(command_of(command)) if command else []:
        if name in one.every_name and one.metavar:
            return f"{name} stands without its value", f"{name} {one.metavar}: {one.help.rstrip('.')}"
    message = error.format_message().rstrip(".")
    return message[:1].lower() + message[1:], ""


def _too_many(error: Any, context: Any) -> tuple[str, str]:
    """More arguments than a command takes."""
    extra = re.search(r"\((?!s\))(.*)\)", error.format_message(), re.DOTALL)
    taken = [one.name for one in described(context.command) if one.is_argument]
    message = "too many arguments" + (f": {extra[1]}" if extra else "")
    if len(taken) != 1:
        return message, f"{context.command_path} takes {_and(taken) or 'options only'}"
    several = "call it once for each" + (", or cat them and give -" if taken == ["FILE"] else "")
    return message, f"{context.command_path} takes one {taken[0]}; of several, {several}"


def _bad_value(error: Any, parameter: Any) -> tuple[str, str]:
    """A value out of its bounds, of another type, or not among the choices."""
    name, kind, message = describe(parameter).name, parameter.type, error.message.rstrip(".")
    choices = [str(choice) for choice in getattr(kind, "choices", ())]
    value = re.match(r"(?s)('.*?'|\".*?\"|\S+) is not ", message)
    given = value[1] if value else ""
    if choices and given:
        near = nearest(given.strip("'\""), choices)
        hint = f"did you mean {near}? " * bool(near) + f"choose from {', '.join(choices)}"
        return f"{name} cannot be {given}", hint
    whole = type(kind).__name__.startswith("Int")
    if "not in the range" in message and given:
        return f"{name} must be {_bounds(kind)}, not {given}", ""
    if type(kind).__name__.startswith(("Int", "Float")) and given:
        return f"{name} must be {'a whole number' if whole else 'a number'}, not {given}", ""
    return f"{name}: {message[:1].lower()}{message[1:]}", ""


def _bounds(kind: Any) -> str:
    """The bounds of a number, in words.

    >>> from types import SimpleNamespace
    >>> _bounds(SimpleNamespace(min=1, max=None)), _bounds(SimpleNamespace(min=0, max=0.9))
    ('at least 1', 'from 0 to 0.9')
    """
    if kind.min is not None and kind.max is not None:
        return f"from {_plain(kind.min)} to {_plain(kind.max)}"
    return f"at least {_plain(kind.min)}" if kind.max is None else f"at most {_plain(kind.max)}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)
