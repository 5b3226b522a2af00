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
    told = [f"{what}: {listing(names)}" for what, names in problems.items() if names]
    if told:
        expected = f"the weights of all layers of {model!r} and no others"
        if list(stored.values()) == list(wanted.values()):
            expected += ", by their names (by='order' passes over these)"
        raise InputError(path, expected, "; ".join(told))


def _words(shapes):
    return ", ".join("×".join(map(str, shape)) or "a number" for shape in shapes.values())
