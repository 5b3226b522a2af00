"""Keras layers, models, metrics and tools of the study of human and machine attention.

Names load when they are first used: `keras_attn.metrics` needs neither TensorFlow nor Keras. That
the package is imported is enough for Keras to load saved models with its layers.
"""

import importlib
import os

from keras_attn.networks import registration

__version__ = "0.1.0"

# TensorFlow reads it when it loads, and by itself takes oneDNN's kernels on newer processors alone.
# Without them a step of a 3-D convolution takes five times as long; docs/benchmarks.md has it.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

_MODULES = (
    "configs",
    "datasets",
    "errors",
    "gaze",
    "layers",
    "losses",
    "mechanisms",
    "metrics",
    "models",
    "plugins",
    "weights",
)
_NAMES = {
    **dict.fromkeys(("attack", "audit", "compare", "evaluate", "export", "load"), "api"),
    **dict.fromkeys(("power", "predict", "train", "validation"), "api"),
    **dict.fromkeys(("Mechanism", "apply", "attend"), "mechanisms"),
    "Command": "shell.command",
    "InputError": "errors",
    "register": "registry",
}

__all__ = [*_MODULES, *_NAMES, "__version__"]

registration.announce()


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"keras_attn.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"keras_attn.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'keras_attn' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
