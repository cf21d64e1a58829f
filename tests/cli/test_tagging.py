"""train-tagger, tag and evaluate, from the command line."""

import json
import os

import pytest

from nlpcli.engine.tagging import perceptron
from tests.command_line import within

NAMES = (
    "-DOCSTART- O\n\nKim B-PER\nmet O\nAnn B-PER\nLee I-PER\nin O\nNew B-LOC\nYork I-LOC\n. O\n\n"
    "Ann B-PER\nLee I-PER\nlikes O\nSeoul B-LOC\n. O\n\n"
    "The O\ncity O\nof O\nSeoul B-LOC\nis O\nbig O\n. O\n\n"
) * 12
POS = "".join(
    f"{number}\t{word}\t_\t{upos}\t{xpos}\t_\t_\t_\t_\t_\n" + ("\n" if word == "." else "")
    for number, word, upos, xpos in [
        (1, "Time", "NOUN", "NN"), (2, "flies", "VERB", "VBZ"), (3, ".", "PUNCT", "."),
        (1, "The", "DET", "DT"), (2, "time", "NOUN", "NN"), (3, "is", "AUX", "VBZ"), (4, "now", "ADV", "RB"),
        (5, ".", "PUNCT", "."),
    ] * 12
)  # fmt: skip
LINE = "Kim met Ann Lee (in Seoul)."
SPANS = [(0, 3, "PER"), (8, 15, "PER"), (20, 25, "LOC")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("taggers")
    (folder / "names.txt").write_text(NAMES)
    (folder / "pos.conllu").write_text(POS)
    for name, text in (("names", "names.txt"), ("pos", "pos.conllu")):
        within("train-tagger", text, "-o", f"{name}.safetensors", "--hash-bits", "12", "-q", cwd=folder)
    return folder


def tag(nlpcli, folder, model, *options, input=LINE + "\n"):
    return nlpcli("tag", folder / f"{model}.safetensors", *options, input=input).out


def test_names_in_a_sentence_of_ones_own_in_two_commands(nlpcli, folder):
    assert tag(nlpcli, folder, "names") == "<Kim:PER> met <Ann Lee:PER> (in <Seoul:LOC>).\n"
    assert tag(nlpcli, folder, "pos", input="Time flies.\n") == "Time/NOUN flies/VERB ./PUNCT\n"


def test_spans_stand_at_their_places_in_the_line(nlpcli, folder):
    rows = [
        line.split("\t") for line in tag(nlpcli, folder, "names", "--spans", input=f"\n{LINE}\n").splitlines()
    ]
    assert rows[0] == ["line", "start", "end", "label", "text"]
    assert [(int(row[1]), int(row[2]), row[3]) for row in rows[1:]] == SPANS
    assert all(row[0] == "2" and LINE[int(row[1]) : int(row[2])] == row[4] for row in rows[1:])
    record = json.loads(tag(nlpcli, folder, "names", "--spans", "--format", "jsonl"))
    assert [(span["start"], span["end"], span["label"]) for span in record["spans"]] == SPANS
    assert record["text"] == LINE


@pytest.mark.parametrize("format", ["slash", "inline", "jsonl"])
def test_one_line_out_per_line_in(nlpcli, folder, format):
    text = f"{LINE}\n\n \t \n{LINE} {LINE}\n"
    shown = tag(nlpcli, folder, "names", "--format", format, input=text)
    assert shown.count("\n") == 4
    assert tag(nlpcli, folder, "names", "--format", format, input="") == ""


@pytest.mark.parametrize("format", ["slash", "inline", "jsonl", "conll", "conllu"])
@pytest.mark.parametrize("model", ["names", "pos"])
def test_what_is_written_is_tagged_text_again(nlpcli, folder, tmp_path, format, model):
    text = f"{LINE}\n\nThe city of Seoul is big.\nAnn Lee likes New York.\n" * 3
    (tmp_path / "written").write_text(tag(nlpcli, folder, model, "--format", format, input=text))
    # Words marked in the line are spans, of which a model of parts of speech knows nothing.
    options = ("--tag", "ner") if model == "names" and format == "conllu" else ()
    if model == "pos" and format == "inline":
        return
    found = json.loads(
        nlpcli("evaluate", folder / f"{model}.safetensors", tmp_path / "written", *options, "--json").out
    )
    assert found["accuracy"] == 1 and found["words"] == 66
    assert model == "pos" or found["spans"][-1]["f1"] == 1


def test_tsv_and_probabilities(nlpcli, folder):
    rows = [
        line.split("\t") for line in tag(nlpcli, folder, "pos", "--format", "tsv", "--proba").splitlines()
    ]
    assert rows[0] == ["line", "token", "tag", "start", "end", "probability"]
    assert [LINE[int(row[3]) : int(row[4])] for row in rows[1:]] == [row[1] for row in rows[1:]]
    assert all(0 < float(row[5]) <= 1 for row in rows[1:])
    record = json.loads(tag(nlpcli, folder, "names", "--format", "jsonl", "--proba"))
    assert len(record["probabilities"]) == len(record["tokens"]) == len(record["offsets"])
    sure = [span["probability"] for span in record["spans"]]
    inline = tag(nlpcli, folder, "names", "--proba")
    assert inline.startswith(f"<Kim:PER:{sure[0]:.4f}> met <Ann Lee:PER:{sure[1]:.4f}>")


def test_text_that_is_words_already_is_not_cut_again(nlpcli, folder):
    assert tag(nlpcli, folder, "pos", "--words", input="Time  flies.. (now)\n").count("/") == 3
    # Nobody's bytes are lost or make it fall.
    hostile = "\ufeff\u200b \ud83d\ude42 \x00 Kim\u2028met\n".encode("utf-8", "surrogatepass").decode(
        "utf-8", "replace"
    )
    assert tag(nlpcli, folder, "names", input=hostile).endswith("met\n")


def test_what_a_model_cannot_do_is_told(nlpcli, folder):
    done = nlpcli("tag", folder / "pos.safetensors", "--spans", input="x\n", code=2)
    assert "gives every word a tag, it finds no spans" in done.err and "hint:" in done.err
    done = nlpcli("tag", folder / "names.safetensors", "--spans", "--format", "conll", input="x\n", code=2)
    assert "--spans is written as tsv, jsonl or inline" in done.err
    done = nlpcli("tag", folder / "names.txt", input="x\n", code=1)
    assert "names.txt" in done.err and "hint:" in done.err


# --- training --------------------------------------------------------------------------------


def test_a_test_file_is_measured_after_training(nlpcli, folder):
    done = nlpcli(
        "train-tagger", "names.txt", "--test", "names.txt", "--json", "--hash-bits", "12", cwd=folder
    )
    record = json.loads(done.out)
    assert record["accuracy"] == 1 and record["spans"][-1]["f1"] == 1
    assert [row["type"] for row in record["spans"]] == ["LOC", "PER", "micro"]
    assert "where should the model go" in nlpcli("train-tagger", "names.txt", code=2, cwd=folder).err


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", (), "<stdin> is empty"),
        ("a X\nb X\n", (), "all 2 words have the tag 'X': there is nothing to learn"),
        ("a X\nb Y\n", ("--columns", "tag=4"), "<stdin>:1: no column 4: the line has 2"),
        ("w X\n" * 30_000, (), "<stdin>:1: a sentence of 30,000 words"),
        ("no tags here\nbut text\n", (), "<stdin>: not tagged text"),
        ("a X\nb Y\n", ("--columns", "4"), "--columns cannot be '4'"),
        (POS, ("--tag", "ner"), "all 96 words have the tag 'O'"),
    ],
)
def test_text_in_the_wrong_shape_is_told_with_a_hint(nlpcli, tmp_path, text, options, message):
    code = 2 if "--columns cannot" in message else 1
    done = nlpcli("train-tagger", "-o", "m.safetensors", *options, input=text, code=code)
    assert message in done.err and "hint:" in done.err
    assert not [*tmp_path.iterdir()]


