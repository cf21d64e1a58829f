"""Every command that writes a file, killed at some moment: the old file or the new one stands there, whole.

SIGKILL, SIGTERM or SIGINT comes at any time of the run, mostly near its end, or as soon as a temporary file
shows. What else is left has one of the documented names: `.NAME.XXXXXXXX.tmp`, after SIGKILL alone, and the
checkpoint of a training. Some tries run the command once more: then the new file is there.
"""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz.forked import Forked

SHORT = 2
MODELS = Path(__file__).parents[1] / "models"
_LEFTOVER = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp")
_OLD = b"what was there before\n" * 9
_SMALL = ("--min-count", "1", "--dim", "8", "--epochs", "2", "--threads", "1")
_ROWS = ("--text-col", "text", "--label-col", "label")
_PAIRS = ("--text-col", "2", "--text2-col", "3", "--label-col", "1")
_CHARLM = ("--rnn-size", "8", "--batch-size", "4", "--seq-length", "16", "--epochs", "1", "--threads", "1")
_NETWORK = ("--rnn-size", "8", "--word-dim", "8", "--ngram-dim", "8", "--bucket", "200", "--epochs", "1")
_SEQ2SEQ = (
    "--text-col", "text", "--target-col", "label", "--unit", "char", "--rnn-size", "8", "--epochs", "1",
    "--embedding-dim", "8",
)  # fmt: skip

