"""A network whose weights are random for a while (Adebayo et al. 2018)."""

from contextlib import contextmanager

import numpy as np


@contextmanager
def randomised(model, seed=0):
    """Within this, the values of each trainable weight of a Keras model are in random order.

    So that they stay as large as they were, where those of an initializer may make a network that
    answers nothing. Counters and means of normalisation stay as they are.
    """
    weights = model.trainable_weights or model.weights
    before = [np.asarray(weight) for weight in weights]
    rng = np.random.default_rng(seed)
    try:
        for weight, values in zip(weights, before, strict=True):
            weight.assign(rng.permutation(values.ravel()).reshape(values.shape))
        yield model
    finally:
        for weight, values in zip(weights, before, strict=True):
            weight.assign(values)
