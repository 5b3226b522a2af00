"""What readers of datasets are made of; each part loads when a reader first asks for it.

A file of `datasets.formats`, or a plug-in, takes from here what it needs, and stays light: help
and reports ask it for the dataset's name alone.
"""

import importlib

_HERE = "keras_attn.datasets.readers"
_HOMES = {
    "VideoReader": "keras_attn.datasets.video",
    "find_flow": "keras_attn.datasets.flow.folders",
    **dict.fromkeys(("Reader", "as_root", "by_stem", "note_of"), f"{_HERE}.reader"),
    "GazeReader": f"{_HERE}.gaze_reader",
    "MaskedReader": f"{_HERE}.masks",
    **dict.fromkeys(("IMAGE_SUFFIXES", "image_shape", "not_read"), f"{_HERE}.image_files"),
    **dict.fromkeys(
        ("read_cells", "read_struct", "read_structs", "read_variable"), f"{_HERE}.matlab"
    ),
    "find_fixations": f"{_HERE}.fixation_detection",
    "read_points": f"{_HERE}.repackaged_gaze",
    "open_gaze": f"{_HERE}.mathe_gaze",
    "TabledGaze": f"{_HERE}.tabled_gaze",
}
_MODULES = ("fixation_table", "frames", "picture_table", "tables")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"{_HERE}.{name}")
    raise AttributeError(f"module {_HERE!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
