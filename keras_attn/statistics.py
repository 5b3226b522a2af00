"""Means, intervals and paired tests over examples, and even samples of them. Knows arrays alone.

groups, wherever it is an argument: a label for each value, of values that depend on each other,
such as those of pictures of one scene. None, NaN or "" is a value of a group of its own, and so is
every one without the argument. Groups are resampled as a whole, and tested by one value each.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Interval = tuple[float, float]
Groups = Iterable[object] | None

RESAMPLES = 2000
PART = 4_000_000
"""Numbers held at a time, so that memory does not grow with examples times resamples."""
KEPT = 20_000_000
"""Numbers, of two bytes each, up to which the resamples of a size are kept for the next use."""


def group_codes(groups: Iterable[object]) -> Codes:
    """The number of each value's group, `(n,)`, from 0 in the order that they appear in."""
    known: dict[object, list[int]] = {}
    for place, group in enumerate(groups):
        alone = group is None or group != group or group == ""
        known.setdefault((alone, place if alone else group), []).append(place)
    codes = np.zeros(sum(map(len, known.values())), np.intp)
    for code, places in enumerate(known.values()):
        codes[places] = code
    return codes


def _seen(values, groups):
    """The values that are not NaN, and the codes of their groups, or None."""
    values = np.asarray(values, np.float64)
    there = ~np.isnan(values)
    if groups is None:
        return values[there], None
    if len(groups) != len(values):
        raise ValueError(f"{len(groups)} groups of {len(values)} values")
    return values[there], group_codes([groups[place] for place in np.flatnonzero(there)])


def bootstrap_interval(
    values: ArrayLike, level: float = 0.95, seed: int = 0, groups: Groups = None
) -> Interval:
    """Percentile bootstrap interval (low, high) of the mean over the values that are not NaN.

    Two NaN for fewer than two values, or groups of values: one example has no spread.
    """
    values, codes = _seen(values, None if groups is None else list(groups))
    if len(values) < 2 or (codes is not None and codes.max() == 0):
        return np.nan, np.nan
    middle = values.mean()
    sums = resampled_sums((values - middle)[:, None], seed, codes)[:, 0]
    return percentile_interval(middle + sums / drawn_counts(len(values), seed, codes), level)


def drawn_counts(count: int, seed: int = 0, codes: Codes | None = None) -> int | Floats:
    """How many examples each of the `resamples` has: one number for all where they are as many."""
    if codes is None or not count or int(codes.max()) + 1 == count:
        return count
    return resampled_sums(np.ones((count, 1)), seed, codes)[:, 0]


def resampled_sums(columns: ArrayLike, seed: int = 0, codes: Codes | None = None) -> Floats:
    """Sums of the rows of each bootstrap resample: `(RESAMPLES, k)`, for columns `(examples, k)`.

    codes: as for `resamples`. Taken in float32, seven digits: subtract what is large and common to
    all beforehand.
    """
    columns = np.asarray(columns, np.float32)
    if codes is not None:
        # The sums of the groups are drawn, which are fewer.
        parts = columns
        columns = np.zeros((codes.max(initial=-1) + 1, parts.shape[1]))
        np.add.at(columns, codes, parts)
        columns = columns.astype(np.float32)
    sums = [drawn @ columns for drawn in resamples(len(columns), seed)]
    return np.concatenate(sums).astype(np.float64)


def resamples(
    count: int, seed: int = 0, codes: Codes | None = None
) -> Iterator[NDArray[np.float32]]:
    """RESAMPLES bootstrap resamples of `count` examples, part by part.

    codes: of the groups of the examples that are drawn as a whole, from `group_codes`. Yields
    float32 `(resamples of the part, count)`: how often each example is drawn, which is all that a
    mean or a ranking needs to know of a resample. They are the same for the same count.
    """
    drawn_of = count if codes is None else int(codes.max(initial=-1)) + 1
    few = RESAMPLES * drawn_of <= KEPT
    for drawn in _kept(drawn_of, seed) if few else _drawn(drawn_of, seed):
        yield (drawn if codes is None else drawn[:, codes]).astype(np.float32)


