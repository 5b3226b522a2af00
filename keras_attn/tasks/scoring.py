"""What the scorers of all tasks share: the inputs of a network, and its attention against gaze."""

import numpy as np

from keras_attn.agreement.scoring import EXTRAS, Blur, GazeScores
from keras_attn.datasets import pipeline
from keras_attn.metrics.columns import COLUMNS
from keras_attn.models.common import GAZE, image_input_of
from keras_attn.report import pictures
from keras_attn.resizing import at_size, size_of

STUDY = ("s_auc", "ig")
"""The two gaze scores of the study."""
DEFAULT_SIZE = 224
"""Side of the input for a model that leaves it open."""


def outputs_like(model, kind):
    """Names of a model's outputs `<kind>` and `<kind>_<level>`, in order; the last one counts."""
    found = [name for name in model.output if _is(name, kind)]
    return sorted(found, key=lambda name: (len(name), name))


def _is(name, kind):
    return name == kind or (name.startswith(f"{kind}_") and name[len(kind) + 1 :].isdigit())


class AttentionScorer:
    """Scores attention maps at each image's own size against the fixation points.

    attention: names of the outputs that are maps, in order; the last one counts. sigma: blur of
    the densities as a share of the width. size: (H, W) of the input.
    """

    def __init__(self, model, attention, sigma, size=None):
        self.attention, self.sigma = attention, sigma
        self.inputs_of_model = [tensor.name for tensor in model.inputs]
        fixed = image_input_of(model).shape[1:3]
        self.size = size_of(size or (DEFAULT_SIZE if None in fixed else fixed))

    def check(self, dataset):
        """Every dataset can be scored, as far as gaze is concerned."""

    def inputs(self, example):
        """The image, and under the name `gaze` its density, as the model takes them."""
        made = {}
        for name in self.inputs_of_model:
            if name == GAZE:
                made[name] = pipeline.input_density(example, self.size, self.sigma)
            else:
                made[name] = pipeline.input_image(example, self.size).astype(np.float32)
        return made

    def attention_maps(self, outputs, shape):
        """The attention maps in order, at `shape` (H, W)."""
        return [at_size(outputs[name][..., 0], shape) for name in self.attention]

    def agreement(self, dataset, index, outputs):
        """All gaze scores of an example by name; NaN without fixations, none without attention.

        They are those of the last attention; `s_auc_1`, `ig_1` and so on of the earlier.
        """
        attention = self.attention_maps(outputs, dataset[index].shape)
        if not attention:
            return {}
        names = [*(column.key for column in COLUMNS), *EXTRAS]
        earlier = [f"{key}_{level}" for level in range(1, len(attention)) for key in STUDY]
        if not len(dataset[index].points):
            return dict.fromkeys((*names, *earlier), np.nan)
        gaze = GazeScores(dataset, index, Blur(fixations=self.sigma))
        pairs = [value for one in attention[:-1] for value in gaze.s_auc_and_ig(one)]
        values = (*gaze.of(attention[-1]), *pairs)
        return dict(zip((*names, *earlier), values, strict=True))

    def brief_agreement(self, dataset, index, outputs):
        """s-AUC and IG of an example alone, for every epoch; NaN where there is none."""
        attention = self.attention_maps(outputs, dataset[index].shape)[-1:]
        if not attention or not len(dataset[index].points):
            return np.nan, np.nan
        gaze = GazeScores(dataset, index, Blur(fixations=self.sigma))
        return gaze.s_auc_and_ig(attention[0])

    def overall_agreement(self, pairs):
        """Means by name over the examples that have gaze, from what `brief_agreement` returned."""
        return {
            name: mean_of_seen(v) for name, v in zip(STUDY, zip(*pairs, strict=True), strict=True)
        }

    def kept_image(self, example):
        """Name, image and points of an example at the width of a gallery, and its (H, W) there."""
        size = pictures.size_at(example.shape, pictures.THUMBNAIL)
        kept = {"id": np.array(example.id), "image": pictures.thumbnail(example.pixels())}
        return kept | {"points": example.points * (size[1] / example.shape[1])}, size


def mean_of_seen(values):
    """Mean of the values that are not NaN, as a float; NaN if there is none."""
    values = np.asarray(values, np.float64)
    seen = values[~np.isnan(values)]
    return float(seen.mean()) if len(seen) else np.nan
