"""An option that would do nothing is an error, which says what it would need."""

import dataclasses

import pytest

import nlpcli
from nlpcli.errors import SettingsError
from tests.command_line import ROOT
from tests.settings.test_settings import EVERY_CLASS

MODELS = ROOT / "tests" / "models"
VECTORS = MODELS / "word2vec.safetensors"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("vectorize text --method bow --sublinear-tf", "--sublinear-tf does nothing without --method tfidf"),
        ("vectorize text --method bow --norm l1", "--norm does nothing without --method tfidf"),
        ("vectorize text --hash-bits 4", "--hash-bits does nothing without --method hashing"),
        ("vectorize text --vectors v.vec --ngrams 1-2", "--ngrams does nothing beside --vectors"),
        ("compare-tokenizers text --tokenizer kiwi", "--tokenizer does nothing here"),
        ("tokenize text --gaps", "--gaps does nothing without --tokenizer regexp"),
        ("tokenize text --tokenizer char --tag-english", "--tag-english does nothing without --tokenizer"),
        ("normalize text --keep-jamo", "--keep-jamo does nothing without --unicode nfkc or nfkd"),
        ("train-nb text -o m --cost 2", "--cost does nothing without --method nbsvm"),
        ("train-nb text -o m --char-ngrams 0 --char-span word", "--char-span does nothing with --char"),
        ("train-nb text -o m --format jsonl --delimiter ;", "--delimiter does nothing without"),
        (f"classify {MODELS}/naive-bayes.safetensors text --header yes", "--header does nothing with"),
        ("train-w2v text -o w.vec --loss hs --negative 9", "--negative does nothing without --loss ns"),
        ("train-w2v text -o w.vec --phrase-threshold 9", "--phrase-threshold does nothing without --phrases"),
        ("train-w2v --pairs text -o w.vec --window 9", "--window does nothing beside --pairs"),
        ("train-w2v --pairs text -o w.vec --min-count 9", "--min-count does nothing beside --pairs"),
        ("train-w2v --pairs text -o w.vec --text-col 2", "--text-col does nothing beside"),
        ("train-glove --cooccurrences c.npz -o w.vec --sheet 2", "--sheet does nothing beside"),
        (f"cluster {VECTORS} --text-col 2", "--text-col does nothing with word vectors"),
        (f"search {MODELS}/index.safetensors word --text-col 2", "--text-col does nothing with an index"),
        ("tokenize text --header yes", "--header does nothing with lines that are texts"),
        ("tokenize text --input-format jsonl --delimiter ;", "--delimiter does nothing without"),
        ("train-w2v text --show-pairs --dim 9", "--dim does nothing beside --show-pairs"),
        ("train-w2v text --show-pairs -o w.vec", "-o does nothing beside --show-pairs"),
        ("train-fasttext text -o w.vec --maxn 0 --bucket 9", "--bucket does nothing with --maxn 0"),
        ("cooccur text --per-pair -o c.npz", "--per-pair does nothing with .npz"),
        ("search text word --bm25-b 0.5", "--bm25-b does nothing without --by bm25"),
        ("search text word --rerank 5", "--rerank does nothing without --by bm25"),
        (f"search {MODELS}/index.safetensors word --lemma", "--lemma does nothing with an index"),
        (f"cluster {VECTORS} --lemma", "--lemma does nothing with word vectors"),
        ("cluster text --vocab 3", "--vocab does nothing but with word vectors"),
        (f"plot {VECTORS} -o m.html --k 3", "--k does nothing without --color-by cluster"),
        (f"plot {VECTORS} --terminal --title T", "--title does nothing without -o"),
        (f"plot {VECTORS} king --top 3 --terminal", "--top does nothing beside words that are named"),
        (f"generate {MODELS}/charlm.safetensors --temperature 0 --top-p 0.5", "--top-p does nothing with"),
        (f"generate {MODELS}/charlm.safetensors --skip-unknown", "--skip-unknown does nothing"),
        (f"activations {MODELS}/charlm.safetensors text --top 3", "--top does nothing without --find"),
        (f"generate {MODELS}/charlm.safetensors --prime a --encoding cp949", "--encoding does nothing"),
        (f"generate {MODELS}/charlm-label.safetensors --guidance 2", "--guidance does nothing without"),
        ("train-charlm text -o m --condition-dropout 0.5", "--condition-dropout does nothing where"),
        ("train-charlm text -o m --label-col 1 --seq-length 9", "--seq-length does nothing where every"),
        ("index text -o i --text-col 1 --answer-col 2 --document file", "--document does nothing with"),
        (f"perplexity {MODELS}/charlm.safetensors text --label-col 1", "--label-col does nothing with a"),
        (f"chat {MODELS}/index-answers.safetensors text --no-header", "--no-header does nothing where"),
        ("search text word --vectors v.vec", "--vectors does nothing without --by vectors"),
        ("train-charlm text -o m --num-heads 2", "--num-heads does nothing without --cell transformer"),
        ("train-charlm text -o m --cell transformer --seq-length 9", "--seq-length does nothing with --cell"),
        (f"activations {MODELS}/charlm-transformer.safetensors text --find if", "--find does nothing with"),
        ("train-charlm text -o m --resume c --preset large", "--preset does nothing beside --resume"),
        ("train-rnn text -o m --dev d --val-frac 0.1", "--val-frac does nothing beside --dev"),
        ("train-rnn text -o m --num-heads 2", "--num-heads does nothing without --cell transformer"),
        ("train-seq2seq text -o m --num-heads 2", "--num-heads does nothing without --cell transformer"),
        ("tokenize text --tagset upos", "--tagset does nothing without --pos"),
        ("gradients --toy text", "the file text does nothing beside --toy"),
        (f"gradients {MODELS}/charlm.safetensors text --w-hh 3", "--w-hh does nothing without --toy"),
    ],
)  # fmt: skip
def test_it_is_refused(nlpcli, tmp_path, arguments, said):
    (tmp_path / "text").write_text("a text\n" * 9)
    done = nlpcli(*arguments.split(), code=2)
    assert f"error: {said}" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["text"] and not done.out


