"""Agreement of maps with gaze: s-AUC, information gain, AUC-Judd, NSS, CC, SIM, KL.

maps: a sequence of `(H_i, W_i)` arrays of any real type; sizes may differ from map to map.
points: a sequence of `(N_i, 2)` arrays, x and y in pixels of that map (pixel = floor).
densities: a sequence of `(H_i, W_i)` arrays, one of the size of each map.

Each metric comes twice: `X_per_image` returns one value per image, NaN where an image has no
fixation; `X` is the mean over the images that have one, or with `average="fixation"` over all
fixations alike. Points outside their map, NaN among them, are dropped with a warning that counts
them; another one says what points look like that cannot be pixels of their maps. A NaN or infinite
value in a map is an error that names the map.

Conventions, where the field has several:
  "exact"    every fixation counts, ties count one half, nothing is drawn at random
  "mit"      as the code of the MIT saliency benchmark (cvzoya/saliency): fixations on one pixel
             collapse; what that code draws at random is drawn from `seed`
  "judd"     AUC-Judd with a threshold at each fixated value, every fixation counts
  "mixture"  IG of a proper density: the map, normalised to sum 1, mixed with a uniform one
"""

import warnings

import numpy as np

from keras_attn import gaze
from keras_attn.errors import InputError, NotFinite, one_of
from keras_attn.metrics import one_map, plausibility
from keras_attn.metrics.sequences import check_one_each, without_channel

MIT_OTHER_IMAGES = 10
"""How many other images the MIT benchmark takes its shuffled negatives from."""


def s_auc(maps, points, *, average="image", convention="exact", negatives=None, seed=0):
    """Shuffled AUC: how well a map tells an image's own fixations from those of other images.

    Negatives are all fixations of all other images, with multiplicity, their coordinates scaled
    to this image's size; `negatives` gives others, one `(M_i, 2)` array per map. 1 is perfect,
    0.5 chance, and a map of nothing but centre bias scores about 0.5.

    average: "image" or "fixation". convention: "exact", or "mit" for the sampled form: negatives
    are the fixated pixels of ten other images, of which 100 splits are drawn.
    Raises `InputError` (a `ValueError`) where an image with fixations has no negatives, as with
    a single image. Zhang et al. 2008; Borji et al. 2013 (the paper's reference [77]).
    """
    options = {"convention": convention, "negatives": negatives, "seed": seed}
    scores = s_auc_per_image(maps, points, **options)
    return _average(scores, maps, points, average, distinct=convention == "mit")


def s_auc_per_image(maps, points, *, convention="exact", negatives=None, seed=0):
    """`s_auc` of each image: float64 `(n,)`, NaN for an image without fixations."""
    one_of("convention", convention, ("exact", "mit"))
    images = _Images(maps, points)
    given = None if negatives is None else _Images(maps, negatives, "negatives")
    rng = np.random.default_rng(seed)

    def score(index, saliency, flat):
        if given is not None:
            others = given.flat(index)
        elif convention == "mit":
            others = _pixels_of_ten_others(images.pool, index, saliency.shape, rng)
        else:
            others = images.pool.other_pixels(index, saliency.shape)
        if not len(others):
            raise InputError(
                f"points[{index}]",
                "fixations of other images to compare with (s-AUC needs at least two images "
                "with fixations)",
                f"{len(images.maps)} image(s), no fixation but those of this one",
            )
        if convention == "exact":
            values = saliency.ravel()
            return one_map.auc_per_positive(values[flat], values[others]).mean()
        unit = one_map.scaled(saliency)
        if unit is None:
            return 0.5
        values = unit.ravel()
        return one_map.sampled_auc_mit(values[np.unique(flat)], values[np.unique(others)], rng)

    return images.scores(score)


