"""Score-CAM (Wang et al. 2020): channels weighted by the score that what they show gets alone.

Needs no gradient, and a run of the network for each channel. Of layers with more than `MOST` only
the strongest of each picture are taken, by their mean square, which Eq. 4 is the sum of.
"""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind
from keras_attn.audits.kinds._score import score
from keras_attn.registry import register

MOST = 32
"""Channels of a layer that are looked at."""


def score_cam(model, images, targets):
    """The ReLU of each audited layer's channels, weighted by the softmax of their scores."""
    found = model.features(images)
    return {layer: _weighted(model, images, targets, values) for layer, values in found.items()}


def _weighted(model, images, targets, features):
    features = tf.cast(features, tf.float32)
    energy = tf.reduce_mean(tf.square(features), axis=(1, 2))
    strongest = tf.math.top_k(energy, min(MOST, features.shape[-1])).indices
    features = tf.gather(features, strongest, axis=3, batch_dims=1)
    # Enlarged first, as in Algorithm 1 of that paper, so that each mask does reach 0 and 1.
    masks = _from_0_to_1(tf.image.resize(features, images.shape[1:3]))
    # A channel at a time of all images, so that a batch is as large as any other.
    with model.as_graph():
        scores = [
            score(model, images * masks[..., place, None], targets)
            for place in range(features.shape[-1])
        ]
    weights = tf.nn.softmax(tf.stack(scores, axis=1), axis=1)
    return tf.nn.relu(tf.einsum("bhwc,bc->bhw", features, weights))


def _from_0_to_1(features):
    low = tf.reduce_min(features, axis=(1, 2), keepdims=True)
    return tf.math.divide_no_nan(
        features - low, tf.reduce_max(features, axis=(1, 2), keepdims=True) - low
    )


register(
    Kind(
        "score_cam",
        score_cam,
        of=LAYERS,
        about=(
            "The layer's channels weighted by the softmax of the scores that the picture gets "
            f"where each of them is strong; of many channels the {MOST} of the largest mean "
            "square."
        ),
    )
)
