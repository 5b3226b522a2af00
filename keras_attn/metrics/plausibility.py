"""Whether points can be pixels of their pictures, and what they look like where they cannot.

People look at the middle of pictures more than at their edges, hardly ever at the very corner, and
never twice at the same fraction of a pixel. Points that are off their pictures, pile up, or leave
most of every picture unused were written in other units, for another size, or stand for no gaze.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from keras_attn.metrics.written_points import Points, parts

__all__ = ["Points", "Suspicion", "cornered", "suspicion"]


FEW, MANY = 20, 200
"""Points from which on a share of them tells something, and from which on their mean does."""
SMALLEST, TINY = 32, 8
"""Sides of a picture below which points pile up on its pixels by chance, and tell nothing."""
CORNER = 3
"""Points on the pixel in the top left corner that cannot be chance."""
OF_ONE = 0.5
"""Share of the points of one viewer, or on one picture, that may be off, if there are FEW."""
UNUSED, PARTLY_UNUSED = 0.6, 0.82
"""How far from a corner all points lie that use nothing else, of FEW points and of MANY."""
OFF_MIDDLE = 0.07
"""How far the mean of MANY points lies from the middle of pictures of another size."""
CHANCE = 1e-6
"""Chance of what one viewer does if it were as the others do, below which it is none."""
MIDDLE = 0.02
"""Share of a picture's side around its middle, where a viewing may begin at one exact place."""
DEGREES, PER_CENT = 45, 60
"""Numbers that degrees and centimetres from the middle reach at most, and per cent at least."""

SAY = {
    "normalised": "coordinates='normalised' (--coordinates normalised)",
    "centred": (
        "coordinates='centred' (--coordinates centred), y_axis='up' (--y-axis up) if y grows up"
    ),
    "pixels": "coordinates='pixels' (--coordinates pixels)",
    "screen": "screen=(width, height) and place='fit', 'centre' or 'stretch' (--screen, --place)",
}
PIXELS = "turn them into pixels by the size of the screen and its distance"


class Suspicion(NamedTuple):
    """What points look like, and how a reader is told so."""

    looks: str
    say: str

    def __str__(self):
        return f"{self.looks}; {self.say}"


def suspicion(points):
    """What is wrong with `Points`: a `Suspicion`, or None."""
    if len(points) < CORNER or points.form.most_lost == 1:
        return None
    for look in (
        _columns,
        _units,
        _corner_code,
        _piles,
        _off,
        _two_units,
        _clipped,
        _unused,
        _degrees,
    ):
        if told := look(points):
            return told
    return None


def _columns(points):
    """A column that holds something else: the numbers of the rows, or what the other holds."""
    if len(points) < FEW:
        return None
    x, y = points.raw.T
    if (x == y).all() and len(np.unique(x)) > CORNER:
        return Suspicion("x and y are the same in every row", "put both coordinates there")
    for name, column in (("x", x), ("y", y)):
        steps = np.diff(column)
        if steps[0] and (steps == steps[0]).all():
            return Suspicion(f"{name} numbers the rows", "put the coordinate there")
    return None


def _units(points):
    """Numbers around 0 and 1, of all points or of one viewer's."""
    if points.form.coordinates == "normalised" or points.sizes.min() < TINY:
        return None
    small = (np.abs(points.raw) <= 1.2).all(axis=1)
    if small.mean() >= 0.95:
        below = (points.raw < 0).any(axis=1).mean()
        if below > 0.2:
            looks = f"x and y of {_of(small)} lie between -1 and 1, about the middle of the picture"
            return Suspicion(looks, f"turn them into 0 to 1 and say {SAY['normalised']}")
        looks = f"x and y of {_of(small)} lie between 0 and 1: normalised"
        return Suspicion(looks, f"say {SAY['normalised']}")
    for viewer, own in parts(points.viewers, 5):
        if small[own].all():
            whose = f"all {len(own)} points of viewer {points.names[viewer]}"
            looks = f"x and y of {whose} lie between 0 and 1, unlike those of the others"
            return Suspicion(looks, "write them in the units of the others")
    return None


def _corner_code(points):
    """Points at one place in a very corner: trackers write 0, 0 or 1, 1 where they see no eye."""
    if points.form.missing is not None or points.form.coordinates == "centred":
        return None
    large = points.sizes.min(axis=1) >= SMALLEST
    corners = [(points.raw == 0).all(axis=1)]
    if points.form.coordinates == "pixels" and points.form.screen is None:
        first, last = np.floor(points.points) == 0, np.floor(points.points) == points.sizes - 1
        ends = [(x[:, 0] & y[:, 1]) for x in (first, last) for y in (first, last)]
        corners += [*ends, (points.raw == 1).all(axis=1)]
    for corner in corners:
        corner &= large
        if corner.sum() < CORNER:
            continue
        place, count = points.commonest(corner)
        if 2 * count < corner.sum() or points.edge.sum() > 4 * corner.sum():
            continue  # other units, or clipped to the edges
        return _code(f"{_of(corner)} are in the corner, at", place)
    return None


