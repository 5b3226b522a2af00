"""Occlusion (Zeiler and Fergus 2014): how far a score falls where a part of the picture is grey."""

from itertools import product

import tensorflow as tf

from keras_attn.audits.kinds import Kind
from keras_attn.audits.kinds._score import score
from keras_attn.registry import register

PARTS, GREY = 8, 127.5
"""Windows that lie side by side along each side of the picture, half of one apart."""


def occlusion(model, images, targets):
    """The mean fall of the score over the windows that a pixel lies in; below 0 where it rises."""
    size = images.shape[1:3]
    falls, seen = tf.zeros(images.shape[:3]), tf.zeros(size)
    with model.as_graph():
        whole = score(model, images, targets)
        for rows, columns in product(windows(size[0]), windows(size[1])):
            hidden = tf.cast(rows[:, None] & columns[None], tf.float32)
            grey = images + hidden[..., None] * (GREY - images)
            fall = whole - score(model, grey, targets)
            falls += fall[:, None, None] * hidden
            seen += hidden
    return falls / seen


def windows(side):
    """Where windows lie along a side of so many pixels, which they cover: a bool tensor each."""
    width = max(1, -(-side // PARTS))
    step = max(1, width // 2)
    places = tf.range(side)
    last = max(0, side - width)
    for start in [*range(0, last, step), last]:
        yield (places >= start) & (places < start + width)


register(
    Kind(
        "occlusion",
        occlusion,
        about=(
            "How far the score falls where a window of an eighth of each side is grey: the mean "
            "of the windows that a pixel lies in."
        ),
    )
)
