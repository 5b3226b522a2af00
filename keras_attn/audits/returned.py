"""What functions of maps return, those of kinds and others: checked, by their names."""

import numpy as np

from keras_attn.audits.kinds import LAYERS
from keras_attn.errors import InputError, listing
from keras_attn.networks.maps.choice import INPUT


def maps_of(kind, returned, count, layers):
    """What the function of a `Kind` returned, as maps `(count, h, w)` by layer and name.

    layers: paths that it may return maps of.
    """
    if kind.of != LAYERS:
        return {(INPUT, kind.name): as_maps(returned, count, _what(kind))}
    if not isinstance(returned, dict) or (layers and not returned):
        expected = f"a dict of maps by the paths of layers, of {listing(layers)}"
        raise InputError(_what(kind), expected, f"a {type(returned).__name__}")
    maps = {}
    for key, values in returned.items():
        layer, name = key if isinstance(key, tuple) and len(key) == 2 else (key, kind.name)
        if layer not in layers:
            raise InputError(_what(kind), f"maps of layers of {listing(layers)}", repr(key))
        maps[layer, name] = as_maps(values, count, f"{_what(kind)} for layer {layer!r}")
    return maps


def _what(kind):
    return f"what kind {kind.name!r} returned"


def as_maps(values, count, what):
    """Maps `(count, h, w)` as an array, of `(count, h, w)` or `(count, h, w, 1)`, real numbers.

    what: who returned it, as the error calls it.
    """
    expected = f"{count} maps as (n, h, w) or (n, h, w, 1) for {count} images"
    try:
        values = np.asarray(values)
    except Exception as error:  # of whatever cannot be an array
        raise InputError(what, expected, f"a {type(values).__name__} ({error})") from error
    if values.dtype.name == "bfloat16":  # which is no number to NumPy
        values = values.astype(np.float32)
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim != 3 or len(values) != count or 0 in values.shape:
        raise InputError(what, expected, f"shape {values.shape}")
    if values.dtype.kind not in "biuf":
        raise InputError(what, f"{expected}, of real numbers", f"type {values.dtype}")
    return values
