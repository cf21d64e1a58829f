"""Every layout of tagged text, told by its content; and every way in which one can be wrong."""

import json

import pytest

from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.sequences.examples import examples_of, fitting_tokenizer, space_of
from nlpcli.engine.sequences.tagged_text import layout_of, read_tagged
from nlpcli.engine.sequences.words import Words
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.tagging import TaggedTextSettings
from nlpcli.settings.text import AnalysisSettings


class Noted(Progress):
    """Keeps the notes."""

    def __init__(self):
        self.lines = []

    def note(self, message):
        self.lines.append(message)


@pytest.fixture
def read(tmp_path):
    """Writes a text into a file and reads it as tagged text: word/tag of each sentence."""

    def examples(text, tokenizer="nltk", progress=None, **wanted):
        (tmp_path / "file").write_text(text, encoding="utf-8")
        settings = TaggedTextSettings(**wanted)
        found = read_tagged([str(tmp_path / "file")], settings)
        words = Words(AnalysisSettings(tokenizer=tokenizer), space_of(found.sentences))
        return examples_of(found, words, settings.tag, progress or Noted())

    def pairs(text, *arguments, **wanted):
        found = examples(text, *arguments, **wanted)
        return [
            " ".join(map("/".join, zip(*pair, strict=True)))
            for pair in zip(found.words, found.tags, strict=True)
        ]

    pairs.examples = examples
    return pairs


def conllu(*rows):
    return "".join(f"{row}\n" for row in rows)


def node(number, form, upos="X", xpos="x", misc="_"):
    return f"{number}\t{form}\tlemma\t{upos}\t{xpos}\t_\t0\tdep\t_\t{misc}"


TREE = conllu(
    "# sent_id = 1", "# text = Vámonos al mar", "1-2\tVámonos" + "\t_" * 8, node(1, "Vamos", "VERB", "v"),
    node(2, "nos", "PRON", "p"), node("2.1", "gone", "VERB", "v"),
    node(3, "mar", "NOUN", "n", "NER=B-LOC|X=Y"),
    "", "# newdoc", node(1, "Sí", "INTJ", "i"), "", "",
)  # fmt: skip


def test_conllu_with_ranges_empty_nodes_and_comments(read):
    assert read(TREE) == ["Vamos/VERB nos/PRON mar/NOUN", "Sí/INTJ"]
    assert read(TREE, tag="xpos") == ["Vamos/v nos/p mar/n", "Sí/i"]
    assert read(TREE, tag="ner") == ["Vamos/O nos/O mar/B-LOC", "Sí/O"]
    assert read(TREE, columns="word=3,tag=8") == ["lemma/dep lemma/dep lemma/dep", "lemma/dep"]
    assert read(TREE.replace("\n", "\r\n")) == read(TREE)
    assert read.examples(TREE).target == "upos" and read.examples(TREE, tag="ner").target == "ner"
    assert read.examples(TREE).sources[0].text == "Vámonos al mar"


CONLL = (
    "-DOCSTART- -X- -X- O\n\nEU NNP B-NP I-ORG\nrejects VBZ B-VP O\n\n"
    "Peter NNP B-NP I-PER\nUK NNP B-NP I-LOC\nUS NNP B-NP B-LOC\n"
)


def test_conll_2003_in_its_own_scheme_and_by_columns(read):
    noted = Noted()
    assert read(CONLL, progress=noted) == ["EU/B-ORG rejects/O", "Peter/B-PER UK/B-LOC US/B-LOC"]
    assert "BIO-1" in noted.lines[0]
    assert read(CONLL, columns="word=1,tag=2") == ["EU/NNP rejects/VBZ", "Peter/NNP UK/NNP US/NNP"]
    assert read(CONLL, tag="xpos") == read(CONLL, columns="tag=2")
    assert read(CONLL, columns="tag=3")[0] == "EU/B-NP rejects/B-VP"
    assert read(CONLL.replace(" ", "\t")) == read(CONLL)
    # CoNLL-2002 has documents and a word and a label a line.
    assert read("-DOCSTART- -DOCSTART- O\nWolff B-PER\n, O\n\nen O\n") == ["Wolff/B-PER ,/O", "en/O"]


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ("B-P E-P O S-L", "B-P I-P O B-L"), ("B-P L-P O U-L", "B-P I-P O B-L"),
        ("B-P I-P E-P S-P", "B-P I-P I-P B-P"),
        ("I-P I-P O I-P", "B-P I-P O B-P"), ("I-P B-P I-P O", "B-P B-P I-P O"),
        ("B-P I-L O O", "B-P B-L O O"),
        ("B-P I-P O B-L", "B-P I-P O B-L"), ("B-a-b I-a-b O B-L", "B-a-b I-a-b O B-L"),
    ],
)  # fmt: skip
def test_labels_of_every_scheme_become_bio_2(read, labels, wanted):
    text = "".join(f"w\t{label}\n" for label in labels.split())
    assert read(text) == [" ".join(f"w/{label}" for label in wanted.split())]


