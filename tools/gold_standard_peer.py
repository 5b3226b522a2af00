"""pysaliency's side of `gold_standard.py`, in an environment that has it and not this package."""

import json
import sys

import numpy as np
import peer  # before anything of pysaliency
from peer import pysaliency
from pysaliency.baseline_utils import (
    CrossvalidatedBaselineModel,
    CrossvalMultipleRegularizations,
    GoldModel,
    ScikitLearnImageSubjectCrossValidationGenerator,
)
from pysaliency.models import UniformModel


def theirs(path):
    """Means of pysaliency's bits over all fixations in the file that `gold_standard.py` writes."""
    given = np.load(path)
    shapes, index, viewers, points = (given[n] for n in ("shapes", "index", "viewers", "points"))
    blur, share_others, share_centre, share_uniform = given["mixture"]
    centre_blur, baseline_uniform = given["baseline"]
    rng = np.random.default_rng(0)
    stimuli = pysaliency.Stimuli([rng.integers(0, 256, (*s, 3), np.uint8) for s in shapes])
    about = {"n": index, "subjects": viewers}
    as_points = pysaliency.Fixations.create_without_history(*points.T, **about)
    # It divides by the width and multiplies again, by which a point on an edge may leave its pixel.
    points = np.floor(points) + 0.5
    x, y = points.T
    fixations = pysaliency.Fixations.create_without_history(x, y, **about)
    every = peer.fixations_of([points[index == n] for n in range(len(shapes))])
    centre = CrossvalidatedBaselineModel(stimuli, every, centre_blur)
    bits, baseline = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for n, shape in enumerate(shapes):
        size, of_centre = np.prod(shape), np.exp(centre.log_density(stimuli[n]))
        row, column = y.astype(int), x.astype(int)
        base = (1 - baseline_uniform) * of_centre + baseline_uniform / size
        for viewer in np.unique(viewers[index == n]):
            own, rest = (index == n) & (viewers == viewer), (index == n) & (viewers != viewer)
            gold = GoldModel(stimuli, fixations[rest], blur, keep_aspect=True)
            mixed = share_others * np.exp(gold.log_density(stimuli[n]))
            mixed += share_centre * of_centre + share_uniform / size
            bits[own] = np.log2(size * mixed[row[own], column[own]])
            baseline[own] = np.log2(size * base[row[own], column[own]])
    folds = ScikitLearnImageSubjectCrossValidationGenerator(stimuli, as_points)
    parts = {"centre": centre, "uniform": UniformModel()}
    kde = CrossvalMultipleRegularizations(stimuli, as_points, parts, folds)
    of_points = kde.score(*np.log10([blur, share_centre, share_uniform]))
    return {"bits": bits.mean(), "gain": (bits - baseline).mean(), "as_points": of_points}


if __name__ == "__main__":
    print(json.dumps(theirs(sys.argv[1])))
