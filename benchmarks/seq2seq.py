"""Translation: training, how good it is, and decoding, on public pairs; CPU seconds of whole processes.

Each set is learnt from with the settings beside it, chosen on the development part; BLEU and chrF are of the
test part, which is read here alone, and are sacreBLEU's numbers. Decoding is measured apart, on the same test
part: lines and units a CPU second, beam 4, loading included; and the first answer to one line.

`python seq2seq.py [SET…] [--part 0.1]`: some sets alone, or of the pairs a share. Peers are yet to come:
JoeyNMT with the same architecture and size, CTranslate2 for decoding.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from pathlib import Path

from side_by_side import NLPCLI, data, measure

from nlpcli.engine.translation.model import Seq2Seq
from nlpcli.engine.translation.units import cleaned

TASKS = "tasks/translate"
SETS = {
    "Multi30k en-de": ("multi30k-ende", "test2016", ("--epochs", "12")),
    "Python docs en-ko": ("pydocs-enko", "test", ("--epochs", "6")),
    "Tatoeba en-ko": ("tatoeba-enko", "test", ("--epochs", "40")),
}


def some(path: Path, share: float, folder: Path) -> Path:
    """The first pairs of a file, unpacked."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    found = folder / path.name.removesuffix(".gz")
    found.write_text("\n".join(lines[: 1 + round((len(lines) - 1) * share)]) + "\n", encoding="utf-8")
    return found


def run(name: str, share: float, folder: Path) -> None:
    """Train, measure and decode one set."""
    place, test_name, options = SETS[name]
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
    parser.add_argument("sets", nargs="*", choices=[[], *SETS], default=[])
    parser.add_argument("--part", type=float, default=1.0)
    asked = parser.parse_args()
    for name in asked.sets or SETS:
        with tempfile.TemporaryDirectory() as folder:
            run(name, asked.part, Path(folder))


if __name__ == "__main__":
    main()
