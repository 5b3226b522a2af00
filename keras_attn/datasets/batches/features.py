"""Features of a frozen trunk, computed once for each image and kept on disk, mapped into memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from keras_attn import storage
from keras_attn.datasets.batches import pipeline
from keras_attn.errors import InputError

BATCH = 8
"""Images at a time; fixed, since what a convolution rounds to may depend on it."""
VERSION = 1
"""Of the files; those of another version are not taken for those of this one."""


@dataclass(frozen=True, eq=False)
class Features:
    """Features of a dataset's images, float32 `(n, h, w, C)`, and the densities at their frame."""

    dataset: object
    values: np.ndarray
    densities: np.ndarray

    @classmethod
    def of(cls, dataset, size, compute, key, *, sigma, folder=None, title="features"):
        """Those of all images of `dataset` at `size` (H, W), from the disk or computed.

        compute: float32 images `(BATCH, H, W, 3)` in [0, 255] -> features. key: text that stands
        for all that `compute` depends on. folder: where they are kept, under a name that follows
        from the key, the size, the image files and their boxes; default that of `runs.cache`.
        """
        folder = storage.cache("features") if folder is None else Path(folder).expanduser()
        path = folder / f"{_name(dataset, size, key)}.npy"
        if not path.is_file():
            _write(path, dataset, size, compute, title)
        values = _read(path, len(dataset))
        return cls(dataset, values, _densities(dataset, size, values.shape[1:3], sigma))

    @property
    def size(self):
        """(h, w)."""
        return self.values.shape[1:3]

    def value(self, index, variant=pipeline.PLAIN[0]):
        """The features of an example; there are none of its other variants."""
        self._check(variant)
        return self.values[index]

    def density(self, index, sigma=None, variant=pipeline.PLAIN[0]):
        """The fixation density of an example, `(h, w, 1)`, of the sigma they were made with."""
        self._check(variant)
        return self.densities[index]

    def named(self, values):
        """A batch of values as tensors by name."""
        return {"features": values}

    def _check(self, variant):
        if variant != pipeline.PLAIN[0]:
            raise InputError("variants", "images as they are, whose features are kept", variant)


def _name(dataset, size, key):
    digest = hashlib.sha256(repr((VERSION, BATCH, key, tuple(size))).encode())
    for example in dataset:
        digest.update(repr((storage.fingerprint(example.image), example.box)).encode())
    return digest.hexdigest()[:32]


def _write(path, dataset, size, compute, title):
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with storage.replacing(path) as stage, stage.open("wb") as file, Progress(*columns) as bar:
        task = bar.add_task(title, total=len(dataset))
        for start in range(0, len(dataset), BATCH):
            chosen = [dataset[i] for i in range(start, min(start + BATCH, len(dataset)))]
            images = [pipeline.input_image(example, size) for example in chosen]
            # The last batch is filled up: a batch of another size would be traced anew.
            images += images[-1:] * (BATCH - len(chosen))
            made = compute(np.stack(images).astype(np.float32))[: len(chosen)]
            if not start:
                header = {"descr": "<f4", "fortran_order": False}
                header["shape"] = (len(dataset), *made.shape[1:])
                np.lib.format.write_array_header_1_0(file, header)
            # Written, not mapped: on a full disk a map kills the process instead of raising.
            file.write(np.ascontiguousarray(made, "<f4").tobytes())
            bar.advance(task, len(chosen))
    print(f"Kept:    {path} ({path.stat().st_size / 1e6:.0f} MB; may be deleted)", flush=True)


def _read(path, count):
    expected = f"the features of {count} images"
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(path, f"{expected}, or no file", error) from error
    if values.ndim != 4 or len(values) != count:
        raise InputError(path, f"{expected}, or no file", f"shape {values.shape}")
    return values


def _densities(dataset, size, frame, sigma):
    """What a network that gets the density at `size` reduces it to."""
    made = np.zeros((len(dataset), *frame, 1), np.float32)
    for place, example in enumerate(dataset):
        density = pipeline.input_density(example, size, sigma)
        made[place] = pipeline.at_frame(density[None], frame)[0]
    return made
