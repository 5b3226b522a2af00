"""Gradient (Simonyan et al. 2014): the maximum over the channels of |∂ score / ∂ input|."""

import tensorflow as tf

from keras_attn.audits.kinds import INPUT, Kind
from keras_attn.registry import register


def gradient(model, images, targets):
    """The largest slope of a class score over the channels of each position of the input."""
    return tf.reduce_max(tf.abs(model.input_gradient(images, targets)), axis=-1)


register(
    Kind(
        "gradient",
        gradient,
        of=INPUT,
        gradients=True,
        by_default=True,
        about="The largest absolute gradient of the score over the three colours of the input.",
    )
)
