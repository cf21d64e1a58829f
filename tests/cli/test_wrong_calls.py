"""A call that cannot be obeyed is told in plain words, with what was meant."""

import pytest

import nlpcli
from nlpcli import peers
from nlpcli.cli.described import described
from nlpcli.cli.options import command_of
from nlpcli.cli.wrong_calls import nearest
from nlpcli.commands import COMMANDS


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        ("tokenise", "no such command: tokenise", "did you mean tokenize?"),
        ("word2vec", "no such command: word2vec", "nlpcli calls it train-w2v;"),
        ("tfidf", "no such command: tfidf", "nlpcli calls it vectorize;"),
        ("most_similar", "no such command: most_similar", "nlpcli calls it similar;"),
        ("train-nb --cross-validat 3", "no such option: --cross-validat", "did you mean --cross-validate?"),
        ("train-w2v --vector-size 9", "no such option: --vector-size", "nlpcli calls it --dim;"),
        ("train-w2v --vector_size 9", "no such option: --vector_size", "nlpcli calls it --dim;"),
        ("train-w2v --size 9", "no such option: --size", "nlpcli calls it --dim;"),
        ("train-w2v -size 9", "no such option: -size", "nlpcli calls it --dim;"),
        ("train-w2v --ws 3", "no such option: --ws", "nlpcli calls it --window;"),
        ("train-w2v --workers 4", "no such option: --workers", "nlpcli calls it --threads;"),
        ("tokenize --workers 4", "no such option: --workers", "nlpcli calls it --jobs;"),
        ("train-fasttext -minCount 2", "no such option: -minCount", "nlpcli writes it --min-count;"),
        ("train-fasttext --minCount 2", "no such option: --minCount", "nlpcli writes it --min-count;"),
        ("train-nb --wordNgrams 2", "no such option: --wordNgrams", "nlpcli calls it --ngrams;"),
        ("vectorize --ngram-range 1", "no such option: --ngram-range", "nlpcli calls it --ngrams;"),
        ("vectorize --stop-words en", "no such option: --stop-words", "nlpcli calls it --stopwords;"),
        ("vectorize --analyzer char", "no such option: --analyzer", "nlpcli calls it --char-ngrams;"),
        ("train-fasttext -input a.txt", "no such option: -input", "nlpcli takes the names of files as"),
        ("tokenize --dim 9", "no such option: --dim", "it is an option of train-w2v, train-fasttext and"),
        ("dedup --output-encoding x", "no such option: --output-encoding", "it is an option of tokenize,"),
        ("ask a --text-col b", "no such option: --text-col", "it is an option of tokenize, normalize,"),
        ("tokenize --tokenizer kwii", "--tokenizer cannot be 'kwii'", "did you mean kiwi? choose from word,"),
        ("train-fasttext --loss neg", "--loss cannot be 'neg'", "did you mean ns? choose from ns, hs;"),
        ("normalize --mask emial", "--mask cannot be 'emial'", "did you mean email?"),
        ("train-w2v --dim 0", "--dim must be from 1 to 4096, not 0", "see nlpcli train-w2v --help"),
        ("train-nb --holdout 2", "--holdout must be from 0 to 0.9, not 2.0", "see nlpcli train-nb --help"),
        ("train-w2v --min-count 0", "--min-count must be at least 1, not 0", "see nlpcli train-w2v --help"),
        ("train-w2v --dim ten", "--dim must be a whole number, not 'ten'", "see nlpcli train-w2v --help"),
        ("index a", "--output is missing", "-o FILE: Index file to write;"),
        ("classify", "MODEL is missing", "MODEL: A model file"),
        ("lda", "no such command: lda", "nlpcli calls it train-topics;"),
        ("bert", "no such command: bert", "nlpcli calls it train-mlm;"),
        ("mask", "no such command: mask", "nlpcli calls it fill-mask;"),
        ("train-topics --n_components 9", "no such option: --n_components", "nlpcli calls it --num-topics;"),
        ("train-topics --passes 9", "no such option: --passes", "nlpcli calls it --iterations;"),
        ("train-topics --method lsi a -o b", "--method cannot be 'lsi'", "did you mean lsa?"),
        ("train-charlm --cell gpt a -o b", "--cell cannot be 'gpt'", "did you mean transformer?"),
        ("split --stratify label a", "no such option: --stratify", "nlpcli calls it --label-col;"),
        ("generate --max-new-tokens 9", "no such option: --max-new-tokens", "nlpcli calls it --length;"),
        ("index --append", "--append stands without its value", "--append MODEL: "),
        ("keywords a -n", "-n stands without its value", "-n N: "),
        ("inspect a b", "too many arguments: b", "nlpcli inspect takes one MODEL; of several, call it once"),
        ("split a b -o c", "too many arguments: b", "nlpcli split takes one FILE; of several, call it"),
        ("train-w2v -output w.vec a", "options of several letters begin with two dashes: --output,", "see"),
    ],
    ids=lambda value: value if " " in value else None,
)  # fmt: skip
def test_what_was_meant_is_told(nlpcli, arguments, said, hint):
    told = nlpcli(*arguments.split(), code=2).err.splitlines()
    assert told[0].startswith(f"error: {said}") and told[1].startswith(f"hint: {hint}"), told
    assert len(told) == 2


def test_the_table_of_peers_speaks_of_what_there_is():
    assert {*peers.COMMANDS_OF_PEERS.values()} <= {*COMMANDS} and not {*peers.COMMANDS_OF_PEERS} & {*COMMANDS}
    options = {name for command in COMMANDS for one in described(command_of(command)) for name in one.names}
    wanted = {ours for several in peers.OPTIONS_OF_PEERS.values() for ours in several} - {"FILE"}
    assert wanted <= options, wanted - options
    for peer in (*peers.OPTIONS_OF_PEERS, *peers.COMMANDS_OF_PEERS):
        assert peers.spelt_as_ours(peer) == peer
    values = {
        choice for command in COMMANDS for one in described(command_of(command)) for choice in one.choices
    }
    assert {ours for several in peers.VALUES_OF_PEERS.values() for ours in several} <= values


def test_python_tells_what_was_meant_too():
    with pytest.raises(
        TypeError, match=r"train_w2v\(\) has no argument 'vector_size': nlpcli calls it 'dim'"
    ):
        nlpcli.train_w2v("a", "b.safetensors", vector_size=3)
    with pytest.raises(TypeError, match="nlpcli calls it 'num_topics'"):
        nlpcli.train_topics("a", "b", n_components=3)
    with pytest.raises(AttributeError, match="no attribute 'lda': nlpcli calls it train_topics"):
        _ = nlpcli.lda
    with pytest.raises(AttributeError, match=r"no attribute 'keyword': did you mean keywords\?"):
        _ = nlpcli.keyword
    assert not hasattr(nlpcli, "nothing_like_it")


def test_the_nearest_value():
    assert nearest("Skip_Gram", ["skipgram", "cbow"]) == "skipgram"
    assert nearest("CBOW", ["skipgram", "cbow"]) == "cbow"
    assert nearest("nothing", ["skipgram", "cbow"]) == ""
