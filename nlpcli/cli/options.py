"""From settings classes to command-line options.

`with_settings` has a command take every field of its settings, and receive the finished, checked objects;
`spread_out` writes them into its signature: a parameter annotated with a settings class becomes one option
per field. Only the command that is called needs that, and its neighbours would take milliseconds. The
parameter's own default is where a command's defaults may differ from the class's:

    @with_settings
    def train(files: Files, analysis: AnalysisSettings = AnalysisSettings(lowercase=True)): ...
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import re
import shlex
import types
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from nlpcli.cli import console
from nlpcli.cli.described import Listed, Old, Rare
from nlpcli.commands import COMMANDS, Command
from nlpcli.engine.io.file_names import INPUTS, OUTPUTS, check_file_names
from nlpcli.engine.runtime.interrupts import outputs
from nlpcli.engine.text.arguments import contents
from nlpcli.errors import MissingFile
from nlpcli.settings.fields import MOST, Settings, option_name, refuse, refuse_idle

_CONTEXT, _KEYWORD = "typer_context", inspect.Parameter.KEYWORD_ONLY
_FILE_NAME = re.compile(r"\.\w{1,12}$")  # at its end

Files = Annotated[
    list[str] | None,
    typer.Argument(help="Text files, also gzip, bz2, xz or zstd; - or none is stdin.", show_default=False),
]
Output = Annotated[
    str,
    typer.Option("-o", "--output", help="File to write; - is stdout.", metavar="FILE", show_default=False),
]
Model = Annotated[str, typer.Argument(help="A model file that a train-… command wrote.", metavar="MODEL")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="No progress and no remarks on stderr, but for input that is lost.",
        callback=console.be_quiet,
    ),
]


def with_settings(function: Callable[..., None]) -> Callable[..., None]:
    """`function` with every settings parameter spread out into options (`spread_out`)."""

    @functools.wraps(function)
    def command(**values: Any) -> None:
        parameters, plan = _spread(function)
        asked = [parameter.name for parameter in parameters if parameter.annotation is typer.Context]
        given = given_names(values[asked[0]] if asked[0] != _CONTEXT else values.pop(_CONTEXT))
        # The job checks what it is given; what the command itself writes beside that is known here alone.
        names = {
            name: values[name] for name in (*INPUTS, *OUTPUTS) if isinstance(values.get(name), str | list)
        }
        check_file_names(function.__name__, names)
        outputs.extend(str(names[name]) for name in OUTPUTS if names.get(name, "-") not in ("", "-"))
        for name, kind in plan.items():
            fields = dataclasses.fields(kind)
            values[name] = kind(**contents(kind, {field.name: values.pop(field.name) for field in fields}))
            refuse_idle(values[name], given)
        try:
            function(**values)
        except MissingFile as error:
            raise _with_a_pipe(error, function.__name__, values) from error

    return command


def spread_out(command: Callable[..., None]) -> Callable[..., None]:
    """What `with_settings` made, with the signature that Typer is to read."""
    parameters, _ = _spread(command.__wrapped__)  # type: ignore[attr-defined]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def command_of(name: str) -> Any:
    """The command line of one command, with nothing of the others imported."""
    module = importlib.import_module(f"nlpcli.cli.{COMMANDS[name].cli}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name)(spread_out(getattr(module, Command.function(name))))
    return typer.main.get_command(app)


@functools.cache
def _spread(function: Callable[..., None]) -> tuple[list[inspect.Parameter], dict[str, type[Settings]]]:
    """The options of a command, and which of its own parameters are settings."""
    hints = typing.get_type_hints(function, include_extras=True)
    plan: dict[str, type[Settings]] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        kind = hints[parameter.name]
        if isinstance(kind, type) and issubclass(kind, Settings):
            plan[parameter.name] = kind
            defaults = kind() if parameter.default is inspect.Parameter.empty else parameter.default
            parameters += _options(kind, defaults)
        else:
            parameters.append(parameter.replace(annotation=kind, kind=_KEYWORD))
    if all(parameter.annotation is not typer.Context for parameter in parameters):
        parameters.insert(0, inspect.Parameter(_CONTEXT, _KEYWORD, annotation=typer.Context))
    names = [parameter.name for parameter in parameters]
    assert len(names) == len(set(names)), f"{function.__name__}: two settings share a field name: {names}"
    return parameters, plan


def _with_a_pipe(error: MissingFile, function: str, values: dict[str, Any]) -> MissingFile:
    """The error, with how to give a text itself where one was given for the name of a file."""
    given: Sequence[str] = values.get("files") or ()
    words = [text for text in given if not (_FILE_NAME.search(text) or ("/" in text and " " not in text))]
    for text in words:
        if error.message == f"{text}: no such file":
            text = " ".join(words) if text == given[0] and len(words) == len(given) else text
            shown = text if len(text) <= 60 else text[:59] + "…"
            shown = shlex.quote(shown) if any(sign in shown for sign in '"\\$`!') else f'"{shown}"'
            command = " ".join(("nlpcli", function.replace("_", "-"), *_model(values)))
            return MissingFile(
                error.message, hint=f"a text itself comes through a pipe: echo {shown} | {command}"
            )
    return error


def _model(values: dict[str, Any]) -> list[str]:
    """The model, where it is an argument that comes before the files."""
    return [shlex.quote(values["model"])] if [*values][:1] == ["model"] else []


def asked(given: list[str] | None) -> list[str] | None:
    """What was asked on the command line; None, for nothing or `-`, is a question a line on stdin.

    Raises SettingsError for `-` before or behind others.
    """
    if given in (None, [], ["-"]):
        return None
    assert given is not None
    refuse(["-"] * ("-" in (given[0], given[-1])), "beside others", "alone it reads one per line from stdin")
    return given


def given_names(context: typer.Context) -> frozenset[str]:
    """The parameters that the user wrote on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(name for name, source in sources.items() if source and source.name == "COMMANDLINE")


