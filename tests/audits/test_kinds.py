"""Kinds of maps against what they come to by hand, on networks that are simple enough for that."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.audits.kinds import chosen, integrated_gradients, occlusion, rise, score_cam
from keras_attn.registries import KINDS

SIDE, CLASSES = 16, 3
OF_PIXELS = ("gradient_times_input", "integrated_gradients", "smooth_grad")
OF_LAYERS = ("grad_cam_plus_plus", "layer_cam", "score_cam")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def few_masks(monkeypatch):
    monkeypatch.setattr(rise, "MASKS", 100)


@pytest.fixture
def linear(rng):
    """A network whose scores are Σ w x + b, and w."""
    weights = rng.normal(size=(SIDE, SIDE, 3, CLASSES)).astype(np.float32)
    image = keras.Input((SIDE, SIDE, 3))
    dense = keras.layers.Dense(CLASSES)
    model = keras.Model(image, dense(keras.layers.Flatten()(image)))
    dense.set_weights([weights.reshape(-1, CLASSES), np.float32([1, 2, 3])])
    return model, weights


@pytest.fixture
def pooled(rng):
    """A network of one convolution whose channels are averaged, with negative weights too."""
    keras.utils.set_random_seed(1)
    image = keras.Input((SIDE, SIDE, 3))
    features = keras.layers.Conv2D(5, 3, activation="relu", padding="same", name="conv")(image)
    mean = keras.layers.GlobalAveragePooling2D()(features)
    return keras.Model(image, keras.layers.Dense(CLASSES)(mean))


def maps(model, images, kind, explain=1, **options):
    source = KerasMaps(model, kinds=[kind], explain=explain, **options)
    found = source(list(images), [None] * len(images))
    ((_, values),) = found.items()
    return np.stack(values), source


@pytest.mark.parametrize("kind", ["gradient_times_input", "integrated_gradients"])
def test_what_pixels_add_to_a_linear_score_is_weight_by_pixel(linear, images, kind):
    model, weights = linear
    expected = np.abs((weights[..., 1] * images.astype(np.float32)).sum(axis=-1))
    found, source = maps(model, images, kind)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-2)
    assert not [note for note in source.notes() if kind in note]


def test_the_slopes_of_a_linear_score_are_not_changed_by_noise(linear, images):
    model, weights = linear
    found, _ = maps(model, images, "smooth_grad")
    slopes = np.abs(weights[..., 1]).max(axis=-1)
    np.testing.assert_allclose(found, np.broadcast_to(slopes, found.shape), rtol=1e-5)


def test_smooth_grad_is_the_mean_slope_of_a_square():
    """Of Σ x² it is 2 x and twice the mean of the noise, which goes to 0."""
    image = keras.Input((SIDE, SIDE, 3))
    square = keras.layers.Lambda(lambda x: keras.ops.sum(x**2, axis=(1, 2, 3))[:, None])(image)
    model = keras.Model(image, keras.layers.Dense(2, use_bias=False)(square))
    model.layers[-1].set_weights([np.float32([[1, -1]])])
    ramp = np.linspace(0, 255, SIDE * SIDE * 3).astype(np.uint8).reshape(1, SIDE, SIDE, 3)
    found, _ = maps(model, ramp, "smooth_grad", explain=0)
    noise = 2 * 0.15 * 255 / np.sqrt(25)
    assert np.abs(found - 2.0 * ramp.max(axis=-1)).max() < 5 * noise
    assert np.abs(found - 2.0 * ramp.max(axis=-1)).mean() > noise / 10


def test_the_sum_of_integrated_gradients_is_the_difference_of_scores(pooled, images):
    """Completeness, on a network with kinks."""
    pixels, targets = tf.constant(images, tf.float32), tf.constant([0, 1, 2, 1])
    model = KerasMaps(pooled).pixel_model
    added = integrated_gradients.IntegratedGradients().added(model, pixels, targets)
    whole = tf.gather(model(pixels) - model(0 * pixels), targets, axis=1, batch_dims=1)
    np.testing.assert_allclose(tf.reduce_sum(added, (1, 2, 3)), whole, rtol=0.02, atol=0.02)


def test_a_sum_that_is_too_far_off_is_told():
    """A score that jumps has no slope at all."""
    image = keras.Input((SIDE, SIDE, 3))
    jump = keras.layers.Lambda(
        lambda x: keras.ops.sign(keras.ops.mean(x, axis=(1, 2, 3))[:, None] - 100) + 0 * x[:, 0, 0]
    )(image)
    model = keras.Model(image, keras.layers.Dense(2)(jump))
    light = np.full((1, SIDE, SIDE, 3), 200, np.uint8)
    _, source = maps(model, light, "integrated_gradients", explain=0)
    (note,) = [note for note in source.notes() if "integrated_gradients" in note]
    assert "1 of 1 pictures" in note and "100%" in note


def test_a_score_falls_by_what_a_window_takes_from_it(linear, images):
    model, weights = linear
    found, _ = maps(model, images, "occlusion")
    taken = (weights[..., 1] * (images.astype(np.float32) - 127.5)).sum(axis=-1)
    total, seen = np.zeros_like(taken), np.zeros(taken.shape[1:])
    for y, x in np.ndindex(SIDE - 1, SIDE - 1):
        part = (..., slice(y, y + 2), slice(x, x + 2))
        total[part] += taken[part].sum(axis=(1, 2), keepdims=True)
        seen[part] += 1
    np.testing.assert_allclose(found, total / seen, rtol=1e-3, atol=0.3)


@pytest.mark.parametrize("side", [1, 7, 8, 9, 16, 33, 100])
def test_windows_cover_every_pixel(side):
    rows = np.stack(list(occlusion.windows(side)))
    assert rows.any(axis=0).all() and len({row.sum() for row in rows}) == 1


def test_rise_is_the_mean_of_its_masks_weighted_by_the_class(linear, images):
    model, _ = linear
    found, _ = maps(model, images, "rise")
    masks = rise.drawn(rise.MASKS, (SIDE, SIDE))
    assert 0.45 < masks.mean() < 0.55 and masks.min() >= 0 and masks.max() <= 1
    shown = images[:, None].astype(np.float32) * masks[..., None]
    shares = tf.nn.softmax(model.predict(shown.reshape(-1, SIDE, SIDE, 3), verbose=0))
    shares = np.asarray(shares)[:, 1].reshape(4, -1)
    expected = np.einsum("nm,mhw->nhw", shares, masks) / (len(masks) * 0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def parts(model, images):
    """Features, and the weights of the class over the positions: the slope of each channel."""
    features = keras.Model(model.input, model.get_layer("conv").output)
    weights = model.layers[-1].get_weights()[0][:, 1]
    return features.predict(images.astype(np.float32), verbose=0), weights


def test_layer_cam_takes_channels_that_speak_for_the_class(pooled, images):
    features, weights = parts(pooled, images)
    assert (weights < 0).any()
    slopes = np.maximum(weights, 0) / features[0, ..., 0].size
    found, _ = maps(pooled, images, "layer_cam")
    np.testing.assert_allclose(found, features @ slopes, rtol=1e-4, atol=1e-5)


def test_grad_cam_plus_plus_weighs_positions_by_its_equation(pooled, images):
    features, weights = parts(pooled, images)
    slopes = np.broadcast_to(weights / features[0, ..., 0].size, features.shape).astype(float)
    sums = features.sum(axis=(1, 2), keepdims=True)
    alphas = slopes**2 / (2 * slopes**2 + sums * slopes**3)
    own = (alphas * np.maximum(slopes, 0)).sum(axis=(1, 2))
    expected = np.maximum(np.einsum("nhwc,nc->nhw", features, own), 0)
    found, _ = maps(pooled, images, "grad_cam_plus_plus")
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_score_cam_weighs_channels_by_what_the_class_gets_under_them(pooled, images):
    features, _ = parts(pooled, images)
    low, high = features.min(axis=(1, 2), keepdims=True), features.max(axis=(1, 2), keepdims=True)
    masks = np.divide(features - low, high - low, out=np.zeros_like(features), where=high > low)
    scores = [
        pooled.predict(images * masks[..., place, None], verbose=0)[:, 1]
        for place in range(features.shape[-1])
    ]
    weights = np.asarray(tf.nn.softmax(np.stack(scores, axis=1)))
    expected = np.maximum(np.einsum("nhwc,nc->nhw", features, weights), 0)
    found, _ = maps(pooled, images, "score_cam")
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3])
def test_a_flat_channel_shows_nothing_of_the_picture(value):
    """Enlarging adds no differences that would be stretched from 0 to 1."""
    enlarged = tf.image.resize(tf.fill((1, 7, 5, 1), value), (SIDE, SIDE))
    assert not score_cam._from_0_to_1(enlarged).numpy().any()


def test_score_cam_of_many_channels_is_that_of_the_strongest(pooled, images, monkeypatch):
    features, _ = parts(pooled, images)
    monkeypatch.setattr(score_cam, "MOST", 1)
    found, _ = maps(pooled, images, "score_cam")
    strongest = (features**2).mean(axis=(1, 2)).argmax(axis=1)
    expected = np.take_along_axis(features, strongest[:, None, None, None], axis=3)[..., 0]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*OF_PIXELS, *OF_LAYERS, "occlusion", "rise"])
def test_a_picture_has_the_same_map_alone_as_beside_others(pooled, images, kind):
    """As it is predicted, too, and whatever the size of a batch."""
    together, _ = maps(pooled, images, kind, explain="predicted")
    alone, _ = maps(pooled, images[2:3], kind, explain="predicted")
    np.testing.assert_allclose(alone[0], together[2], rtol=2e-3, atol=2e-3 * np.abs(together).max())


def test_those_that_take_long_are_asked_for():
    added = {*OF_PIXELS, *OF_LAYERS, "occlusion", "rise"}
    assert added <= set(KINDS)
    assert not any(kind.by_default for kind in chosen(sorted(added)))


# --- many calls as one graph --------------------------------------------------------------------


def test_calls_as_a_graph_are_those_without_for_any_batch_and_see_other_weights():
    images = keras.Input((12, 12, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu")(images)
    x = keras.layers.Flatten()(keras.layers.BatchNormalization()(x))
    network = keras.Model(images, keras.layers.Dense(3, activation="softmax")(x))
    model = KerasMaps(network).pixel_model
    pixels = np.random.default_rng(0).uniform(0, 255, (5, 12, 12, 3)).astype(np.float32)
    for _ in range(2):
        with model.as_graph():
            graph = model._graph_of(tf.constant(pixels))
            found = [model(pixels), model(pixels[:2])]
        assert graph is not None
        np.testing.assert_allclose(found[0], model(pixels), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found[1], model(pixels[:2]), rtol=1e-4, atol=1e-4)
        network.set_weights([2 * one for one in network.get_weights()])


def test_a_network_of_python_code_is_asked_without_a_graph():
    class Python(keras.layers.Layer):
        def call(self, x):
            if tf.inside_function():
                raise RuntimeError("as Python alone")
            return tf.constant(x.numpy().mean(axis=(1, 2)))

        def compute_output_shape(self, shape):
            return shape[0], shape[-1]

    class Network(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = Python()

        def call(self, x):
            return self.inner(x)

    network = Network()
    network(np.zeros((1, 8, 8, 3), np.float32))
    model = KerasMaps(network, size=8).pixel_model
    pixels = tf.ones((2, 8, 8, 3))
    with model.as_graph():
        found = model(pixels)
    np.testing.assert_array_equal(found, np.ones((2, 3)))
