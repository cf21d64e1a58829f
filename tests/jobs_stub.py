"""`nlpcli/engine/jobs.pyi`: the signatures of the Python API, with every setting as a keyword.

`python tests/jobs_stub.py` writes it; `test_jobs.py` checks it. Type checkers and editors read it;
at run time the same keywords are taken by `plain_settings`.
"""

import ast
import builtins
import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path

STUB = Path(__file__).parents[1] / "nlpcli" / "engine" / "jobs.pyi"
HEAD = '"""The signatures of the Python API; written by `python tests/jobs_stub.py`."""'
# What `plain_settings` takes where a function says `str` or `Paths`.
ALIASES = """
_Path: TypeAlias = str | PathLike[str]
_Paths: TypeAlias = _Path | Sequence[_Path] | None
"""
PATHS = {"str": "_Path", "str | None": "_Path | None"}


class Imports:
    """The names that annotations use, and the lines that import them."""

    def __init__(self):
        self._lines = {
            "PathLike": "from os import PathLike",
            "Sequence": "from collections.abc import Sequence",
            "TypeAlias": "from typing import TypeAlias",
        }

    def add(self, annotation, module):
        """Note the names in an annotation that stands in `module`."""
        known = imports_of(module)
        for name in re.findall(r"(?<![\w.])[A-Za-z_]\w*", re.sub(r"'[^']*'|\"[^\"]*\"", "", annotation)):
            if name in ("_Path", "_Paths") or hasattr(builtins, name):
                continue
            line = known.get(name, f"from {module} import {name}")
            assert self._lines.setdefault(name, line) == line, f"two things are called {name}"

    def __str__(self):
        return "\n".join(sorted(self._lines.values()))


def imports_of(module):
    """The lines that import each name of a module, also those for type checkers only."""
    tree = ast.parse(Path(sys.modules[module].__file__).read_text(encoding="utf-8"))
    lines = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            source = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                renamed = f" as {alias.asname}" if alias.asname else ""
                lines[alias.asname or alias.name] = f"{source}import {alias.name}{renamed}"
    return lines


def default_of(value):
    """A default as source, `...` for what is none that a reader would write."""
    plain = isinstance(value, None | bool | int | float | str) or value == ()
    return repr(value) if plain and len(repr(value)) < 40 else "..."


def arguments(function, imports):
    """The parameters of a function, and after them the fields of its settings."""
    from nlpcli.engine.text.arguments import settings_classes

    classes = settings_classes(function)
    parts, fields, starred = [], [], False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        needed = parameter.default is parameter.empty
        annotation = parameter.annotation
        if needed or parameter.default is None:  # other strings are words, not names of files
            annotation = PATHS.get(annotation, annotation)
        annotation = re.sub(r"\bPaths\b", "_Paths", annotation)
        imports.add(annotation, function.__module__)
        parts.append(
            f"{parameter.name}: {annotation}{'' if needed else f' = {default_of(parameter.default)}'}"
        )
        if parameter.name in classes:
            kind = classes[parameter.name]
            fields += fields_of(kind, kind() if needed else parameter.default, imports)
    return [*parts, *(["*"] if fields and not starred else []), *fields]


def fields_of(kind, usual, imports):
    """The fields of a settings class as keywords, with the defaults that the function has."""
    from nlpcli.settings.fields import keyword_names

    for field in dataclasses.fields(kind):
        owner = next(base for base in kind.__mro__ if field.name in vars(base).get("__annotations__", {}))
        imports.add(field.type, owner.__module__)
        annotation = re.sub(r"\btuple\[(.+), \.\.\.\]", r"Sequence[\1]", field.type)
        yield f"{keyword_names(field)[0]}: {annotation} = {default_of(getattr(usual, field.name))}"


def signature(name, function, imports):
    """A function as it stands in the stub, with the first paragraph of its docstring."""
    function = inspect.unwrap(function)
    result = inspect.signature(function).return_annotation
    imports.add(result, function.__module__)
    doc = inspect.getdoc(function).split("\n\n")[0].replace("\\", "\\\\").replace("\n", "\n    ")
    end = "\n    " if "\n" in doc else ""
    return f'def {name}({", ".join(arguments(function, imports))}) -> {result}:\n    """{doc}{end}"""\n'


def stub():
    """The whole file."""
    from nlpcli.engine import jobs

    imports = Imports()
    functions = [signature(name, getattr(jobs, name), imports) for name in dir(jobs)]
    return formatted("\n".join([HEAD, str(imports), ALIASES, *functions]))


def formatted(source):
    for command in (["check", "--fix", "--quiet", "--select", "I"], ["format"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", STUB, "-"],
            input=source, capture_output=True, check=True, text=True, encoding="utf-8",
        )  # fmt: skip
        source = done.stdout
    return source


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
