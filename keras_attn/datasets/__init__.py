"""Datasets with human gaze, from their files on disk to lists of examples.

Every registered `Format` is read by the function of its name: `datasets.folder(root)`. Names load
when they are first used.
"""

import importlib

from keras_attn.registries import DATASETS

_HERE = "keras_attn.datasets"
PLACES = {
    **dict.fromkeys(("Example", "GazeDataset", "as_dataset"), "base"),
    **dict.fromkeys(("VideoDataset", "VideoExample", "VideoReport"), "video"),
    **dict.fromkeys(("Format", "Twin", "named"), "format"),
    "ReadingReport": "readers.reading_report",
    "from_tables": "dataframes",
    "join": "joining",
    "miniature": "drawing.miniature",
    "read_image": "readers.image_files",
    "with_flow": "flow.extraction",
}
"""What is here beside the datasets, and the module that it is from."""

__all__ = [*PLACES, *DATASETS.own]


def __getattr__(name):
    if name in PLACES:
        return getattr(importlib.import_module(f"{_HERE}.{PLACES[name]}"), name)
    if not name.startswith("_") and name in DATASETS:
        return DATASETS[name].read
    raise AttributeError(f"module {_HERE!r} has no attribute {name!r}")


def __dir__():
    return sorted({*PLACES, *DATASETS})
