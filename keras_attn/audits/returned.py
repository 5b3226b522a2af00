"""What the functions of kinds of maps return: checked, with an error that names the kind."""

from keras_attn.audits.function_maps import as_maps
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
