"""Datasets with human gaze, from their files on disk to lists of examples."""

from pathlib import Path

from keras_attn.datasets.base import Example, GazeDataset, ReadingReport, read_image
from keras_attn.datasets.cub_vwsw import cub_vwsw
from keras_attn.datasets.dut_omron import dut_omron
from keras_attn.datasets.folder import folder
from keras_attn.datasets.hollywood2 import hollywood2
from keras_attn.datasets.miniature import miniature
from keras_attn.datasets.pascal_s import pascal_s
from keras_attn.datasets.ucf_sports import ucf_sports
from keras_attn.datasets.video import VideoDataset, VideoExample, VideoReport
from keras_attn.errors import InputError

__all__ = [
    "Example",
    "GazeDataset",
    "ReadingReport",
    "VideoDataset",
    "VideoExample",
    "VideoReport",
    "as_dataset",
    "cub_vwsw",
    "dut_omron",
    "folder",
    "hollywood2",
    "miniature",
    "pascal_s",
    "read_image",
    "ucf_sports",
]


def as_dataset(data, where="data"):
    """A `GazeDataset` as it is, or that of a folder which is named by its path."""
    if isinstance(data, GazeDataset):
        return data
    if not isinstance(data, (str, Path)):
        raise InputError(where, "a GazeDataset or the path of a folder", repr(data))
    return folder(data)