def test_labels_that_do_not_fit_are_mended_and_told_of_with_their_place(read):
    noted = Noted()
    assert read("a\tB-P\nb\tO\nc\tI-P\nd\tI-P\n", progress=noted) == ["a/B-P b/O c/B-P d/I-P"]
    assert "1 label does not fit its span and is mended" in noted.lines[0]
    assert "file:3 has I-P, read as B-P" in noted.lines[0]
    noted = Noted()
    read("a\tB-P\nb\tO\nc\tS-P\n", progress=noted)
    assert "BIOES" in noted.lines[0] and "file:1 has B-P, read as S-P" in noted.lines[1]


def test_types_without_letters_are_spans_if_they_are_said_to_be(read):
    text = "Ann\tPER\nLee\tPER\nin\tO\nUlm\tLOC\n"
    assert read(text) == ["Ann/PER Lee/PER in/O Ulm/LOC"]
    assert read(text, tag="ner") == ["Ann/B-PER Lee/I-PER in/O Ulm/B-LOC"]


def test_one_strange_label_among_many_is_an_error_with_its_place(read):
    with pytest.raises(InputError, match="file:42: 'PER' is no label of spans, as the others are"):
        read("a\tB-P\nb\tI-P\n\n" * 13 + "a\tB-P\nb\tI-P\nc\tPER\n" + "a\tB-P\nb\tI-P\n" * 9)


def test_words_and_tags_between_slashes(read):
    assert read("The/DT cat/NN\n\n1/2/CD ///SYM\n") == ["The/DT cat/NN", "1/2/CD ///SYM"]
    assert read("나/NP+는/JX 가/VV+ㄴ다/EF+./SF\n") == ["나/NP 는/JX 가/VV ㄴ다/EF ./SF"]
    assert read("C/NN+/SYM x/NN\n") == ["C/NN+/SYM x/NN"]


def test_spans_marked_in_the_line(read):
    assert read("<홍길동:PS>은 <서울:LC>에 간다.\n그는 <a:b.c> 왔다\n", "char")[0].startswith(
        "홍/B-PS 길/I-PS 동/I-PS 은/O 서/B-LC"
    )
    assert read("<Ann Lee:PER> met <10:30:TI> <b>us</b>\n")[0].startswith(
        "Ann/B-PER Lee/I-PER met/O 10:30/B-TI </O"
    )
    noted = Noted()
    assert read("<서울:LC>에 간다\n", progress=noted) == ["서울에/B-LC 간다/O"]
    assert "1 spans begin or end inside a word" in noted.lines[0] and "file:1: '서울'" in noted.lines[0]


