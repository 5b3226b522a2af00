"""Scores of salient object segmentation: F-measures, MAE, S-, E- and weighted F-measure.

predictions: a sequence of `(H_i, W_i)` saliency maps, uint8 in [0, 255] or float of any range.
masks: a sequence of `(H_i, W_i)` object masks: boolean, 0/1, or grey, where above half of the
type's range (127 of 255) is object.

As in the field, a prediction is first min-max scaled to [0, 1] (Eq. 6 of the paper says
"normalized"); a constant one is taken as it is, uint8 divided by 255. One histogram of 256 bins
for object and one for background serve all threshold curves.
"""

from functools import cached_property

import numpy as np
from scipy.ndimage import convolve, distance_transform_edt

from keras_attn.errors import InputError, NotFinite

BETA_SQUARED = 0.3
"""Weight of recall in the F-measure (Eq. 5), as in Achanta et al. 2009."""
EPSILON = 2.0**-52
THRESHOLDS = 256


SCORES = ("adaptive_f", "adaptive_e", "mae", "mae_raw", "s_measure", "weighted_f")
"""Numbers that each image has."""
CURVES = ("f_curve", "e_curve")
"""Values over thresholds that each image has, float64 `(256,)`."""


class ImageScores:
    """What one prediction `(H, W)` and its mask of the same size contribute.

    Each score is computed when it is first asked for. f_curve, e_curve: float64 `(256,)`, at
    threshold t = 0 ... 255 of the scaled map, t-th first. The others are numbers: adaptive F and
    E at the threshold min(2 · mean, 1), mean absolute error of the scaled map and of the raw one,
    S-measure, weighted F.
    """

    def __init__(self, prediction, mask, where=""):
        self._raw, self._unit, self._mask = _checked(prediction, mask, where)
        self._area = int(np.count_nonzero(self._mask))

    def scores(self):
        """All SCORES and CURVES by name."""
        return {name: getattr(self, name) for name in (*SCORES, *CURVES)}

    @cached_property
    def _counts(self):
        """How many pixels are at or above each threshold, of the object and of all."""
        levels = (self._unit * 255).astype(np.uint8)
        on = np.bincount(levels[self._mask], minlength=THRESHOLDS)
        every = np.bincount(levels.ravel(), minlength=THRESHOLDS)
        return tuple(np.cumsum(counts[::-1])[::-1] for counts in (on, every))

    @cached_property
    def _adaptive_counts(self):
        found = self._unit >= min(2 * self._unit.mean(), 1)
        hits = np.count_nonzero(found & self._mask)
        return np.array([hits]), np.array([np.count_nonzero(found)])

    @cached_property
    def f_curve(self):
        """F-measure at each threshold (Eq. 5)."""
        return _f_measure(*self._counts, self._area)

    @cached_property
    def e_curve(self):
        """E-measure at each threshold."""
        return _e_measure(*self._counts, self._area, self._mask.size)

    @cached_property
    def adaptive_f(self):
        """F-measure at the image's own threshold."""
        return float(_f_measure(*self._adaptive_counts, self._area)[0])

    @cached_property
    def adaptive_e(self):
        """E-measure at the image's own threshold."""
        return float(_e_measure(*self._adaptive_counts, self._area, self._mask.size)[0])

    @cached_property
    def mae(self):
        """Mean absolute error of the min-max scaled map (Eq. 6)."""
        return float(np.abs(self._unit - self._mask).mean())

    @cached_property
    def mae_raw(self):
        """Mean absolute error of the map as it is."""
        return float(np.abs(self._raw - self._mask).mean())

    @cached_property
    def s_measure(self):
        """Structure measure."""
        return s_measure(self._unit, self._mask)

    @cached_property
    def weighted_f(self):
        """Weighted F-measure."""
        return weighted_f(self._unit, self._mask)


