"""Documents as vectors: the notes' examples, scikit-learn's numbers, vocabularies."""

import itertools
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine import jobs
from nlpcli.engine.corpus import vocabulary_files
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.vectorizer import Vectorizer, fit, hashed
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

WORDS = AnalysisSettings(lowercase=True)
DOCUMENTS = ["the cat sat on the mat", "", "The dog sat.", "a cat and a dog and 한국어", "한국어 한국어!"]


def rows(**knobs):
    return fit([DOCUMENTS], WORDS, settings=VectorizeSettings(**knobs))


# --- the notes' examples, through the command line ---


def test_bag_of_words_in_order_of_first_appearance(nlpcli):
    text = "John really really loves this movie\nJane really likes this song\n"
    nlpcli(
        "vectorize",
        "--method",
        "bow",
        "--vocab-order",
        "first-seen",
        "--no-lowercase",
        "-o",
        "m.csv",
        input=text,
    )
    done = nlpcli("tokenize", "m.csv")  # the header is the vocabulary
    assert done.stdout.decode().split("\n")[0] == "John really loves this movie Jane likes song"
    shown = nlpcli(
        "vectorize", "--method", "bow", "--vocab-order", "first-seen", "--no-lowercase", input=text
    )
    first, second = (json.loads(line) for line in shown.stdout.decode().splitlines())
    features = ["John", "really", "loves", "this", "movie", "Jane", "likes", "song"]
    assert [first.get(word, 0) for word in features] == [1, 2, 1, 1, 1, 0, 0, 0]
    assert [second.get(word, 0) for word in features] == [0, 1, 0, 1, 0, 1, 1, 1]