# A command, and the files it writes; a name in braces is a file of `tests/models`.
KINDS = {
    "train-w2v text -o m.safetensors": (_SMALL, "m.safetensors"),
    "train-w2v text -o m.txt --checkpoint-every 0.2": (_SMALL, "m.txt"),
    "train-w2v text -o m.bin --deterministic": (_SMALL, "m.bin"),
    "train-fasttext text -o m.safetensors --bucket 200": (_SMALL, "m.safetensors"),
    "train-fasttext text -o m.bin --bucket 200 --checkpoint-every 0.2": (_SMALL, "m.bin"),
    "train-glove text -o m.safetensors": (_SMALL, "m.safetensors"),
    "train-glove text -o m.vec": (_SMALL, "m.vec"),
    "train-charlm letters -o m.safetensors": (_CHARLM, "m.safetensors"),
    "train-charlm letters -o m.safetensors --checkpoint-every 9": (_CHARLM, "m.safetensors"),
    "train-charlm rows.tsv -o m.safetensors --rnn-size 8 --epochs 1": (_ROWS, "m.safetensors"),
    "chat {index-answers.safetensors} text -o answers": ((), "answers"),
    "index rows.tsv -o i.safetensors --text-col text --answer-col label": ((), "i.safetensors"),
    "train-charlm letters -o m.safetensors --cell transformer --num-heads 2": (
        ("--rnn-size", "8", "--batch-size", "4", "--context", "16", "--epochs", "1", "--threads", "1"),
        "m.safetensors",
    ),
    "train-rnn rows.tsv -o m.safetensors": ((*_ROWS, *_NETWORK), "m.safetensors"),
    "train-seq2seq rows.tsv -o m.safetensors": (_SEQ2SEQ, "m.safetensors"),
    "train-rnn pairs.tsv -o m.safetensors": ((*_PAIRS, *_NETWORK), "m.safetensors"),
    "train-rnn people.tsv -o m.safetensors --cell none --vector-col height,age": (
        ("--epochs", "2"),
        "m.safetensors",
    ),
    "train-nb rows.tsv -o m.safetensors": (_ROWS, "m.safetensors"),
    "train-nb rows.tsv -o m.safetensors --method nbsvm": (_ROWS, "m.safetensors"),
    "train-subword text -o s.model --vocab-size 300": ((), "s.model"),
    "cooccur text -o c.npz --min-count 1": ((), "c.npz"),
    "cooccur text -o c.tsv --min-count 1": ((), "c.tsv"),
    "count text -o counts": ((), "counts"),
    "count text -o c.safetensors": ((), "c.safetensors"),
    "train-nb rows.tsv -o m.safetensors --partial": (_ROWS, "m.safetensors"),
    "vectorize text --save-frequencies f.safetensors": ((), "f.safetensors"),
    "vectorize text --read-frequencies {document-frequencies.safetensors} -o v.npz": ((), "v.npz"),
    "vectorize text -o v.npz --save-model v.safetensors --save-vocab v.vocab": (
        (),
        "v.npz",
        "v.safetensors",
        "v.vocab",
    ),
    "vectorize text -o v.jsonl": ((), "v.jsonl"),
    "vectorize text -o v.mtx --vectors {vectors.vec}": ((), "v.mtx"),
    "train-topics text -o t.safetensors --iterations 40 --max-df 1": ((), "t.safetensors"),
    "train-topics text -o t.safetensors --iterations 40 --max-df 1 --checkpoint-every 7": (
        (),
        "t.safetensors",
    ),
    "train-topics text -o t.safetensors --method nmf --max-df 1": ((), "t.safetensors"),
    "topics {topics.safetensors} text -o lines": ((), "lines"),
    "keywords text -o words --chart bars.html --cloud cloud.html": ((), "words", "bars.html", "cloud.html"),
    "dedup text -o once --report dropped": ((), "once", "dropped"),
    "language text -o told --among ko,en": ((), "told"),
    "split rows.tsv -o . --dev 0": ((), "train.tsv", "test.tsv"),
    "report text -o report.html": ((), "report.html"),
    "topics {topics.safetensors} text -o weights.npz": ((), "weights.npz"),
    "cluster {vectors.vec} --k 2 --page page.html": ((), "page.html"),
    "index text -o i.safetensors": ((), "i.safetensors"),
    "index text --append {index.safetensors} -o i.safetensors": ((), "i.safetensors"),
    "train-reader questions.json -o r.safetensors": ((), "r.safetensors"),
    "ask text king -o answers --min-score 0": ((), "answers"),
    "convert {vectors.vec} o.npy": ((), "o.npy", "o.vocab"),
    "convert {vectors.vec} o.npz": ((), "o.npz"),
    "convert {vectors.vec} o.tsv": ((), "o.tsv", "o.metadata.tsv"),
    "convert {fasttext.bin} o.safetensors": ((), "o.safetensors"),
    "convert {fasttext.safetensors} o.bin": ((), "o.bin"),
    "convert {word2vec.safetensors} o.glove": ((), "o.glove"),
    "plot {vectors.vec} -o p.html": ((), "p.html"),
    "plot {vectors.vec} -o p.svg": ((), "p.svg"),
    "plot {vectors.vec} -o p.png": ((), "p.png"),
    "merge {naive-bayes.safetensors} {naive-bayes.safetensors} -o m.safetensors": ((), "m.safetensors"),
    "merge {counts.npz} {counts.npz} -o c.npz": ((), "c.npz"),
    "merge {token-counts.safetensors} {token-counts.safetensors} -o c.tsv": ((), "c.tsv"),
    "merge {naive-bayes-counts.safetensors} {naive-bayes-counts.safetensors} -o m.safetensors": (
        (),
        "m.safetensors",
    ),
    "merge {document-frequencies.safetensors} -o f.safetensors": ((), "f.safetensors"),
    "merge {topics.safetensors} {topics.safetensors} -o m.safetensors": ((), "m.safetensors"),
    "convert {topics.safetensors} state.gz": ((), "state.gz"),
    "tokenize text -o tokens": ((), "tokens"),
    "tokenize text -o tokens --tokenizer subword --subword-model {sentencepiece.model}": ((), "tokens"),
    "detokenize text -o lines --model {sentencepiece.model}": ((), "lines"),
    "normalize text -o lines": ((), "lines"),
    "classify {naive-bayes.safetensors} text -o labels": ((), "labels"),
    "classify {naive-bayes.safetensors} rows.tsv -o labels.csv": (("--text-col", "text"), "labels.csv"),
    "normalize rows.tsv -o rows.jsonl": (("--text-col", "text"), "rows.jsonl"),
    "vectorize rows.tsv --top 2 -o rows.csv": (("--text-col", "text"), "rows.csv"),
    "count text -o words.json": ((), "words.json"),
    "generate {charlm.safetensors} -o lines --length 2000": ((), "lines"),
    "perplexity {charlm.safetensors} text --per-line -o lines": ((), "lines"),
    "activations {charlm.safetensors} line -o a.html": ((), "a.html"),
    "activations {charlm-transformer.safetensors} line -o a.html": ((), "a.html"),
    "train-tagger tagged -o t.safetensors": ((), "t.safetensors"),
    "train-mlm text -o m.safetensors": (_NETWORK, "m.safetensors"),
    "fill-mask {masked-lm.safetensors} the:[MASK] -o words": ((), "words"),
    "train-tagger tagged -o t.safetensors --method rnn": (_NETWORK, "t.safetensors"),
    "tag {tagger.safetensors} text -o tags": ((), "tags"),
    "translate {seq2seq.safetensors} text -o targets": ((), "targets"),
    "summarize text -o sentences --sentences 2": ((), "sentences"),
    "summarize text --highlight page.html -o sentences --sentences 2": ((), "sentences", "page.html"),
    "translate {seq2seq.safetensors} text -o targets --attention-page looks.html": (
        (),
        "targets",
        "looks.html",
    ),
    "gradients {charlm.safetensors} line -o g.html --steps 4": ((), "g.html"),
    "similar {word2vec.safetensors} king queen -o near": ((), "near"),
    "analogy {word2vec.safetensors} king queen land -o near --json": ((), "near"),
    "odd-one-out {word2vec.safetensors} king queen land -o odd --jsonl": ((), "odd"),
    "evaluate-vectors {word2vec.safetensors} scores -o figures": ((), "figures"),
    "evaluate {naive-bayes.safetensors} rows.tsv -o figures --json": (_ROWS, "figures"),
    "search text bar -o found": ((), "found"),
    "cluster text --k 2 -o groups --members": ((), "groups"),
    "inspect {naive-bayes.safetensors} -o inside": ((), "inside"),
}


