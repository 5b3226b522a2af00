"""Loads a weight file into a model, all of it or nothing."""

from pathlib import Path

from keras_attn.errors import InputError, listing
from keras_attn.weights import saved
from keras_attn.weights.layouts import read_legacy_h5


def load(model, path, *, skip=()):
    """Load the weights in `path` into `model`: a `.weights.h5` file whole, others by layer name.

    skip: of files that are loaded by name, layers to leave alone in the model and to ignore in
    the file, such as a classifier of other classes. Everything else must match both ways: one
    `InputError` lists the layers that the file lacks, has too many, or has in another shape, and
    then no weight has been changed.
    Returns the names of the layers that were loaded.
    """
    if Path(path).name.endswith(saved.SUFFIX):
        if skip:
            raise InputError("skip", f"none for a {saved.SUFFIX} file, which is whole", skip)
        saved.load(model, path)
        return [layer.name for layer in model.layers if layer.weights]
    stored = {k: v for k, v in read_legacy_h5(path).items() if k not in skip}
    wanted = {
        layer.name: layer for layer in model.layers if layer.weights and layer.name not in skip
    }
    problems = {
        "missing": [name for name in wanted if name not in stored],
        "superfluous": [name for name in stored if name not in wanted],
        "of another shape": [
            f"{name} {_shapes(stored[name])} for {_shapes(layer.weights)}"
            for name, layer in wanted.items()
            if name in stored and _shapes(stored[name]) != _shapes(layer.weights)
        ],
    }
    if any(problems.values()):
        received = "; ".join(
            f"{what}: {listing(names)}" for what, names in problems.items() if names
        )
        expected = f"the weights of all layers of {model.name!r} and no others"
        raise InputError(path, expected, received)
    for name, layer in wanted.items():
        layer.set_weights(stored[name])
    return list(wanted)


def _shapes(weights):
    return ", ".join("×".join(map(str, weight.shape)) for weight in weights)