RECORDS = {
    "doccano": {"text": "Ann in Ulm", "label": [[0, 3, "PER"], [7, 10, "LOC"]]},
    "doccano labels": {"id": 3, "text": "Ann in Ulm", "labels": [[0, 3, "PER"], [7, 10, "LOC"]], "meta": []},
    "doccano relations": {
        "text": "Ann in Ulm",
        "entities": [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3},
                     {"id": 2, "label": "LOC", "start_offset": 7, "end_offset": 10}],
        "relations": [],
    },
    "prodigy": {
        "text": "Ann in Ulm",
        "spans": [{"start": 7, "end": 10, "label": "LOC"},
                  {"start": 0, "end": 3, "label": "PER", "tokens": 0}],
    },
    "spacy": ["Ann in Ulm", {"entities": [[0, 3, "PER"], [7, 10, "LOC"]]}],
    "label studio": {
        "data": {"text": "Ann in Ulm"},
        "annotations": [
            {"was_cancelled": True, "result": []},
            {"result": [{"type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}},
                        {"type": "choices", "value": {"choices": ["good"]}},
                        {"value": {"start": 7, "end": 10, "labels": ["LOC"]}}]},
        ],
    },
    "label studio, small": {
        "text": "Ann in Ulm",
        "label": [{"start": 0, "end": 3, "labels": ["PER"]}, {"start": 7, "end": 10, "labels": ["LOC"]}],
    },
    "tokens": {"tokens": ["Ann", "in", "Ulm"], "tags": ["B-PER", "O", "B-LOC"]},
    "tokens of datasets": {"id": "0", "tokens": ["Ann", "in", "Ulm"], "ner_tags": ["B-PER", "O", "B-LOC"]},
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_json_of_every_tool(read, name):
    record = RECORDS[name]
    line = json.dumps(record)
    wanted = ["Ann/B-PER in/O Ulm/B-LOC"] * 2
    assert read(f"{line}\n\n{line}\n") == wanted
    assert read(json.dumps([record, record])) == wanted
    assert read(json.dumps([record, record], indent=1)) == wanted


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"text": "a", "label": [[0, 2, "X"]]},
            "the span 0 to 2 is not within the text, which has 1 character",
        ),
        ({"text": "a", "label": [[0, 1]]}, r"a span is \[start, end, label\], not \[0, 1\]"),
        ({"text": "a", "label": [["0", 1, "X"]]}, "a span is"),
        ({"text": "a", "label": [{"start": 0}]}, "a span is"),
        ({"text": "a", "label": [7]}, "a span is"),
        ({"text": "a", "label": [[True, 1, "X"]]}, "a span is"),
        ({"text": "a"}, "no list of spans"),
        ({"label": [[0, 1, "X"]]}, "has no text"),
        ({"tokens": ["a", "b"], "tags": ["X"]}, "2 tokens have 1 tag"),
        ({"tokens": ["a"]}, "1 token has 0 tags"),
        (3, "expected an object"),
    ],
)
def test_wrong_records_name_their_line(read, record, message):
    good = json.dumps({"text": "Ann in Ulm", "label": [[0, 3, "PER"]]})
    with pytest.raises(InputError, match=f"file:2: .*{message}") as caught:
        read(f"{good}\n{json.dumps(record)}\n")
    assert caught.value.hint


def test_json_that_is_cut_short_names_its_line(read):
    good = json.dumps({"text": "a", "label": [[0, 1, "PER"]]})
    with pytest.raises(InputError, match="file:2: not JSON"):
        read(f'{good}\n{{"text": "b", \n{good}\n')
    with pytest.raises(InputError, match="file:3: not JSON"):
        read('[\n{"text": "a", "label": []},\n{"text" "b"}\n]\n')


def test_spans_that_overlap_or_are_empty_are_left_out_and_told_of(read):
    noted = Noted()
    record = {"text": "Ann Lee in Ulm", "label": [[0, 3, "A"], [0, 7, "B"], [4, 4, "C"], [11, 14, "D"]]}
    assert read(json.dumps(record) + "\n", progress=noted) == ["Ann/B-B Lee/I-B in/O Ulm/B-D"]
    assert "1 spans overlap" in noted.lines[0]


def test_a_span_holds_a_sentence_together(read):
    text = "He likes Dr. No. Alas. It is so."
    start = text.index("No. Alas")
    record = {"text": text, "label": [[start, start + 8, "FILM"]]}
    found = read(json.dumps(record) + "\n")
    assert len(found) == 2 and "No./B-FILM Alas/I-FILM" in found[0].replace(
        "No/B-FILM ./I-FILM", "No./B-FILM"
    )


KLUE = (
    "## klue-ner-v1\t<서울:LC> 간다\n서\tB-LC\n울\tI-LC\n \tO\n간\tO\n다\tO\n\n"
    "나\tO\n \tO\n부\tB-LC\n \tI-LC\n산\tI-LC\n"
)


