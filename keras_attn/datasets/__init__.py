"""Datasets with human gaze, from their files on disk to lists of examples."""

from pathlib import Path

from keras_attn import gaze_format
from keras_attn.datasets.base import Dataset, Example, GazeDataset
from keras_attn.datasets.flow.extraction import with_flow
from keras_attn.datasets.formats.cat2000 import cat2000
from keras_attn.datasets.formats.cub_gha import cub_gha
from keras_attn.datasets.formats.cub_vwsw import cub_vwsw
from keras_attn.datasets.formats.dut_omron import dut_omron
from keras_attn.datasets.formats.folder import folder
from keras_attn.datasets.formats.hollywood2 import hollywood2
from keras_attn.datasets.formats.mit1003 import mit1003
from keras_attn.datasets.formats.osie import osie
from keras_attn.datasets.formats.pascal_s import pascal_s
from keras_attn.datasets.formats.salicon import salicon
from keras_attn.datasets.formats.ucf_sports import ucf_sports
from keras_attn.datasets.formats.video_folder import video_folder
from keras_attn.datasets.from_tables import from_tables
from keras_attn.datasets.miniature import miniature
from keras_attn.datasets.readers.image_files import read_image
from keras_attn.datasets.readers.reading_report import ReadingReport
from keras_attn.datasets.video import VideoDataset, VideoExample, VideoReport
from keras_attn.errors import InputError, one_of

__all__ = [
    "Example",
    "GazeDataset",
    "ReadingReport",
    "VideoDataset",
    "VideoExample",
    "VideoReport",
    "as_dataset",
    "cat2000",
    "cub_gha",
    "cub_vwsw",
    "dut_omron",
    "folder",
    "from_tables",
    "hollywood2",
    "miniature",
    "mit1003",
    "osie",
    "pascal_s",
    "read_image",
    "salicon",
    "ucf_sports",
    "video_folder",
    "with_flow",
]


OF_IMAGES = (
    *("folder", "dut_omron", "pascal_s", "cub_vwsw"),
    *("mit1003", "cat2000", "salicon", "osie", "cub_gha"),
)
"""Names of the readers here that need nothing but a folder."""


def named(name, root, form, where="name", *, mask_threshold=None, on_bad_example="raise"):
    """The dataset of images in a folder, by the name of its format, one of `OF_IMAGES`.

    form: a `GazeFormat`, or a dataclass with its fields; `InputError` for fields of it that are set
    for a published format. where: what the message calls the name.
    """
    options = {"on_bad_example": on_bad_example}
    gaze_format.check_read(one_of(where, name, OF_IMAGES), form)
    if name in gaze_format.READ_BY:
        options |= {"mask_threshold": mask_threshold, **gaze_format.fields_of(form)}
    return globals()[name](root, **options)


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
