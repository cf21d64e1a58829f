"""Completion of command lines by the shell: what may stand at a place, and the scripts that ask.

A script calls `nlpcli` with `_NLPCLI_COMPLETE=bash` (zsh, fish) and the words up to the cursor. The answer
has a line for each word that may stand there, in zsh and fish with a remark on it; a line `:files` leaves
the place to the shell's own completion of file names, of these extensions first where some are named.
Nothing of the engine is imported for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nlpcli.cli.described import Described, described, first_sentence
from nlpcli.cli.options import command_of
from nlpcli.cli.shell_scripts import SCRIPTS
from nlpcli.cli.typer_commands import INSTALL, SHOW
from nlpcli.commands import COMMANDS
from nlpcli.engine.io.shipped import SHIPPED, TAGGERS, WORD_VECTORS

_TOP_OPTIONS = {
    "--help": "Show the commands.",
    "--version": "Print the version.",
    INSTALL: "Have the shell complete commands, options and files.",
    SHOW: "Print the script that does.",
}
_MODELS = ("safetensors", "bin", "ftz", "model")
_VECTORS = ("safetensors", "vec", "txt", "bin", "glove", "gz", "bz2", "xz", "zst")
_EXTENSIONS = {
    "MODEL": _MODELS,
    "CHECKPOINT": ("safetensors",),
    "VECTORS": _VECTORS,
    "FILE.npz": ("npz",),
}
_IS_FILE = ("FILE", "TEXT...", "TEXT|", "|TEXT", "MODEL", "VECTORS", "CHECKPOINT", "OUT", "PARTS", "INDEX")

Word = tuple[str, str]  # what may stand, and a remark on it


def complete(shell: str, words: Sequence[str]) -> list[str]:
    """The lines that answer a shell which asks how the last word may go on.

    >>> complete("bash", ["tokenize", "--tokenizer", "ki"])
    ['kiwi']
    """
    given = _joined(words) if shell == "bash" else [*words] or [""]
    last, found = given[-1], [*_candidates(given, remarks=shell != "bash")]
    option, sign, value = last.partition("=")
    if sign and option.startswith("--"):
        last = value
        if shell == "fish":  # it wants the whole word
            found = [
                (f"{option}={word}", remark) if word[:1] != ":" else (word, remark) for word, remark in found
            ]
            last = given[-1]
    fitting = [(word, remark) for word, remark in found if word.startswith((last, ":"))]
    if shell == "zsh":
        return [
            word if word[:1] == ":" else word.replace(":", "\\:") + f":{remark}" for word, remark in fitting
        ]
    if shell == "fish":
        return [f"{word}\t{remark}" if remark else word for word, remark in fitting]
    return [word for word, _ in fitting]


def _joined(words: Sequence[str]) -> list[str]:
    """The words as they were typed: bash takes `--option=value` apart at the sign."""
    found: list[str] = []
    for word in words or [""]:
        after_sign = len(found) > 0 and found[-1].startswith("--") and found[-1].endswith("=")
        if found and (after_sign or (word == "=" and found[-1].startswith("--"))):
            found[-1] += word
        else:
            found.append(word)
    return found


def _candidates(words: list[str], remarks: bool) -> Iterator[Word]:
    """What may stand at the place of the last word."""
    *before, last = words
    if not before or (before == ["help"]):
        if last.startswith("-"):
            yield from _TOP_OPTIONS.items()
        else:
            yield from ((name, first_sentence(name) if remarks else "") for name in COMMANDS)
            if not before:
                yield "help", "Explain a command."
    elif before[0] in (INSTALL, SHOW):
        yield from ((shell, "") for shell in SCRIPTS)
    elif before[0] in COMMANDS:
        yield from _within(before[0], before[1:], last)


def _within(name: str, before: list[str], last: str) -> Iterator[Word]:
    parameters = described(command_of(name))
    named = {option: one for one in parameters for option in one.every_name}
    place, waiting, only_arguments, used = 0, None, False, set()
    for word in before:
        if waiting is not None:
            waiting = None
        elif only_arguments or not word.startswith("-") or word == "-":
            place += 1
        elif word == "--":
            only_arguments = True
        else:
            option = named.get(word.partition("=")[0])
            used |= {*option.every_name} if option and not option.several else set()
            waiting = option if option and option.metavar and "=" not in word else None
    option_name, sign, _ = last.partition("=")
    if waiting is not None:
        yield from _values(waiting, last)
    elif last.startswith("--") and sign and not only_arguments:
        if option_name in named:
            yield from _values(named[option_name], last.partition("=")[2])
    elif last.startswith("-") and not only_arguments:
        for one in parameters:
            yield from ((each, one.help) for each in (*one.names, *one.negated) if each not in used)
        yield from (("--help", "Explain the command."), ("--help-all", "List all of its options."))
    else:
        arguments = [one for one in parameters if one.is_argument]
        if arguments:
            argument = arguments[min(place, len(arguments) - 1)]
            yield from ((model, "Comes with nlpcli.") for model in _shipped(name, argument) if place == 0)
            yield from _values(argument, last)


def _shipped(command: str, argument: Described) -> tuple[str, ...]:
    """The names of what comes with nlpcli that can stand for a command's file."""
    if "VECTORS" in argument.metavar:
        return WORD_VECTORS
    return {"tag": TAGGERS, "inspect": SHIPPED}.get(command, ())


def _values(parameter: Described, last: str) -> Iterator[Word]:
    """The values of a parameter: choices, also in lists with commas, or files."""
    if parameter.choices:
        listed = ",…" in parameter.metavar
        head = last[: last.rfind(",") + 1] if listed else ""
        taken = head.split(",")
        yield from ((head + choice, "") for choice in parameter.choices if choice not in taken)
    if any(kind in parameter.metavar for kind in _IS_FILE) or (
        parameter.names == () and not _asks(parameter)
    ):
        kinds = (ends for kind, ends in _EXTENSIONS.items() if kind in parameter.metavar)
        yield " ".join((":files", *dict.fromkeys(end for ends in kinds for end in ends))), ""


def _asks(parameter: Described) -> bool:
    """Whether an argument is a question or words, and no file."""
    return any(kind in parameter.metavar for kind in ("WORD", "QUERY", "QUESTION"))
