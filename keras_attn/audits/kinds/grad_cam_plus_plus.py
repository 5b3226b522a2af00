"""Grad-CAM++ (Chattopadhay et al. 2018): channels weighted by rising slopes, each position its own.

As in public code the score goes through an exponential function, whose second and third
derivatives are the square and the cube of the slope (Eq. 19 of that paper).
"""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind
from keras_attn.registry import register


def grad_cam_plus_plus(model, images, targets):
    """The ReLU of each audited layer's channels, weighted by Eq. 11 of that paper."""
    features, gradients = model.features(images), model.gradients(images, targets)
    return {layer: _weighted(values, gradients[layer]) for layer, values in features.items()}


def _weighted(features, slopes):
    features, slopes = tf.cast(features, tf.float32), tf.cast(slopes, tf.float32)
    # The square of the slope stands above and below; divided by it once, it cannot overflow.
    sums = tf.reduce_sum(features, axis=(1, 2), keepdims=True)
    shares = tf.math.divide_no_nan(tf.ones_like(slopes), 2 + sums * slopes)
    shares = tf.where(slopes > 0, shares, 0.0)
    weights = tf.reduce_sum(shares * tf.nn.relu(slopes), axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * features, axis=-1))


register(
    Kind(
        "grad_cam_plus_plus",
        grad_cam_plus_plus,
        of=LAYERS,
        gradients=True,
        about="As Grad-CAM, with a weight of its own for each position where the score rises.",
    )
)
