"""Adam with the learning rate of a configuration: as it is, or falling to 0. Knows no task."""

import keras
from keras.optimizers.schedules import CosineDecay

from keras_attn.errors import InputError

WARM = 0.05
"""Share of the updates over which the rate of "cosine" rises."""


def cosine(peak, updates):
    """A learning rate that rises linearly to `peak` and falls to 0 along half a cosine.

    peak: the highest rate. updates: how many there are in all, of which WARM rise. For any
    optimizer of Keras; it counts the updates of the optimizer, so that a run that was stopped goes
    on where it was. `InputError` for fewer than one update.
    """
    if updates < 1:
        raise InputError("updates", "a whole number from 1", updates)
    rising = int(WARM * updates)
    if not rising:
        return CosineDecay(peak, updates)
    # Keras' first update would have the initial rate, and one of 0 would be lost.
    first = peak / (rising + 1)
    return CosineDecay(first, updates - rising, warmup_target=peak, warmup_steps=rising)


def adam(training, updates):
    """Adam as a part `training` says: its learning_rate, schedule and clip.

    updates: of the whole training, or None where nothing is going to be trained.
    """
    rate = training.learning_rate
    if training.schedule == "cosine" and updates is not None:
        rate = cosine(rate, updates)
    return keras.optimizers.Adam(rate, global_clipnorm=training.clip)
