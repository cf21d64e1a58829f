"""nlpcli: a command-line text toolkit for English and Korean.

    commands     the table of commands
    cli/         arguments in, text out: one file per family of commands
    engine/      text files in, models and vectors on disk; prints nothing, knows no terminal
    settings/    every hyperparameter, written once
    errors       what a user can mend

From Python, every command is a function of its name, and `load` gives what a model file holds:

    nlpcli.train_w2v(["wiki.txt.gz"], "wiki.safetensors", dim=300)
    nlpcli.load("wiki.safetensors").similar("king", top=5)

Nothing is imported before it is used.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from nlpcli.engine.jobs import *  # noqa: F403
else:

    def __getattr__(name):
        """A function of `nlpcli.engine.jobs`, imported when it is asked for."""
        if not name.startswith("_"):
            import importlib

            from nlpcli.engine import jobs

            if name == "errors":
                return importlib.import_module("nlpcli.errors")
            if name in dir(jobs):
                return getattr(jobs, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_meant(name)}")

    def _meant(name):
        """What other programs' name for a command, or a misspelt one, is called here."""
        import difflib

        from nlpcli.commands import COMMANDS, Command
        from nlpcli.peers import COMMANDS_OF_PEERS, spelt_as_ours

        if name.startswith("_"):
            return ""
        spelt = spelt_as_ours(name)
        if spelt in COMMANDS_OF_PEERS:
            return f": nlpcli calls it {Command.function(COMMANDS_OF_PEERS[spelt])}"
        near = difflib.get_close_matches(spelt, COMMANDS, 1, 0.7)
        return f": did you mean {Command.function(near[0])}?" if near else ""

    def __dir__():
        from nlpcli.engine import jobs

        return ["__version__", *dir(jobs)]
