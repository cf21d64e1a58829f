"""What `cluster` leaves out, and how few clusters there are, is told."""


def test_lines_without_a_text_are_told(nlpcli):
    done = nlpcli("cluster", "-", "--k", 2, "--members", input="red fox\n\nblue bird\n \n")
    assert [line.split("\t")[0] for line in done.out.splitlines()[1:]] == ["<stdin>:1", "<stdin>:3"]
    assert "2 lines without a text are in no cluster" in done.err


def test_fewer_clusters_than_were_asked_for_are_told(nlpcli):
    done = nlpcli("cluster", "-", "--k", 2, input="red fox\nred fox\nred fox\n")
    assert "1 of 2 clusters: so few points differ" in done.err
    assert len(done.out.splitlines()) == 2


def test_a_number_that_was_not_measured_is_nan(nlpcli):
    done = nlpcli("train-topics", "-", "--num-topics", "auto", "--min-df", 1, "--max-df", 1.0, "-q",
                  "-o", "t.safetensors", input="a cat sat\nthe dog ran\nthe cat ran\n")  # fmt: skip
    assert done.out.splitlines()[1].split("\t")[1] == "nan"


def test_rows_that_are_taken_for_data_are_told_by_every_command(nlpcli, tmp_path):
    (tmp_path / "t.csv").write_text("red fox,x\nblue bird,y\n")
    for command in (
        ["cluster", "t.csv", "--k", 1],
        ["compare-tokenizers", "t.csv", "--tokenizers", "word"],
        ["index", "t.csv", "-o", "i.safetensors"],
    ):
        assert "the first row (red fox, x) is taken for data" in nlpcli(*command, "--text-col", 1).err
        assert "every line is taken as a text" in nlpcli(*command).err
    assert "no names here" in nlpcli("cluster", "t.csv", "--text-col", "a", "--header", "no", code=1).err
