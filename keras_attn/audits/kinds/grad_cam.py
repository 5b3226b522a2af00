"""Grad-CAM (Selvaraju et al. 2017): channels weighted by mean gradients, where above 0."""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind
from keras_attn.registry import register


def grad_cam(model, images, targets):
    """The ReLU of each audited layer's channels, weighted by the mean slope of a class score."""
    features, gradients = model.features(images), model.gradients(images, targets)
    return {layer: _weighted(values, gradients[layer]) for layer, values in features.items()}


def _weighted(features, gradient):
    weights = tf.reduce_mean(tf.cast(gradient, tf.float32), axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(tf.cast(features, tf.float32) * weights, axis=-1))


register(
    Kind(
        "grad_cam",
        grad_cam,
        of=LAYERS,
        gradients=True,
        by_default=True,
        about=(
            "The layer's channels weighted by the mean gradient of the score, negative values cut "
            "off."
        ),
    )
)
