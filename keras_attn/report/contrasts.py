"""How much better one network's examples score than another's, or one subset's than another's.

Knows the cells of the paper's tables, but no claim.
"""

from typing import NamedTuple

import numpy as np

from keras_attn.report.paper_tables import KEYS, NETWORK
from keras_attn.report.tables import examples_of, part_of
from keras_attn.statistics import (
    bootstrap_curve_interval,
    bootstrap_interval,
    paired_p,
    paired_share_interval,
    percentile_interval,
    resamples,
    unpaired_p,
)


class Contrast(NamedTuple):
    """A difference (one − other), its 95 % interval, p and the number n of examples.

    Turned round where lower is better, so that above 0 the first is always the better one. p: NaN
    where examples have no score of their own, as for max F and mAP.
    """

    gain: float
    low: float
    high: float
    p: float
    n: int


class Contrasts:
    """The contrasts that `Results` have; what several claims ask for is computed once."""

    def __init__(self, results):
        """results: `report.results.Results`."""
        self._results, self._examples, self._parts, self._found = results, {}, {}, {}

    def of(self, cell, axis, one, other):
        """The `Contrast` of two values of an axis in a `claims.Cell`; None without rows of both."""
        labels = [{**cell.labels, axis: value} for value in (one, other)]
        key = tuple(tuple(own[name] for name in KEYS) for own in labels)
        if key not in self._found:
            parts = [self._part(cell.table, own) for own in labels]
            there = all(part is not None for part in parts)
            self._found[key] = _contrast(cell.metric, *parts) if there else None
        return self._found[key]

    def _part(self, table, labels):
        """`Examples`, positions of the subset in them, and the subset; None without rows."""
        network = {name: labels[name] for name in ("dataset", *NETWORK)}
        group = (table.task, *network.values())
        key = (*group, table.number, labels["subset"])
        if key not in self._parts:
            rows, arrays = self._results.of(task=table.task, **network)
            self._parts[key] = None
            if len(rows):
                if group not in self._examples:
                    self._examples[group] = examples_of(rows, arrays)
                subset = next(own for own in table.subsets if own.key == labels["subset"])
                part = part_of(subset, rows, arrays, self._examples[group])
                self._parts[key] = (*part, subset)
        return self._parts[key]


def _contrast(metric, one, other):
    """The contrast of two parts; None where no example has what the metric needs."""
    if metric.curve or metric.ranked:
        found = _of_all(metric, *_common(one, other))
    elif one[2].column:
        found = _of_subsets(metric, one, other)
    else:
        found = _of_same(metric, one, other)
    if found is None:
        return None
    if metric.higher_is_better:
        return found
    # Plus 0, so that no difference stays 0 and does not become −0.
    return found._replace(gain=0 - found.gain, low=0 - found.high, high=0 - found.low)


def _common(one, other):
    """`Examples` and positions of those that both have, in the same order."""
    ids = [images.scores.index[places] for images, places, _ in (one, other)]
    both = ids[0].intersection(ids[1]).sort_values()
    return [(images, images.scores.index.get_indexer(both)) for images, *_ in (one, other)]


def _of_all(metric, one, other):
    """Of what all examples make together, as max F and mAP are: resampled in pairs."""
    (images, places), (others, there) = one, other
    count = len(places)
    if not count:
        return None
    if metric.curve:
        curves = [images.curves[metric.curve][places], others.curves[metric.curve][there]]
        curves, points = np.hstack(curves), curves[0].shape[1]

        def gain(means, axis):
            return means[..., :points].max(axis=axis) - means[..., points:].max(axis=axis)

        low, high = bootstrap_curve_interval(curves, gain)
        return Contrast(float(gain(curves.mean(axis=0), -1)), low, high, np.nan, count)
    rankings = images.ranking.among(places), others.ranking.among(there)
    value, less = (ranking.mean_ap(metric.interpolation) for ranking in rankings)
    low, high = np.nan, np.nan
    if count > 1:
        drawn = [ranking.resampled(metric.interpolation) for ranking in rankings]
        low, high = percentile_interval(drawn[0] - drawn[1])
    return Contrast(value - less, low, high, np.nan, count)


def _of_same(metric, one, other):
    """Of scores of the same examples, in pairs; of each example the mean over its seeds."""
    values, less = (
        images.scores[metric.score].to_numpy()[places] for images, places in _common(one, other)
    )
    gains = values - less
    gains = gains[~np.isnan(gains)]
    if not len(gains):
        return None
    interval = paired_share_interval if metric.proportion else bootstrap_interval
    return Contrast(float(gains.mean()), *interval(gains), paired_p(values, less), len(gains))


def _of_subsets(metric, one, other):
    """Of subsets, which are of different examples; one that is in both is drawn for both."""
    values = [images.scores[metric.score].iloc[places] for images, places, _ in (one, other)]
    counts = [images.counts[metric.score].iloc[places] for images, places, _ in (one, other)]
    ids = values[0].index.union(values[1].index)
    columns = []
    for own, times, (*_, subset) in zip(values, counts, (one, other), strict=True):
        # As in the tables: an example counts for each seed where the subset is of rows.
        times = times if subset.rows is not None else times.clip(upper=1)
        columns += [(own * times).reindex(ids).fillna(0), times.reindex(ids).fillna(0)]
    columns = np.column_stack(columns).astype(np.float64)
    gain = _gains(columns.sum(axis=0)[None])[0]
    if np.isnan(gain):
        return None
    drawn = np.concatenate([_gains(part @ columns) for part in resamples(len(ids))])
    drawn = drawn[~np.isnan(drawn)]
    # Resamples of a single example would have no spread.
    spread = (np.count_nonzero(columns[:, [1, 3]], axis=0) > 1).all()
    low, high = percentile_interval(drawn) if spread else (np.nan, np.nan)
    seen = int(np.count_nonzero(columns[:, 1] + columns[:, 3]))
    return Contrast(float(gain), low, high, unpaired_p(*values), seen)


def _gains(sums):
    """Differences of two means, of rows (sum, count, sum, count); NaN where a count is 0."""
    means = [
        np.divide(
            sums[:, k], sums[:, k + 1], out=np.full(len(sums), np.nan), where=sums[:, k + 1] > 0
        )
        for k in (0, 2)
    ]
    return means[0] - means[1]