def information_gain(
    maps,
    points,
    *,
    baseline=None,
    convention="mit",
    average="image",
    sigma=None,
    uniform_share=0.01,
):
    """Information gain over a baseline, in bits per fixation (Kümmerer et al. 2015).

    baseline: one array for all maps or one per map; by default the centre bias made from the
    other images' fixations, blurred by `sigma` pixels (default 5 % of the map's width).
    convention: "mit": map and baseline are each min-max scaled and then sum to 1, fixations on
    one pixel count once, mean of log2(eps + p) - log2(eps + b), eps = 2.2e-16; a constant map is
    1/N; see `zero_share` for what a fixation on an exact zero costs. "mixture": both are
    normalised and mixed with `uniform_share` of a uniform density, every fixation counts.
    """
    options = {"baseline": baseline, "convention": convention, "sigma": sigma}
    scores = information_gain_per_image(maps, points, **options, uniform_share=uniform_share)
    return _average(scores, maps, points, average, distinct=convention == "mit")


def information_gain_per_image(
    maps, points, *, baseline=None, convention="mit", sigma=None, uniform_share=0.01
):
    """`information_gain` of each image: float64 `(n,)`, NaN for an image without fixations."""
    one_of("convention", convention, ("mit", "mixture"))
    if not 0 <= uniform_share <= 1:
        raise InputError("uniform_share", "a share from 0 to 1", uniform_share)
    images = _Images(maps, points)
    baselines = None if baseline is None else _one_per_map(baseline, maps, "baseline")

    def score(index, saliency, flat):
        if saliency.max() < 0 and abs(np.exp(saliency).sum() - 1) < 1e-3:
            expected = "probabilities or any other map, as np.exp makes them of their logarithms"
            raise InputError(f"maps[{index}]", expected, "logarithms of probabilities")
        if baselines is not None:
            base = checked_map(baselines[index], f"baseline[{index}]", saliency.shape)
        elif images.pool.count_of_others(index):
            base = images.pool.centre_bias(index, saliency.shape, sigma)
        else:
            raise InputError(
                f"points[{index}]",
                "fixations of other images to make the centre bias from, or a `baseline`",
                f"{len(images.maps)} image(s), no fixation but those of this one",
            )
        if convention == "mit":
            flat = np.unique(flat)
            p, b = (one_map.probability_mit(values, flat) for values in (saliency, base))
            return one_map.bits_mit(p, b).mean()
        p = one_map.probability_mixture(saliency, flat, uniform_share)
        b = one_map.probability_mixture(base, flat, uniform_share)
        both_zero = (p == 0) & (b == 0)  # neither expects a fixation there: no gain, no loss
        with np.errstate(divide="ignore"):  # an infinite loss is the answer for p = 0 alone
            return np.log2(np.where(both_zero, 1, p) / np.where(both_zero, 1, b)).mean()

    return images.scores(score)


def zero_share(maps, points):
    """Share of fixated pixels on an exact minimum of their map, over all images.

    In the "mit" convention of `information_gain` such a pixel has probability 0 and counts
    -52 bits whatever the map is like elsewhere; a large share says to read IG with care.
    """
    images = _Images(maps, points)

    def score(_, saliency, flat):
        return (one_map.probability_mit(saliency, np.unique(flat)) == 0).mean()

    return _average(images.scores(score), maps, points, "fixation", distinct=True)


def auc_judd(maps, points, *, average="image", convention="judd"):
    """AUC of fixated against all other pixels of the same image; rewards centre bias.

    convention: "judd": a threshold at each fixated value, every fixation counts; "mit": the MIT
    code without its random jitter; "exact": the Mann–Whitney statistic. They differ by ties, and
    by duplicates. Judd et al. 2009.
    """
    return _average(
        auc_judd_per_image(maps, points, convention=convention),
        maps,
        points,
        average,
        distinct=convention == "mit",
    )


def auc_judd_per_image(maps, points, *, convention="judd"):
    """`auc_judd` of each image: float64 `(n,)`, NaN for an image without fixations."""
    one_of("convention", convention, ("judd", "mit", "exact"))
    return _Images(maps, points).scores(lambda _, m, flat: auc_judd_of(m, flat, convention))


