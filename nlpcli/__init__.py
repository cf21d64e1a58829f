"""nlpcli: a command-line text toolkit for English and Korean.

Three floors, and nothing imports upward:

    cli/      arguments in, text out: one file per family of commands
    engine/   text files in, models and vectors on disk; prints nothing, knows no terminal
    engine/kernels, engine/nets   the basement: numba over bare arrays, torch modules

`errors` and `settings` stand beside them and are imported by all.
"""

__version__ = "0.1.0"
