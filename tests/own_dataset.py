"""A plug-in: a dataset with masks and gaze in a layout of its own, drawn twin included.

root/frames/<scene>.png
root/objects/<scene>.npy     bool (H, W), True where the object is
root/looks/<scene>.npy       float (N, 3): row, column and viewer of each fixation
"""

from pathlib import Path

import numpy as np

import keras_attn as ka
from keras_attn.datasets import drawing, readers
from keras_attn.errors import InputError


def mine(root, *, on_bad_example="raise"):
    """Read it; rows are counted from the top, and pixel i reaches from i to i + 1."""
    root = Path(root)
    reader = readers.MaskedReader("mine", on_bad_example)
    for scene, image in readers.by_stem(root / "frames", (".png",), ".png files").items():
        mask = root / "objects" / f"{scene}.npy"
        looks = root / "looks" / f"{scene}.npy"
        reader.add(scene, image, mask, lambda path=looks: _points(path), read_mask=np.load)
    return reader.dataset(root)


def _points(path):
    if not path.is_file():
        raise InputError(path, "the fixations of a scene", "no such file")
    rows = np.load(path)
    return rows[:, [1, 0]], rows[:, 2]


def write(root, scenes):
    """Write drawn scenes."""
    for folder in ("objects", "looks"):
        (root / folder).mkdir()
    for number, scene in enumerate(scenes):
        drawing.write_picture(root / "frames" / f"{number:03d}.png", scene.image)
        np.save(root / "objects" / f"{number:03d}.npy", scene.mask)
        rows = np.column_stack([scene.points[:, ::-1], scene.subjects])
        np.save(root / "looks" / f"{number:03d}.npy", rows)


ka.register(
    ka.datasets.Format(
        name="mine",
        title="My Set",
        read=mine,
        tasks=("salient_object",),
        parts=("looks",),
        note="The viewers of My Set were told what to look for.",
        twin=ka.datasets.Twin(write=write, viewers=4),
    )
)
