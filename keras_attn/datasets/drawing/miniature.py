"""Small drawn datasets, written in the formats of the real ones and read by the same readers."""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_attn.datasets import origin
from keras_attn.datasets.base import Dataset
from keras_attn.datasets.drawing import scenes
from keras_attn.datasets.format import Twin
from keras_attn.datasets.video import VideoDataset
from keras_attn.errors import InputError, one_of
from keras_attn.registries import DATASETS

VERSION = 1
"""Of the drawing; scenes of another version are not taken for those of this one."""
SMALLEST = 32
LEAST = {"images": 1, "videos": 1, "frames": 2}


def miniature(
    name: str = "folder",
    *,
    images: int | None = None,
    videos: int | None = None,
    frames: int | None = None,
    shape: Sequence[int] = (96, 128),
    seed: int = 0,
    root: str | Path | None = None,
    overwrite: bool = False,
) -> Any:
    """A drawn dataset of the format `name`: written to disk, then read like a real one.

    Args:
        name: "folder", "dut_omron" or "pascal_s": scenes with a salient object; "cub_vwsw": birds
            of nine classes; "hollywood2", "ucf_sports" or "video_folder": videos of an actor whose
            class, of 12, 9 or 6, is how it moves; or another `datasets.Format` with a `Twin`.
        images: how many, by default 60, where the name is one of images.
        videos: how many, by default 54, where the name is one of videos.
        frames: how many of each video, 2 or more, by default 24.
        shape: their (H, W) in pixels, 32 or more each.
        seed: what they are drawn from; the same seed draws the same scenes.
        root: the folder to write to, by default one in the system's folder for temporary files;
            scenes that are there already are used if they were drawn from the same arguments, and
            refused if not.
        overwrite: draw those anew that were drawn from other arguments.

    Returns:
        A `GazeDataset` or a `VideoDataset` that is `drawn`, as is whatever is read of these files
        later, and whose note says that it says nothing about people.

    Raises:
        InputError: No such name or size; the folder holds anything else, or cannot be written.

    Example:

    >>> import keras_attn as ka
    >>> data = ka.datasets.miniature("dut_omron", images=2, shape=(32, 40), root="scenes")
    >>> data.drawn, data[0].shape
    (True, (32, 40))
    """
    twins = {one: form.twin for one, form in DATASETS.items() if form.twin is not None}
    twin = twins[one_of("name", name, tuple(twins))]
    sizes = _sizes(name, twin, {"images": images, "videos": videos, "frames": frames})
    if len(shape) != 2 or min(shape) < SMALLEST:
        raise InputError("shape", f"(height, width) of at least {SMALLEST}", tuple(shape))
    settings = {"format": name, **sizes, "shape": list(shape), "seed": seed, "version": VERSION}
    if root is None:
        place = Path(tempfile.gettempdir()) / "keras_attn_miniature"
        root = place / "-".join(map(str, (name, *sizes.values(), *shape, seed, VERSION)))
    root = Path(root)
    if origin.settings(root) != settings:
        if root.exists() and not (overwrite and origin.settings(root)):
            received = origin.settings(root) or "others"
            raise InputError(root, f"scenes drawn from {settings}", received)
        rng = np.random.default_rng(seed)
        drawn = (twin.draw or scenes.several)(rng, tuple(shape), twin.viewers, *sizes.values())
        _whole(root, settings, lambda stage: twin.write(stage, drawn))
    return replace((twin.read or DATASETS[name].read)(root), drawn=True)


def _sizes(name: str, twin: Twin, asked: Mapping[str, int | None]) -> dict[str, int]:
    """How much is drawn, of each of the sizes that this twin has."""
    for size, value in asked.items():
        if value is not None and size not in twin.sizes:
            raise InputError(size, f"{' and '.join(twin.sizes)} for {name!r}", value)
    wanted = {size: value for size, value in asked.items() if value is not None}
    sizes = {size: wanted.get(size, default) for size, default in twin.sizes.items()}
    for size, value in sizes.items():
        if value < LEAST[size]:
            raise InputError(size, f"at least {LEAST[size]}", value)
    return sizes


def drawn_in(dataset: Dataset) -> Path | None:
    """The folder that the pictures of a drawn dataset were written to; None for other datasets."""
    example = dataset[0]
    path = example.video if isinstance(dataset, VideoDataset) else example.image
    return None if path is None else origin.drawn_folder(path)


def _whole(root: Path, settings: Mapping[str, Any], write: Callable[[Path], None]) -> None:
    """Write into a folder beside `root` and rename it: `root` is complete or not there."""
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=root.parent) as folder:
            stage = Path(folder) / root.name
            stage.mkdir()
            write(stage)
            (stage / origin.MARKER).write_text(json.dumps(settings), encoding="utf-8")
            if origin.settings(root):
                shutil.rmtree(root)
            stage.rename(root)
    except OSError as error:
        # Another process may have drawn the same scenes meanwhile; theirs are as good.
        if origin.settings(root) != settings:
            what = next(size for size in ("images", "videos") if size in settings)
            what = f"{settings[what]} drawn {'pictures' if what == 'images' else what}"
            expected = f"room to write {what}"
            raise InputError(root.parent, expected, error.strerror or error) from error
