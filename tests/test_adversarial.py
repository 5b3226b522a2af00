"""FGSM by foolbox: the perturbation of three lines, its bounds, its cost, and the line search."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused

from keras_attn import configs, models
from keras_attn.evaluation import fgsm

pytestmark = pytest.mark.slow

LABELS = np.array([0, 1, 2, 3])


@pytest.fixture(scope="module", params=["activation", "human"])
def case(request):
    """A network and a batch of four images with pixels on both bounds."""
    keras.utils.set_random_seed(3)
    model = models.fine_grained(
        "alexnet", request.param, classes=4, input_shape=(67, 67, 3), width=0.125, dropout=0.0
    )
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal(128, 120, (4, 67, 67, 3)), 0, 255).astype("float32")
    inputs = {"image": images}
    if request.param == "human":
        inputs["gaze"] = rng.random((4, 67, 67, 1)).astype("float32")
    return model, inputs


def by_hand(model, inputs, epsilon):
    image = tf.constant(inputs["image"])
    with tf.GradientTape() as tape:
        tape.watch(image)
        fed = {name: tf.constant(values) for name, values in inputs.items()}
        logits = model({**fed, "image": image}, training=False)["logits"]
        loss = keras.losses.sparse_categorical_crossentropy(LABELS, logits, from_logits=True)
    moved = image + epsilon * tf.sign(tape.gradient(loss, image))
    return tf.clip_by_value(moved, 0, 255).numpy()


@pytest.mark.parametrize("epsilon", [0.5, 8.0])
def test_the_perturbation_is_that_of_three_lines_with_a_gradient_tape(case, epsilon):
    model, inputs = case
    found = fgsm.fgsm(fgsm.TargetModel(model), inputs, LABELS, (epsilon,))
    np.testing.assert_array_equal(found.perturbed[0], by_hand(model, inputs, epsilon))


def test_it_stays_within_pixels_and_within_epsilon(case):
    model, inputs = case
    found = fgsm.fgsm(fgsm.TargetModel(model), inputs, LABELS, (1.0, 4.0))
    for epsilon, images in zip((1.0, 4.0), found.perturbed, strict=True):
        assert images.min() >= 0 and images.max() <= 255
        assert np.abs(images - inputs["image"]).max() == pytest.approx(epsilon, abs=1e-4)
    assert found.predicted.shape == (4, 2)


def test_nothing_changes_at_epsilon_zero(case):
    model, inputs = case
    found = fgsm.fgsm(fgsm.TargetModel(model), inputs, LABELS, (0.0,))
    np.testing.assert_array_equal(found.perturbed[0], inputs["image"])
    np.testing.assert_array_equal(found.predicted[:, 0], found.clean["logits"].argmax(axis=1))


def test_the_gradient_is_asked_for_once_whatever_the_number_of_epsilons(case, monkeypatch):
    model, inputs = case
    asked = []
    whole = fgsm.LinfFastGradientAttack.value_and_grad

    def counted(self, loss_fn, x):
        asked.append(x)
        return whole(self, loss_fn, x)

    monkeypatch.setattr(fgsm.LinfFastGradientAttack, "value_and_grad", counted)
    fgsm.fgsm(fgsm.TargetModel(model), inputs, LABELS, (0.5, 1.0, 2.0, 4.0))
    assert len(asked) == 1


def test_the_loss_rises_along_the_gradient(case):
    model, inputs = case
    found = fgsm.fgsm(fgsm.TargetModel(model), inputs, LABELS, (0.25,))

    def loss(logits):
        return keras.losses.sparse_categorical_crossentropy(LABELS, logits, from_logits=True)

    before, after = loss(found.clean["logits"]), loss(found.outputs[0]["logits"])
    assert (np.asarray(after) > np.asarray(before)).all()


@pytest.fixture(scope="module")
def linear():
    """Class 1 where the mean red is above 100; an ε of d changes the mean by d."""
    image = keras.Input((4, 4, 3), name="image")
    red = keras.layers.GlobalAveragePooling2D()(image)
    layer = keras.layers.Dense(2)
    model = keras.Model(image, layer(red))
    kernel = np.zeros((3, 2), "float32")
    kernel[0] = (-0.02, 0.02)  # small enough for a gradient where the softmax is sure
    layer.set_weights([kernel, np.array([2, -2], "float32")])
    return model


def test_as_many_are_fooled_as_lie_within_epsilon_of_the_border(linear):
    """Means of red from 100.5 to 119.5: an ε of d moves each by d, and those within d over 100."""
    images = np.zeros((20, 4, 4, 3), "float32")
    images[..., 0] = (100.5 + np.arange(20))[:, None, None]
    sizes = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
    attack = fgsm.TargetModel(linear)
    found = fgsm.fgsm(attack, {"image": images}, np.ones(20, int), sizes)
    before = found.clean["logits"].argmax(axis=1)
    assert (before == 1).all()
    assert [int((told != before).sum()) for told in found.predicted.T] == [0, 1, 2, 4, 8, 16]


def test_the_line_search_finds_the_smallest_of_its_steps_that_changes_each(linear):
    """Means of 95.1 and 150 are 4.9 below and 50 above the border: 20 and 197 steps of 0.255."""
    images = np.zeros((2, 4, 4, 3), "float32")
    images[0, ..., 0], images[1, ..., 0] = 95.1, 150
    labels = np.array([0, 1])
    found = fgsm.line_search(fgsm.TargetModel(linear), {"image": images}, labels)
    np.testing.assert_allclose(found, [20 * 0.255, 197 * 0.255])


def test_the_line_search_says_nan_where_nothing_changes(linear):
    images = np.full((2, 4, 4, 3), 150, "float32")
    found = fgsm.line_search(
        fgsm.TargetModel(linear), {"image": images}, np.array([1, 1]), steps=10, most=20.0
    )
    assert np.isnan(found).all()


def test_pixels_out_of_range_are_refused(linear):
    images = np.full((2, 4, 4, 3), 300, "float32")
    with refused("images", "from 0 to 255"):
        fgsm.fgsm(fgsm.TargetModel(linear), {"image": images}, np.array([1, 1]), (1.0,))


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        ({"epsilons": ()}, ("epsilons", "growing", "()")),
        ({"epsilons": (2.0, 1.0)}, ("epsilons", "growing", "(2.0, 1.0)")),
        ({"epsilons": (-1.0, 2.0)}, ("epsilons", "growing", "(-1.0, 2.0)")),
        ({"epsilons": (1.0, 4.0)}, ("epsilon", ("epsilons", "(1.0, 4.0)"))),
        ({"search": "binary"}, ("search", ("'fixed'", "'line'"), "'binary'")),
    ],
)
def test_what_is_no_attack_is_refused(settings, facts):
    with refused(*facts):
        configs.Attack(**settings)


def test_only_one_module_imports_foolbox():
    from conftest import ROOT

    found = [
        path.name
        for path in (ROOT / "keras_attn").rglob("*.py")
        if any(line.startswith(("import foolbox", "from foolbox")) for line in path.open())
    ]
    assert found == ["fgsm.py"]
