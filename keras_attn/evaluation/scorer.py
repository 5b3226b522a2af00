"""What the scorers of all tasks share: the inputs of a network, and its attention against gaze."""

from abc import ABC, abstractmethod

import numpy as np

from keras_attn import mechanisms, pictures
from keras_attn.datasets.batches import pipeline
from keras_attn.errors import InputError, NotFinite, listing
from keras_attn.evaluation.gaze_scores import Blur, GazeScores, mixture_of
from keras_attn.evaluation.rows import CEILING, ENTROPY, MAPS, STUDY, gaze_keys
from keras_attn.metrics import dispersion
from keras_attn.models.common import GAZE, image_input_of
from keras_attn.networks.inputs import DEFAULT_SIZE
from keras_attn.networks.maps.place import WHOLE
from keras_attn.resizing import size_of
from keras_attn.statistics import evenly, mean_of_seen

MOST_FOR_CEILING = 8
"""Most pictures of an example, frames of a video, that its ceiling is the mean of."""


class AttentionScorer(ABC):
    """Scores attention maps against the gaze of the pictures that an example has, one or many.

    attention: names of the outputs that are maps, in order; the last one counts. A subclass says
    what the pictures of an example are, with `compared`.
    """

    segments = False
    """Whether it scores a saliency map against the masks of objects."""

    def __init__(self, attention):
        self.attention = attention

    @abstractmethod
    def compared(self, dataset, index, outputs):
        """For each picture with gaze its `GazeScores` and its maps of all levels, `(H, W)` each."""

    @abstractmethod
    def mixture(self, dataset):
        """The `gold_standard.Mixture` of the ceiling of a dataset; None without several viewers."""

    def agreement(self, dataset, index, outputs):
        """All gaze scores of an example by name; NaN without fixations, none without attention.

        They are those of the last attention; `s_auc_1`, `ig_1` and so on of the earlier. CEILING is
        of the example, NaN where viewers are not told apart.
        """
        if not self.attention:
            return {}
        earlier = [f"{key}_{level}" for level in range(1, len(self.attention)) for key in STUDY]
        names = [*gaze_keys(), *earlier]
        found, compared = [], self.compared(dataset, index, outputs)
        for gaze, (*others, last) in compared:
            pairs = [value for one in others for value in gaze.s_auc_and_ig(one)]
            found.append([*gaze.of(last), *pairs])
        values = mean_of_seen(found) if found else [np.nan] * len(names)
        scores = dict(zip(names, values, strict=True))
        return scores | dict(zip(CEILING, _ceiling([gaze for gaze, _ in compared]), strict=True))

    @abstractmethod
    def attended(self, dataset, index, outputs):
        """The last attention maps `(k, h, w)` of an example's pictures, at the network's own grid.

        They need no gaze to be compared with. Of a network that takes gaze, those with gaze alone:
        without any its attention is 1 everywhere, and nobody's.
        """

    def dispersion(self, dataset, index, outputs):
        """How spread an example's attention is, by name, and MAPS, to tell how alike it is others'.

        Of `metrics.dispersion.of_example`; two empty dicts without attention.
        """
        if not self.attention:
            return {}, {}
        maps = self.attended(dataset, index, outputs)
        check_finite(f"attention for {dataset[index].id!r}", maps)
        spread, vector = dispersion.of_example(maps)
        return {ENTROPY: spread}, {MAPS: vector}

    def brief_agreement(self, dataset, index, outputs):
        """s-AUC and IG of an example alone, for every epoch; NaN where there is none."""
        pictures = self.compared(dataset, index, outputs) if self.attention else ()
        found = [gaze.s_auc_and_ig(maps[-1]) for gaze, maps in pictures]
        return tuple(np.mean(found, axis=0)) if found else (np.nan, np.nan)

    def overall_agreement(self, pairs):
        """Means by name over the examples that have gaze, from what `brief_agreement` returned."""
        return dict(zip(STUDY, map(float, mean_of_seen(pairs)), strict=True))


