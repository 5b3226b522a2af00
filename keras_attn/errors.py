"""The error for bad input with the wording its messages keep, and that of a run gone wrong."""

from collections.abc import Collection, Iterable
from typing import TypeVar

T = TypeVar("T")


class InputError(ValueError):
    """An argument or a file is not what was expected.

    Commands print its message alone, without a trace; in Python it is a `ValueError`.
    """

    def __init__(self, where: object, expected: object, received: object) -> None:
        """`where` names the file or argument; the message says what was expected and received."""
        super().__init__(f"{where}: expected {expected}. Received: {received}.")
        self.parts = (str(where), str(expected), str(received))

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        # By default an exception is made anew from its message alone, which fails here and with
        # it the pool of processes that the error was raised in.
        return type(self), self.parts


class NotFinite(InputError):
    """A map that a network has made holds NaN or infinite values."""


def listing(names: Iterable[object], most: int = 12) -> str:
    """`names` in one line for a message; what exceeds `most` is counted."""
    shown = [str(name) for name in names]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {rest} more" if rest > 0 else "") if shown else "none"


def one_of(where: str, value: T, allowed: Collection[T]) -> T:
    """Return `value` if it is one of the `allowed` names; otherwise raise `InputError`."""
    if value not in allowed:
        raise InputError(where, f"one of {', '.join(map(repr, allowed))}", repr(value))
    return value


class TrainingStopped(RuntimeError):
    """A run that cannot go on, with what may be done about it; commands print the message alone."""
