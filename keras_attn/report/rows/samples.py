"""The examples that a cell of a table is made of: their score, its interval, its resamples.

Knows what the paper's tables are, but no table's looks and no claim.
"""

import zlib
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from keras_attn.datasets import origin
from keras_attn.evaluation.rows import MAPS, NETWORK, RANKING
from keras_attn.report.paper.tables import CURVES
from keras_attn.report.rows.likeness import Likeness, likeness_of
from keras_attn.report.rows.ranking import Ranking, ranking_of
from keras_attn.report.rows.results import groups_of, score_keys
from keras_attn.report.tables.parts import Subset
from keras_attn.statistics import (
    drawn_counts,
    group_codes,
    independent_share,
    percentile_interval,
    resampled_deviations,
    resampled_sums,
    wilson_interval,
)

EVERY = Subset("all")


@dataclass(frozen=True, eq=False)
class Examples:
    """A row per example ordered by id: means over the seeds, how many values each is of, curves.

    ranking: of class scores, None without such. likeness: of maps of attention, None without such.
    groups: by id, of those that belong together.
    """

    scores: pd.DataFrame
    counts: pd.DataFrame
    curves: dict
    ranking: Ranking | None
    likeness: Likeness | None
    groups: dict = field(default_factory=dict)


def examples_of(rows, arrays, groups=None):
    """The `Examples` of the rows of one network; means skip NaN.

    groups: by id, of the whole dataset; default those that the rows tell.
    """
    ids = rows["id"].to_numpy(str)
    grouped = rows.reindex(columns=list(score_keys())).groupby(ids)
    scores = grouped.mean()
    place = scores.index.get_indexer(ids)
    curves = {name: _means(arrays[name], place) for name in CURVES if name in arrays}
    found = [arrays[name] for name in RANKING if name in arrays]
    ranking = ranking_of(rows, *found) if found else None
    likeness = likeness_of(rows, arrays[MAPS]) if MAPS in arrays else None
    groups = groups_of(rows) if groups is None else groups
    return Examples(scores, grouped.count(), curves, ranking, likeness, groups)


def _means(values, place):
    """Means of the rows of `values` that are of the same example, at its place."""
    counts = np.bincount(place)
    if len(counts) == len(place):
        return values[np.argsort(place)]
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, place, values)
    return sums / counts[:, None]


