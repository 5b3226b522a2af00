"""Every layer of the package under one check, and what each refuses."""

import re

import keras
import numpy as np
import pytest
from conftest import check_layer, refused

from keras_attn import layers
from keras_attn.models.backbones.alexnet import GroupedConv2D, LocalResponseNormalization
from keras_attn.models.common import CaffePreprocessing


def clip(rng, *shape):
    return rng.normal(size=shape).astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("frames", [(), (3,)])
def test_spatial_softmax(rng, frames):
    check_layer(
        lambda policy: layers.SpatialSoftmax(dtype=policy),
        clip(rng, 2, *frames, 5, 6, 1),
        output_shape=(2, *frames, 5, 6, 1),
        weights=0,
        trainable=0,
    )


@pytest.mark.slow
@pytest.mark.parametrize("normalise", ["softmax", "sigmoid"])
@pytest.mark.parametrize("frames", [(), (3,)])
def test_attention_module(rng, frames, normalise):
    """Two convolutions with bias and a BatchNormalization: 8 variables, 6 of which learn."""
    check_layer(
        lambda policy: layers.AttentionModule(normalise=normalise, momentum=0.9, dtype=policy),
        clip(rng, 2, *frames, 5, 6, 7),
        output_shape=(2, *frames, 5, 6, 1),
        weights=8,
        trainable=6,
    )


def test_only_convolutions_over_two_frames_leave_bfloat16(rng):
    of = layers.convolution_policy
    assert of((None, 2, 7, 7, 8), "mixed_bfloat16").name == "float32"
    assert of((None, 3, 7, 7, 8), "mixed_bfloat16").name == "mixed_bfloat16"
    assert of((None, 2, 7, 8), "mixed_bfloat16").name == "mixed_bfloat16"
    assert of((None, 2, 7, 7, 8), "mixed_float16").name == "mixed_float16"
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert of((None, 2, 7, 7, 8)).name == "float32"
    module = layers.AttentionModule()
    module(clip(rng, 1, 2, 4, 4, 6))
    assert module.conv.compute_dtype == "float32" and module.norm.compute_dtype == "bfloat16"


@pytest.mark.slow
@pytest.mark.parametrize("normalise", ["softmax", "sigmoid"])
def test_early_attention(rng, normalise):
    """One weight for each channel, and no bias."""
    check_layer(
        lambda policy: layers.EarlyAttention(normalise=normalise, dtype=policy),
        clip(rng, 2, 3, 5, 6, 7),
        output_shape=(2, 3, 5, 6, 1),
        weights=1,
        trainable=1,
    )


@pytest.mark.slow
def test_frame_sum(rng):
    gaze = np.abs(clip(rng, 2, 6, 5, 4, 1))
    check_layer(
        lambda policy: layers.FrameSum(2, dtype=policy),
        gaze,
        output_shape=(2, 2, 5, 4, 1),
        weights=0,
        trainable=0,
    )
    expected = np.stack([gaze[:, :3].sum(axis=1), gaze[:, 3:].sum(axis=1)], axis=1)
    np.testing.assert_allclose(layers.FrameSum(2)(gaze), expected, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("frames", [(), (3,)])
def test_activation_attention(rng, frames):
    for p in (1, 2, 3.5):
        check_layer(
            lambda policy, p=p: layers.ActivationAttention(p=p, dtype=policy),
            clip(rng, 2, *frames, 5, 6, 7),
            output_shape=(2, *frames, 5, 6, 1),
            weights=0,
            trainable=0,
        )


@pytest.mark.slow
@pytest.mark.parametrize("size", [(5, 6), (20, 30)])
@pytest.mark.parametrize("frames", [(), (3,)])
def test_gaze_attention(rng, frames, size):
    gaze = np.abs(clip(rng, 2, *frames, *size, 1))
    check_layer(
        lambda policy: layers.GazeAttention(dtype=policy),
        [gaze, clip(rng, 2, *frames, 5, 6, 7)],
        output_shape=(2, *frames, 5, 6, 1),
        weights=0,
        trainable=0,
    )


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["map", "positions", "mean"])
@pytest.mark.parametrize("frames", [(), (3,)])
def test_glimpse(rng, frames, scale):
    check_layer(
        lambda policy: layers.Glimpse(scale=scale, dtype=policy),
        [clip(rng, 2, *frames, 5, 6, 7), np.abs(clip(rng, 2, *frames, 5, 6, 1))],
        output_shape=(2, *frames, 5, 6, 7),
        weights=0,
        trainable=0,
    )


