"""A plug-in with kinds of maps that the package does not have: all that is needed is this file."""

import numpy as np
import tensorflow as tf

import keras_attn as ka
from keras_attn.audits import Kind


class PathGradients:
    """As integrated gradients, on the way from a black image in so many steps."""

    def __init__(self, steps=32):
        self.steps = steps

    def __call__(self, model, images, targets):
        """The sum over the colours: that of all pixels is the score less that of black."""
        slopes = tf.zeros_like(images)
        for step in range(self.steps):
            between = images * ((step + 0.5) / self.steps)
            with tf.GradientTape() as tape:
                tape.watch(between)
                scores = tf.gather(model(between), targets, axis=1, batch_dims=1)
            slopes += tape.gradient(scores, between)
        return tf.reduce_sum(images * slopes / self.steps, axis=-1)


def path_gradients(model, images, targets):
    """The same as a function."""
    return PathGradients()(model, images, targets)


def hiding(model, images, targets, cell=8):
    """How far a score falls where a cell is grey: many runs and no gradient; arrays will do."""
    images = np.asarray(images)
    _, height, width, _ = images.shape
    whole = np.take_along_axis(np.asarray(model(images)), np.asarray(targets)[:, None], 1)[:, 0]
    falls = np.zeros((len(images), height // cell, width // cell))
    for y, x in np.ndindex(falls.shape[1:]):
        hidden = images.copy()
        hidden[:, y * cell : (y + 1) * cell, x * cell : (x + 1) * cell] = 127.5
        scores = np.take_along_axis(np.asarray(model(hidden)), np.asarray(targets)[:, None], 1)
        falls[:, y, x] = whole - scores[:, 0]
    return falls


def strongest(model, images, targets):
    """Of each audited layer its strongest channel, which explains no class."""
    return {path: tf.reduce_max(values, -1) for path, values in model.features(images).items()}


ka.register(
    Kind("path_gradients", path_gradients, gradients=True),
    Kind("finer_path_gradients", PathGradients(steps=64), gradients=True, batch=2),
    Kind("hiding", hiding),
    Kind("strongest", strongest, of="layers", scores=False),
)
