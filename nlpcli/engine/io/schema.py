"""What a kind of file may hold, declared: header fields, arrays, their shapes and values; and the check.

Kernels and settings trust their callers, so nothing of a file reaches them before it was compared with
the schema of its kind (`schemas/` has one for each). Here is what schemas are made of:

    fields     what stands in the JSON header (`header_fields.py`): `Field(settings_of(AnalysisSettings))`
    arrays     `Array("int64", ("V+1",), offsets_into("vocabulary.bytes"))`: type, shape in named sizes
               (the first array of a size decides it, all others must agree), what is true of the values
    sizes      what the header says about sizes: {"dim": 100}
    relations  what must hold between all of these

Not here: how a file is laid out (`model_file.py`, `npz.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from nlpcli.engine.io.header_fields import LARGEST, Field, read_fields
from nlpcli.errors import ModelError, NlpcliError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    class Shaped(Protocol):
        """What tells its type and shape, as an array and as a header's claim of one do."""

        @property
        def dtype(self) -> Any:
            """The name of its numbers."""

        @property
        def shape(self) -> tuple[int, ...]:
            """Its lengths."""


AGAIN = "copy it or make it again; numbers from a damaged file cannot be trusted"
_BLOCK = 1 << 18  # numbers looked at while they are in the cache
_TEXT_BLOCK = 1 << 20

Sizes = Mapping[str, float]


# --- arrays ---------------------------------------------------------------------------------


class Held(NamedTuple):
    """What of a file is already known when values are looked at."""

    fields: Mapping[str, Any]
    sizes: Sizes
    arrays: Mapping[str, NDArray[Any]]


class Check(NamedTuple):
    """Something that is true of an array's values, in words, and whether it is."""

    words: str
    holds: Callable[[NDArray[Any], Held], bool]


class Array:
    """An array of a file: type (or types), shape, what is true of its values, whether it must be there.

    A length is a number, the name of a size, or a name and "+1".
    """

    def __init__(
        self,
        dtype: str | tuple[str, ...],
        shape: tuple[str | int, ...],
        *checks: Check,
        optional: bool = False,
    ) -> None:
        self.dtypes = (dtype,) if isinstance(dtype, str) else dtype
        self.shape = shape
        self.checks = checks
        self.optional = optional

    def bind(self, lengths: tuple[int, ...], sizes: dict[str, float]) -> bool:
        """Whether lengths are those of the shape; a size not known yet is taken from them."""
        if len(lengths) != len(self.shape):
            return False
        for wanted, length in zip(self.shape, lengths, strict=True):
            if isinstance(wanted, int):
                expected: float = wanted
            else:
                name, plus, _ = wanted.partition("+")
                more = len(plus)
                expected = sizes.setdefault(name, max(0, length - more)) + more
            if length != expected:
                return False
        return True

    def wrong(self, array: NDArray[Any], held: Held) -> str | None:
        """What is not true of the values, in words; None when all is well."""
        return next((check.words for check in self.checks if not check.holds(array, held)), None)


def _value(bound: float | str, held: Held) -> float:
    return held.sizes[bound] if isinstance(bound, str) else bound


def within(low: float | str, high: float | str) -> Check:
    """All values lie between two bounds, both allowed; a bound is a number or a size."""

    def holds(array: NDArray[Any], held: Held) -> bool:
        return not array.size or bool(array.min() >= _value(low, held) and array.max() <= _value(high, held))

    return Check(f"values from {low} to {high}", holds)


def below(size: str) -> Check:
    """All values are places in something of a size."""

    def holds(array: NDArray[Any], held: Held) -> bool:
        return not array.size or bool(array.min() >= 0 and array.max() < held.sizes[size])

    return Check(f"values from 0 to below {size}", holds)


def total_within(low: float, high: float) -> Check:
    """The sum of all values lies between two bounds."""

    def holds(array: NDArray[Any], held: Held) -> bool:  # noqa: ARG001
        return bool(low <= array.sum(dtype="float64") <= high)

    return Check(f"values that add up to {low:g} or more" if low else "values that are counts", holds)


def offsets_into(name: str) -> Check:
    """Values begin at 0, never fall, and end at the length of another array."""

    def holds(array: NDArray[Any], held: Held) -> bool:
        length = len(held.arrays[name]) if name in held.arrays else held.sizes[name]
        return bool(array[0] == 0 and array[-1] == length and (array[1:] >= array[:-1]).all())

    return Check(f"offsets into {name}", holds)


def _ascend(array: NDArray[Any], _held: Held) -> bool:
    return bool((array[1:] > array[:-1]).all())


