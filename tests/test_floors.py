"""The guards that keep the house in order: who may import whom, and what start-up may cost."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from nlpcli.commands import COMMANDS, Command

PACKAGE = Path(__file__).parents[1] / "nlpcli"
# Lowest first: a package imports only from itself and from those before it.
ORDER = [
    "errors", "wording", "commands", "peers", "settings",
    *(
        "engine." + name
        for name in (
            "kernels", "runtime", "io", "distributed", "tagging", "text", "corpus", "documents", "classify",
            "cooccurrence", "neural", "charlm", "vectors", "topics", "embeddings", "sequences", "search",
            "plots", "translation", "tasks",
            "model_job", "loading", "jobs",
        )
    ),
    "cli", "program", "__main__",
]  # fmt: skip
# Modules of cli/ may import from the engine: its jobs; and these, for what all commands share.
MECHANISM = {
    "bars": ("nlpcli.engine.runtime.progress",),
    "completion": ("nlpcli.engine.io.shipped",),
    "console": ("nlpcli.engine.io.writing", "nlpcli.engine.runtime.progress"),
    "options": (
        "nlpcli.engine.io.file_names",
        "nlpcli.engine.runtime.interrupts",
        "nlpcli.engine.text.arguments",
    ),
    "results": ("nlpcli.engine.io.table_output", "nlpcli.engine.io.writing"),
    "process": ("nlpcli.engine.runtime.interrupts", "nlpcli.engine.runtime.progress"),
}


def place(module: str) -> int:
    """Where a module's package stands in the order."""
    name = module.removeprefix("nlpcli.")
    fitting = [known for known in ORDER if name == known or name.startswith(known + ".")]
    assert fitting, f"{module} has no place in the order of packages"
    return ORDER.index(max(fitting, key=len))


def modules() -> dict[str, Path]:
    """All modules of the package but its own __init__, which imports nothing before it is asked."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    del found["nlpcli"]
    return found


MODULES = modules()


def imports(path: Path) -> list[tuple[str, int]]:
    """What a file imports of nlpcli, also inside functions, and in which lines; not what only types need."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    only_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        if id(node) not in only_types:
            found += [(module_of(name), node.lineno) for name in names if name.startswith("nlpcli.")]
    return found


def module_of(name: str) -> str:
    """The module that an imported name is, or stands in."""
    while name not in MODULES and "." in name:
        name = name.rpartition(".")[0]
    return name


def by_name(cases: Iterable[str]) -> Any:
    return pytest.mark.parametrize("module", sorted(cases))


@by_name(MODULES)
def test_nothing_imports_upward(module):
    path = MODULES[module]
    for name, line in imports(path):
        if name != "nlpcli":
            assert place(name) <= place(module), f"{path}:{line}: {module} imports {name}"


def test_no_modules_import_each_other_in_a_circle():
    reached = {module: {name for name, _ in imports(path)} & {*MODULES} for module, path in MODULES.items()}
    for middle in MODULES:
        for module in MODULES:
            if middle in reached[module]:
                reached[module] |= reached[middle]
    circles = sorted(module for module in MODULES if module in reached[module])
    assert not circles


