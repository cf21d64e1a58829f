"""Forged files of every kind that nlpcli reads, each given to commands that take it.

A command may use the file or refuse it with one line, `error: …` (and a `hint:`). A traceback, a warning
of a library, a crash, an endless run or gigabytes of memory are failures. One try in forty takes the file
as it is, which every command has to use.
"""

from __future__ import annotations

import atexit
import functools
import re
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.forging import forged_arrays, forged_bytes, forged_model
from tests.fuzz.isolation import Isolated
from tests.fuzz.sound_files import TEXT, sources

_NAMES = (  # the tagged text that the checkpoint of a network in tests/models was trained on
    "Ann/B-PER Lee/I-PER met/O Kim/B-PER in/O Seoul/B-LOC ./O",
    "The/O king/O met/O Ann/B-PER Lee/I-PER in/O Seoul/B-LOC ./O",
    "Kim/B-PER lives/O in/O Busan/B-LOC ./O",
    "The/O queen/O drinks/O tea/O ./O",
    "Seoul/B-LOC is/O big/O ./O",
)
FILES = {
    "t.txt": TEXT,
    "model.txt": TEXT,
    "films.tsv": "pos\ta good film\nneg\ta bad film\npos\tgood king\nneg\tbad tea\n",
    "pairs.tsv": "king\tqueen\t9\ntea\tking\t1\nman\twoman\t8\nking queen man woman\n",
    "similar.tsv": "a king\tthe king\t4.5\ngood tea\tbad tea\t1.5\ntea\t\t0\n",
    "tagged.txt": "the/D king/N reigns/V\nthe/D tea/N boils/V\n" * 3,
    "names.txt": "\n\n".join(line.replace(" ", "\n").replace("/", "\t") for line in _NAMES * 8) + "\n",
    "letters.tsv": "".join(f"{one}{two}\t{two} {one}\n" for one in "abcd" for two in "abcd가"),
    "people.tsv": "height\tage\tpressure\n"
    + "".join(f"{150 + 3 * n}\t{20 + 7 * n % 50}\t{'high' if n % 3 else 'low'}\n" for n in range(12)),
    "animals.tsv": "text\tkind\tsize\n"
    + "".join(f"moo\tcow\t{5 + n}\nquack\tduck\t{1 + n}\n" for n in range(6)),
    "questions.json": '{"data": [{"paragraphs": [{"context": "the king drinks tea", "qas": [{"question": '
    '"who drinks?", "answers": [{"text": "the king", "answer_start": 0}]}]}]}]}',
    "pieces.txt": "▁the ▁king ▁ d r\n<0xEA> <0xB0> x <unk> </s>\n",
}
_VECTORS = [
    "similar FILE king", "similar FILE unseenking --by dot", "similar FILE king --by euclidean",
    "analogy FILE king:-:man:+:woman", "analogy FILE king:-:man:+:woman --method 3cosmul",
    "odd-one-out FILE king queen tea", "evaluate-vectors FILE pairs.tsv", "convert FILE o.txt",
    "convert FILE o.bin", "convert FILE o.safetensors --dtype int8", "convert FILE o.npy --normalize",
    "cluster FILE --k 2", "plot FILE -o o.svg", "vectorize --vectors FILE t.txt -o o.npz -q",
    "index --vectors FILE t.txt -o o.safetensors -q",
    "train-w2v t.txt --init FILE --dim 4 --epochs 1 --min-count 1 -q -o o.safetensors",
]  # fmt: skip
_TRAIN = "t.txt --resume FILE --epochs 6 --min-count 1 -q -o o.safetensors"
_SIZES = "--rnn-size 4 --word-dim 4 --ngram-dim 4 --bucket 40 --minn 3 --maxn 3 --lr 0.03"
_HEADS = f"{_SIZES} --cell transformer --num-heads 2"
_MASKED = "--epochs 9 --val-frac 0.1 --batch-tokens 40 --min-count 1"
_NETWORK = f"--method rnn {_SIZES} --epochs 4 --val-frac 0.2 --batch-tokens 60"
_SMALL_NETWORK = f"{_SIZES} --epochs 9 --val-frac 0 --batch-tokens 8 --max-words 9"
_SEQ2SEQ = (
    "letters.tsv --unit char --cell gru --rnn-size 6 --embedding-dim 6 --decoder-layers 1 --epochs 20 "
    "--lr 0.03 --batch-tokens 40 --augment 0 --val-frac 0.2"
)
_BEGUN = (
    "--unit word --cell transformer --num-heads 2 --rnn-size 4 --embedding-dim 8 --epochs 1 --val-frac 0 "
    "--augment 0 --min-count 1"
)
_ROWS = "--cell none --vector-col height,age --rnn-size 4 --epochs 9 --batch-tokens 4 --lr 0.03"
_KIND = "--text-col text --label-col kind"
_LOAD = "python import nlpcli; loaded = nlpcli.load('FILE'); {}"
_MORPHEMES = [
    "inspect FILE", _LOAD.format("loaded.analyse('나는 산에서 밥을 먹었다 😀 abc 12'); loaded.tokens('')"),
]  # fmt: skip
_CLASSIFY = [
    "classify FILE t.txt", "classify FILE t.txt --explain", "classify FILE t.txt --top-k 2",
    "classify FILE t.txt --jsonl --proba", "evaluate FILE films.tsv", "inspect FILE --top 3",
    _LOAD.format("loaded.classify(['a good film']); loaded.probabilities(['the bad film'])"),
]  # fmt: skip
_CHARLM = [
    "generate FILE --length 30", "generate FILE --prime the --length 20 --temperature 0.5 --top-k 3",
    "perplexity FILE t.txt", "perplexity FILE t.txt --per-line",
    "activations FILE t.txt --skip-unknown -o o.html",
    "activations FILE t.txt --skip-unknown --find word-length", "gradients FILE t.txt --steps 5",
    _LOAD.format("loaded.generate(prime='the', length=10)"),
]  # fmt: skip
# Which commands take a kind of file. FILE is its name; ":" stands for a space within an argument.
COMMANDS: dict[str, list[str]] = {
    "naive-bayes": [
        *_CLASSIFY, "merge FILE FILE -o o.safetensors",
        "train-nb films.tsv --append FILE -q -o o.safetensors",
    ],
    "linear-classifier": _CLASSIFY,
    "linear-classifier-places": _CLASSIFY,
    "word2vec": [*_VECTORS, f"train-w2v {_TRAIN}", f"train-w2v {_TRAIN}", "plot FILE -o o.html --both"],
    "fasttext": [*_VECTORS, f"train-fasttext {_TRAIN}", f"train-fasttext {_TRAIN}"],
    "glove": [*_VECTORS, f"train-glove {_TRAIN}", f"train-glove {_TRAIN}"],
    "vectors": [*_VECTORS, _LOAD.format("loaded.similar('king'); loaded.save('o.vec')")],
    "vectorizer": [
        "vectorize --model FILE t.txt -o o.npz -q", "vectorize --model FILE t.txt",
        "vectorize --model FILE t.txt -o o.csv -q", _LOAD.format("loaded.transform(['the king']).toarray()"),
    ],
    "token-counts": [
        "merge FILE FILE -o o.tsv", "merge FILE FILE FILE -o o.safetensors",
        "merge FILE -o o.tsv --max-vocab 2",
        _LOAD.format("loaded.vocabulary().tokens"),
    ],
    "naive-bayes-counts": [
        "merge FILE FILE -o o.safetensors -q", "merge FILE FILE FILE -o o.safetensors -q",
        _LOAD.format("loaded.counts.counts.counts.sum()"),
    ],
    "document-frequencies": [
        "merge FILE FILE -o o.safetensors", "vectorize t.txt --read-frequencies FILE -o o.npz -q",
        "vectorize t.txt --read-frequencies FILE --max-features 3",
        _LOAD.format("loaded.vectorizer().transform(['the king'])"),
    ],
    **{
        name: [
            "topics FILE t.txt", "topics FILE t.txt --jsonl -n 9", "topics FILE --keys",
            "evaluate FILE t.txt", "topics FILE t.txt -o o.npz",
            *(
                ["similar FILE oven", "convert FILE o.vec"]
                if name == "topics-lsa"
                else ["topics FILE t.txt --page o.html"]
            ),
            _LOAD.format("loaded.transform(['the king', '']); loaded.top_words(3)"),
        ]
        for name in ("topics", "topics-nmf", "topics-lsa")
    },
    "topics-checkpoint": [
        "train-topics t.txt --num-topics 3 --iterations 30 --max-df 1 --resume FILE -q -o o.safetensors",
        "topics FILE t.txt",
    ],
    "index": [
        "search FILE king", "search FILE the:kign", "search FILE queen --by bm25",
        "search FILE tea --by vectors",
        "search FILE dri --prefix on", _LOAD.format("loaded.search('queen', top_k=2)"),
        "index t.txt --append FILE -q -o o.safetensors", "ask FILE tea --min-score 0",
    ],
    "index-blocks": [
        "search FILE king", "search FILE 여왕 --by bm25", "search FILE the --prefix on", "ask FILE king",
        "search FILE queen --bm25-k1 2 --by bm25", _LOAD.format("loaded.search('queen 왕이', top_k=2)"),
        "index t.txt --append FILE -q -o o.safetensors",
    ],
    "reader": [
        "ask t.txt king --model FILE", "evaluate FILE questions.json",
        _LOAD.format("loaded.read('who?', 'the king drinks')"),
    ],
    "morphemes": _MORPHEMES,
    "morphemes-nouns": _MORPHEMES,
    "tagger": [
        "tag FILE t.txt", "tag FILE t.txt --proba --format jsonl", "tag FILE t.txt --format conllu",
        "evaluate FILE tagged.txt",
    ],
    "tagger-checkpoint": [
        "train-tagger tagged.txt --resume FILE -q -o o.safetensors", "tag FILE t.txt",
    ],
    "recurrent-classifier": [*_CLASSIFY[:5], _CLASSIFY[6]],
    "recurrent-classifier-blend": [*_CLASSIFY[:5], _CLASSIFY[6]],
    "recurrent-classifier-labels": [
        *_CLASSIFY[:3], "classify FILE t.txt --proba --threshold 0.3", "evaluate FILE films.tsv",
        _CLASSIFY[6],
    ],
    "recurrent-classifier-pairs": [
        "classify FILE similar.tsv --text-col 1 --text2-col 2",
        "classify FILE similar.tsv --text-col 1 --text2-col 2 --jsonl",
        "evaluate FILE similar.tsv --text-col 1 --text2-col 2 --label-col 3",
        _LOAD.format("loaded.classify([('a king', 'the tea'), ('tea', '')])"),
    ],
    "recurrent-classifier-transformer": [*_CLASSIFY[:5], _CLASSIFY[6]],
    "masked-lm": [
        "fill-mask FILE the:[MASK]:drinks:tea -n 2", "fill-mask FILE [MASK] the:___:[MASK] --jsonl -n 99",
        f"train-rnn films.tsv --init FILE {_HEADS} --epochs 1 --val-frac 0 -q -o o.safetensors",
        f"train-seq2seq letters.tsv --init FILE {_BEGUN} -q -o o.safetensors",
        _LOAD.format("loaded.fill(['the [MASK] drinks tea', '[MASK] [MASK]'])"),
    ],
    "masked-lm-checkpoint": [
        f"train-mlm t.txt {_HEADS} {_MASKED} --resume FILE -q -o o.safetensors",
        f"train-mlm t.txt {_HEADS} {_MASKED} --resume FILE -q -o o.safetensors",
    ],
    "recurrent-classifier-checkpoint": [
        f"train-rnn films.tsv {_SMALL_NETWORK} --resume FILE -q -o o.safetensors",
        f"train-rnn films.tsv {_SMALL_NETWORK} --resume FILE -q -o o.safetensors",
    ],
    "vector-classifier": [
        "classify FILE people.tsv --explain", "classify FILE people.tsv --jsonl --explain",
        "evaluate FILE people.tsv --errors 2", _LOAD.format("loaded.classify([[170, 40], '150 70'])"),
    ],
    "vector-classifier-checkpoint": [
        f"train-rnn people.tsv {_ROWS} --resume FILE -q -o o.safetensors",
        f"train-rnn people.tsv {_ROWS} --resume FILE -q -o o.safetensors",
    ],
    "recurrent-tagger": [
        "tag FILE t.txt", "tag FILE t.txt --proba --format jsonl", "evaluate FILE names.txt",
    ],
    "recurrent-tagger-checkpoint": [
        f"train-tagger names.txt {_NETWORK} --resume FILE -q -o o.safetensors",
        f"train-tagger names.txt {_NETWORK} --resume FILE -q -o o.safetensors",
    ],
    "seq2seq": [
        "translate FILE t.txt", "translate FILE t.txt --n-best 3 --proba --jsonl --beam-size 3",
        "translate FILE t.txt --attention-page o.html", "chat FILE t.txt --turns 1",
        "evaluate FILE letters.tsv --errors 2",
        _LOAD.format("loaded.translate(['ab', 'x'])"),
    ],
    "seq2seq-checkpoint": [
        f"train-seq2seq {_SEQ2SEQ} --resume FILE -q -o o.safetensors",
        f"train-seq2seq {_SEQ2SEQ} --resume FILE -q -o o.safetensors",
    ],
    "charlm": _CHARLM,
    "charlm-checkpoint": [
        *_CHARLM, "train-charlm t.txt --resume FILE -q -o o.safetensors",
        "train-charlm t.txt --resume FILE -q -o o.safetensors",
    ],
    "charlm-label": [
        *_CHARLM[:1], "generate FILE --label duck -n 3 --length 20", *_CHARLM[4:],
        "generate FILE --label cow --guidance 2.5 --prime qu --length 9",
        f"perplexity FILE animals.tsv {_KIND}", f"perplexity FILE animals.tsv {_KIND} --per-line",
        _LOAD.format("loaded.generate(label='duck', length=10)"),
    ],
    "charlm-vector": [
        "generate FILE --vector 3 --length 20", "generate FILE --vector 3 --guidance 0.5 --length 20",
        "perplexity FILE animals.tsv --text-col text --vector-col size", "perplexity FILE t.txt --per-line",
    ],
    "charlm-label-checkpoint": [
        "generate FILE --label duck --length 20",
        f"train-charlm animals.tsv {_KIND} --resume FILE -q -o o.safetensors",
        f"train-charlm animals.tsv {_KIND} --resume FILE -q -o o.safetensors",
    ],
    "index-answers": [
        "chat FILE t.txt", "chat FILE letters.tsv --jsonl --turns 2", "search FILE tea",
        _LOAD.format("[*nlpcli.chat('FILE', ['tea', 'when'])]"),
    ],
    "counts": [
        "merge FILE FILE -o o.npz", "merge FILE FILE FILE -o o.npz",
        "train-glove --cooccurrences FILE --dim 4 --epochs 2 -q -o o.safetensors",
        _LOAD.format("loaded.table(); list(loaded.pairs())"),
    ],
    "sentencepiece": [
        "tokenize --tokenizer subword --subword-model FILE t.txt",
        "tokenize --tokenizer subword --subword-model FILE --format tsv --offsets t.txt",
        "tokenize --tokenizer subword --subword-model FILE --ids t.txt",
        "detokenize --model FILE pieces.txt",
        _LOAD.format("loaded.detokenize(loaded.tokenize(['the king ▁😀', ' x  y']))"),
    ],
    "matrix": ["cluster FILE --k 2", "cluster FILE --k 2 --members"],
}  # fmt: skip

