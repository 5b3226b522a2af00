"""What tasks share of their networks: the encoder's weights, and what a network is called."""

import keras
import numpy as np

from keras_attn import models, weights
from keras_attn.errors import InputError
from keras_attn.models.common import image_input_of


def load_encoder(model, backbone, path):
    """Load a weight file of the backbone into everything before its last pooling layer."""
    encoder = models.backbone(backbone)
    features = model.get_layer(encoder.stages[-1]).output
    part = keras.Model(image_input_of(model), features, name=f"{backbone} encoder")
    weights.load(part, path, skip=encoder.classifier)


def size(part):
    """Side of the input: that of the configuration, or of the backbone in the paper.

    `InputError` for images that the backbone would leave nothing of, which Keras tells obscurely.
    """
    encoder = models.backbone(part.backbone)
    if part.size is not None and part.size < encoder.least:
        expected = f"at least {encoder.least} for {part.backbone}"
        raise InputError("model.size", expected, part.size)
    return part.size or encoder.size


def labels(model, config):
    """Who is scored, for the first columns of the rows: backbone, fusion, attention and seed.

    fusion is "": one encoder has one stream.
    """
    if config is None:
        backbone, attention, seed = model.name, "own", np.nan
    else:
        (backbone, attention), seed = config.who, config.training.seed
    return {"backbone": backbone, "fusion": "", "attention": attention, "seed": seed}
