"""Scores of salient object segmentation: F-measures, MAE, S-, E- and weighted F-measure.

predictions: a sequence of `(H_i, W_i)` saliency maps, boolean, unsigned integers or floats. The
range of an integer type is its scale: uint8 is divided by 255, uint16 by 65535.
masks: a sequence of `(H_i, W_i)` object masks of two values, the larger of which is the object;
masks of more values need a threshold (see `object_masks.as_masks`).

As in the field, a prediction is first min-max scaled to [0, 1] (Eq. 6 of the paper says
"normalized"); a constant one is taken as it is. One histogram of 256 bins for object and one for
background serve all threshold curves.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError, NotFinite
from keras_attn.metrics.object_masks import as_mask, as_masks
from keras_attn.metrics.sequences import Arrays, check_one_each, without_channel

BETA_SQUARED = 0.3
"""Weight of recall in the F-measure (Eq. 5), as in Achanta et al. 2009."""
EPSILON = 2.0**-52
THRESHOLDS = 256
ROUNDING = 1e-5
"""How far a map may lie outside [0, 1], after it was resized in single precision."""

SCORES = ("adaptive_f", "adaptive_e", "mae", "mae_raw", "s_measure", "weighted_f")
"""Numbers that each image has."""
CURVES = ("f_curve", "e_curve")
"""Values over thresholds that each image has, float64 `(256,)`."""


Counts = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Of pixels that a map finds, at each threshold: those of the object, and all."""


class ImageScores:
    """What one prediction `(H, W)` and its mask contribute, each as `scores` takes them.

    Each score is computed when it is first asked for. f_curve, e_curve: float64 `(256,)`, at
    threshold t = 0 ... 255 of the scaled map, t-th first. The others are numbers: adaptive F and
    E at the threshold min(2 · mean, 1), mean absolute error of the scaled map and of the raw one,
    S-measure, weighted F. E reaches to N / (N − 1) for N pixels, see `scores`.

    Args:
        prediction: `(H, W)`, finite, on whatever scale.
        mask: `(H, W)` of the object, bool or of two values.
        where: what messages call them.

    Raises:
        InputError: They do not fit each other, or are not of that form.

    Example:

    >>> import numpy as np
    >>> from keras_attn.metrics.salient_object import ImageScores
    >>> mask = np.eye(8, dtype=bool)
    >>> round(ImageScores(mask.astype(float), mask).adaptive_f, 3)
    1.0
    """

    def __init__(self, prediction: ArrayLike, mask: ArrayLike, where: str = "") -> None:
        self._raw, self._unit, self._mask = _checked(prediction, mask, where)
        self._area = int(np.count_nonzero(self._mask))

    def scores(self) -> dict[str, Any]:
        """All SCORES and CURVES by name."""
        return {name: getattr(self, name) for name in (*SCORES, *CURVES)}

    @cached_property
    def _counts(self) -> Counts:
        """How many pixels are at or above each threshold, of the object and of all."""
        levels = (self._unit * 255).astype(np.uint8)
        on = np.bincount(levels[self._mask], minlength=THRESHOLDS)
        every = np.bincount(levels.ravel(), minlength=THRESHOLDS)
        return np.cumsum(on[::-1])[::-1], np.cumsum(every[::-1])[::-1]

    @cached_property
    def _adaptive_counts(self) -> Counts:
        found = self._unit >= min(2 * self._unit.mean(), 1)
        hits = np.count_nonzero(found & self._mask)
        return np.array([hits]), np.array([np.count_nonzero(found)])

    @cached_property
    def f_curve(self) -> NDArray[np.float64]:
        """F-measure at each threshold (Eq. 5)."""
        return _f_measure(*self._counts, self._area)

    @cached_property
    def e_curve(self) -> NDArray[np.float64]:
        """E-measure at each threshold, from 0 to N / (N − 1) for N pixels."""
        return _e_measure(*self._counts, self._area, self._mask.size)

    @cached_property
    def adaptive_f(self) -> float:
        """F-measure at the image's own threshold."""
        return float(_f_measure(*self._adaptive_counts, self._area)[0])

    @cached_property
    def adaptive_e(self) -> float:
        """E-measure at the image's own threshold, from 0 to N / (N − 1) for N pixels."""
        return float(_e_measure(*self._adaptive_counts, self._area, self._mask.size)[0])

    @cached_property
    def mae(self) -> float:
        """Mean absolute error of the min-max scaled map (Eq. 6)."""
        return float(np.abs(self._unit - self._mask).mean())

    @cached_property
    def mae_raw(self) -> float:
        """Mean absolute error of the map as it is; NaN where it is no map within [0, 1]."""
        if self._raw.min() < -ROUNDING or self._raw.max() > 1 + ROUNDING:
            return float("nan")
        return float(np.abs(self._raw - self._mask).mean())

    @cached_property
    def s_measure(self) -> float:
        """Structure measure."""
        return s_measure(self._unit, self._mask)

    @cached_property
    def weighted_f(self) -> float:
        """Weighted F-measure."""
        return weighted_f(self._unit, self._mask)


