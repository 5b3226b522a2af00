"""How far attention agrees with gaze before and after an attack: what Fig. 6 shows, in numbers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn.errors import InputError
from keras_attn.evaluation.rows import GROUP, NETWORK, TRUNK
from keras_attn.report.naming import dataset_title, order, trunk_title
from keras_attn.report.numbers import decimals, with_interval
from keras_attn.report.page import plots
from keras_attn.report.rows.results import groups_of
from keras_attn.statistics import bootstrap_interval

BEFORE, AFTER = "s_auc", "s_auc_after"
ROW, NAMES, WIDTH = 24, 78, 372
"""Pixels: height of a row, width of the names, and where the scale ends."""


@dataclass(frozen=True)
class Shift:
    """The networks of a trunk under attack.

    rows: dicts of name, y, before and after in pixels, and text, which has the numbers.
    """

    title: str
    height: float
    rows: tuple
    ticks: tuple


def shifts(results):
    """A `Shift` for each dataset and trunk whose attacks were scored against gaze."""
    rows = results.rows[(results.rows["task"] == "adversarial").to_numpy()]
    trunks = {}
    for key, own in rows.drop_duplicates("folder").groupby(["dataset", *NETWORK], sort=False):
        pairs = _pairs(own["folder"])
        if len(pairs):
            dataset, *network = key
            who = dict(zip(NETWORK, network, strict=True))
            trunk = (dataset, *(who[name] for name in TRUNK))
            trunks.setdefault(trunk, {})[who["attention"]] = pairs
    ordered = sorted(
        trunks, key=lambda key: order(**dict(zip(("dataset", *TRUNK), key, strict=True)))
    )
    return [_shift(key, trunks[key]) for key in ordered]


def _pairs(folders):
    """Agreement before and after, a row per image that has both, of each the mean over seeds.

    With the name of its group, NaN where it has none.
    """
    parts = []
    for path in (Path(folder) / "examples.csv" for folder in folders):
        try:
            part = pd.read_csv(path, dtype={"id": str}, keep_default_na=False, na_values=[""])
        except (OSError, ValueError) as error:
            raise InputError(path, "a readable table of examples", str(error).strip()) from error
        # Networks without attention are not scored against gaze.
        parts.append(part.reindex(columns=["id", GROUP, BEFORE, AFTER]))
    rows = pd.concat(parts).astype({BEFORE: np.float64, AFTER: np.float64})
    pairs = rows.groupby("id")[[BEFORE, AFTER]].mean().dropna()
    return pairs.join(pd.Series(groups_of(rows), name=GROUP, dtype=object))


def _shift(key, networks):
    dataset, *trunk = key
    means = {name: (p[BEFORE].mean(), p[AFTER].mean()) for name, p in networks.items()}
    scale = plots.scale([value for pair in means.values() for value in pair], NAMES, WIDTH)
    rows = []
    names = sorted(networks, key=lambda name: order(attention=name))
    for place, name in enumerate(names):
        before, after = means[name]
        own = {"name": name, "y": ROW * place + ROW / 2, "text": _words(name, networks[name])}
        rows.append(own | {"before": scale(before), "after": scale(after)})
    title = f"{trunk_title(*trunk)} · {dataset_title(dataset)}"
    return Shift(title, ROW * len(rows), tuple(rows), tuple(scale.ticks(4)))


def _words(name, pairs):
    change = pairs[AFTER] - pairs[BEFORE]
    low, high = bootstrap_interval(change.to_numpy(), groups=pairs[GROUP].tolist())
    means = [decimals(pairs[column].mean(), 3) for column in (BEFORE, AFTER)]
    return (
        f"{name}: s-AUC {means[0]} before, {means[1]} after, "
        f"change {with_interval(change.mean(), low, high)}, {len(pairs):,} images"
    )
