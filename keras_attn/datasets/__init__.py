"""Datasets with human gaze, from their files on disk to lists of examples."""

from keras_attn.datasets.base import Example, GazeDataset, ReadingReport, read_image
from keras_attn.datasets.dut_omron import dut_omron
from keras_attn.datasets.folder import folder
from keras_attn.datasets.miniature import miniature
from keras_attn.datasets.pascal_s import pascal_s

__all__ = [
    "Example",
    "GazeDataset",
    "ReadingReport",
    "dut_omron",
    "folder",
    "miniature",
    "pascal_s",
    "read_image",
]
