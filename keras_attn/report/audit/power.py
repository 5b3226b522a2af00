"""How many images and viewers tell two maps of an audit apart, as users get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn import sample_size, storage
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import AUDIT_FILES, IMAGE, SIGNIFICANT, VIEWER, put_first
from keras_attn.metrics.columns import Column
from keras_attn.report.audit.pairs import Pair
from keras_attn.report.numbers import decimals, p_value, with_interval
from keras_attn.sample_size import FEWEST, MOST, STUDIES, ByViewer, Components, Studies
from keras_attn.statistics import bootstrap_interval, group_codes, paired_p

MEASURED, HALF, NEARER = "measured", "half", "nearer end"
"""True differences that images are counted for: the measured one, half of it, and the end of its
95 % interval that is nearer 0."""
ZEROS = 0.2
"""Share of differences that are exactly 0 from which on the simulation is said to be rough."""


@dataclass(frozen=True, eq=False)
class Power:
    """How sure studies of several sizes tell two maps apart; `print` shows it, `save` writes it.

    `power` returns one. A study has units, which are images or, of data with groups, groups of
    images that depend on each other; each is looked at by some viewers.

    Args:
        maps: the names of the two maps.
        metric: its key, such as "s_auc".
        condition: of an audit by condition, else "".
        rows: a DataFrame with columns images (or groups), viewers (NaN where nothing is known of
            single viewers) and power: the share of simulated studies of that size that tell the two
            maps apart, in the order in which they are: Wilcoxon's signed-rank test, two-sided, p <
            0.05, if the true difference were the measured one.
        needed: a DataFrame with columns assumed ("measured", "half", "nearer end"), difference,
            viewers (as many as there are) and images (or groups): how many tell that difference
            with the power asked for; infinite for more than 2,000, NaN where the interval of the
            difference holds 0, so that there is no end nearer to it.
        difference, low, high: the mean over units of the first map's score less the second's, and
            its 95 % bootstrap interval.
        p: of the test at hand, of this pair alone.
        components: a `sample_size.Components`: variances between and within units.
        power: what `needed` is for.
        unit: "images" or "groups".
        notes: what a reader of the numbers has to know.
    """

    maps: tuple[str, str]
    metric: str
    condition: str
    rows: pd.DataFrame
    needed: pd.DataFrame
    difference: float
    low: float
    high: float
    p: float
    components: Components
    power: float
    unit: str
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Power({' and '.join(map(repr, self.maps))}, {self.metric!r})"

    def __str__(self) -> str:
        return as_text(self)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the rows, with the maps and their difference before them, as CSV.

        Args:
            path: where to; it ends in .csv.
            overwrite: replace a file that is there.

        Returns:
            The path.

        Raises:
            InputError: There is one, it is one of an audit's own, or cannot be written.
        """
        path = check_out(path, overwrite=overwrite)
        table = self.rows.copy()
        first, second = self.maps
        about = {"map": first, "other": second, "metric": self.metric}
        about |= {"condition": self.condition} if self.condition else {}
        put_first(table, about | {"difference": self.difference})
        with storage.replacing(path) as stage:
            table.to_csv(stage, index=False)
        return path


def check_out(path: str | Path, *, overwrite: bool = False) -> Path:
    """The path of a CSV file that may be written; `InputError` where it may not."""
    if not isinstance(path, (str, Path)) or not str(path).endswith(".csv"):
        raise InputError("out (--out)", "a file that ends in .csv", repr(path))
    path = Path(path).expanduser()
    if path.name in AUDIT_FILES:
        raise InputError("out (--out)", "another name than an audit's own files have", path)
    storage.check_target(path.parent, (path.name,), overwrite=overwrite)
    return path


def check_sizes(name: str, values: Sequence[int], least: int, most: int | None) -> list[int]:
    """Whole numbers within bounds, each once, in their order; `InputError` for others."""
    expected = f"whole numbers, {least} or more" if most is None else f"{least} to {most}"
    if isinstance(values, Integral) and not isinstance(values, bool):
        values = [values]
    whole = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str)
    whole = whole and len(values) > 0
    whole = whole and all(isinstance(v, Integral) and not isinstance(v, bool) for v in values)
    if not whole or min(values) < least or (most is not None and max(values) > most):
        raise InputError(f"{name} (--{name})", expected, repr(values))
    return list(dict.fromkeys(map(int, values)))


def check_power(power: float) -> float:
    """A power that may be asked for; `InputError` for others."""
    number = isinstance(power, Real) and not isinstance(power, bool)
    if not number or not SIGNIFICANT < power < 1:
        expected = f"a number above {SIGNIFICANT}, which chance has, and below 1"
        raise InputError("power (--power)", expected, repr(power))
    return float(power)


def planned(pair: Pair, images: list[int], viewers: list[int], power: float) -> Power:
    """The `Power` of studies like that of a pair of maps."""
    components, unit = _components(pair)
    studies, difference = Studies(components), components.mean
    known = not np.isnan(components.within)
    sizes = [(n, k) for n in images for k in (viewers if known else [np.nan])]
    rows = pd.DataFrame(
        [(n, k, studies.power(n, k)) for n, k in sizes], columns=[unit, "viewers", "power"]
    )
    low, high = bootstrap_interval(components.units)
    nearer = 0.0 if low <= 0 <= high else min(low, high, key=abs)
    assumed = {MEASURED: difference, HALF: difference / 2, NEARER: nearer or np.nan}
    there = float(max(1, round(components.viewers))) if known else np.nan
    counts = [
        np.nan if np.isnan(one) else studies.needed(power, there, one) for one in assumed.values()
    ]
    needed = {"assumed": [*assumed], "difference": [*assumed.values()], "viewers": there}
    return Power(
        maps=pair.names,
        metric=pair.column.key,
        condition=pair.condition,
        rows=rows,
        needed=pd.DataFrame({**needed, unit: np.array(counts, float)}),
        difference=difference,
        low=low,
        high=high,
        p=paired_p(components.units, np.zeros(len(components.units))),
        components=components,
        power=power,
        unit=unit,
        notes=tuple(_notes(pair, components, unit)),
    )