def test_natural_language_processing_is_found_in_both_sentences(nlpcli, tmp_path):
    text = "I love natural language processing.\n"
    text += "Natural language processing is a field of artificial intelligence.\n"
    nlpcli("vectorize", "--method", "bow", "--vocab-order", "first-seen", "-o", "m.npy", input=text)
    assert np.load(tmp_path / "m.npy").tolist() == [
        [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ]


def test_one_hot_vectors_are_root_two_apart_and_orthogonal(nlpcli, tmp_path):
    nlpcli("vectorize", "--method", "onehot", "-o", "m.npy", input="king queen\n")
    king, queen = np.load(tmp_path / "m.npy")
    assert np.linalg.norm(king - queen) == pytest.approx(np.sqrt(2))
    assert king @ queen == 0


# --- scikit-learn's numbers ---


@pytest.mark.parametrize("norm", ["l2", "l1", "none"])
@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("sublinear", [True, False])
@pytest.mark.parametrize("small", [True, False])
def test_tfidf_gives_scikit_learns_numbers(norm, smooth, sublinear, small, monkeypatch):
    text = pytest.importorskip("sklearn.feature_extraction.text")
    if not small:
        monkeypatch.setattr(sparse, "_SMALL", 0)
    peer = text.TfidfVectorizer(
        token_pattern=r"\w+", norm=None if norm == "none" else norm, smooth_idf=smooth, sublinear_tf=sublinear
    )
    expected = peer.fit_transform(DOCUMENTS).toarray()
    vectorizer, matrix = rows(norm=norm, smooth_idf=smooth, sublinear_tf=sublinear)
    order = [vectorizer.vocabulary.id_of[name] for name in peer.get_feature_names_out()]
    assert np.allclose(matrix.to_dense()[:, order], expected, atol=1e-12)


def test_hashing_gives_scikit_learns_columns_and_signs():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    documents = [*DOCUMENTS, " ".join(f"word{number}" for number in range(3000))]
    peer = text.HashingVectorizer(token_pattern=r"\w+", norm=None, n_features=1 << 8)
    found = hashed([documents], WORDS, VectorizeSettings(kind="hashing", hash_bits=8))
    assert np.array_equal(found.to_dense(), peer.transform(documents).toarray())


@pytest.mark.parametrize(
    "knobs",
    [{"min_df": 2}, {"max_df": 0.3}, {"max_features": 3}, {"min_df": 2, "max_df": 0.5, "max_features": 2}],
)
def test_features_are_cut_as_scikit_learn_cuts_them(knobs):
    text = pytest.importorskip("sklearn.feature_extraction.text")
    peer = text.CountVectorizer(token_pattern=r"\w+", **knobs)
    expected = peer.fit_transform(DOCUMENTS).toarray()
    vectorizer, matrix = rows(kind="bow", **knobs)
    if "max_features" not in knobs:  # ties are cut differently there
        assert set(vectorizer.vocabulary.tokens) == set(peer.get_feature_names_out())
    assert sorted(matrix.to_dense().sum(axis=0).tolist()) == sorted(expected.sum(axis=0).tolist())


@pytest.mark.parametrize(
    ("knobs", "peer_knobs"),
    [
        ({"ngrams": "1-2"}, {"ngram_range": (1, 2)}),
        ({"ngrams": "2-3"}, {"ngram_range": (2, 3)}),
        ({"char_ngrams": "2-4"}, {"ngram_range": (2, 4), "analyzer": "char_wb"}),
        ({"char_ngrams": "5"}, {"ngram_range": (5, 5), "analyzer": "char_wb"}),
    ],
)
def test_ngrams_are_scikit_learns_and_new_text_finds_them(knobs, peer_knobs):
    text = pytest.importorskip("sklearn.feature_extraction.text")
    words = {} if "analyzer" in peer_knobs else {"token_pattern": r"\w+"}
    documents = [document.replace(".", "").replace("!", "") for document in DOCUMENTS]
    peer = text.CountVectorizer(**peer_knobs, **words)
    expected = peer.fit_transform(documents).toarray()
    vectorizer, matrix = fit([documents], WORDS, settings=VectorizeSettings(kind="bow", **knobs))
    assert set(vectorizer.vocabulary.tokens) == set(peer.get_feature_names_out())
    order = [vectorizer.vocabulary.id_of[name] for name in peer.get_feature_names_out()]
    assert np.array_equal(matrix.to_dense()[:, order], expected)
    new = ["dog on the mat", "cat and a dog"]
    assert np.array_equal(vectorizer.rows([new]).to_dense()[:, order], peer.transform(new).toarray())


def test_ngrams_do_not_reach_across_documents_and_min_count_cuts_them():
    knobs = VectorizeSettings(kind="bow", ngrams="2")
    vectorizer, matrix = fit([["a b c", "", "b c", "c"]], WORDS, VocabularySettings(min_count=2), knobs)
    assert vectorizer.vocabulary.tokens == ("b c",)
    assert matrix.to_dense().tolist() == [[1], [0], [1], [0]]


def test_many_different_pairs_are_numbered_apart():
    words = [f"w{number}" for number in np.random.default_rng(1).integers(0, 2000, 400_000)]
    vectorizer, _ = fit([[" ".join(words)]], WORDS, settings=VectorizeSettings(kind="bow", ngrams="2"))
    counted = dict(zip(vectorizer.vocabulary.tokens, vectorizer.vocabulary.counts.tolist(), strict=True))
    assert counted == Counter(map(" ".join, itertools.pairwise(words)))


# --- documents as means of word vectors ---


def test_a_document_is_the_mean_of_its_words_vectors(nlpcli, tmp_path):
    (tmp_path / "v.txt").write_text("3 2\na 1 0\nb 0 1\nc 4 4\n")
    nlpcli("vectorize", "--vectors", "v.txt", "-o", "m.npy", input="A b\nc unknown\nunknown\n")
    assert np.load(tmp_path / "m.npy").tolist() == [[0.5, 0.5], [4, 4], [0, 0]]
    nlpcli("vectorize", "--vectors", "v.txt", "--idf-weighted", "-o", "m.npy", input="a b\na\na\n")
    rare, common = np.log(4 / 2) + 1, np.log(4 / 4) + 1
    expected = [common / (rare + common), rare / (rare + common)]
    assert np.load(tmp_path / "m.npy")[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--vectors", "v", "--model", "m"],
        ["--vectors", "v", "--save-model", "m"],
        ["--method", "onehot", "--char-ngrams", "2"],
    ],
)
def test_options_that_contradict_each_other_are_a_wrong_call(nlpcli, arguments):
    assert nlpcli("vectorize", *arguments, input="a\n", code=2).stderr.startswith(b"error: ")


@pytest.mark.parametrize("option", [["--tokenizer", "whitespace"], ["--method", "bow"], ["--min-count", "2"]])
def test_a_model_takes_no_options_that_it_brings_itself(nlpcli, option):
    nlpcli("vectorize", "--save-model", "v.safetensors", input="a b\n")
    stderr = nlpcli("vectorize", "--model", "v.safetensors", *option, input="a\n", code=2).stderr.decode()
    assert f"{option[0]} has no place beside it" in stderr


def test_a_given_vocabulary_keeps_its_columns():
    vocabulary = Vocabulary.of(["a", "z", "b"], [3, 2, 1])
    for kind in ("bow", "tfidf"):
        vectorizer, matrix = fit([["a b", "b"]], vocabulary=vocabulary, settings=VectorizeSettings(kind=kind))
        assert vectorizer.vocabulary.tokens == ("a", "z", "b")
        assert (matrix.to_dense()[:, 1] == 0).all()
        assert fit([["c"]], vocabulary=vocabulary, settings=VectorizeSettings(kind=kind))[1].shape == (1, 3)
    few = VectorizeSettings(max_features=1)
    assert fit([["a b", "b"]], vocabulary=vocabulary, settings=few)[0].vocabulary.tokens == ("a",)