def _finite(array: NDArray[Any], _held: Held) -> bool:
    """One pass at the speed of memory: a sum of squares shows nan and inf, and bounds every number."""
    import numpy as np

    flat = array.reshape(-1)
    if flat.dtype.kind != "f":
        return True
    fast = flat.dtype == np.float32
    most = flat.dtype.type(min(LARGEST, float(np.finfo(flat.dtype).max)))
    for start in range(0, len(flat), _BLOCK):
        block = flat[start : start + _BLOCK]
        with np.errstate(over="ignore", invalid="ignore"):
            if fast and np.dot(block, block) <= LARGEST**2:
                continue
            if not (np.abs(block) <= most).all():
                return False
    return True


def _nan_or_finite(array: NDArray[Any], _held: Held) -> bool:
    import numpy as np

    return bool((np.isnan(array) | (np.abs(array) <= LARGEST)).all())


def _utf8(array: NDArray[Any], _held: Held) -> bool:
    """Surrogates may stand alone, as in Python's `surrogatepass`; looked at some characters at a time."""
    start = 0
    while start < len(array):
        end = min(start + _TEXT_BLOCK, len(array))
        while end < len(array) and array[end] & 0xC0 == 0x80:
            end += 1
        try:
            str(array[start:end].data, "utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return False
        start = end
    return True


ASCENDING = Check("ascending values", _ascend)
FINITE = Check("finite numbers below 1e15", _finite)
NAN_OR_FINITE = Check("numbers", _nan_or_finite)
UTF8 = Check("UTF-8", _utf8)


def between_characters(name: str) -> Check:
    """Offsets never point into a character of UTF-8."""

    def holds(array: NDArray[Any], held: Held) -> bool:
        content = held.arrays[name]
        return not (content[array[array < len(content)]] & 0xC0 == 0x80).any()

    return Check("offsets between characters", holds)


def strings(name: str, size: str, *, any_bytes: bool = False, optional: bool = False) -> dict[str, Array]:
    """Strings packed end to end, and where each begins and the last ends; UTF-8, or of `any_bytes`."""
    content, offsets = f"{name}.bytes", offsets_into(f"{name}.bytes")
    return {
        content: Array("uint8", (f"bytes of {name}",), *(() if any_bytes else (UTF8,)), optional=optional),
        f"{name}.offsets": Array(
            "int64",
            (f"{size}+1",),
            offsets,
            *(() if any_bytes else (between_characters(content),)),
            optional=optional,
        ),
    }


# --- a kind of file -------------------------------------------------------------------------

Arrays = Mapping[str, Array]
Relation = Callable[[Held], str | None]  # what is wrong, in words


class Schema(NamedTuple):
    """All that is true of a kind of file.

    `arrays` may depend on the fields, and `sizes` are those that the fields tell.
    """

    fields: Mapping[str, Field]
    arrays: Arrays | Callable[[Mapping[str, Any]], Arrays]
    sizes: Callable[[Mapping[str, Any]], Sizes] = lambda _: {}
    never_empty: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()

    def arrays_for(self, fields: Mapping[str, Any]) -> Arrays:
        """The arrays of a file with these fields."""
        return self.arrays(fields) if callable(self.arrays) else self.arrays

    def read_header(self, path: str, header: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a header. Raises ModelError."""
        try:
            return read_fields(header, self.fields)
        except ValueError as error:
            raise ModelError(f"{path} is damaged: in its header, {error}", hint=AGAIN) from error
        except NlpcliError as error:
            raise ModelError(f"{path} cannot be used: {error.message}", hint=error.hint) from error

    def fit(self, path: str, fields: Mapping[str, Any], claims: Mapping[str, Shaped]) -> dict[str, float]:
        """The sizes of a file whose arrays have these types and shapes. Raises ModelError."""
        sizes = dict(self.sizes(fields))
        for name, array in self.arrays_for(fields).items():
            claim = claims.get(name)
            if claim is None:
                if not array.optional:
                    raise ModelError(f"{path} is damaged: it has no array {name}", hint=AGAIN)
            elif str(claim.dtype) not in array.dtypes or not array.bind(claim.shape, sizes):
                raise ModelError(
                    f"{path} is damaged: its array {name} is {claim.dtype} {list(claim.shape)}", hint=AGAIN
                )
        if not all(sizes[size] for size in self.never_empty):
            raise ModelError(f"{path} is damaged: it is empty", hint=AGAIN)
        return sizes

    def check(self, path: str, held: Held, names: Iterable[str]) -> None:
        """Look at the values of some arrays, and at what must hold between all. Raises ModelError."""
        arrays = self.arrays_for(held.fields)
        for name in names:
            if wrong := arrays[name].wrong(held.arrays[name], held):
                raise ModelError(f"{path} is damaged: its array {name} does not hold {wrong}", hint=AGAIN)
        for relation in self.relations:
            if complaint := relation(held):
                raise ModelError(f"{path} is damaged: {complaint}", hint=AGAIN)
