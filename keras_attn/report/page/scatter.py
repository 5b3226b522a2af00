"""Task score against agreement with gaze, a point per network: what the page draws of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from keras_attn.evaluation.rows import NETWORK, TRUNK
from keras_attn.mechanisms import NAMED
from keras_attn.report import looks
from keras_attn.report.naming import dataset_title, order, trunk_title
from keras_attn.report.numbers import decimals, with_interval
from keras_attn.report.page import plots
from keras_attn.report.paper.kinds.correlation import within
from keras_attn.report.paper.tables import TABLES
from keras_attn.report.tables.parts import GAZE
from keras_attn.statistics import rank_correlation

WIDTH, HEIGHT = 400, 310
LEFT, RIGHT, TOP, BOTTOM = 50, 388, 12, 262
"""Edges of the area of the points in pixels."""


@dataclass(frozen=True)
class Point:
    """A network. x, y: in pixels. bars: paths of both intervals. run: the name of its page."""

    label: str
    attention: str
    x: float
    y: float
    fill: float
    bars: str
    run: str


@dataclass(frozen=True)
class Chart:
    """Points with axes. x, y: titles of the axes. xs, ys: pairs of pixel and text of the ticks."""

    x: str
    y: str
    xs: tuple
    ys: tuple
    points: tuple
    correlation: str


@dataclass(frozen=True)
class Facet:
    """A task and dataset. charts: by the key of the gaze metric. trunks: (title, fill opacity)."""

    task: str
    dataset: str
    charts: dict
    trunks: tuple
    attentions: tuple


def facets(cells, runs):
    """The `Facet` of each task and dataset that has both scores; cells: of `tables.cells`.

    runs: the name of a run's page by (task, dataset, *NETWORK).
    """
    charted = []
    for table in TABLES:
        if table.about_gaze or table.ours:
            continue
        about = next(t for t in TABLES if t.ceiling and t.task == _seen(table.task))
        own = cells[(cells["table"] == table.number).to_numpy()]
        for dataset, part in own.groupby("dataset", sort=False):
            metric = table.metrics_of(dataset)[0]
            scores = part[part["metric"] == metric.key]
            gaze = cells[(cells["table"] == about.number) & (cells["dataset"] == dataset)]
            facet = _facet(table, dataset, metric, scores, gaze, runs)
            if facet is not None:
                charted.append(facet)
    return charted


def _seen(task):
    """The task whose networks are scored against gaze; attacked are those of Task 3."""
    return next((t.task for t in TABLES if t.ceiling and t.task == task), "fine_grained")


def _facet(table, dataset, metric, scores, gaze, runs):
    both = {}
    for of_gaze in GAZE:
        own = gaze[gaze["metric"] == of_gaze.key]
        pairs = scores.merge(own, on=list(NETWORK), suffixes=("", "_gaze"))
        both[of_gaze] = pairs.dropna(subset=["value", "value_gaze"])
    every = pd.concat(both.values())
    if every.empty:
        return None
    trunks = _trunks(every)
    charts = {
        of_gaze.key: _chart(table, dataset, metric, of_gaze, pairs, trunks, runs)
        for of_gaze, pairs in both.items()
    }
    seen = tuple(sorted(set(every["attention"]), key=lambda name: order(attention=name)))
    return Facet(table.task, dataset_title(dataset), charts, tuple(trunks.values()), seen)


def attentions(facets):
    """`{attention: Look}` of all facets, in the order of the tables."""
    return looks.looks(name for facet in facets for name in facet.attentions)


def _trunks(scores):
    """Title and opacity of the marks, by trunk."""
    keys = set(scores[list(TRUNK)].itertuples(index=False, name=None))
    ordered = sorted(keys, key=lambda key: order(**dict(zip(TRUNK, key, strict=True))))
    fills = plots.FILLS if len(ordered) > 1 else plots.FILLS[-1:]
    if len(ordered) == 2:
        fills = (plots.FILLS[0], plots.FILLS[-1])
    return {key: (trunk_title(*key), fills[i % len(fills)]) for i, key in enumerate(ordered)}


def _chart(table, dataset, metric, of_gaze, both, trunks, runs):
    columns = {name: both[name].to_numpy() for name in _numbers()}
    x = plots.scale(_ends(columns, "_gaze"), LEFT, RIGHT)
    y = plots.scale(_ends(columns, ""), BOTTOM, TOP)
    points = [
        _point(row, x, y, metric, of_gaze, trunks, runs.get(_key(table.task, dataset, row), ""))
        for _, row in both.iterrows()
    ]
    arrow = "↑" if metric.higher_is_better else "↓"
    return Chart(
        x=f"{of_gaze.title}, agreement with gaze →",
        y=f"{metric.title} {arrow}",
        xs=tuple(x.ticks()),
        ys=tuple(y.ticks()),
        points=tuple(points),
        correlation=_correlation(both, metric),
    )


def _numbers():
    return [f"{name}{suffix}" for name in ("value", "low", "high") for suffix in ("", "_gaze")]


def _ends(columns, suffix):
    return np.concatenate([columns[f"{name}{suffix}"] for name in ("value", "low", "high")])


def _key(task, dataset, row):
    return (task, dataset, *(row[name] for name in NETWORK))


def _point(row, x, y, metric, of_gaze, trunks, run):
    title, fill = trunks[tuple(row[name] for name in TRUNK)]
    across, up = x(row["value_gaze"]), y(row["value"])
    bars = []
    if not np.isnan(row["low_gaze"]):
        bars.append(f"M{x(row['low_gaze'])} {up}H{x(row['high_gaze'])}")
    if not np.isnan(row["low"]):
        bars.append(f"M{across} {y(row['low'])}V{y(row['high'])}")
    numbers = (
        f"{metric.title} {_with_interval(row, '')}, {of_gaze.title} {_with_interval(row, '_gaze')}"
    )
    return Point(
        label=f"{row['attention']}, {title}: {numbers}",
        attention=row["attention"],
        x=across,
        y=up,
        fill=fill,
        bars="".join(bars),
        run=run,
    )


def _with_interval(row, suffix):
    return with_interval(*(row[f"{name}{suffix}"] for name in ("value", "low", "high")))


def _correlation(both, metric):
    """Spearman's ρ without the attentions that are made of gaze, turned so that + is better."""
    human = {m.name for m in NAMED.values() if m.takes_gaze}
    own = both[~both["attention"].isin(human)]
    sign = 1 if metric.higher_is_better else -1
    rho, low, high = rank_correlation(sign * own["value"], own["value_gaze"])
    if np.isnan(rho):
        return ""
    text = f"ρ {with_interval(rho, low, high, 2)} over {len(own)} networks"
    alone = _within(own, sign)
    return text if np.isnan(alone) else f"{text}; {decimals(alone, 2)} within their trunks"


def _within(own, sign):
    """The same ρ after the mean of each trunk is taken out; NaN for a single trunk."""
    trunks = [part for _, part in own.groupby(list(TRUNK))]
    if len(trunks) < 2 or len(own) < 3:
        return np.nan
    scores, gaze = ([part[name].to_numpy() for part in trunks] for name in ("value", "value_gaze"))
    return float(within([sign * values for values in scores], gaze))
