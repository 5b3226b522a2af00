"""Features of a frozen encoder: computed once for each image and variant, and kept in files."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import filelock
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from keras_attn import kept_arrays, storage
from keras_attn.datasets.batches import pipeline
from keras_attn.errors import InputError

BATCH = 8
"""Images at a time; fixed, since what a convolution rounds to may depend on it."""
VERSION = 3
"""Of the files; those of another version are not taken for those of this one."""
WHOLE = "the features of an image as they were written, or no file"


@dataclass(frozen=True, eq=False)
class Features:
    """Features of a dataset's images as variants of them, each in a file of its own.

    A file is an array `(h, w, C)`; it is read when it is asked for, so memory stays bounded. Of
    one image it serves every dataset that has the image: each part and fold, whatever else is
    in them. variants: as of `pipeline.Batches`; the features of a turned image are not the
    turned features of the image. densities: float32 `(n, variants, h, w, 1)`, at the features'
    frame. masks: uint8 `(n, H, W, 1)` at the size of the network's images, or None.
    """

    dataset: object
    variants: tuple
    paths: list
    shape: tuple
    densities: np.ndarray
    masks: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        dataset,
        size,
        compute,
        key,
        *,
        sigma,
        folder=None,
        kind="float32",
        variants=pipeline.PLAIN,
        masks=False,
        threads=4,
        title="features",
    ):
        """Those of all images of `dataset` at `size` (H, W), from the disk or computed.

        compute: float32 images `(BATCH, H, W, 3)` in [0, 255] -> features. key: text that stands
        for all that `compute` depends on. sigma: blur of the densities. folder: where they are
        kept, under names that follow from the key, the size and the kind, and from the image file,
        its box and the variant; default that of `storage.cache`. kind: "float32" or "float16" of
        the numbers in the files. masks: whether those of the dataset are read, by `threads`.
        `InputError` for a damaged file, or for features that the kind cannot hold.
        """
        folder = storage.cache("features") if folder is None else Path(folder).expanduser()
        folder, kind = folder / _name_of(key, size, kind), np.dtype(kind)
        names = [_name(example) for example in dataset]
        each = [[folder / f"{name}-{_called(one)}.npy" for one in variants] for name in names]
        _complete(folder, dataset, each, variants, size, compute, kind, title)
        shape = _shape(each, kind)
        densities = _densities(dataset, variants, size, shape[:2], sigma)
        read = _masks(dataset, size, threads) if masks else None
        return cls(dataset, tuple(variants), each, shape, densities, read)

    @cached_property
    def numbers(self):
        """The index of each example, by its id."""
        return {example.id: number for number, example in enumerate(self.dataset)}

    @property
    def size(self):
        """(h, w)."""
        return self.shape[:2]

    @property
    def specs(self):
        """Shape and type of each of the `arrays` of an example."""
        own = ((self.shape, np.dtype(np.float32)),)
        return own if self.masks is None else (*own, (self.masks.shape[1:], self.masks.dtype))

    def value(self, index, variant=pipeline.PLAIN[0]):
        """The features of an example as one of its variants, float32 `(h, w, C)`."""
        path = self.paths[index][self._place(variant)]
        return kept_arrays.checked(path, WHOLE).astype(np.float32)

    def arrays(self, index, variant):
        """The features of an example as one of its variants and, if read, its mask."""
        value = self.value(index, variant)
        if self.masks is None:
            return (value,)
        return value, pipeline.turned(self.masks[index], variant)

    def density(self, index, sigma=None, variant=pipeline.PLAIN[0]):
        """The fixation density of an example, `(h, w, 1)`, of the sigma they were made with."""
        return self.densities[index, self._place(variant)]

    def named(self, features, masks=None):
        """A batch of arrays as tensors by name: `features` and, if read, `mask`."""
        made = {"features": features}
        return made if masks is None else made | {"mask": pipeline.as_float(masks) / 255}

    def _place(self, variant):
        if variant not in self.variants:
            raise InputError("variants", f"those of kept features, {self.variants}", variant)
        return self.variants.index(variant)


def _name_of(key, size, kind):
    return hashlib.sha256(repr((VERSION, BATCH, key, tuple(size), kind)).encode()).hexdigest()[:32]


def _name(example):
    about = repr((storage.fingerprint(example.image), example.box))
    return hashlib.sha256(about.encode()).hexdigest()[:32]


def _called(variant):
    turns, flipped = variant
    return f"{turns}{'m' if flipped else ''}"


def _complete(folder, dataset, paths, variants, size, compute, kind, title):
    """Compute what is missing. Of several processes one does, and the others wait for it."""

    def missing():
        every = ((paths[i][j], i, one) for i in range(len(paths)) for j, one in enumerate(variants))
        # An image that is there twice is computed once.
        return list({path: (path, i, one) for path, i, one in every if not path.is_file()}.values())

    if not missing():
        return
    storage.check_target(folder, ())
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / ".lock"):
        wanted = missing()
        if wanted:
            _write(wanted, dataset, size, compute, kind, title)
            each = wanted[0][0].stat().st_size
            told = f"{len(wanted)} × {each / 1e6:.2f} MB; may be deleted"
            print(f"Kept:    {folder} ({told})", flush=True)


def _write(wanted, dataset, size, compute, kind, title):
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(title, total=len(wanted))
        for start in range(0, len(wanted), BATCH):
            chosen = wanted[start : start + BATCH]
            images = [
                pipeline.turned(pipeline.input_image(dataset[i], size), variant)
                for _, i, variant in chosen
            ]
            # The last batch is filled up: a batch of another size would be traced anew.
            images += images[-1:] * (BATCH - len(images))
            made = np.asarray(compute(np.stack(images).astype(np.float32)), np.float32)
            for (path, _, _), values in zip(chosen, _as_kind(made, kind), strict=False):
                kept_arrays.write(path, values)
            bar.advance(task, len(chosen))


def _as_kind(made, kind):
    most = np.finfo(kind).max
    largest = np.abs(made).max()
    if not np.isfinite(largest):
        expected = (
            "finite numbers: weights of the encoder without NaN, and a precision that holds them, "
            "such as precision='float32' (--machine.precision float32)"
        )
        received = f"{int((~np.isfinite(made)).sum())} of {made.size} that are not"
        raise InputError("features of the encoder", expected, received)
    if largest > most:
        expected = (
            f"'float32' for features above {most:.0f}, which {kind.name} does not hold: "
            "features_as='float32' (--machine.features-as float32)"
        )
        raise InputError("machine.features_as", expected, f"{largest:.0f}")
    return made.astype(kind)


def _shape(paths, kind):
    """The shape of every file; `InputError` for one that is no whole array of it."""
    expected = f"the features of an image as {kind.name}, or no file"
    first = None
    for path in (path for each in paths for path in each):
        values = kept_arrays.mapped(path, expected)
        first = values.shape if first is None else first
        if values.ndim != 3 or values.shape != first or values.dtype != kind:
            raise InputError(path, expected, f"shape {values.shape} of {values.dtype}")
    return first


def _densities(dataset, variants, size, frame, sigma):
    """What a network that gets the density at `size` reduces it to."""
    made = np.zeros((len(dataset), len(variants), *frame, 1), np.float32)
    for place, example in enumerate(dataset):
        if len(example.points):
            each = [pipeline.input_density(example, size, sigma, one) for one in variants]
            made[place] = pipeline.at_frame(np.stack(each), frame)
    return made


def _masks(dataset, size, threads):
    shape, what = (len(dataset), *size, 1), f"{len(dataset)} masks of {tuple(size)}"
    with ThreadPoolExecutor(threads) as pool:
        pieces = pool.map(lambda example: pipeline.input_mask(example, size), dataset)
        return pipeline.mapped(pieces, shape, what)
