"""What tasks share of their networks: the encoder's weights, and what a network is called."""

import keras
import numpy as np

from keras_attn import models, runs, weights
from keras_attn.models.common import image_input_of
from keras_attn.weights.saved import SUFFIX


def load_encoder(model, backbone, path):
    """Load a weight file of the backbone into everything before its last pooling layer."""
    encoder = models.backbone(backbone)
    features = model.get_layer(encoder.stages[-1]).output
    part = keras.Model(image_input_of(model), features, name=f"{backbone} encoder")
    # A file of the package's own holds a trunk alone; published ones may bear a classifier.
    skip = () if str(path).endswith(SUFFIX) else encoder.classifier
    weights.load(part, path, skip=skip)


def files(config):
    """Fingerprints of the files of weights that a run depends on, by field."""
    path = config.training.weights
    return {} if path is None else {"weights": runs.fingerprint(path)}


def labels(model, config):
    """Who is scored: backbone, attention and seed, for the first columns of the rows."""
    if config is None:
        return {"backbone": model.name, "attention": "own", "seed": np.nan}
    backbone, attention = config.who
    return {"backbone": backbone, "attention": attention, "seed": config.training.seed}