@dataclass(frozen=True, eq=False)
class Sample:
    """A network's examples, or a subset of them.

    examples: all of the network's. places: positions of the sample's own among them. subset: what
    it is. seeds: where a network was trained from several, the sample of each alone. name: of the
    network; what is drawn of its seeds follows from it.
    """

    examples: Examples
    places: np.ndarray
    subset: Subset = EVERY
    seeds: tuple = ()
    name: str = ""
    _kept: dict = field(default_factory=dict, repr=False)

    @property
    def all_ids(self):
        """Those that are resampled: of the network's examples, also those outside the subset."""
        return self.examples.scores.index

    def ids(self, metric):
        """Those of the sample that have a score."""
        if not (metric.per_example or metric.alike):
            return self.all_ids[self.places]
        return self.all_ids[self._weights(metric) > 0]

    def values(self, metric):
        """The score of each of `ids`; of likeness, with the others of the sample."""
        found = self._likeness()[0] if metric.alike else self.examples.scores[metric.score]
        return np.asarray(found)[self._weights(metric) > 0]

    def groups(self, ids):
        """The groups of these ids, None for one of its own; None where the dataset has none."""
        groups = self.examples.groups
        return [groups.get(name) for name in ids] if groups else None

    def independent(self, ids):
        """How many of these ids may differ by chance: groups, or examples that are in none."""
        groups = self.groups(ids)
        return len(ids) if groups is None else len(set(group_codes(groups)))

    def on(self, ids):
        """The sample as one of these ids, which are resampled in place of `all_ids`."""
        if ids.equals(self.all_ids):
            return self
        # Of an id without an example it is −1; that row is read by nobody, not being of the places.
        there = self.all_ids.get_indexer(ids)
        examples = Examples(
            self.examples.scores.reindex(ids),
            self.examples.counts.reindex(ids).fillna(0),
            {name: curves[there] for name, curves in self.examples.curves.items()},
            self.examples.ranking and self.examples.ranking.among(there),
            self.examples.likeness and self.examples.likeness.among(there),
            self.examples.groups,
        )
        places = np.flatnonzero(np.isin(there, self.places))
        seeds = tuple(seed.on(ids) for seed in self.seeds)
        return replace(self, examples=examples, places=places, seeds=seeds, _kept={})

    def half(self, second):
        """The sample on every second example, or on the others; groups stay together."""
        key = ("half", bool(second))
        if key not in self._kept:
            groups = self.groups(self.all_ids)
            codes = np.arange(len(self.all_ids)) if groups is None else group_codes(groups)
            self._kept[key] = self.on(self.all_ids[codes % 2 == bool(second)])
        return self._kept[key]

    def value(self, metric):
        """The score; NaN without an example that has one."""
        if not len(self.ids(metric)):
            return np.nan
        if metric.curve:
            return float(self._curves(metric).mean(axis=0, dtype=np.float64).max())
        if metric.ranked:
            return self._ranking().mean_ap(metric.interpolation)
        there = self._weights(metric)
        return float(np.average(self.values(metric), weights=there[there > 0]))

    def resampled(self, metric):
        """The score of each bootstrap resample of the examples; NaN where none is drawn.

        The same are drawn for all samples of as many examples, so that differences of two are those
        of pairs. Where there are several seeds, these are drawn too, for each sample anew.
        """
        key = ("resampled", metric.key)
        if key not in self._kept:
            self._kept[key] = self._resampled(metric) + self._of_seeds(metric)
        return self._kept[key]

    def variance_of_seeds(self, metric):
        """The variance of the score that comes from its seeds; 0 where there is one alone."""
        values = self._values_of_seeds(metric)
        return float(np.var(values, ddof=1) / len(values)) if len(values) > 1 else 0.0

    def scored(self, metric):
        """Value, 95 % interval (low, high) and number n of examples with a value, as a dict."""
        value, ids = self.value(metric), self.ids(metric)
        low, high, count = np.nan, np.nan, len(ids)
        if metric.proportion:
            weight = independent_share(self.values(metric), self.groups(ids))
            more = self.variance_of_seeds(metric)
            low, high = wilson_interval(value, weight * count, more=more)
        elif self.independent(ids) >= metric.spread_from:
            low, high = percentile_interval(self.resampled(metric))
        return {"value": value, "low": low, "high": high, "n": count}

    def _weights(self, metric):
        """How much each of the network's examples counts; 0 outside the sample.

        As often as it has values where a subset is of rows, for a classifier may be right about an
        example under one seed alone, and once otherwise.
        """
        key = ("weights", metric.score)
        if key not in self._kept:
            counts = self._likeness()[1] if metric.alike else self.examples.counts[metric.score]
            counts = np.asarray(counts)
            inside = np.zeros(len(counts), bool)
            inside[self.places] = True
            pooled = metric.pooled or self.subset.rows is not None
            self._kept[key] = np.where(inside, counts if pooled else counts > 0, 0)
        return self._kept[key]

    def _curves(self, metric):
        return self.examples.curves[metric.curve][self.places]

    def _ranking(self):
        return self.examples.ranking.among(self.places)

    def _likeness(self):
        """Of each example the mean CC with the others of the sample, and of how many networks.

        NaN and 0 for those that are outside, or that no map is known of.
        """
        if "likeness" not in self._kept:
            values, counts = np.full(len(self.all_ids), np.nan), np.zeros(len(self.all_ids), int)
            if self.examples.likeness is not None:
                found = self.examples.likeness.among(self.places).values()
                values[self.places], counts[self.places] = found
            self._kept["likeness"] = values, counts
        return self._kept["likeness"]

    def _resampled(self, metric):
        if metric.alike:
            return self.examples.likeness.resampled(self.places, self._codes(self.all_ids))
        codes = self._codes(self.ids(metric) if not metric.per_example else self.all_ids)
        if metric.curve:
            curves = self._curves(metric)
            counts = drawn_counts(len(curves), codes=codes)
            return resampled_sums(curves, codes=codes).max(axis=1) / counts
        if metric.ranked:
            return self._ranking().resampled(metric.interpolation, codes)
        weights, middle = self._weights(metric), self.value(metric)
        values = np.where(weights > 0, self.examples.scores[metric.score].to_numpy(), 0.0)
        # Differences from the mean, of which sums in float32 are exact enough.
        columns = np.column_stack([weights * np.where(weights > 0, values - middle, 0.0), weights])
        sums, counts = resampled_sums(columns, codes=codes).T
        return middle + np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)

    def _codes(self, ids):
        """Codes of the groups of these ids as the `statistics` take them; None without groups."""
        groups = self.groups(ids)
        return None if groups is None else group_codes(groups)

    def _of_seeds(self, metric):
        stream = zlib.crc32(self.name.encode())
        return resampled_deviations(self._values_of_seeds(metric), stream)

    def _values_of_seeds(self, metric):
        values = np.array([seed.value(metric) for seed in self.seeds])
        return values[~np.isnan(values)]


