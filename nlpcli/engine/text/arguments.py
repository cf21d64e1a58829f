"""Settings as plain keyword arguments: `train_w2v(paths, output, dim=300)`.

    @plain_settings
    def train_w2v(paths: Paths, output: str, settings: Word2VecSettings = Word2VecSettings(), ...): ...

A parameter whose annotation is a settings class may be given as an object of it, or field by field
under the fields' own names, or both: fields then replace those of the object. The command line goes
the same way (`cli/options.py`), so that names, bounds and errors are the same in both. A function
with a parameter `given` is told there which fields were given by name.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from nlpcli.engine.io.file_names import check_file_names
from nlpcli.engine.io.paths import checked_name, named_twice
from nlpcli.engine.io.places import expanded
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.text.resources import READERS
from nlpcli.errors import SettingsError
from nlpcli.settings.fields import Settings, keyword_names, option_name, refuse_idle

Result = TypeVar("Result")
_SEVERAL = ("Paths", "Sequence[str]", "Iterable[str]")  # annotations of what a single string is one of


def plain_settings(function: Callable[..., Result]) -> Callable[..., Result]:
    """`function` with every field of its settings as a keyword argument too.

    Raises TypeError for a keyword that is no field, SettingsError for a value out of bounds, and what
    `check_file_names` raises.
    """
    signature = inspect.signature(function)
    parameters = signature.parameters
    classes = settings_classes(function)
    home = _homes(function.__name__, classes, parameters)
    reads_files = "paths" in parameters and str(parameters["paths"].annotation) == "Paths"
    tells_twice = reads_files and function.__name__ != "merge"  # which tells at its end

    @functools.wraps(function)
    def called(*values: Any, **keywords: Any) -> Result:
        _refuse_names_of_texts(function.__name__, signature, values, keywords)
        values = tuple(map(_named, values))
        keywords = {name: _named(value) for name, value in keywords.items()}
        plain = _by_field(function.__name__, keywords, home)
        for name in keywords:
            if name not in parameters:
                raise TypeError(_unknown(function.__name__, name, [*parameters, *home]))
        if plain and "given" in parameters:
            keywords.setdefault("given", frozenset(plain))
        at_place = [*parameters][: len(values)]
        for parameter, kind in classes.items():
            fields = {name: value for name, value in plain.items() if home[name][0] == parameter}
            if fields and parameter in at_place:
                raise TypeError(
                    f"{function.__name__}(): give {parameter} by name, beside {next(iter(fields))}="
                )
            if fields:
                default = parameters[parameter].default
                whole = keywords.get(parameter, kind() if default is inspect.Parameter.empty else default)
                whole = _of_kind(function.__name__, parameter, whole, kind)
                keywords[parameter] = dataclasses.replace(whole, **contents(kind, fields))
                refuse_idle(keywords[parameter], plain)
        bound = signature.bind(*values, **keywords)
        _check_arguments(function.__name__, bound, classes)
        if tells_twice:
            _tell_what_counts_twice(bound.arguments.get("paths"), bound.arguments.get("progress"))
        return function(*bound.args, **bound.kwargs)

    called.__signature__ = _spread(signature, classes)  # type: ignore[attr-defined]
    return called


def _check_arguments(
    function: str, bound: inspect.BoundArguments, classes: dict[str, type[Settings]]
) -> None:
    """Make arguments what their parameters are of: settings, lists, names of files. Raises as its caller."""
    parameters, arguments = bound.signature.parameters, bound.arguments
    several = [name for name in arguments if str(parameters[name].annotation).startswith(_SEVERAL)]
    for name in [name for name in arguments if name in classes]:
        arguments[name] = _of_kind(function, name, arguments[name], classes[name])
    for name in several:
        arguments[name] = as_list(arguments[name])
    check_file_names(function, arguments)
    for name in several:
        _check_several(f"{function}(): {name}", parameters[name], arguments[name], arguments)
    for name, given in arguments.items():
        if isinstance(given, list | tuple) and _are_names(parameters[name], arguments):
            arguments[name] = expanded(given)


def _homes(
    function: str, classes: dict[str, type[Settings]], parameters: Iterable[str]
) -> dict[str, tuple[str, str]]:
    """For each keyword the parameter that its settings are, and the field."""
    fields = [(name, field) for name, kind in classes.items() for field in dataclasses.fields(kind)]
    home = {field.name: (name, field.name) for name, field in fields}
    total = len([*parameters]) + len(fields)
    assert len({*parameters, *home}) == total, f"{function}: two settings share a field name"
    for place in (0, 1):  # the names of today before former ones
        for name, field in fields:
            for keyword in keyword_names(field)[place : None if place else 1]:
                if keyword not in parameters:
                    home.setdefault(keyword, (name, field.name))
    return home


def _by_field(function: str, keywords: dict[str, Any], home: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The settings taken out of the keywords, by the names of their fields."""
    plain: dict[str, Any] = {}
    for name in [name for name in keywords if name in home]:
        field = home[name][1]
        if field in plain:
            raise TypeError(f"{function}(): {name} is given twice, once by another name")
        plain[field] = keywords.pop(name)
    return plain


