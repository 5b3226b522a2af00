"""A trunk for drawn pictures, which no published weights are made for: it learns drawn shapes.

What ImageNet is to the paper's networks, telling apart coloured shapes is to those of a miniature:
features that are not made for the task, and are left as they are in it.
"""

import hashlib
from functools import cache
from pathlib import Path

import filelock
import keras
import numpy as np

from keras_attn import models, storage, weights
from keras_attn.datasets.drawing import shapes
from keras_attn.runs import provenance
from keras_attn.training import devices
from keras_attn.training.callbacks import TrainingProgress
from keras_attn.weights.saved import SUFFIX

PICTURES, EPOCHS, BATCH, LEARNING_RATE = 1500, 5, 16, 5e-4
VERSION = 1
"""Of this training; trunks of another version are not taken for those of this one."""
BASE_RATE = 0.05
"""Share of cells that a label holds for, from which its output starts."""


def drawn_trunk(backbone, width, side, folder=None):
    """The weight file of a backbone that has learnt drawn shapes; trained where there is none.

    width, side: as for the backbone. folder: where it is kept; default that of `storage.cache`.
    Always the same pictures, order and seed: two networks with one backbone start from one trunk.
    """
    name = f"{backbone}-{width:g}-{side}-{VERSION}{_own(backbone, width, side)}"
    about = {"backbone": backbone, "width": width, "learnt": "drawn shapes"}
    return kept_file(name, about, lambda: _trained(backbone, width, side), folder)


def kept_file(name, about, make, folder=None):
    """The file in which weights of that name are kept; made where there is none.

    about: a dict that the file tells. make: () -> the trained model. folder: default that of
    `storage.cache`.
    """
    place = storage.cache("trunks") if folder is None else Path(folder)
    path = place / f"{name}{SUFFIX}"
    if path.is_file():
        return path
    storage.check_target(place, ())
    place.mkdir(parents=True, exist_ok=True)
    # Of several processes one trains it, and the others wait: all start from the same file.
    with filelock.FileLock(place / f".{path.name}.lock"):
        if not path.is_file():
            trunk = make()
            told = {"trunk": about | {"digest": digest(trunk)}}
            weights.save(trunk, path, told | {"versions": provenance.versions()})
    return path


def fingerprint(path):
    """The digest of the numbers in such a file: one that was deleted is learnt anew."""
    return weights.settings(path)["trunk"]["digest"]


def digest(model):
    """SHA-256 of all weights of a model, in hexadecimal: the same for the same numbers."""
    found = hashlib.sha256()
    for variable in model.weights:
        found.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return found.hexdigest()


def answer(model):
    """What a model of images of one size returns for one image, as a short text.

    Weights do not tell what is done with them: this changes with the code of a backbone as well,
    with its preprocessing for example.
    """
    height, width = model.inputs[0].shape[1:3]
    image = np.random.default_rng(VERSION).uniform(0, 255, (1, height, width, 3))
    returned = np.asarray(model(image.astype(np.float32)), np.float64)
    scale = np.abs(returned).max() or 1.0
    # Of no more digits than any machine agrees on.
    rounded = np.round(returned / scale, 2) + 0.0
    return hashlib.sha256(f"{scale:.1e}".encode() + rounded.tobytes()).hexdigest()[:12]


def telling(trunk, kinds, base_rate):
    """A trunk of pictures or clips that tells of each cell which of some kinds it shows.

    kinds: how many. base_rate: share of cells that a label holds for.
    """
    start = keras.initializers.Constant(np.log(base_rate / (1 - base_rate)))
    layer = {4: keras.layers.Conv2D, 5: keras.layers.Conv3D}[len(trunk.output_shape)]
    told = layer(kinds, 1, activation="sigmoid", bias_initializer=start, name="told")
    return keras.Model(trunk.input, told(trunk.output))


def _own(name, width, side):
    """For a backbone that is not this package's, and may change, a text that changes with it."""
    if name in models.BACKBONES.own:
        return ""
    one = models.backbone(name)
    return f"-{_first_answer(one.features, one.preprocessing, name, width, side)}"


@cache
def _first_answer(features, preprocessing, name, width, side):
    """That of the untrained trunk; asked for once, since it draws random numbers."""
    with devices.precision("float32"):
        return answer(_untrained(name, width, side))


def _untrained(backbone, width, side):
    keras.utils.set_random_seed(VERSION)
    return models.backbone(backbone).build((side, side, 3), width=width)


def _trained(backbone, width, side):
    with devices.precision("float32"):
        trunk = _untrained(backbone, width, side)
        model = telling(trunk, shapes.KINDS, BASE_RATE)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), "binary_crossentropy")
    rng = np.random.default_rng(VERSION)
    drawn = [shapes.draw(rng, side, trunk.output_shape[1:3]) for _ in range(PICTURES)]
    images, labels = (np.stack(part).astype(np.float32) for part in zip(*drawn, strict=True))
    options = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0}
    with TrainingProgress(f"{backbone} learns drawn shapes") as report:
        model.fit(images, labels, callbacks=[report], **options)
    return trunk
