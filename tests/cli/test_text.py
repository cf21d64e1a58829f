"""Text commands through the command line."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest


def test_one_line_out_per_line_in(nlpcli):
    assert nlpcli("tokenize", input="a b\n\n  \nc\n").out == "a b\n\n\nc\n"


@pytest.mark.parametrize("name", ["word", "whitespace", "char", "jamo", "nltk", "kiwi", "morph"])
def test_emoji_and_blank_lines_pass_every_tokenizer(nlpcli, name):
    out = nlpcli("tokenize", "--tokenizer", name, input="맑은 하늘😀\n\n \n끝\n").out
    assert out.count("\n") == 4
    assert "😀" in out or name == "word"


def test_sentences_are_set_apart_by_tabs(nlpcli):
    assert nlpcli("tokenize", "--tokenizer", "sentence", input="One. Two.\n").out == "One.\tTwo.\n"


def test_tokenize_starts_without_heavy_libraries(process):
    code = (
        "import sys, io; sys.argv = ['nlpcli', 'tokenize', '--lowercase'];"
        "import nlpcli.cli, atexit;"
        "heavy = ['numpy', 'numba', 'torch', 'nltk', 'konlpy', 'rich', 'scipy', 'kiwipiepy'];"
        "atexit.register(lambda: print([m for m in heavy if m in sys.modules], file=sys.stderr));"
        "nlpcli.cli.main()"
    )
    done = process.python(code, input="A b\n")
    assert done.stdout == b"a b\n"
    assert done.stderr.strip() == b"[]"


MORPHEMES = "나는 맑은 하늘을 😀 보았다.\n\nI am\n"


def test_text_reads_back_as_the_same_tokens(nlpcli):
    tokens = nlpcli("tokenize", "--tokenizer", "nltk", input="I can't (really) say.\n\nNo.\n").out
    assert nlpcli("tokenize", "--tokenizer", "whitespace", input=tokens).out == tokens


def test_tags_and_places_stand_beside_the_tokens(nlpcli):
    out = nlpcli("tokenize", "--tokenizer", "kiwi", "--pos", "--offsets", input="하늘 😀 밥\n").out
    assert out == "하늘/NNG/0-2 😀/W_EMOJI/3-4 밥/NNG/5-6\n"


def test_tokens_a_line_end_in_a_blank_line(nlpcli):
    assert nlpcli("tokenize", "--format", "lines", input="a b\n\nc\n").out == "a\nb\n\n\nc\n\n"


def test_json_has_tokens_tags_and_offsets(nlpcli):
    records = [
        json.loads(line)
        for line in nlpcli(
            "tokenize", "--tokenizer", "kiwi", "--format", "jsonl", input=MORPHEMES
        ).out.splitlines()
    ]
    assert len(records) == 3
    assert records[1]["tokens"] == []
    line = MORPHEMES.split("\n")[0]
    sky = records[0]["tokens"].index("하늘")
    assert records[0]["tags"][sky] == "NNG"
    assert line[slice(*records[0]["offsets"][sky])] == "하늘"


def test_tables_have_a_head_and_line_numbers(nlpcli):
    rows = nlpcli("tokenize", "--format", "tsv", input="a\n\nb c\n").out.splitlines()
    assert rows == ["line\ttoken\tstart\tend", "1\ta\t0\t1", "3\tb\t0\t1", "3\tc\t2\t3"]


def test_conllu_has_ten_columns_and_both_tag_sets(nlpcli):
    out = nlpcli("tokenize", "--tokenizer", "kiwi", "--format", "conllu", input=MORPHEMES).out
    sentences = out.strip("\n").split("\n\n")
    assert [sentence.split("\n")[0] for sentence in sentences] == ["# sent_id = 1", "# sent_id = 3"]
    rows = [row.split("\t") for row in sentences[0].split("\n")[2:]]
    assert {len(row) for row in rows} == {10}
    assert rows[2][1:5] == ["맑", "맑다", "ADJ", "VA"]


def test_tags_can_be_universal(nlpcli):
    out = nlpcli("tokenize", "--tokenizer", "kiwi", "--pos", "--tagset", "upos", input="하늘이 맑다\n").out
    assert out == "하늘/NOUN 이/ADP 맑/ADJ 다/PART\n"


def test_names_stay_findable_by_ngrams(nlpcli):
    out = nlpcli("tokenize", "--ngrams", "1-3", input="The New York Times\n").out
    assert "New_York_Times" in out.split()


def test_characters_of_tokens_as_ngrams(nlpcli):
    assert nlpcli("tokenize", "--char-ngrams", "2-3", input="abc d\n").out == "ab bc abc d\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tokenizer", "char", "--pos"], "knows no parts of speech"),
        (["--pos", "--tagset", "sejong"], "no tags of the Sejong set"),
        (["--tokenizer", "char", "--keep-pos", "N"], "knows no tags"),
        (["--tokenizer", "regexp"], "needs --pattern"),
        (["--tokenizer", "subword"], "needs a model"),
        (["--ids"], "--ids needs --tokenizer subword"),
        (["--ngrams", "3-1"], "--ngrams"),
        (["--mask", "links"], "choose from url"),
        (["--encoding", "klingon"], "no encoding is called"),
        (["--encoding", "hex"], "not an encoding of text"),
        (["--tokenizer", "wrod"], "wrod"),
    ],
)
def test_settings_that_make_no_sense_are_usage_errors(nlpcli, arguments, said):
    assert said in nlpcli("tokenize", *arguments, input="a\n", code=2).err


def test_a_missing_stop_list_is_an_error(nlpcli):
    assert "no such file" in nlpcli("tokenize", "--stopwords", "nowhere.txt", input="a\n", code=1).err


def test_stop_lists_add_up(nlpcli, tmp_path):
    own = tmp_path / "own.txt"
    own.write_text("# mine\nCat\n", encoding="utf-8")
    assert nlpcli("tokenize", "--stopwords", f"en,{own}", input="The cat sat on the mat\n").out == "sat mat\n"


def test_normalize_is_a_filter_of_its_own(nlpcli):
    arguments = ["--html", "--mask", "url,email", "--squeeze-repeats", "2", "--squeeze-space", "--lowercase"]
    out = nlpcli("normalize", *arguments, input="<b>ㅋㅋㅋㅋ</b>  A@B.com\n\nhttps://a.kr/x에서\n").out
    assert out == "ㅋㅋ <email>\n\n<url>에서\n"


def test_normalize_composes_by_default(nlpcli):
    assert nlpcli("normalize", input="e\u0301\n").out == "é\n"


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr", "utf-16", "utf-8", "utf-8-sig", "utf-32"])
def test_encodings_are_told_apart_by_auto(nlpcli, encoding):
    text = "한국어 문장\nplain\n끝"
    assert nlpcli("tokenize", "--encoding", "auto", input=text.encode(encoding)).out == text + "\n"


def test_plain_lines_before_korean_ones_do_not_mislead_auto(nlpcli):
    text = ("plain ascii text\n" * 90_000 + "한국어\n").encode("cp949")
    assert nlpcli("tokenize", "--encoding", "auto", input=text).out.endswith("한국어\n")


def test_bad_bytes_end_the_run_with_place_and_hint(nlpcli):
    said = nlpcli("tokenize", input="좋다\n".encode() + "나쁘다\n".encode("cp949"), code=1).err
    assert "<stdin>:2: not utf-8: bytes b3 aa" in said


def test_a_cp949_file_gets_the_hint(nlpcli):
    assert "--encoding cp949" in nlpcli("tokenize", input="한국어\n".encode("cp949"), code=1).err


def test_a_utf16_file_without_a_mark_gets_the_hint(nlpcli):
    assert (
        "--encoding utf-16-le" in nlpcli("tokenize", input="plain text 한\n".encode("utf-16-le"), code=1).err
    )


@pytest.mark.parametrize(("errors", "out"), [("replace", "a \ufffd b"), ("skip", "a b")])
def test_bad_bytes_can_be_replaced_or_left_out(nlpcli, errors, out):
    assert (
        nlpcli("tokenize", "--tokenizer", "whitespace", "--errors", errors, input=b"a \xff b\n").out
        == out + "\n"
    )


def test_several_jobs_give_the_same_lines_in_order(nlpcli):
    text = "".join(f"{number} 나는 밥을 먹었다\n" for number in range(100))
    arguments = ["tokenize", "--tokenizer", "kiwi", "--lemma"]
    assert nlpcli(*arguments, "--jobs", "2", input=text).out == nlpcli(*arguments, input=text).out


@pytest.mark.parametrize("arguments", [[], ["--jobs", "2", "--tokenizer", "nltk"]])
def test_the_first_line_is_out_before_the_last_is_in(process, arguments):
    running = process.start("tokenize", *arguments)
    running.stdin.write("나는 갔다\n".encode())
    running.stdin.flush()
    assert running.stdout.readline().decode() == "나는 갔다\n"
    running.communicate()
    assert running.returncode == 0


def children(parent):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) == parent:
                        found.append(int(entry))
            except OSError:
                continue
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_a_killed_worker_ends_the_run_with_an_error(process):
    running = process.start("tokenize", "--tokenizer", "nltk", "--jobs", "2")
    running.stdin.write(b"one\n")
    running.stdin.flush()
    assert running.stdout.readline() == b"one\n"
    for child in children(running.pid):
        os.kill(child, signal.SIGKILL)
    _, said = running.communicate(b"two\nthree\n" * 50, timeout=60)
    assert running.returncode == 1
    assert "was killed" in said.decode()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_workers_end_with_the_one_who_asked(process):
    running = process.start("tokenize", "--tokenizer", "nltk", "--jobs", "2")
    running.stdin.write(b"one\n")
    running.stdin.flush()
    running.stdout.readline()
    workers = children(running.pid)
    assert workers
    running.kill()
    running.communicate()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{worker}") for worker in workers):
        time.sleep(0.05)
    assert not any(os.path.exists(f"/proc/{worker}") for worker in workers)


def test_subwords_come_back_exactly(nlpcli, tmp_path):
    source, model = tmp_path / "text.txt", tmp_path / "ko.model"
    text = "자연어 처리는  재미있다 ▁ 😀\n\n 앞뒤 공백 \n" * 20
    source.write_text(text, encoding="utf-8")
    table = nlpcli(
        "train-subword", str(source), "--vocab-size", "290", "--show-merges", "3", "-o", str(model)
    ).out
    assert table.splitlines()[0] == "merge\tleft\tright\tjoined\tcount"
    assert len(table.splitlines()) == 4
    for ids in ([], ["--ids"]):
        parts = nlpcli("tokenize", "--tokenizer", "subword", "--model", str(model), *ids, str(source)).out
        assert nlpcli("detokenize", "--model", str(model), *ids, input=parts).out == text


def test_a_bad_byte_under_the_trainer_is_told_as_such(nlpcli, tmp_path):
    said = nlpcli("train-subword", "-o", str(tmp_path / "m"), input=b"a\n\xff\n", code=1).err
    assert "<stdin>:2: not utf-8" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a b", "expected ids from 0 to 274, found 'a', 'b'"),
        ("5 999999 3", "the model has ids 0 to 274, not 999999"),
        ("275 5 -1 274 275", "the model has ids 0 to 274, not 275, -1"),
        ("1 -0", "the model has ids 0 to 274, not -0"),
        (f"3 {'9' * 5000}", f"the model has ids 0 to 274, not {'9' * 18}…"),
        ("3 -99999999999999999999999", "the model has ids 0 to 274, not -99999999999999999…"),
        ("1 2.0 1_0 +5 ５ 1e2", "expected ids from 0 to 274, found '2.0', '1_0', '+5', '５', '1e2'"),
        ("5 x 999 0x10", "expected ids from 0 to 274, found 'x', 999, '0x10'"),
        (
            " ".join(str(1000 + n) for n in range(12)),
            "not 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009 and 2 more",
        ),
    ],
)
def test_ids_that_are_none_are_told_with_their_line(nlpcli, tmp_path, line, said):
    model = tmp_path / "m"
    nlpcli("train-subword", "--vocab-size", "275", "-o", model, input="low lower lowest\n" * 5)
    told = nlpcli("detokenize", "--ids", "--model", model, input=f"1 2\n{line}\n1\n", code=1)
    assert told.err.startswith("error: <stdin>:2: ")
    assert said in told.err
    assert "\n" not in told.err.removesuffix("\n")
    assert len(told.out.splitlines()) == 1


def test_tokenizers_are_compared_side_by_side(nlpcli):
    out = nlpcli(
        "compare-tokenizers", "--tokenizers", "word,nltk", "--lines", "1", input="Don't go.\nIt is.\n"
    ).out
    rows = [line.split("\t") for line in out.splitlines()]
    assert rows[1] == ["1", "word", "Don't go"]
    assert rows[2] == ["1", "nltk", "Do n't go ."]
    assert rows[4][0] == "tokenizer"
    assert [row[3] for row in rows[5:]] == ["4", "7"]
    record = json.loads(nlpcli("compare-tokenizers", "--tokenizers", "word", "--json", input="a b\n").out)
    assert record["tokenizers"][0]["vocabulary"] == 2
