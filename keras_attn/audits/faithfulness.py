"""Does a map tell anything about the network? Deletion, insertion, and weights made random.

Deletion and insertion (Petsiuk et al. 2018): the pixels of a picture are taken away, or put back,
from the map's highest on, and the probability of the explained class is followed. The area under
its curve is low where what is taken away first matters, and high where what is put back first does.
As in the public code of that paper pixels are replaced by the mean colour of ImageNet, and put back
onto a blurred picture. The same is done in random order, and in that of where people looked.

Randomised weights (Adebayo et al. 2018): a map that stays as it is when the network's weights are
exchanged at random tells nothing of what the network has learnt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from keras_attn.audits.explanation import Explanation
from keras_attn.datasets import groups
from keras_attn.errors import InputError
from keras_attn.evaluation import loop
from keras_attn.evaluation.gaze_scores import GazeScores
from keras_attn.evaluation.rows import (
    ALL_OBSERVERS,
    CENTRE,
    ENDS,
    FAITHFUL,
    IMAGES,
    OF_MAP,
    RANDOM,
    RANDOMISED,
    SIDES,
    SIGNIFICANT,
    RowName,
)
from keras_attn.metrics.checked import checked_map
from keras_attn.networks.maps.place import WHOLE
from keras_attn.resizing import at_size, resized
from keras_attn.statistics import (
    bootstrap_interval,
    evenly,
    holm,
    mean_of_seen,
    paired_direction,
    paired_p,
)

STEPS = 28
"""Parts, of equally many pixels, in which a picture is taken away or put back."""
COLOUR = (123.68, 116.779, 103.939)
"""RGB that pixels are replaced by: the mean of ImageNet."""
BLUR_SIZE, BLUR_SIGMA = 11, 5.0
"""Pixels of the kernel and σ of the picture that pixels are put back onto."""
SEED, LEAST = 0, 2
"""Of random orders and weights; and the fewest images."""
HIGHER_IS_BETTER = {"deletion": False, "insertion": True}


class Decided(NamedTuple):
    """What of a source is asked for the scores of changed pictures.

    network: float32 `(n, H, W, 3)` in [0, 255] -> class scores `(n, classes)`. size: (H, W), or
    None for that of each picture. explain: as for `Explanation`. randomised: (seed) -> a context
    within which the network's weights are random, or None. maps: (images, examples, targets) -> as
    the source itself, of given classes.
    """

    network: Callable[..., Any]
    size: tuple[int, int] | None
    explain: Any
    maps: Callable[..., Any]
    randomised: Callable[..., Any] | None = None


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """What was found: DataFrames.

    rows: one per model and map, and order that needs none. examples: one of each and image.
    """

    rows: pd.DataFrame
    examples: pd.DataFrame


def chosen(faithful, sources, seen):
    """The images that a user wants it of, out of those that are `seen`: [] for none.

    faithful: False, True for all, or how many. `InputError` where no source makes a decision.
    """
    if faithful is False or faithful is None:
        return []
    whole = isinstance(faithful, int | np.integer)
    if not whole or (faithful is not True and faithful < LEAST):
        expected = f"True, False or a number of images from {LEAST} on"
        raise InputError("faithfulness", expected, repr(faithful))
    if not any(map(_decided, sources.values())):
        expected = "a model with class scores, or a function of these with kinds="
        raise InputError("faithfulness", expected, "none that is audited")
    most = len(seen) if faithful is True else int(faithful)
    return [seen[place] for place in evenly(len(seen), most)]


def _decided(source):
    return getattr(source, "decided", None)


def run(sources, dataset, indices, blur, *, progress=True):
    """Both of every source that decides, on the images of these `indices`: `Faithfulness`."""
    found = []
    for model, source in sources.items():
        if _decided(source):
            one = _OfModel(model, source, dataset, blur)
            shown = {"title": f"faithfulness of {model}", "progress": progress}
            found += loop.run(_second, one.examples(indices), total=len(indices), **shown)
    together = groups.of(dataset[i] for i in indices) if dataset.grouped else None
    examples = pd.DataFrame([row for rows in found for row in rows])
    return Faithfulness(_summary(examples, together, dataset, indices), examples)


def _second(_, made):
    return made


class _OfModel:
    """The rows of one source, image by image."""

    def __init__(self, model, source, dataset, blur):
        self.model, self.source, self.dataset = model, source, dataset
        self.blur, self.decided = blur, source.decided
        self.places = getattr(source, "places", {})

    def examples(self, indices):
        def made(_pool):
            for index in indices:
                yield index, self._of_image(index)

        return made

    def _of_image(self, index):
        """A row of each map of an image, and of each order that needs none."""
        example = self.dataset[index]
        image = example.pixels()
        size = self.decided.size or image.shape[:2]
        picture = resized([image], size)[0]
        scores = self.decided.network(picture[None])
        explanation = Explanation(self.decided.explain, scores.shape[1])
        targets = explanation.targets(scores, [example])
        raw = self.decided.maps([image], [example], targets)
        changed = self._randomised(image, example, targets)
        rng = np.random.default_rng([SEED, index])
        shuffled = rng.permutation(size[0] * size[1])
        rows = []
        for (layer, kind), values in raw.items():
            name = RowName(self.model, layer, kind)
            saliency = checked_map(values[0], f"{name}, image {example.id!r}")
            place = self.places.get((layer, kind), self.places.get(layer, WHOLE))
            again = changed.get((layer, kind))
            rho = np.nan if again is None else _rank_correlation(values[0], again[0])
            rows.append((name, _order(place.laid(saliency, size), shuffled), rho))
        gaze = GazeScores.of_image(self.dataset, index, self.blur)
        for kind, density in ((ALL_OBSERVERS, gaze.all_observers), (CENTRE, gaze.centre_bias)):
            order = _order(at_size(density, size), shuffled)
            rows.append((RowName(self.model, "", kind), order, np.nan))
        rows.append((RowName(self.model, "", RANDOM), shuffled, np.nan))
        target = int(targets[0])
        return [
            {label: getattr(name, label) for label in OF_MAP[:3]}
            | {"image": example.id}
            | areas(self.decided.network, picture, order, target)
            | {RANDOMISED: rho}
            for name, order, rho in rows
        ]

    def _randomised(self, image, example, targets):
        """The same maps of the network with random weights; {} of one that cannot be changed."""
        if self.decided.randomised is None:
            return {}
        with self.decided.randomised(SEED):
            return self.decided.maps([image], [example], targets)


def _order(saliency, shuffled):
    """Pixels from the highest to the lowest, equal ones in random order."""
    values = np.asarray(saliency, np.float64).ravel()
    return shuffled[np.argsort(-values[shuffled], kind="stable")]


def areas(network, picture, order, target):
    """Deletion and insertion of one order of the pixels: areas under the curves, 0 to 1.

    network: as of `Decided`. picture: float32 `(H, W, 3)`. order: `(H·W,)`, all pixels. target: the
    class whose probability is followed.
    """
    height, width, _ = picture.shape
    place = np.empty(height * width, int)
    place[order] = np.arange(height * width)
    bounds = np.round(np.arange(STEPS + 1) / STEPS * height * width)
    changed = (place.reshape(height, width) < bounds[:, None, None])[..., None]
    blurred = cv2.GaussianBlur(picture, (BLUR_SIZE, BLUR_SIZE), BLUR_SIGMA)
    ways = {
        "deletion": np.where(changed, np.float32(COLOUR), picture),
        "insertion": np.where(changed, picture, blurred),
    }
    return {name: _area(_probabilities(network(way), target)) for name, way in ways.items()}


def _probabilities(scores, target):
    scores = np.asarray(scores, np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers[:, target] / powers.sum(axis=1)


def _area(curve):
    """By the trapezoidal rule, over 0 to 1."""
    return float((curve.sum() - (curve[0] + curve[-1]) / 2) / (len(curve) - 1))


def _rank_correlation(one, other):
    """Spearman's ρ of two maps; NaN where one of them is constant."""
    one, other = np.asarray(one, np.float64).ravel(), np.asarray(other, np.float64).ravel()
    if one.size != other.size or not np.ptp(one) or not np.ptp(other):
        return np.nan
    return float(spearmanr(one, other).statistic)


