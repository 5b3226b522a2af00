"""Weight files into models. Acts on a model and a file; models never load weights themselves.

Names load when they are first used: `fetching` and `registry` need neither TensorFlow nor Keras.
"""

import importlib

_NAMES = {"load": "loading", "shapes": "loading", "find": "fetching"}
_NAMES |= dict.fromkeys(("of_run", "save", "settings"), "saved")

__all__ = ["find", "load", "of_run", "save", "settings", "shapes"]


def __getattr__(name):
    if name in _NAMES:
        return getattr(importlib.import_module(f"keras_attn.weights.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'keras_attn.weights' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
