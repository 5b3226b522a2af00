"""Task 1, salient object segmentation: what its network learns from, and how it is scored."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from keras_attn import configs, datasets, mechanisms, models, pictures, weights
from keras_attn.datasets.batches import pipeline
from keras_attn.datasets.readers.masks import read_mask
from keras_attn.errors import InputError, listing
from keras_attn.evaluation.scorer import ImageScorer, gaze_of_image
from keras_attn.losses import AttentionKL
from keras_attn.metrics.salient_object import CURVES, SCORES, ImageScores
from keras_attn.networks.outputs import outputs_like
from keras_attn.resizing import at_size, image_at
from keras_attn.tasks import encoders, kept, starting
from keras_attn.training.schedules import adam

NAME = configs.SalientObject.task
DATA = datasets.GazeDataset


def read(data, drawn=None):
    """The whole dataset that the data part of a configuration names.

    drawn: the folder in which scenes get one of their own, if they are drawn; by default one in
    the system's folder for temporary files.
    """
    one = datasets.DATASETS[data.name]
    if data.root is not None:
        return one.read(data.root, **one.arguments(data, ("mask_threshold", "on_bad_example")))
    one.check_drawn(NAME)
    scenes = {"images": data.images, "shape": (data.side, data.side), "seed": data.scenes_seed}
    if drawn is not None:
        drawn /= f"{data.name}-{data.images}-{data.side}-{data.scenes_seed}"
    return datasets.miniature(data.name, **scenes, root=drawn)


def resolved(config, train):
    """The configuration with every field that was None filled in."""
    model, data, training = config.model, config.data, config.training
    starting.check(config, train)
    size = encoders.size(model)
    rate = encoders.learning_rate(config)
    base = model.base_rate or _base_rate(train)
    augment = datasets.DATASETS[data.name].augmented if data.augment is None else data.augment
    return replace(
        config,
        model=replace(model, size=size, base_rate=base),
        data=replace(data, augment=augment),
        training=replace(training, learning_rate=rate),
    )


def _base_rate(train):
    """Share of salient pixels over the training masks, each image counting alike."""
    check_masks(train)
    rate = float(np.mean([read_mask(example).mean() for example in train]))
    if not 0 < rate < 1:
        raise InputError("training masks", "some pixels of objects and some without", rate)
    return rate


def check_masks(dataset):
    """Refuse a dataset of which an image has no mask, before any work is done."""
    without = [example.id for example in dataset if example.mask is None]
    if without:
        root = ((dataset.whole or dataset).source or {}).get("root", "")
        place = Path(root) / "masks" / "<name of the image>.png"
        expected = f"an object mask for every image, which Task 1 is about, such as {place}"
        received = f"none for {len(without)} of {len(dataset)} images: {listing(without, 3)}"
        raise InputError(f"dataset {dataset.name!r}", expected, received)


# --- training -----------------------------------------------------------------------------------


def build(config, updates=None):
    """The compiled network of a resolved configuration, with its initial weights.

    updates: of its whole training, along which the learning rate may fall.
    """
    model = network(config)
    training = config.training
    path = encoders.weights_file(config)
    if path is not None:
        encoders.load_encoder(model, config.model.backbone, path)
    if training.start is not None:
        weights.load(model, start_file(config), by="counted")
    return _compiled(model, config, updates)


def _compiled(model, config, updates=None):
    training = config.training
    supervised = mechanisms.get(config.model.attention).supervised
    saliency, attention = outputs_of(model)
    losses = {name: keras.losses.BinaryCrossentropy() for name in saliency}
    losses |= {name: AttentionKL() if supervised else None for name in attention}
    shares = dict.fromkeys(saliency, 1.0)
    shares |= dict.fromkeys(attention, training.attention_weight)
    model.compile(adam(training, updates), losses, loss_weights=shares)
    return model


def network(config):
    """The network of a resolved configuration, with random weights."""
    part = config.model
    return models.salient_object(
        part.backbone,
        part.attention,
        input_shape=(part.size, part.size, 3),
        width=part.width,
        channels=part.channels,
        base_rate=part.base_rate,
        momentum=part.momentum,
        frozen=config.training.encoder == "frozen",
    )


def start_file(config):
    """The weight file that a run starts from; `InputError` if it is of another network."""
    path = starting.start_file(config)
    stored = configs.from_dict(weights.settings(path)["config"], path)
    for name in ("backbone", "attention", "width", "channels"):
        wanted, received = getattr(config.model, name), getattr(stored.model, name, None)
        if wanted != received:
            raise InputError(path, f"weights of a network with {name} {wanted!r}", repr(received))
    return path


def files(config):
    """Fingerprints of the files that a run depends on, by field."""
    return encoders.files(config)


def parts(config, whole):
    """What is trained on and what is scored, of the whole dataset."""
    data = config.data
    return whole.fold(data.fold, of=data.folds, seed=data.fold_seed)


def plan(config, train, validation=None):
    """The `Plan` of training a resolved configuration on images, or on kept features of them."""
    return kept.plan(
        config,
        train,
        validation,
        build=build,
        compiled=_compiled,
        scorer=scorer,
        kept_scorer=KeptScorer,
        variants=pipeline.AUGMENTED if config.data.augment else pipeline.PLAIN,
        masks=True,
    )


# --- scoring ------------------------------------------------------------------------------------


def takes(model):
    """Whether a model from elsewhere is one of this task: it returns maps."""
    if isinstance(model.output, dict):
        return bool(outputs_like(model, "saliency"))
    return not isinstance(model.output, (list, tuple)) and len(model.output.shape) == 4


def outputs_of(model):
    """Names of a model's saliency maps and attention maps, each in order; the last ones count.

    A model of one's own may name its outputs `saliency` and `attention`, have no attention, or
    one output without a name, which is the saliency map.
    """
    if not isinstance(model.output, dict):
        return [""], []
    saliency = outputs_like(model, "saliency")
    if not saliency:
        expected = "an output named saliency or saliency_<level>"
        raise InputError(f"model {model.name!r}", expected, list(model.output))
    return saliency, outputs_like(model, "attention")


class SaliencyScorer(ImageScorer):
    """Scores predictions at each image's own size against its mask, and attention against gaze."""

    segments = True

    def __init__(self, model, sigma, size=None):
        self.saliency, attention = outputs_of(model)
        super().__init__(model, attention, sigma, size)

    def check(self, dataset):
        """Refuse a dataset without masks, or without the gaze that the network takes."""
        super().check(dataset)
        check_masks(dataset)

    def score(self, dataset, index, outputs):
        """All scores of an example, and its curves."""
        segmented = self._segmented(dataset[index], outputs)
        numbers = {name: getattr(segmented, name) for name in SCORES}
        numbers |= self.agreement(dataset, index, outputs)
        spread, maps = self.dispersion(dataset, index, outputs)
        curves = {name: getattr(segmented, name) for name in CURVES}
        return numbers | spread, curves | maps

    def maps(self, outputs, shape):
        """The prediction and every attention map by name, float32 at `shape` (H, W)."""
        made = {"saliency": self._prediction(outputs, shape).astype(np.float32)}
        return made | super().maps(outputs, shape)

    def _prediction(self, outputs, shape):
        return self.laid(self.saliency[-1], outputs, shape)

    def _segmented(self, example, outputs):
        prediction = self._prediction(outputs, example.shape)
        return ImageScores(prediction, read_mask(example), f" of {example.id!r}")

    def brief(self, dataset, index, outputs):
        """F-curve, MAE, s-AUC and IG alone, for every epoch."""
        segmented = self._segmented(dataset[index], outputs)
        agreement = self.brief_agreement(dataset, index, outputs)
        return segmented.f_curve, segmented.mae, agreement

    def overall(self, briefs):
        """The scores of all examples together, from what `brief` returned of each."""
        curves, mae, agreement = zip(*briefs, strict=True)
        scores = {"max_f": float(np.mean(curves, axis=0).max()), "mae": float(np.mean(mae))}
        return scores | self.overall_agreement(agreement)

    def keep(self, dataset, index, outputs):
        """What a figure shows of an example: image, mask, points, prediction, attention."""
        example = dataset[index]
        kept, size = self.kept_image(example)
        kept["mask"] = at_size(read_mask(example), size) > 0.5
        kept["saliency"] = self._prediction(outputs, size).astype(np.float32)
        return kept | self.kept_attention(outputs)

    def picture(self, kept):
        """Image, mask, gaze, prediction and attention beside each other, uint8 of one size."""
        panels = [kept["image"], pictures.grey(kept["mask"])]
        panels.append(pictures.with_fixations(kept["image"], kept["points"]))
        panels += [pictures.grey(kept["saliency"])]
        if "attention" in kept:
            panels.append(pictures.overlay(kept["image"], kept["attention"]))
        return np.concatenate([image_at(panel, self.size) for panel in panels], axis=1)


class KeptScorer(kept.OnFeatures, SaliencyScorer):
    """Scores a learner that takes kept features in the place of images."""

    def __init__(self, learner, features, config):
        super().__init__(learner, config.data.fixation_sigma, config.model.size)
        self.kept = features


def scorer(model, config=None, size=None):
    """The `SaliencyScorer` of a model, its blur from the configuration it was trained with."""
    data = configs.SalientObject().data if config is None else config.data
    return SaliencyScorer(model, data.fixation_sigma, size)


def gaze(config, dataset):
    """Index -> the `GazeScores` of that image of a dataset, in a list; empty without fixations."""
    return lambda index: gaze_of_image(dataset, index, config.data.fixation_sigma)


def labels(model, config):
    """Who is scored, for the first columns of the rows."""
    return encoders.labels(model, config)
