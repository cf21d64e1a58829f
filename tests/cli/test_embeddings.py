"""train-w2v and train-fasttext as a user runs them."""

import pytest

TEXT = "\n".join(["the king rules the land", "the queen rules the land"] * 20)
QUICK = ("--min-count", 1, "--dim", 8, "--epochs", 1)


def test_a_window_of_one_over_i_study_math_gives_four_pairs(nlpcli):
    done = nlpcli(
        "train-w2v", "--show-pairs", "--window", 1, "--min-count", 1, "--no-lowercase", input="I study math\n"
    )
    assert done.stdout.decode() == "I\tstudy\nstudy\tI\nstudy\tmath\nmath\tstudy\n"


def test_train_w2v_reads_a_pipe_and_writes_word2vec_text(nlpcli, tmp_path):
    done = nlpcli("train-w2v", "-", "-o", "w.txt", *QUICK, input=TEXT)
    assert (tmp_path / "w.txt").read_text().startswith("5 8\nthe ")
    assert done.stdout == b""
    assert "epoch 1/1: loss " in done.stderr.decode()


def test_train_w2v_without_an_output_is_a_usage_error(nlpcli):
    done = nlpcli("train-w2v", "-", input=TEXT, code=2)
    assert done.stderr.decode() == "error: no file to write is named\nhint: add -o vectors.safetensors\n"


def test_too_high_a_min_count_is_explained(nlpcli):
    done = nlpcli("train-w2v", "-", "-o", "w.txt", "--min-count", 1000, input=TEXT, code=1)
    assert "error: no token is left" in done.stderr.decode()
    assert "hint: use --min-count" in done.stderr.decode()


def test_a_window_below_one_is_a_usage_error(nlpcli):
    assert b"--window" in nlpcli("train-w2v", "-", "-o", "w.txt", "--window", 0, code=2).stderr


def test_train_fasttext_writes_a_model_with_vectors(nlpcli, tmp_path):
    nlpcli("train-fasttext", "-", "-o", "ft.safetensors", *QUICK, input=TEXT)
    found = nlpcli("similar", "ft.safetensors", "king").stdout.decode()
    assert "queen" in found


def test_pairs_from_a_file_train_the_full_softmax(nlpcli, tmp_path):
    (tmp_path / "pairs.tsv").write_text("eat\tapple\ndrink\tjuice\n")
    nlpcli("train-w2v", "--pairs", "pairs.tsv", "--dim", 5, "--alpha", 0.2, "--epochs", 20, "-o", "w.txt")
    assert (tmp_path / "w.txt").read_text().startswith("4 5\neat ")
    assert (
        b"--pairs is the text"
        in nlpcli("train-w2v", "--pairs", "pairs.tsv", "x", "-o", "w.txt", code=2).stderr
    )


def test_phrases_from_the_command_line(nlpcli, tmp_path):
    phrases = ("--phrases", 1, "--phrase-threshold", 1, "--phrase-discount", 1)
    nlpcli("train-w2v", "-", "-o", "w.txt", *QUICK, *phrases, input=TEXT)
    assert "rules_the " in (tmp_path / "w.txt").read_text() or "the_land " in (tmp_path / "w.txt").read_text()


@pytest.mark.parametrize("command", ["train-w2v", "train-fasttext"])
def test_a_training_without_a_prediction_says_why(nlpcli, tmp_path, command):
    (tmp_path / "text").write_text("one two\nthree four\nfive six\n")
    options = (command, "text", "-o", "m.safetensors", "--min-count", "1", "--epochs", "1", "--quiet")
    said = "nothing was learnt: --sample passed over all words; --sample 0 keeps them\n"
    assert nlpcli(*options, "--sample", "1e-9").err == said
    assert nlpcli(*options, "--sample", "0").err == ""