def _spread(signature: inspect.Signature, classes: dict[str, type[Settings]]) -> inspect.Signature:
    """The signature with every field as a keyword, for `help`."""
    fields = [
        inspect.Parameter(
            keyword_names(field)[0],
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default if default is inspect.Parameter.empty else getattr(default, field.name),
            annotation=field.type,
        )
        for name, kind in classes.items()
        for default in [signature.parameters[name].default]
        for field in dataclasses.fields(kind)
    ]
    return signature.replace(parameters=[*signature.parameters.values(), *fields])


def _of_kind(function: str, name: str, value: Any, kind: type[Settings]) -> Settings:
    """Settings of a class; of one that it is based on they are taken over. TypeError for others."""
    if isinstance(value, kind):
        return value
    if isinstance(value, Settings) and issubclass(kind, type(value)):
        return kind(**{field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    raise TypeError(f"{function}(): {name} must be {kind.__name__}, not {type(value).__name__}")


def _refuse_names_of_texts(
    function: str, signature: inspect.Signature, values: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    """A path stands for a file's content only beside `output`: without it, texts themselves are wanted."""
    given = {**dict(zip(signature.parameters, values, strict=False)), **keywords}
    for name, parameter in signature.parameters.items():
        mapped = str(parameter.annotation).startswith("Paths | Iterable")
        if mapped and given.get("output") is None and isinstance(given.get(name), os.PathLike):
            raise TypeError(f"{function}(): {name} are texts; the names of files go with output=")


def _check_several(what: str, parameter: inspect.Parameter, given: Any, arguments: Mapping[str, Any]) -> None:
    """Raise for a list with other things than texts in it, and for an empty one of files.

    No files at all (None) are stdin; a list that turned out empty is a mistake.
    """
    annotation = str(parameter.annotation)
    names_files = annotation == "Paths" or arguments.get("output") is not None
    if annotation.startswith("Paths") and names_files and isinstance(given, list | tuple) and not given:
        raise SettingsError(f"{what} are no files at all", hint="None reads stdin")
    may_be_pairs = "tuple[str, str]" in annotation and not names_files
    if isinstance(given, list | tuple) and "Sequence[str | int]" not in annotation:
        for part in given:
            if not isinstance(part, str) and not (may_be_pairs and _is_pair(part)):
                raise TypeError(f"{what} must be texts, not {type(part).__name__}: {part!r:.80}")
    elif given is not None and not isinstance(given, Iterable):
        raise TypeError(f"{what} must be texts, not {type(given).__name__}: {given!r:.80}")


def _are_names(parameter: inspect.Parameter, arguments: Mapping[str, Any]) -> bool:
    """Whether they are names of files that are read, and not texts."""
    annotation = str(parameter.annotation)
    return annotation == "Paths" or (annotation.startswith("Paths") and arguments.get("output") is not None)


def _tell_what_counts_twice(paths: Any, progress: Progress | None) -> None:
    """A remark where a file is named twice, which is as good as never meant: `index a.txt *.txt`."""
    twice = [*dict.fromkeys(named_twice(paths))] if isinstance(paths, list | tuple) and progress else []
    if twice and progress:
        more = f", as do {len(twice) - 1:,} more" if len(twice) > 1 else ""
        progress.note(f"{twice[0]} is named twice, and counts twice{more}")


def _is_pair(given: Any) -> bool:
    """Whether it is two texts."""
    is_two = isinstance(given, list | tuple) and len(given) == 2
    return is_two and all(isinstance(text, str) for text in given)


def as_list(given: Any) -> Any:
    """One text or name as a list of one; what is several already, or None, as it is."""
    return [given] if isinstance(given, str) else given


def _named(value: Any) -> Any:
    """Paths, also in lists, as the names of files, which messages show."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list | tuple) and any(isinstance(part, os.PathLike) for part in value):
        return [_named(part) for part in value]
    return value


def settings_classes(function: Callable[..., Any]) -> dict[str, type[Settings]]:
    """The parameters of a function that are settings, with their classes."""
    names = vars(sys.modules[function.__module__])
    kinds = {
        name: names.get(parameter.annotation) if isinstance(parameter.annotation, str) else None
        for name, parameter in inspect.signature(function).parameters.items()
    }
    return {
        name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Settings)
    }


def contents(kind: type[Settings], fields: dict[str, Any]) -> dict[str, Any]:
    """What the fields of a settings class hold for what the user gave: files' contents, not their names."""
    known = {field.name: field for field in dataclasses.fields(kind)}
    found = {}
    for name, value in fields.items():
        if str(known[name].type).startswith("tuple"):
            value = as_list(value)
        reader = known[name].metadata["reads"]
        parts = value if isinstance(value, list | tuple) else []
        if reader and not all(isinstance(part, str) for part in parts):
            raise SettingsError(f"{option_name(known[name])} must be names, not {value!r}")
        if reader and value:
            for part in parts or [value]:
                checked_name(part, SettingsError)
        found[name] = READERS[reader](value) if value and reader else value
    return found


def _unknown(function: str, name: str, known: list[str]) -> str:
    import difflib

    from nlpcli.peers import called_here

    wrong = f"{function}() has no argument {name!r}"
    if ours := called_here(name, known):
        return f"{wrong}: nlpcli calls it {ours!r}"
    near = difflib.get_close_matches(name, known, 1)
    return wrong + (f": did you mean {near[0]!r}?" if near else "")