def test_one_hot_rows_have_the_labels_of_their_documents(nlpcli, tmp_path):
    (tmp_path / "t.tsv").write_text("pos\ta b\nneg\tb c\n")
    options = ("--text-col", "2", "--label-col", "1", "--min-df", "2", "--method", "onehot")
    shown = nlpcli("vectorize", "t.tsv", *options).stdout.decode()
    assert [json.loads(line) for line in shown.splitlines()] == [
        {"label": "pos", "weights": {"b": 1}},
        {"label": "neg", "weights": {"b": 1}},
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--method", "hashing", "--min-df", "2"), "--min-df has no place there"),
        (("--method", "bow", "--hash-bits", "4"), "--hash-bits does nothing without --method hashing"),
        (("--idf-weighted",), "--idf-weighted goes with --vectors"),
    ],
)
def test_options_that_would_do_nothing_are_refused(nlpcli, options, message):
    assert message in nlpcli("vectorize", *options, input="a b\n", code=2).stderr.decode()


def test_a_table_read_as_plain_lines_is_remarked(nlpcli, tmp_path):
    (tmp_path / "t.tsv").write_text("id\ttext\n1\ta\n")
    assert "--text-col names a column" in nlpcli("vectorize", "t.tsv").stderr.decode()
    assert "--text-col" not in nlpcli("vectorize", "t.tsv", "--text-col", "text").stderr.decode()


# --- counts ---


@settings(max_examples=60)
@given(documents=st.lists(st.text("abcdefg ", max_size=40), min_size=1, max_size=30))
def test_kernel_and_numpy_count_the_same(documents):
    if not any(document.strip() for document in documents):
        return
    corpus = encode_documents([documents], AnalysisSettings(), VocabularySettings())
    idf = np.linspace(0.1, 2, len(corpus.vocabulary))

    def results() -> list[np.ndarray]:
        counts = sparse.count_matrix(corpus)
        weighed = [
            sparse.weighed(counts, idf, *how).data for how in ((False, "l2"), (True, "l1"), (True, "none"))
        ]
        return [counts.indptr, counts.indices, counts.data, sparse.document_frequencies(counts), *weighed]

    small = results()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse, "_SMALL", 0)
        large = results()
    for one, other in zip(small, large, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-15)


def test_binary_is_zero_and_one():
    assert set(rows(kind="binary")[1].data.tolist()) == {1}


def test_one_hot_leaves_cut_features_out():
    vectorizer, matrix = rows(kind="onehot", min_df=2)
    assert matrix.shape == (12, len(vectorizer.vocabulary))
    assert (matrix.to_dense().sum(axis=1) == 1).all()


# --- fit and reuse ---


def test_a_saved_model_turns_new_text_into_the_same_columns(tmp_path):
    vectorizer, matrix = rows()
    vectorizer.save(tmp_path / "v")
    loaded = Vectorizer.load(tmp_path / "v")
    again = loaded.rows([DOCUMENTS])
    assert np.array_equal(again.to_dense(), matrix.to_dense())
    assert loaded.analysis == WORDS and loaded.vocabulary.tokens == vectorizer.vocabulary.tokens


def test_a_token_seen_only_in_new_text_counts_for_nothing():
    vectorizer, _ = rows(kind="bow")
    new = vectorizer.rows([["zebra", "zebra cat"]]).to_dense()
    assert new.sum(axis=1).tolist() == [0, 1]


def test_the_same_text_gives_the_same_model_bytes(tmp_path):
    for name in "ab":
        rows()[0].save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_one_document_and_documents_without_tokens():
    assert fit([["one two"]], WORDS)[1].shape == (1, 2)
    with pytest.raises(InputError, match="no tokens"):
        fit([["", "..."]], WORDS)
    assert hashed([["", "..."]], WORDS, VectorizeSettings(kind="hashing")).shape == (2, 1 << 20)


def test_features_cut_to_nothing_are_an_error_with_a_hint():
    with pytest.raises(InputError, match="--min-df 9") as caught:
        rows(min_df=9)
    assert "lower --min-df" in (caught.value.hint or "")


# --- what is shown and kept ---


def test_heaviest_terms_come_heaviest_first(nlpcli):
    text = "apple apple apple pear\nplum pear pear\n"
    shown = nlpcli("vectorize", "--method", "bow", "--top", "1", input=text).stdout.decode()
    assert shown == "document\tterm\tweight\n1\tapple\t3\n2\tpear\t2\n"


