"""`nlpcli/engine/jobs.pyi`: the signatures of the Python API, with every setting as a keyword.

`python tests/jobs_stub.py` writes it; `test_jobs.py` checks it. Type checkers and editors read it;
at run time the same keywords are taken by `plain_settings`.
"""

import ast
import builtins
import dataclasses
import inspect
import re
import sys
from pathlib import Path

STUB = Path(__file__).parents[1] / "nlpcli" / "engine" / "jobs.pyi"
HEAD = '"""The signatures of the Python API; written by `python tests/jobs_stub.py`."""\n'
ALIASES = """
Path: TypeAlias = str | PathLike[str]
Paths: TypeAlias = Path | Sequence[Path] | None
"""


class Names:
    """The names that annotations use, and where the stub imports them from."""

    def __init__(self):
        self.homes = {"PathLike": "os", "Sequence": "collections.abc", "TypeAlias": "typing"}

    def add(self, annotation, module):
        """Note the names in an annotation that stands in `module`."""
        known = imports_of(module)
        for name in re.findall(r"(?<![\w.])[A-Za-z_]\w*", re.sub(r"'[^']*'", "", annotation)):
            if name not in ("None", "Paths", "Path") and not hasattr(builtins, name):
                self.homes[name] = known.get(name, module)

    def lines(self):
        """The import lines."""
        modules = sorted(set(self.homes.values()))
        return [
            f"from {module} import {', '.join(sorted(n for n, home in self.homes.items() if home == module))}"
            for module in modules
        ]


def imports_of(module):
    tree = ast.parse(Path(sys.modules[module].__file__).read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def signature(name, function, names):
    from nlpcli.engine.text.arguments import settings_classes

    inner = inspect.unwrap(function)
    parts, fields, starred = [], [], False
    classes = settings_classes(inner)
    for parameter in inspect.signature(inner).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        annotation = "Path" if parameter.annotation == "str" else parameter.annotation
        names.add(annotation, inner.__module__)
        parts.append(
            f"{parameter.name}: {annotation}{'' if parameter.default is parameter.empty else ' = ...'}"
        )
    for kind in classes.values():
        for field in dataclasses.fields(kind):
            owner = next(base for base in kind.__mro__ if field.name in vars(base).get("__annotations__", {}))
            names.add(field.type, owner.__module__)
            fields.append(f"{field.name}: {field.type} = ...")
    if fields and not starred:
        parts.append("*")
    result = inspect.signature(inner).return_annotation
    names.add(result, inner.__module__)
    doc = (inner.__doc__ or "").split("\n")[0]
    return f'def {name}({", ".join([*parts, *fields])}) -> {result}:\n    """{doc}"""\n'


def stub():
    from nlpcli.engine import jobs

    names = Names()
    functions = [signature(name, getattr(jobs, name), names) for name in sorted(jobs._HOMES)]
    return "\n".join([HEAD, *names.lines(), ALIASES, *functions])


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