def scores(
    predictions: Arrays, masks: Arrays, *, mask_threshold: float | None = None
) -> dict[str, float]:
    """All scores over a set of images.

    Args:
        predictions: One `(H, W)` array for each image, boolean, uint8 in [0, 255], uint16 in [0,
            65535], or float of any range.
        masks: One `(H, W)` array for each image, of two values each, whatever they are: the larger
            is the object.
        mask_threshold: For masks of more than two values; what is above it is object, in all masks
            but boolean ones.

    Returns:
        A dict of floats. max_f, mean_f: maximum and mean over 256 thresholds of the
        mean-over-images curve of the F-measure (Eq. 5, β² = 0.3). adaptive_f: mean over images at
        each one's own threshold, twice its mean. mae: of the min-max scaled map (Eq. 6); mae_raw:
        of the map as it is, NaN where floats leave [0, 1]. s_measure (Fan et al. 2017, α = 0.5).
        e_measure (Fan et al. 2018): mean over thresholds of the mean curve; max_e and adaptive_e as
        for F. It divides by N − 1 for N pixels, as the field's code does, so that a perfect map has
        no max_e and adaptive_e of 1 but of N / (N − 1): 1.0101 for 10×10 pixels, 1.00001 for
        300×400. weighted_f (Margolin et al. 2014, β² = 1). For a mask without an object, every F is
        0 whatever is predicted.

    Raises:
        InputError: What the values are shares of, or which are object, cannot be told, such as 0
            and 1 in bytes; a map is not finite; the arguments do not go together.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> masks = [np.array([[0, 0, 1], [0, 0, 1]], bool)]
    >>> predictions = [np.array([[0.0, 0.2, 0.9], [0.1, 0.0, 1.0]])]
    >>> scores = ka.metrics.salient_object.scores(predictions, masks)
    >>> round(scores["max_f"], 3), round(scores["mae"], 3)
    (1.0, 0.067)
    """
    check_one_each(predictions, "predictions", "maps (H, W)")
    check_one_each(masks, "masks", "masks (H, W)")
    if not len(predictions) or len(predictions) != len(masks):
        expected = "at least one, and a mask for each"
        raise InputError("predictions", expected, f"{len(predictions)} and {len(masks)} masks")
    maps = on_scale(predictions)
    pairs = zip(maps, as_masks(masks, mask_threshold), strict=True)
    images = [ImageScores(*pair, f"[{place}]").scores() for place, pair in enumerate(pairs)]
    f_curve, e_curve = (np.mean([image[name] for image in images], axis=0) for name in CURVES)
    result = {"max_f": f_curve.max(), "mean_f": f_curve.mean()}
    result |= {"e_measure": e_curve.mean(), "max_e": e_curve.max()}
    for name in SCORES:
        result[name] = np.mean([image[name] for image in images])
    return {name: float(value) for name, value in result.items()}


def on_scale(predictions: Arrays, name: str = "predictions") -> Iterator[NDArray[np.float64]]:
    """Predictions on the scale of their types, one by one: bytes by 255, floats as they are.

    Args:
        predictions: One `(H, W)` array for each image.
        name: What they are called in errors.

    Returns:
        An iterator of float64 `(H, W)`.

    Raises:
        InputError: For what is no finite `(H, W)`, for signed integers, which have no such scale,
            and where all maps of an integer type would fit into a smaller one.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> next(ka.metrics.salient_object.on_scale([np.array([[0, 51, 255]], np.uint8)]))
    array([[0. , 0.2, 1. ]])
    """
    highest: dict[np.dtype[Any], int] = {}
    for place, prediction in enumerate(predictions):
        prediction = _numbers(f"{name}[{place}]", prediction)
        if prediction.dtype.kind in "iu":
            high = max(highest.get(prediction.dtype, 0), int(prediction.max()))
            highest[prediction.dtype] = high
    for dtype, high in highest.items():
        _check_scale(name, dtype, high)
    return map(_scaled, predictions)


