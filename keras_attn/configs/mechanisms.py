"""The mechanism that a configuration names: whether a run may have it, in files and back."""

from __future__ import annotations

from typing import Any

from keras_attn.errors import InputError
from keras_attn.mechanisms import MECHANISMS, NAMED, VARIANTS, Mechanism


def check_name(mechanism: Mechanism, where: str) -> None:
    """Refuse a mechanism that its name would not stand for in a run.

    That is one with the name of another, which rows and tables would take it for, and one with a
    module that is not registered, which could not be loaded again.

    Args:
        mechanism: the `Mechanism` of a configuration.
        where: what the error calls it.

    Raises:
        InputError: It is such a one.

    Example:

    >>> import keras_attn as ka
    >>> from keras_attn.configs.mechanisms import check_name
    >>> check_name(ka.Mechanism("my_softmax", source="module", normalise="softmax"), "attention")
    """
    registered = NAMED.get(mechanism.name)
    if registered is None and mechanism.module is not None:
        expected = (
            "a mechanism that keras_attn.register was given before, in a plug-in where processes "
            "are started, since a run finds its module by its name"
        )
        raise InputError(where, expected, repr(mechanism))
    if registered is not None and registered != mechanism:
        expected = f"another name for a mechanism that is not the registered {mechanism.name!r}"
        raise InputError(where, f"{expected}, which is {registered!r}", repr(mechanism))


def named(mechanism: Mechanism | str) -> Mechanism | str:
    """The name of a mechanism that others have registered; all else as it is.

    Args:
        mechanism: a name, or a `Mechanism`.

    Returns:
        A name, or the `Mechanism` itself where it is not registered or is one of this package.

    Example:

    >>> from keras_attn.configs.mechanisms import named
    >>> from keras_attn.mechanisms import get
    >>> named("human"), named(get("human")) == get("human")
    ('human', True)
    """
    if isinstance(mechanism, str) or _ours(mechanism.name):
        return mechanism
    return mechanism.name if NAMED.get(mechanism.name) == mechanism else mechanism


def _ours(name: str) -> bool:
    return name in MECHANISMS or name in VARIANTS


def to_plain(mechanism: Mechanism | str) -> str | dict:
    """What a configuration has, a name or a `Mechanism`, as plain values.

    The names of this package's own stay names; those of others come with what they stand for.

    Args:
        mechanism: a name of `NAMED`, or a `Mechanism`.

    Returns:
        A name, or a dict of fields that JSON can hold.

    Example:

    >>> from keras_attn.configs.mechanisms import to_plain
    >>> from keras_attn.mechanisms import get
    >>> to_plain("human"), to_plain(get("human"))["source"]
    ('human', 'gaze')
    """
    if isinstance(mechanism, str):
        return mechanism if _ours(mechanism) else NAMED[mechanism].to_dict()
    return mechanism.to_dict()


def from_plain(values: Any, where: Any) -> Mechanism | str:
    """The name or the `Mechanism` that `to_plain` has made `values` of.

    Args:
        values: what `to_plain` returned, as it was read from JSON.
        where: the file that has them.

    Returns:
        A name, or a `Mechanism` that has none here.

    Raises:
        InputError: A plug-in is missing, or the name stands for another mechanism here.

    Example:

    >>> from keras_attn.configs.mechanisms import from_plain, to_plain
    >>> from keras_attn.mechanisms import get
    >>> from_plain(to_plain(get("human")), "config.json") == get("human")
    True
    """
    if isinstance(values, (str, Mechanism)):
        return values
    values = dict(values)
    name, module = values["name"], values.pop("module", None)
    registered = NAMED.get(name)
    if registered is None and module is not None:
        expected = (
            f"the attention mechanism {name!r} with the module {module}, of a plug-in: "
            "name that by --plugin or KERAS_ATTN_PLUGINS, or call keras_attn.register before"
        )
        raise InputError(where, expected, f"none but {', '.join(NAMED)}")
    if registered is None or _ours(name):
        mechanism = Mechanism(**values)
        check_name(mechanism, where)
        return mechanism
    theirs = {n: v for n, v in registered.to_dict().items() if n != "module"}
    if theirs != values or (module is None) != (registered.module is None):
        expected = f"the mechanism {name!r} as it is registered here, {registered.to_dict()}"
        raise InputError(where, expected, f"{values}")
    return name
