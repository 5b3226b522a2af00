"""Whether the layers of a weight file fit those of a model. Knows neither files nor Keras."""

from keras_attn.errors import InputError, listing


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
