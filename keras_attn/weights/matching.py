"""Whether the layers of a weight file fit those of a model. Knows neither files nor Keras."""

import re
from collections import defaultdict

from keras_attn.errors import InputError, listing

COUNTED = re.compile(r"(.+?)(?:_(\d+))?")
"""A name that Keras has given a layer, in two parts: its class and how many there were before."""


def check(path, model, stored, wanted):
    """Raise one `InputError` that lists all layers that do not fit, if there are any.

    model: its name. stored, wanted: shapes by layer and place within it, `{layer: {place: shape}}`,
    of the file and of the model.
    """
    problems = {
        "missing": [name for name in wanted if name not in stored],
        "superfluous": [name for name in stored if name not in wanted],
        "of another shape": [
            f"{name} {_words(stored[name])} for {_words(shapes)}"
            for name, shapes in wanted.items()
            if name in stored and stored[name] != shapes
        ],
    }
    times = _width(stored, wanted) if not (problems["missing"] + problems["superfluous"]) else None
    if times:
        expected = f"weights of the width of {model!r}"
        received = f"{times:g} times as many channels: {listing(problems['of another shape'], 2)}"
        say = "; choose the width of the network by width= (--model.width)"
        raise InputError(path, expected, received + say)
    told = [f"{what}: {listing(names)}" for what, names in problems.items() if names]
    if told:
        expected = f"the weights of all layers of {model!r} and no others"
        if list(stored.values()) == list(wanted.values()):
            expected += ", by their names (by='order' passes over these)"
        raise InputError(path, expected, "; ".join(told))


def renamed(stored, layers, by="counted"):
    """What is `stored` by layer, under the names that layers of the model have.

    layers: those of the model with weights. by: only with "counted" is a name another: a layer
    without a name of its own is called by Keras after its class and a count that goes on from one
    network to the next, so that `layer_normalization_3` may be another's `layer_normalization`.
    Where a file has as many of such names as the model, they are those of the model in their order.
    """
    if by != "counted":
        return stored
    wanted, there, names = defaultdict(dict), defaultdict(dict), {}
    for layer in layers:
        kind, count = COUNTED.fullmatch(layer.name).groups()
        if kind.replace("_", "") == type(layer).__name__.lower():
            wanted[kind][int(count or 0)] = layer.name
    for name in stored:
        kind, count = COUNTED.fullmatch(name).groups()
        there[kind][int(count or 0)] = name
    for kind, own in wanted.items():
        if len(there[kind]) == len(own):
            pairs = zip(sorted(there[kind].items()), sorted(own.items()), strict=True)
            names |= {theirs: ours for (_, theirs), (_, ours) in pairs}
    return {names.get(name, name): each for name, each in stored.items()}


def _words(shapes):
    return ", ".join("×".join(map(str, shape)) or "a number" for shape in shapes.values())


def _width(stored, wanted):
    """How many times the channels that are wanted all layers of other shapes have; None for none.

    Layers that take pixels or give classes have some sides in common. One layer alone may be of
    another number of classes.
    """
    if sum(stored[name] != shapes for name, shapes in wanted.items()) < 2:
        return None
    pairs = [
        (there, here)
        for name, shapes in wanted.items()
        for there, here in zip(stored[name].values(), shapes.values(), strict=False)
        if there != here
    ]
    ratios = {
        side / other
        for there, here in pairs
        for side, other in zip(there, here, strict=False)
        if side != other and len(there) == len(here)
    }
    return ratios.pop() if len(ratios) == 1 else None
