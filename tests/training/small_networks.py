"""A small network with Caffe's optimizer, trained in this process or in one of its own."""

import keras
import numpy as np

X = np.random.default_rng(5).normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True) - 1


def network(optimizer):
    """A small network that forgets nothing but in its optimizer."""
    keras.utils.set_random_seed(2)
    layers = [keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1, dtype="float32")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, "mse")
    return model


def train(model, batch, first=0, last=None, epochs=1):
    """The examples in their order, in batches of this size."""
    options = {"batch_size": batch, "epochs": epochs, "shuffle": False, "verbose": 0}
    model.fit(X[first:last], Y[first:last], **options)
    return model.get_weights()


def assert_close(weights, others):
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
