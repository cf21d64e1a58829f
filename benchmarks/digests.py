"""SHA-256 of everything some forty commands write over sample_corpora/, with fixed seeds.

    python benchmarks/digests.py > after.txt                     # this checkout
    python benchmarks/digests.py ../before > before.txt          # another one, e.g. `git worktree add`
    diff before.txt after.txt

For changes that must not change any result. The sums are the same for the same kind of processor
and the same versions of the libraries, so both runs belong on one machine.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
LABELLED = "--text-col text --label-col label"
# Each command's standard output counts, and every file that it leaves in the folder.
COMMANDS = f"""
tokenize T/english.txt --lowercase --ngrams 1-2
tokenize T/korean.txt --tokenizer kiwi --pos --format tsv
tokenize T/english.txt --tokenizer nltk --pos --lemma
tokenize T/messy.txt --mask url,email,number --offsets --format jsonl
normalize T/messy.txt --html --squeeze-repeats 2 --unicode nfkc --keep-jamo
train-subword T/korean.txt --vocab-size 1200 -o ko.model --show-merges 20
tokenize T/korean.txt --tokenizer subword --model ko.model --ids
count T/english.txt --lowercase --ngrams 1-2
vectorize T/english.txt -o english.npz --save-model tfidf.safetensors --save-vocab vocabulary.tsv
vectorize T/messy.txt --model tfidf.safetensors -o messy.mtx
vectorize T/headlines_ko.csv --text-col title --label-col topic --method bow -o headlines.svm
vectorize T/english.txt --method hashing --hash-bits 10 -o hashed.csv
index T/english.txt -o index.safetensors
search index.safetensors 'the last train' --by bm25
train-nb T/reviews_ko.tsv {LABELLED} -o nb.safetensors --test T/reviews_ko_test.tsv --calibrate
train-nb T/reviews_en.tsv {LABELLED} --method nbsvm --ngrams 1-2 -o nbsvm.safetensors --cross-validate 3
train-nb T/reviews_ko_test.tsv {LABELLED} --append nb.safetensors -o longer.safetensors
classify nb.safetensors T/korean.txt --explain --proba
evaluate nbsvm.safetensors T/reviews_en_test.tsv {LABELLED} --mistakes 3 --json
merge nb.safetensors longer.safetensors -o merged.safetensors
inspect merged.safetensors --top 3
train-w2v T/english.txt -o w2v.safetensors --dim 24 --epochs 3 --min-count 3 --threads 1
train-w2v T/english.txt -o cbow.bin --method cbow --dim 9 --epochs 2 --min-count 3 --deterministic --phrases 1
train-w2v --pairs T/fruit_pairs.tsv -o pairs.safetensors --dim 5 --lr 0.2 --epochs 50
train-fasttext T/korean.txt -o ft.safetensors --dim 16 --threads 1 --min-count 2 --bucket 999 --jamo
cooccur T/english.txt --lowercase --min-count 3 -o counts.npz
train-glove --cooccurrences counts.npz -o glove.txt --dim 16 --epochs 3 --x-max 10
similar w2v.safetensors king queen -n 5
analogy w2v.safetensors 'king - man + woman'
odd-one-out w2v.safetensors breakfast lunch dinner train
convert w2v.safetensors w2v.vec
plot w2v.safetensors -o map.html --top 50
cluster T/headlines_ko.csv --k 4 --members
train-charlm T/play.txt -o lstm.safetensors --rnn-size 32 --epochs 1 --batch-size 8 --threads 1
train-charlm T/korean.txt -o gru.safetensors --cell gru --rnn-size 32 --unit jamo --epochs 1 --batch-size 8
generate lstm.safetensors --prime 'THE ' --length 200 --temperature 0.7
perplexity lstm.safetensors T/play.txt --json
activations lstm.safetensors T/play.txt -o states.html --find line-length
gradients lstm.safetensors T/play.txt --steps 20 -o gradients.html
"""


def main() -> None:
    """Run them one after the other in a new folder, and print a line for each output."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "T").symlink_to(ROOT / "sample_corpora")
        known: dict[str, str] = {}
        for line in COMMANDS.strip().splitlines():
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                [sys.executable, "-m", "nlpcli", *shlex.split(line)],
                cwd=folder, env=environment, capture_output=True, check=False,
            )  # fmt: skip
            if done.returncode:
                sys.exit(f"nlpcli {line}\n{done.stderr.decode()}")
            print(f"{hashlib.sha256(done.stdout).hexdigest()[:16]}  nlpcli {line}", flush=True)
            for path in sorted(folder.iterdir()):
                if path.is_file():
                    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
                    if known.get(path.name) != digest:
                        known[path.name] = digest
                        print(f"{digest}    {path.name}", flush=True)


if __name__ == "__main__":
    main()
