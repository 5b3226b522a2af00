"""Task 3, fine-grained classification: what its network learns from, and how it is scored."""

from dataclasses import replace

import keras
import numpy as np

from keras_attn import configs, datasets, mechanisms, models, pictures, weights
from keras_attn.errors import InputError, listing
from keras_attn.evaluation.rows import CLASSES, CORRECT, LOGITS
from keras_attn.evaluation.scorer import (
    ImageScorer,
    check_classes,
    check_finite,
    check_scores,
    gaze_of_image,
)
from keras_attn.losses import AttentionKL
from keras_attn.networks.heads import shares
from keras_attn.networks.outputs import described, outputs_like
from keras_attn.resizing import image_at
from keras_attn.tasks import encoders, kept, starting
from keras_attn.training.schedules import adam

NAME = configs.FineGrained.task
DATA = datasets.GazeDataset
READ = ("mask_threshold", "on_bad_example", "crop", "gaze", "participants", "shifted")
"""Fields of the configuration that readers may take."""


def read(data, drawn=None):
    """The whole dataset that the data part of a configuration names; drawn: as in Task 1."""
    one = datasets.DATASETS[data.name]
    if data.root is not None:
        return one.read(data.root, **one.arguments(data, READ))
    one.check_drawn(NAME)
    shape = (data.side, round(1.2 * data.side))
    if drawn is not None:
        drawn /= f"{data.name}-{data.images}-{data.side}-{data.scenes_seed}"
    options = {"images": data.images, "shape": shape, "seed": data.scenes_seed, "root": drawn}
    return datasets.miniature(data.name, **options)


def parts(config, whole):
    """What is trained on and what is scored: the dataset's own lists, or else its first fold."""
    if not whole.splits:
        return whole.fold(0)
    return whole.split("train"), whole.split("test")


def resolved(config, train):
    """The configuration with every field that was None filled in."""
    model, training = config.model, config.training
    size = encoders.size(model)
    rate = encoders.learning_rate(config)
    classes = model.classes or tuple(train.classes)
    _check_labels(train, classes)
    starting.check(config, train)
    _check_whole(config)
    return replace(
        config,
        model=replace(model, size=size, classes=classes),
        training=replace(training, learning_rate=rate),
    )


def _check_whole(config):
    """Refuse a file without the fully connected layers, which would be left at random numbers."""
    part, training = config.model, config.training
    if training.pretraining != "file" or part.head != "published":
        return
    backbone = models.backbone(part.backbone)
    connected = backbone.classifier[:-1]
    missing = [name for name in connected if name not in weights.shapes(training.weights)]
    if missing:
        such = "".join(f", such as {n!r} of tools/fetch_weights.py" for n in backbone.weights[:1])
        expected = (
            f"a weight file of the whole {part.backbone}, which the paper's run starts from{such}. "
            "To start from the trunk alone, say pretraining='trunk' (--training.pretraining "
            "trunk), or head='pooled' (--model.head pooled), which has no such layers"
        )
        raise InputError(training.weights, expected, f"a file without {listing(missing)}")


def _check_labels(data, classes):
    """Refuse a dataset whose labels are not places in `classes`."""
    check_classes(data, classes)
    for example in data:
        if example.label is None or not 0 <= example.label < len(classes):
            expected = f"a label from 0 to {len(classes) - 1}"
            raise InputError(f"example {example.id!r}", expected, example.label)


# --- training -----------------------------------------------------------------------------------


def network(config):
    """The network of a resolved configuration, with random weights."""
    part = config.model
    return models.fine_grained(
        part.backbone,
        part.attention,
        classes=len(part.classes),
        input_shape=(part.size, part.size, 3),
        width=part.width,
        head=part.head,
        dropout=part.dropout,
        frozen=config.training.encoder == "frozen",
        momentum=part.momentum,
    )


def build(config, updates=None):
    """The compiled network of a resolved configuration, with its initial weights.

    updates: of its whole training, along which the learning rate may fall.
    """
    model = network(config)
    path = encoders.weights_file(config)
    if path is not None:
        _load(model, config.model, path, whole=config.training.pretraining == "file")
    return _compiled(model, config, updates)


def _compiled(model, config, updates=None):
    supervised = mechanisms.get(config.model.attention).supervised
    losses = {
        "logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "attention": AttentionKL() if supervised else None,
    }
    shares = {"logits": 1.0, "attention": config.training.attention_weight}
    model.compile(adam(config.training, updates), losses, loss_weights=shares)
    return model


def _load(model, part, path, whole):
    """Load the trunk, and of the file of a `whole` classifier all but its class scores."""
    encoder = models.backbone(part.backbone)
    if whole and part.head == "published" and encoder.classifier[:-1]:
        weights.load(model, path, by="counted", skip=(encoder.top, "attention"))
    else:
        encoders.load_encoder(model, part.backbone, path)


