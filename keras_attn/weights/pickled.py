"""Reads arrays out of a pickled `.npy` file. No unpickler is involved, so nothing in it can run.

A pickle is a program for a small stack machine. The one here knows strings, numbers, lists, dicts,
tuples and what NumPy writes for an array, and makes an array of plain bytes alone: `pickle` itself
would hand a file the real `numpy.ndarray`, with which it can build an array of made-up pointers.
"""

import io
import math
import pickletools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_attn.errors import InputError

EXPECTED = "a .npy file with a dict of lists of arrays, pickled"
MOST_STEPS = 100_000
"""Most instructions of a pickle: each may claim some memory. Networks need a few hundred."""

RECONSTRUCT, ARRAY, TYPE = "numpy.core.multiarray._reconstruct", "numpy.ndarray", "numpy.dtype"
KNOWN = {
    "numpy.core.multiarray _reconstruct": RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": RECONSTRUCT,  # as NumPy 2 calls it
    "numpy ndarray": ARRAY,
    "numpy dtype": TYPE,
}
"""All names that a pickle may ask for, as they stand in it; it gets words of ours for them."""


class _Refused(ValueError):
    """The pickle asks for something that builds no array."""


@dataclass(frozen=True)
class _Name:
    """Stands for what a pickle asks for by name."""

    name: str


@dataclass(eq=False)
class _Type:
    """A type of array elements: its code, such as f4, and its byte order once that is told."""

    code: str
    order: str = "|"

    @property
    def numbers(self):
        """The NumPy type, of numbers alone."""
        if not re.fullmatch("f[248]|[iu][1248]", self.code) or self.order not in "<>|=":
            raise ValueError("ndarray in place of an array of numbers")
        return np.dtype(self.order + self.code)


@dataclass(eq=False)
class _Array:
    """An array that a pickle describes: its shape, type, order of axes, and bytes or objects."""

    shape: tuple = ()
    type: _Type | None = None
    by_columns: bool = False
    content: bytes | list | None = None

    def numbers(self):
        """The array of numbers; `ValueError` where the bytes are not those of shape and type."""
        if self.type is None:
            raise ValueError("an array without content")
        kind, shape = self.type.numbers, self.shape
        if not isinstance(self.content, bytes) or not all(_is_count(side) for side in shape):
            raise ValueError("an array without shape or bytes")
        if math.prod(shape) * kind.itemsize != len(self.content):
            raise ValueError(f"{len(self.content)} bytes for an array {shape} of {kind}")
        flat = np.frombuffer(self.content, kind)
        return flat.reshape(shape, order="F" if self.by_columns else "C")


def _is_count(value):
    return isinstance(value, int) and 0 <= value < 2**31


