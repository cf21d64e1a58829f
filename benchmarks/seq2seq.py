"""Translation: training, how good it is, and decoding, on public pairs; CPU seconds of whole processes.

Each set is learnt from with the settings beside it, chosen on the development part; BLEU and chrF are of the
test part, which is read here alone, and are sacreBLEU's numbers. Decoding is measured apart, on the same test
part: lines and units a CPU second, beam 4, loading included; and the first answer to one line.

`python seq2seq.py [SET…] [--part 0.1] [--epochs 1]`: some sets, of the pairs a share, less long.
`python seq2seq.py decoding`: decoding alone, beside CTranslate2 where the peers have it: networks
of 6 M drawn weights, 16 units for each source, one thread. Ours is an LSTM with attention, CTranslate2's a
transformer (it knows no LSTM) of 3 + 3 layers of 256; then one sentence by the command, start included.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from side_by_side import NLPCLI, data, measure, peer

from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.translation.beam_search import beam_search
from nlpcli.engine.translation.initial import initial_seq2seq
from nlpcli.engine.translation.model import Seq2Seq
from nlpcli.engine.translation.network import Network
from nlpcli.engine.translation.units import cleaned
from nlpcli.engine.translation.vocabulary import UnitVocabulary
from nlpcli.settings.translation import END, SPECIAL, Seq2SeqSettings, TranslateSettings

TASKS = "tasks/translate"
SETS = {
    "Multi30k en-de": ("multi30k-ende", "test2016", ("--epochs", "12")),
    "Python docs en-ko": ("pydocs-enko", "test", ("--epochs", "6")),
    "Tatoeba en-ko": ("tatoeba-enko", "test", ("--epochs", "40")),
}

UNITS, LENGTH, REPEATS = 4052, 16, 5  # known units, units of each target, runs of which the quickest counts
DECODING = [(beam, batch, 64 if batch > 1 else 8) for beam in (4, 1) for batch in (32, 1)]
CTRANSLATE2 = """
import json, sys, time
try:
    import ctranslate2
except ImportError:
    sys.exit()
import numpy as np
from ctranslate2.specs import TransformerSpec
folder, known, length, repeats, asked, sources = json.loads(sys.argv[1])
size, inner, random = 256, 1024, np.random.default_rng(0)
spec = TransformerSpec.from_config((3, 3), 4)

def linear(layer, outputs, inputs):
    layer.weight = (random.standard_normal((outputs, inputs)) / inputs**0.5).astype(np.float32)
    layer.bias = np.zeros(outputs, np.float32)

def norm(layer):
    layer.gamma, layer.beta = np.ones(size, np.float32), np.zeros(size, np.float32)

def attention(layer, shapes):
    norm(layer.layer_norm)
    for part, shape in zip(layer.linear, shapes):
        linear(part, *shape)

vectors = random.standard_normal((known, size)).astype(np.float32)
spec.encoder.embeddings[0].weight = spec.decoder.embeddings.weight = vectors
linear(spec.decoder.projection, known, size)
for side in (spec.encoder, spec.decoder):
    norm(side.layer_norm)
    for layer in side.layer:
        attention(layer.self_attention, [(3 * size, size), (size, size)])
        if side is spec.decoder:
            attention(layer.attention, [(size, size), (2 * size, size), (size, size)])
        norm(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, inner, size)
        linear(layer.ffn.linear_1, size, inner)
names = ["<blank>", "<unk>", "<s>", "</s>", *(f"u{n}" for n in range(4, known))]
spec.register_source_vocabulary(names)
spec.register_target_vocabulary(names)
spec.validate()
spec.save(folder)
found = {}
for kind in ("int8", "float32"):
    translator = ctranslate2.Translator(folder, compute_type=kind, inter_threads=1, intra_threads=1)
    for beam, batch, count in asked:
        some = [[names[unit + 4] for unit in source] for source in sources[:count]]
        given = dict(beam_size=beam, min_decoding_length=length, max_decoding_length=length)
        quickest = float("inf")
        for _ in range(repeats):
            begun = time.process_time()
            for first in range(0, count, batch):
                out = translator.translate_batch(some[first : first + batch], **given)
                assert all(len(one.hypotheses[0]) == length for one in out)
            quickest = min(quickest, time.process_time() - begun)
        name = f"CTranslate2 {ctranslate2.__version__} {kind}, beam {beam}, batch {batch}"
        found[name] = count * length / quickest
