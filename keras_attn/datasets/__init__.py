"""Datasets with human gaze, from their files on disk to lists of examples."""

from pathlib import Path

from keras_attn.datasets.base import Dataset, Example, GazeDataset, read_image
from keras_attn.datasets.cub_vwsw import cub_vwsw
from keras_attn.datasets.dut_omron import dut_omron
from keras_attn.datasets.flow_extraction import with_flow
from keras_attn.datasets.folder import folder
from keras_attn.datasets.from_tables import from_tables
from keras_attn.datasets.hollywood2 import hollywood2
from keras_attn.datasets.miniature import miniature
from keras_attn.datasets.pascal_s import pascal_s
from keras_attn.datasets.reading_report import ReadingReport
from keras_attn.datasets.ucf_sports import ucf_sports
from keras_attn.datasets.video import VideoDataset, VideoExample, VideoReport
from keras_attn.datasets.video_folder import video_folder
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
    "from_tables",
    "hollywood2",
    "miniature",
    "pascal_s",
    "read_image",
    "ucf_sports",
    "video_folder",
    "with_flow",
]


OF_IMAGES = ("folder", "dut_omron", "pascal_s", "cub_vwsw")
"""Names of the readers here that need nothing but a folder."""


def as_dataset(data, where="data", kind=GazeDataset):
    """A dataset of the class `kind` as it is; a `GazeDataset` may be named by its folder's path.

    Raises `InputError` for anything else; where: what the message calls it.
    """
    if isinstance(data, kind):
        return data
    if kind is GazeDataset and isinstance(data, (str, Path)):
        return folder(data)
    also = " or the path of a folder" if kind is GazeDataset else ", such as video_folder returns"
    received = type(data).__name__ if isinstance(data, Dataset) else repr(data)
    raise InputError(where, f"a {kind.__name__}{also}", received)