def _two_units(points):
    """Points between 0 and 1 among others in pixels, as of some pictures or one session."""
    if points.form.coordinates != "pixels" or points.form.missing is not None:
        return None
    small = ((points.raw >= 0) & (points.raw <= 1)).all(axis=1)
    small &= points.sizes.min(axis=1) >= SMALLEST
    if small.sum() < CORNER or points.edge.sum() > 4 * small.sum():
        return None
    looks = f"x and y of {_of(small)} lie between 0 and 1, unlike those of the others"
    return Suspicion(looks, "write them in the units of the others")


def _piles(points):
    """One viewer's points on one and the same place."""
    if points.several < 3 or points.sizes.min() < SMALLEST or points.form.missing == ():
        return None
    for viewer, own in parts(points.viewers, FEW):
        place, count = points.commonest(own)
        if count > points.form.most_lost * len(own) and not _begins(points, own, place):
            whose = f"{count} of {len(own)} points of viewer {points.names[viewer]}"
            return _code(f"{whose} are at", place)
    return None


def _begins(points, own, place):
    """Whether a place is the middle of the pictures, and hardly any viewing is there twice."""
    there = own[(points.raw[own] == place).all(axis=1)]
    viewings = len(np.unique(points.pictures[there]))
    middle = bool((np.abs(points.share[there] - 0.5) < MIDDLE).all())
    return middle and viewings >= 0.9 * len(there)


def _off(points):
    """Points off their pictures: of all, of one viewer, on one picture."""
    off, most = points.off, points.form.most_lost
    shift = points.share.mean(axis=0) - 0.5
    if len(points) < FEW:
        wrong = off.sum() > CORNER and off.mean() > OF_ONE
    else:
        wrong = off.mean() > most or _exchanged(points)
        several = not wrong and _each(points.viewers, off).max() > 0.02
        for viewer, own in parts(points.viewers, FEW) if several else ():
            if _exchanged(points, own):
                whose = f"{off[own].sum()} of {len(own)} points of viewer {points.names[viewer]}"
                looks = f"{whose} lie off the picture, but would not if y were x"
                return Suspicion(looks, "exchange the two columns for that viewer")
        moved = len(points) >= MANY and points.several >= 5 and off.mean() > most / 4
        wrong |= moved and bool((np.abs(shift) > OFF_MIDDLE).all())
    viewers = (points.viewers, points.names, "of viewer")
    for numbers, names, what in (viewers, (points.pictures, points.ids, "on picture")):
        bad = [(n, own) for n, own in parts(numbers, FEW) if off[own].mean() > max(OF_ONE, most)]
        others = np.ones(len(off), bool)
        for _, own in bad:
            others[own] = False
        if bad and (not wrong or (others.any() and off[others].mean() < most / 4)):
            number, own = bad[0]
            whose = f"{off[own].sum()} of {len(own)} points {what} {names[number]}"
            return _looks(f"{whose} lie off the picture", points, own)
    return _looks(f"{_of(off)} lie off their pictures", points) if wrong else None


def _exchanged(points, chosen=slice(None), least=0.02):
    """Whether x and y are in each other's place: exchanged, next to none is off."""
    off = points.off[chosen]
    turned, sizes = points.points[chosen, ::-1], points.sizes[chosen]
    others = ((turned < 0) | (turned >= sizes)).any(axis=1).mean()
    return off.sum() > CORNER and off.mean() > least and others < off.mean() / 10


def _looks(told, points, chosen=slice(None)):
    """What points off their pictures look like."""
    raw, form = points.raw[chosen], points.form
    off = np.zeros(len(points), bool)
    off[chosen] = points.off[chosen]
    code, count = points.commonest(off)
    if 2 * count > off.sum() > 1 and form.missing != ():
        return _code(f"{told}, {count} of them at", code)
    if form.coordinates == "normalised":
        looks = f"{told}: they reach to {_reach(raw)}, which are no shares from 0 to 1"
        return Suspicion(looks, f"say {SAY['pixels']}")
    if _exchanged(points):
        return Suspicion(f"{told}, but would not if y were x", "exchange the two columns")
    below = (raw < 0).mean(axis=0)
    middle = np.median(raw, axis=0) / points.sizes[chosen].mean(axis=0)
    if (below > 0.2).all() and (np.abs(middle) < 0.25).all() and form.coordinates == "pixels":
        if _small(points, chosen):
            return Suspicion(f"{told}: they are degrees or centimetres from the middle", PIXELS)
        return Suspicion(f"{told}: they are pixels from the middle", f"say {SAY['centred']}")
    looks = f"{told}: they reach to {_reach(raw)}, in pixels of a screen or of another size"
    return Suspicion(looks, f"say {SAY['screen']}")


