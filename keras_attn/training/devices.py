"""Precision and devices: the setting in which a model is built, trained and run."""

from contextlib import contextmanager, nullcontext
from functools import cache
from typing import get_args

import keras
import tensorflow as tf

from keras_attn import configs
from keras_attn.errors import one_of

PRECISIONS, STRATEGIES = get_args(configs.Precision), get_args(configs.Strategy)


@contextmanager
def precision(policy):
    """Build models under a dtype policy of Keras; afterwards the policy is what it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(one_of("precision", policy, PRECISIONS))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def scope(strategy):
    """The scope to build and compile a model in: "none", or "mirrored" over all GPUs.

    Without a GPU, "mirrored" takes all logical CPU devices.
    """
    if one_of("strategy", strategy, STRATEGIES) == "none":
        return nullcontext()
    return _mirrored().scope()


@cache
def _mirrored():
    """The one of this process: a second one would number its exchanges as the first has."""
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in found])
