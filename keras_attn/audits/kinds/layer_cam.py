"""Layer-CAM (Jiang et al. 2021): each position weighted by its own slope, where that rises."""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind
from keras_attn.registry import register


def layer_cam(model, images, targets):
    """The ReLU of the sum over the channels of features by their slopes above 0."""
    features, gradients = model.features(images), model.gradients(images, targets)
    return {layer: _weighted(values, gradients[layer]) for layer, values in features.items()}


def _weighted(features, slopes):
    rising = tf.nn.relu(tf.cast(slopes, tf.float32))
    return tf.nn.relu(tf.reduce_sum(rising * tf.cast(features, tf.float32), axis=-1))


register(
    Kind(
        "layer_cam",
        layer_cam,
        of=LAYERS,
        gradients=True,
        about=(
            "The layer's channels weighted at each position by the gradient there, where that is "
            "above 0."
        ),
    )
)
