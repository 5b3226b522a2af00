"""The definitions of the gaze metrics for a single map. `metrics.gaze` is the public face.

Every function takes a checked float map `(H, W)` and flat pixel indices of fixations, and does
not look at other images. Sorted arrays are the currency: a map is ranked once, and each AUC is
a handful of binary searches in it.
"""

import numpy as np

EPSILON = 2.0**-52
"""MATLAB's `eps`, which the MIT code adds within logarithms and quotients (2.2e-16)."""
EPSILON_TUEBINGEN = 2.2204e-16
"""The same as the MIT/Tübingen benchmark of today writes it."""


def auc_per_positive(positives, negatives):
    """For each positive, the share of `negatives` below it, ties counting one half.

    Its mean is the area under the exact ROC curve (Mann–Whitney's U over both counts).
    """
    ranked = np.sort(negatives)
    below = np.searchsorted(ranked, positives, side="left")
    up_to = np.searchsorted(ranked, positives, side="right")
    return (below + up_to) / (2 * len(ranked))


def auc_at_positive_thresholds(positives, negatives):
    """Trapezoid area with one threshold per value that a positive takes (Judd's ROC curve)."""
    ranked_positives, ranked_negatives = np.sort(positives), np.sort(negatives)
    thresholds = np.unique(positives)[::-1]
    hits = _share_at_least(ranked_positives, thresholds)
    false_alarms = _share_at_least(ranked_negatives, thresholds)
    return _area(false_alarms, hits)


def auc_judd_mit(saliency, fixated):
    """AUC_Judd of the MIT code without jitter; `fixated`: distinct pixels.

    Differs from `auc_at_positive_thresholds` among tied fixations, which it ranks one by one.
    """
    thresholds = np.sort(saliency.ravel()[fixated])[::-1]
    count = np.arange(1, len(thresholds) + 1)
    ranked = np.sort(saliency, axis=None)
    at_least = len(ranked) - np.searchsorted(ranked, thresholds, side="left")
    false_alarms = (at_least - count) / (len(ranked) - len(thresholds))
    return _area(false_alarms, count / len(thresholds))


def sampled_auc_mit(positives, negatives, rng, splits=100, step=0.1):
    """AUC_shuffled of the MIT code, on values of a map scaled to [0, 1].

    Each split draws as many negatives as there are positives, without replacement, and sweeps
    thresholds `step` apart; the mean over `splits` is returned.
    """
    drawn = min(len(positives), len(negatives))
    sample = rng.permuted(np.tile(negatives, (splits, 1)), axis=1)[:, :drawn]
    thresholds = step * np.arange(int(np.floor(1 / step + 1e-9)), -1, -1)
    hits = (positives[:, None] >= thresholds).mean(axis=0)
    false_alarms = (sample[:, :, None] >= thresholds).mean(axis=1)
    return float(np.mean([_area(row, hits) for row in false_alarms]))


def scaled(saliency):
    """The map min-max scaled to [0, 1]; `None` for a constant map."""
    low, high = saliency.min(), saliency.max()
    return None if low == high else (saliency - low) / (high - low)


def probability_mit(saliency, flat, uniform_share=0.0):
    """Value at `flat` of the map scaled to minimum 0 and sum 1; a constant map is 1/N.

    uniform_share: of a uniform density that is mixed in after that, for scaling would undo it.
    """
    low = saliency.min()
    total = (saliency - low).sum()
    if total == 0:
        return np.full(len(flat), 1 / saliency.size)
    values = (saliency.ravel()[flat] - low) / total
    return (1 - uniform_share) * values + uniform_share / saliency.size


def probabilities_mit(saliency, baseline, flat, uniform_share):
    """`probability_mit` of a map and of a baseline, which alone has the uniform share.

    A map that is the baseline itself has its probabilities, so that it neither gains nor loses.
    """
    b = probability_mit(baseline, flat, uniform_share)
    return (b if np.array_equal(saliency, baseline) else probability_mit(saliency, flat)), b


def bits_mit(p, b):
    """Gain in bits of probabilities `p` over `b`, as the MIT code has it."""
    return np.log2(EPSILON + p) - np.log2(EPSILON + b)


def probability_mixture(saliency, flat, uniform_share):
    """Value at `flat` of (1 - uniform_share) · map / sum + uniform_share / N.

    A map with negative values is first shifted to minimum 0; an empty one is uniform.
    """
    shift = min(saliency.min(), 0.0)
    total = (saliency - shift).sum()
    uniform = 1 / saliency.size
    if total == 0:
        return np.full(len(flat), uniform)
    values = (saliency.ravel()[flat] - shift) / total
    return (1 - uniform_share) * values + uniform_share * uniform


def probabilities_mixture(saliency, baseline, flat, share_of_map, share_of_baseline):
    """`probability_mixture` of a map and of a baseline; of one that is the other, the same."""
    b = probability_mixture(baseline, flat, share_of_baseline)
    if np.array_equal(saliency, baseline):
        return b, b
    return probability_mixture(saliency, flat, share_of_map), b


def nss(saliency, flat, ddof=0):
    """Standard scores of the map at `flat`; a constant map scores 0."""
    deviation = saliency.std(ddof=ddof)
    values = saliency.ravel()[flat]
    # Rounding in the mean must not make a constant map look as if it varied.
    if deviation <= 1e-12 * np.abs(saliency).max():
        return np.zeros(len(flat))
    return (values - saliency.mean()) / deviation


def cc(saliency, density):
    """Pearson's correlation; 0 if either is constant."""
    a, b = saliency - saliency.mean(), density - density.mean()
    scale = np.sqrt(np.vdot(a, a) * np.vdot(b, b))
    if scale <= 1e-12 * np.abs(saliency).max() * np.abs(density).max():
        return 0.0
    return float(np.vdot(a, b) / scale)


def sim(saliency, density):
    """Histogram intersection of both, each summing to 1."""
    return float(np.minimum(_sum_to_one(saliency), _sum_to_one(density)).sum())


def sim_mit(saliency, density):
    """Histogram intersection of both, each min-max scaled and then summing to 1."""
    return float(np.minimum(_distribution(saliency), _distribution(density)).sum())


def kl_divergence(saliency, density, pixel=1.0, epsilon=EPSILON):
    """KL(density || map) in nats, both summing to 1, with `epsilon` in log and quotient.

    pixel: the share of a pixel here that one has which the probabilities are meant of. With 0.1 a
    map that was reduced to a tenth of its pixels has the value that it had before.
    """
    q, p = _sum_to_one(saliency), _sum_to_one(density)
    seen = p > 0  # elsewhere 0 · log is 0, and a blurred density is exactly 0 on most pixels
    p, q = p[seen], q[seen]
    return float((p * np.log(epsilon + p / (q + epsilon / pixel))).sum())


def _distribution(values):
    unit = scaled(values)
    return np.full(values.shape, 1 / values.size) if unit is None else unit / unit.sum()


def _sum_to_one(values):
    low = values.min()
    values = values - low if low < 0 else values
    total = values.sum()
    return values / total if total else np.full(values.shape, 1 / values.size)


def _share_at_least(ranked, thresholds):
    return 1 - np.searchsorted(ranked, thresholds, side="left") / len(ranked)


def _area(x, y):
    x, y = np.concatenate([[0.0], x, [1.0]]), np.concatenate([[0.0], y, [1.0]])
    return float(np.trapezoid(y, x))
