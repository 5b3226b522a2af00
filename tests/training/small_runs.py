"""A small network that is trained in a run folder, in this process or in one of its own."""

import keras
import numpy as np
import tensorflow as tf

from keras_attn import configs, weights
from keras_attn.storage import RunFolder
from keras_attn.training.fit import fit
from keras_attn.training.plan import Plan, Trainee

STEPS, EPOCHS = 6, 4
QUIET = configs.Machine(tensorboard=False)


def network():
    """A small network with dropout and BatchNormalization, whose states both have to survive."""
    x = keras.Input((8,), name="x")
    y = keras.layers.Dense(16, activation="relu")(x)
    y = keras.layers.BatchNormalization()(y)
    y = keras.layers.Dropout(0.5)(y)
    return keras.Model({"x": x}, {"y": keras.layers.Dense(1, dtype="float32")(y)})


def build():
    """The same, compiled."""
    model = network()
    model.compile(keras.optimizers.Adam(1e-2), {"y": "mse"})
    return model


def batches(model, first):
    """Of each epoch its own values, wherever it is begun."""

    def made():
        for epoch in range(first, EPOCHS):
            rng = np.random.default_rng([3, epoch])
            for _ in range(STEPS):
                x = rng.normal(size=(5, 8)).astype("float32")
                yield {"x": x}, {"y": x.sum(axis=1, keepdims=True)}

    spec = {"x": tf.TensorSpec((None, 8))}, {"y": tf.TensorSpec((None, 1))}
    return tf.data.Dataset.from_generator(made, output_signature=spec)


def save(model, path):
    weights.save(model, path, {})


def train(path, machine=QUIET, build=build, batches=batches, steps=STEPS, **options):
    folder = RunFolder(path)
    path.mkdir(parents=True, exist_ok=True)
    options = {"epochs": EPOCHS, "seed": 1, "save": save} | options
    epochs = options.pop("epochs")
    plan = Plan(lambda: Trainee.of(build()), epochs, steps, batches, scorer=None)
    return fit(plan, folder=folder, machine=machine, **options)


def even(model, first):
    """Batches that two replicas can share."""
    return batches(model, first).map(lambda x, y: ({"x": x["x"][:4]}, {"y": y["y"][:4]}))