def _summary(examples, together, dataset, indices):
    rows = []
    ids = [dataset[i].id for i in indices]
    for model, own in examples.groupby("model", sort=False):
        by = {
            tuple(name): part.set_index("image").loc[ids]
            for name, part in own.groupby(list(OF_MAP[1:3]), sort=False)
        }
        random = by[("", RANDOM)]
        for (layer, kind), part in by.items():
            row = {"model": model, "layer": layer, "kind": kind, IMAGES: len(part)}
            for key in FAITHFUL:
                values = part[key].to_numpy()
                ends = (mean_of_seen(values), *bootstrap_interval(values, groups=together))
                row |= {f"{key}{end}": one for end, one in zip(ENDS, ends, strict=True)}
                row |= _tested(key, values, random[key].to_numpy(), kind, together)
            row[RANDOMISED] = mean_of_seen(part[RANDOMISED].to_numpy())
            rows.append(row)
    table = pd.DataFrame(rows)
    for _, own in table.groupby("model").groups.items():
        for key in FAITHFUL:
            table.loc[own, f"{key}_p"] = holm(table.loc[own, f"{key}_p"])
    for key in FAITHFUL:
        told = np.where(table[f"{key}_p"] < SIGNIFICANT, table[f"{key}_side"], 0)
        table[f"{key}_side"] = [SIDES[int(one)] for one in told]
    return table


def _tested(key, values, random, kind, together):
    """p against random order, not corrected, and on which side of it a row is."""
    if kind == RANDOM:
        return {f"{key}_p": np.nan, f"{key}_side": 0}
    way = 1 if HIGHER_IS_BETTER[key] else -1
    direction = way * paired_direction(values, random, together)
    return {f"{key}_p": paired_p(values, random, together), f"{key}_side": direction}
