"""The guards that keep the house in order: who may import whom, and what start-up may cost."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "nlpcli"
FLOORS = {"errors": 0, "settings": 1, "engine.kernels": 2, "engine.nets": 2, "engine": 3, "cli": 4}
OPENERS = {"corpus.py", "encoding.py", "store.py"}


def floor(module: str) -> int:
    """The floor of `nlpcli.x.y`, 0 lowest; −1 for the package itself."""
    name = module.removeprefix("nlpcli").removeprefix(".")
    fitting = [known for known in FLOORS if name == known or name.startswith(known + ".")]
    return FLOORS[max(fitting, key=len)] if fitting else -1


def modules() -> list[tuple[str, Path]]:
    return [
        (".".join(("nlpcli", *path.relative_to(PACKAGE).with_suffix("").parts)), path)
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


@pytest.mark.parametrize(
    ("module", "path"), modules(), ids=lambda value: str(value) if isinstance(value, str) else ""
)
def test_nothing_imports_upward(module, path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        imported = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            imported = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        for name in imported:
            if name.startswith("nlpcli") and module not in ("nlpcli.__main__", "nlpcli.program"):
                assert floor(name) <= floor(module), f"{path}:{node.lineno}: {module} imports {name}"


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
        (["vectorize", "--kind", "bow", "-q"], ("numpy",)),
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


def test_help_of_every_command_begins_with_examples(nlpcli):
    from nlpcli.cli import COMMANDS

    for command in COMMANDS:
        shown = nlpcli(command, "--help", TERM="dumb").stdout.decode()
        assert "Examples:" in shown, command
        assert shown.index("Examples:") < shown.index("Options"), command
