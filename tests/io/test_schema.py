"""No file reaches a kernel or a settings class before it was compared with the schema of its kind."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlpcli.engine.io import model_file
from nlpcli.engine.io.schemas.by_kind import SCHEMAS, schema_of
from nlpcli.engine.loading import READERS, SENTENCEPIECE, SUPERVISED, VECTOR_FILE
from nlpcli.errors import ModelError, NlpcliError
from tests.fuzz.forging import VALUES, written_model

ROOT = Path(__file__).parents[2]
MODELS = sorted((ROOT / "tests" / "models").glob("*.safetensors"))
CASES = ROOT.parent / "shared" / "cases"
DOCUMENT = (ROOT / "docs" / "MODEL_FILES.md").read_text()
by_model = pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)


def parts_of(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    info = model_file.read_info(path)
    tensors = {
        name: np.array(array) for name, array in model_file._map_tensors(info, [*info.tensors]).items()
    }
    return {**info.header, "kind": info.kind, "format": 1, "sha256": info.sha256}, tensors


def test_every_kind_but_the_foreign_ones_has_a_schema():
    assert {*SCHEMAS} == {*READERS} - {SENTENCEPIECE, SUPERVISED, VECTOR_FILE}


@by_model
def test_every_array_and_field_of_a_file_is_described(path: Path):
    model = model_file.read_model(path, model_file.read_info(path).kind)
    schema = schema_of(model.kind)
    assert {*model.header} == {*model.header} & {*schema.fields}
    assert {*model_file.read_info(path).tensors} == {*model.tensors}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_document_tells_every_field_and_array_of_a_schema(kind: str):
    schema = schema_of(kind)
    stored = ROOT / "tests" / "models" / f"{kind}.safetensors"
    fields = model_file.read_model(stored, kind).fields if callable(schema.arrays) else {}
    said = DOCUMENT if kind == "co-occurrence counts" else _row(kind)
    for name in (*schema.fields, *schema.arrays_for(fields)):
        name = re.sub(r"\d+", "N", re.sub(r"^(now|best|mean|last|exp_avg|exp_avg_sq)/", "", name))
        base, _, part = name.partition(".")
        told = f"`{name}`" in said or (f"`{base}`" in said and f"`.{part}`" in said)
        common = name.startswith("vocabulary.") or name in ("settings", "analysis", "format")
        assert told or (common and f"`{name}`" in DOCUMENT), f"{kind}: {name}"


def _row(kind: str) -> str:
    """What the table says of a kind, with the rows it refers to."""
    rows = {line.split("`")[1]: line for line in DOCUMENT.splitlines() if line.startswith("| `")}
    order = list(rows)
    text = rows[kind]
    before = order.index(kind)
    while "as above" in text and before:
        before -= 1
        text += rows[order[before]]
        if "as above" not in rows[order[before]]:
            break
    return text


@by_model
def test_an_array_that_is_missing_or_of_another_type_or_length_is_refused(path: Path, tmp_path: Path):
    record, tensors = parts_of(path)
    optional = {name for name, array in _arrays(path).items() if array.optional}
    for name, array in tensors.items():
        other_type = np.uint32 if array.dtype == np.uint16 else np.uint16
        for changed in ({}, {name: array[:-1]}, {name: array.astype(other_type)}, {name: array[None]}):
            if not changed and name in optional:
                continue
            of_any_length = name in ("known_words", "words") or (path.stem, name) == ("morphemes", "weights")
            of_any_length |= name.endswith(".packed")  # refused where it is unpacked
            if of_any_length and changed and changed[name].shape == array[:-1].shape:
                continue  # a set, or a hash table, of its own
            if name == "features.large" and not len(array) and changed and changed[name].dtype == array.dtype:
                continue
            rest = {other: kept for other, kept in tensors.items() if other != name}
            _refused(tmp_path, record, {**rest, **changed}, f"{name} {changed}")


@by_model
def test_numbers_that_are_none_and_places_outside_are_refused(path: Path, tmp_path: Path):
    record, tensors = parts_of(path)
    for name, array in tensors.items():
        if not array.size or array.dtype.name in ("uint8", "int8") or name in _ANY_NUMBER:
            continue
        wrong = (np.nan, np.inf, 1e30) if array.dtype.kind == "f" else (-1, np.iinfo(array.dtype).max)
        wrong = wrong[1:] if array.dtype.kind == "u" else wrong
        for value in wrong[:2] if array.dtype == np.float16 else wrong:
            if (value == -1 and name == "transitions") or array.dtype.name == "int16":
                continue
            if value == np.iinfo(np.int32).max and array.dtype == np.int32 and name in _ANY_INT32:
                continue
            forged = array.copy()
            forged.reshape(-1)[-1] = value
            _refused(tmp_path, record, {**tensors, name: forged}, f"{name} {value}")


# Of a tagger's checkpoint only the training that goes on knows how many rows there are.
# Hashes, and what a perceptron has summed up.
_ANY_NUMBER = (
    "postings.packed",
    "features.keys",
    "blend.features.keys",
    "known_words",
    "words",
    "classes.words",
    "sums",
    "transition_sums",
)
_ANY_INT32 = ("lengths", "lines", "postings.counts", "rows")


@by_model
def test_strings_that_are_not_utf8_are_refused(path: Path, tmp_path: Path):
    record, tensors = parts_of(path)
    # Names of files may be of any bytes, and so may words of word2vec's own files.
    free = ("files.bytes", "vocabulary.bytes") if record["kind"] == "vectors" else ("files.bytes",)
    for name in (name for name in tensors if name.endswith(".bytes") and name not in free):
        for content in (b"\xff", b"\xed\xa0", b"\x80"):
            forged = tensors[name].copy()
            forged[: len(content)] = np.frombuffer(content, np.uint8)
            _refused(tmp_path, record, {**tensors, name: forged}, f"{name} {content!r}")


@by_model
def test_a_header_field_of_another_type_is_refused(path: Path, tmp_path: Path):
    record, tensors = parts_of(path)
    schema = schema_of(record["kind"])
    for name, field in schema.fields.items():
        for value in VALUES:
            try:
                json.dumps(value)
                field.read(value)
            except (NlpcliError, ValueError):
                _refused(tmp_path, {**record, name: value}, tensors, f"{name} {value!r:.40}")


def _arrays(path: Path) -> Any:
    model = model_file.read_model(path, model_file.read_info(path).kind)
    return schema_of(model.kind).arrays_for(model.fields)


def _refused(folder: Path, record: dict[str, Any], tensors: dict[str, Any], what: str) -> None:
    (folder / "forged.safetensors").write_bytes(written_model(record, tensors))
    try:
        with pytest.raises(ModelError) as caught:
            model_file.read_model(folder / "forged.safetensors", (*SCHEMAS, str(record["kind"])))
    except pytest.fail.Exception as missed:
        raise AssertionError(f"{what} is not refused") from missed
    assert "\n" not in caught.value.message, what


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 1e999}', '{"a": -Infinity}', "[" * 100_000, '{"a": 1']
)
def test_what_is_no_json_is_refused(text: str):
    with pytest.raises((ValueError, RecursionError)):
        model_file.parse_json(text)


def test_the_version_of_a_library_may_not_smuggle_a_command_into_a_hint():
    from nlpcli.settings.text import AnalysisSettings

    for name, version in (("x; rm -rf ~", "1"), ("nltk", "1; rm"), ("", "1"), ("../x", "1"), ("a\nb", "1")):
        with pytest.raises(ModelError, match="library versions"):
            AnalysisSettings.from_record({"libraries": {name: version}})


@pytest.mark.skipif(not CASES.is_dir(), reason="the forged files are not here")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("counts-below-one-unit.npz", ("merge", "FILE", "FILE", "-o", "o.npz")),
        ("glove_128_convert.safetensors", ("convert", "FILE", "o.txt")),
        ("ft_15_convert.safetensors", ("convert", "FILE", "o.txt")),
        ("sub_13_detokenize.model", ("detokenize", "--model", "FILE", "-")),
        ("co_101_merge.npz", ("merge", "FILE", "FILE", "-o", "o.npz")),
        ("w2v_127_train-w2v.safetensors", ("train-w2v", "-", "--resume", "FILE", "-o", "o.safetensors")),
        ("vectorizer_22_vectorize.safetensors", ("vectorize", "--model", "FILE", "-")),
        ("w2v_132_train-w2v.safetensors", ("train-w2v", "-", "--resume", "FILE", "-o", "o.safetensors")),
        ("charlm_46_perplexity.safetensors", ("perplexity", "FILE", "-")),
    ],
)
def test_the_files_that_once_hurt_do_no_more(nlpcli, name: str, arguments: tuple[str, ...]):
    given = [str(CASES / name) if part == "FILE" else part for part in arguments]
    done = nlpcli(*given, input="the king drinks tea\n" * 9, code=1)
    assert done.err.startswith("error: ") and "Warning" not in done.err
