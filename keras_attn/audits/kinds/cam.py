"""Class activation map (Zhou et al. 2016): the features before global average pooling, weighted.

The weights are those of the last layer for a class, so the map's mean is its score less the bias.
"""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind, Unfit
from keras_attn.registry import register


def cam(model, images, targets):
    """The pooled features weighted by the kernel's column of the class."""
    (path,) = pooled(model)
    features = tf.cast(model.features(images, [path])[path], tf.float32)
    weights = tf.gather(model.class_weights, targets, axis=1)
    return {path: tf.einsum("bhwc,cb->bhw", features, weights)}


def pooled(model):
    """The path of the layer that is pooled, as a list."""
    if model.pooled is None:
        raise Unfit("global average pooling before one Dense")
    return [model.pooled]


register(
    Kind(
        "cam",
        cam,
        of=LAYERS,
        reads=pooled,
        by_default=True,
        about="The features before global average pooling, weighted as in the last layer.",
    )
)
