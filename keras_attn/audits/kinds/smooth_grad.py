"""SmoothGrad (Smilkov et al. 2017): the gradient, as a mean over pictures with some noise."""

import tensorflow as tf

from keras_attn.audits.kinds import Kind
from keras_attn.audits.kinds._score import slopes
from keras_attn.registry import register

SAMPLES, NOISE, SEED = 25, 0.15, 0
"""Noisy pictures, and their standard deviation as a share of the range of the picture's pixels."""


def smooth_grad(model, images, targets):
    """The maximum over the colours of the absolute mean slope."""
    axes = (1, 2, 3)
    spread = tf.reduce_max(images, axes, True) - tf.reduce_min(images, axes, True)
    total = tf.zeros_like(images)
    for sample in range(SAMPLES):
        # The same for each picture: what it gets does not depend on which others are beside it.
        noise = tf.random.stateless_normal(images.shape[1:], (SEED, sample))
        total += slopes(model, images + NOISE * spread * noise, targets)
    return tf.reduce_max(tf.abs(total / SAMPLES), axis=-1)


register(
    Kind(
        "smooth_grad",
        smooth_grad,
        gradients=True,
        about=(
            f"The gradient as a mean over {SAMPLES} pictures with noise of {NOISE:.0%} of their "
            "range; its largest absolute value over the colours."
        ),
    )
)
