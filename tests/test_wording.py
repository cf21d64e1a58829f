"""One of something is told as one."""

import pytest

from tests.command_line import ROOT

MODELS = ROOT / "tests" / "models"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("vectorize one.txt -o out.npz", "1 row × 1 feature, 1 not zero"),
        ("index one.txt -o out.safetensors", "1 document, 1 term"),
        (
            "train-topics one.txt -o m --min-df 1 --max-df 1 --num-topics 2",
            "1 text, 1 token, 1 different word",
        ),
        ("report one.txt -o out.html", "out.html: 1 text\n"),
        ("dedup one.txt", "1 row, 0 dropped"),
        (f"topics {MODELS}/topics.safetensors one.txt --page out.html", "3 topics, 1 text\n"),
        ("train-nb two.tsv -o m --input-format fasttext --holdout .5", "1 line has more than one label;"),
        ("train-seq2seq empty.tsv -o m", "1 pair has an empty side and is left out"),
        ("cluster one.txt --k 2", "2 clusters cannot be made of 1 point"),
        ("train-charlm one.txt -o m --threads 1 --epochs 1", ", 1 thread)"),
        ("inspect one.vec", "vectors of 1 word, 1 number each"),
    ],
)
def test_one_is_told_as_one(nlpcli, tmp_path, arguments, said):
    (tmp_path / "one.txt").write_text("dough\n")
    (tmp_path / "two.tsv").write_text("__label__a __label__b x\n")
    (tmp_path / "empty.tsv").write_text("x\t\n")
    (tmp_path / "one.vec").write_text("1 1\nrose 0.5\n")
    done = nlpcli(
        *arguments.split(), code=int(arguments.startswith(("train-nb", "train-seq2seq", "cluster")))
    )
    assert said in done.out + done.err