def test_from_python_too():
    with pytest.raises(SettingsError, match="--sublinear-tf does nothing without --method tfidf"):
        nlpcli.vectorize("no such file", kind="bow", sublinear_tf=True)


def test_what_is_off_anyway_may_be_said_to_be_off(nlpcli):
    assert nlpcli("vectorize", "--method", "bow", "--no-sublinear-tf", "-q", input="a\n").out


@pytest.mark.parametrize("kind", EVERY_CLASS, ids=lambda kind: kind.__name__)
def test_what_needs_and_what_is_needed_are_fields(kind):
    names = {field.name for field in dataclasses.fields(kind)}
    assert {*kind.RARE} <= names and {*kind.NEEDS} <= names
    assert {needs.name for needs in kind.NEEDS.values()} <= names


@pytest.mark.parametrize("name", ["toy.html", "toy.tsv"])
def test_the_toy_writes_its_file(nlpcli, tmp_path, name):
    done = nlpcli("gradients", "--toy", "--steps", 3, "-o", name)
    assert not done.out
    written = (tmp_path / name).read_text()
    assert ("<svg" in written) if name.endswith("html") else written.startswith("t\tx_t\th_t\t")


def test_a_reader_who_leaves_does_not_keep_the_model_from_being_written(process, tmp_path):
    (tmp_path / "table.tsv").write_text("pos\tgood film\nneg\tbad film\n" * 4000)
    train = "$nlpcli train-nb table.tsv --holdout .2 -o m -q"
    done = process.shell(f"{train} | head -n 2; echo ${{PIPESTATUS[0]}}; {train} | true; ls")
    assert done.out.startswith("measure\tvalue\naccuracy\t") or done.out.splitlines()[2] == "0"
    assert done.out.splitlines()[2:] == ["0", "m", "table.tsv"] and not done.err