@pytest.mark.slow
def test_grouped_convolution(rng):
    check_layer(
        lambda policy: GroupedConv2D(8, 3, dtype=policy),
        clip(rng, 2, 5, 6, 4),
        output_shape=(2, 5, 6, 8),
        weights=2,
        trainable=2,
    )


@pytest.mark.slow
def test_local_response_normalization(rng):
    check_layer(
        lambda policy: LocalResponseNormalization(dtype=policy),
        clip(rng, 2, 5, 6, 7),
        output_shape=(2, 5, 6, 7),
        weights=0,
        trainable=0,
    )


@pytest.mark.slow
def test_caffe_preprocessing(rng):
    check_layer(
        lambda policy: CaffePreprocessing(dtype=policy),
        255 * np.abs(clip(rng, 2, 5, 6, 3)),
        output_shape=(2, 5, 6, 3),
        weights=0,
        trainable=0,
    )


def test_the_module_has_half_the_channels_rounded_down(rng):
    module = layers.AttentionModule()
    module(clip(rng, 1, 4, 4, 7))
    assert module.conv.kernel.shape == (3, 3, 7, 3)
    assert module.logits.kernel.shape == (1, 1, 3, 1)
    parameters = (3 * 3 * 7 * 3 + 3) + 4 * 3 + (3 + 1)
    assert module.count_params() == parameters


def test_early_attention_has_mean_0_and_variance_1_over_a_whole_clip(rng):
    features = clip(rng, 2, 3, 5, 6, 7)
    features[:, 1] += 2
    attention, logits = layers.EarlyAttention()(features)
    mean = features.mean(axis=-1, keepdims=True)
    axes = (1, 2, 3, 4)
    expected = (mean - mean.mean(axes, keepdims=True)) / mean.std(axes, keepdims=True)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-4)
    # The frame that moves more than the others is seen more, which a norm by frame would hide.
    assert np.mean(attention[:, 1]) > 0.7 > 0.4 > np.mean(attention[:, 0])


def test_early_attention_of_a_still_clip_is_even_and_its_gradient_finite():
    """Where flow is constant only rounding is left to normalise."""
    tf = pytest.importorskip("tensorflow")
    layer = layers.EarlyAttention()
    features = tf.fill((1, 16, 56, 56, 64), 12.3456)
    with tf.GradientTape() as tape:
        attention, _ = layer(features)
        loss = tf.reduce_sum(attention**2)
    np.testing.assert_allclose(attention, 0.5, atol=0.01)
    assert np.isfinite(tape.gradient(loss, layer.kernel)).all()


def test_clips_are_normalised_frame_by_frame(rng):
    logits = clip(rng, 2, 3, 5, 6, 1)
    together = np.asarray(layers.SpatialSoftmax()(logits))
    apart = np.stack([layers.SpatialSoftmax()(logits[:, t]) for t in range(3)], axis=1)
    np.testing.assert_allclose(together, apart, rtol=1e-6)


def test_the_softmax_of_a_large_map_is_exact_under_float16(rng):
    """Of 10,000 positions each holds 1e-4, which float16 would round to 3 digits."""
    softmax = layers.SpatialSoftmax(dtype="mixed_float16")(np.zeros((1, 100, 100, 1), "float16"))
    np.testing.assert_allclose(softmax, 1e-4, rtol=1e-6)
    huge = layers.SpatialSoftmax()(np.array([1e4, -1e4, 1e4, 0], "float32").reshape(1, 2, 2, 1))
    np.testing.assert_allclose(np.ravel(huge), [0.5, 0, 0.5, 0])


def test_activation_does_not_overflow_under_float16():
    large = np.full((1, 2, 2, 4), 300, "float16")
    attention = layers.ActivationAttention(dtype="mixed_float16")(large)
    np.testing.assert_allclose(attention, 4 * 300.0**2)


def test_preprocessing_keeps_what_float16_would_round():
    keras.config.set_dtype_policy("mixed_float16")
    out = CaffePreprocessing()(np.full((1, 1, 1, 3), 200.03, "float32"))
    assert out.dtype == "float32"
    expected = 200.03 - np.array([103.939, 116.779, 123.68])
    np.testing.assert_allclose(np.ravel(out), expected, rtol=1e-6)