SMALLER = {1: (1, "bool"), 2: (255, "uint8"), 4: (65535, "uint16"), 8: (2**32 - 1, "uint32")}
"""By the bytes of an unsigned type: the highest value of the next smaller one, and its name."""


def _check_scale(name, dtype, high):
    """Refuse integers whose type does not say what they are shares of."""
    if dtype.kind == "i":
        expected = "booleans, floats in [0, 1] or unsigned integers, whose type is their scale"
        raise InputError(name, expected, f"{dtype}, values to {high}")
    low, smaller = SMALLER[dtype.itemsize]
    if 0 < high <= low:
        expected = f"values to {np.iinfo(dtype).max}, the scale of {dtype}; or floats in [0, 1], "
        expected += f"or {smaller} if {low} is all of it"
        raise InputError(name, expected, f"{dtype}, values to {high}")


def _numbers(where, prediction):
    prediction = np.asarray(prediction)
    if prediction.ndim != 2 or 0 in prediction.shape or prediction.dtype.kind not in "biuf":
        received = f"shape {prediction.shape}, type {prediction.dtype}"
        expected = f"a map (H, W) of numbers{without_channel(prediction.shape)}"
        raise InputError(where, expected, received)
    if prediction.dtype.kind == "f" and not np.isfinite(prediction).all():
        bad = int((~np.isfinite(prediction)).sum())
        raise NotFinite(where, "finite values", f"{bad} NaN or infinite")
    return prediction


def _scaled(prediction):
    prediction = np.asarray(prediction)
    raw = prediction.astype(np.float64)
    return raw / np.iinfo(prediction.dtype).max if prediction.dtype.kind == "u" else raw


def _checked(prediction, mask, where):
    """The prediction in [0, 1] as it is and min-max scaled, and the mask as booleans."""
    prediction, mask = _numbers(f"predictions{where}", prediction), np.asarray(mask)
    if mask.shape != prediction.shape:
        expected = f"a mask of the prediction's shape {prediction.shape}"
        raise InputError(f"masks{where}", expected, f"shape {mask.shape}, type {mask.dtype}")
    if prediction.dtype.kind in "iu":
        _check_scale(f"predictions{where}", prediction.dtype, int(prediction.max()))
    raw = _scaled(prediction)
    low, high = raw.min(), raw.max()
    unit = raw if low == high else (raw - low) / (high - low)
    if unit.min() < 0 or unit.max() > 1:
        raise InputError(f"predictions{where}", "a constant map within [0, 1]", float(high))
    return raw, unit, as_mask(mask, where=f"masks{where}")


def _f_measure(hits, found, area):
    precision = hits / np.maximum(found, 1)
    recall = hits / max(area, 1)
    both = (1 + BETA_SQUARED) * precision * recall
    return both / np.where(both == 0, 1, BETA_SQUARED * precision + recall)


def _e_measure(hits, found, area, size):
    """Enhanced alignment of binary maps, from their counts alone: four kinds of pixels.

    Over size − 1, as the code of its authors and those after it: up to size / (size − 1). That of
    a single pixel is over 1, where theirs is over ε.
    """
    if area == 0:
        aligned = (size - found).astype(np.float64)
    elif area == size:
        aligned = found.astype(np.float64)
    else:
        map_mean, mask_mean = found / size, area / size
        kinds = (
            (hits, 1 - map_mean, 1 - mask_mean),
            (found - hits, 1 - map_mean, -mask_mean),
            (area - hits, -map_mean, 1 - mask_mean),
            (size - found - area + hits, -map_mean, -mask_mean),
        )
        aligned = sum(
            count * (2 * a * b / (a * a + b * b + EPSILON) + 1) ** 2 / 4 for count, a, b in kinds
        )
    return aligned / (max(size - 1, 1) + EPSILON)