KINDS = sorted(COMMANDS)
SHORT = len(KINDS)


# --- a try ----------------------------------------------------------------------------------


_FORGED = {
    "counts": (forged_arrays, "m.npz"),
    "matrix": (forged_arrays, "m.npz"),
    "sentencepiece": (forged_bytes, "m.model"),
}


@functools.cache
def _isolated() -> Isolated:
    process = Isolated()
    atexit.register(process.close)
    return process


def attempt(random: Random, folder: Path, kind: str) -> None:
    """A forged file of a kind, two commands that take it, and `inspect`."""
    sound = random.choice(sources(kind))
    forge, name = _FORGED.get(kind, (forged_model, "m.safetensors"))
    is_sound = random.random() < 0.025
    content, said = (sound, "as it is") if is_sound else forge(sound, random)
    (folder / name).write_bytes(content)
    for file, text in FILES.items():
        (folder / file).write_text(text)
    lines = random.sample(COMMANDS[kind], 2)
    commands = [_command(line, name) for line in lines]
    if name.endswith(".safetensors"):
        commands.append(_command(random.choice(("inspect FILE", "inspect FILE --json --verify")), name))
    needs = [module for sign, module in _NEEDS.items() if sign in f"{kind} {lines}"]
    ended = _isolated().run(commands, folder, needs)
    for command, end in zip(commands, ended, strict=False):
        complaint = _complaint(end, is_sound)
        assert not complaint, f"{kind}: {said}: {' '.join(command)}: {complaint}"
    assert len(ended) == len(commands), f"{kind}: {said}: {commands}: {ended}"