def sample(results, task, subset, **network):
    """The `Sample` of a network's examples in a `parts.Subset`; None without rows.

    results: `results.Results`, which keep it for all tables and claims that ask for it. network:
    dataset, backbone, fusion, attention.
    """
    group = (task, *(network[name] for name in ("dataset", *NETWORK)))
    key = ("sample", *group, subset.key)
    if key not in results.kept:
        rows, arrays = results.of(task=task, **network)
        whole = _examples(results, group, rows, arrays) if len(rows) else None
        name = " ".join(map(origin.name_of, group))
        made = len(rows) and sample_of(rows, arrays, subset, name, whole)
        results.kept[key] = made or None
    return results.kept[key]


def _examples(results, group, rows, arrays):
    """The `Examples` of all rows of a network: networks are compared on the same resamples."""
    key = ("examples", *group)
    if key not in results.kept:
        results.kept[key] = examples_of(rows, arrays, results.groups(group[1]))
    return results.kept[key]


def sample_of(rows, arrays, subset=EVERY, name="", whole=None):
    """The `Sample` of the rows of one network. whole: their `Examples`, where they are known."""
    whole = examples_of(rows, arrays) if whole is None else whole
    counted = np.ones(len(rows), bool)
    examples = whole
    if subset.rows is not None:
        # Of the rows of a subset no table shows what curves and rankings of all examples make.
        counted = subset.rows(rows).to_numpy()
        arrays = {name: values for name, values in arrays.items() if name == MAPS}
        own = {name: values[counted] for name, values in arrays.items()}
        examples = examples_of(rows[counted], own, whole.groups)
    sample = Sample(examples, subset.take(examples.scores), subset, name=name)
    sample = sample.on(whole.scores.index)
    parts = [counted & (rows["seed"] == seed).to_numpy() for seed in rows["seed"].unique()]
    if len(parts) < 2:
        return sample
    alone = [_seed(rows, arrays, part, sample) for part in parts if part.any()]
    return replace(sample, seeds=tuple(alone), _kept={})


def _seed(rows, arrays, part, sample):
    """The part of a sample that is of the rows of one seed."""
    own = {name: values[part] for name, values in arrays.items()}
    examples = examples_of(rows[part], own, sample.examples.groups)
    own = Sample(examples, np.arange(len(examples.scores)), sample.subset).on(sample.all_ids)
    return replace(own, places=np.intersect1d(own.places, sample.places), _kept={})
