"""A network with NaN among its weights is refused through every door, whatever it returns."""

import keras
import numpy as np
import pytest
from conftest import refused

import keras_attn as ka
from keras_attn.loading import opening


@pytest.fixture
def spoilt():
    """A network that hides NaN: the maximum of its scores is a number."""
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv", activation="relu")(image)
    x = keras.layers.GlobalMaxPooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(2)(x))
    kernel, bias = model.get_layer("conv").get_weights()
    kernel[0, 0, 0, 1] = np.nan
    model.get_layer("conv").set_weights([kernel, bias])
    return model


@pytest.mark.parametrize("name", ["net.keras", "net.h5"])
def test_of_a_file(spoilt, tmp_path, name):
    spoilt.save(tmp_path / name)
    with refused(name, "numbers", ("1 of 108", "conv")):
        opening.keras_network(tmp_path / name, "evaluate")


@pytest.mark.parametrize("name", ["few.weights.h5", "few.h5"])
def test_of_a_weight_file(spoilt, tmp_path, name):
    if name == "few.h5":
        by_layer = {layer.name: layer.get_weights() for layer in spoilt.layers if layer.weights}
        ka.weights.layouts.write_legacy_h5(tmp_path / name, by_layer)
    else:
        spoilt.save_weights(tmp_path / name)
    with refused(name, "numbers", "conv"):
        ka.weights.load(spoilt, tmp_path / name)


def test_in_memory(spoilt):
    with refused("model", "numbers", "conv"):
        opening.keras_network(spoilt, "audit")


def test_infinite_weights_may_be_a_mask():
    layer = keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((3,)), layer])
    layer.set_weights([np.full((3, 2), -np.inf), np.zeros(2)])
    assert opening.keras_network(model, "evaluate").model is model
