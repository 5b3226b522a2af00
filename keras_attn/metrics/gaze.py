"""Agreement of maps with gaze: s-AUC, information gain, AUC-Judd, NSS, CC, SIM, KL.

maps: a sequence of `(H_i, W_i)` arrays of any real type; sizes may differ from map to map.
points: a sequence of `(N_i, 2)` arrays, x and y in pixels of that map (pixel = floor).
densities: a sequence of `(H_i, W_i)` arrays, one of the size of each map.

Each metric comes twice: `X_per_image` returns one value per image, NaN where an image has no
fixation; `X` is the mean over the images that have one, or with `average="fixation"` over all
fixations alike. Points outside their map, NaN among them, are dropped with a warning that counts
them; another one says what points look like that cannot be pixels of their maps. A NaN or infinite
value in a map is an error that names the map.

Conventions, where the field has several:
  "tuebingen"  as the MIT/Tübingen benchmark of today and pysaliency score a saliency map, in
               every metric here: every fixation counts, ties count one half; all pixels are the
               negatives of AUC-Judd; maps are densities by their sum for IG, SIM and KL
  "mit"        as the code of the former MIT saliency benchmark (cvzoya/saliency): fixations on
               one pixel collapse; maps are min-max scaled for IG and SIM; what that code draws
               at random is drawn from `seed`
  "exact"      every fixation counts, ties count one half, nothing is drawn at random
  "judd"       AUC-Judd with a threshold at each fixated value, every fixation counts
  "mixture"    IG of a proper density: the map, normalised to sum 1, mixed with a uniform one
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from keras_attn import gaze
from keras_attn.errors import InputError, one_of
from keras_attn.metrics import one_map
from keras_attn.metrics.checked import Average, Images, average_of
from keras_attn.metrics.density_pairs import (
    cc,
    cc_per_image,
    kl_divergence,
    kl_divergence_per_image,
    sim,
    sim_per_image,
)
from keras_attn.metrics.gain import information_gain, information_gain_per_image, zero_share
from keras_attn.metrics.sequences import Arrays

__all__ = [
    "auc_judd",
    "auc_judd_of",
    "auc_judd_per_image",
    "cc",
    "cc_per_image",
    "information_gain",
    "information_gain_per_image",
    "kl_divergence",
    "kl_divergence_per_image",
    "nss",
    "nss_per_image",
    "s_auc",
    "s_auc_per_image",
    "sim",
    "sim_per_image",
    "zero_share",
]

MIT_OTHER_IMAGES = 10
"""How many other images the MIT benchmark takes its shuffled negatives from."""


def s_auc(
    maps: Arrays,
    points: Arrays,
    *,
    average: Average = "image",
    convention: Literal["exact", "mit", "tuebingen"] = "exact",
    negatives: Arrays | None = None,
    seed: int = 0,
) -> float:
    """Shuffled AUC: how well a map tells an image's own fixations from those of other images.

    1 is perfect, 0.5 chance, and a map of nothing but centre bias scores about 0.5. Zhang et al.
    2008; Borji et al. 2013 (the paper's reference [77]).

    Args:
        maps: One `(H, W)` array for each image.
        points: One `(N, 2)` array for each image, x and y in pixels of its map.
        average: "image", where each image counts alike, or "fixation", where each fixation does.
        convention: "exact"; "tuebingen", which is the same; or "mit" for the sampled form:
            negatives are the fixated pixels of ten other images, of which 100 splits are drawn.
        negatives: One `(M, 2)` array for each map, of what it is to be told from. Default: all
            fixations of all other images, with multiplicity, their coordinates scaled to this
            image's size.
        seed: Of what "mit" draws.

    Returns:
        A float from 0 to 1.

    Raises:
        InputError: An image with fixations has no negatives, as with a single image; a map is not
            finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> ka.metrics.gaze.s_auc(maps, points)
    1.0
    """
    scores = s_auc_per_image(maps, points, convention=convention, negatives=negatives, seed=seed)
    return average_of(scores, maps, points, average, distinct=convention == "mit")


def s_auc_per_image(
    maps: Arrays,
    points: Arrays,
    *,
    convention: Literal["exact", "mit", "tuebingen"] = "exact",
    negatives: Arrays | None = None,
    seed: int = 0,
) -> NDArray[np.float64]:
    """`s_auc` of each image.

    Args:
        maps, points, convention, negatives, seed: As in `s_auc`.

    Returns:
        Float64 `(n,)`, NaN for an image without fixations.

    Raises:
        InputError: As `s_auc` does.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> ka.metrics.gaze.s_auc_per_image(maps, points)
    array([1., 1.])
    """
    one_of("convention", convention, ("exact", "mit", "tuebingen"))
    images = Images(maps, points)
    given = None if negatives is None else Images(maps, negatives, "negatives")
    rng = np.random.default_rng(seed)

    def score(index, saliency, flat):
        if given is not None:
            others = given.flat(index)
        elif convention == "mit":
            others = _pixels_of_ten_others(images.pool, index, saliency.shape, rng)
        else:
            others = images.pool.other_pixels(index, saliency.shape)
        if not len(others):
            raise InputError(
                f"points[{index}]",
                "fixations of other images to compare with (s-AUC needs at least two images "
                "with fixations)",
                f"{len(images.maps)} image(s), no fixation but those of this one",
            )
        if convention != "mit":
            values = saliency.ravel()
            return one_map.auc_per_positive(values[flat], values[others]).mean()
        unit = one_map.scaled(saliency)
        if unit is None:
            return 0.5
        values = unit.ravel()
        return one_map.sampled_auc_mit(values[np.unique(flat)], values[np.unique(others)], rng)

    return images.scores(score)


def auc_judd(
    maps: Arrays,
    points: Arrays,
    *,
    average: Average = "image",
    convention: Literal["judd", "mit", "exact", "tuebingen"] = "judd",
) -> float:
    """AUC of fixated against all other pixels of the same image; rewards centre bias.

    Judd et al. 2009.

    Args:
        maps: One `(H, W)` array for each image.
        points: One `(N, 2)` array for each image, x and y in pixels of its map.
        average: "image", where each image counts alike, or "fixation", where each fixation does.
        convention: "judd": a threshold at each fixated value, every fixation counts; "mit": the MIT
            code without its random jitter; "exact": the Mann–Whitney statistic. They differ by
            ties, and by duplicates. "tuebingen": the Mann–Whitney statistic against all pixels, the
            fixated ones among them, which the benchmark of today calls AUC.

    Returns:
        A float from 0 to 1; 0.5 is chance.

    Raises:
        InputError: No image has a fixation; a map is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> ka.metrics.gaze.auc_judd(maps, points)
    1.0
    """
    return average_of(
        auc_judd_per_image(maps, points, convention=convention),
        maps,
        points,
        average,
        distinct=convention == "mit",
    )


def auc_judd_per_image(
    maps: Arrays,
    points: Arrays,
    *,
    convention: Literal["judd", "mit", "exact", "tuebingen"] = "judd",
) -> NDArray[np.float64]:
    """`auc_judd` of each image.

    Args:
        maps, points, convention: As in `auc_judd`.

    Returns:
        Float64 `(n,)`, NaN for an image without fixations.

    Raises:
        InputError: A map is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> ka.metrics.gaze.auc_judd_per_image(maps, points, convention="tuebingen")
    array([0.875, 0.75 ])
    """
    one_of("convention", convention, ("judd", "mit", "exact", "tuebingen"))
    return Images(maps, points).scores(lambda _, m, flat: auc_judd_of(m, flat, convention))


def auc_judd_of(
    saliency: NDArray[np.float64],
    flat: NDArray[np.intp],
    convention: Literal["judd", "mit", "exact", "tuebingen"] = "judd",
) -> float:
    """`auc_judd` of one map.

    Args:
        saliency: The map, float64 `(H, W)`, finite.
        flat: Flat indices `(N,)` of the fixated pixels, one for each fixation.
        convention: As in `auc_judd`.

    Returns:
        A float from 0 to 1; 0.5 where every pixel is fixated or the map is constant.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> ka.metrics.gaze.auc_judd_of(np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([1]))
    1.0
    """
    values = saliency.ravel()
    if convention == "tuebingen":
        return one_map.auc_per_positive(values[flat], values).mean()
    fixated = np.unique(flat)
    if len(fixated) == saliency.size or saliency.min() == saliency.max():
        return 0.5
    if convention == "mit":
        return one_map.auc_judd_mit(saliency, fixated)
    positives, negatives = values[flat], np.delete(values, fixated)
    if convention == "judd":
        return one_map.auc_at_positive_thresholds(positives, negatives)
    return one_map.auc_per_positive(positives, negatives).mean()


def nss(
    maps: Arrays,
    points: Arrays,
    *,
    average: Average = "image",
    convention: Literal["exact", "mit", "tuebingen"] = "exact",
) -> float:
    """Normalised scanpath saliency: the map's standard score at the fixations (Peters 2005).

    Args:
        maps: One `(H, W)` array for each image.
        points: One `(N, 2)` array for each image, x and y in pixels of its map.
        average: "image", where each image counts alike, or "fixation", where each fixation does.
        convention: "exact" or "tuebingen": every fixation counts, population deviation; "mit":
            fixations on one pixel count once, sample deviation.

    Returns:
        A float, in standard deviations of the map; 0 is chance, and what a constant map scores.

    Raises:
        InputError: No image has a fixation; a map is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> round(ka.metrics.gaze.nss(maps, points), 3)
    1.236
    """
    scores = nss_per_image(maps, points, convention=convention)
    return average_of(scores, maps, points, average, distinct=convention == "mit")


def nss_per_image(
    maps: Arrays, points: Arrays, *, convention: Literal["exact", "mit", "tuebingen"] = "exact"
) -> NDArray[np.float64]:
    """`nss` of each image.

    Args:
        maps, points, convention: As in `nss`.

    Returns:
        Float64 `(n,)`, NaN for an image without fixations.

    Raises:
        InputError: A map is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.1, 0.9], [0.2, 0.3]]), np.array([[0.8, 0.1], [0.4, 0.3]])]
    >>> points = [[(1.5, 0.5)], [(0.5, 0.5), (0.5, 1.5)]]  # x, y: the right upper pixel, ...
    >>> ka.metrics.gaze.nss_per_image(maps, points).round(3)
    array([1.687, 0.784])
    """
    if one_of("convention", convention, ("exact", "mit", "tuebingen")) != "mit":
        return Images(maps, points).scores(lambda _, m, flat: one_map.nss(m, flat).mean())
    return Images(maps, points).scores(
        lambda _, m, flat: one_map.nss(m, np.unique(flat), ddof=1).mean()
    )


def _pixels_of_ten_others(pool, index, shape, rng):
    others = [i for i, points in enumerate(pool.points) if i != index and len(points)]
    chosen = rng.choice(others, min(MIT_OTHER_IMAGES, len(others)), replace=False) if others else []
    moved = [gaze.resize(pool.points[i], pool.shapes[i], shape) for i in chosen]
    return gaze.pixels(np.concatenate(moved), shape) if moved else np.zeros(0, np.intp)