@dataclass(frozen=True)
class _Whole:
    """What a command writes by file name, and how many seconds it takes."""

    files: dict[str, bytes]
    seconds: float


@functools.cache
def _inputs() -> dict[str, str]:
    random = Random("kills")
    words = [f"{first}{second}" for first in ("ba", "ko", "li", "서") for second in ("r", "nes", "울", "tim")]
    lines = [" ".join(random.choices(words, range(len(words), 0, -1), k=10)) for _ in range(400)]
    rows = [f"{random.choice('xyz')}\t{line}" for line in lines]
    return {
        "text": "\n".join(lines) + "\n",
        "line": "hello hell",
        "scores": "king queen 3\nking land 9\nland and 1\n",
        "tagged": "\n".join(f"{line.replace(' ', '/N ')}/V" for line in lines) + "\n",
        "letters": "\n".join(lines[:30]),
        "pairs.tsv": "\n".join(f"{row}\t{line}" for row, line in zip(rows, lines[::-1], strict=True)) + "\n",
        "rows.tsv": "\n".join(["label\ttext", *rows]) + "\n",
        "questions.json": json.dumps(
            {
                "data": [
                    {
                        "paragraphs": [
                            {
                                "context": line,
                                "qas": [
                                    {
                                        "question": line[:30],
                                        "answers": [{"text": line.split()[4], "answer_start": 0}],
                                    }
                                ],
                            }
                            for line in lines
                        ]
                    }
                ]
            }
        ),
        "people.tsv": "height\tage\tpressure\n" + "150\t70\thigh\n180\t20\tlow\n" * 20,
    }


def _prepare(folder: Path, command: str) -> list[str]:
    for name, content in _inputs().items():
        (folder / name).write_text(content, encoding="utf-8")
    words = [str(MODELS / word[1:-1]) if word[0] == "{" else word for word in command.split()]
    return [*words, *KINDS[command][0]]


@functools.cache
def _uninterrupted(command: str) -> _Whole:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        arguments = _prepare(folder, command)
        for _ in range(2):  # once more, for at first kernels may have to be compiled
            started = time.monotonic()
            code, said = Forked(folder, arguments).ended()
            assert code == 0, f"{command}\n{said}"
        names = {path.name for path in folder.iterdir()} - {*_inputs()}
        assert names == set(KINDS[command][1:]), f"{command}\n{names}"
        return _Whole({name: (folder / name).read_bytes() for name in names}, time.monotonic() - started)


def attempt(random: Random, folder: Path, command: str) -> None:
    """One command, killed once."""
    whole = _uninterrupted(command)
    arguments = _prepare(folder, command)
    old = {name: _OLD for name in whole.files if random.random() < 0.5}
    for name, content in old.items():
        (folder / name).write_bytes(content)
    number = random.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
    process = Forked(folder, arguments)
    when = _wait(random, folder, whole.seconds)
    process.send(number)
    code, said = process.ended()
    story = (
        f"nlpcli {' '.join(arguments)}\n{number.name} {when}, exit code {code}, before {sorted(old)}\n{said}"
    )
    _check(folder, whole, old, code, number, story)
    if random.random() < 0.25:
        code, said = Forked(folder, arguments).ended()
        assert code == 0, f"{story}\nonce more:\n{said}"
        for name, content in whole.files.items():
            assert (folder / name).read_bytes() == content, f"{story}\nonce more: {name}"


def _wait(random: Random, folder: Path, seconds: float) -> str:
    """Until some moment; says which."""
    kind, rest = random.random(), 0.0
    if kind < 0.4:
        end = time.monotonic() + 3 * seconds
        while time.monotonic() < end:
            if any(name.endswith(".tmp") for name in os.listdir(folder)):
                break
            time.sleep(0.0003)
        rest = random.choice((0.0, random.random() * 0.005, random.random() * 0.05))
        time.sleep(rest)
        return f"{rest:.4f} s after a temporary file"
    rest = seconds * (random.random() if kind < 0.7 else random.uniform(0.7, 1.1))
    time.sleep(rest)
    return f"after {rest:.3f} of {seconds:.3f} s"


def _check(
    folder: Path, whole: _Whole, old: dict[str, bytes], code: int, number: signal.Signals, story: str
) -> None:
    assert code in (0, -number), story
    assert "Traceback" not in story, story
    for name, new in whole.files.items():
        path = folder / name
        content = path.read_bytes() if path.exists() else None
        assert content == new or (code and content == old.get(name)), (
            f"{story}\n{name} is neither old nor new"
        )
    left = {path.name for path in folder.iterdir()} - {*_inputs(), *whole.files}
    for name in left:
        part = _LEFTOVER.fullmatch(name)
        of = part[1] if part and number == signal.SIGKILL else name
        allowed = of in whole.files if part else False
        assert allowed or _is_checkpoint(of, whole), f"{story}\nleft {name}"


def _is_checkpoint(name: str, whole: _Whole) -> bool:
    names = (f"{output.removesuffix('.safetensors')}.checkpoint.safetensors" for output in whole.files)
    return name in names


def commands() -> set[str]:
    """Those that are tried."""
    return {command.split()[0] for command in KINDS}