# What is slow to import, and need not be so for each try anew.
_NEEDS = {
    "checkpoint": "torch",
    "gradients": "torch",
    "cluster": "sklearn.cluster",
    "plot": "matplotlib.figure",
    "sentencepiece": "sentencepiece",
}


def _command(line: str, name: str) -> list[str]:
    if line.startswith("python "):
        return ["python", line.removeprefix("python ").replace("FILE", name)]
    return [part.replace("FILE", name).replace(":", " ") for part in line.split(" ")]


# What even a sound file has no answer to.
_NO_ANSWER = re.compile(
    "not installed|no vector for|index with word vectors|not the one|another text|another training"
    "|a transformer|no text has a word|no tagger yet|no model of topics yet|by an earlier nlpcli"
)


def _complaint(end: dict[str, Any], is_sound: bool) -> str:
    """What is wrong with how a command ended; nothing where all is well."""
    code, lines = end["code"], end["err"].splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    if code < 0 or code > 2:
        return f"ended with {code}: {end['err']}"
    if "Traceback" in end["err"] or "Warning" in end["err"] or "not enough memory" in end["err"]:
        return str(end["err"])
    if code and len(errors) != 1:
        return f"exit code {code} with {len(errors)} errors: {end['err']}"
    if is_sound and code and not _NO_ANSWER.search(end["err"]):
        return f"a sound file is refused: {end['err']}"
    return ""
