"""Scores of recognition: average precision (Eq. 7, 8), accuracy (Eq. 9), fooling rate (Eq. 11)."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from keras_attn.errors import InputError, listing, one_of

Interpolation = Literal["all_points"] | None
INTERPOLATIONS = ("all_points", None)


def average_precision(
    y_true: ArrayLike, score: ArrayLike, interpolation: Interpolation = "all_points"
) -> float:
    """Area under the precision-recall curve of one class.

    Args:
        y_true: `(n,)`, whether each video is of the class.
        score: `(n,)`, finite. Videos of equal score enter together, so their order does not matter.
        interpolation: "all_points", where the precision at a recall is the largest at that recall
            or a higher one (Eq. 8); None for the step function itself, as scikit-learn has it,
            which is never larger.

    Returns:
        A float from 0 to 1.

    Raises:
        InputError: No video is of the class, which then has no recall; a score is not finite; the
            shapes differ.

    Example:

    >>> import keras_attn as ka
    >>> round(ka.metrics.recognition.average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]), 3)
    0.833
    """
    one_of("interpolation", interpolation, INTERPOLATIONS)
    truth, score = _checked(y_true, score)
    if not truth.any():
        raise InputError("y_true", "at least one video of the class", "none")
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    hits = np.cumsum(truth[order])[last]
    precision, recall = hits / (last + 1), hits / truth.sum()
    if interpolation is not None:
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def mean_average_precision(
    y_true: ArrayLike, score: ArrayLike, interpolation: Interpolation = "all_points"
) -> float:
    """Mean of `average_precision` over the classes that have a video.

    Args:
        y_true: `(n, classes)`; a video may be of several classes, as in Hollywood-2.
        score: `(n, classes)`, finite.
        interpolation: As in `average_precision`.

    Returns:
        A float from 0 to 1.

    Raises:
        InputError: No class has a video; a score is not finite; the shapes differ.

    Example:

    >>> import keras_attn as ka
    >>> truth, score = [[1, 0], [0, 1], [1, 1]], [[0.9, 0.2], [0.3, 0.8], [0.6, 0.7]]
    >>> ka.metrics.recognition.mean_average_precision(truth, score)
    1.0
    """
    truth, score = np.asarray(y_true), np.asarray(score)
    if truth.ndim != 2 or truth.shape != score.shape:
        expected = "two arrays (videos, classes) of one shape"
        raise InputError("y_true, score", expected, f"shapes {truth.shape} and {score.shape}")
    there = np.flatnonzero(truth.astype(bool).any(axis=0))
    if not len(there):
        raise InputError("y_true", "videos of at least one class", "none")
    return float(
        np.mean([average_precision(truth[:, c], score[:, c], interpolation) for c in there])
    )


def top_average_precision(y_true: ArrayLike, score: ArrayLike, most: int = 10) -> float:
    """What the code of the two-stream networks calls mAP: of each class, the first `most` videos.

    Ranked are the videos that are *predicted* as the class, by their score of it, and the sum of
    the precisions at the hits is divided by the number of videos of the class or `most`, whichever
    is smaller. A video whose class is not its highest can never count, and a class with more than
    `most` videos is done at `most` hits: not comparable with an average precision.

    Args:
        y_true, score: `(n, classes)`.
        most: Videos that are looked at of each class.

    Returns:
        The mean over the classes that have a video, a float from 0 to 1.

    Example:

    >>> import keras_attn as ka
    >>> truth, score = [[1, 0], [0, 1], [1, 1]], [[0.9, 0.2], [0.3, 0.8], [0.6, 0.7]]
    >>> ka.metrics.recognition.top_average_precision(truth, score)
    0.75
    """
    truth, score = np.asarray(y_true).astype(bool), np.asarray(score, np.float64)
    predicted = score.argmax(axis=1)
    made = []
    for c in np.flatnonzero(truth.any(axis=0)):
        chosen = np.flatnonzero(predicted == c)
        ranked = chosen[np.argsort(-score[chosen, c], kind="stable")][:most]
        right = truth[ranked, c]
        precision = np.cumsum(right) / np.arange(1, len(right) + 1)
        made.append((precision * right).sum() / min(truth[:, c].sum(), most))
    return float(np.mean(made))


def accuracy(y_true: ArrayLike, score: ArrayLike) -> float:
    """Share of the examples whose class has the highest score (Eq. 9 and 10).

    Args:
        y_true: `(n,)`, indices of classes.
        score: `(n, classes)`, finite; of a video the mean over its snippets.

    Returns:
        A float from 0 to 1.

    Raises:
        InputError: An index is of no class; a score is not finite; the shapes do not fit.

    Example:

    >>> import keras_attn as ka
    >>> ka.metrics.recognition.accuracy([0, 1], [[0.9, 0.1], [0.6, 0.4]])
    0.5
    """
    labels, score = np.asarray(y_true), np.asarray(score, np.float64)
    if labels.ndim != 1 or score.ndim != 2 or len(labels) != len(score) or not len(labels):
        expected = "labels (n,) and scores (n, classes) of one n, at least 1"
        raise InputError("y_true, score", expected, f"shapes {labels.shape} and {score.shape}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= score.shape[1]:
        wrong = [label for label in labels.tolist() if label not in range(score.shape[1])]
        expected = f"places of classes, whole numbers from 0 to {score.shape[1] - 1}"
        raise InputError("y_true", expected, listing(map(repr, wrong or labels.tolist()), 3))
    _check_finite(score)
    return float(np.mean(score.argmax(axis=1) == labels))


def fooling_rate(before: ArrayLike, after: ArrayLike, y_true: ArrayLike | None = None) -> float:
    """Share of the predictions that a perturbation changes (Eq. 11).

    Args:
        before, after: `(n,)`, predicted classes.
        y_true: `(n,)`, the true ones, to count only the images that were classified rightly before,
            as the paper's Table X does. Default: all images count.

    Returns:
        A float from 0 to 1; NaN where no image counts.

    Raises:
        InputError: The shapes differ.

    Example:

    >>> import keras_attn as ka
    >>> ka.metrics.recognition.fooling_rate([0, 1, 2, 3], [0, 2, 2, 3])
    0.25
    """
    before, after = np.asarray(before), np.asarray(after)
    counted = np.ones(len(before), bool) if y_true is None else before == np.asarray(y_true)
    if before.shape != after.shape or before.ndim != 1:
        expected = "predicted classes (n,) before and after"
        raise InputError("before, after", expected, f"shapes {before.shape} and {after.shape}")
    return float(np.mean(before[counted] != after[counted])) if counted.any() else np.nan


def _checked(y_true, score):
    truth, score = np.asarray(y_true), np.asarray(score, np.float64)
    if truth.ndim != 1 or truth.shape != score.shape or not len(truth):
        expected = "two arrays (videos,) of one length, at least 1"
        raise InputError("y_true, score", expected, f"shapes {truth.shape} and {score.shape}")
    _check_finite(score)
    return truth.astype(bool), score


def _check_finite(score):
    if not np.isfinite(score).all():
        received = f"{np.count_nonzero(~np.isfinite(score))} NaN or infinite"
        raise InputError("score", "finite numbers", received)