def _small(points, chosen=slice(None)):
    """Whether numbers from the middle are so small that they count no pixels."""
    sizes = points.sizes[chosen].min()
    reach = np.quantile(np.abs(points.raw[chosen]), 0.995, axis=0)
    return sizes > 150 and bool((reach <= min(DEGREES, 0.15 * sizes)).all())


def _degrees(points):
    """Numbers from the middle that reach next to nowhere."""
    if points.form.coordinates != "centred" or len(points) < FEW or not _small(points):
        return None
    looks = f"all points lie within {np.abs(points.raw).max():.3g} of the middle, as degrees do"
    return Suspicion(looks, PIXELS)


def _clipped(points):
    """Points in the outermost pixels: put there from beside the picture, or codes for no gaze."""
    if len(points) < FEW or points.sizes.min() < SMALLEST:
        return None
    if not points.crowds_edges(points.form.most_lost):
        return None
    looks = f"{_of(points.edge)} lie in the outermost pixels of their pictures, as where points "
    looks += "beside a picture were moved to its edge, or 0 stands for no gaze"
    return Suspicion(looks, "leave those rows out, or write points as they were recorded")


def _unused(points):
    """Points that leave all but one corner of every picture unused: all, or one viewer's."""
    if points.several < 3 or len(points) < FEW or points.sizes.min() < TINY:
        return None
    for flip_x in (False, True):
        for flip_y in (False, True):
            away = np.abs(points.share - (flip_x, flip_y))
            if cornered(away):
                return _in_corner(points)
            many = len(points) >= MANY and points.several >= 5 and not points.attracted
            near = (away.mean(axis=0) < 0.5 - OFF_MIDDLE).all()
            if many and near and (np.quantile(away, 0.995, axis=0) <= PARTLY_UNUSED).all():
                return _in_corner(points)
            within = (away <= UNUSED).all(axis=1)
            if _each(points.viewers, within).max() < 0.97:
                continue  # none that `cornered` could be true of
            for viewer, own in parts(points.viewers, FEW):
                others = within.sum() - within[own].sum()
                usual = others / max(1, len(points) - len(own))
                if usual ** len(own) < CHANCE and others and cornered(away[own]):
                    return _in_corner(points, own, f" of viewer {points.names[viewer]}")
    return None


def cornered(away):
    """Whether points so far from a corner use nothing but its quarter, or little more."""
    near = (away.mean(axis=0) < 0.35).all()
    return bool(near and (np.quantile(away, 0.99, axis=0) <= UNUSED).all())


def _in_corner(points, chosen=slice(None), whose=""):
    (left, top), (right, bottom) = np.quantile(points.share[chosen], [0.005, 0.995], axis=0)
    told = (
        f"all points{whose} lie between {left:.0%} and {right:.0%} of the width and {top:.0%} and "
        f"{bottom:.0%} of the height"
    )
    most = points.raw[chosen].max()
    per_cent = most <= 100 and points.sizes.min() > 150
    if points.form.coordinates == "pixels" and per_cent:
        say = f"divide them by 100 and say {SAY['normalised']}"
        if most > PER_CENT:
            return Suspicion(f"{told}, as per cent do", say)
        told = f"{told}, as degrees, centimetres or per cent do"
        return Suspicion(told, f"{PIXELS}, or, per cent, {say}")
    return Suspicion(f"{told}, as pixels of pictures of another size do", f"say {SAY['screen']}")


def _code(told, place):
    """That so many points at one place stand for no gaze."""
    x, y = (f"{value:.12g}" for value in place)
    python, option = (x, x) if x == y else (f"({x}, {y})", f"{x},{y}")
    say = f"say missing=({python},) (--missing {option}), or missing=() (--missing) if it is none"
    return Suspicion(f"{told} ({x}, {y}), a code for no gaze", say)


def _reach(raw):
    x, y = np.quantile(raw, 0.995, axis=0)
    return f"x = {x:.4g} and y = {y:.4g}"


def _of(chosen):
    count = int(chosen.sum())
    share = "all" if count == len(chosen) else f"{count:,} of"
    return f"{share} {len(chosen):,} points"


def _each(numbers, chosen):
    """The share of points that is chosen, of each number."""
    counts = np.bincount(numbers)
    return np.bincount(numbers, chosen) / np.maximum(counts, 1)
