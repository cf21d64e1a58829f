"""Numbers at their bounds, beyond and between, through every command on little text.

Each ends well or in a plain error, within a minute, without a word from numpy.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import typer

from nlpcli.cli import build_app
from tests.command_line import NLPCLI, ROOT

SHORT = 2
_SECONDS = 120
_MEMORY = 16 << 20  # kibibytes of addresses
# Each as it works without a setting. `@` is a file that is made once, `>` one that is written.
_CALLS = {
    "tokenize": ["@text"],
    "normalize": ["@text"],
    "train-subword": ["@text", "-o", ">m.model", "--vocab-size=300"],
    "compare-tokenizers": ["@text", "--tokenizers=word,whitespace"],
    "count": ["@text"],
    "vectorize": ["@text"],
    "train-topics": ["@text", "-o", ">t.safetensors", "--iterations=3"],
    "summarize": ["@text"],
    "index": ["@text", "-o", ">i.safetensors"],
    "search": ["@text", "cat"],
    "ask": ["@text", "cat"],
    "train-nb": ["@labelled", "-o", ">n.safetensors", "--text-col=1", "--label-col=2"],
    "classify": ["@naive-bayes.safetensors", "@text"],
    "train-w2v": ["@text", "-o", ">w.safetensors", "--min-count=1", "--dim=8"],
    "train-fasttext": ["@text", "-o", ">f.safetensors", "--min-count=1", "--dim=8", "--bucket=1000"],
    "train-glove": ["@text", "-o", ">g.safetensors", "--min-count=1", "--dim=8"],
    "cooccur": ["@text", "-o", ">c.npz", "--min-count=1"],
    "similar": ["@vectors.safetensors", "cat"],
    "analogy": ["@vectors.safetensors", "cat", "-", "dog", "+", "sat"],
    "convert": ["@vectors.safetensors", ">v.vec"],
    "plot": ["@vectors.safetensors", "-o", ">p.html"],
    "cluster": ["@vectors.safetensors"],
    "train-charlm": ["@text", "-o", ">l.safetensors", "--rnn-size=4", "--epochs=1"],
    "generate": ["@charlm.safetensors", "--length=20"],
    "activations": ["@charlm.safetensors", "@text", "--find=quote"],
    "gradients": ["--toy"],
    "inspect": ["@naive-bayes.safetensors"],
}
_SWITCHES: dict[str, list[list[str]]] = {
    "vectorize": [[], ["--method=bow"], ["--method=hashing"], ["--method=binary"], ["-o", ">o.npz"]],
    "train-nb": [[], ["--calibrate"], ["--prune"], *([f"--method={name}"] for name in
                 ("multinomial", "bernoulli", "complement", "nbsvm"))],
    "train-w2v": [[], ["--loss=hs"], ["--loss=softmax"], ["--model=cbow"], ["--deterministic"]],
    "train-fasttext": [[], ["--loss=hs"], ["--model=cbow"], ["--deterministic"]],
    "train-glove": [[], ["--asymmetric"], ["--flat"]],
    "cooccur": [[], ["--asymmetric"], ["--flat"]],
    "cluster": [[], ["--method=agglomerative"], ["--method=hdbscan"], ["--k=auto"]],
    "search": [[], ["--by=bm25"]],
    "summarize": [[], ["--method=mmr"], ["--method=lexrank"]],
    "train-topics": [[], ["--method=nmf"], ["--method=lsa"]],
    "plot": [[], ["--method=tsne"], ["--color-by=cluster"]],
    "train-charlm": [[], ["--cell=rnn"], ["--cell=transformer", "--num-heads=2"],
                     ["--schedule=constant"], ["--val-frac=0"]],
}  # fmt: skip
# Time that is asked for is taken: these are tried beyond their bounds and small, but not large.
_LASTING = {
    "epochs": 3,
    "length": 50,
    "num_samples": 3,
    "autotune": 0.2,
    "phrases": 3,
    "num_layers": 2,
    "iterations": 9,
}
# And memory: of a vocabulary of a thousand rows, a table of 2^31.
_LARGE = {
    "bucket": 100_000,
    "hash_bits": 18,
    "rnn_size": 64,
    "embedding_dim": 64,
    "jobs": 2,
    "merges": 50,
    "num_topics": 40,
}
_TEXTS = [
    "the cat sat on the mat\nthe dog sat\n\n" * 20,
    "the cat sat\n" * 30,
    "cat\n",
    "cat dog cat sat\n" * 5,
]


def attempt(random: Random, folder: Path) -> None:
    """One command with up to three settings."""
    name = random.choice(list(_CALLS))
    call = [*_CALLS[name], *random.choice(_SWITCHES.get(name, [[]]))]
    for option in random.sample(_numbers(name), min(len(_numbers(name)), random.choice([1, 1, 2, 3]))):
        call.append(f"{option.opts[0]}={_value(random, option)}")
    (folder / "text").write_text(random.choice(_TEXTS))
    call = [part.replace("@text", "text").replace(">", "") for part in call]
    call = [str(_made() / part[1:]) if part.startswith("@") else part for part in call]
    limited = ["bash", "-c", f'ulimit -v {_MEMORY}; exec "$@"', "-", *NLPCLI, name, *call]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::RuntimeWarning"}
    done = subprocess.run(
        limited, cwd=folder, capture_output=True, timeout=_SECONDS, check=False, env=variables,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "replace")
    what = f"nlpcli {name} {' '.join(call)}: {done.returncode}: {said[-2000:]}"
    assert done.returncode in (0, 1, 2), what
    assert (done.returncode == 0) != ("error: " in said), what
    assert "Traceback" not in said and "Warning" not in said and "_ZN" not in said, what


@functools.cache
def _commands() -> Any:
    return typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]


def _numbers(name: str) -> list[Any]:
    kinds = ("IntRange", "FloatRange", "IntParamType", "FloatParamType")
    return [option for option in _commands()[name].params if type(option.type).__name__ in kinds]


def _value(random: Random, option: Any) -> str:
    whole = type(option.type).__name__.startswith("Int")
    low, high = getattr(option.type, "min", None), getattr(option.type, "max", None)
    low, high = low if low is not None else 0, high if high is not None else 2**31 - 1
    beyond = [low - 1, high + 1, 2**63, 2**64 + 1, -(2**63)]
    if not whole:
        beyond += [float("nan"), float("inf"), 1e308, -1e308]
    if option.name in _LASTING or option.name in _LARGE:
        high = _LASTING.get(option.name, _LARGE.get(option.name, high))
    within = [
        low,
        high,
        -0.0,
        low + 1,
        min(high, 2),
        min(high, 5),
        *([2**31 - 1, 2**32] if high > 2**31 else []),
    ]
    if whole:
        within = [int(value) for value in (*within, random.randint(low, high))]
    else:
        within += [
            random.uniform(low, high),
            low + (high - low) * 10 ** random.uniform(-9, 0),
            1e-300,
            5e-324,
        ]
    return repr(random.choice(beyond if random.random() < 0.2 else within))


@functools.cache
def _made() -> Path:
    """The folder of what commands read; a model of each kind, made by the tests' own."""
    folder = Path(tempfile.mkdtemp(prefix="nlpcli-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    models = ROOT / "tests" / "models"
    for name in ("naive-bayes", "vectors", "charlm"):
        shutil.copy(models / f"{name}.safetensors", folder)
    rows = "".join(f"good nice w{n}\tpos\nbad awful w{n}\tneg\n" for n in range(10))
    (folder / "labelled").write_text(rows)
    return folder
