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
from keras_attn.datasets.readers.masks import read_mask
from keras_attn.errors import InputError
from keras_attn.resizing import at_size, image_at

AUGMENTED = tuple((turns, flipped) for flipped in (False, True) for turns in range(4))
"""Four rotations, each also mirrored: quarter turns counter-clockwise, then left to right."""
PLAIN = ((0, False),)


def input_image(example, size):
    """The image of an example as a network sees it: uint8 `(H, W, 3)` of `size` (H, W)."""
    return image_at(example.pixels(), size)


def input_mask(example, size):
    """The mask of an example at `size` (H, W): uint8 `(H, W, 1)`, 255 for wholly salient pixels."""
    return np.round(255 * at_size(read_mask(example), size)[..., None]).astype(np.uint8)


def turned(values, variant):
    """An array `(H, W, C)` as one of its variants: quarter turns, and whether it is mirrored then.

    Of a square it has the same shape.
    """
    turns, flipped = variant
    values = np.rot90(values, turns)
    return values[:, ::-1] if flipped else values


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


def mapped(pieces, shape, what):
    """Arrays of bytes, one after the other in a temporary file: uint8 of `shape`, read only.

    shape: its first part may be None, for as many as there turn out to be. what: they are,
    for the `InputError` of a full disk.
    """
    with tempfile.TemporaryFile() as file:
        try:
            for piece in pieces:
                file.write(piece.tobytes())
            file.flush()
            if shape[0] is None:
                shape = (file.tell() // int(np.prod(shape[1:])), *shape[1:])
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            expected = f"room for {what} as bytes"
            raise InputError(tempfile.gettempdir(), expected, error.strerror) from error
        # Mapped, the file lives on after its name and this handle are gone.
        return np.memmap(file, np.uint8, "r", shape=shape)


@dataclass(frozen=True, eq=False)
class Pixels:
    """The images of a dataset at one size, uint8 `(n, H, W, 3)`, or with masks `(n, H, W, 4)`.

    A mask that was reduced holds the salient share of each pixel, 255 for all of it.
    """

    dataset: object
    values: np.ndarray

    @classmethod
    def of(cls, dataset, size, threads=4, *, masks=True):
        """Decode all of `dataset` at `size` (H, W)."""
        size = tuple(size)

        def read(example):
            image = input_image(example, size)
            if not masks:
                return image
            return np.concatenate([image, input_mask(example, size)], axis=-1)

        shape, what = (len(dataset), *size, 3 + masks), f"{len(dataset)} images of {size}"
        with ThreadPoolExecutor(threads) as pool:
            return cls(dataset, mapped(pool.map(read, dataset), shape, what))

    @property
    def size(self):
        """(H, W)."""
        return self.values.shape[1:3]

    @property
    def specs(self):
        """Shape and type of each of the `arrays` of an example."""
        return ((self.values.shape[1:], self.values.dtype),)

    def arrays(self, index, variant):
        """The pixels of an example as one of its variants, in a tuple."""
        return (turned(self.values[index], variant),)

    def density(self, index, sigma, variant):
        """The fixation density of an example as one of its variants."""
        return input_density(self.dataset[index], self.size, sigma, variant)

    def named(self, values):
        """A batch of values as tensors by name: `image` in [0, 255] and, if read, `mask`."""
        values = as_float(values)
        made = {"image": values[..., :3]}
        if self.values.shape[-1] > 3:
            made["mask"] = values[..., 3:] / 255
        return made


def epoch_order(examples, seed, epoch):
    """The order of `examples` indices in an epoch: the same whenever that epoch is run."""
    return np.random.default_rng([seed, epoch]).permutation(examples)


def steps_of(count, batch_size):
    """Batches in an epoch of `count` examples; the last one may be smaller."""
    return -(-count // batch_size)


class Epochs:
    """Batches of epochs, out of passes over all examples, each in an order of its own.

    What is taken in turn, an example as one of its variants, has a number from 0. `count` and
    `named`, how many a pass has and the batches themselves, are those of a subclass. steps: batches
    in an epoch, all whole, which go on from pass to pass; by default an epoch is a pass, and its
    last batch may be smaller.
    """

    def __init__(self, batch_size, epochs, seed, steps=None):
        self.batch_size, self.epochs, self.seed = batch_size, epochs, seed
        self.given_steps = steps

    @property
    def steps(self):
        """Batches in an epoch."""
        return self.given_steps or steps_of(self.count, self.batch_size)

    def order(self, number):
        """The numbers of a pass in their order, the same wherever a run was begun."""
        return epoch_order(self.count, self.seed, number)

    def numbers(self, first):
        """The numbers of each batch from the epoch `first` on: a dataset of int64 `(b,)`."""
        made = self._passes if self.given_steps is None else self._stream
        spec = tf.TensorSpec((None,), tf.int64)
        return tf.data.Dataset.from_generator(lambda: made(first), output_signature=spec)

    def _passes(self, first):
        cuts = range(self.batch_size, self.count, self.batch_size)
        for epoch in range(first, self.epochs):
            yield from np.split(self.order(epoch), cuts)

    def _stream(self, first):
        number, place = divmod(first * self.steps * self.batch_size, self.count)
        coming = self.order(number)[place:]
        for _ in range((self.epochs - first) * self.steps):
            while len(coming) < self.batch_size:
                number += 1
                coming = np.concatenate([coming, self.order(number)])
            yield coming[: self.batch_size]
            coming = coming[self.batch_size :]

    def of(self, model, first=0):
        """What `named` returns as Keras' `fit` takes it for `model`; see `for_fit`."""
        return for_fit(self.named(first), model)


class Batches(Epochs):
    """Training batches of `Pixels` or `features.Features`: each epoch in an order of its own.

    variants: of each example, pairs of quarter turns and whether to mirror; all of them are seen
    in each epoch. sigma: blur of the densities as a share of the width.
    """

    def __init__(
        self, source, *, batch_size, epochs, seed=0, variants=PLAIN, sigma=gaze.FIXATION_SIGMA
    ):
        super().__init__(batch_size, epochs, seed)
        self.source, self.variants, self.sigma = source, variants, sigma
        height, width = source.size
        if height != width and any(turns % 2 for turns, _ in variants):
            raise InputError("variants", "quarter turns of square images", f"size {source.size}")
        labels = [-1 if example.label is None else example.label for example in source.dataset]
        self.labels = np.array(labels, np.int64)

    @property
    def count(self):
        """How many examples an epoch has."""
        return len(self.source.dataset) * len(self.variants)

    def named(self, first=0):
        """All batches of the epochs from `first` on, as a `tf.data.Dataset` of dicts.

        image float32 `(b, H, W, 3)` in [0, 255] and mask float32 `(b, H, W, 1)` in [0, 1], or
        features; density float32 `(b, h, w, 1)` with sum 1, or 0 without fixations; label int64
        `(b,)`, −1 without a class.
        """
        source, several = self.source, len(self.variants)

        def gather(chosen):
            made = [(i // several, self.variants[i % several]) for i in chosen]
            densities = [source.density(i, self.sigma, variant) for i, variant in made]
            arrays = zip(*(source.arrays(i, variant) for i, variant in made), strict=True)
            stacked = [np.stack(values) for values in arrays]
            return *stacked, np.stack(densities), self.labels[[i for i, _ in made]]

        def load(chosen):
            types = (*(tf.as_dtype(kind) for _, kind in source.specs), tf.float32, tf.int64)
            made = tf.numpy_function(gather, [chosen], types, stateful=False)
            *values, density, label = made
            shapes = [(None, *shape) for shape, _ in source.specs]
            named = source.named(*map(tf.ensure_shape, values, shapes))
            named["density"] = tf.ensure_shape(density, (None, *source.size, 1))
            return named | {"label": tf.ensure_shape(label, (None,))}

        loaded = self.numbers(first).map(load, num_parallel_calls=tf.data.AUTOTUNE)
        return loaded.prefetch(tf.data.AUTOTUNE)


def as_float(values):
    """A tensor as float32."""
    return tf.cast(values, tf.float32)


TARGETS = {"saliency": "mask", "attention": "density", "logits": "label"}
"""What each kind of output learns from; an output may bear more behind, as `saliency_1`."""


def for_fit(batches, model):
    """Batches as Keras' `fit` takes them for `model`: pairs of inputs and targets by name.

    Inputs are those the model has: `image`, `features`, or `frames` and `flow`, and `gaze` where it
    takes gaze. Targets are those of TARGETS for each output that the model is compiled with a loss
    for, the density at the map's size. Nothing else reaches Keras, which fails obscurely on keys
    that it does not expect.
    """
    taken = {
        tensor.name: "density" if tensor.name == "gaze" else tensor.name for tensor in model.inputs
    }
    losses = [name for name, loss in model.loss.items() if loss is not None]
    maps = {name: tuple(model.output[name].shape[1:-1]) for name in losses}

    def split(batch):
        x = {name: batch[key] for name, key in taken.items()}
        y = {}
        for name in losses:
            target = batch[TARGETS[name.split("_")[0]]]
            y[name] = at_map(target, maps[name]) if target is batch["density"] else target
        return x, y

    return batches.map(split, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def at_frame(density, frame):
    """Densities `(b, H, W, 1)` at the size of a map, as `layers.GazeAttention` reduces them."""
    # Antialiasing averages over what a smaller frame merges.
    return tf.image.resize(density, frame, antialias=True)


def at_map(density, shape):
    """Densities at the size of a map, of one image or of each frame or slot of a clip.

    density: `(b, H, W, 1)` for a shape (h, w); `(b, T, H, W, 1)` for (slots, h, w), where those of
    the frames that share a slot are added. `InputError` where T is no multiple of the slots.
    """
    if len(shape) == 2:
        return at_frame(density, shape)
    slots, frames = shape[0], density.shape[1]
    if frames % slots:
        raise InputError("attention", f"a map for each of {frames} frames, or of slots", slots)
    size, made = tf.shape(density), density
    if frames != slots:
        apart = tf.concat([[size[0], slots, frames // slots], size[2:]], 0)
        made = tf.reduce_sum(tf.reshape(density, apart), axis=2)
    flat = tf.reshape(made, tf.concat([[-1], size[2:]], 0))
    return tf.reshape(at_frame(flat, shape[1:]), (-1, *shape, 1))
