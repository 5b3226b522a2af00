"""How far attention is spread over a picture, and how alike the maps of several pictures are.

maps: a sequence of `(H, W)` attention maps, real numbers. Nothing here looks at gaze: of attention
that is one and the same in every picture it says so, wherever people look. Give the maps at the
network's own grid: the more positions a map is enlarged to, the nearer its entropy comes to 1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError
from keras_attn.metrics.checked import checked_map
from keras_attn.metrics.sequences import Arrays, check_one_each
from keras_attn.resizing import at_size

SIDE = 14
"""Most rows and columns of the maps that are compared with each other; larger are averaged."""


def entropy(maps: Arrays) -> NDArray[np.float64]:
    """Entropy of each map, as a share of that of a uniform one.

    Each map is taken for a distribution, its sum scaled to 1: 1 is attention that is the same
    everywhere, 0 all of it at one position, log k / log N the same at k of N positions.

    Args:
        maps: One `(H, W)` array for each picture.

    Returns:
        Float64 `(n,)`, from 0 to 1.

    Raises:
        InputError: A map has values below 0, is of zeros alone, or of a single position, which have
            no entropy.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 2.0], [1.0, 0.0]])]
    >>> ka.metrics.dispersion.entropy(maps).round(3)
    array([0.5  , 0.459])
    """
    return np.array([_entropy(one, f"maps[{i}]") for i, one in enumerate(_checked(maps))])


def standardised(maps: Arrays) -> NDArray[np.float64]:
    """Each map with mean 0 and length 1, so that the product of two is their CC.

    Args:
        maps: Arrays `(H, W)` of one shape. One is constant if it varies by no more than the
            rounding of its own type.

    Returns:
        Float64 `(n, H · W)`; zeros for a constant map, whose CC is 0 here.

    Raises:
        InputError: There is no map; their shapes differ; one is not finite.

    Example:

    >>> import numpy as np
    >>> from keras_attn.metrics.dispersion import standardised
    >>> standardised([np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones((2, 2))])
    array([[-0.5,  0.5,  0.5, -0.5],
           [ 0. ,  0. ,  0. ,  0. ]])
    """
    checked = _checked(maps, alike=True)
    types = [np.asarray(one).dtype for one in maps]
    return np.stack([_standard(*pair) for pair in zip(checked, types, strict=True)])


def cc_with_others(maps: Arrays) -> NDArray[np.float64]:
    """Mean of Pearson's correlations of each map with each of the others.

    Exact: the sum over all others is the product with the sum of all standardised maps, less that
    with itself.

    Args:
        maps: Arrays `(H, W)` of one shape, two or more.

    Returns:
        Float64 `(n,)`, from −1 to 1: 1 where all maps are alike but for their scale, near 0 where
        they attend to different places.

    Raises:
        InputError: There is a single map; their shapes differ; one is not finite.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 2.0], [1.0, 0.0]])]
    >>> ka.metrics.dispersion.cc_with_others(maps).round(3)
    array([0.905, 0.905])
    """
    vectors = standardised(maps)
    if len(vectors) < 2:
        raise InputError("maps", "two maps or more, which are compared", len(vectors))
    return with_others(vectors)


def mean_cc(maps: Arrays) -> float:
    """Mean of Pearson's correlations of all pairs of two different maps.

    Args:
        maps: Arrays `(H, W)` of one shape, two or more.

    Returns:
        A float from −1 to 1.

    Raises:
        InputError: As `cc_with_others` does.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> maps = [np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 2.0], [1.0, 0.0]])]
    >>> round(ka.metrics.dispersion.mean_cc(maps), 3)
    0.905
    """
    return float(cc_with_others(maps).mean())


def with_others(vectors: ArrayLike) -> NDArray[np.float64]:
    """Mean product of each of the `standardised` vectors with the others.

    Args:
        vectors: `(n, d)`, as `standardised` returns them.

    Returns:
        Float64 `(n,)`, from −1 to 1; NaN where there is a single vector.

    Example:

    >>> import numpy as np
    >>> from keras_attn.metrics.dispersion import standardised, with_others
    >>> with_others(standardised([np.eye(2), np.eye(2), np.eye(2)[::-1]]))
    array([ 0.,  0., -1.])
    """
    vectors = np.asarray(vectors, np.float64)
    others = vectors @ vectors.sum(axis=0) - np.einsum("nd,nd->n", vectors, vectors)
    return others / (len(vectors) - 1) if len(vectors) > 1 else np.full(len(vectors), np.nan)


def of_example(frames: ArrayLike) -> tuple[float, NDArray[np.float32]]:
    """What an example's rows keep of its attention: its entropy, and its `standardised` map.

    Frames of zeros alone are left out. All others count alike: each is scaled to sum 1, of absolute
    values, before their mean is taken.

    Args:
        frames: Finite maps `(k, H, W)` at the network's own grid, one for each frame; of an image
            k is 1. It may be 0.

    Returns:
        A pair. The first is the mean of the frames' entropies, from 0 to 1; NaN where no frame is
        left, a map has values below 0 or a single position. The second is the mean map, averaged to
        at most SIDE × SIDE and standardised, float32 `(h · w,)`; NaN where no frame is left.

    Example:

    >>> import numpy as np
    >>> from keras_attn.metrics.dispersion import of_example
    >>> of_example(np.array([[[0.0, 1.0], [1.0, 0.0]]]))
    (0.5, array([-0.5,  0.5,  0.5, -0.5], dtype=float32))
    """
    frames = np.asarray(frames)
    height, width = grid = tuple(min(side, SIDE) for side in frames.shape[1:])
    kept = [one for one in frames.astype(np.float64) if one.any()]
    if not kept:
        return np.nan, np.full(height * width, np.nan, np.float32)
    mean = np.mean([one / np.abs(one).sum() for one in kept], axis=0)
    told = frames[0].size > 1 and frames.min() >= 0
    spread = float(np.mean([_share(one) for one in kept])) if told else np.nan
    return spread, _standard(at_size(mean, grid), np.dtype(np.float32)).astype(np.float32)


def _as_maps(maps):
    check_one_each(maps, "maps", "maps (H, W)")
    if not len(maps):
        raise InputError("maps", "at least one map", "an empty sequence")
    return maps


def _checked(maps, alike=False):
    """The maps as float64; alike: whether they have to be of one shape."""
    found = [checked_map(one, f"maps[{i}]") for i, one in enumerate(_as_maps(maps))]
    for place, one in enumerate(found if alike else ()):
        if one.shape != found[0].shape:
            expected = f"the shape of maps[0], {found[0].shape}, which it is compared with"
            raise InputError(f"maps[{place}]", expected, f"shape {one.shape}")
    return found


def _entropy(values, where):
    if values.min() < 0:
        raise InputError(where, "values of 0 or more, as attention has", f"{values.min():.3g}")
    if not values.any():
        raise InputError(where, "a value above 0", "zeros alone")
    if values.size < 2:
        raise InputError(where, "two positions or more", f"shape {values.shape}")
    return _share(values)


def _share(values):
    """The entropy of a map of values from 0 as a share of a uniform one's."""
    # By the largest first, so that no sum is infinite.
    shares = values / values.max()
    shares /= shares.sum()
    seen = shares[shares > 0]  # elsewhere 0 · log is 0
    return float(np.clip(-(seen * np.log(seen)).sum() / np.log(values.size), 0, 1))


def _standard(values, kind):
    """A map as a vector of mean 0 and length 1; zeros where it varies by rounding alone."""
    apart = (values - values.mean()).ravel()
    length = np.linalg.norm(apart)
    finest = np.finfo(kind if kind.kind == "f" else np.float64).eps
    rounding = 4 * finest * np.sqrt(values.size) * np.abs(values).max()
    return np.zeros_like(apart) if length <= rounding else apart / length