def auc_judd_of(saliency, flat, convention="judd"):
    """`auc_judd` of one map; 0.5 where every pixel is fixated or the map is constant."""
    fixated = np.unique(flat)
    if len(fixated) == saliency.size or saliency.min() == saliency.max():
        return 0.5
    if convention == "mit":
        return one_map.auc_judd_mit(saliency, fixated)
    values = saliency.ravel()
    positives, negatives = values[flat], np.delete(values, fixated)
    if convention == "judd":
        return one_map.auc_at_positive_thresholds(positives, negatives)
    return one_map.auc_per_positive(positives, negatives).mean()


def nss(maps, points, *, average="image", convention="exact"):
    """Normalised scanpath saliency: the map's standard score at the fixations (Peters 2005).

    convention: "exact": every fixation counts, population deviation; "mit": fixations on one
    pixel count once, sample deviation. A constant map scores 0.
    """
    scores = nss_per_image(maps, points, convention=convention)
    return _average(scores, maps, points, average, distinct=convention == "mit")


def nss_per_image(maps, points, *, convention="exact"):
    """`nss` of each image: float64 `(n,)`, NaN for an image without fixations."""
    if one_of("convention", convention, ("exact", "mit")) == "exact":
        return _Images(maps, points).scores(lambda _, m, flat: one_map.nss(m, flat).mean())
    return _Images(maps, points).scores(
        lambda _, m, flat: one_map.nss(m, np.unique(flat), ddof=1).mean()
    )


def cc(maps, densities):
    """Mean over images of Pearson's correlation of map and fixation density; 0 if constant."""
    return _average_of_pairs(cc_per_image(maps, densities))


def cc_per_image(maps, densities):
    """`cc` of each image: float64 `(n,)`, NaN where the density is all zeros (no fixation)."""
    return _pairs(one_map.cc, maps, densities)


def sim(maps, densities):
    """Mean over images of the similarity (histogram intersection) of map and density.

    Both are min-max scaled and then sum to 1, as in the MIT code. From 0 to 1.
    """
    return _average_of_pairs(sim_per_image(maps, densities))


def sim_per_image(maps, densities):
    """`sim` of each image: float64 `(n,)`, NaN where the density is all zeros (no fixation)."""
    return _pairs(_of_density(one_map.sim), maps, densities)


def kl_divergence(maps, densities):
    """Mean over images of KL(density || map) in nats, as in the MIT code. 0 is perfect."""
    return _average_of_pairs(kl_divergence_per_image(maps, densities))


def kl_divergence_per_image(maps, densities):
    """`kl_divergence` of each image: float64 `(n,)`, NaN where the density is all zeros."""
    return _pairs(_of_density(one_map.kl_divergence), maps, densities)


# --- checked input ------------------------------------------------------------------------------


class _Images:
    """Maps and the points inside them; scores them one by one, so one map is checked at a time."""

    def __init__(self, maps, points, what="points"):
        check_one_each(maps, "maps", "maps (H, W)")
        check_one_each(points, what, "arrays (N, 2) of x, y")
        self.maps = maps
        if not len(maps):
            raise InputError("maps", "at least one map", "an empty sequence")
        if len(maps) != len(points):
            raise InputError(what, f"one array for each of {len(maps)} maps", len(points))
        shapes = [_shape(saliency, f"maps[{i}]") for i, saliency in enumerate(maps)]
        every = [gaze.as_points(p, f"{what}[{i}]") for i, p in enumerate(points)]
        kept = [p[gaze.inside(p, shape)] for p, shape in zip(every, shapes, strict=True)]
        dropped = sum(map(len, every)) - sum(map(len, kept))
        if dropped:
            warnings.warn(
                f"{dropped} of {sum(map(len, every))} points lie outside their map or are NaN, "
                "and were dropped",
                stacklevel=4,
            )
        suspicion = plausibility.suspicion(plausibility.Points.of(every, shapes))
        if suspicion:
            told = f"these may not be pixels of their maps: {suspicion.looks}"
            warnings.warn(f"{what}: {told}", stacklevel=4)
        self.pool = gaze.FixationPool(tuple(kept), tuple(shapes))

    def flat(self, index):
        """Pixel indices of the points of map `index`."""
        return gaze.pixels(self.pool.points[index], self.pool.shapes[index])

    def scores(self, score):
        """`score(index, map, flat)` of every image with points; NaN for the others."""
        values = np.full(len(self.maps), np.nan)
        for index, saliency in enumerate(self.maps):
            saliency = checked_map(saliency, f"maps[{index}]")
            if len(self.pool.points[index]):
                values[index] = score(index, saliency, self.flat(index))
        return values


