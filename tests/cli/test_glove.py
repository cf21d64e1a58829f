import numpy as np

from tests.conftest import Run

SENTENCES = "I like deep learning\nI like NLP\nI enjoy flying\n"
TEXT = "the king and the queen rule the land\nthe man and the woman walk the land\n" * 30


def test_cooccur_prints_the_matrix_of_the_notes(nlpcli: Run) -> None:
    table = (
        nlpcli("cooccur", "--window-size", 1, "--no-lowercase", input=SENTENCES).stdout.decode().splitlines()
    )
    assert table == [
        "\tI\tlike\tdeep\tlearning\tNLP\tenjoy\tflying",
        "I\t0\t2\t0\t0\t0\t1\t0",
        "like\t2\t0\t1\t0\t1\t0\t0",
        "deep\t0\t1\t0\t1\t0\t0\t0",
        "learning\t0\t0\t1\t0\t0\t0\t0",
        "NLP\t0\t1\t0\t0\t0\t0\t0",
        "enjoy\t1\t0\t0\t0\t0\t0\t1",
        "flying\t0\t0\t0\t0\t0\t1\t0",
    ]


def test_cooccur_weights_neighbours_by_distance_unless_flat(nlpcli: Run) -> None:
    near, far = (
        nlpcli("cooccur", "--pairs", "--asymmetric", *options, input="a b c\n").stdout.decode().splitlines()
        for options in ([], ["--flat"])
    )
    assert near == ["b\ta\t1", "c\ta\t0.5", "c\tb\t1"]
    assert far == ["b\ta\t1", "c\ta\t1", "c\tb\t1"]


def test_train_glove_from_text_and_from_counts_gives_the_same_bytes(nlpcli: Run, tmp_path) -> None:
    options = ["--seed", 7, "--epochs", 3, "--dim", 8]
    counted = ["--min-count", 1]
    done = nlpcli("train-glove", "-", "-o", "a.safetensors", "--threads", 2, *counted, *options, input=TEXT)
    assert b"epoch 3: cost" in done.stderr and not done.stdout
    nlpcli("cooccur", "-o", "counts.npz", input=TEXT.title())
    nlpcli("train-glove", "--cooccurrences", "counts.npz", "-o", "b.safetensors", "--threads", 1, *options)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_resume_takes_what_is_not_said_from_the_model(nlpcli: Run, tmp_path) -> None:
    options = ["--min-count", 1, "--window-size", 3, "--dim", 8, "--no-lowercase"]
    (tmp_path / "text").write_text(TEXT)
    nlpcli("train-glove", "text", "-o", "two.safetensors", "--epochs", 2, *options)
    nlpcli("train-glove", "text", "-o", "a.safetensors", "--epochs", 4, *options)
    nlpcli("train-glove", "text", "-o", "b.safetensors", "--epochs", 4, "--resume", "two.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    done = nlpcli("train-glove", "text", "-o", "b.txt", "--dim", 9, "--resume", "two.safetensors", code=2)
    assert b"--dim 8, not 9" in done.stderr


def test_train_glove_writes_word2vec_text_by_extension(nlpcli: Run, tmp_path) -> None:
    nlpcli("train-glove", "-", "-o", "v.txt", "--min-count", 1, "--dim", 5, "--epochs", 1, input=TEXT)
    header, *lines = (tmp_path / "v.txt").read_text().splitlines()
    assert header == "9 5" and lines[0].split()[0] == "the"
    assert np.array([line.split()[1:] for line in lines], dtype=float).shape == (9, 5)


def test_mistakes_are_errors_with_a_hint_and_leave_nothing(nlpcli: Run, tmp_path) -> None:
    assert b"given" not in nlpcli("train-glove", "-", "-o", "v.xyz", input=TEXT, code=1).stderr
    done = nlpcli("train-glove", "a.txt", "--cooccurrences", "b.npz", "-o", "v.txt", code=2)
    assert b"not both" in done.stderr
    done = nlpcli("train-glove", "--cooccurrences", "b.npz", "--min-count", 2, "-o", "v.txt", code=2)
    assert b"those of the counts" in done.stderr
    done = nlpcli("train-glove", "-", "-o", "v.txt", "--memory", "10MB", input=TEXT, code=1)
    assert b"not enough" in done.stderr
    done = nlpcli("train-glove", "-", "-o", "v.txt", "--memory", "lots", input=TEXT, code=2)
    assert b"--memory" in done.stderr
    many = " ".join(f"w{number}" for number in range(200))
    assert b"--per-pair" in nlpcli("cooccur", input=many, code=1).stderr
    assert not list(tmp_path.iterdir())
