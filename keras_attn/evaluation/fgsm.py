"""FGSM: how little an image has to change before a classifier tells another class (§IV-C3).

The only module that imports foolbox. Perturbations are in pixels, through the preprocessing inside
the model, and clipped to [0, 255]; ε is a number of grey levels of 255. A network that takes gaze
gets the same gaze before and after.
"""

import os
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_attn.errors import InputError
from keras_attn.evaluation.scorer import check_finite
from keras_attn.models.common import image_input_of, in_structure
from keras_attn.networks import heads, inside

# foolbox imports GitPython, which complains where there is no git.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import foolbox
from foolbox.attacks import LinfFastGradientAttack

BOUNDS = (0, 255)
LINE_STEPS, LINE_MOST = 1000, 255.0
"""Of the line search of foolbox's first releases: 1,000 steps up to the whole range of pixels."""


class _GradientOnce(LinfFastGradientAttack):
    """FGSM that asks for the gradient of an image once, whatever the number of ε."""

    def __init__(self):
        super().__init__(random_start=False)
        self.kept = None

    def value_and_grad(self, loss_fn, x):
        if self.kept is None:
            try:
                self.kept = super().value_and_grad(loss_fn, x)
            except AttributeError as error:  # foolbox asks None, which is no gradient, for its sign
                expected = "class scores that change with the pixels, by a gradient"
                raise InputError("model", expected, "a network without one") from error
        return self.kept


class _Perturbed:
    def __init__(self, network, images, criterion):
        self.arguments, self.attack = (network, images, criterion), _GradientOnce()

    def __call__(self, epsilon):
        return self.attack.run(*self.arguments, epsilon=epsilon).numpy()

    @property
    def direction(self):
        self(0.0)
        return np.sign(self.attack.kept[1].numpy())


class TargetModel:
    """FGSM on a classifier, a batch of images at a time.

    model: a `keras.Model` of float32 RGB in [0, 255] with an output `logits`, or one output of
    scores; a softmax that makes them is left out. Batches should be of one size: another one is
    traced anew.
    """

    def __init__(self, model):
        self.image = image_input_of(model).name
        self.named = isinstance(model.output, dict)
        if self.named and "logits" not in model.output:
            raise InputError(f"model {model.name!r}", "an output logits", list(model.output))

        self.model, self.key, self.head = model, "logits" if self.named else "", None
        self.opened = False

        def run(inputs):
            with heads.unsquashed(self.head):
                return self._called(inputs)

        # Traced once, gradient included.
        self.run = tf.function(run, reduce_retracing=True)

    def _called(self, inputs):
        return self.model(in_structure(self.model, inputs), training=False)

    def _find_head(self, inputs):
        """Find the layer that makes the scores, which may end in a softmax."""
        if self.opened:
            return

        def run():
            made = self._called({name: value[:1] for name, value in inputs.items()})
            return made if self.named else {"": made}

        self.head, self.opened = heads.head_of(self.model, self.key, run), True

    def outputs(self, inputs):
        """Arrays by name of what the model returns for a dict of arrays."""
        tensors = {name: tf.convert_to_tensor(value) for name, value in inputs.items()}
        self._find_head(tensors)
        made = self.run(tensors)
        made = made if self.named else {"logits": made}
        found = {name: value.numpy() for name, value in made.items()}
        _check_scores(found["logits"], self.head)
        return found

    def perturbed(self, inputs, labels):
        """FGSM on a dict of arrays, against true labels: a function ε -> perturbed images.

        Its `direction` is the sign of the gradient, of the images' shape.
        """
        tensors = {name: tf.convert_to_tensor(value) for name, value in inputs.items()}
        self._find_head(tensors)
        images = tensors.pop(self.image)
        _check_pixels(images)

        def scores(x):
            made = self.run({self.image: x, **tensors})
            return made["logits"] if self.named else made

        device = "/GPU:0" if tf.config.list_logical_devices("GPU") else "/CPU:0"
        network = foolbox.TensorFlowModel(scores, bounds=BOUNDS, device=device)
        criterion = foolbox.criteria.Misclassification(tf.constant(labels, tf.int64))
        return _Perturbed(network, images, criterion)


def _check_scores(scores, head):
    """Refuse probabilities: taken for scores, they would make another attack of it."""
    check_finite("class scores of model", scores)
    if inside.gives_logits(head):
        return
    if scores.min() >= 0 and np.allclose(scores.sum(axis=1), 1, atol=1e-4):
        expected = "scores of the classes before softmax, or a softmax layer of Keras as the last"
        raise InputError("model", expected, "probabilities")


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


def fgsm(attack, inputs, labels, epsilons):
    """FGSM with each ε on a batch: `Fooled`."""
    at = attack.perturbed(inputs, labels)
    perturbed = [at(epsilon) for epsilon in epsilons]
    outputs = [attack.outputs({**inputs, attack.image: images}) for images in perturbed]
    predicted = np.stack([made["logits"].argmax(axis=1) for made in outputs], axis=1)
    return Fooled(attack.outputs(inputs), predicted, perturbed, outputs)


def line_search(attack, inputs, labels, steps=LINE_STEPS, most=LINE_MOST):
    """The smallest of `steps` ε up to `most` that changes each prediction, NaN where none does.

    What foolbox's first releases did when they were asked for FGSM. A batch holds one image with
    as many ε as there are images, so that none waits for another.
    """
    before = attack.outputs(inputs)["logits"].argmax(axis=1)
    directions = attack.perturbed(inputs, labels).direction
    found, size = np.full(len(before), np.nan), len(before)
    epsilons = most * np.arange(1, steps + 1) / steps
    for place, told in enumerate(before):
        one = {
            name: np.repeat(array[place : place + 1], size, axis=0)
            for name, array in inputs.items()
        }
        for start in range(0, steps, size):
            tried = np.minimum(epsilons[start] + np.arange(size) * most / steps, most)
            moved = one[attack.image] + tried[:, None, None, None] * directions[place]
            one_moved = {**one, attack.image: np.clip(moved, *BOUNDS).astype(np.float32)}
            changed = attack.outputs(one_moved)["logits"].argmax(axis=1) != told
            if changed.any():
                found[place] = tried[changed.argmax()]
                break
    return found
