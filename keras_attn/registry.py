"""What a name stands for: backbones, datasets, mechanisms and all else that one may add to.

Each kind of thing has one `Registry`. This package's own things and those of plug-ins come into it
in the same way, by `register`. Loads neither Keras nor TensorFlow.
"""

import functools
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from keras_attn import plugins
from keras_attn.errors import InputError, one_of

PACKAGE = Path(__file__).parent
NAME = re.compile(r"[A-Za-z0-9][\w.+-]*", re.ASCII)


class Registry(Mapping[str, Any]):
    """The things of one kind by name, in a fixed order: this package's own, then those of others.

    Args:
        kind: What messages call one, such as "backbone".
        home: The folder within this package that has a file for each of its own, called by its
            name, such as "models/backbones"; a file is imported when its thing is asked for. None
            where all of them are registered by the module that makes the registry.
        first: Names that come first, in the order of the paper.

    Example:

    >>> import keras_attn as ka
    >>> list(ka.mechanisms.NAMED)[:3]
    ['activation', 'softmax', 'sigmoid']
    >>> ka.mechanisms.NAMED["human"].source
    'gaze'
    """

    def __init__(self, kind: str, home: str | None = None, first: Iterable[str] = ()) -> None:
        self.kind, self.home, self.first = kind, home, tuple(first)
        self._things: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Registry({self.kind!r}, {list(self)})"

    def __iter__(self) -> Iterator[str]:
        plugins.load()
        ahead = [name for name in self.first if name in self.own or name in self._things]
        return iter(dict.fromkeys((*ahead, *self.own, *self._things)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        # Plug-ins are asked for what this package has not alone: they may use what is asking.
        return name in self._things or name in self.own or any(name == one for one in self)

    def __getitem__(self, name: str) -> Any:
        if name not in self._things and name in self.own:
            importlib.import_module(self._file(name))
        if name not in self._things:
            plugins.load()
        return self._things[name]

    @functools.cached_property
    def own(self) -> list[str]:
        """Names of this package's own that have a file each, sorted; imports none of them."""
        if self.home is None:
            return []
        modules = pkgutil.iter_modules([str(PACKAGE / self.home)])
        return sorted(module.name for module in modules if not module.name.startswith("_"))

    def find(self, name: str, where: str | None = None) -> Any:
        """The thing of a name.

        Args:
            name: Of the thing.
            where: The argument or file that has the name, for messages; default the kind.

        Returns:
            What is registered under the name.

        Raises:
            InputError: Nothing is; the message lists what is.

        Example:

        >>> import keras_attn as ka
        >>> ka.mechanisms.NAMED.find("sigmoid", "--attentions").normalise
        'sigmoid'
        """
        return self[one_of(where or self.kind, name, tuple(self))]

    def add(self, thing: Any) -> Any:
        """Take in a thing under its `name`; `register` is what users call.

        Args:
            thing: An object with a `name`: letters, digits and any of `_ . + -`.

        Returns:
            The thing.

        Raises:
            InputError: The name is none, or another thing has it.

        Example:

        >>> from types import SimpleNamespace
        >>> from keras_attn.registry import Registry
        >>> scales = Registry("scale")
        >>> scales.add(SimpleNamespace(name="octave", step=2)).step
        2
        >>> list(scales)
        ['octave']
        """
        name = thing.name
        if not isinstance(name, str) or not NAME.fullmatch(name):
            expected = "letters, digits and any of _ . + - as its name"
            raise InputError(f"{self.kind} to register", expected, repr(name))
        taken = self._things.get(name)
        if taken is None and name in self.own and not self._is_own(thing):
            taken = self[name]
        if taken is not None and taken != thing and not _reloaded(taken, thing):
            expected = "a name that is not taken yet"
            raise InputError(f"{self.kind} to register", expected, repr(name))
        self._things[name] = thing
        return thing

    def _is_own(self, thing):
        """Whether a thing is of the file of this package that is called like it."""
        return any(module == self._file(thing.name) for _, module, _ in _functions(thing))

    def _file(self, name):
        """The module that is to register this package's own thing of a name."""
        return f"keras_attn.{self.home.replace('/', '.')}.{name}"


def _reloaded(taken, thing):
    """Whether both are of functions of the same names, some made anew, as by loading again."""
    before, now = _callables(taken), _callables(thing)
    alike = _functions(taken) == _functions(thing)
    return alike and any(before[field] is not now[field] for field in now)


def _functions(thing):
    """Module and name of each function, class or callable object that a thing has as a field."""
    return {
        (field, part.__module__, getattr(part, "__qualname__", type(part).__qualname__))
        for field, part in _callables(thing).items()
    }


def _callables(thing):
    """The fields of a thing that can be called, by name."""
    parts = getattr(thing, "__dict__", {}).items()
    return {name: part for name, part in parts if callable(part) and hasattr(part, "__module__")}


def register(*things: Any) -> Any:
    """Add things of any kind, such as a `models.Backbone` or a `Mechanism`, each under its `name`.

    From then on the name stands for it wherever one is accepted: in Python, in the options of every
    command, in the study and in tables.

    Args:
        things: Each of a class that this package has a registry of (docs/extending.md lists them).
            The same thing may come again, also out of a module that is loaded anew.

    Returns:
        The last thing, so that this may decorate one.

    Raises:
        InputError: A name is taken by another thing or is none; there is no registry of a thing;
            there are no things.

    Example:

    >>> import keras_attn as ka
    >>> cubes = ka.register(ka.Mechanism("cubes", "energy", "none", gate="none", p=3))
    >>> ka.mechanisms.get("cubes").p
    3
    """
    if not things:
        raise InputError("register", "at least one thing", "none")
    for thing in things:
        registry = getattr(type(thing), "registry", None)
        if not isinstance(registry, Registry):
            expected = "a thing that the package has a registry of (docs/extending.md)"
            raise InputError("thing to register", expected, f"a {type(thing).__name__}")
        registry.add(thing)
    return things[-1]