def test_characters_with_spaces_among_them(read, tmp_path):
    assert read(KLUE) == ["서/B-LC 울/I-LC  /O 간/O 다/O", "나/O  /O 부/B-LC  /I-LC 산/I-LC"]
    found = read_tagged([str(tmp_path / "file")])
    assert space_of(found.sentences) == " " and fitting_tokenizer(found) == "char"


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        ("", {}, "file is empty"),
        ("\n \n", {}, "file is empty"),
        ("Just a sentence.\nAnd another one here.\n", {}, "not tagged text: 'Just a sentence.'"),
        ("one\ntwo\n", {}, "not tagged text"),
        ("a\tX\nb\tY\n", {"columns": "tag=4"}, "file:1: no column 4: the line has 2"),
        ("a X\nb Y\n", {"columns": "word=3,tag=1"}, "file:1: no column 3: the line has 2"),
        ("a X\nb Y\nc\n" + "d Z\n" * 40, {}, "file:3: 1 column, where line 1 has 2"),
        ("a X\n" * 30 + "b X Y\n", {}, "file:31: 3 columns, where line 1 has 2"),
        ("a\tX\nb\t\n", {}, "file:2: column 2 is empty"),
        ("pos\ta good film\nneg\tdull\n", {}, "file:1: column 2 holds 'a good film', which is no tag"),
        (TREE.replace("NOUN", "_"), {}, r"file:7: column 4 \(UPOS\) holds no tag for 'mar'"),
        (
            TREE.replace("\tn\t", "\t_\t"),
            {"tag": "xpos"},
            r"file:7: column 5 \(XPOS\) holds no tag for 'mar'",
        ),
        (TREE, {"columns": "tag=11"}, "file:3: no column 11: the line has 10"),
        (TREE, {"columns": "word=12,tag=4"}, "file:3: no column 12: the line has 10"),
        (TREE + "1\tx\n", {}, "file:13: 2 columns, where CoNLL-U has 10"),
        ("a/X b\n" + "a/X b/Y\n" * 30, {"layout": "slash"}, "file:1: word 2: expected word/TAG, found 'b'"),
        ("a/ /X\n", {"layout": "slash"}, "file:1: word 1: expected word/TAG, found 'a/'"),
        ("w\tX\n" * 30000, {}, "file:1: a sentence of 30,000 words"),
        ("a X\n\n" * 9, {"layout": "jsonl"}, "file:1: not JSON"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_column(read, text, wanted, message):
    with pytest.raises(InputError, match=message) as caught:
        read(text, **wanted)
    assert caught.value.hint or "column" in message or "slash" in str(wanted)


@pytest.mark.parametrize("columns", ["4", "tag=0", "tag=x", "lemma=2", "word=1;tag=2", "tag=²"])
def test_columns_are_places_of_word_and_tag(columns):
    with pytest.raises(SettingsError, match="--columns cannot be"):
        TaggedTextSettings(columns=columns)


def test_a_hash_is_a_word_and_a_remark_is_none(read):
    assert read("# text = # 1\n#\tSYM\n1\tNUM\n\n# newdoc\nb\tX\n") == ["#/SYM 1/NUM", "b/X"]
    assert read("# O\n1 O\nAnn B-P\n") == ["#/O 1/O Ann/B-P"]
    assert layout_of(["# intent = hotel", "find O", "Ulm B-L"]) == "columns"


def column(words):
    return "".join(f"{word}\tX\n" for word in words.split())


@pytest.mark.parametrize(
    ("text", "tokenizer"),
    [
        (column("We do n't know it , Mr. Lee ."), "nltk"),
        (column("i'd like what's on don't it's"), "whitespace"),
        (column("나 는 학교 에 가 았 다 ."), "kiwi"),
        ("# text = Don't go.\n" + column("Do n't go ."), "nltk"),
        ("# text = Don't go now!\n" + column("Don't go now!"), "whitespace"),
        ("# text = 나는 집에 간다.\n" + column("나는 집에 간다 ."), "nltk"),
        ("# text = 우리는 학교에.\n" + column("우리 는 _ 학교 에 ."), "kiwi"),
        ("<Ann Lee:PER> met <us:X>.\n", "nltk"),
        ("<홍길동:PS>은 <서울:LC>에서 잔다.\n", "kiwi"),
        ("상<하이:LC>이 <팅게:LC>일\n", "char"),
    ],
)
def test_the_tokenizer_is_the_one_that_cuts_as_the_text_is_cut(tmp_path, text, tokenizer):
    (tmp_path / "file").write_text(text)
    assert fitting_tokenizer(read_tagged([str(tmp_path / "file")])) == tokenizer


def test_files_of_different_layouts_go_together(tmp_path):
    (tmp_path / "one").write_text("Ann B-PER\nsees O\n")
    (tmp_path / "two").write_text('{"text": "Ulm", "label": [[0, 3, "LOC"]]}\n')
    found = read_tagged([str(tmp_path / "one"), str(tmp_path / "two")])
    examples = examples_of(found, Words(AnalysisSettings(tokenizer="nltk")))
    assert examples.tags == [["B-PER", "O"], ["B-LOC"]] and examples.target == "ner"
    (tmp_path / "one").write_text("Ann NNP\nsees VBZ\n")
    with pytest.raises(InputError, match="'NNP' is no label of spans, and other files have spans"):
        examples_of(read_tagged([str(tmp_path / "one"), str(tmp_path / "two")]), Words(AnalysisSettings()))
