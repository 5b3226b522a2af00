"""Task 1, salient object segmentation: what its network learns from, and how it is scored."""

from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from keras_attn import configs, datasets, mechanisms, models, runs, weights
from keras_attn.agreement.scoring import EXTRAS, Blur, GazeScores
from keras_attn.datasets import pipeline
from keras_attn.errors import InputError
from keras_attn.losses import AttentionKL
from keras_attn.metrics.columns import COLUMNS
from keras_attn.metrics.salient_object import SCORES, ImageScores
from keras_attn.report import pictures
from keras_attn.resizing import at_size, image_at, size_of

NAME = configs.SalientObject.task
GAZE = "gaze"
"""The input of a network that takes the fixation density."""
KINDS = ("saliency", "attention")
"""Of the network's outputs."""
READERS = {
    "dut_omron": datasets.dut_omron,
    "pascal_s": datasets.pascal_s,
    "folder": datasets.folder,
}
AUGMENTED = ("pascal_s",)
"""Datasets of which the paper trains on eight variants of each image (§IV-A2)."""
STUDY = ("s_auc", "ig")
"""The two gaze scores of the study."""
DEFAULT_SIZE = 224
"""Side of the input for a model that leaves it open."""


def read(data, drawn=None):
    """The whole dataset of a `configs.SalientObjectData`.

    drawn: the folder in which scenes get one of their own, if they are drawn; by default one in
    the system's folder for temporary files.
    """
    if data.root is not None:
        return READERS[data.name](data.root, on_bad_example=data.on_bad_example)
    scenes = {"images": data.images, "shape": (data.side, data.side), "seed": data.scenes_seed}
    if drawn is not None:
        drawn /= f"{data.name}-{data.images}-{data.side}-{data.scenes_seed}"
    return datasets.miniature(data.name, **scenes, root=drawn)


def resolved(config, train):
    """The configuration with every field that was None filled in."""
    model, data, training = config.model, config.data, config.training
    size = model.size or models.backbone(model.backbone).size
    rate = training.learning_rate or configs.LEARNING_RATES[model.backbone]
    base = model.base_rate or _base_rate(train)
    augment = data.name in AUGMENTED if data.augment is None else data.augment
    return replace(
        config,
        model=replace(model, size=size, base_rate=base),
        data=replace(data, augment=augment),
        training=replace(training, learning_rate=rate),
    )


def _base_rate(train):
    """Share of salient pixels over the training masks, each image counting alike."""
    rate = float(np.mean([pipeline.read_mask(example).mean() for example in train]))
    if not 0 < rate < 1:
        raise InputError("training masks", "some pixels of objects and some without", rate)
    return rate


# --- training -----------------------------------------------------------------------------------


def build(config):
    """The compiled network of a resolved configuration, with its initial weights."""
    model = network(config)
    training = config.training
    if training.weights is not None:
        _load_encoder(model, config)
    if training.start is not None:
        weights.load(model, start_file(config))
    supervised = mechanisms.get(config.model.attention).supervised
    names = {kind: [n for n in model.output if n.startswith(kind)] for kind in KINDS}
    losses = {name: keras.losses.BinaryCrossentropy() for name in names["saliency"]}
    losses |= {name: AttentionKL() if supervised else None for name in names["attention"]}
    shares = dict.fromkeys(names["saliency"], 1.0)
    shares |= dict.fromkeys(names["attention"], training.attention_weight)
    model.compile(keras.optimizers.Adam(training.learning_rate), losses, loss_weights=shares)
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
    )


def _load_encoder(model, config):
    encoder = models.backbone(config.model.backbone)
    features = model.get_layer(encoder.stages[-1]).output
    part = keras.Model(image_input(model), features, name=f"{config.model.backbone} encoder")
    weights.load(part, config.training.weights, skip=encoder.classifier)


def image_input(model):
    """The input that is not the gaze; the two are in no order one could rely on."""
    return next(tensor for tensor in model.inputs if tensor.name != GAZE)


def start_file(config):
    """The weight file that a run starts from; `InputError` if it is of another network."""
    start = Path(config.training.start).expanduser()
    path = runs.RunFolder(start).weights if start.is_dir() else start
    stored = configs.from_dict(weights.settings(path)["config"], path)
    for name in ("backbone", "attention", "width", "channels"):
        wanted, received = getattr(config.model, name), getattr(stored.model, name, None)
        if wanted != received:
            raise InputError(path, f"weights of a network with {name} {wanted!r}", repr(received))
    return path


def files(config):
    """Fingerprints of the files that a run depends on, by field."""
    made = {}
    if config.training.weights is not None:
        made["weights"] = runs.fingerprint(config.training.weights)
    if config.training.start is not None:
        made["start"] = runs.fingerprint(start_file(config))
    return made


@dataclass(frozen=True)
class Batches:
    """Training batches of a configuration: `steps` in each epoch, and `of(model, first epoch)`."""

    steps: int
    of: object


def batches(config, train):
    """The `Batches` of a resolved configuration, from decoded images."""
    size = size_of(config.model.size)
    pixels = pipeline.Pixels.of(train, size, config.machine.threads)
    variants = pipeline.AUGMENTED if config.data.augment else pipeline.PLAIN
    training = config.training

    def of(model, first):
        made = pipeline.batches(
            pixels,
            batch_size=training.batch_size,
            epochs=training.epochs,
            first=first,
            seed=training.seed,
            variants=variants,
            sigma=config.data.fixation_sigma,
        )
        return pipeline.for_fit(made, model)

    return Batches(pipeline.steps(pixels, training.batch_size, variants), of)


# --- scoring ------------------------------------------------------------------------------------


