"""The Python API: one function per command, each the only implementation of that command's work.

    from nlpcli.engine import jobs                 # or `import nlpcli`: the same functions
    jobs.train_w2v(["wiki.txt.gz"], "wiki.safetensors", dim=300, threads=8)

Paths and settings in, a file or a result out; the same call gives the same bytes as the command of
that name with the same settings. Functions are imported when they are asked for. Each raises what its
family raises: InputError, OutputError, ModelError, SettingsError. `jobs.pyi` has their signatures,
written by `python tests/jobs_stub.py`.
"""

import importlib
from typing import Any

from nlpcli.commands import COMMANDS, Command

_HOMES = {Command.function(name): command.engine for name, command in COMMANDS.items()}
# What is no command of its own.
_HOMES |= {
    "load": "loading",
    "analyse": "text.job",
    "skipgram_pairs": "embeddings.job",
    "telling_features": "classify.job",
    "classify_work": "classify.work_job",
    "vectorize_work": "vectors.document_job",
    "count_frequencies": "vectors.document_job",
    "train_w2v_work": "embeddings.work_job",
    "generate_work": "charlm.work_job",
    "topic_keys": "topics.topic_job",
    "topic_page": "plots.topic_page",
    "cluster_page": "plots.cluster_page",
    "rouge_of": "tasks.summary_job",
    "draw_word_map": "plots.word_map_text",
    "toy_gradients": "plots.job",
    "perplexity_per_line": "charlm.job",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"nlpcli.engine.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
