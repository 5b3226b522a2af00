"""Relevance of tokens (Chefer et al. 2021): rollout, weighted by what the class minds."""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind
from keras_attn.audits.kinds._score import score
from keras_attn.audits.kinds.attention import heads, to_patches
from keras_attn.networks import attention_weights
from keras_attn.registry import register


def attention_relevance(model, images, targets):
    """Eqs. 5 and 6 of that paper: R + Ā R, of Ā the mean over heads of weight by slope above 0."""
    layers = {path: model.every[path] for path in heads(model)}
    with tf.GradientTape() as tape:
        tape.watch(images)
        with attention_weights.caught(layers) as found:
            scores = score(model, images, targets)
    slopes = tape.gradient(scores, [*found.values()], unconnected_gradients="zero")
    relevance = None
    for weights, slope in zip(found.values(), slopes, strict=True):
        rising = tf.nn.relu(tf.cast(weights, tf.float32) * tf.cast(slope, tf.float32))
        mean = tf.reduce_mean(rising, axis=1)
        relevance = tf.eye(mean.shape[1]) if relevance is None else relevance
        relevance += mean @ relevance
    last = [*found][-1]
    return {last: to_patches(model, last, relevance)}


register(
    Kind(
        "attention_relevance",
        attention_relevance,
        of=LAYERS,
        gradients=True,
        reads=heads,
        about=(
            "As rollout, of attention weighted by how much the score rises with it: what of each "
            "patch counts for the class."
        ),
    )
)
