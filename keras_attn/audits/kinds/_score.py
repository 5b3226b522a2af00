"""The score of the class that is explained, and its slopes, as several kinds ask for them."""

import tensorflow as tf


def score(model, images, targets):
    """That of the class of each image, float32 `(n,)`."""
    return tf.gather(model(images), targets, axis=1, batch_dims=1)


def slopes(model, images, targets):
    """∂ score / ∂ pixel, before any preprocessing: float32 `(n, H, W, 3)`."""
    with model.as_graph(), tf.GradientTape() as tape:
        tape.watch(images)
        scores = score(model, images, targets)
    return tape.gradient(scores, images)
