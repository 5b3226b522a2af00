"""From examples on disk to batches for training: decoded once, kept as bytes, augmented jointly.

Images and masks are decoded in parallel, resized to the network's input and kept as uint8 in a
temporary file that the system pages in; floats exist for a batch at a time. Fixation points take
part in every transform, and their density is made last.
"""

from __future__ import annotations

import errno
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_attn import gaze
from keras_attn.datasets.base import read_image
from keras_attn.errors import InputError
from keras_attn.metrics.salient_object import as_mask
from keras_attn.resizing import at_size, image_at

AUGMENTED = tuple((turns, flipped) for flipped in (False, True) for turns in range(4))
"""Four rotations, each also mirrored: quarter turns counter-clockwise, then left to right."""
PLAIN = ((0, False),)


def input_image(example, size):
    """The image of an example as a network sees it: uint8 `(H, W, 3)` of `size` (H, W)."""
    return image_at(example.pixels(), size)


def input_density(example, size, sigma, variant=PLAIN[0]):
    """The fixation density of an example at `size` (H, W): float32 `(H, W, 1)`, sum 1 or 0.

    sigma: the blur as a share of the image's width, the same in both directions on the image as
    it is on disk. variant: quarter turns, and whether it is mirrored then.
    """
    turns, flipped = variant
    spread = sigma * example.shape[1] * np.divide(size, example.shape)
    points = gaze.resize(example.points, example.shape, size)
    points = gaze.rot90(points, size, turns)
    if turns % 2:
        size, spread = size[::-1], spread[::-1]
    points = gaze.flip(points, size) if flipped else points
    return gaze.density(points, size, spread).astype(np.float32)[..., None]


def read_mask(example):
    """The mask of an example as booleans `(H, W)`; `InputError` where it has none."""
    if example.mask is None:
        raise InputError(f"example {example.id!r}", "an object mask", "none")
    return as_mask(read_image(example.mask)[..., 0], example.mask)


@dataclass(frozen=True, eq=False)
class Pixels:
    """The images and masks of a dataset at one size, uint8 `(n, H, W, 4)`: RGB and mask.

    A mask that was reduced holds the salient share of each pixel, 255 for all of it.
    """

    dataset: object
    values: np.ndarray

    @classmethod
    def of(cls, dataset, size, threads=4):
        """Decode all of `dataset` at `size` (H, W)."""
        size = tuple(size)

        def read(example):
            mask = at_size(read_mask(example), size)[..., None]
            mask = np.round(255 * mask).astype(np.uint8)
            return np.concatenate([input_image(example, size), mask], axis=-1)

        with tempfile.TemporaryFile() as file, ThreadPoolExecutor(threads) as pool:
            try:
                for pixels in pool.map(read, dataset):
                    file.write(pixels.tobytes())
                file.flush()
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                    raise
                expected = f"room for {len(dataset)} images of {size} as bytes"
                raise InputError(tempfile.gettempdir(), expected, error.strerror) from error
            # Mapped, the file lives on after its name and this handle are gone.
            values = np.memmap(file, np.uint8, "r", shape=(len(dataset), *size, 4))
        return cls(dataset, values)

    @property
    def size(self):
        """(H, W)."""
        return self.values.shape[1:3]


def epoch_order(examples, seed, epoch):
    """The order of `examples` indices in an epoch: the same whenever that epoch is run."""
    return np.random.default_rng([seed, epoch]).permutation(examples)


def steps(pixels, batch_size, variants=PLAIN):
    """Batches in an epoch; the last one may be smaller."""
    return -(-len(pixels.dataset) * len(variants) // batch_size)


def batches(pixels, *, batch_size, epochs, first=0, seed=0, variants=PLAIN, sigma=None):
    """All batches of the epochs from `first` on, each epoch in an order of its own.

    variants: of each example, pairs of quarter turns and whether to mirror; all of them are
    seen in each epoch. sigma: blur of the densities as a share of the width.

    Returns a `tf.data.Dataset` of dicts: image float32 `(b, H, W, 3)` in [0, 255], mask float32
    `(b, H, W, 1)` in [0, 1], density float32 `(b, H, W, 1)` with sum 1, or 0 without fixations.
    """
    if pixels.size[0] != pixels.size[1] and any(turns % 2 for turns, _ in variants):
        raise InputError("variants", "quarter turns of square images", f"size {pixels.size}")
    count = len(pixels.dataset) * len(variants)
    sigma = gaze.FIXATION_SIGMA if sigma is None else sigma

    def indices():
        for epoch in range(first, epochs):
            order = epoch_order(count, seed, epoch)
            yield from np.split(order, range(batch_size, count, batch_size))

    def gather(chosen):
        made = [(i // len(variants), variants[i % len(variants)]) for i in chosen]
        density = [input_density(pixels.dataset[i], pixels.size, sigma, v) for i, v in made]
        return np.stack([_turned(pixels.values[i], v) for i, v in made]), np.stack(density)

    def load(chosen):
        types = (tf.uint8, tf.float32)
        values, density = tf.numpy_function(gather, [chosen], types, stateful=False)
        values = tf.cast(tf.ensure_shape(values, (None, *pixels.size, 4)), tf.float32)
        density = tf.ensure_shape(density, (None, *pixels.size, 1))
        return {"image": values[..., :3], "mask": values[..., 3:] / 255, "density": density}

    spec = tf.TensorSpec((None,), tf.int64)
    loaded = tf.data.Dataset.from_generator(indices, output_signature=spec)
    return loaded.map(load, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _turned(values, variant):
    turns, flipped = variant
    values = np.rot90(values, turns)
    return values[:, ::-1] if flipped else values


def for_fit(batches, model):
    """Batches as Keras' `fit` takes them for `model`: pairs of inputs and targets by name.

    Inputs are those the model has: `image`, and `gaze` where it takes gaze. Targets are the mask
    for each output `saliency_*`, and the density, at the map's size, for each `attention_*` that
    the model is compiled with a loss for. Nothing else reaches Keras, which fails obscurely on
    keys that it does not expect.
    """
    inputs = {"image": "image", "gaze": "density"}
    taken = {tensor.name: inputs[tensor.name] for tensor in model.inputs}
    losses = [name for name, loss in model.loss.items() if loss is not None]
    frames = {name: tuple(model.output[name].shape[1:3]) for name in losses}

    def split(batch):
        x = {name: batch[key] for name, key in taken.items()}
        y = {}
        for name in losses:
            if name.startswith("attention"):
                # Antialiasing averages over what a smaller frame merges.
                y[name] = tf.image.resize(batch["density"], frames[name], antialias=True)
            else:
                y[name] = batch["mask"]
        return x, y

    return batches.map(split, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
