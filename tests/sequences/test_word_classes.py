import numpy as np
import pytest

from nlpcli.engine.kernels.tagging.arguments import CLASS_FEATURES, FEATURES
from nlpcli.engine.sequences.word_classes import read_classes
from nlpcli.engine.tagging.features import hashes_of, text_of
from nlpcli.engine.tagging.linear_tagger import LinearTagger
from nlpcli.engine.tagging.training import train
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.tagging import TaggerSettings


@pytest.fixture
def files(tmp_path):
    (tmp_path / "fine").write_text("word\tcluster\tdistance\nparis\t3\t0.1\nulm\t3\t0.2\neats\t1\t0.2\n")
    (tmp_path / "coarse").write_text("paris\t0\nulm\t0\nran\t2\n")
    (tmp_path / "brown").write_text("0000001\tparis\t12\n0000000\tulm\t3\n11\teats\t2\n")
    return lambda *names: [str(tmp_path / name) for name in names]


def of(classes, word):
    (place,) = np.flatnonzero(classes.hashes == hashes_of([word])[0])
    return classes.numbers[place].tolist()


def test_classes_of_cluster_and_of_brown(files):
    classes = read_classes(files("fine", "coarse"))
    assert len(classes.hashes) == 4 and (np.diff(classes.hashes) > 0).all()
    assert of(classes, "paris") == of(classes, "ulm") != of(classes, "eats")
    assert of(classes, "ran")[0] == 0 and of(classes, "eats")[1] == 0
    brown = read_classes(files("brown"))
    assert of(brown, "paris")[0] != of(brown, "ulm")[0] and of(brown, "paris")[1] == of(brown, "ulm")[1]


def test_words_are_looked_up_as_they_are_written_and_in_lower_case(files):
    classes = read_classes(files("fine"))
    plain, text = text_of([["Paris", "ULM", "x"]]), text_of([["Paris", "ULM", "x"]], classes)
    assert plain.features.shape[1] == FEATURES and text.features.shape[1] == FEATURES + CLASS_FEATURES
    assert (text.features[:, :FEATURES] == plain.features).all()
    own = text.features[:, FEATURES]
    assert own[0] == own[1] != own[2]


def test_a_rare_word_is_tagged_like_its_class_and_the_file_keeps_the_classes(files, tmp_path):
    words = [["Kim", "saw", "Paris"], ["Kim", "eats", "rice"]] * 9
    tags = [["P", "V", "L"], ["P", "V", "N"]] * 9
    model = train(words, tags, "tag", TaggerSettings(hash_bits=12), classes=read_classes(files("fine")))
    model.save(tmp_path / "m")
    loaded = LinearTagger.load(tmp_path / "m")
    assert loaded.tag([["Kim", "saw", "ulm"]]) == model.tag([["Kim", "saw", "ulm"]])
    assert loaded.tag([["Kim", "saw", "ulm"]]) == [["P", "V", "L"]]


@pytest.mark.parametrize("text", ["paris\n", "\t3\n", "paris\t\n", ""])
def test_lines_without_a_class_are_errors(tmp_path, text):
    (tmp_path / "f").write_text(text)
    with pytest.raises(InputError) as caught:
        read_classes([str(tmp_path / "f")])
    assert "word<TAB>class" in caught.value.message or "is empty" in caught.value.message
    with pytest.raises(SettingsError, match="one file, or two"):
        read_classes(["a", "b", "c"])
