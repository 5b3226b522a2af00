"""The ceiling in the tables of the study: its own row, and the shares of networks of its IG.

The ceiling of each example stands beside its scores, the same for every network. Runs no network.
"""

import numpy as np
import pandas as pd

from keras_attn.evaluation.rows import GOLD_STANDARD
from keras_attn.metrics import gold_standard
from keras_attn.report.paper.printed import KEYS
from keras_attn.report.rows.results import groups_of, of_networks
from keras_attn.report.tables.parts import CEILING, GAZE
from keras_attn.statistics import bootstrap_interval

SHARES = ("share", "share_low", "share_high")
"""Of a cell of IG: the share of explainable information, and its interval over examples."""
NO_SHARE = dict.fromkeys(SHARES, np.nan)
TITLE = "Gold standard (ceiling)"
"""Of its row in print; in files it is GOLD_STANDARD."""
IG, CEILING_IG = GAZE[1].key, CEILING[1].key


def share_of(sample):
    """SHARES of a `samples.Sample`, by name; NaN where there is no ceiling above 0."""
    own = sample.examples.scores.iloc[sample.places]
    groups = sample.groups(own.index)
    found = gold_standard.share(own[IG].to_numpy(), own[CEILING_IG].to_numpy(), groups)
    return dict(zip(SHARES, found, strict=True))


def cells_of(table, rows):
    """The ceiling's cells in a `parts.Table`, as of `tables.cells`; rows: on one dataset.

    None of them where viewers are not told apart, or tell nothing of each other.
    """
    means = rows[of_networks(rows)].groupby("id")[[one.key for one in CEILING]].mean().dropna()
    if means.empty:
        return pd.DataFrame(columns=[*KEYS, "value", "low", "high", "n"])
    groups, made = groups_of(rows), []
    together = [groups.get(name) for name in means.index] if groups else None
    labels = {"table": table.number, "dataset": rows["dataset"].iloc[0], "backbone": ""}
    labels |= {"fusion": "", "subset": table.subsets[0].key, "attention": GOLD_STANDARD}
    for metric, ceiling in zip(GAZE, CEILING, strict=True):
        values = means[ceiling.key].to_numpy()
        low, high = bootstrap_interval(values, groups=together)
        numbers = {"value": values.mean(), "low": low, "high": high, "n": len(values)}
        made.append({**labels, "metric": metric.key, **numbers})
    return pd.DataFrame(made)


def legend(title, cells, own, unit):
    """A sentence on the ceiling of a dataset.

    title: of the dataset. cells: what `cells_of` returned. own: the dataset's cells of networks.
    """
    if cells.empty:
        return (
            f"{title}: no ceiling, and no share of it, for the results tell of no {unit} with "
            "several viewers whose gaze tells of each other's."
        )
    count = cells["n"].iloc[0]
    made = (
        f"{title}, {TITLE.lower()}: the mean over viewers of the score of each one's fixations "
        f"under the density of all others ({count:,} {unit}{'' if count == 1 else 's'})."
    )
    shares = own.loc[own["metric"] == IG, SHARES[0]]
    if shares.isna().all():
        return f"{made} Its IG is not above 0 beyond chance, so that there are no shares of it."
    return (
        f"{made} Per cent: the share of explainable information, IG over that of the ceiling, of "
        f"the same {unit}s, with its interval over {unit}s."
    )


def in_print(share, low, high):
    """A share and its interval as "25 % [20, 31]"; "" where there is none."""
    if np.isnan(share):
        return ""
    numbers = [
        f"{round(100 * one) + 0:d}".replace("-", "−") for one in (share, low, high) if one == one
    ]
    return f"{numbers[0]} %" + (f" [{numbers[1]}, {numbers[2]}]" if len(numbers) > 1 else "")
