"""Attention rollout (Abnar and Zuidema 2020): the attention of all layers, one on the other."""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind
from keras_attn.audits.kinds.attention import heads, of_heads, to_patches
from keras_attn.registry import register


def attention_rollout(model, images, targets=None):
    """The product over the layers of half the mean over the heads and half the token itself."""
    passed, found = None, of_heads(model, images)
    for values in found.values():
        mean = tf.reduce_mean(values, axis=1)
        step = (mean + tf.eye(mean.shape[1])) / 2
        passed = step if passed is None else step @ passed
    last = [*found][-1]
    return {last: to_patches(model, last, passed)}


register(
    Kind(
        "attention_rollout",
        attention_rollout,
        of=LAYERS,
        scores=False,
        reads=heads,
        about=(
            "How much of each patch reaches the output of a transformer, if each layer passes on "
            "half of a token as it is and half of what it attends to, as a mean over the heads."
        ),
    )
)