def files(config):
    """Fingerprints of the files that a run depends on, by field."""
    return encoders.files(config)


def plan(config, train, validation=None):
    """The `Plan` of training a resolved configuration on images, or on kept features of them."""
    for data in (train, validation):
        if data is not None:
            _check_labels(data, config.model.classes)
    return kept.plan(
        config,
        train,
        validation,
        build=build,
        compiled=_compiled,
        scorer=scorer,
        kept_scorer=KeptScorer,
    )


# --- scoring ------------------------------------------------------------------------------------


def takes(model):
    """Whether a model from elsewhere is one of this task: it returns a score for each class."""
    if isinstance(model.output, dict):
        return "logits" in model.output
    return not isinstance(model.output, (list, tuple)) and len(model.output.shape) == 2


class ClassScorer(ImageScorer):
    """Scores class predictions, and attention at each image's own size against gaze.

    classes: their names, in the order of the logits. as_probabilities: a function of the scores of
    an example that makes probabilities of them.
    """

    def __init__(self, model, classes, sigma, size=None):
        if not takes(model):
            expected = "an output named logits, or one alone, of class scores (batch, classes)"
            raise InputError(f"model {model.name!r}", expected, described(model))
        named = isinstance(model.output, dict)
        self.logits = "logits" if named else ""
        self.scores = (model.output["logits"] if named else model.output).shape[-1]
        self.classes, self.as_probabilities = classes, shares
        attention = outputs_like(model, "attention") if named else []
        super().__init__(model, attention, sigma, size)

    def check(self, dataset):
        """Refuse a dataset of other classes, or without the gaze that the network takes."""
        super().check(dataset)
        self.classes = self.classes or tuple(dataset.classes)
        check_scores(self.name, self.scores, self.classes)
        _check_labels(dataset, self.classes)

    def probabilities(self, outputs):
        """Those of the classes, float64."""
        return self.as_probabilities(self._told(outputs))

    def _told(self, outputs):
        """The class scores of an example; NaN would pass for the first class."""
        scores = outputs[self.logits]
        check_finite(f"class scores of model {self.name!r}", scores)
        return scores

    def score(self, dataset, index, outputs):
        """Class, prediction and all scores of an example's attention; its logits and map."""
        label = dataset[index].label
        scores = self._told(outputs).astype(np.float32)
        predicted = int(scores.argmax())
        named = self.classes[label], self.classes[predicted]
        numbers = dict(zip(CLASSES, named, strict=True)) | {CORRECT: float(predicted == label)}
        spread, maps = self.dispersion(dataset, index, outputs)
        numbers |= self.agreement(dataset, index, outputs) | spread
        return numbers, {LOGITS: scores, **maps}

    def brief(self, dataset, index, outputs):
        """Whether it is right, s-AUC and IG alone, for every epoch."""
        right = self._told(outputs).argmax() == dataset[index].label
        return float(right), self.brief_agreement(dataset, index, outputs)

    def overall(self, briefs):
        """The scores of all examples together, from what `brief` returned of each."""
        right, agreement = zip(*briefs, strict=True)
        return {"accuracy": float(np.mean(right))} | self.overall_agreement(agreement)

    def keep(self, dataset, index, outputs):
        """What a figure shows of an example: image, points, classes, attention."""
        example = dataset[index]
        kept, _ = self.kept_image(example)
        predicted = int(outputs[self.logits].argmax())
        kept["class"] = np.array(self.classes[example.label])
        kept["predicted"] = np.array(self.classes[predicted])
        return kept | self.kept_attention(outputs)

    def picture(self, kept):
        """Image, gaze and attention in a frame of right or wrong, uint8 of one size."""
        panels = [kept["image"], pictures.with_fixations(kept["image"], kept["points"])]
        if "attention" in kept:
            panels.append(pictures.overlay(kept["image"], kept["attention"]))
        right = bool(kept["class"] == kept["predicted"])
        joined = [image_at(panel, self.size) for panel in panels]
        return pictures.framed(np.concatenate(joined, axis=1), right)


class KeptScorer(kept.OnFeatures, ClassScorer):
    """Scores a learner that takes kept features in the place of images."""

    def __init__(self, learner, features, config):
        part, sigma = config.model, config.data.fixation_sigma
        super().__init__(learner, part.classes, sigma, part.size)
        self.kept = features


def scorer(model, config=None, size=None):
    """The `ClassScorer` of a model, classes and blur from the configuration it was trained with."""
    of = configs.FineGrained() if config is None else config
    return ClassScorer(model, of.model.classes, of.data.fixation_sigma, size)


def gaze(config, dataset):
    """Index -> the `GazeScores` of that image of a dataset, in a list; empty without fixations."""
    return lambda index: gaze_of_image(dataset, index, config.data.fixation_sigma)


def labels(model, config):
    """Who is scored, for the first columns of the rows."""
    return encoders.labels(model, config)
