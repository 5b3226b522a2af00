"""The error for bad input with the wording its messages keep, and that of a run gone wrong."""

from collections.abc import Collection, Iterable
from typing import TypeVar

T = TypeVar("T")


class InputError(ValueError):
    """An argument or a file is not what was expected.

    Commands print its message alone, without a trace; in Python it is a `ValueError`.

    Args:
        where: the file or the argument.
        expected: what it should be, in words, and thereby what to do.
        received: what it is.

    Example:

    >>> import keras_attn as ka
    >>> print(ka.InputError("epochs", "a positive number", -1))
    epochs: expected a positive number. Received: -1.
    """

    def __init__(self, where: object, expected: object, received: object) -> None:
        super().__init__(f"{where}: expected {expected}. Received: {received}.")
        self.parts = (str(where), str(expected), str(received))

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        # By default an exception is made anew from its message alone, which fails here and with
        # it the pool of processes that the error was raised in.
        return type(self), self.parts


class NotFinite(InputError):
    """A map that a network has made holds NaN or infinite values.

    Args:
        where: the network, or its output.
        expected: what it should have made, in words.
        received: what it has made.

    Example:

    >>> from keras_attn.errors import NotFinite
    >>> print(NotFinite("attention", "finite values", "NaN"))
    attention: expected finite values. Received: NaN.
    """


def listing(names: Iterable[object], most: int = 12) -> str:
    """Names in one line for a message.

    Args:
        names: anything that has a text.
        most: how many are shown; the others are counted.

    Returns:
        A text; "none" of no names.

    Example:

    >>> from keras_attn.errors import listing
    >>> listing("abcd", most=2)
    'a, b and 2 more'
    """
    shown = [str(name) for name in names]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {rest} more" if rest > 0 else "") if shown else "none"


def one_of(where: str, value: T, allowed: Collection[T]) -> T:
    """A value that is one of some names.

    Args:
        where: what messages call it.
        value: what was received.
        allowed: all that it may be.

    Returns:
        The value as it is.

    Raises:
        InputError: It is none of these.

    Example:

    >>> from keras_attn.errors import one_of
    >>> one_of("gate", "map", ("none", "map"))
    'map'
    """
    if value not in allowed:
        raise InputError(where, f"one of {', '.join(map(repr, allowed))}", repr(value))
    return value


class TrainingStopped(RuntimeError):
    """A run that cannot go on, with what may be done about it; commands print the message alone.

    Args:
        args: the message.

    Example:

    >>> from keras_attn.errors import TrainingStopped
    >>> raise TrainingStopped("epoch 3: the loss became nan.")
    Traceback (most recent call last):
    keras_attn.errors.TrainingStopped: epoch 3: the loss became nan.
    """
