"""A C3D for drawn videos, which no published weights are made for: it learns drawn motions.

What Sports-1M is to the paper's streams, telling apart how figures move is to those of a
miniature, cell by cell: of what each figure's motion is made, and not which class a video is of.
"""

import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_attn import models
from keras_attn.datasets.drawing import motions
from keras_attn.models.c3d import FLOW, FRAMES
from keras_attn.tasks import pretraining
from keras_attn.training import devices
from keras_attn.training.callbacks import TrainingProgress
from keras_attn.training.schedules import cosine

CLIPS, BATCH, LEARNING_RATE, CLIP = {FRAMES: 1000, FLOW: 500}, 3, 1e-3, 1.0
EPOCHS = {FRAMES: 4, FLOW: 5}
VERSION = 1
"""Of this training; streams of another version are not taken for those of this one."""
BASE_RATE = 0.08
"""Share of cells that a label holds for, from which its output starts."""
CHANNELS = {FRAMES: 3, FLOW: 2}


def drawn_stream(stream, width, side, frames=16, folder=None):
    """The weight file of a C3D without classes that has learnt drawn motions.

    stream: "frames" or "flow". width, side, frames: of the network and its clips. folder: where it
    is kept, trained where there is none; default that of `storage.cache`. Always the same clips,
    order and seed: two networks start from the same streams.
    """
    about = {"backbone": "c3d", "stream": stream, "width": width, "learnt": "drawn motions"}
    name = f"c3d-{stream}-{width:g}-{side}-{VERSION}"
    return pretraining.kept_file(name, about, lambda: _trained(stream, width, side, frames), folder)


def untrained(stream, width, side, frames=16):
    """The network that such a file holds the weights of."""
    return models.c3d((frames, side, side, CHANNELS[stream]), width=width, name=stream)


def _trained(stream, width, side, frames):
    with devices.precision("float32"):
        keras.utils.set_random_seed(VERSION)
        trunk = untrained(stream, width, side, frames)
        model = pretraining.telling(trunk, motions.KINDS, BASE_RATE)
    rate = cosine(LEARNING_RATE, EPOCHS[stream] * -(-CLIPS[stream] // BATCH))
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=CLIP), "binary_crossentropy")
    rng = np.random.default_rng(VERSION)
    seen, labels = [], []
    for _ in range(CLIPS[stream]):
        made = motions.draw(rng, side, trunk.output_shape[1:4], frames, flow=stream == FLOW)
        seen.append(made[(FRAMES, FLOW).index(stream)])
        labels.append(made[-1])
    title = f"stream of {stream} learns drawn motions"
    with TrainingProgress(title) as report, warnings.catch_warnings():
        # An epoch ends where its generator does, whose length Keras cannot know.
        warnings.filterwarnings("ignore", "Your input ran out of data")
        model.fit(
            _batches(np.stack(seen), np.stack(labels)),
            epochs=EPOCHS[stream],
            callbacks=[report],
            shuffle=False,  # the batches come in their order
            verbose=0,
        )
    return trunk


def _batches(clips, labels):
    """Floats of a batch at a time: those of all clips would be four times as large."""
    order = np.random.default_rng(VERSION)

    def made():
        for numbers in np.array_split(order.permutation(len(clips)), -(-len(clips) // BATCH)):
            yield clips[numbers].astype(np.float32), labels[numbers].astype(np.float32)

    spec = tuple(tf.TensorSpec((None, *part.shape[1:])) for part in (clips, labels))
    return tf.data.Dataset.from_generator(made, output_signature=spec)