def outputs_of(model):
    """Names of a model's saliency maps and attention maps, each in order; the last ones count.

    A model of one's own may name its outputs `saliency` and `attention`, have no attention, or
    one output without a name, which is the saliency map.
    """
    if not isinstance(model.output, dict):
        return {"saliency": [""], "attention": []}
    found = {kind: sorted(n for n in model.output if _is(n, kind)) for kind in KINDS}
    if not found["saliency"]:
        expected = "an output named saliency or saliency_<level>"
        raise InputError(f"model {model.name!r}", expected, list(model.output))
    return found


def _is(name, kind):
    return name == kind or (name.startswith(f"{kind}_") and name[len(kind) + 1 :].isdigit())


class Scorer:
    """Scores predictions at each image's own size against its mask, and attention against gaze.

    sigma: blur of the densities as a share of the width. size: (H, W) of the input.
    """

    def __init__(self, model, sigma, size=None):
        self.names, self.sigma = outputs_of(model), sigma
        self.inputs_of_model = [tensor.name for tensor in model.inputs]
        fixed = image_input(model).shape[1:3]
        self.size = size_of(size or (DEFAULT_SIZE if None in fixed else fixed))

    def inputs(self, example):
        """The image, and under the name `gaze` its density, as the model takes them."""
        made = {}
        for name in self.inputs_of_model:
            if name == GAZE:
                made[name] = pipeline.input_density(example, self.size, self.sigma)
            else:
                made[name] = pipeline.input_image(example, self.size).astype(np.float32)
        return made

    def maps(self, outputs, kind, shape):
        """The maps of a kind in order, at `shape` (H, W)."""
        return [at_size(outputs[name][..., 0], shape) for name in self.names[kind]]

    def score(self, dataset, index, outputs):
        """All scores of an example, and its curves.

        Gaze scores are those of the last attention; `s_auc_1`, `ig_1` and so on of the earlier.
        """
        example = dataset[index]
        segmented = self._segmented(example, outputs)
        numbers = {name: getattr(segmented, name) for name in SCORES}
        attention = self.maps(outputs, "attention", example.shape)
        if attention:
            numbers |= self._agreement(dataset, index, attention)
        return numbers, {"f_curve": segmented.f_curve, "e_curve": segmented.e_curve}

    def _segmented(self, example, outputs):
        prediction = self.maps(outputs, "saliency", example.shape)[-1]
        return ImageScores(prediction, pipeline.read_mask(example), f" of {example.id!r}")

    def _agreement(self, dataset, index, attention):
        names = [*(column.key for column in COLUMNS), *EXTRAS]
        earlier = [f"{key}_{level}" for level in range(1, len(attention)) for key in STUDY]
        if not len(dataset[index].points):
            return dict.fromkeys((*names, *earlier), np.nan)
        gaze = GazeScores(dataset, index, Blur(fixations=self.sigma))
        pairs = [value for one in attention[:-1] for value in gaze.s_auc_and_ig(one)]
        values = (*gaze.of(attention[-1]), *pairs)
        return dict(zip((*names, *earlier), values, strict=True))

    def brief(self, dataset, index, outputs):
        """F-curve, MAE, s-AUC and IG alone, for every epoch."""
        example = dataset[index]
        segmented = self._segmented(example, outputs)
        attention = self.maps(outputs, "attention", example.shape)
        agreement = np.nan, np.nan
        if attention and len(example.points):
            gaze = GazeScores(dataset, index, Blur(fixations=self.sigma))
            agreement = gaze.s_auc_and_ig(attention[-1])
        return segmented.f_curve, segmented.mae, *agreement

    def overall(self, briefs):
        """The scores of all examples together, from what `brief` returned of each."""
        curves, mae, *agreement = zip(*briefs, strict=True)
        scores = {"max_f": np.mean(curves, axis=0).max(), "mae": np.mean(mae)}
        for name, values in zip(STUDY, agreement, strict=True):
            seen = np.array(values)[~np.isnan(values)]
            scores[name] = seen.mean() if len(seen) else np.nan
        return {name: float(value) for name, value in scores.items()}

    def keep(self, dataset, index, outputs):
        """What a figure shows of an example: image, mask, points, prediction, attention."""
        example = dataset[index]
        size = pictures.size_at(example.shape, pictures.THUMBNAIL)
        image = pictures.thumbnail(example.pixels())
        kept = {"id": np.array(example.id), "image": image}
        kept["mask"] = at_size(pipeline.read_mask(example), size) > 0.5
        kept["points"] = example.points * (size[1] / example.shape[1])
        for kind in KINDS:
            if self.names[kind]:
                kept[kind] = self.maps(outputs, kind, size)[-1].astype(np.float32)
        return kept

    def picture(self, kept):
        """Image, mask, gaze, prediction and attention beside each other, uint8 of one size."""
        panels = [kept["image"], pictures.grey(kept["mask"])]
        panels.append(pictures.with_fixations(kept["image"], kept["points"]))
        panels += [pictures.grey(kept["saliency"])]
        if "attention" in kept:
            panels.append(pictures.overlay(kept["image"], kept["attention"]))
        return np.concatenate([image_at(panel, self.size) for panel in panels], axis=1)


def scorer(model, config=None, size=None):
    """The `Scorer` of a model, its blur from the configuration it was trained with."""
    data = configs.SalientObjectData() if config is None else config.data
    return Scorer(model, data.fixation_sigma, size)


def labels(model, config):
    """Who is scored: backbone, attention and seed, for the first columns of the rows."""
    if config is None:
        return {"backbone": model.name, "attention": "own", "seed": np.nan}
    attention = mechanisms.get(config.model.attention).name
    return {"backbone": config.model.backbone, "attention": attention, "seed": config.training.seed}