def _shape(saliency, where):
    shape = np.shape(saliency)
    if len(shape) != 2 or 0 in shape:
        expected = f"a map of shape (H, W){without_channel(shape)}"
        raise InputError(where, expected, f"shape {shape}")
    return shape


def checked_map(saliency, where, shape=None):
    """A map as float64 `(H, W)`; `InputError` naming `where` for what is none, or not finite."""
    received = _shape(saliency, where)
    if shape is not None and received != tuple(shape):
        raise InputError(where, f"the size of its map, {tuple(shape)}", f"shape {received}")
    if np.ma.is_masked(saliency):
        raise InputError(where, "a value in every pixel", "a masked array; say .filled(value)")
    saliency = np.asarray(saliency)
    if saliency.dtype.kind not in "biuf":
        raise InputError(where, "real numbers", f"type {saliency.dtype}")
    saliency = saliency.astype(np.float64, copy=False)
    if not np.isfinite(saliency).all():
        bad = int((~np.isfinite(saliency)).sum())
        raise NotFinite(where, "finite values", f"{bad} NaN or infinite of {saliency.size}")
    return saliency


def _one_per_map(arrays, maps, where):
    if isinstance(arrays, np.ndarray) and arrays.ndim == 2:
        return [arrays] * len(maps)
    if len(arrays) != len(maps):
        raise InputError(where, f"one array for each of {len(maps)} maps", len(arrays))
    return arrays


def _pixels_of_ten_others(pool, index, shape, rng):
    others = [i for i, points in enumerate(pool.points) if i != index and len(points)]
    chosen = rng.choice(others, min(MIT_OTHER_IMAGES, len(others)), replace=False) if others else []
    moved = [gaze.resize(pool.points[i], pool.shapes[i], shape) for i in chosen]
    return gaze.pixels(np.concatenate(moved), shape) if moved else np.zeros(0, np.intp)


def _average(scores, maps, points, average, distinct=False):
    """Mean over images, or weighted by how many fixations of each image were counted."""
    one_of("average", average, ("image", "fixation"))
    if np.isnan(scores).all():
        raise InputError("points", "at least one fixation inside its map", "none")
    if average == "image":
        return float(np.nanmean(scores))
    counts = []
    for saliency, p in zip(maps, points, strict=True):
        shape, p = np.shape(saliency), gaze.as_points(p)
        flat = gaze.pixels(p[gaze.inside(p, shape)], shape)
        counts.append(len(np.unique(flat)) if distinct else len(flat))
    return float(np.average(np.where(np.isnan(scores), 0.0, scores), weights=counts))


def _pairs(metric, maps, densities):
    check_one_each(maps, "maps", "maps (H, W)")
    densities = _one_per_map(densities, maps, "densities")
    values = np.full(len(maps), np.nan)
    for index, saliency in enumerate(maps):
        saliency = checked_map(saliency, f"maps[{index}]")
        density = checked_map(densities[index], f"densities[{index}]", saliency.shape)
        if density.any():
            values[index] = metric(saliency, density)
    return values


def _of_density(metric):
    """A metric that takes a density for one, which standard scores and logarithms are not."""

    def of_density(saliency, density):
        if density.min() < 0:
            raise InputError("densities", "values of 0 or more", f"{density.min():.3g}")
        return metric(saliency, density)

    return of_density


def _average_of_pairs(values):
    if np.isnan(values).all():
        raise InputError("densities", "at least one that is not all zeros", "none")
    return float(np.nanmean(values))
