"""Activation (Eq. 4): the sum over the channels of a layer's output of their squares, Σ_d |Z_d|².

The output of a layer with one channel is a map itself, and is called "map".
"""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind
from keras_attn.registry import register


def activation(model, images, targets=None):
    """Eq. 4 of each audited layer."""
    return of_features(model.features(images))


def of_features(features):
    """Eq. 4 of features `(n, h, w, C)` by layer; maps `(n, h, w)` by layer and name."""
    maps = {}
    for layer, values in features.items():
        values = tf.cast(values, tf.float32)
        # Squaring a map would change what it says.
        if values.shape[-1] == 1:
            maps[layer, "map"] = values[..., 0]
        else:
            maps[layer, "activation"] = tf.reduce_sum(tf.square(values), axis=-1)
    return maps


register(
    Kind(
        "activation",
        activation,
        of=LAYERS,
        scores=False,
        by_default=True,
        about="Σ over the channels of the layer's output of their squares.",
    )
)