print(json.dumps(found))
"""


def decoding() -> None:
    """Units a CPU second of networks of 6 M weights, in this process and in the peer's."""
    random = np.random.default_rng(1)
    sources = [random.integers(0, UNITS - 4, random.integers(8, 23)).tolist() for _ in range(64)]
    settings = Seq2SeqSettings(rnn_size=312, embedding_dim=312)
    weights = initial_seq2seq(settings, UNITS, np.ones(UNITS, np.float32), random)
    weights["vocabulary.b"][END] = -1e9  # so that each target is as long as it may be
    size = sum(weight.size for weight in weights.values())
    print(f"decoding, units a CPU second; ours has {size / 1e6:.1f} M weights")
    for kind in ("int8", "float32"):
        network = Network(settings, weights, int8=kind == "int8")
        for beam, batch, count in DECODING:
            search, quickest = TranslateSettings(beam_size=beam), float("inf")
            for _ in range(REPEATS):
                begun = time.process_time()
                for first in range(0, count, batch):
                    part = sources[first : min(first + batch, count)]
                    found = beam_search(network, part, [LENGTH] * len(part), search)
                    assert all(len(one[0].units) == LENGTH for one in found)
                quickest = min(quickest, time.process_time() - begun)
            print(
                f"  nlpcli {kind}, beam {beam}, batch {batch}: {count * LENGTH / quickest:,.0f}", flush=True
            )
    first_word(settings, weights)
    program = peer(CTRANSLATE2)
    if program is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        given = json.dumps([folder, UNITS, LENGTH, REPEATS, DECODING, sources])
        told = subprocess.run([*program, given], stdout=subprocess.PIPE, check=True, text=True).stdout
    if not told.strip():
        print("  CTranslate2 is not among the peers")
        return
    for name, rate in json.loads(told).items():
        print(f"  {name}: {rate:,.0f}")


def first_word(settings: Seq2SeqSettings, weights: Weights) -> None:
    """How long one sentence takes from the start of the command, with a model of as many weights."""
    units = UnitVocabulary([chr(ord("\uac00") + n) for n in range(UNITS - SPECIAL)], UNITS)
    with tempfile.TemporaryDirectory() as folder:
        path, line = Path(folder) / "m.safetensors", Path(folder) / "line.txt"
        Seq2Seq(dataclasses.replace(settings, unit="char"), units, weights, 1.0).save(path)
        line.write_text("".join(units.units[:LENGTH]) + "\n", encoding="utf-8")
        taken = measure([*NLPCLI, "translate", path, line, "-q"], repeat=5)
    print(f"  nlpcli translate, one sentence, from start to end: {taken.wall:.2f} s (CPU {taken.cpu:.2f} s)")


def some(path: Path, share: float, folder: Path) -> Path:
    """The first pairs of a file, unpacked."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    found = folder / path.name.removesuffix(".gz")
    found.write_text("\n".join(lines[: 1 + round((len(lines) - 1) * share)]) + "\n", encoding="utf-8")
    return found


def run(name: str, share: float, epochs: int | None, folder: Path) -> None:
    """Train, measure and decode one set."""
    place, test_name, options = SETS[name]
    if epochs:
        options = ("--epochs", str(epochs))
    train = some(data(f"{TASKS}/{place}/train.tsv.gz"), share, folder)
    dev, test = (data(f"{TASKS}/{place}/{part}.tsv.gz") for part in ("dev", test_name))
    model = folder / "model.safetensors"
    learnt = measure([*NLPCLI, "train-seq2seq", train, "--dev", dev, *options, "-q", "-o", model])
    found = json.loads(measure([*NLPCLI, "evaluate", model, test, "--json"]).stdout)
    sources = [line.split("\t")[0] for line in gzip.decompress(test.read_bytes()).decode().splitlines()[1:]]
    text = folder / "sources.txt"
    text.write_text("\n".join(sources) + "\n", encoding="utf-8")
    decoded = measure([*NLPCLI, "translate", model, text], repeat=2)
    one = folder / "one.txt"
    one.write_text(sources[0] + "\n", encoding="utf-8")
    first = measure([*NLPCLI, "translate", model, one], repeat=3)
    units = Seq2Seq.load(model).units
    written = sum(len(units.split(cleaned(line))) + 1 for line in decoded.stdout.splitlines())
    bleu = found["bleu"]
    print(f"{name}: BLEU {bleu['score']:.2f} ({bleu['signature']}), chrF2 {found['chrf']:.2f}")
    print(f"  training {learnt.cpu:.0f} CPU-s, {learnt.wall:.0f} s, {learnt.peak:.0f} MB")
    rates = [len(sources) / decoded.cpu, written / decoded.cpu]
    print(f"  decoding {rates[0]:.0f} lines, {rates[1]:.0f} units a CPU-s; first after {first.wall:.2f} s")


def main() -> None:
    """The sets that were asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join([*SETS, "decoding"]))
    parser.add_argument("--part", type=float, default=1.0)
    parser.add_argument("--epochs", type=int)
    asked = parser.parse_args()
    for name in asked.sets or [*SETS, "decoding"]:
        if name == "decoding":
            decoding()
            continue
        with tempfile.TemporaryDirectory() as folder:
            run(name, asked.part, asked.epochs, Path(folder))


if __name__ == "__main__":
    main()
