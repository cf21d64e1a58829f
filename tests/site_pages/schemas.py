"""The page of schemas: every header field and array of every kind of file, as the code declares them."""

import re
from pathlib import Path

from nlpcli.engine.io.header_fields import Field
from nlpcli.engine.io.model_file import read_info
from nlpcli.engine.io.schemas.by_kind import NEWEST, SCHEMAS, schema_of

MODELS = Path(__file__).parents[1] / "models"
HEAD = """# Schemas of model files

What the code declares of each kind of file, and compares a file with before it uses a number of it.
[Model files](MODEL_FILES.md) says what the arrays mean. A shape names sizes: the first array of a size
decides it, all others must agree. Where the arrays depend on the header (layers, cells, heads), those of a
small file of the kind stand here.
"""


def page():
    """The whole page."""
    return "\n".join([HEAD, *map(section, SCHEMAS)])


def section(kind):
    """What is declared of a kind of file."""
    fields = schema_of(kind).fields
    optional = [
        name for name, field in fields.items() if field.default is not Field._field_defaults["default"]
    ]
    needed = [name for name in fields if name not in optional]
    lines = [f"## {kind}\n", f"Format {NEWEST.get(kind, 1)}. Header: {_listed(needed)}."]
    lines += [f"It may lack {_listed(optional)}."] if optional else []
    rows = [
        f"| `{name}` | {' or '.join(array.dtypes)} | {_shape(array.shape)} | {_told(array)} |"
        for name, array in arrays(kind).items()
    ]
    return "\n".join([*lines, "\n| array | type | shape | values |", "|---|---|---|---|", *rows, ""])


def arrays(kind):
    """The arrays of a kind, or of the small file of that kind that comes with the tests."""
    schema = schema_of(kind)
    if not callable(schema.arrays):
        return schema.arrays
    path = str(MODELS / f"{kind}.safetensors")
    return schema.arrays_for(schema.read_header(path, read_info(path).header))


def _listed(names):
    return ", ".join(f"`{name}`" for name in names)


def _shape(shape):
    return f"[{', '.join(str(length).replace('+', ' + ') for length in shape)}]"


def _told(array):
    told = [re.sub(r"\d{10,}", _power, check.words) for check in array.checks]
    return "; ".join([*told, *(["may be absent"] if array.optional else [])])


def _power(found):
    """A large bound as a power of two, where it is one or the number before it."""
    bound = int(found[0])
    exponent = bound.bit_length() - (bound & (bound - 1) == 0)
    return {0: f"2^{exponent}", 1: f"2^{exponent} − 1"}.get((1 << exponent) - bound, found[0])