def test_spans_that_begin_with_i_are_mended_and_told_of(nlpcli):
    text = "a B-P\nb I-P\n\nc O\nd I-P\n\n" * 3
    done = nlpcli("train-tagger", "-o", "m.safetensors", "--hash-bits", "8", input=text)
    assert "3 labels do not fit their spans and are mended; <stdin>:5 has I-P, read as B-P" in done.err


def test_the_same_seed_gives_the_same_bytes_with_one_thread_and_with_two(process, folder, tmp_path):
    for threads in ("1", "2"):
        environment = {
            "OMP_NUM_THREADS": threads,
            "NUMBA_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
        }
        process("train-tagger", folder / "pos.conllu", "-o", threads, "--hash-bits", "12", **environment)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert (tmp_path / "1").read_bytes() == (folder / "pos.safetensors").read_bytes()


def test_an_interrupted_training_leaves_a_checkpoint_from_which_it_goes_on(
    nlpcli, folder, tmp_path, monkeypatch
):
    from nlpcli.engine import jobs
    from tests.tagging.test_linear_tagger import Interrupting

    monkeypatch.setattr(perceptron, "_STEPS", 10)
    names = folder / "names.txt"
    output, left = tmp_path / "m.safetensors", tmp_path / "m.checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        jobs.train_tagger([str(names)], str(output), hash_bits=12, progress=Interrupting(5))
    assert left.exists() and not output.exists()
    assert "interrupted, no tagger yet" in nlpcli("tag", left, input="x\n", code=1).err
    other = nlpcli("train-tagger", names, "-o", output, "--resume", left, "--hash-bits", "13", code=1)
    assert "of another training" in other.err
    nlpcli("train-tagger", names, "-o", output, "--hash-bits", "12", "--resume", left)
    assert not left.exists()
    whole = within("train-tagger", names, "-o", "w", "--hash-bits", "12", cwd=tmp_path)
    assert whole.out == "" and (tmp_path / "w").read_bytes() == output.read_bytes()


