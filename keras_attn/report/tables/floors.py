"""What maps and classes that know nothing score, and which networks are no better than that."""

from dataclasses import dataclass

import numpy as np

from keras_attn.metrics.salient_object import BETA_SQUARED
from keras_attn.report.naming import attention_title, dataset_title, trunk_title
from keras_attn.report.numbers import decimals, listed
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.rows.contrasts import sample_in
from keras_attn.statistics import drawn_counts, group_codes, percentile_interval, resampled_sums

TOLD = {
    "max_f": "a map that calls every pixel object",
    "mae": "a map that calls none object",
    "s_auc": "chance",
    "ig": "the centre bias",
    "accuracy": "the most frequent class for every {unit}",
}
"""By metric, what knows nothing."""
FIXED = {"s_auc": 0.5, "ig": 0.0}
"""By metric, what that scores whatever the data."""


@dataclass(frozen=True)
class Floor:
    """What knows nothing scores by a metric, and whether a network is above that for certain.

    above: whether its 95 % interval is, over the same examples.
    """

    value: float
    above: bool


def floor_of(results, table, labels):
    """The `Floor` of a cell, by its labels and its numbers; None for a metric without one.

    labels: a row of `sheets.cells`, all of KEYS with value and low.
    """
    key = ("floor", *(labels[name] for name in KEYS))
    if key not in results.kept:
        results.kept[key] = _floor(results, table, labels)
    return results.kept[key]


def _floor(results, table, labels):
    metric = labels["metric"]
    if metric in FIXED:
        return Floor(FIXED[metric], bool(_lowest(labels) > FIXED[metric]))
    if metric in ("max_f", "mae"):
        return _of_masks(sample_in(results, table, labels), table.metric(metric))
    if metric == "accuracy":
        rows, _ = results.of(task=table.task, dataset=labels["dataset"])
        classes = rows.drop_duplicates("id").get("class")
        if classes is None or classes.isna().all():
            return None
        share = float(classes.value_counts(normalize=True).iloc[0])
        return Floor(share, bool(_lowest(labels) > share))
    return None


def _lowest(labels):
    """The lower end of a cell's interval, or its value where it has none."""
    return labels["value"] if np.isnan(labels["low"]) else labels["low"]


def _of_masks(sample, metric):
    """That of max F or MAE, which the F-measure at threshold 0 tells: there all is object."""
    curves = sample.examples.curves.get("f_curve")
    if curves is None:
        return None
    of_all = np.asarray(curves[sample.places, :1], np.float64)
    if not metric.curve:
        # Precision is the share of object, which so follows; recall is 1 or, without any, nothing.
        of_all = of_all / (1 + BETA_SQUARED - BETA_SQUARED * of_all)
    sign = 1 if metric.higher_is_better else -1
    above = sign * (sample.value(metric) - of_all.mean())
    if sample.independent(sample.all_ids[sample.places]) >= metric.spread_from:
        groups = sample.groups(sample.all_ids[sample.places])
        codes = None if groups is None else group_codes(groups)
        drawn = drawn_counts(len(of_all), codes=codes)
        floors = resampled_sums(of_all, codes=codes)[:, 0] / drawn
        above, _ = percentile_interval(sign * (sample.resampled(metric) - floors))
    # The maximum over thresholds is never below the one at 0.
    return Floor(float(of_all.mean()), bool(round(float(above), metric.digits) > 0))


def sentences(table, results, cells):
    """Of each dataset of a table what knows nothing scores, and which networks are no better.

    cells: those of networks that the table shows. Nothing of subsets of the examples.
    """
    told = []
    for dataset, own in cells[cells["subset"] == "all"].groupby("dataset", sort=False):
        parts = []
        for metric in dict.fromkeys(own["metric"]):
            rows = own[own["metric"] == metric].to_dict("records")
            found = [(one, floor_of(results, table, one)) for one in rows]
            found = [(one, floor) for one, floor in found if floor is not None]
            if not found:
                continue
            below = [_who(one, rows) for one, floor in found if not floor.above]
            if below or metric not in FIXED:
                parts.append(_of_metric(table.metric(metric), found[0][1], below, table.unit))
        if parts:
            told.append(f"{dataset_title(dataset)}, floor: {'; '.join(parts)}.")
    return told


def _of_metric(metric, floor, below, unit):
    what = TOLD[metric.key].format(unit=unit)
    told = f"{what} has {metric.title} {decimals(floor.value, metric.digits)}"
    if not below:
        return told
    verb = "is" if len(below) == 1 else "are"
    return f"{told}, and no better than that {verb} {listed(below)}"


def _who(row, rows):
    """The attention of a cell, with its network where the table shows several."""
    several = len({(one["backbone"], one["fusion"]) for one in rows}) > 1
    name = attention_title(row["attention"])
    return f"{name} on {trunk_title(row['backbone'], row['fusion'])}" if several else name
