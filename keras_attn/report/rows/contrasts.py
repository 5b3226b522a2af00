"""How much better one network's examples score than another's, or one subset's than another's.

Knows the cells of the paper's tables, but no claim.
"""

from typing import NamedTuple

import numpy as np

from keras_attn.evaluation.rows import NETWORK
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.rows.samples import sample
from keras_attn.statistics import (
    paired_p,
    paired_share_interval,
    paired_share_p,
    percentile_interval,
    unpaired_p,
)

TESTS = {
    False: "Wilcoxon's signed-rank test",
    True: "McNemar's exact test, that of flipped signs for groups and means over seeds",
}
"""Of the same examples, by whether a metric is a proportion: what `paired_test` is called."""


class Contrast(NamedTuple):
    """A difference (one − other), its interval, p and the number n of examples.

    Turned round where lower is better, so that above 0 the first is always the better one. p: NaN
    where examples have no score of their own, as for max F, mAP and the likeness of maps.
    """

    gain: float
    low: float
    high: float
    p: float
    n: int


def between(results, table, metric, one, other, level=0.95):
    """The `Contrast` of two cells of a `parts.Table`; None without rows of both.

    results: `results.Results`, which keep it for all tables and claims that ask for it. one, other:
    dicts that have all `KEYS`. level: of the interval.
    """
    key = ("contrast", level, *(tuple(own[name] for name in KEYS) for own in (one, other)))
    if key not in results.kept:
        samples = [sample_in(results, table, own) for own in (one, other)]
        there = all(found is not None for found in samples)
        results.kept[key] = _contrast(metric, *samples, level) if there else None
    return results.kept[key]


def sample_in(results, table, labels):
    """The `samples.Sample` of a cell of a table, by its labels; None without rows."""
    subset = next(own for own in table.subsets if own.key == labels["subset"])
    network = {name: labels[name] for name in ("dataset", *NETWORK)}
    return sample(results, table.task, subset, **network)


def paired_test(metric):
    """The function that tests a `parts.Metric` over the same examples."""
    return paired_share_p if metric.proportion else paired_p


def _contrast(metric, one, other, level):
    """The contrast of two samples; None where no example has what the metric needs."""
    found = (_of_subsets if one.subset.column else _of_same)(metric, one, other, level)
    if found is None or metric.higher_is_better:
        return found
    # Plus 0, so that no difference stays 0 and does not become −0.
    return found._replace(gain=0 - found.gain, low=0 - found.high, high=0 - found.low)


def _of_same(metric, one, other, level):
    """Of the same examples, in pairs."""
    ids, those = one.ids(metric), other.ids(metric)
    if not (ids.equals(those) and one.all_ids.equals(other.all_ids)):
        ids = ids.intersection(those).sort_values()
        one, other = one.on(ids), other.on(ids)
    if not len(ids):
        return None
    gain, p = one.value(metric) - other.value(metric), np.nan
    if metric.per_example:
        # Of each example the mean over its seeds.
        values, less = (own.examples.scores[metric.score].reindex(ids) for own in (one, other))
        gain, test = float((values - less).mean()), paired_test(metric)
        p = test(values, less, one.groups(ids))
    if metric.proportion:
        more = one.variance_of_seeds(metric) + other.variance_of_seeds(metric)
        interval = paired_share_interval(values - less, level, more, one.groups(ids))
    else:
        spread = one.independent(ids) >= metric.spread_from
        interval = _interval(metric, one, other, level, spread)
    return Contrast(gain, *interval, p, len(ids))


def _of_subsets(metric, one, other, level):
    """Of subsets, which are of different examples; one that is in both is drawn for both."""
    every = one.all_ids.union(other.all_ids)
    one, other = one.on(every), other.on(every)
    gain = one.value(metric) - other.value(metric)
    if np.isnan(gain):
        return None
    ids = [sample.ids(metric) for sample in (one, other)]
    # Resamples of a single example, or pair that is compared, would have no spread.
    spread = min(map(one.independent, ids)) >= metric.spread_from
    interval = _interval(metric, one, other, level, spread)
    if metric.alike:  # with the same others, which makes examples depend on each other
        return Contrast(gain, *interval, np.nan, len(ids[0].union(ids[1])))
    groups = [one.groups(own) for own in ids]
    p = unpaired_p(one.values(metric), other.values(metric), groups)
    return Contrast(gain, *interval, p, len(ids[0].union(ids[1])))


def _interval(metric, one, other, level, spread):
    if not spread:
        return np.nan, np.nan
    return percentile_interval(one.resampled(metric) - other.resampled(metric), level)