def scores(predictions, masks):
    """All scores over a set of images: a dict of floats.

    max_f, mean_f: maximum and mean over 256 thresholds of the mean-over-images curve of the
    F-measure (Eq. 5, β² = 0.3). adaptive_f: mean over images at each one's own threshold, twice
    its mean. mae: of the min-max scaled map (Eq. 6); mae_raw: of the map as it is. s_measure (Fan
    et al. 2017, α = 0.5). e_measure (Fan et al. 2018): mean over thresholds of the mean curve;
    max_e and adaptive_e as for F. weighted_f (Margolin et al. 2014, β² = 1).
    """
    if not len(predictions) or len(predictions) != len(masks):
        expected = "at least one, and a mask for each"
        raise InputError("predictions", expected, f"{len(predictions)} and {len(masks)} masks")
    images = [
        ImageScores(prediction, mask, f"[{i}]").scores()
        for i, (prediction, mask) in enumerate(zip(predictions, masks, strict=True))
    ]
    f_curve, e_curve = (np.mean([image[name] for image in images], axis=0) for name in CURVES)
    result = {"max_f": f_curve.max(), "mean_f": f_curve.mean()}
    result |= {"e_measure": e_curve.mean(), "max_e": e_curve.max()}
    for name in SCORES:
        result[name] = np.mean([image[name] for image in images])
    return {name: float(value) for name, value in result.items()}


def _checked(prediction, mask, where):
    """The prediction in [0, 1] as it is and min-max scaled, and the mask as booleans."""
    prediction, mask = np.asarray(prediction), np.asarray(mask)
    if prediction.ndim != 2 or 0 in prediction.shape or prediction.dtype.kind not in "biuf":
        received = f"shape {prediction.shape}, type {prediction.dtype}"
        raise InputError(f"predictions{where}", "a map (H, W) of numbers", received)
    if mask.shape != prediction.shape or mask.dtype.kind not in "biuf":
        expected = f"a mask of the prediction's shape {prediction.shape}"
        raise InputError(f"masks{where}", expected, f"shape {mask.shape}, type {mask.dtype}")
    raw = prediction.astype(np.float64)
    if not np.isfinite(raw).all():
        bad = int((~np.isfinite(raw)).sum())
        raise NotFinite(f"predictions{where}", "finite values", f"{bad} NaN or infinite")
    if prediction.dtype.kind in "iu":
        raw /= 255
    low, high = raw.min(), raw.max()
    unit = raw if low == high else (raw - low) / (high - low)
    if unit.min() < 0 or unit.max() > 1:
        raise InputError(f"predictions{where}", "a constant map within [0, 1]", float(high))
    return raw, unit, as_mask(mask, f"masks{where}")


def as_mask(mask, where="mask"):
    """A mask as booleans: 0/1 and boolean ones as they are, grey ones above half their range."""
    mask = np.asarray(mask)
    if mask.dtype == bool:
        return mask
    high = mask.max(initial=0)
    if mask.min(initial=0) < 0 or not high <= 255:
        raise InputError(where, "boolean, 0 and 1, or grey from 0 to 255", f"values to {high}")
    return mask > 127 if high > 1 else mask > 0.5


def _f_measure(hits, found, area):
    precision = hits / np.maximum(found, 1)
    recall = hits / max(area, 1)
    both = (1 + BETA_SQUARED) * precision * recall
    return both / np.where(both == 0, 1, BETA_SQUARED * precision + recall)


def _e_measure(hits, found, area, size):
    """Enhanced alignment of binary maps, from their counts alone: four kinds of pixels."""
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
    return aligned / (size - 1 + EPSILON)


def s_measure(unit, mask, alpha=0.5):
    """Structure measure of a map in [0, 1] (Fan et al. 2017): object- and region-aware halves."""
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


def weighted_f(unit, mask, beta_squared=1.0):
    """Weighted F-measure of a map in [0, 1] (Margolin et al. 2014); 0 for an empty mask.

    Errors count less beside others of the object, and more the farther from it they are.
    """
    if not mask.any():
        return 0.0
    distance, (rows, columns) = distance_transform_edt(~mask, return_indices=True)
    error = np.abs(unit - mask)
    spread = convolve(error[rows, columns], _gaussian(7, 5), mode="constant")
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
