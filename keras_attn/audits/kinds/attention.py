"""Attention of a transformer: how much each patch is attended to, as a mean over a layer's heads.

By the token of the class, where one stands before the patches, else as a mean over all tokens.
"""

import tensorflow as tf

from keras_attn.audits.kinds import LAYERS, Kind, Unfit
from keras_attn.networks import attention_weights
from keras_attn.registry import register


def attention(model, images, targets=None):
    """The mean over the heads of each layer."""
    found = of_heads(model, images).items()
    return {path: to_patches(model, path, tf.reduce_mean(v, axis=1)) for path, v in found}


def of_heads(model, images):
    """Weights `(n, heads, tokens, tokens)` of all layers by path, as they ran."""
    layers = {path: model.every[path] for path in heads(model)}
    with attention_weights.caught(layers) as found:
        model.run(images)
    return {path: _checked(model, path, values) for path, values in found.items()}


def heads(model):
    """Paths of the layers of several heads that a model has."""
    found = attention_weights.paths(model.every)
    if not found:
        raise Unfit("keras.layers.MultiHeadAttention")
    return found


def to_patches(model, path, weights):
    """Maps `(n, h, w)` of what patches get of weights `(n, tokens, tokens)`, rows of queries."""
    leading, height, width = model.layouts[path].tokens
    told = weights[:, 0] if leading else tf.reduce_mean(weights, axis=1)
    return tf.reshape(told[:, leading : leading + height * width], (-1, height, width))


def _checked(model, path, values):
    layout = model.layouts.get(path)
    tokens = layout.tokens if layout is not None else None
    if not tokens or values.shape[2] != values.shape[3] or values.shape[2] < sum_of(tokens):
        raise Unfit(f"tokens of the whole picture that attend to each other in layer {path!r}")
    return tf.cast(values, tf.float32)


def sum_of(tokens):
    """How many tokens (leading, height, width) are."""
    leading, height, width = tokens
    return leading + height * width


register(
    Kind(
        "attention",
        attention,
        of=LAYERS,
        scores=False,
        reads=heads,
        about=(
            "How much each patch is attended to in a layer of a transformer, as a mean over its "
            "heads: by the token of the class, or as a mean over all tokens where there is none."
        ),
    )
)
