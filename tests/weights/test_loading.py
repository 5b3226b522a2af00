"""Weight files of Keras: all of one goes in, or one error says what does not fit."""

import keras
import numpy as np
import pytest
from conftest import real, refused
from legacy_files import write_legacy

from keras_attn import models, weights
from keras_attn.weights.layouts import read_legacy_h5


@pytest.fixture
def small():
    return models.vgg16((32, 32, 3), width=0.1)


def layers_of(model):
    return {layer.name: layer.get_weights() for layer in model.layers}


@pytest.mark.parametrize("as_bytes", [True, False])
@pytest.mark.parametrize("root", [None, "model_weights"])
def test_every_weight_of_a_file_arrives(tmp_path, small, root, as_bytes):
    path = write_legacy(tmp_path / "w.h5", layers_of(small), root, as_bytes)
    other = models.vgg16((32, 32, 3), width=0.1)
    loaded = weights.load(other, path)
    assert len(loaded.layers) == 13 and (loaded.layout, loaded.skipped) == ("legacy", ())
    for mine, its in zip(small.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_what_does_not_fit_is_listed_and_nothing_is_changed(tmp_path, small):
    stored = layers_of(small)
    del stored["block2_conv1"]
    stored["fc1"] = [np.ones((2, 3))]
    stored["block1_conv1"][0] = np.ones((3, 3, 3, 9))
    path = write_legacy(tmp_path / "w.h5", stored)
    other = models.vgg16((32, 32, 3), width=0.1)
    before = other.get_weights()
    shapes = "block1_conv1 3×3×3×9, 8 for 3×3×3×8, 8"
    facts = ("missing: block2_conv1", "superfluous: fc1", shapes)
    with refused(str(path), received=facts):
        weights.load(other, path)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    del stored["block1_conv1"]
    path = write_legacy(tmp_path / "w2.h5", stored)
    skip = ("fc1", "block2_conv1", "block1_conv1", "fc2")
    loaded = weights.load(other, path, skip=skip)
    assert len(loaded.layers) == 11 and loaded.skipped == skip[:3]


@pytest.mark.slow
def test_a_file_of_another_architecture_is_refused(tmp_path, small):
    path = write_legacy(tmp_path / "vgg.h5", layers_of(small))
    with refused(expected="'resnet50'", received="missing: conv1_conv"):
        weights.load(models.resnet50(width=0.1), path)


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (None, "no such file"),
        (b"this is text\n", "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_what_is_no_weight_file_is_one_clear_error(tmp_path, content, received):
    path = tmp_path / "weights.h5"
    if content is not None:
        path.write_bytes(content)
    with refused("weights.h5", "Keras", received):
        read_legacy_h5(path)


def test_a_truncated_file_and_a_file_of_another_layout_are_refused(tmp_path, small):
    path = write_legacy(tmp_path / "w.h5", layers_of(small))
    path.write_bytes(path.read_bytes()[:-5000])
    with refused("w.h5", received="cannot be read"):
        read_legacy_h5(path)
    small.save_weights(tmp_path / "new.weights.h5")
    with refused("new.weights.h5", "`layer_names`", "HDF5 with"):
        read_legacy_h5(tmp_path / "new.weights.h5")
    with refused(str(tmp_path), "`layer_names`", "folder"):
        read_legacy_h5(tmp_path)


def test_the_published_vgg16_file_has_thirteen_layers():
    stored = read_legacy_h5(real("weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"))
    assert len(stored) == 13
    assert stored["block1_conv1"][0].shape == (3, 3, 3, 64)


def composite():
    """A layer of layers whose weights are of one shape, so that their order alone tells them."""
    inputs = keras.Input((4, 4, 3))
    norms = [keras.layers.BatchNormalization(name=f"norm_{i}") for i in range(2)]
    inner = keras.Sequential([keras.Input((4, 4, 3)), *norms], name="inner")
    outputs = keras.layers.Conv2D(2, 1, name="out")(inner(inputs))
    return keras.Model(inputs, outputs, name="composite")


def filled(model):
    model.set_weights([np.full(w.shape, i) for i, w in enumerate(model.weights)])
    return model


@pytest.mark.slow
@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("name", ["whole.h5", "weights.weights.h5", "model.weights.h5"])
def test_layers_of_layers_arrive_in_their_own_order(tmp_path, name, trainable):
    """Keras writes a whole model's trained weights first, those of a frozen layer as they are."""
    model, path = filled(composite()), tmp_path / name
    model.get_layer("inner").trainable = trainable
    if name == "whole.h5":
        model.save(path)
    elif name == "weights.weights.h5":
        model.compile("adam", "mse")
        model.fit(np.zeros((1, 4, 4, 3)), np.zeros((1, 4, 4, 2)), verbose=0)
        filled(model).save_weights(path)
    else:
        weights.save(model, path, {})
    other = composite()
    assert weights.load(other, path).layers == ("inner", "out")
    assert [w.flat[0] for w in other.get_weights()] == list(range(len(model.weights)))


def test_of_a_file_of_keras_3_layers_are_skipped_and_found_by_name(tmp_path):
    """The same layers in another order, with one more, and a classifier of other classes."""
    layers = keras.layers

    def network(names, classes):
        x = inputs = keras.Input((5,))
        for name in names:
            x = layers.Dense(5, name=name)(x)
        return keras.Model(inputs, layers.Dense(classes, name="top")(x), name="net")

    trained = filled(network(("one", "two"), 3))
    trained.save_weights(path := tmp_path / "w.weights.h5")
    assert weights.shapes(path)["top"] == [(5, 3), (3,)]
    other = network(("two", "one", "three"), 7)
    kept = other.get_layer("top").get_weights()[0]
    facts = ("w.weights.h5", "'net'", ("missing: three;", "top 5×3, 3 for 5×7, 7"))
    with refused(*facts):
        weights.load(other, path)
    loaded = weights.load(other, path, skip=("top", "three", "absent"))
    assert set(loaded.layers) == {"one", "two"} and loaded.skipped == ("top", "three")
    assert other.get_layer("one").get_weights()[0][0, 0] == 0
    assert other.get_layer("two").get_weights()[0][0, 0] == 2
    np.testing.assert_array_equal(other.get_layer("top").get_weights()[0], kept)


def test_names_that_differ_load_by_order_if_asked_to_and_only_then(tmp_path, small):
    renamed = {f"layer_{i}": arrays for i, arrays in enumerate(layers_of(small).values()) if arrays}
    path = write_legacy(tmp_path / "w.h5", renamed)
    other = models.vgg16((32, 32, 3), width=0.1)
    with refused(received=("missing: block1_conv1", "superfluous: layer_")):
        weights.load(other, path)
    weights.load(other, path, by="order")
    for mine, its in zip(small.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)
    with refused("skip", "by='order'"):
        weights.load(other, path, by="order", skip="block1_conv1")
    with refused("by", ("'name'", "'order'")):
        weights.load(other, path, by="place")
    path = write_legacy(tmp_path / "fewer.h5", dict(list(renamed.items())[:-1]))
    with refused("fewer.h5", "13 layers", received="12"):
        weights.load(other, path, by="order")


def test_a_file_of_keras_3_loads_by_order_where_names_are_those_of_another_session(tmp_path):
    def network():
        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dense(1)])

    trained, other = filled(network()), network()
    trained.save_weights(path := tmp_path / "w.weights.h5")
    with refused(received="missing: dense_"):
        weights.load(other, path)
    weights.load(other, path, by="order")
    assert [w.flat[0] for w in other.get_weights()] == [0, 1, 2, 3]


