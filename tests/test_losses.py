"""Losses between attention and gaze: by hand, by SciPy, and where there is nothing to say."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

from keras_attn.losses import (
    AttentionCrossEntropy,
    AttentionKL,
    attention_cross_entropy,
    attention_kl,
)


@pytest.mark.parametrize("frames", [(), (3,)])
def test_it_is_the_divergence_of_the_normalised_maps_averaged_over_frames(rng, frames):
    human, machine = rng.random((2, 4, *frames, 5, 6, 1)).astype("float32")
    expected = [
        np.mean([entropy(h.ravel(), m.ravel()) for h, m in zip(hs, ms, strict=True)])
        for hs, ms in zip(human.reshape(4, -1, 30), machine.reshape(4, -1, 30), strict=True)
    ]
    np.testing.assert_allclose(attention_kl(human, machine), expected, rtol=1e-4)


def test_by_hand():
    """Half and half against a quarter and three quarters: ½ log 2 + ½ log ⅔."""
    human, machine = (np.array(v, "float32").reshape(1, 1, 2, 1) for v in ([3, 3], [1, 3]))
    expected = 0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    np.testing.assert_allclose(attention_kl(human, machine), [expected], rtol=1e-6)


def test_it_is_zero_for_equal_maps_whatever_their_sum_and_for_frames_without_fixations(rng):
    maps = rng.random((2, 3, 4, 4, 1)).astype("float32")
    np.testing.assert_allclose(attention_kl(maps, 7 * maps), 0, atol=1e-6)
    np.testing.assert_array_equal(attention_kl(0 * maps, maps), 0)
    some = maps.copy()
    some[:, 0] = 0
    alone = attention_kl(maps[:, 1:], np.ones_like(maps[:, 1:]))
    found = attention_kl(some, np.ones_like(maps))
    np.testing.assert_allclose(found, np.asarray(alone) * 2 / 3, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_zeros_and_low_precision_stay_finite(dtype):
    human = np.zeros((1, 8, 8, 1), "float32")
    human[0, 3, 3] = 1
    machine = keras.ops.cast(np.eye(8).reshape(1, 8, 8, 1)[:, ::-1], dtype)
    value = attention_kl(human, machine)
    assert value.dtype == "float32" and np.isfinite(value).all() and value[0] > 20


@pytest.mark.slow
def test_as_a_loss_it_pulls_attention_towards_gaze(rng):
    gaze = np.zeros((8, 6, 6, 1), "float32")
    gaze[:, 1:3, 2:4] = 1
    x = keras.Input((6, 6, 3))
    features = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    where = keras.layers.Conv2D(1, 6, padding="same", activation="sigmoid")(features)
    model = keras.Model(x, where)
    keras.utils.set_random_seed(0)
    model.compile(keras.optimizers.Adam(0.05), AttentionKL())
    images = rng.random((8, 6, 6, 3)).astype("float32")
    losses = model.fit(images, gaze, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.6 * losses[0]
    again = keras.losses.deserialize(keras.losses.serialize(AttentionKL(name="kl")))
    assert again.name == "kl" and isinstance(again, AttentionKL)


@pytest.mark.parametrize("frames", [(), (3,)])
def test_cross_entropy_is_that_of_the_softmax_over_each_frame(rng, frames):
    density = rng.random((4, *frames, 5, 6, 1)).astype("float32")
    logits = rng.normal(scale=3, size=density.shape).astype("float32")
    human = density.reshape(4, -1, 30) / density.reshape(4, -1, 30).sum(axis=-1, keepdims=True)
    machine = log_softmax(logits.reshape(4, -1, 30), axis=-1)
    expected = -(human * machine).sum(axis=-1).mean(axis=-1)
    np.testing.assert_allclose(attention_cross_entropy(density, logits), expected, rtol=1e-4)


def test_cross_entropy_by_hand():
    """Logits log 1 and log 3 give a quarter and three quarters: −½ log ¼ − ½ log ¾."""
    density = np.full((1, 1, 2, 1), 7, "float32")
    logits = np.log([1, 3]).astype("float32").reshape(1, 1, 2, 1)
    expected = -0.5 * np.log(1 / 4) - 0.5 * np.log(3 / 4)
    np.testing.assert_allclose(attention_cross_entropy(density, logits), [expected], rtol=1e-6)


def test_cross_entropy_is_the_divergence_from_the_softmax_and_the_entropy_of_gaze(rng):
    density = rng.random((4, 3, 5, 6, 1)).astype("float32")
    logits = rng.normal(scale=3, size=density.shape).astype("float32")
    divergence = attention_kl(density, softmax(logits, axis=(-3, -2, -1)))
    own = entropy(density.reshape(4, 3, 30), axis=-1).mean(axis=-1)
    found = attention_cross_entropy(density, logits)
    np.testing.assert_allclose(found, divergence + own, rtol=1e-4)
    np.testing.assert_allclose(attention_cross_entropy(density, 5 + logits), found, rtol=1e-4)


def test_cross_entropy_of_frames_without_fixations_is_zero(rng):
    density = rng.random((2, 3, 4, 4, 1)).astype("float32")
    density[:, 0] = 0
    logits = rng.normal(size=density.shape).astype("float32")
    alone = attention_cross_entropy(density[:, 1:], logits[:, 1:])
    found = attention_cross_entropy(density, logits)
    np.testing.assert_allclose(found, np.asarray(alone) * 2 / 3, rtol=1e-5)
    np.testing.assert_array_equal(attention_cross_entropy(0 * density, logits), 0)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_cross_entropy_of_far_logits_and_low_precision_stays_finite(dtype):
    density = np.zeros((1, 4, 4, 1), "float32")
    density[0, 3, 3] = 1
    logits = np.zeros((1, 4, 4, 1), "float32")
    logits[0, 0, 0] = 3e4
    value = attention_cross_entropy(density, keras.ops.cast(logits, dtype))
    assert value.dtype == "float32"
    np.testing.assert_allclose(value, 3e4, rtol=0.01)


def test_cross_entropy_as_a_loss_serialises_and_averages_over_examples(rng):
    density, logits = rng.random((2, 4, 3, 5, 6, 1)).astype("float32")
    loss = AttentionCrossEntropy(name="gaze")
    expected = np.mean(attention_cross_entropy(density, logits))
    np.testing.assert_allclose(loss(density, logits), expected, rtol=1e-5)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.name == "gaze" and isinstance(again, AttentionCrossEntropy)