def s_measure(unit: NDArray[np.float64], mask: NDArray[np.bool_], alpha: float = 0.5) -> float:
    """Structure measure (Fan et al. 2017): an object-aware half and a region-aware one.

    Of what is checked already: `ImageScores.s_measure` takes maps and masks of any form.

    Args:
        unit: A map in [0, 1], float64 `(H, W)`.
        mask: Bool `(H, W)`, true at the object.
        alpha: Weight of the object-aware half, from 0 to 1.

    Returns:
        A float from 0 to 1; 1 for the mask itself.

    Example:

    >>> import numpy as np
    >>> from keras_attn.metrics.salient_object import s_measure
    >>> mask = np.eye(4) > 0
    >>> round(s_measure(mask.astype(float), mask), 6), round(s_measure(1.0 - mask, mask), 6)
    (1.0, 0.0)
    """
    share = mask.mean()
    if share in (0, 1):
        return float(unit.mean() if share else 1 - unit.mean())
    objects = share * _object(unit[mask]) + (1 - share) * _object(1 - unit[~mask])
    return float(max(0.0, alpha * objects + (1 - alpha) * _regions(unit, mask)))


def _object(values):
    mean = values.mean()
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return 2 * mean / (mean * mean + 1 + spread + EPSILON)


def _regions(unit, mask):
    """Structural similarity of the four quadrants around the mask's centroid, by area."""
    y, x = (int(round_half_even) + 1 for round_half_even in np.argwhere(mask).mean(axis=0).round())
    total = 0.0
    for rows in (slice(0, y), slice(y, None)):
        for columns in (slice(0, x), slice(x, None)):
            part = unit[rows, columns]
            if part.size:
                total += part.size / unit.size * _similarity(part, mask[rows, columns])
    return total


def _similarity(a, b):
    mean_a, mean_b = a.mean(), b.mean()
    count = max(a.size - 1, 1)
    var_a, var_b = ((a - mean_a) ** 2).sum() / count, ((b - mean_b) ** 2).sum() / count
    covariance = ((a - mean_a) * (b - mean_b)).sum() / count
    numerator = 4 * mean_a * mean_b * covariance
    denominator = (mean_a**2 + mean_b**2) * (var_a + var_b)
    if numerator:
        return numerator / (denominator + EPSILON)
    return 1.0 if denominator == 0 else 0.0


def weighted_f(
    unit: NDArray[np.float64], mask: NDArray[np.bool_], beta_squared: float = 1.0
) -> float:
    """Weighted F-measure (Margolin et al. 2014).

    Errors count less beside others of the object, and more the farther from it they are. Of what is
    checked already: `ImageScores.weighted_f` takes maps and masks of any form.

    Args:
        unit: A map in [0, 1], float64 `(H, W)`.
        mask: Bool `(H, W)`, true at the object.
        beta_squared: Weight of recall against precision.

    Returns:
        A float from 0 to 1; 1 for the mask itself, 0 for an empty mask.

    Example:

    >>> import numpy as np
    >>> from keras_attn.metrics.salient_object import weighted_f
    >>> mask = np.eye(4) > 0
    >>> weighted_f(mask.astype(float), mask), weighted_f(mask.astype(float), mask & False)
    (1.0, 0.0)
    """
    if not mask.any():
        return 0.0
    distance, (rows, columns) = scipy.ndimage.distance_transform_edt(~mask, return_indices=True)
    error = np.abs(unit - mask)
    spread = scipy.ndimage.convolve(error[rows, columns], _gaussian(7, 5), mode="constant")
    error = np.where(mask & (spread < error), spread, error)
    error = error * np.where(mask, 1.0, 2 - np.exp(np.log(0.5) / 5 * distance))
    true_positive = mask.sum() - error[mask].sum()
    recall = 1 - error[mask].mean()
    precision = true_positive / (true_positive + error[~mask].sum() + EPSILON)
    weighted = (1 + beta_squared) * recall * precision
    return float(weighted / (recall + beta_squared * precision + EPSILON))


def _gaussian(side, sigma):
    offsets = np.arange(side) - side // 2
    line = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel = np.outer(line, line)
    return kernel / kernel.sum()