def test_numbers_that_are_coded_as_others_are_refused(tmp_path):
    """Keras writes bfloat16 as integers, which would be read as large numbers."""

    def network(dtype):
        layers = [keras.Input((2,)), keras.layers.Dense(1, name="fc", dtype=dtype)]
        return keras.Sequential(layers)

    network("bfloat16").save_weights(path := tmp_path / "w.weights.h5")
    with refused(expected="layer 'fc'", received="bfloat16"):
        weights.load(network("float32"), path)
    assert weights.load(network("bfloat16"), path).layers == ("fc",)


def test_a_file_of_another_width_is_told_as_such(tmp_path):
    path = write_legacy(tmp_path / "w.h5", layers_of(models.vgg16((32, 32, 3), width=0.5)))
    with refused(received=("2 times", "width= (--model.width)")):
        weights.load(models.vgg16((32, 32, 3), width=0.25), path)


def test_layers_that_keras_numbers_on_go_by_their_order_where_that_is_asked_for(tmp_path):
    """The second network's dense layers are called as other ones of the first are."""

    def network():
        first = keras.layers.Dense(2)
        named = keras.layers.Dense(2, name="named")
        return keras.Sequential([keras.Input((2,)), first, named, keras.layers.Dense(2)])

    trained, other = filled(network()), network()
    trained.save_weights(keras_3 := tmp_path / "w.weights.h5")
    legacy = write_legacy(tmp_path / "w.h5", layers_of(trained))
    for path in (keras_3, legacy):
        other = network()
        with refused(path.name, "by='order'", "missing: dense_"):
            weights.load(other, path)
        weights.load(other, path, by="counted")
        assert [w.flat[0] for w in other.get_weights()] == [0, 1, 2, 3, 4, 5]
    fewer = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    with refused("w.weights.h5", received="superfluous: dense"):
        weights.load(fewer, keras_3, by="counted")