def _components(pair):
    """The `Components` of a pair, and what its units are."""
    values, title = pair.differences, pair.column.title
    unit = "images" if pair.groups is None else "groups"
    units = len(values) if pair.groups is None else len(set(group_codes(pair.groups)))
    if units < FEWEST:
        what = unit if unit == "images" else "groups of images"
        expected = f"at least {FEWEST} {what} with {title} of both maps"
        raise InputError(" and ".join(map(repr, pair.names)), expected, units)
    if not values.any():
        received = f"the same {title} on all {len(values)} images"
        raise InputError(" and ".join(map(repr, pair.names)), "maps that differ", received)
    told = None
    if pair.viewers is not None:
        places = values.index.get_indexer(pair.viewers[IMAGE])
        columns = (pair.viewers[name].to_numpy() for name in (VIEWER, "difference", "fixations"))
        told = ByViewer(places, *columns)
    return sample_size.components(values.to_numpy(), pair.groups, told), unit


def _notes(pair, components, unit):
    if not pair.chosen:
        yield (
            "The two were chosen for being the best of this audit, which makes their "
            "difference no better known; maps= (--maps) names others"
        )
    if np.isnan(components.within):
        why = pair.why or f"no two viewers have looked at one of the {unit}"
        yield f"Of {unit} alone, each with as many viewers as here, for {why}"
    elif components.told < len(components.units):
        yield f"Viewers are known of {components.told} of {len(components.units)} {unit}"
    if pair.missing:
        yield f"{pair.missing} images without a score of both maps are left out"
    zeros = float((components.units == 0).mean())
    if zeros >= ZEROS:
        yield f"{zeros:.0%} of the differences are exactly 0, of which the simulation knows none"
    if components.between == 0:
        yield f"{unit.capitalize()} differ no more than their viewers do: their own variance is 0"


def as_text(found: Power) -> str:
    """What a `Power` says, in lines."""
    first, second = found.maps
    under = f" under {found.condition}" if found.condition else ""
    size = f"{len(found.components.units)} {_units(found)}"
    told = with_interval(found.difference, found.low, found.high)
    title = Column.registry[found.metric].title
    lines = [
        f"{title} of {first} less that of {second}{under}: {told} over {size} (95 % bootstrap "
        f"interval); p {p_value(found.p)} (Wilcoxon's signed-rank test of this pair alone)",
        _spread(found),
        "",
        *_table_of(found),
        "",
        *_needed(found),
        "",
        *(f"Note: {note}." for note in found.notes),
        _how(found),
    ]
    return "\n".join(lines)


def _units(found):
    return found.unit if found.unit == "images" else "groups of images"


def _spread(found):
    parts, one = found.components, found.unit.removesuffix("s")
    between = decimals(np.sqrt(parts.between), 3)
    if np.isnan(parts.within):
        return f"Standard deviation of the difference: {between} between {found.unit}"
    within = decimals(np.sqrt(parts.within), 3)
    return (
        f"Standard deviation of the difference: {between} between {found.unit}, {within} between "
        f"viewers of one ({decimals(parts.viewers, 1).removesuffix('.0')} for each {one}, harmonic "
        "mean)"
    )


def _table_of(found):
    """The power by size, images down and viewers across."""
    grid = found.rows.pivot(index=found.unit, columns="viewers", values="power")
    if found.rows["viewers"].isna().all():
        grid = found.rows.set_index(found.unit)[["power"]]
        heads = ["power"]
    else:
        heads = [f"{k:g} viewer{'s' if k > 1 else ''}" for k in grid.columns]
    yield "Power, if the measured difference is the true one:"
    yield "".join(f"{head:>12}" for head in (found.unit, *heads))
    for count, values in zip(grid.index, grid.to_numpy(), strict=True):
        yield f"{count:>12}" + "".join(f"{decimals(value, 2):>12}" for value in values)


def _needed(found):
    """How many units the power that is asked for needs."""
    counts = found.needed[found.unit].tolist()
    differences = found.needed["difference"].tolist()
    there = found.needed["viewers"].iloc[0]
    viewers = "viewers as here" if np.isnan(there) else f"{there:g} viewers each, as here"
    yield f"{found.unit.capitalize()} for a power of {found.power:g}, with {viewers}:"
    reasons = (
        "the measured difference",
        "half of it, for a difference that was looked for and found is more often over- than "
        "underestimated (the winner's curse)",
        "the end of its interval nearer 0",
    )
    for count, difference, reason in zip(counts, differences, reasons, strict=True):
        if np.isnan(difference):
            yield (
                "none for the end of the interval nearer 0, for the interval holds 0: this study "
                "cannot tell the order of the two maps, nor how many would"
            )
        else:
            told = f"more than {MOST:,}" if np.isinf(count) else f"{count:.0f}"
            yield f"{told} for {decimals(difference, 3)}, {reason}"


def _how(found):
    error = sample_size.simulation_error(0.5)
    return (
        f"Each power is a share of {STUDIES:,} simulated studies, ±{error:.2f} at most by that; "
        f"a study tells the two maps apart where p < {SIGNIFICANT} by the signed-rank test, two-"
        "sided, of this one pair (a correction for more comparisons needs more) and in their true "
        f"order. New {found.unit} and viewers have to be like those at hand."
    )
