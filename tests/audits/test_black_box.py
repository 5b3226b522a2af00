"""Decisions of which class scores alone are known: explained as those of the network itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused

import keras_attn as ka
from keras_attn.audits import Kind
from keras_attn.audits.function_maps import FunctionMaps
from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.audits.kinds import rise
from keras_attn.audits.saved_model_maps import SavedModelMaps

pytestmark = pytest.mark.slow

SIDE, CLASSES = 16, 3


@pytest.fixture(autouse=True)
def few_masks(monkeypatch):
    monkeypatch.setattr(rise, "MASKS", 20)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(5)
    image = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(image, keras.layers.Dense(CLASSES, activation="softmax", name="dense")(x))


@pytest.fixture
def images():
    return list(np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8))


def logits(network):
    """A function of arrays, as another framework's: what it does inside is not seen."""
    before = keras.Model(network.input, network.layers[-1].input)
    kernel, bias = network.layers[-1].get_weights()
    return lambda pixels: before.predict(pixels, verbose=0) @ kernel + bias


@pytest.mark.parametrize("explain", ["predicted", 1])
def test_a_function_of_scores_is_explained_as_the_network(network, images, explain):
    options = {"kinds": ["occlusion", "rise"], "explain": explain}
    found = FunctionMaps(logits(network), **options)(images, None)
    own = KerasMaps(network, **options)(images, None)
    assert set(found) == set(own) == {("input", "occlusion"), ("input", "rise")}
    for key, maps in own.items():
        np.testing.assert_allclose(np.stack(found[key]), maps, rtol=1e-3, atol=1e-4)


def test_a_saved_model_is_explained_before_its_softmax(network, images, tmp_path):
    network.export(tmp_path / "saved", verbose=False)
    options = {"kinds": ["activation", "occlusion"], "explain": 2}
    source = SavedModelMaps(tmp_path / "saved", ["conv"], **options)
    found, own = source(images, None), KerasMaps(network, ["conv"], **options)(images, None)
    assert set(found) == set(own) and "class 2" in source.describe()
    for key, maps in own.items():
        np.testing.assert_allclose(np.stack(found[key]), maps, rtol=1e-3, atol=1e-4)


def test_pictures_of_several_sizes_are_explained_each_at_its_own(images):
    def brightness(pixels):
        return np.stack([pixels.mean(axis=(1, 2, 3)), np.zeros(len(pixels))], axis=1)

    pictures = [images[0], np.zeros((20, 30, 3), np.uint8), images[1]]
    found = FunctionMaps(brightness, kinds=["occlusion"], explain=0)(pictures, None)
    assert [m.shape for m in found["input", "occlusion"]] == [(16, 16), (20, 30), (16, 16)]
    # Grey makes the black picture brighter by the share that is hidden.
    np.testing.assert_allclose(found["input", "occlusion"][1], -127.5 * 3 * 4 / 600, rtol=1e-4)


def test_a_kind_of_ones_own_explains_a_function(images):
    def darkest(model, pixels, targets):
        scores = tf.gather(model(255 - pixels), targets, axis=1, batch_dims=1)
        return pixels[..., 0] * 0 + scores[:, None, None]

    def score(pixels):
        return pixels.mean(axis=(1, 2))

    found = FunctionMaps(score, kinds=[Kind("darkest", darkest)], explain=2)(images, None)
    expected = [255 - image[..., 2].mean() for image in images]
    np.testing.assert_allclose([m[0, 0] for m in found["input", "darkest"]], expected, rtol=1e-5)


def test_true_classes_are_those_of_the_data(network, tmp_path):
    data = ka.datasets.miniature("cub_vwsw", images=9, root=tmp_path / "birds")
    most = max(one.label for one in data)

    def scores(pixels):
        return np.eye(most + 1)[np.zeros(len(pixels), int)] * pixels.mean()

    options = {"kinds": ["occlusion"], "explain": "true", "progress": False}
    assert ka.audit(scores, data, **options).rows["s_auc"].notna().any()
    with refused("explain", "which has 2", "a true class"):
        ka.audit(lambda pixels: pixels.mean(axis=(1, 2))[:, :1] * 0, data, **options)


def test_what_has_no_scores_is_refused(images, network, tmp_path):
    with refused("returned", "class scores (3, classes)", "(3, 16, 16)"):
        FunctionMaps(lambda pixels: pixels[..., 0], kinds=["occlusion"])(images, None)
    with refused("class scores", "finite", "3 NaN"):
        FunctionMaps(lambda pixels: pixels[:, 0, 0] * np.nan, kinds=["rise"])(images[:1], None)
    with refused("grad_cam", ("occlusion", "rise"), "class scores alone"):
        FunctionMaps(lambda pixels: pixels[:, 0, 0], kinds=["grad_cam"])
    with refused("explain", "a class from 0 to 2", "7"):
        FunctionMaps(lambda pixels: pixels[:, 0, 0], kinds=["rise"], explain=7)(images, None)
    network.export(tmp_path / "saved", verbose=False)
    with refused("output", "output_0", "heads"):
        SavedModelMaps(tmp_path / "saved", kinds=["rise"], output="heads")
    with refused("explain", "kinds", "1"):
        SavedModelMaps(tmp_path / "saved", explain=1)
