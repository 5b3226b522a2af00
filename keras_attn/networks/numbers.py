"""Whether the weights of a network are numbers."""

import numpy as np

from keras_attn.errors import InputError


def check(model, where):
    """Refuse a network with NaN among its weights.

    What it computes may look well all the same: a maximum, a ReLU or a comparison with NaN gives a
    number. where: the file or argument that the network came from. Infinite weights stay, which a
    mask of attention may be made of.
    """
    for variable in model.variables:
        values = np.asarray(variable)
        if not np.issubdtype(values.dtype, np.integer) and values.dtype.kind not in "bSOU":
            count = int(np.isnan(values).sum())
            if count:
                expected = "weights that are numbers"
                name = getattr(variable, "path", variable.name)
                received = f"{count:,} of {values.size:,} in {name!r} are NaN"
                raise InputError(where, expected, received)
