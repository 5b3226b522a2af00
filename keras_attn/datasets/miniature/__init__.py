"""Small drawn datasets, written in the formats of the real ones and read by the same readers."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

from keras_attn.datasets.folder import folder
from keras_attn.datasets.miniature import plain_folder, scenes
from keras_attn.errors import one_of

FORMATS = {"folder": (plain_folder.write, folder)}
"""A writer and a reader for each format."""


def miniature(name="folder", *, images=60, shape=(96, 128), seed=0, root=None):
    """A drawn dataset of the format `name`: written to disk, then read like a real one.

    images: how many. shape: their (H, W). seed: what they are drawn from; the same seed draws the
    same scenes. root: the folder to write to, which is used as it is if it is there already;
    by default one in the system's folder for temporary files.
    Returns a `GazeDataset` whose note says that it says nothing about people.
    """
    write, read = FORMATS[one_of("name", name, tuple(FORMATS))]
    if root is None:
        height, width = shape
        place = Path(tempfile.gettempdir()) / "keras_attn_miniature"
        root = place / f"{name}-{images}x{height}x{width}-{seed}"
    root = Path(root)
    if not root.exists():
        rng = np.random.default_rng(seed)
        _whole(root, lambda stage: write(stage, [scenes.draw(rng, shape) for _ in range(images)]))
    return read(root)


def _whole(root, write):
    """Write into a folder beside `root` and rename it: `root` is complete or not there."""
    root.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=".partial-", dir=root.parent))
    try:
        write(stage)
        stage.chmod(0o755)  # temporary folders are private
        stage.rename(root)
    except OSError:
        # Another process may have drawn the same scenes meanwhile; theirs are as good.
        if not root.exists():
            raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)
