"""PASCAL-S (Li et al. 2014): 850 images, grey masks, fixations of 8 viewers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from keras_attn.datasets import drawing, readers
from keras_attn.datasets.format import Format, Twin
from keras_attn.errors import InputError
from keras_attn.registry import register

if TYPE_CHECKING:
    from keras_attn.datasets.base import GazeDataset

THRESHOLD = 127
"""Of masks with more than two values: what is above it, at least half of 255, is object."""


def pascal_s(
    root: str | Path,
    *,
    mask_threshold: float | None = None,
    on_bad_example: Literal["raise", "skip"] = "raise",
) -> GazeDataset:
    """Read PASCAL-S as `salObj.zip` is unpacked.

    root/datasets/imgs/pascal/<n>.jpg           n from 1
    root/datasets/masks/pascal/<n>.png          of two values, or at least half of 255
    root/datasets/fixations/pascalFix.mat       version 7.3, cell array fixCell: for image n rows
                                                of y, x, viewer: pixels from 1 at their centres

    Args:
        root: the folder that `datasets` lies in.
        mask_threshold: another one for the masks, on their own scale.
        on_bad_example: "raise", or "skip" to leave out and list images that cannot be used.

    Returns:
        A `GazeDataset`, ordered by number.

    Raises:
        InputError: Files are missing or are not as laid out above.

    Example:

    >>> import tempfile, keras_attn as ka
    >>> with tempfile.TemporaryDirectory() as root:
    ...     drawn = ka.datasets.miniature("pascal_s", images=2, root=f"{root}/scenes")
    ...     ka.datasets.pascal_s(f"{root}/scenes")
    GazeDataset('pascal_s', 2 examples)
    """
    root = Path(root).expanduser()
    images = readers.by_stem(root / "datasets" / "imgs" / "pascal", (".jpg",), ".jpg files")
    masks = readers.by_stem(root / "datasets" / "masks" / "pascal", (".png",), ".png files")
    path = root / "datasets" / "fixations" / "pascalFix.mat"
    cells = readers.read_cells(path, "fixCell")
    strange = [stem for stem in images if not stem.isdigit() or not 1 <= int(stem) <= len(cells)]
    if strange:
        expected = f"images 1.jpg to {len(cells)}.jpg, one for each cell of {path.name}"
        raise InputError(root / "datasets" / "imgs" / "pascal", expected, f"{strange[0]}.jpg")
    thresholds = {"mask_threshold": mask_threshold, "published": THRESHOLD}
    reader = readers.MaskedReader("pascal_s", on_bad_example, **thresholds)
    for stem in sorted(images, key=int):
        rows = cells[int(stem) - 1]
        reader.add(
            stem,
            images[stem],
            masks.get(stem),
            lambda rows=rows, stem=stem: _points(rows, f"{path}, fixCell{{{stem}}}"),
        )
    return reader.dataset(root)


def _points(rows, where):
    rows = np.asarray(rows, np.float64)
    if rows.size == 0:
        return np.zeros((0, 2)), np.zeros(0)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise InputError(where, "rows of y, x, viewer", f"shape {rows.shape}")
    # MATLAB's pixel 1 reaches from 0.5 to 1.5; here it is pixel 0, from 0 to 1.
    return rows[:, [1, 0]] - 0.5, rows[:, 2]


# --- its drawn twin -----------------------------------------------------------------------------

HEADER = b"MATLAB 7.3 MAT-file, Platform: drawn, HDF5 schema 1.00 ."


def _write(root, scenes):
    """Write images, masks, and the fixations as cell references of a version 7.3 `.mat`."""
    data = root / "datasets"
    for number, scene in enumerate(scenes, start=1):
        drawing.write_image(data / "imgs" / "pascal" / f"{number}.jpg", scene)
        drawing.write_mask(data / "masks" / "pascal" / f"{number}.png", scene)
    path = data / "fixations" / "pascalFix.mat"
    path.parent.mkdir()
    cells = [np.column_stack([np.floor(s.points[:, ::-1]) + 1, s.subjects]) for s in scenes]
    write_cells(path, "fixCell", cells)


def write_cells(path: Path, name: str, cells: Sequence[np.ndarray]) -> None:
    """A MATLAB 7.3 file with one cell array of matrices; HDF5 holds them transposed."""
    import h5py

    memory = io.BytesIO()  # HDF5 ends the process where the disk is full
    with h5py.File(memory, "w", userblock_size=512) as file:
        values = file.create_group("#refs#")
        references = np.empty((1, len(cells)), dtype=object)
        for i, cell in enumerate(cells):
            stored = values.create_dataset(f"c{i}", data=np.asarray(cell, np.float64).T)
            stored.attrs["MATLAB_class"] = np.bytes_("double")
            references[0, i] = stored.ref
        variable = file.create_dataset(name, data=references, dtype=h5py.ref_dtype)
        variable.attrs["MATLAB_class"] = np.bytes_("cell")
    memory.seek(0)
    memory.write(HEADER.ljust(116) + b"\0" * 8 + b"\x00\x02IM")
    path.write_bytes(memory.getbuffer())


register(
    Format(
        name="pascal_s",
        title="PASCAL-S",
        read=pascal_s,
        tasks=("salient_object",),
        parts=("datasets/imgs/pascal",),
        paper=True,
        first="dut_omron",
        augmented=True,
        twin=Twin(write=_write, viewers=8),
    )
)
