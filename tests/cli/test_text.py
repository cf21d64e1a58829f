"""Text commands through the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest


def nlpcli(*arguments, text="", code=0):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", "nlpcli", *arguments],
        input=text.encode() if isinstance(text, str) else text,
        capture_output=True,
        env=env,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode() if code == 0 else done.stderr.decode()


def test_one_line_out_per_line_in():
    assert nlpcli("tokenize", text="a b\n\n  \nc\n") == "a b\n\n\nc\n"


@pytest.mark.parametrize("name", ["word", "whitespace", "char", "jamo", "nltk", "kiwi"])
def test_emoji_and_blank_lines_pass_every_tokenizer(name):
    out = nlpcli("tokenize", "--tokenizer", name, text="맑은 하늘😀\n\n \n끝\n")
    assert out.count("\n") == 4
    assert "😀" in out or name == "word"


def test_sentences_are_set_apart_by_tabs():
    assert nlpcli("tokenize", "--tokenizer", "sentence", text="One. Two.\n") == "One.\tTwo.\n"


def test_tokenize_starts_without_heavy_libraries():
    code = (
        "import sys, io; sys.argv = ['nlpcli', 'tokenize', '--lowercase'];"
        "import nlpcli.cli, atexit;"
        "heavy = ['numpy', 'numba', 'torch', 'nltk', 'konlpy', 'rich', 'scipy', 'kiwipiepy'];"
        "atexit.register(lambda: print([m for m in heavy if m in sys.modules], file=sys.stderr));"
        "nlpcli.cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], input=b"A b\n", capture_output=True, check=True)
    assert done.stdout == b"a b\n"
    assert done.stderr.strip() == b"[]"


MORPHEMES = "나는 맑은 하늘을 😀 보았다.\n\nI am\n"


def test_text_reads_back_as_the_same_tokens():
    tokens = nlpcli("tokenize", "--tokenizer", "nltk", text="I can't (really) say.\n\nNo.\n")
    assert nlpcli("tokenize", "--tokenizer", "whitespace", text=tokens) == tokens


def test_tags_and_places_stand_beside_the_tokens():
    out = nlpcli("tokenize", "--tokenizer", "kiwi", "--pos", "--offsets", text="하늘 😀 밥\n")
    assert out == "하늘/NNG/0-2 😀/W_EMOJI/3-4 밥/NNG/5-6\n"


def test_tokens_a_line_end_in_a_blank_line():
    assert nlpcli("tokenize", "--format", "lines", text="a b\n\nc\n") == "a\nb\n\n\nc\n\n"


def test_json_has_tokens_tags_and_offsets():
    records = [
        json.loads(line)
        for line in nlpcli(
            "tokenize", "--tokenizer", "kiwi", "--format", "jsonl", text=MORPHEMES
        ).splitlines()
    ]
    assert len(records) == 3
    assert records[1]["tokens"] == []
    line = MORPHEMES.split("\n")[0]
    sky = records[0]["tokens"].index("하늘")
    assert records[0]["tags"][sky] == "NNG"
    assert line[slice(*records[0]["offsets"][sky])] == "하늘"


def test_tables_have_a_head_and_line_numbers():
    rows = nlpcli("tokenize", "--format", "tsv", text="a\n\nb c\n").splitlines()
    assert rows == ["line\ttoken\tstart\tend", "1\ta\t0\t1", "3\tb\t0\t1", "3\tc\t2\t3"]


def test_conllu_has_ten_columns_and_both_tag_sets():
    out = nlpcli("tokenize", "--tokenizer", "kiwi", "--format", "conllu", text=MORPHEMES)
    sentences = out.strip("\n").split("\n\n")
    assert [sentence.split("\n")[0] for sentence in sentences] == ["# sent_id = 1", "# sent_id = 3"]
    rows = [row.split("\t") for row in sentences[0].split("\n")[2:]]
    assert {len(row) for row in rows} == {10}
    assert rows[2][1:5] == ["맑", "맑다", "ADJ", "VA"]


def test_tags_can_be_universal():
    out = nlpcli("tokenize", "--tokenizer", "kiwi", "--pos", "--tagset", "upos", text="하늘이 맑다\n")
    assert out == "하늘/NOUN 이/ADP 맑/ADJ 다/PART\n"


def test_names_stay_findable_by_ngrams():
    out = nlpcli("tokenize", "--ngrams", "1-3", text="The New York Times\n")
    assert "New_York_Times" in out.split()


def test_characters_of_tokens_as_ngrams():
    assert nlpcli("tokenize", "--char-ngrams", "2-3", text="abc d\n") == "ab bc abc d\n"


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
def test_settings_that_make_no_sense_are_usage_errors(arguments, said):
    assert said in nlpcli("tokenize", *arguments, text="a\n", code=2)


def test_a_missing_stop_list_is_an_error():
    assert "no such file" in nlpcli("tokenize", "--stopwords", "nowhere.txt", text="a\n", code=1)


def test_stop_lists_add_up(tmp_path):
    own = tmp_path / "own.txt"
    own.write_text("# mine\nCat\n", encoding="utf-8")
    assert nlpcli("tokenize", "--stopwords", f"en,{own}", text="The cat sat on the mat\n") == "sat mat\n"


def test_normalize_is_a_filter_of_its_own():
    arguments = ["--html", "--mask", "url,email", "--squeeze-repeats", "2", "--squeeze-space", "--lowercase"]
    out = nlpcli("normalize", *arguments, text="<b>ㅋㅋㅋㅋ</b>  A@B.com\n\nhttps://a.kr/x에서\n")
    assert out == "ㅋㅋ <email>\n\n<url>에서\n"


def test_normalize_composes_by_default():
    assert nlpcli("normalize", text="e\u0301\n") == "é\n"


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr", "utf-16", "utf-8", "utf-8-sig", "utf-32"])
def test_encodings_are_told_apart_by_auto(encoding):
    text = "한국어 문장\nplain\n끝"
    assert nlpcli("tokenize", "--encoding", "auto", text=text.encode(encoding)) == text + "\n"


def test_plain_lines_before_korean_ones_do_not_mislead_auto():
    text = ("plain ascii text\n" * 90_000 + "한국어\n").encode("cp949")
    assert nlpcli("tokenize", "--encoding", "auto", text=text).endswith("한국어\n")


def test_bad_bytes_end_the_run_with_place_and_hint():
    said = nlpcli("tokenize", text="좋다\n".encode() + "나쁘다\n".encode("cp949"), code=1)
    assert "<stdin>:2: not utf-8: bytes b3 aa" in said


def test_a_cp949_file_gets_the_hint():
    assert "--encoding cp949" in nlpcli("tokenize", text="한국어\n".encode("cp949"), code=1)


def test_a_utf16_file_without_a_mark_gets_the_hint():
    assert "--encoding utf-16-le" in nlpcli("tokenize", text="plain text 한\n".encode("utf-16-le"), code=1)


@pytest.mark.parametrize(("errors", "out"), [("replace", "a \ufffd b"), ("skip", "a b")])
def test_bad_bytes_can_be_replaced_or_left_out(errors, out):
    assert (
        nlpcli("tokenize", "--tokenizer", "whitespace", "--errors", errors, text=b"a \xff b\n") == out + "\n"
    )


def test_several_jobs_give_the_same_lines_in_order():
    text = "".join(f"{number} 나는 밥을 먹었다\n" for number in range(100))
    arguments = ["tokenize", "--tokenizer", "kiwi", "--lemma"]
    assert nlpcli(*arguments, "--jobs", "2", text=text) == nlpcli(*arguments, text=text)


def started(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "nlpcli", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("arguments", [[], ["--jobs", "2", "--tokenizer", "nltk"]])
def test_the_first_line_is_out_before_the_last_is_in(arguments):
    process = started("tokenize", *arguments)
    process.stdin.write("나는 갔다\n".encode())
    process.stdin.flush()
    assert process.stdout.readline().decode() == "나는 갔다\n"
    process.communicate()
    assert process.returncode == 0


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
def test_a_killed_worker_ends_the_run_with_an_error():
    process = started("tokenize", "--tokenizer", "nltk", "--jobs", "2")
    process.stdin.write(b"one\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"one\n"
    for child in children(process.pid):
        os.kill(child, signal.SIGKILL)
    _, said = process.communicate(b"two\nthree\n" * 50, timeout=60)
    assert process.returncode == 1
    assert "was killed" in said.decode()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_workers_end_with_the_one_who_asked():
    process = started("tokenize", "--tokenizer", "nltk", "--jobs", "2")
    process.stdin.write(b"one\n")
    process.stdin.flush()
    process.stdout.readline()
    workers = children(process.pid)
    assert workers
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{worker}") for worker in workers):
        time.sleep(0.05)
    assert not any(os.path.exists(f"/proc/{worker}") for worker in workers)


def test_subwords_come_back_exactly(tmp_path):
    source, model = tmp_path / "text.txt", tmp_path / "ko.model"
    text = "자연어 처리는  재미있다 ▁ 😀\n\n 앞뒤 공백 \n" * 20
    source.write_text(text, encoding="utf-8")
    table = nlpcli(
        "train-subword", str(source), "--vocab-size", "290", "--show-merges", "3", "-o", str(model)
    )
    assert table.splitlines()[0] == "merge\tleft\tright\tjoined\tcount"
    assert len(table.splitlines()) == 4
    for ids in ([], ["--ids"]):
        parts = nlpcli("tokenize", "--tokenizer", "subword", "--model", str(model), *ids, str(source))
        assert nlpcli("detokenize", "--model", str(model), *ids, text=parts) == text


def test_a_bad_byte_under_the_trainer_is_told_as_such(tmp_path):
    said = nlpcli("train-subword", "-o", str(tmp_path / "m"), text=b"a\n\xff\n", code=1)
    assert "<stdin>:2: not utf-8" in said


def test_ids_that_are_none_are_told_with_their_line(tmp_path):
    model = tmp_path / "m"
    nlpcli("train-subword", "--vocab-size", "275", "-o", str(model), text="low lower lowest\n" * 5)
    assert "<stdin>:1: expected ids" in nlpcli(
        "detokenize", "--ids", "--model", str(model), text="a b\n", code=1
    )
    assert "<stdin>:2: the model has ids" in nlpcli(
        "detokenize", "--ids", "--model", str(model), text="1\n99999\n", code=1
    )


def test_tokenizers_are_compared_side_by_side():
    out = nlpcli(
        "compare-tokenizers", "--tokenizers", "word,nltk", "--lines", "1", text="Don't go.\nIt is.\n"
    )
    rows = [line.split("\t") for line in out.splitlines()]
    assert rows[1] == ["1", "word", "Don't go"]
    assert rows[2] == ["1", "nltk", "Do n't go ."]
    assert rows[4][0] == "tokenizer"
    assert [row[3] for row in rows[5:]] == ["4", "7"]
    record = json.loads(nlpcli("compare-tokenizers", "--tokenizers", "word", "--json", text="a b\n"))
    assert record["tokenizers"][0]["vocabulary"] == 2
