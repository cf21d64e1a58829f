"""Frozen dataclasses whose methods are written once.

`dataclass(frozen=True)` compiles six functions for every class, which takes half a millisecond: too long for
the thirty classes of a command that only cuts a line into words. Here the same functions are inherited, and
go by the class's fields. For what is made a few times, such as settings: each object takes microseconds.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

Kind = TypeVar("Kind", bound=type[Any])


class _Signature:
    """The signature of a class, of its fields, made when it is asked for."""

    def __get__(self, instance: object, kind: type[Any]) -> inspect.Signature:
        return inspect.Signature(
            [
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.POSITIONAL_OR_KEYWORD,
                    default=_default(field, inspect.Parameter.empty),
                    annotation=field.type,
                )
                for field in dataclasses.fields(kind)
            ],
            return_annotation=None,
        )


class Frozen:
    """What the classes that `frozen` makes inherit: making, comparing, hashing and showing them."""

    if TYPE_CHECKING:  # what typing knows a dataclass by
        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    else:
        __signature__ = _Signature()

    def __init__(self, *values: Any, **named: Any) -> None:
        fields = dataclasses.fields(self)
        name = f"{type(self).__qualname__}.__init__()"
        if len(values) > len(fields):
            raise TypeError(
                f"{name} takes {len(fields) + 1} positional arguments but {len(values) + 1} were given"
            )
        for field, value in zip(fields, values, strict=False):
            if field.name in named:
                raise TypeError(f"{name} got multiple values for argument {field.name!r}")
            self.__dict__[field.name] = value
        for field in fields[len(values) :]:
            value = named.pop(field.name) if field.name in named else _default(field, dataclasses.MISSING)
            if value is dataclasses.MISSING:
                raise TypeError(f"{name} missing 1 required positional argument: {field.name!r}")
            self.__dict__[field.name] = value
        for unknown in named:
            raise TypeError(f"{name} got an unexpected keyword argument {unknown!r}")
        self.__post_init__()

    def __post_init__(self) -> None:
        """Check the values, where a class does."""

    def __setattr__(self, name: str, value: object) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self))
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self))


def _default(field: dataclasses.Field[Any], missing: Any) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return missing if field.default is dataclasses.MISSING else field.default


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(kind: Kind) -> Kind:
    """`dataclass(frozen=True)` for a class that is based on `Frozen`."""
    dataclasses.dataclass(init=False, repr=False, eq=False)(kind)
    return kind