class ImageScorer(AttentionScorer):
    """Scores attention maps at each image's own size, or the largest that gaze is scored at.

    sigma: blur of the densities as a share of the width. size: (H, W) of the input. places: a
    `Place` by the name of an output, of maps that do not stand for the whole picture.
    """

    def __init__(self, model, attention, sigma, size=None):
        super().__init__(attention)
        self.sigma, self.places, self.name = sigma, {}, model.name
        self.inputs_of_model = [tensor.name for tensor in model.inputs]
        fixed = image_input_of(model).shape[1:3]
        self.size = size_of(size or (DEFAULT_SIZE if None in fixed else fixed))

    def check(self, dataset):
        """Refuse a dataset without gaze for a network that takes gaze."""
        check_gaze(dataset, self.inputs_of_model)

    def parts(self, example):
        """The image alone."""
        return (example,)

    def inputs(self, part):
        """The image, and under the name `gaze` its density, as the model takes them."""
        made = {}
        for name in self.inputs_of_model:
            if name == GAZE:
                made[name] = pipeline.input_density(part, self.size, self.sigma)
            else:
                made[name] = pipeline.input_image(part, self.size).astype(np.float32)
        return made

    def joined(self, outputs):
        """Those of the image."""
        (only,) = outputs
        return only

    def attention_maps(self, outputs, shape):
        """The attention maps in order, at `shape` (H, W)."""
        return [self.laid(name, outputs, shape) for name in self.attention]

    def laid(self, name, outputs, shape):
        """The map of an output at `shape` (H, W), where in the picture it lies."""
        check_finite(f"output {name or 'saliency'} of model {self.name!r}", outputs[name])
        return self.places.get(name, WHOLE).laid(outputs[name][..., 0], shape)

    def maps(self, outputs, shape):
        """All maps that a network shows by name, float32 at `shape` (H, W)."""
        made = zip(self.attention, self.attention_maps(outputs, shape), strict=True)
        return {name: one.astype(np.float32) for name, one in made}

    def probabilities(self, outputs):
        """Those of the classes; None of a network that tells none."""
        return None

    def compared(self, dataset, index, outputs):
        """The image, if it has fixations."""
        found = gaze_of_image(dataset, index, self.sigma)
        return [(gaze, self.attention_maps(outputs, gaze.shape)) for gaze in found]

    def attended(self, dataset, index, outputs):
        """The last attention map; none where a network that takes gaze was given none."""
        maps = outputs[self.attention[-1]][None, ..., 0]
        blind = GAZE in self.inputs_of_model and not len(dataset[index].points)
        return maps[:0] if blind else maps

    def mixture(self, dataset):
        """The same for all networks that are scored with this blur."""
        return mixture_of(dataset, Blur(fixations=self.sigma))

    def kept_attention(self, outputs):
        """The last attention map as the network returns it, by name; none without attention."""
        if not self.attention:
            return {}
        name = self.attention[-1]
        kept = outputs[name][..., 0].astype(np.float32)
        if name in self.places and not self.places[name].whole:
            kept = self.laid(name, outputs, self.size).astype(np.float32)
        return {"attention": kept}

    def kept_image(self, example):
        """Name, image and points of an example at the width of a gallery, and its (H, W) there."""
        size = pictures.size_at(example.shape, pictures.THUMBNAIL)
        kept = {"id": np.array(example.id), "image": pictures.thumbnail(example.pixels())}
        return kept | {"points": example.points * (size[1] / example.shape[1])}, size


def _ceiling(pictures):
    """The mean CEILING of the `GazeScores` of an example's pictures with gaze, of some of many."""
    chosen = (pictures[place] for place in evenly(len(pictures), MOST_FOR_CEILING))
    found = [gaze.ceiling_s_auc_and_ig() for gaze in chosen] if pictures else []
    return mean_of_seen(found) if found else (np.nan, np.nan)


def check_gaze(dataset, inputs):
    """Refuse a dataset without any gaze for a network that takes gaze, by its inputs' names."""
    if GAZE in inputs and not dataset.report.points:
        expected = "fixations, which this network takes"
        raise InputError(f"dataset {dataset.name!r}", expected, "no gaze")


def check_finite(where, values):
    """Refuse NaN and infinite values that a network has made."""
    if not np.isfinite(values).all():
        unusable = np.count_nonzero(~np.isfinite(values))
        raise NotFinite(where, "finite values", f"{unusable} NaN or infinite of {np.size(values)}")


def gaze_of_image(dataset, index, sigma):
    """The `GazeScores` of an image, in a list that is empty without fixations."""
    blur = Blur(fixations=sigma)
    return [GazeScores.of_image(dataset, index, blur)] if len(dataset[index].points) else []


def check_learnable(config, train, validation=None):
    """Refuse data without any gaze for a run whose attention learns from it or takes it.

    A run that is told to learn without is refused data with gaze, so that its configuration says
    what it has learnt from; and validation without gaze, where its network takes gaze.
    """
    if getattr(config, "stream", None) is not None:
        return
    of = mechanisms.get(config.model.attention)
    seen = bool(train.report.points)
    if (of.supervised or of.takes_gaze) and not seen and not config.without_gaze:
        expected = (
            f"gaze, which the attention {of.name!r} needs: fixations.csv in a folder of your own; "
            "or another attention (--model.attention)"
        )
        if hasattr(config.training, "without_gaze"):
            expected += (
                "; or, to learn from masks alone, without_gaze='train' "
                "(--training.without-gaze train)"
            )
        raise InputError(f"dataset {train.name!r}", expected, "none")
    if config.without_gaze and seen:
        expected = (
            f"'raise' for data with gaze, such as {train.name!r}: without_gaze='raise' "
            "(--training.without-gaze raise)"
        )
        raise InputError("training.without_gaze", expected, "'train'")
    if validation is not None and of.takes_gaze and not validation.report.points:
        expected = (
            f"gaze to validate on, which the attention {of.name!r} takes; or no validation, "
            "validation=None"
        )
        raise InputError(f"dataset {validation.name!r}", expected, "none")


def check_classes(dataset, classes):
    """Refuse a dataset of other classes, or of fewer than two."""
    if len(classes) < 2 or tuple(dataset.classes) != tuple(classes):
        expected = f"the classes {listing(classes)}" if classes else "at least two classes"
        if not dataset.classes:
            expected += ", as classes.csv tells those of a folder of your own"
        raise InputError(f"dataset {dataset.name!r}", expected, listing(dataset.classes))


def check_scores(name, scores, classes):
    """Refuse a model, by its name, that returns another number of scores than there are classes."""
    if not classes:
        expected = f"examples with classes, of which model {name!r} tells {scores}"
        raise InputError("data", expected, "data without classes")
    if scores != len(classes):
        expected = f"scores of the {len(classes)} classes {listing(classes, 4)}"
        raise InputError(f"model {name!r}", expected, f"{scores} scores")
