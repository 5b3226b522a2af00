"""Intervals and paired tests over examples. Plain arrays in, numbers out."""

import numpy as np
from scipy import stats

RESAMPLES = 2000


def bootstrap_interval(values, level=0.95, seed=0):
    """Percentile bootstrap interval (low, high) of the mean over the values that are not NaN.

    Two NaN for fewer than two values: one example has no spread.
    """
    values = np.asarray(values, np.float64)
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return np.nan, np.nan
    # In parts, so that memory does not grow with examples times resamples.
    batch = max(1, 4_000_000 // len(values))
    interval = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=level,
        method="percentile",
        batch=batch,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def paired_p(values, others):
    """Two-sided p of Wilcoxon's signed-rank test over the examples that have both values.

    1 where no pair differs; NaN where no example has both.
    """
    difference = np.asarray(values, np.float64) - np.asarray(others, np.float64)
    difference = difference[~np.isnan(difference)]
    if not len(difference):
        return np.nan
    if not difference.any():
        return 1.0
    sizes = np.abs(difference)
    exact = len(sizes) <= 50 and sizes.all() and len(np.unique(sizes)) == len(sizes)
    # Zero differences are split between both signs: dropping them would call a tie in nearly all
    # examples decided by the few that remain. Only the normal approximation can take them.
    method = "exact" if exact else "approx"
    return float(stats.wilcoxon(difference, zero_method="zsplit", method=method).pvalue)


def holm(p_values):
    """Holm's correction for testing several hypotheses at once; NaN stays NaN."""
    p_values = np.asarray(p_values, np.float64)
    adjusted = np.full(p_values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, p_values[index] * (len(order) - rank)))
        adjusted[index] = running
    return adjusted