@lru_cache(maxsize=8)
def _kept(count, seed):
    """The resamples of a size: a report asks for those of a few sizes a thousand times."""
    return tuple(_drawn(count, seed))


def _drawn(count, seed):
    rng = np.random.default_rng(seed)
    part = max(1, PART // count)
    for start in range(0, RESAMPLES, part):
        size = min(part, RESAMPLES - start)
        yield rng.multinomial(count, np.full(count, 1 / count), size=size).astype(np.uint16)


def resampled_deviations(values: ArrayLike, seed: int = 0) -> Floats:
    """How far the mean of so few values lies from theirs in RESAMPLES bootstrap resamples.

    Of each, one less is drawn than there are: the mean of those varies as that of the values does,
    where one of all of them would vary too little (Rao and Wu, JASA 83, 1988). Zeros for fewer
    than two values.
    """
    values = np.asarray(values, np.float64)
    if len(values) < 2:
        return np.zeros(RESAMPLES)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(values), (RESAMPLES, len(values) - 1))
    return values[drawn].mean(axis=1) - values.mean()


def percentile_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """The interval (low, high) that holds the middle share `level` of the resampled values.

    NaN, of resamples without an example that counts, are left out.
    """
    low, high = np.nanquantile(np.asarray(values, np.float64), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def independent_share(values: ArrayLike, groups: Groups) -> float:
    """What a value counts for beside one of a group of its own, above 0 up to 1.

    The inverse of the design effect: the sum of squares of the values around their mean, over that
    of their sums in groups. 1 where values of a group do not resemble each other, or groups is
    None; one value for each group where all values are equal, which tell nothing of it.
    """
    values, codes = _seen(values, None if groups is None else list(groups))
    if codes is None or not len(values):
        return 1.0
    apart = values - values.mean()
    single, joint = (apart**2).sum(), (np.bincount(codes, apart) ** 2).sum()
    if single <= 1e-24:
        return (int(codes.max()) + 1) / len(values)
    return float(min(1.0, single / joint)) if joint else 1.0


def wilson_interval(share: float, count: float, level: float = 0.95, more: float = 0.0) -> Interval:
    """Wilson's score interval (low, high) of a share of `count` examples; two NaN for none.

    Unlike a bootstrap it has a width where the share is 0 or 1. count: of independent ones, see
    `independent_share`. more: variance of the share beside that of drawing examples, such as from
    seeds; it takes the place of so many fewer examples.
    """
    if not count:
        return np.nan, np.nan
    of_one = share * (1 - share)
    count = count if not more else of_one / (of_one / count + more)
    z = scipy.stats.norm.ppf((1 + level) / 2)
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return float(max(0.0, middle - reach)), float(min(1.0, middle + reach))


def paired_share_interval(
    differences: ArrayLike, level: float = 0.95, more: float = 0.0, groups: Groups = None
) -> Interval:
    """Interval (low, high) of the difference of two shares of the same examples; two NaN for none.

    differences: −1 to 1 for each example, such as right or wrong under one network less that under
    another; NaN are left out. That of Agresti and Min (Statistics in Medicine 24, 2005), who add
    two examples, of which one differs: it has a width where no example differs. more: as in
    `wilson_interval`. Examples of groups count as their `independent_share`.
    """
    weight = independent_share(differences, groups)
    differences = np.asarray(differences, np.float64)
    differences = differences[~np.isnan(differences)]
    if not len(differences):
        return np.nan, np.nan
    count = weight * len(differences) + 2
    middle = weight * differences.sum() / count
    variance = (weight * (differences**2).sum() + 1) / count - middle**2
    reach = scipy.stats.norm.ppf((1 + level) / 2) * np.sqrt(variance / count + more)
    return float(max(-1.0, middle - reach)), float(min(1.0, middle + reach))


EXACT = 50
"""Pairs up to which signed ranks are counted through; of more, their normal limit is taken."""


def paired_p(values: ArrayLike, others: ArrayLike, groups: Groups = None) -> float:
    """Two-sided p of Wilcoxon's signed-rank test over the examples that have both values.

    Exact for up to EXACT of them, with equal differences as well. Of a group the mean of its
    differences is tested, one value. 1 where no pair differs; NaN where no example has both.
    """
    difference = np.asarray(values, np.float64) - np.asarray(others, np.float64)
    difference = _of_groups(difference, groups)
    if not len(difference):
        return np.nan
    if not difference.any():
        return 1.0
    # Zero differences are split between both signs: dropping them would call a tie in nearly all
    # examples decided by the few that remain.
    if len(difference) > EXACT:
        return float(scipy.stats.wilcoxon(difference, zero_method="zsplit", method="approx").pvalue)
    # Twice the ranks are whole numbers, of equal sizes too, for which SciPy knows no exact test.
    sizes = (2 * scipy.stats.rankdata(np.abs(difference))).astype(np.int64)
    return _of_flips(sizes, int(np.sign(difference) @ sizes))


@lru_cache(maxsize=4096)
def signed_rank_bound(count: int, level: float = 0.05) -> float:
    """The sum of signed ranks, of either sign, from which on `paired_p` is below `level`.

    Of so many differences, each of another size and none 0. Infinite where no sum is: of five
    pairs p is 0.0625 at best.
    """
    if count > EXACT:
        deviation = np.sqrt(count * (count + 1) * (2 * count + 1) / 6)
        return float(scipy.stats.norm.isf(level / 2) * deviation)
    p_values = 2 * np.cumsum(_chosen(np.arange(1, count + 1)))
    below = np.flatnonzero(p_values < level)
    return count * (count + 1) / 2 - 2 * float(below[-1]) if len(below) else np.inf


def paired_direction(values: ArrayLike, others: ArrayLike, groups: Groups = None) -> int:
    """1 where values are above the others by what `paired_p` tests, −1 below; 0 if neither.

    That is the sum of signed ranks of the differences. Where their mean lies on the other side, as
    a few large ones can make it, it is neither.
    """
    difference = np.asarray(values, np.float64) - np.asarray(others, np.float64)
    apart = _of_groups(difference, groups)
    if not len(apart):
        return 0
    ranks = np.sign(np.dot(np.sign(apart), scipy.stats.rankdata(np.abs(apart))))
    return int(ranks) if ranks == np.sign(np.nanmean(difference)) else 0


PARTS = 2520
"""Shares of an example are told exactly up to as many parts: all means over ten seeds or fewer."""
STEPS = 500_000_000
"""Sums of flipped signs that are counted through; of more, their normal limit is taken."""


def paired_share_p(values: ArrayLike, others: ArrayLike, groups: Groups = None) -> float:
    """Two-sided p of a difference of two shares of the same examples.

    values, others: 0 to 1 for each example, such as right or wrong under a network, or the mean of
    that over seeds. The exact test by flipped signs: of all ways to swap the two values of some
    examples, how many make the shares differ as much as they do. Where values are 0 and 1 alone it
    is McNemar's exact test, which asks those that differ. Examples of a group are swapped together.
    1 where none differs; NaN where no example has both.
    """
    difference = np.asarray(values, np.float64) - np.asarray(others, np.float64)
    sums, codes = _seen(difference, None if groups is None else list(groups))
    if not len(sums):
        return np.nan
    sums = sums if codes is None else np.bincount(codes, sums)
    sums = sums[np.abs(sums) > 1e-9]
    if not len(sums):
        return 1.0
    if np.ptp(np.abs(sums)) < 1e-9:
        return float(scipy.stats.binomtest(np.count_nonzero(sums > 0), len(sums)).pvalue)
    steps = _whole(sums)
    if steps is None or len(steps) * np.abs(steps).sum() > STEPS:
        return float(2 * scipy.stats.norm.sf(abs(sums.sum()) / np.sqrt((sums**2).sum())))
    return _of_flips(np.abs(steps), int(steps.sum()))


def _whole(sums):
    """The values as whole numbers of equal parts of 1, PARTS or fewer; None where they are not."""
    sizes = np.unique(np.abs(sums))
    for parts in range(1, PARTS + 1):
        scaled = sizes * parts
        if np.abs(scaled - scaled.round()).max() < 1e-6:
            return (sums * parts).round().astype(np.int64)
    return None


def _of_flips(sizes, total):
    """Two-sided p of a total of whole numbers of these sizes, each with either sign alike often."""
    # A sum of flipped signs is what all sizes are together less twice those that are negative.
    most = (int(sizes.sum()) - abs(total)) // 2
    return float(min(1.0, 2 * _chosen(np.sort(sizes))[: most + 1].sum()))


def _chosen(sizes):
    """How likely each sum, from 0 on, of whole numbers is that are taken or left alike often."""
    likely = np.ones(1)
    for size in sizes:
        apart = np.zeros(size)
        likely = (np.concatenate([likely, apart]) + np.concatenate([apart, likely])) / 2
    return likely


def _of_groups(values, groups):
    """Means of the values in each group, of those that are not NaN; without groups themselves."""
    values, codes = _seen(values, None if groups is None else list(groups))
    if codes is None or not len(values):
        return values
    return np.bincount(codes, values) / np.bincount(codes)


def unpaired_p(
    values: ArrayLike, others: ArrayLike, groups: tuple[Groups, Groups] = (None, None)
) -> float:
    """Two-sided p of the Mann-Whitney test of two sets of examples; NaN where one is empty.

    groups: of the values and of the others, whose means are tested; a group in both is in both.
    """
    sets = [_of_groups(one, its) for one, its in zip((values, others), groups, strict=True)]
    if not all(map(len, sets)):
        return np.nan
    if len(np.unique(np.concatenate(sets))) == 1:
        return 1.0
    return float(scipy.stats.mannwhitneyu(*sets).pvalue)


def holm(p_values: ArrayLike) -> Floats:
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


def mean_of_seen(values: ArrayLike) -> Any:
    """Mean over the first axis of those values that are not NaN; NaN where there is none."""
    values = np.asarray(values, np.float64)
    seen = ~np.isnan(values)
    total, counts = np.where(seen, values, 0.0).sum(axis=0), seen.sum(axis=0)
    return np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)[()]