def _options(kind: type[Settings], defaults: Settings) -> list[inspect.Parameter]:
    hints = typing.get_type_hints(kind)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(getattr(defaults, field.name)),
            annotation=Annotated[_option_type(hints[field.name]), _option(kind, field, hints[field.name])],
        )
        for field in dataclasses.fields(kind)
    ]


def _option(kind: type[Settings], field: dataclasses.Field[Any], hint: Any) -> Any:
    about = field.metadata
    panel = about["panel"] or "Method"
    flags = about["flags"] or (
        (f"{option_name(field)}/--no-{field.name.replace('_', '-')}",)
        if hint is bool
        else (option_name(field),)
    )
    number = int if int in (hint, *typing.get_args(hint)) else float
    # What is there to keep numbers within 32 bits is told when it is reached, not on every help page.
    bounds = {
        name: number(bound)
        for name in ("min", "max")
        if (bound := about[name]) is not None and abs(bound) < MOST
    }
    option: Any = typer.Option  # its overloads know no computed arguments
    return option(
        *flags,
        *map(Old, about["old"]),
        help=about["help"],
        metavar=Listed(about["metavar"], about["listed"]) if about["listed"] else about["metavar"],
        rich_help_panel=Rare(panel) if field.name in kind.RARE else panel,
        hidden=about["hidden"],
        **bounds,
    )


def _option_type(hint: Any) -> Any:
    """A settings field's type as Typer understands it: tuples are repeatable options."""
    if typing.get_origin(hint) is tuple:
        return list[typing.get_args(hint)[0]]  # type: ignore[misc]
    if int in typing.get_args(hint) and any(map(typing.get_args, typing.get_args(hint))):
        return str  # a number or a word; the settings tell them apart
    if isinstance(hint, types.UnionType):
        return typing.Optional[next(kind for kind in hint.__args__ if kind is not type(None))]  # noqa: UP045
    return hint


def _default(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
