"""FGSM: how little an image has to change before a classifier tells another class (§IV-C3).

The only module that imports foolbox. Perturbations are in pixels, through the preprocessing inside
the model, and clipped to [0, 255]; ε is a number of grey levels of 255. A network that takes gaze
gets the same gaze before and after.
"""

import os
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from keras_attn.errors import InputError, one_of
from keras_attn.models.common import image_input_of

# foolbox imports GitPython, which complains where there is no git.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import foolbox  # noqa: E402
from foolbox.attacks import LinfFastGradientAttack  # noqa: E402

EPSILONS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Ours, in grey levels of 255; the paper gives none."""
BOUNDS = (0, 255)
SEARCHES = ("fixed", "line")
LINE_STEPS, LINE_MOST = 1000, 255.0
"""Of the line search of foolbox's first releases: 1,000 steps up to the whole range of pixels."""


class _GradientOnce(LinfFastGradientAttack):
    """FGSM that asks for the gradient of an image once, whatever the number of ε."""

    def __init__(self):
        super().__init__(random_start=False)
        self.kept = None

    def value_and_grad(self, loss_fn, x):
        if self.kept is None:
            self.kept = super().value_and_grad(loss_fn, x)
        return self.kept


class Attack:
    """FGSM on a classifier, a batch of images at a time.

    model: a `keras.Model` of float32 RGB in [0, 255] with an output `logits`, or one output of
    scores before softmax. Batches should be of one size: another one is traced anew.
    """

    def __init__(self, model):
        self.image = image_input_of(model).name
        self.named = isinstance(model.output, dict)
        if self.named and "logits" not in model.output:
            raise InputError(f"model {model.name!r}", "an output logits", list(model.output))

        def run(inputs):
            return model(
                keras.tree.map_structure(lambda t: inputs[t.name], model.input), training=False
            )

        # Traced once, gradient included.
        self.run = tf.function(run, reduce_retracing=True)

    def outputs(self, inputs):
        """Arrays by name of what the model returns for a dict of arrays."""
        made = self.run({name: tf.convert_to_tensor(value) for name, value in inputs.items()})
        made = made if self.named else {"logits": made}
        return {name: value.numpy() for name, value in made.items()}

    def perturbed(self, inputs, labels):
        """A function ε -> perturbed images of a dict of arrays, against their true labels."""
        tensors = {name: tf.convert_to_tensor(value) for name, value in inputs.items()}
        images = tensors.pop(self.image)
        _check_pixels(images)

        def scores(x):
            made = self.run({self.image: x, **tensors})
            return made["logits"] if self.named else made

        network = foolbox.TensorFlowModel(scores, bounds=BOUNDS, device="/CPU:0" if _no_gpu() else None)
        criterion = foolbox.criteria.Misclassification(tf.constant(labels, tf.int64))
        attack = _GradientOnce()
        return lambda epsilon: attack.run(network, images, criterion, epsilon=epsilon).numpy()


def _no_gpu():
    return not tf.config.list_logical_devices("GPU")


def _check_pixels(images):
    low, high = float(tf.reduce_min(images)), float(tf.reduce_max(images))
    if not BOUNDS[0] <= low <= high <= BOUNDS[1]:
        raise InputError("images", f"pixels from {BOUNDS[0]} to {BOUNDS[1]}", f"{low} to {high}")


@dataclass(frozen=True, eq=False)
class Fooled:
    """What an attack on a batch came to.

    clean: outputs by name before. predicted: `(n, E)` classes after, for each ε. perturbed: images
    `(E, n, H, W, 3)`. outputs: a dict of outputs after for each ε.
    """

    clean: dict
    predicted: np.ndarray
    perturbed: list
    outputs: list


def fgsm(attack, inputs, labels, epsilons=EPSILONS):
    """FGSM with each ε on a batch: `Fooled`."""
    check_epsilons(epsilons)
    at = attack.perturbed(inputs, labels)
    perturbed = [at(epsilon) for epsilon in epsilons]
    outputs = [attack.outputs({**inputs, attack.image: images}) for images in perturbed]
    predicted = np.stack([made["logits"].argmax(axis=1) for made in outputs], axis=1)
    return Fooled(attack.outputs(inputs), predicted, perturbed, outputs)


def line_search(attack, inputs, labels, steps=LINE_STEPS, most=LINE_MOST):
    """The smallest of `steps` ε up to `most` that changes each prediction, NaN where none does.

    What foolbox's first releases did when they were asked for FGSM. Images whose prediction has
    changed are not tried again, but stay in the batch; the search ends when none is left.
    """
    at, before = attack.perturbed(inputs, labels), attack.outputs(inputs)["logits"].argmax(axis=1)
    found = np.full(len(before), np.nan)
    for step in range(1, steps + 1):
        epsilon = most * step / steps
        images = at(epsilon)
        after = attack.outputs({**inputs, attack.image: images})["logits"].argmax(axis=1)
        found[np.isnan(found) & (after != before)] = epsilon
        if not np.isnan(found).any():
            break
    return found


def check_epsilons(epsilons):
    """Refuse what is no list of different, growing, non-negative numbers of grey levels."""
    values = np.asarray(epsilons, np.float64)
    if values.ndim != 1 or not len(values) or not (values >= 0).all() or (np.diff(values) <= 0).any():
        raise InputError("epsilons", "growing numbers of grey levels, 0 or more", epsilons)


def check_search(search):
    """Refuse what is no way to choose ε."""
    return one_of("search", search, SEARCHES)