def evenly(count: int, most: int) -> Codes:
    """At most so many evenly spaced places out of `count`, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int)


FEWEST = 8
"""Pairs from which on a rank correlation gets an interval; of fewer it would span nearly all."""


def rank_correlation(
    values: ArrayLike, others: ArrayLike, level: float = 0.95
) -> tuple[float, float, float]:
    """Spearman's ρ of the pairs that are not NaN, and its interval: (ρ, low, high).

    The interval is that of Bonett and Wright (Psychometrika 65, 2000). NaN for fewer than three
    pairs or where one side is constant; two NaN for fewer than `FEWEST`, and where |ρ| is 1.
    """
    pairs = np.column_stack([values, others]).astype(np.float64)
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    if len(pairs) < 3 or (pairs == pairs[0]).all(axis=0).any():
        return np.nan, np.nan, np.nan
    rho = float(scipy.stats.spearmanr(*pairs.T).statistic)
    if len(pairs) < FEWEST or abs(rho) >= 1 - 1e-12:
        return rho, np.nan, np.nan
    reach = scipy.stats.norm.ppf((1 + level) / 2) * np.sqrt((1 + rho**2 / 2) / (len(pairs) - 3))
    low, high = np.tanh(np.arctanh(rho) + np.array([-reach, reach]))
    return rho, float(low), float(high)
