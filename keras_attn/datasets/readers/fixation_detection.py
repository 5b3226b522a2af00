"""Fixations in raw samples of an eye tracker: what lies between saccades.

The method is that of the code that MIT1003 (Judd et al. 2009) is published with: a saccade is
told by its acceleration and ends with its deceleration. NumPy only.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError

RATE = 240
"""Samples in a second."""
CRITERION = 204.0
"""By how many pixels per second speed has to change for a saccade: 6 degrees of 34 pixels."""
WINDOW = 4
"""Samples that distances are smoothed over, and the length of a window of speed."""
MOST_SAMPLES = 25
"""How long after its acceleration a saccade may begin to end."""
SHORTEST = 12
"""Samples (50 ms): saccades no further apart than this are one; a last fixation is longer too."""


def find_fixations(samples: ArrayLike) -> NDArray[np.float64]:
    """The fixations in samples of one viewer's gaze on one picture, `RATE` of them a second.

    Blinks, whatever the tracker writes for them, are part of what they fall into. Without a saccade
    the whole recording is one fixation.

    Args:
        samples: `(T, 2)`, x and y in pixels, one after the other.

    Returns:
        Float64 `(N, 2)`, the centre of each fixation in their order: the median of x and of y
        without NaN, or NaN where all are.

    Raises:
        InputError: `samples` is empty or no such array.

    Example:

    >>> import numpy as np
    >>> from keras_attn.datasets.readers import find_fixations
    >>> between = np.linspace((40, 60), (180, 60), 8)
    >>> path = [(40, 60)] * 60, between, [(180, 60)] * 60
    >>> find_fixations(np.concatenate(path))
    array([[ 40.,  60.],
           [180.,  60.]])
    """
    samples = np.asarray(samples, np.float64)
    if samples.ndim != 2 or samples.shape[1] != 2 or not len(samples):
        raise InputError("samples", "an array (T, 2) of x and y", f"shape {samples.shape}")
    change = speed_change(samples)
    saccades = _merged(_saccades(change), len(samples))
    fixated = np.ones(len(samples), bool)
    for first, last in saccades:
        fixated[first : last + 1] = False
    return np.array([_median(samples[first : last + 1]) for first, last in _runs(fixated)])


def speed_change(samples):
    """How much speed changes from each sample to the next, in pixels per second: `(T,)`.

    Speed is the mean over a window of the distances between samples, which are smoothed before;
    windows begin at the sample. 0 for the first sample and where a window does not fit.
    """
    steps = np.concatenate([[0.0], np.hypot(*np.diff(samples, axis=0).T)])
    padded = np.concatenate([np.zeros(WINDOW - 1), steps])
    smooth = np.lib.stride_tricks.sliding_window_view(padded, WINDOW).mean(axis=1)
    change = np.zeros(len(samples))
    # Two windows that are one sample apart differ in the sample that each has alone.
    reach = WINDOW + 1
    inner = max(0, len(samples) - reach)
    change[1:inner] = (smooth[1 + reach :] - smooth[1:inner]) * RATE / WINDOW
    return change


def _saccades(change):
    """First sample and last one of each saccade, which may overlap."""
    found = []
    braking = change < -CRITERION
    for first, last in _runs(change > CRITERION):
        if last - first < 2:  # fewer than three samples are noise
            continue
        # The end is the last sample of the first stretch of deceleration.
        ends = np.flatnonzero(braking[last + 1 : -1] & ~braking[last + 2 :])[:1] + last + 1
        if len(ends) and ends[0] <= min(last + MOST_SAMPLES, len(change) - 3):
            found.append((first, ends[0]))
    return found


def _merged(saccades, length):
    """Saccades with the fixations between them that are too short."""
    merged = []
    for first, last in saccades:
        if merged and first - merged[-1][1] <= SHORTEST:
            first, _ = merged.pop()
        merged.append((first, last))
    if merged and length - 1 - merged[-1][1] <= SHORTEST:
        merged[-1] = merged[-1][0], length - 1
    return merged


def _runs(true):
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(np.int8), [0]])))
    return list(zip(edges[::2], edges[1::2] - 1, strict=True))


def _median(samples):
    known = [column[~np.isnan(column)] for column in samples.T]
    return [np.median(column) if len(column) else np.nan for column in known]