@by_name(name for name in MODULES if name.startswith("nlpcli.cli"))
def test_commands_know_the_engine_only_by_its_jobs(module):
    path = MODULES[module]
    allowed = ("nlpcli.engine.jobs", *MECHANISM.get(module.removeprefix("nlpcli.cli."), ()))
    for name, line in imports(path):
        assert not name.startswith("nlpcli.engine") or name in allowed, f"{path}:{line}: imports {name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_reads_arguments_calls_its_job_and_prints(name):
    function = Command.function(name)
    tree = ast.parse((PACKAGE / "cli" / f"{COMMANDS[name].cli}.py").read_text(encoding="utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    assert f"jobs.{function}(" in ast.unparse(body)


# Files are opened by engine/io and engine/runtime; and by these modules, each for its own reason.
OPENERS = {
    "nlpcli.engine.distributed.fingerprint": "the package's own modules, of which it makes a digest",
    "nlpcli.engine.text.tokenizers.mecab": "writes the user dictionary that mecab's compiler reads",
    "nlpcli.engine.text.tokenizers.konlpy": "writes the user dictionary that Komoran reads",
    "nlpcli.engine.cooccurrence.memory": "asks the system how much memory the process has",
    "nlpcli.engine.cooccurrence.count_files": "its own format: arrays in an archive, mapped where they lie",
    "nlpcli.cli.shell_scripts": "scripts and start-up files of the user's shell",
    "nlpcli.program": "/dev/null, in the place of streams that are closed",
    "nlpcli.cli.console": "/dev/null, where results go on to once their reader has left",
    "nlpcli.cli.process": "/dev/null, for what Python flushes after a pipe has closed",
}
OPENING = re.compile(
    r"open|.*\.open|.*\.(read|write)_(text|bytes)|mmap\.mmap|zipfile\.ZipFile|tempfile\.(mkstemp|\w*TemporaryFile)"
    r"|np\.(load|loadtxt|genfromtxt|memmap|fromfile|save|savez|savetxt)|.*\.tofile"
)


def opened_in(path: Path) -> list[str]:
    """The calls that open a file; not those about a `file` that is open, or a member of an `archive`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and OPENING.fullmatch(name := ast.unparse(node.func)):
            is_open = node.args and ast.unparse(node.args[0]) == "file"
            if not is_open and not name.startswith("archive."):
                found.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    return found


@by_name(MODULES)
def test_files_are_opened_where_it_is_known_how(module):
    """Compression, encodings, errors and whole-or-nothing are known to io; no path goes into a kernel."""
    opened = opened_in(MODULES[module])
    if not module.startswith(("nlpcli.engine.io.", "nlpcli.engine.runtime.")):
        assert bool(opened) == (module in OPENERS), opened


def test_openers_are_modules():
    assert {*OPENERS} <= {*MODULES}


TERMINAL = re.compile(r"sys\.(stdout|stderr)|isatty|NO_COLOR|get_terminal_size")


@by_name(name for name in MODULES if name.startswith(("nlpcli.cli", "nlpcli.engine")))
def test_only_console_and_process_know_a_terminal(module):
    known = module in ("nlpcli.cli.console", "nlpcli.cli.process")
    assert bool(TERMINAL.search(MODULES[module].read_text(encoding="utf-8"))) == known


@pytest.mark.parametrize("path", sorted((PACKAGE / "engine").rglob("*.py")), ids=lambda path: path.name)
def test_the_core_prints_nothing_and_ends_nothing(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "exit", "quit", "sys.exit", "typer.echo"), (
                f"{path}:{node.lineno}: {called}"
            )


HEAVY = (
    "numpy",
    "numba",
    "torch",
    "nltk",
    "konlpy",
    "rich",
    "scipy",
    "sklearn",
    "kiwipiepy",
    "sentencepiece",
)


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["tokenize"], ()),
        (["tokenize", "--tokenizer", "whitespace", "--lowercase"], ()),
        (["count"], ("numpy",)),
        (["vectorize", "--method", "bow", "-q"], ("numpy",)),
    ],
)
def test_start_up_imports_nothing_heavy(process, arguments, allowed):
    program = f"""
import sys
sys.argv = ["nlpcli", *{arguments!r}]
from nlpcli.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
loaded = [name for name in {HEAVY!r} if name in sys.modules]
sys.stderr.write("loaded:" + " ".join(loaded))
"""
    done = process.python(program, input="some text here\n")
    loaded = done.err.split("loaded:")[1].split()
    assert set(loaded) <= set(allowed)


def test_start_up_of_plain_lines_brings_in_no_tables_clusters_or_help(process):
    program = """
import sys
sys.argv = ["nlpcli", "tokenize"]
from nlpcli.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write("loaded:" + " ".join(sys.modules))
"""
    loaded = {*process.python(program, input="some text here\n").err.split("loaded:")[1].split()}
    assert "nlpcli.engine.text.word_lines" in loaded
    for name in ("cli.help_pages", "cli.completion", "engine.io.records", "engine.io.table_lines"):
        assert f"nlpcli.{name}" not in loaded
    assert not loaded & {"csv", "json", "tempfile", "nlpcli.engine.distributed.cuts"}


def test_garbage_is_first_looked_for_after_start_up(process):
    program = """
import gc
from nlpcli import program
usual = gc.get_threshold()
program._collect_garbage_later()
at_first = gc.get_threshold()
kept = [[] for _ in range(150_000)]
print(at_first > usual, gc.get_threshold() == usual, gc.get_freeze_count() > 100_000, gc.callbacks)
"""
    assert process.python(program).out.strip() == "True True True []"


def test_help_of_every_command_begins_with_examples(nlpcli):
    for command in COMMANDS:
        shown = nlpcli(command, "--help", TERM="dumb").stdout.decode()
        assert "Examples:" in shown, command
        assert shown.index("Examples:") < shown.index("Options"), command
