"""What may stand in a field of a configuration: its type, and for numbers their limits.

A number is positive, unless the type of its field says otherwise: `NonNegative`, `Share` and the
like, or any `Annotated[float, Limits(...)]`.
"""

from __future__ import annotations

import math
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from keras_attn.configs.names import Name
from keras_attn.errors import InputError


@dataclass(frozen=True)
class Limits:
    """Numbers from 0 on. zero: whether that is one of them. below: what they are below, if any."""

    zero: bool = False
    below: float | None = None

    def broken_by(self, number: float) -> str | None:
        """What was expected, where a number is not within them; None where it is."""
        if self.below is not None and not number < self.below:
            return f"a share below {self.below:g}"
        if math.isfinite(number) and (number > 0 or (self.zero and number == 0)):
            return None
        return "0 or more" if self.zero else "a positive number"


POSITIVE = Limits()
NonNegative = Annotated[float, Limits(zero=True)]
Count = Annotated[int, Limits(zero=True)]
"""A whole number from 0 on, such as a seed."""
Share = Annotated[float, Limits(below=1)]
ShareOrZero = Annotated[float, Limits(zero=True, below=1)]


def check(where: str, value: Any, hint: Any) -> None:
    """Raise `InputError`, which names `where`, for a value that a field of the type cannot have."""
    if not fits(value, hint):
        raise InputError(where, _wording(hint), repr(value))
    for number, limits in _numbers(value, hint):
        expected = limits.broken_by(number)
        if expected is not None:
            raise InputError(where, expected, repr(number))


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of the type `hint`; limits of numbers are left aside."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return fits(value, inner[0])
    if origin is Literal:
        return value in inner
    if is_name(hint):
        return hint.allows(value)
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and _fit_each(value, _of_each(value, inner))
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is Path:
        return isinstance(value, (str, Path))
    return isinstance(value, hint)


def _fit_each(values: tuple[Any, ...], hints: tuple[Any, ...]) -> bool:
    return len(values) == len(hints) and all(map(fits, values, hints))


def _of_each(values: tuple[Any, ...], hints: tuple[Any, ...]) -> tuple[Any, ...]:
    """The types of the values of a tuple; tuple[X, ...] is of any length."""
    return hints[:1] * len(values) if hints[-1] is Ellipsis else hints


def _numbers(value: Any, hint: Any, limits: Limits = POSITIVE) -> Iterator[tuple[float, Limits]]:
    """Pairs of each number in a value that fits its type, and the limits of it."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        found = [one for one in inner[1:] if isinstance(one, Limits)]
        yield from _numbers(value, inner[0], *found[:1])
    elif origin in (Union, types.UnionType):
        yield from _numbers(value, next(one for one in inner if fits(value, one)), limits)
    elif origin is tuple:
        for one, of in zip(value, _of_each(value, inner), strict=True):
            yield from _numbers(one, of, limits)
    elif hint in (int, float):
        yield value, limits


def is_name(hint: Any) -> bool:
    """Whether a type is that of names out of a registry."""
    return isinstance(hint, type) and issubclass(hint, Name)


def _wording(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        return _wording(get_args(hint)[0])
    if is_name(hint):
        return f"one of {', '.join(map(repr, hint.allowed()))}"
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(repr, get_args(hint)))}"
    return f"a value of type {_plain(hint)}"


def _plain(hint: Any) -> str:
    """A type as one writes it, without the limits of its numbers."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _plain(inner[0])
    if origin in (Union, types.UnionType):
        return " | ".join(map(_plain, inner))
    if origin is tuple:
        return f"tuple[{', '.join('...' if one is Ellipsis else _plain(one) for one in inner)}]"
    return "None" if hint is type(None) else getattr(hint, "__name__", str(hint))