def read_pickled_npy(path):
    """Arrays by layer of such a file: `{layer: [array, ...]}`, with names of bytes decoded.

    Raises `InputError` that names what the pickle asks for beyond that, and for any other file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, EXPECTED, "a folder" if path.is_dir() else "no such file")
    content = io.BytesIO(path.read_bytes())
    try:
        version = np.lib.format.read_magic(content)
        if version != (1, 0):
            raise InputError(path, f"{EXPECTED}, of version 1.0", f"version {version}")
        shape, _, kind = np.lib.format.read_array_header_1_0(content)
        if not kind.hasobject or shape != ():
            raise InputError(path, EXPECTED, f"an array of type {kind} and shape {shape}")
        layers = _only_object(_Machine().run(content))
        found = {_text(name): [_numbers(array) for array in layers[name]] for name in layers}
        _check_size(found, content)
        return found
    except InputError:
        raise
    except _Refused as error:
        expected = f"{EXPECTED}, that calls for nothing but NumPy arrays"
        raise InputError(path, expected, error) from error
    except Exception as error:  # a damaged pickle leads to errors of any kind
        received = f"a file that cannot be read ({type(error).__name__}: {error})"
        raise InputError(path, EXPECTED, received) from error


def _only_object(outer):
    """The dict that the array without axes holds, which is all of the file."""
    if not isinstance(outer, _Array) or not isinstance(outer.content, list):
        raise ValueError("no array with an object in it")
    (layers,) = outer.content
    if not isinstance(layers, dict):
        raise ValueError(f"{type(layers).__name__} in place of a dict")
    return layers


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)


def _numbers(array):
    if not isinstance(array, _Array):
        raise ValueError(f"{type(array).__name__} in place of an array of numbers")
    return array.numbers()


def _check_size(layers, content):
    """Refuse arrays that share their bytes, which a copy of each would multiply."""
    size = sum(array.nbytes for arrays in layers.values() for array in arrays)
    if size > len(content.getbuffer()):
        raise ValueError(f"{size} bytes of arrays in a smaller file")


class _Machine:
    """The stack machine of pickles, without any way out of it."""

    def __init__(self):
        self.stack, self.marked, self.memo = [], [], {}

    def run(self, content):
        """What the pickle in a binary file builds."""
        for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if count >= MOST_STEPS:
                raise _Refused(f"more than {MOST_STEPS} instructions")
            if opcode.name in CONSTANTS:
                self.stack.append(CONSTANTS[opcode.name])
            elif opcode.name in ARGUMENTS:
                self.stack.append(argument)
            elif opcode.name in STEPS:
                STEPS[opcode.name](self, argument)
            else:
                raise _Refused(f"the instruction {opcode.name}, which was not carried out")
        (result,) = self.stack
        return result

    def push(self, value):
        """Put a value on the stack."""
        self.stack.append(value)

    def since_mark(self):
        """What has been put on the stack since the last mark, taken from it."""
        items, self.stack = self.stack, self.marked.pop()
        return items

    def mark(self, _):
        """Begin a series of items."""
        self.marked.append(self.stack)
        self.stack = []

    def text_of_python_2(self, argument):
        """Strings of Python 2 are bytes, among them those of arrays."""
        self.stack.append(argument.encode("latin-1"))

    def name(self, argument):
        """Ask for a name, given as one text."""
        if argument not in KNOWN:
            raise _Refused(f"a call for {argument.replace(' ', '.')}, which was not made")
        self.stack.append(_Name(KNOWN[argument]))

    def name_on_stack(self, _):
        """Ask for a name whose two parts are on the stack."""
        module, name = self.stack[-2:]
        del self.stack[-2:]
        self.name(f"{module} {name}")

    def last(self, count):
        """Make a tuple of the last items."""
        items = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def call(self, _):
        """Make an array or a type that is to be filled."""
        arguments, asked = self.stack.pop(), self.stack.pop()
        if asked == _Name(RECONSTRUCT) and arguments[0] == _Name(ARRAY):
            self.stack.append(_Array())
        elif asked == _Name(TYPE):
            self.stack.append(_Type(_text(arguments[0])))
        else:
            raise _Refused("a call that builds no array, which was not made")

    def fill(self, _):
        """Give the array or type on the stack what it consists of."""
        state, made = self.stack.pop(), self.stack[-1]
        if isinstance(made, _Array):
            _, made.shape, made.type, made.by_columns, made.content = state
        elif isinstance(made, _Type):
            _, order, *described = state
            if described[:3] != [None, None, None]:
                raise _Refused("an array of records")
            made.order = _text(order)
        else:
            raise _Refused("an object that is no array")

    def put(self, place):
        """Remember the last item under a number."""
        self.memo[len(self.memo) if place is None else place] = self.stack[-1]

    def get(self, place):
        """Put a remembered item on the stack."""
        self.stack.append(self.memo[place])

    def extend(self, items):
        """Put items into the list on the stack."""
        if not isinstance(self.stack[-1], list):
            raise ValueError("items for something that is no list")
        self.stack[-1].extend(items)

    def update(self, items):
        """Put names and values, which take turns, into the dict on the stack."""
        if not isinstance(self.stack[-1], dict) or len(items) % 2:
            raise ValueError("names and values for something that is no dict")
        for name, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(name, (str, bytes)):
                raise ValueError(f"a name that is {type(name).__name__}")
            self.stack[-1][name] = value

    def taken(self, count):
        """The last items, taken from the stack."""
        self.last(count)
        return self.stack.pop()


CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
"""Instructions that put a fixed value on the stack."""
ARGUMENTS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
}
"""Those that put a value on the stack that stands behind them in the file."""
STEPS = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, argument: None),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _Machine.text_of_python_2),
    "MARK": _Machine.mark,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_on_stack,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.fill,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "LIST": lambda machine, _: machine.push(machine.since_mark()),
    "TUPLE1": lambda machine, _: machine.last(1),
    "TUPLE2": lambda machine, _: machine.last(2),
    "TUPLE3": lambda machine, _: machine.last(3),
    "APPEND": lambda machine, _: machine.extend(machine.taken(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.update(machine.taken(2)),
    "SETITEMS": lambda machine, _: machine.update(machine.since_mark()),
}
"""All other instructions that are carried out."""