# --- evaluation ------------------------------------------------------------------------------


def test_tables_of_words_and_of_spans(nlpcli, folder, tmp_path):
    shown = nlpcli("evaluate", folder / "names.safetensors", folder / "names.txt").out
    assert "accuracy\t1.0000\nunseen_accuracy\t0.0000\nwords\t240\nunseen_words\t0\n" in shown
    assert (
        "type\tprecision\trecall\tf1\tthere\tfound\tright\nLOC\t1.0000\t1.0000\t1.0000\t36\t36\t36\n" in shown
    )
    shown = nlpcli("evaluate", folder / "pos.safetensors", folder / "pos.conllu", "--plot", "c.html").out
    assert "tag\tprecision\trecall\tf1\twords\nADV\t" in shown and "true \\ predicted\tADV\tAUX" in shown
    assert "96 words" in (tmp_path / "c.html").read_text()


def test_errors_are_shown_with_their_place(nlpcli, folder, tmp_path):
    (tmp_path / "wrong.txt").write_text("Kim O\nmet O\n\nAnn B-PER\nLee B-LOC\n")
    for option in ("--show-errors", "--errors", "--mistakes"):
        shown = nlpcli("evaluate", folder / "names.safetensors", "wrong.txt", option, "5").out
        assert "wrong.txt:1\tKim\tO\tPER\t[Kim] met\n" in shown
        assert "wrong.txt:5\tLee\tLOC\tO\tAnn [Lee]\n" in shown


def test_options_of_other_kinds_of_model_are_refused(nlpcli, folder, tmp_path):
    done = nlpcli("evaluate", folder / "pos.safetensors", folder / "pos.conllu", "--text-col", "x", code=2)
    assert "the model is a tagger" in done.err
    done = nlpcli("evaluate", folder / "names.safetensors", folder / "pos.conllu", "--tag", "upos", code=1)
    assert "has tags that are no labels of spans, the model gives labels of spans" in done.err
    (tmp_path / "films.tsv").write_text("pos\tgood\nneg\tbad\n")
    nlpcli("train-nb", "films.tsv", "-o", "nb.safetensors")
    done = nlpcli("evaluate", "nb.safetensors", "films.tsv", "--columns", "word=1,tag=2", code=2)
    assert "are for taggers, and the model is none" in done.err


def test_a_tagger_can_be_used_from_python_and_inspected(nlpcli, folder):
    import nlpcli as package

    tagger = package.load(folder / "names.safetensors")
    assert [(one.start, one.end, one.label) for one in tagger.entities(LINE)[0]] == SPANS
    assert tagger.tag(["Ann Lee"]) == [[("Ann", "B-PER"), ("Lee", "I-PER")]]
    assert package.tag(folder / "names.safetensors", [LINE, ""]) == [
        "<Kim:PER> met <Ann Lee:PER> (in <Seoul:LOC>).",
        "",
    ]
    record = json.loads(nlpcli("inspect", folder / "names.safetensors", "--json", "--verify").out)
    assert record["kind"] == "tagger" and record["tags"] == ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]


def test_tagging_starts_without_the_heavy_libraries(process, folder):
    program = f"""
import sys
sys.argv = ["nlpcli", "tag", {os.fspath(folder / "names.safetensors")!r}]
from nlpcli.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write("loaded:" + " ".join({{"numba", "torch", "scipy", "nltk", "rich"}} & {{*sys.modules}}))
"""
    process.python(program, input=LINE)
    assert process.python(program, input=LINE).err.endswith("loaded:")
