"""What drawn datasets are made of: scenes, clips, simulated viewers, and how files are written.

Each part loads when it is first asked for, as those of `datasets.readers`.
"""

import importlib

_HERE = "keras_attn.datasets.drawing"
_HOMES = {
    **dict.fromkeys(("write_bytes", "write_image", "write_lines", "write_mask"), "files"),
    "write_picture": "files",
    "drawn_in": "miniature",
}
_MODULES = ("actors", "avi", "birds", "figures", "followed", "scenes", "shapes")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{_HERE}.{_HOMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{_HERE}.{name}")
    raise AttributeError(f"module {_HERE!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
