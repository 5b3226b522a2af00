"""Writes drawn scenes in the format of PASCAL-S."""

import io

import h5py
import numpy as np

from keras_attn.datasets.miniature.files import write_image, write_mask

HEADER = b"MATLAB 7.3 MAT-file, Platform: drawn, HDF5 schema 1.00 ."


def write(root, drawn):
    """Write images, masks, and the fixations as cell references of a version 7.3 `.mat`."""
    data = root / "datasets"
    for number, scene in enumerate(drawn, start=1):
        write_image(data / "imgs" / "pascal" / f"{number}.jpg", scene)
        write_mask(data / "masks" / "pascal" / f"{number}.png", scene)
    path = data / "fixations" / "pascalFix.mat"
    path.parent.mkdir()
    cells = [np.column_stack([np.floor(s.points[:, ::-1]) + 1, s.subjects]) for s in drawn]
    write_cells(path, "fixCell", cells)


def write_cells(path, name, cells):
    """A MATLAB 7.3 file with one cell array of matrices; HDF5 holds them transposed."""
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