def test_preprocessing_equals_that_of_keras_applications(rng):
    images = 255 * rng.random((2, 4, 5, 3)).astype("float32")
    expected = keras.applications.vgg16.preprocess_input(images.copy())
    np.testing.assert_allclose(CaffePreprocessing()(images), expected, atol=1e-4)


def test_grouped_convolution_equals_keras_own(rng):
    x = clip(rng, 2, 6, 6, 4)
    ours = GroupedConv2D(6, 3)
    ours(x)
    peer = keras.layers.Conv2D(6, 3, padding="same", groups=2, activation="relu")
    peer.build(x.shape)
    peer.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(x), peer(x), atol=1e-5)


def test_local_response_normalization_by_hand():
    """x / (k + α Σ x²)^β over the channel and two on each side, cut off at the ends."""
    x = np.array([1.0, 2, 3, 4], "float32").reshape(1, 1, 1, 4)
    out = LocalResponseNormalization(radius=2, alpha=0.5, beta=0.75, k=2.0)(x)
    sums = np.array([14.0, 30, 30, 29])
    np.testing.assert_allclose(np.ravel(out), np.ravel(x) / (2 + 0.5 * sums) ** 0.75, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        (lambda: layers.SpatialSoftmax()(np.ones((2, 4, 4, 3))), ("layer", "one channel")),
        (lambda: layers.SpatialSoftmax()(np.ones((2, 4, 1))), ("layer", "shape (batch, H, W, C)")),
        (lambda: layers.AttentionModule()(np.ones((2, 4, 4, 1))), ("layer", "at least 2 channels")),
        (lambda: layers.AttentionModule(normalise="max"), ("normalise", "'sigmoid'")),
        (lambda: layers.ActivationAttention(p=-1), ("p", "positive", "-1")),
        (
            lambda: layers.ActivationAttention()(np.ones((2, 4))),
            ("layer", "(batch, H, W, C)", "shape (2, 4)"),
        ),
        (lambda: layers.Glimpse(scale="x"), ("scale", "'map'")),
        (
            lambda: layers.Glimpse()([np.ones((2, 4, 4, 3)), np.ones((2, 4, 5, 1))]),
            ("layer", "one channel", "shape (2, 4, 5, 1)"),
        ),
        (
            lambda: layers.GazeAttention()([np.ones((2, 4, 4, 2)), np.ones((2, 4, 4, 3))]),
            ("gaze of layer", "one channel", "(2, 4, 4, 2)"),
        ),
        (
            lambda: layers.GazeAttention()([np.ones((2, 3, 4, 4, 1)), np.ones((2, 2, 4, 4, 3))]),
            ("layer", "features"),
        ),
        (lambda: layers.EarlyAttention(normalise="max"), ("normalise", "'sigmoid'")),
        (
            lambda: layers.EarlyAttention()(np.ones((2, 4))),
            ("layer", "(batch, H, W, C)", "shape (2, 4)"),
        ),
        (lambda: layers.FrameSum(2)(np.ones((2, 5, 4, 4, 1))), ("gaze", "multiple of 2")),
        (lambda: layers.FrameSum(2)(np.ones((2, 4, 4, 1))), ("gaze", "multiple of 2")),
        (lambda: GroupedConv2D(5, 3), ("filters", "multiple of 2")),
        (
            lambda: GroupedConv2D(4, 3)(np.ones((1, 4, 4, 3))),
            ("input of layer", "multiple of 2", "3"),
        ),
    ],
)
def test_layers_refuse_what_they_cannot_take(call, facts):
    with refused(*facts):
        call()


def test_a_network_that_an_earlier_version_saved_loads(tmp_path):
    """All layers were in one module then, which its file names for each of them."""
    features, gaze = keras.Input((4, 4, 6)), keras.Input((8, 8, 1))
    attention, _ = layers.AttentionModule()(features)
    seen = layers.Glimpse()([features, attention])
    human = layers.GazeAttention()([gaze, seen])
    model = keras.Model([features, gaze], layers.Glimpse("positions")([seen, human]))
    text = model.to_json()
    earlier = re.sub(r'"keras_attn\.layers\.\w+"', '"keras_attn.layers"', text)
    assert earlier != text and "keras_attn.layers." not in earlier
    twin = keras.models.model_from_json(earlier)
    assert [type(one) for one in twin.layers] == [type(one) for one in model.layers]