def test_labels_of_a_table_reach_the_svm_file(nlpcli, tmp_path):
    (tmp_path / "r.tsv").write_text("label\ttext\npos\tgood good\nneg\tbad\n")
    done = nlpcli(
        "vectorize", "r.tsv", "--text-col", "text", "--label-col", "label", "--method", "bow", "-o", "m.svm"
    )
    assert (tmp_path / "m.svm").read_text() == "1 1:2\n0 2:1\n"
    assert "0 = neg, 1 = pos" in done.stderr.decode()


def test_hashing_refuses_to_save_what_it_does_not_have(nlpcli):
    stderr = nlpcli(
        "vectorize", "--method", "hashing", "--save-model", "m", input="a\n", code=2
    ).stderr.decode()
    assert "has no vocabulary" in stderr


# --- vocabularies as files, and count ---


def test_a_vocabulary_file_goes_out_and_in(tmp_path):
    vocabulary = Vocabulary.of(["b", "한국어", "a"], [3, 2, 1])
    vocabulary_files.write(tmp_path / "v.tsv", vocabulary)
    assert (tmp_path / "v.tsv").read_text(encoding="utf-8") == "b\t3\n한국어\t2\na\t1\n"
    loaded = vocabulary_files.read(str(tmp_path / "v.tsv"))
    assert loaded.tokens == vocabulary.tokens and np.array_equal(loaded.counts, vocabulary.counts)


@pytest.mark.parametrize(
    ("text", "complaint"), [("a\tx\n", ":1: expected"), ("a\t1\na\t2\n", ":2: .*second"), ("", "no tokens")]
)
def test_a_bad_vocabulary_file_is_named_with_its_line(tmp_path, text, complaint):
    path = tmp_path / "v.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint):
        vocabulary_files.read(str(path))


def test_count_equals_the_unix_idiom(nlpcli):
    text = "the cat the dog\nA cat the end\n"
    assert nlpcli("count", input=text).stdout.decode() == "the\t3\ncat\t2\ndog\t1\nA\t1\nend\t1\n"
    assert json.loads(nlpcli("count", "--json", "--min-count", "2", input=text).stdout) == [
        {"token": "the", "count": 3},
        {"token": "cat", "count": 2},
    ]


def test_count_of_nothing_is_nothing_and_no_error(nlpcli):
    assert nlpcli("count", input="").stdout == b""
    assert b"--min-count is 5" in nlpcli("count", "--min-count", "5", input="a\n", code=1).stderr


def test_count_counts_runs_of_words_within_lines(nlpcli):
    text = "New York Times\nNew York\n"
    assert nlpcli("count", "--ngrams", "2", input=text).stdout.decode() == "New York\t2\nYork Times\t1\n"
    shown = nlpcli("count", "--ngrams", "2-3", "--max-vocab", "3", input=text).stdout.decode()
    assert shown == "New York\t2\nYork Times\t1\nNew York Times\t1\n"
    assert b"--ngrams is a range" in nlpcli("count", "--ngrams", "x", input=text, code=2).stderr


def test_a_read_vocabulary_fixes_the_columns(nlpcli, tmp_path):
    (tmp_path / "v.tsv").write_text("dog\t1\ncat\t1\n")
    nlpcli("vectorize", "--method", "bow", "--read-vocab", "v.tsv", "-o", "m.npy", input="cat cow\ndog dog\n")
    assert np.load(tmp_path / "m.npy").tolist() == [[0, 1], [2, 0]]


def test_texts_become_scipy_rows():
    vectorizer, _ = fit([DOCUMENTS], WORDS)
    rows = vectorizer.transform(text for text in DOCUMENTS)
    assert rows.format == "csr"
    assert np.array_equal(rows.toarray(), vectorizer.rows([DOCUMENTS]).to_dense())
    assert vectorizer.transform(["one\ntwo"]).shape == (1, len(vectorizer.vocabulary))


def test_a_vectorizer_of_ones_own_takes_no_settings_beside_it(tmp_path):
    (tmp_path / "text").write_text("a b\nb\n")
    model = str(tmp_path / "m.safetensors")
    table = jobs.vectorize(tmp_path / "text", kind="bow", save_model=model)
    assert table.features.tokens == ("b", "a")
    again = jobs.vectorize(tmp_path / "text", model=model)
    assert np.array_equal(again.matrix.to_dense(), table.matrix.to_dense())
    with pytest.raises(SettingsError, match="--min-df has no place"):
        jobs.vectorize(tmp_path / "text", model=model, min_df=2)
