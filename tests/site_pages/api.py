"""The page of the Python API: the functions as `jobs.pyi` declares them, what `load` gives, the errors."""

import ast
import functools
import importlib
import inspect
import re
import typing
from pathlib import Path

from nlpcli import errors
from nlpcli.commands import COMMANDS, Command
from nlpcli.engine import jobs, loading
from tests.site_pages.commands import families, marked, place

STUB = Path(jobs.__file__).with_suffix(".pyi")
HEAD = """# Python API

Every command is a function of its name, with the same result: paths in, a file or a result out. Settings are
keyword arguments with the names, bounds and errors of the options. Nothing is imported before it is used. For
a beginning see [From Python](PYTHON.md).

    import nlpcli

"""


def page():
    """The whole page."""
    signatures = stub_signatures()
    parts = [HEAD.rstrip(), "## load", of_function("load", signatures)]
    for heading, names in families().items():
        parts.append(f"## {heading}")
        for name in names:
            function = Command.function(name)
            parts += [f"### {function}", f"The command: [{name}]({place(name)})."]
            parts.append(of_function(function, signatures))
    parts.append("## Beside the commands")
    for name in beside():
        parts += [f"### {name}", of_function(name, signatures)]
    parts += ["## What load gives", "What each kind of file becomes, with its methods."]
    for kind in loaded_classes():
        parts += [f"### {kind.__name__}", prose(inspect.getdoc(kind) or ""), *of_methods(kind)]
    parts += ["## Errors", "Each has a `message` and, mostly, a `hint`. All others are bugs.", of_errors()]
    return "\n\n".join(filter(None, parts)) + "\n"


def beside():
    """The functions that are no commands, but `load`."""
    return [name for name in dir(jobs) if name != "load" and name not in map(Command.function, COMMANDS)]


def stub_signatures():
    """The signatures of the functions, by name, each as it stands in `jobs.pyi`."""
    source = STUB.read_text(encoding="utf-8")
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            whole = ast.get_source_segment(source, node)
            found[node.name] = whole[: whole.index('"""')].rstrip()
    return found


def of_function(name, signatures):
    """What stands below the heading of a function."""
    signature = re.sub(r":$", "", signatures[name].removeprefix("def "))
    return f"```python\n{signature}\n```\n\n{prose(inspect.getdoc(getattr(jobs, name)))}"


def loaded_classes():
    """The classes of what `load` gives."""
    tree = ast.parse(Path(loading.__file__).read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    declared = (node for node in ast.walk(tree) if isinstance(node, ast.AnnAssign))
    union = next(node.value for node in declared if node.target.id == "Loaded")
    names = [node.id for node in ast.walk(union) if isinstance(node, ast.Name)]
    classes = [getattr(importlib.import_module(homes[name]), name) for name in sorted(names)]
    return [kind for kind in classes if isinstance(kind, type)] + [
        one for kind in classes for one in typing.get_args(kind)
    ]


def of_methods(kind):
    """The public methods and properties of a class that have a word to say."""
    for name, value in inspect.getmembers(kind):
        if name.startswith("_") or name in ("load",) or not (doc := inspect.getdoc(value)):
            continue
        if isinstance(value, property | functools.cached_property):
            yield f"`{name}`\n:   {marked(first_paragraph(doc))}"
        elif inspect.isfunction(value) or inspect.ismethod(value):
            yield f"`{name}({parameters(value)})`\n:   {marked(first_paragraph(doc))}"


def parameters(function):
    """The parameters of a method, without their types."""
    shown = []
    for one in inspect.signature(function).parameters.values():
        if one.name in ("self", "cls"):
            continue
        plain = isinstance(one.default, None | bool | int | float | str) or one.default == ()
        usual = "" if one.default is one.empty else f"={one.default!r}" if plain else "=…"
        stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        if one.kind is one.KEYWORD_ONLY and "*" not in shown and not any(part[0] == "*" for part in shown):
            shown.append("*")
        shown.append(f"{stars}{one.name}{usual}")
    return ", ".join(shown)


def first_paragraph(doc):
    return " ".join(doc.split("\n\n")[0].split())


def prose(doc):
    """A docstring as Markdown: paragraphs, what is indented as it stands, examples as Python."""
    parts = []
    for block in re.split(r"\n\n+", doc):
        if block.startswith(">>>"):
            parts.append(f"```pycon\n{block}\n```")
        elif all(line.startswith("    ") for line in block.split("\n")):
            parts.append("```text\n" + "\n".join(line[4:] for line in block.split("\n")) + "\n```")
        else:
            text = " ".join(block.split())
            parts.append(marked(text))
    return "\n\n".join(parts)


def of_errors():
    """The tree of errors, a line each."""
    members = inspect.getmembers(errors, inspect.isclass)
    kinds = [kind for _, kind in members if kind.__module__ == errors.__name__]
    return "\n\n".join(
        f"`{kind.__name__}({kind.__base__.__name__})`\n:   {marked(first_paragraph(inspect.getdoc(kind)))}"
        for kind in kinds
    )
