"""Which layers of a network are meant: by name, or those that are looked at where none is named."""

from collections.abc import Iterable

from keras_attn.errors import InputError, listing

INPUT = "input"
"""The name of what the network gets, beside those of its layers."""


def as_names(names):
    """One name, several or none (`None`), as a tuple."""
    names = (names,) if isinstance(names, str) or not isinstance(names or (), Iterable) else names
    if not all(isinstance(name, str) for name in names or ()):
        raise InputError("layers, kinds", "a name or several", repr(names))
    return tuple(names or ())


def chosen_layers(names, shapes, reasons=None):
    """Which layers are audited; `shapes`: those of their features `(n, h, w, C)`, in order.

    names: full paths, or last parts of them that are unambiguous. Without names: the last layer
    of each resolution, which ends a stage, and every layer with a single channel, which is a map.
    reasons: by path, why other layers have no maps. Returns paths in the order of the network.
    """
    if not shapes:
        why = listing(sorted(set((reasons or {}).values())), 3)
        raise InputError("layers", "a model with feature maps (batch, H, W, C)", why)
    if not names:
        stages = {s[1:3]: path for path, s in shapes.items() if s[-1] is None or s[-1] > 3}
        single = [path for path, s in shapes.items() if s[-1] == 1]
        # A module that returns a map need not be shown once more by its inner layers.
        single = [path for path in single if not any(path.startswith(f"{p}/") for p in single)]
        wanted = {*stages.values(), *single}
        return [path for path in shapes if path in wanted]
    wanted = set()
    for name in as_names(names):
        paths = named_layers(name, shapes)
        if len(paths) != 1:
            received = repr(name) + (f", which could be {listing(paths)}" if paths else "")
            expected = f"names of layers with feature maps, which are {listing(shapes, 200)}"
            raise InputError("layers", expected, received)
        wanted.add(paths[0])
    return [path for path in shapes if path in wanted]


def named_layers(name, paths):
    """The paths that a name may mean: itself, or those that end in it."""
    return [p for p in paths if p == name] or [p for p in paths if p.endswith(f"/{name}")]
