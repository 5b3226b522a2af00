"""Gradient × input (Shrikumar et al. 2016): how much each pixel adds to a score, to first order."""

import tensorflow as tf

from keras_attn.audits.kinds import Kind
from keras_attn.audits.kinds._score import slopes
from keras_attn.registry import register


def gradient_times_input(model, images, targets):
    """|Σ over the colours of pixel · slope|: what it adds or takes."""
    return tf.abs(tf.reduce_sum(images * slopes(model, images, targets), axis=-1))


register(
    Kind(
        "gradient_times_input",
        gradient_times_input,
        gradients=True,
        about="The absolute sum over the colours of gradient by pixel.",
    )
)
