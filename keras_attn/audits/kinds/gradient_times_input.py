"""Gradient × input (Shrikumar et al. 2016): how much each pixel adds to a score, to first order."""

import tensorflow as tf

from keras_attn.audits.kinds import Kind
from keras_attn.registry import register


def gradient_times_input(model, images, targets):
    """|Σ over the colours of pixel · slope|: what it adds or takes."""
    return tf.abs(tf.reduce_sum(images * slopes(model, images, targets), axis=-1))


def slopes(model, images, targets):
    """∂ score / ∂ pixel, before any preprocessing: float32 `(n, H, W, 3)`."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = tf.gather(model(images), targets, axis=1, batch_dims=1)
    return tape.gradient(scores, images)


register(
    Kind(
        "gradient_times_input",
        gradient_times_input,
        gradients=True,
        about="The absolute sum over the colours of gradient by pixel.",
    )
)
