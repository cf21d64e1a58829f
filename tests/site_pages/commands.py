"""A page for each command, made of what `--help-all` is made of and of the bounds of its settings."""

import dataclasses
import inspect
import math
import re
import typing
from importlib import import_module
from pathlib import Path

from nlpcli.cli.described import described, first_sentence
from nlpcli.cli.help_pages import names, panels, paragraphs, usage
from nlpcli.cli.options import command_of
from nlpcli.commands import COMMANDS, Command
from nlpcli.settings.fields import Settings

DOCS = Path(__file__).parents[2] / "docs"
# They name every command, so that pointing to them says nothing.
_OF_ALL = ("COMMANDS.md", "OPTIONS.md", "MODEL_FILES.md", "RESULTS.md", "CHANGELOG.md")


def place(name):
    """Where a command's page stands in the site, called as its manual page (`index` is taken)."""
    return f"commands/nlpcli-{name}.md"


def page(name):
    """The page of a command."""
    command = command_of(name)
    synopsis = f"```text\n{usage(command, f'nlpcli {name}')}\n```"
    parts = [f"# {name}", f"{marked(first_sentence(name))}.", synopsis]
    parts += _description(command.help or "")
    fields = settings_fields(name)
    by_name = {_option_key(one): one.name for one in command.params}
    for panel, members in panels(described(command)):
        parts.append(f"## {panel}")
        parts += [_entry(one, fields.get(by_name[_key(one)])) for one in members]
    parts += ["## See also", _see_also(name)]
    return "\n\n".join(parts) + "\n"


def examples(name):
    """The lines under "Examples:" on a command's help page."""
    for as_it_is, paragraph in paragraphs(command_of(name).help or ""):
        if as_it_is and paragraph.startswith("Examples:"):
            return [line.strip() for line in paragraph.split("\n")[1:]]
    return []


def _description(text):
    first = True
    for as_it_is, paragraph in paragraphs(text):
        if as_it_is:
            title, _, rest = paragraph.partition("\n")
            yield f"**{title}**" if title.startswith("Examples:") else marked(title)
            lines = [line.removeprefix("  ") for line in rest.split("\n")]
            yield "\n".join(["```sh" if title.startswith("Examples:") else "```text", *lines, "```"])
        else:
            shown = _rest_of(paragraph) if first else paragraph
            first = False
            if shown:
                yield marked(shown)


def _rest_of(paragraph):
    """A docstring's first paragraph without its first sentence, which stands above."""
    whole = " ".join(paragraph.split())
    return [*re.split(r"(?<=[.;]) ", whole, maxsplit=1), ""][1]


# --- options --------------------------------------------------------------------------------


def _key(one):
    return one.every_name or (one.metavar,)


def _option_key(parameter):
    from nlpcli.cli.described import describe

    return _key(describe(parameter))


def settings_fields(name):
    """The settings of a command: name of the field → (the field, its type)."""
    module = import_module(f"nlpcli.cli.{COMMANDS[name].cli}")
    function = inspect.unwrap(getattr(module, Command.function(name)))
    found = {}
    for kind in typing.get_type_hints(function, include_extras=True).values():
        if isinstance(kind, type) and issubclass(kind, Settings):
            hints = typing.get_type_hints(kind)
            found |= {one.name: (one, hints[one.name]) for one in dataclasses.fields(kind)}
    return found


def _entry(one, field):
    """An option or argument: what it is called, what it does, what it may be, what it is if not given."""
    facts = [fact for fact in (_kind(one, field), _default(one)) if fact]
    return "\n".join(
        [
            f'`{names(one)}`<a id="{one.name}"></a>',
            f":   {marked(one.help) or '—'}",
            f'    <small class="facts">{" · ".join(facts)}</small>' if facts else "",
        ]
    ).rstrip()


def _kind(one, field):
    """The type of a value, with its bounds."""
    if not one.metavar and not one.is_argument:
        return "switch"
    several = ", several" if one.several else ""
    if one.choices:
        listed = ", ".join(f"`{choice}`" for choice in one.choices)
        number = _number(field)
        return (f"{number}, or {listed}" if number else f"one of {listed}") + several
    number = _number(field)
    if number:
        return number + several
    if one.metavar == "N":
        return "whole number" + several
    files = ("FILE", "MODEL", "VECTORS", "CHECKPOINT", "INDEX", "PARTS", "UPDATES")
    kind = "number" if one.metavar == "X" else "text"
    kind = "file" if any(word in one.metavar for word in files) else kind
    return kind + several


def _number(field):
    """The kind of number that a field takes, and from where to where; nothing for other fields."""
    if field is None:
        return ""
    about, hint = field[0].metadata, field[1]
    kinds = {hint, *typing.get_args(hint)}
    if not {int, float} & kinds:
        return ""
    low = f"from {_shown(about['min'])}" if about["min"] is not None else ""
    low = f"above {_shown(about['above'])}" if about["above"] is not None else low
    between = "up to" if low.startswith("above") else "to"
    high = f"{between} {_shown(about['max'])}" if about["max"] is not None else ""
    return " ".join(filter(None, ("number" if float in kinds else "whole number", low, high)))


def _shown(bound):
    power = math.log2(bound + 1) if bound > 1e6 else 0.5
    return f"2^{power:.0f} − 1" if power == int(power) else f"{bound:,.10g}"


def _default(one):
    if one.required:
        return "required"
    if one.default:
        return f"default `{one.default}`"
    return "off by default" if not one.metavar and not one.is_argument else ""


def marked(text):
    """Plain text as Markdown that says the same; what stands between backticks is code."""
    return "`".join(part if place % 2 else escaped(part) for place, part in enumerate(text.split("`")))


def escaped(text):
    """Plain text as Markdown that says the same."""
    text = re.sub(r"([\\`*_\[\]|#])", r"\\\1", text)
    return text.replace("&", "&amp;").replace("<", "&lt;")


# --- where else to look ---------------------------------------------------------------------


def _see_also(name):
    """Commands of the same family, and the pages that speak of this one."""
    family = [other for other in COMMANDS if COMMANDS[other].heading == COMMANDS[name].heading]
    links = [
        f"- [{other}](nlpcli-{other}.md): {marked(first_sentence(other))}"
        for other in family
        if other != name
    ]
    pages = [
        f"- [{title_of(path)}](../{path.relative_to(DOCS).as_posix()})"
        for path in sorted([*DOCS.glob("*.md"), *DOCS.glob("course/*.md")])
        if path.name not in _OF_ALL and _mentions(path.read_text(encoding="utf-8"), name)
    ]
    return "\n".join([*links, *pages, "- [All options of all commands](../OPTIONS.md)"])


def _mentions(text, name):
    return re.search(rf"nlpcli {name}(?![\w-])|`{name}[ `]", text) is not None


def title_of(path):
    """What a page is called: its first heading."""
    return re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1].replace("`", "")


def families():
    """The headings of `nlpcli --help`, each with its commands."""
    found = {}
    for name, command in COMMANDS.items():
        found.setdefault(command.heading, []).append(name)
    return found
