"""Whether the weights of a network are numbers."""

import numpy as np

from keras_attn.errors import InputError

FLOATS = "fcV"
"""Kinds of NumPy's types that have a NaN; V is that of bfloat16."""


def check(model, where):
    """Refuse a network with NaN among its weights.

    What it computes may look well all the same: a maximum, a ReLU or a comparison with NaN gives a
    number. where: the file or argument that the network came from. Infinite weights stay, which a
    mask of attention may be made of.
    """
    for variable in model.variables:
        values = np.asarray(variable)
        count = int(np.isnan(values).sum()) if values.dtype.kind in FLOATS else 0
        if count:
            name = getattr(variable, "path", variable.name)
            received = f"{count:,} of {values.size:,} in {name!r} are NaN"
            raise InputError(
                where, "weights that are numbers, of which finite scores can come", received
            )
