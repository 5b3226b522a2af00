"""What tasks share of their networks: the encoder's weights, and what a network is called."""

import keras
import numpy as np

from keras_attn import models, weights
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import WITHOUT_GAZE
from keras_attn.models.common import image_input_of
from keras_attn.tasks import pretraining, starting


def load_encoder(model, backbone, path):
    """Load a weight file of the backbone into everything before its last pooling layer."""
    encoder = models.backbone(backbone)
    features = model.get_layer(encoder.stages[-1]).output
    part = keras.Model(image_input_of(model), features, name=f"{backbone} encoder")
    weights.load(part, path, by="counted", skip=encoder.classifier)


def weights_file(config):
    """The file that the encoder is taken from, or None.

    Trained first if it is to have learnt drawn shapes. A run that starts from another one takes
    its encoder from there.
    """
    part, training = config.model, config.training
    if training.pretraining != "drawn":
        return training.weights
    if getattr(training, "start", None) is not None:
        return None
    return pretraining.drawn_trunk(part.backbone, part.width, part.size)


def files(config):
    """Fingerprints of the files that a run depends on, by field."""
    if config.training.pretraining == "drawn" and (path := weights_file(config)) is not None:
        # Of the numbers, not of the file: one that was deleted is learnt anew, to the same bits.
        return {"weights": pretraining.fingerprint(path)}
    return starting.files(config)


def size(part):
    """Side of the input: that of the configuration, or of the backbone.

    `InputError` for images that the backbone would leave nothing of, which Keras tells obscurely.
    """
    encoder = models.backbone(part.backbone)
    if part.size is not None and part.size < encoder.least:
        expected = f"at least {encoder.least} for {part.backbone}"
        raise InputError("model.size", expected, part.size)
    return part.size or encoder.size


def learning_rate(config):
    """Of Adam: that of the configuration, or that which the backbone has for its task."""
    backbone = models.backbone(config.model.backbone)
    rate = config.training.learning_rate or backbone.learning_rates.get(config.task)
    if rate is None:
        expected = (
            f"a rate, since backbone {backbone.name!r} has none of its own for {config.task}: "
            "learning_rate=RATE (--training.learning-rate RATE)"
        )
        raise InputError("training.learning_rate", expected, None)
    return rate


def labels(model, config):
    """Who is scored, for the first columns of the rows: backbone, fusion, attention and seed.

    fusion is "": one encoder has one stream.
    """
    if config is None:
        backbone, attention, seed = model.name, "own", np.nan
    else:
        (backbone, attention), seed = config.who, config.training.seed
        # It is not the mechanism that its name stands for.
        attention += WITHOUT_GAZE if config.without_gaze else ""
    return {"backbone": backbone, "fusion": "", "attention": attention, "seed": seed}
