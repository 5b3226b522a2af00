"""Small drawn datasets, written in the formats of the real ones and read by the same readers."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from keras_attn.datasets import origin
from keras_attn.datasets.formats.cub_vwsw import cub_vwsw
from keras_attn.datasets.formats.dut_omron import dut_omron
from keras_attn.datasets.formats.folder import folder
from keras_attn.datasets.formats.pascal_s import pascal_s
from keras_attn.datasets.formats.ucf_sports import ucf_sports
from keras_attn.datasets.formats.video_folder import video_folder
from keras_attn.datasets.miniature import (
    actors,
    scenes,
    write_cub_vwsw,
    write_dut_omron,
    write_folder,
    write_hollywood2,
    write_pascal_s,
    write_ucf_sports,
    write_video_folder,
)
from keras_attn.datasets.video import VideoDataset
from keras_attn.errors import InputError, one_of


def _scenes(rng, shape, viewers, count):
    return [scenes.draw(rng, shape, viewers) for _ in range(count)]


@dataclass(frozen=True)
class Format:
    """How a dataset is drawn, written and read.

    sizes: names of the arguments that say how much is drawn, first how many examples, and what
    they are by default. draw: (rng, (H, W), viewers, *sizes) -> iterable of what `write` takes.
    """

    write: Callable
    read: Callable
    viewers: int
    draw: Callable = _scenes
    sizes: dict = field(default_factory=lambda: {"images": 60})


VIDEOS = {"videos": 54, "frames": 24}
FORMATS = {
    "folder": Format(write_folder.write, folder, scenes.VIEWERS),
    "dut_omron": Format(write_dut_omron.write, dut_omron, 5),
    "pascal_s": Format(write_pascal_s.write, pascal_s, 8),
    "cub_vwsw": Format(write_cub_vwsw.write, cub_vwsw, 5, write_cub_vwsw.draw),
    "hollywood2": Format(
        write_hollywood2.write,
        write_hollywood2.read,
        actors.VIEWERS,
        write_hollywood2.draw,
        VIDEOS,
    ),
    "ucf_sports": Format(
        write_ucf_sports.write,
        ucf_sports,
        actors.VIEWERS,
        write_ucf_sports.draw,
        VIDEOS,
    ),
    "video_folder": Format(
        write_video_folder.write,
        video_folder,
        actors.VIEWERS,
        write_video_folder.draw,
        VIDEOS,
    ),
}
VERSION = 1
"""Of the drawing; scenes of another version are not taken for those of this one."""
SMALLEST = 32
LEAST = {"images": 1, "videos": 1, "frames": 2}


def miniature(
    name="folder",
    *,
    images=None,
    videos=None,
    frames=None,
    shape=(96, 128),
    seed=0,
    root=None,
    overwrite=False,
):
    """A drawn dataset of the format `name`: written to disk, then read like a real one.

    name: "folder", "dut_omron" or "pascal_s": scenes with a salient object; "cub_vwsw": birds of
    nine classes; "hollywood2", "ucf_sports" or "video_folder": videos of an actor whose class, of
    12, 9 or 6, is how it moves.
    images: how many, by default 60; videos, frames: how many, and of how many frames each, by
    default 54 and 24. Images or videos, as the name is. shape: their (H, W). seed: what they are
    drawn from; the same seed draws the same scenes. root: the folder to write to, by default one
    in the system's folder for temporary files; scenes that are there already are used if they
    were drawn from the same arguments, refused if not, or with `overwrite` drawn anew.
    Returns a `GazeDataset` or a `VideoDataset` that is `drawn`, as is whatever is read of these
    files later, and whose note says that it says nothing about people.
    """
    kind = FORMATS[one_of("name", name, tuple(FORMATS))]
    sizes = _sizes(name, kind, {"images": images, "videos": videos, "frames": frames})
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
        drawn = kind.draw(rng, tuple(shape), kind.viewers, *sizes.values())
        _whole(root, settings, lambda stage: kind.write(stage, drawn))
    return replace(kind.read(root), drawn=True)


def _sizes(name, kind, asked):
    """How much is drawn, of each of the sizes that this kind has."""
    for size, value in asked.items():
        if value is not None and size not in kind.sizes:
            raise InputError(size, f"{' and '.join(kind.sizes)} for {name!r}", value)
    sizes = {n: default if asked[n] is None else asked[n] for n, default in kind.sizes.items()}
    for size, value in sizes.items():
        if value < LEAST[size]:
            raise InputError(size, f"at least {LEAST[size]}", value)
    return sizes


def drawn_in(dataset):
    """The folder that the pictures of a drawn dataset were written to; None for other datasets."""
    example = dataset[0]
    path = example.video if isinstance(dataset, VideoDataset) else example.image
    return None if path is None else origin.drawn_folder(path)


def _whole(root, settings, write):
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
