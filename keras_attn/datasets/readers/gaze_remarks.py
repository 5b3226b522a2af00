"""What is remarked of points that are read as they are, and may be no fixations of a picture."""

import numpy as np
import pandas as pd

from keras_attn.errors import listing
from keras_attn.metrics import plausibility
from keras_attn.metrics.written_points import parts

FEW, MANY = 20, 100
"""Points, and steps from one to the next, from which on a share or a median tells something."""
AT_EDGE = 0.05
"""Share of the points in the outermost pixels of their pictures that is remarked."""
REPEATED = 0.1
"""Share of the points that are there more than once that is remarked."""
STEP = 0.004
"""Share of a picture's diagonal: most steps of fixations are longer, and of samples shorter."""

PICTURES, OF_PICTURES = 5, 0.1
"""Pictures, and share of all, whose points lie top left that cannot be chance."""


def remarks(points):
    """A list of sentences about `plausibility.Points` of pictures, in the order of their rows."""
    if len(points) < FEW:
        return []
    looks = (_one_number, _at_edge, _samples_or_repeated, _pictures_in_corner, _viewers_alike)
    return [told for look in looks if (told := look(points))]


def _pictures_in_corner(points):
    """Pictures whose points all lie top left, while next to none has them in another corner."""
    corners, enough = {}, list(parts(points.pictures, FEW))
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        away = np.abs(points.share - corner)
        corners[corner] = [number for number, own in enough if plausibility.cornered(away[own])]
    top_left = corners.pop((0, 0))
    if len(top_left) < max(PICTURES, OF_PICTURES * len(enough)):
        return None
    if 5 * sum(map(len, corners.values())) > len(top_left):
        return None
    names = listing([points.ids[number] for number in top_left], 3)
    return f"all points of {len(top_left)} pictures lie top left, as of another size: {names}"


def alike(names):
    """Pairs of names that differ in capitals alone, or in how a number is written."""
    seen, pairs = {}, []
    for name in names:
        try:
            key = float(name)
        except ValueError:
            key = name.casefold()
        if seen.setdefault(key, name) != name:
            pairs.append((seen[key], name))
    return pairs


def _viewers_alike(points):
    pairs = alike(str(name) for name in points.names)
    if not pairs:
        return None
    first, second = pairs[0]
    more = f", and {len(pairs) - 1} more such pairs," if len(pairs) > 1 else ""
    return f"viewers {first!r} and {second!r}{more} are taken for two"


def _one_number(points):
    for name, column in zip("xy", points.raw.T, strict=True):
        if (column == column[0]).all():
            return f"{name} is {column[0]:g} in every row"
    return None


def _at_edge(points):
    if not points.crowds_edges(AT_EDGE):
        return None
    return (
        f"{points.edge.mean():.0%} of the points lie in the outermost pixels of their pictures: "
        "moved there from beside them, or a code for no gaze in x or y?"
    )


def _samples_or_repeated(points):
    """Samples of a tracker often lie where the one before lay; fixations hardly ever do."""
    viewing = points.pictures * (points.viewers.max() + 1) + points.viewers
    order = np.argsort(viewing, kind="stable")
    places, viewing, sizes = points.points[order], viewing[order], points.sizes[order]
    within = viewing[1:] == viewing[:-1]
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1) / np.linalg.norm(sizes[1:], axis=1)
    if within.sum() >= MANY and np.median(steps[within]) < STEP:
        return (
            "half of the steps from one point of a viewer to the next are shorter than "
            f"{STEP:.1%} of the picture: samples, and no fixations? Each counts as one"
        )
    told = pd.DataFrame({"viewing": viewing, "x": places[:, 0], "y": places[:, 1]})
    repeated = int(told.duplicated().sum())
    if repeated <= REPEATED * len(places):
        return None
    return f"{repeated} points are there more than once, of the same viewer at the same place"
