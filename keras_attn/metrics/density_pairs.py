"""Agreement of maps with densities: CC, SIM, KL. `metrics.gaze` is the public face."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keras_attn.errors import one_of
from keras_attn.metrics import one_map
from keras_attn.metrics.checked import average_of_pairs, of_density, of_pairs
from keras_attn.metrics.sequences import Arrays


def cc(
    maps: Arrays, densities: Arrays, *, convention: Literal["exact", "mit", "tuebingen"] = "exact"
) -> float:
    """Mean over images of Pearson's correlation of map and fixation density.

    Args:
        maps: One `(H, W)` array for each image.
        densities: One `(H, W)` array for each map, of its size, such as `ka.gaze.density` gives.
        convention: "exact", "mit" or "tuebingen", which all are the same.

    Returns:
        A float from −1 to 1; an image whose map or density is constant counts as 0.

    Raises:
        InputError: Every density is all zeros; a map or a density is not finite; the arguments do
            not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]])]
    >>> densities = [np.array([[0.0, 0.8], [0.0, 0.2]])]
    >>> round(ka.metrics.gaze.cc(maps, densities), 3)
    0.992
    """
    return average_of_pairs(cc_per_image(maps, densities, convention=convention))


def cc_per_image(
    maps: Arrays, densities: Arrays, *, convention: Literal["exact", "mit", "tuebingen"] = "exact"
) -> NDArray[np.float64]:
    """`cc` of each image.

    Args:
        maps, densities, convention: As in `cc`.

    Returns:
        Float64 `(n,)`, NaN where the density is all zeros (no fixation).

    Raises:
        InputError: A map or a density is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]])]
    >>> densities = [np.array([[0.0, 0.8], [0.0, 0.2]])]
    >>> ka.metrics.gaze.cc_per_image(maps, densities).round(3)
    array([0.992])
    """
    one_of("convention", convention, ("exact", "mit", "tuebingen"))
    return of_pairs(one_map.cc, maps, densities)


def sim(
    maps: Arrays, densities: Arrays, *, convention: Literal["tuebingen", "mit"] = "tuebingen"
) -> float:
    """Mean over images of the similarity (histogram intersection) of map and density.

    Args:
        maps: One `(H, W)` array for each image.
        densities: One `(H, W)` array for each map, of its size, such as `ka.gaze.density` gives.
        convention: "tuebingen": each is divided by its sum, as in pysaliency and the MIT/Tübingen
            benchmark of today (one with negative values is first shifted to minimum 0); "mit": each
            is min-max scaled before, as in the MIT code and in papers of its time. They are the
            same for maps and densities whose minimum is 0; a map that is raised everywhere, such as
            a softmax or a sigmoid, is nearer to uniform by the first.

    Returns:
        A float from 0 to 1, which is perfect.

    Raises:
        InputError: Every density is all zeros; a map or a density is not finite; the arguments do
            not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]])]
    >>> densities = [np.array([[0.0, 0.8], [0.0, 0.2]])]
    >>> round(ka.metrics.gaze.sim(maps, densities), 3)
    0.8
    """
    return average_of_pairs(sim_per_image(maps, densities, convention=convention))


def sim_per_image(
    maps: Arrays, densities: Arrays, *, convention: Literal["tuebingen", "mit"] = "tuebingen"
) -> NDArray[np.float64]:
    """`sim` of each image.

    Args:
        maps, densities, convention: As in `sim`.

    Returns:
        Float64 `(n,)`, NaN where the density is all zeros (no fixation).

    Raises:
        InputError: A map or a density is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]])]
    >>> densities = [np.array([[0.0, 0.8], [0.0, 0.2]])]
    >>> ka.metrics.gaze.sim_per_image(maps, densities).round(3)
    array([0.8])
    """
    one_of("convention", convention, ("tuebingen", "mit"))
    metric = one_map.sim if convention == "tuebingen" else one_map.sim_mit
    return of_pairs(of_density(metric), maps, densities)


def kl_divergence(
    maps: Arrays, densities: Arrays, *, convention: Literal["mit", "tuebingen"] = "mit"
) -> float:
    """Mean over images of KL(density || map), each divided by its sum.

    Args:
        maps: One `(H, W)` array for each image.
        densities: One `(H, W)` array for each map, of its size, such as `ka.gaze.density` gives.
        convention: "mit", as in the MIT code, with MATLAB's eps = 2^-52 in logarithm and quotient,
            or "tuebingen", which writes it 2.2204e-16; they differ by less than 3e-5 and only where
            a map is about 0. One with negative values is first shifted to minimum 0.

    Returns:
        A float in nats; 0 is perfect.

    Raises:
        InputError: Every density is all zeros; a map or a density is not finite; the arguments do
            not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]])]
    >>> densities = [np.array([[0.0, 0.8], [0.0, 0.2]])]
    >>> round(ka.metrics.gaze.kl_divergence(maps, densities), 3)
    0.23
    """
    return average_of_pairs(kl_divergence_per_image(maps, densities, convention=convention))


def kl_divergence_per_image(
    maps: Arrays, densities: Arrays, *, convention: Literal["mit", "tuebingen"] = "mit"
) -> NDArray[np.float64]:
    """`kl_divergence` of each image.

    Args:
        maps, densities, convention: As in `kl_divergence`.

    Returns:
        Float64 `(n,)`, NaN where the density is all zeros (no fixation).

    Raises:
        InputError: A map or a density is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]])]
    >>> densities = [np.array([[0.0, 0.8], [0.0, 0.2]])]
    >>> ka.metrics.gaze.kl_divergence_per_image(maps, densities).round(3)
    array([0.23])
    """
    one_of("convention", convention, ("mit", "tuebingen"))
    epsilon = one_map.EPSILON if convention == "mit" else one_map.EPSILON_TUEBINGEN

    def metric(saliency, density):
        return one_map.kl_divergence(saliency, density, epsilon=epsilon)

    return of_pairs(of_density(metric), maps, densities)
