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
    """Mean over images of Pearson's correlation of map and fixation density; 0 if constant.

    convention: "exact", "mit" or "tuebingen", which all are the same.
    """
    return average_of_pairs(cc_per_image(maps, densities, convention=convention))


def cc_per_image(
    maps: Arrays, densities: Arrays, *, convention: Literal["exact", "mit", "tuebingen"] = "exact"
) -> NDArray[np.float64]:
    """`cc` of each image: float64 `(n,)`, NaN where the density is all zeros (no fixation)."""
    one_of("convention", convention, ("exact", "mit", "tuebingen"))
    return of_pairs(one_map.cc, maps, densities)


def sim(
    maps: Arrays, densities: Arrays, *, convention: Literal["tuebingen", "mit"] = "tuebingen"
) -> float:
    """Mean over images of the similarity (histogram intersection) of map and density, 0 to 1.

    convention: "tuebingen": each is divided by its sum, as in pysaliency and the MIT/Tübingen
    benchmark of today (one with negative values is first shifted to minimum 0); "mit": each is
    min-max scaled before, as in the MIT code and in papers of its time. They are the same for
    maps and densities whose minimum is 0; a map that is raised everywhere, such as a softmax or a
    sigmoid, is nearer to uniform by the first.
    """
    return average_of_pairs(sim_per_image(maps, densities, convention=convention))


def sim_per_image(
    maps: Arrays, densities: Arrays, *, convention: Literal["tuebingen", "mit"] = "tuebingen"
) -> NDArray[np.float64]:
    """`sim` of each image: float64 `(n,)`, NaN where the density is all zeros (no fixation)."""
    one_of("convention", convention, ("tuebingen", "mit"))
    metric = one_map.sim if convention == "tuebingen" else one_map.sim_mit
    return of_pairs(of_density(metric), maps, densities)


def kl_divergence(
    maps: Arrays, densities: Arrays, *, convention: Literal["mit", "tuebingen"] = "mit"
) -> float:
    """Mean over images of KL(density || map) in nats, each divided by its sum. 0 is perfect.

    convention: "mit", as in the MIT code, with MATLAB's eps = 2^-52 in logarithm and quotient, or
    "tuebingen", which writes it 2.2204e-16; they differ by less than 3e-5 and only where a map is
    about 0. One with negative values is first shifted to minimum 0.
    """
    return average_of_pairs(kl_divergence_per_image(maps, densities, convention=convention))


def kl_divergence_per_image(
    maps: Arrays, densities: Arrays, *, convention: Literal["mit", "tuebingen"] = "mit"
) -> NDArray[np.float64]:
    """`kl_divergence` of each image: float64 `(n,)`, NaN where the density is all zeros."""
    one_of("convention", convention, ("mit", "tuebingen"))
    epsilon = one_map.EPSILON if convention == "mit" else one_map.EPSILON_TUEBINGEN

    def metric(saliency, density):
        return one_map.kl_divergence(saliency, density, epsilon=epsilon)

    return of_pairs(of_density(metric), maps, densities)
