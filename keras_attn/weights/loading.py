"""The one way weight files go into models: whatever their layout, all of a file or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from keras_attn.errors import InputError, one_of
from keras_attn.networks import numbers
from keras_attn.weights import content, fetching, matching, rules, saved
from keras_attn.weights.layouts import read_named_h5

BY = ("name", "order", "counted")


@dataclass(frozen=True)
class Loaded:
    """What `load` did.

    path: the file. layout: its layout, "keras_3", "legacy" or one of `rules.LAYOUTS`. layers: names
    of the model's layers that were filled. skipped: names in `skip` that the file or model has.
    """

    path: Path
    layout: str
    layers: tuple[str, ...]
    skipped: tuple[str, ...]


def load(
    model: Any,
    path: str | Path,
    *,
    by: Literal["name", "order", "counted"] = "name",
    skip: str | Iterable[str] = (),
) -> Loaded:
    """Load the weights in a file into a model, all of them or none.

    Args:
        model: A functional `keras.Model`.
        path: A `.weights.h5` file of Keras 3, such as runs write; a whole model or weights in the
            older `.h5`; a published file of a layout in `rules`, which is converted on the way; or
            the NAME of a published file that has been fetched. What it is, its content tells.
        by: "name", by the names of layers; "counted", the same but for layers without names of
            their own, which Keras numbers on from one network to the next: these by their order,
            for a file of the same network; or "order", for Keras' files whose names are others: by
            their order, in a `.weights.h5` file among the layers of one class. The shapes have to
            agree; that the order does, you have to know.
        skip: Names of layers to leave alone in the model and to ignore in the file, such as a
            classifier of other classes.

    Returns:
        A `Loaded`, which says what was loaded.

    Raises:
        InputError: It is no weight file; or the model has a layer that the file lacks, the file one
            that the model lacks, or both have one of different shapes. One message lists them all,
            and no weight has been changed.

    Example:

    >>> import keras
    >>> import keras_attn as ka
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="scores")])
    >>> model.save_weights("few.weights.h5")
    >>> ka.weights.load(model, "few.weights.h5").layers
    ('scores',)
    """
    one_of("by", by, BY)
    skip = (skip,) if isinstance(skip, str) else tuple(skip)
    if skip and by == "order":
        raise InputError("skip", "none with by='order', which passes over names", skip)
    path = fetching.find(path)
    layout = content.layout_of(path)
    own = {layer.name: layer for layer in model.layers if layer.weights}
    if layout == content.KERAS_3:
        stored = saved.load(model, path, by=by, skip=skip)
    else:
        layout, stored = _read(path, layout, own)
        stored = _in_order(path, layout, own, stored, by)
        _fill(model, path, own, matching.renamed(stored, own.values(), by), skip)
    numbers.check(model, path)
    filled = tuple(name for name in own if name not in skip)
    return Loaded(path, layout, filled, tuple(n for n in skip if n in own or n in stored))


def shapes(path: str | Path) -> dict[str, list[tuple[int, ...]]]:
    """Shapes of the weights in a file by layer.

    Args:
        path: As for `load`.

    Returns:
        A dict `{layer: [shape, ...]}`; layers bear the names that `load` looks for.

    Raises:
        InputError: It is no weight file, or cannot be read.

    Example:

    >>> import keras
    >>> import keras_attn as ka
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="scores")])
    >>> model.save_weights("few.weights.h5")
    >>> ka.weights.shapes("few.weights.h5")
    {'scores': [(2, 3), (3,)]}
    """
    path = fetching.find(path)
    layout = content.layout_of(path)
    if layout == content.KERAS_3:
        return saved.shapes(path)
    _, stored = _read(path, layout)
    return {name: [array.shape for array in named.values()] for name, named in stored.items()}


def _read(path, layout, own=()):
    """The layout, told by names of layers too, and arrays by layer and name.

    own: names of the model's layers. Those of a layout that is to be converted may be its own.
    """
    if layout == content.LEGACY:
        stored = read_named_h5(path)
        foreign = rules.layout_by_names(stored)
        if foreign is None or any(name in own for name in stored):
            return layout, stored
        layout = foreign
    made = rules.convert(path, layout)
    return layout, {name: {str(i): a for i, a in enumerate(made[name])} for name in made}


def _in_order(path, layout, own, stored, by):
    """The arrays by the names of the model's layers, if they are to be matched by their order."""
    if by != "order":
        return stored
    if layout != content.LEGACY:
        raise InputError("by", f"'name' for a file of the layout {layout!r}", repr(by))
    if len(stored) != len(own):
        raise InputError(path, f"{len(own)} layers with weights", f"{len(stored)}")
    return dict(zip(own, stored.values(), strict=True))


def _fill(model, path, own, stored, skip):
    """Set the weights of the layers in `own`, if all fit."""
    own = {name: layer for name, layer in own.items() if name not in skip}
    arrays = {
        name: _arranged(own[name], named) if name in own else list(named.values())
        for name, named in stored.items()
        if name not in skip
    }
    matching.check(
        path,
        model.name,
        {name: _shapes(each) for name, each in arrays.items()},
        {name: _shapes(layer.weights) for name, layer in own.items()},
    )
    for name, layer in own.items():
        layer.set_weights(arrays[name])


def _shapes(weights):
    return {place: tuple(weight.shape) for place, weight in enumerate(weights)}


def _arranged(layer, named):
    """The arrays of a layer in the order of its weights, which is not always that of the file."""
    arrays, own = list(named.values()), layer.weights
    if len(arrays) != len(own):
        return arrays
    by_path = {name.partition(":")[0]: array for name, array in named.items()}
    if by_path.keys() == {weight.path for weight in own}:
        return [by_path[weight.path] for weight in own]
    # Keras writes those that are trained first, which within layers of layers is another order.
    written = [id(weight) for weight in layer.trainable_weights + layer.non_trainable_weights]
    return [arrays[written.index(id(weight))] for weight in own]
