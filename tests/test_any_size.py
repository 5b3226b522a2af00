"""Networks of free image size: an export returns what Keras does for each size, or is one error."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused
from keras import layers, ops

import keras_attn as ka
from keras_attn.exports import any_size

pytestmark = pytest.mark.slow

SIZES = ((32, 40), (61, 47), (20, 90))


def network(layer, name="mine"):
    """A map of whatever size: a convolution, and what is asked about."""
    image = keras.Input((None, None, 3), name="image")
    maps = layers.Conv2D(1, 3, padding="same")(layers.Rescaling(1 / 255)(image))
    return keras.Model(image, layer(maps), name=name)


def channels_first(layer):
    """The layer between two that bring the channels to the front and back."""
    return keras.Sequential([layers.Permute((3, 1, 2)), layer, layers.Permute((2, 3, 1))])


def up(interpolation="bilinear", size=2, **options):
    return layers.UpSampling2D(size, interpolation=interpolation, **options)


def nested(maps):
    inner = keras.Input((None, None, 1))
    return keras.Model(inner, up()(layers.ReLU()(inner)), name="inner")(maps)


def shared(maps):
    layer = up()
    return layer(layer(maps))


def over_time(maps):
    clips = layers.TimeDistributed(up())(ops.expand_dims(maps, 1))
    return ops.squeeze(clips, 1)


TAKE_ANY_SIZE = {
    "nearest": lambda: up("nearest"),
    "bilinear": lambda: up(),
    "bicubic": lambda: up("bicubic", (2, 3)),
    "lanczos3": lambda: up("lanczos3", (2, 1)),
    "lanczos5": lambda: up("lanczos5", (1, 2)),
    "channels first": lambda: channels_first(up(size=(2, 3), data_format="channels_first")),
    "nested": lambda: nested,
    "shared": lambda: shared,
    "over time": lambda: over_time,
    "sequential": lambda: keras.Sequential([up(), layers.Conv2D(1, 3)]),
    "resizing operation": lambda: lambda maps: ops.image.resize(maps, (16, 24)),
    "cropping": lambda: layers.Cropping2D(3),
    "transposed": lambda: layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
    "pooled": lambda: lambda maps: maps * layers.GlobalAveragePooling2D(keepdims=True)(maps),
    "lambda": lambda: layers.Lambda(lambda maps: tf.image.resize(maps, tf.shape(maps)[1:3] * 2)),
}


CROP = {
    "crop": lambda: layers.CenterCrop(24, 45),
    "crop, channels first": lambda: channels_first(
        layers.CenterCrop(24, 45, data_format="channels_first")
    ),
    "resizing": lambda: layers.Resizing(16, 24, crop_to_aspect_ratio=True),
}


@pytest.mark.parametrize("name", CROP)
def test_classes_that_are_told_by_a_crop_are_those_of_keras_for_each_size(name, tmp_path):
    def told(maps):
        return layers.Dense(3)(layers.Flatten()(layers.Resizing(4, 4)(CROP[name]()(maps))))

    model = network(told)
    served = tf.saved_model.load(str(ka.export(model, tmp_path / "out")))
    for size in SIZES:
        images = np.random.default_rng(0).uniform(0, 255, (2, *size, 3)).astype("float32")
        wanted = model(images, training=False)
        np.testing.assert_allclose(served.serve(images)["logits"], wanted, atol=1e-4)


@pytest.mark.parametrize("name", CROP)
def test_maps_of_a_crop_are_not_exported_as_those_of_the_picture(name, tmp_path):
    size = (40, 80)
    with refused("output saliency of model 'mine'", "whole picture", "columns from"):
        ka.export(network(CROP[name]()), tmp_path / "out", size=size)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", TAKE_ANY_SIZE)
def test_an_export_of_free_size_returns_what_keras_does_for_each(name, tmp_path):
    model = network(TAKE_ANY_SIZE[name]())
    served = tf.saved_model.load(str(ka.export(model, tmp_path / "out")))
    assert not [layer for layer in model._flatten_layers() if "call" in vars(layer)]
    for size in SIZES:
        images = np.random.default_rng(0).uniform(0, 255, (2, *size, 3)).astype("float32")
        wanted = tf.image.resize(model(images, training=False), size)
        found = served.serve(images)["saliency"]
        np.testing.assert_allclose(found, wanted, atol=1e-5 * max(1, np.abs(wanted).max()))


class Branching(layers.Layer):
    """Returns something else where it does not know the size."""

    def call(self, maps):
        return maps if maps.shape[1] is None else maps + 1


class Calling(layers.Layer):
    """Works in NumPy."""

    def call(self, maps):
        return tf.ensure_shape(tf.numpy_function(np.negative, [maps], tf.float32), maps.shape)

    def compute_output_spec(self, maps):
        return keras.KerasTensor(maps.shape)


class Holding(layers.Layer):
    """Uses a variable that Keras knows nothing of."""

    def __init__(self):
        super().__init__()
        vars(self)["scale"] = {"hidden": tf.Variable(2.0)}

    def call(self, maps):
        return maps * vars(self)["scale"]["hidden"]


class Deciding(layers.Layer):
    """Decides in Python on a value."""

    def call(self, maps):
        return maps if tf.reduce_mean(maps) > 0 else -maps

    def compute_output_spec(self, maps):
        return keras.KerasTensor(maps.shape)


class Unknown(layers.Layer):
    """Returns maps of which TensorFlow knows no shape."""

    def call(self, maps):
        return tf.reshape(maps, tf.concat([tf.shape(maps)[:3], [-1]], 0))

    def compute_output_spec(self, maps):
        return keras.KerasTensor(maps.shape)


def in_a_model(maps):
    inner = keras.Input((None, None, 1))
    return keras.Model(inner, Deciding(name="own")(inner), name="inner")(maps)


ADVICE = r"build it for one, with keras\.Input\(\(H, W, 3\)\)"
REFUSED = {
    "adaptive": (
        lambda: layers.AdaptiveAveragePooling2D(4, name="four"),
        ("layer 'four' of model 'mine'", "keras.Input((H, W, 3))", "statically known"),
    ),
    "random crop": (
        lambda: layers.RandomCrop(9, 9, name="nine"),
        ("layer 'nine' of model 'mine'", "keras.Input((H, W, 3))"),
    ),
    "resizing by Keras": (
        lambda: layers.Lambda(
            lambda maps: ops.image.resize(maps, [2 * n for n in ops.shape(maps)[1:3]]),
            output_shape=lambda shape: (shape[0], None, None, shape[3]),
            name="twice",
        ),
        ("layer 'twice' of model 'mine'", "keras.Input((H, W, 3))", "not allowed"),
    ),
    "in a model": (
        lambda: in_a_model,
        ("layer 'inner/own' of model 'mine'", "keras.Input((H, W, 3))"),
    ),
    "branching": (Branching, ("model 'mine'", "any size", ("Keras", "saliency", "64×96"))),
    "calling": (Calling, ("model 'mine'", "Python", "PyFunc)")),
    "holding": (Holding, ("model 'mine'", "Python", "untracked")),
    "unknown": (Unknown, ("saliency of model 'mine'", "channels")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_graph_of_any_size_can_stand_for_is_one_error_and_leaves_nothing(name, tmp_path):
    make, facts = REFUSED[name]
    layer = make()
    with refused(*facts) as caught:
        ka.export(network(layer), tmp_path / "out")
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
    assert not list(tmp_path.iterdir())
    assert not isinstance(layer, layers.Layer) or "call" not in vars(layer)


def test_a_layer_of_ones_own_call_keeps_it(tmp_path):
    """By a subclass, and on the instance, as whoever looks into a network does."""

    class Twice(layers.UpSampling2D):
        def call(self, maps):
            return tf.repeat(tf.repeat(maps, 2, 1), 2, 2) + 1

    watched = up("nearest")
    vars(watched)["call"] = call = lambda maps: tf.repeat(tf.repeat(maps, 2, 1), 2, 2) - 1
    for layer in (Twice(interpolation="bilinear"), watched):
        model = network(layer)
        images = np.full((1, 9, 8, 3), 99, np.float32)
        served = tf.saved_model.load(str(ka.export(model, tmp_path / "out", overwrite=True)))
        wanted = tf.image.resize(model(images), (9, 8))
        np.testing.assert_allclose(served.serve(images)["saliency"], wanted, atol=1e-5)
    assert vars(watched)["call"] is call


def test_a_network_that_draws_at_random_is_exported(tmp_path):
    """No two calls are alike, which says nothing against its graph."""

    class Noise(layers.Layer):
        def __init__(self):
            super().__init__()
            self.seed = keras.random.SeedGenerator(1)

        def call(self, maps):
            return maps + keras.random.normal((1, 1, 1, 1), seed=self.seed)

    served = tf.saved_model.load(str(ka.export(network(Noise()), tmp_path / "out")))
    one, other = (served.serve(np.ones((1, 8, 8, 3), np.float32))["saliency"] for _ in range(2))
    assert np.ptp(one - other) < 1e-5 < np.abs(one - other).max()


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter")
def test_tflite_of_free_size_returns_the_same_or_says_what_it_lacks(tmp_path):
    model = network(up())
    out = ka.export(model, tmp_path / "out", tflite=True)
    runner = tf.lite.Interpreter(str(out / "model.tflite")).get_signature_runner()
    images = np.random.default_rng(0).uniform(0, 255, (1, 30, 50, 3)).astype("float32")
    wanted = tf.image.resize(model(images), (30, 50))
    np.testing.assert_allclose(runner(image=images)["saliency"], wanted, atol=1e-4)
    with refused("model 'mine'", "TFLite", "ResizeBicubic"):
        ka.export(network(up("bicubic")), tmp_path / "other", tflite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_values_that_are_no_numbers_are_alike_where_both_are():
    one = np.array([1.0, np.nan])
    assert any_size._alike(one, one.copy())
    assert not any_size._alike(one, np.array([1.0, 2.0]))
    assert not any_size._alike(np.zeros((1, 2)), np.zeros((2, 1)))
