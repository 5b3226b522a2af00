"""The five mechanisms as data, and what applying them does."""

import dataclasses

import keras
import numpy as np
import pytest
from conftest import refused
from scipy.special import expit

import keras_attn as ka
from keras_attn.mechanisms import MECHANISMS, VARIANTS, Mechanism, apply, get

SHAPES = [(6, 8, 10), (4, 6, 8, 10)]


def features_and_gaze(rng, shape):
    z = rng.normal(size=(2, *shape)).astype("float32")
    gaze = rng.random((2, *shape[:-1], 1)).astype("float32")
    return z, gaze


def test_the_five_are_those_of_the_paper():
    assert list(MECHANISMS) == ["activation", "softmax", "sigmoid", "supervised", "human"]
    assert [m.name for m in MECHANISMS.values() if m.takes_gaze] == ["human"]
    assert [m.name for m in MECHANISMS.values() if m.supervised] == ["supervised"]
    assert [m.name for m in MECHANISMS.values() if not m.gates] == ["activation"]


@pytest.mark.parametrize("shape", SHAPES)
def test_activation_looks_and_does_not_touch(rng, shape):
    z, _ = features_and_gaze(rng, shape)
    out = apply("activation", z)
    assert out.gated is z and out.logits is None
    np.testing.assert_allclose(out.attention[..., 0], (z**2).sum(-1), rtol=1e-5)


@pytest.mark.parametrize("name, squash", [("softmax", expit), ("softmax_of_logits", np.array)])
@pytest.mark.parametrize("shape", SHAPES)
def test_softmax_sums_to_one_over_each_frame_and_keeps_the_scale_of_the_features(
    rng, shape, name, squash
):
    z, _ = features_and_gaze(rng, shape)
    out = apply(name, z)
    y = squash(np.asarray(out.logits, np.float64))
    expected = np.exp(y) / np.exp(y).sum(axis=(-3, -2), keepdims=True)
    np.testing.assert_allclose(out.attention, expected, rtol=1e-5)
    np.testing.assert_allclose(np.sum(out.attention, axis=(-3, -2)), 1, rtol=1e-5)
    np.testing.assert_allclose(out.gated, z * expected * (6 * 8), rtol=1e-4)


@pytest.mark.parametrize("name", ["sigmoid", "supervised"])
@pytest.mark.parametrize("shape", SHAPES)
def test_sigmoid_and_supervised_gate_with_the_sigmoid_of_the_logits(rng, name, shape):
    z, _ = features_and_gaze(rng, shape)
    out = apply(name, z)
    expected = expit(np.asarray(out.logits, np.float64))
    np.testing.assert_allclose(out.attention, expected, rtol=1e-5)
    np.testing.assert_allclose(out.gated, z * expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_human_gates_with_the_gaze_scaled_to_a_peak_of_one(rng, shape):
    z, gaze = features_and_gaze(rng, shape)
    gaze[0] = 0
    out = apply("human", z, gaze)
    np.testing.assert_array_equal(out.attention[0], np.ones_like(gaze[0]))
    expected = gaze[1] / gaze[1].max(axis=(-3, -2), keepdims=True)
    np.testing.assert_allclose(out.attention[1], expected, rtol=1e-5)
    np.testing.assert_allclose(out.gated, z * np.asarray(out.attention), rtol=1e-5)


def test_human_takes_gaze_of_another_size_and_loses_no_fixation(rng):
    z = np.ones((1, 7, 7, 3), "float32")
    gaze = np.zeros((1, 224, 224, 1), "float32")
    gaze[0, 100, 180] = 1
    out = apply("human", z, gaze)
    row, column = np.unravel_index(np.argmax(out.attention), (7, 7))
    assert (row, column) == (100 // 32, 180 // 32)
    assert np.max(out.attention) == 1


def test_human_without_gaze_says_so():
    with refused("gaze", ("densities", "'human'"), "None"):
        apply("human", np.ones((1, 4, 4, 2), "float32"))


def test_anyone_may_pass_a_mechanism_of_their_own(rng):
    z, gaze = features_and_gaze(rng, SHAPES[0])
    own = Mechanism("mean_softmax", "module", "softmax", gate="mean", supervised=True)
    out = apply(own, z)
    np.testing.assert_allclose(out.gated, z * np.asarray(out.attention) * 48, rtol=1e-3)
    raw = apply(Mechanism("raw", "gaze", "none"), z, gaze)
    np.testing.assert_allclose(raw.gated, z * gaze, rtol=1e-5)
    cubed = apply(dataclasses.replace(MECHANISMS["activation"], p=3), z)
    np.testing.assert_allclose(cubed.attention[..., 0], (np.abs(z) ** 3).sum(-1), rtol=1e-4)


def test_the_softmax_of_the_study_is_nearly_uniform_and_that_of_the_logits_is_not(rng):
    """§IV-A1 takes it over the sigmoid of Y: no two positions differ by more than a factor e."""
    z, _ = features_and_gaze(rng, SHAPES[0])
    attention = np.asarray(apply("softmax", 50 * z).attention)[0]
    assert 1.1 < attention.max() / attention.min() <= np.e * (1 + 1e-5)
    other = np.asarray(apply("softmax_of_logits", 50 * z).attention)[0]
    assert other.max() / max(other.min(), 1e-30) > np.e


def test_variants_are_named_but_not_of_the_study():
    assert not set(VARIANTS) & set(MECHANISMS)
    own = dataclasses.replace(MECHANISMS["softmax"], name="softmax_of_logits", softmax_of="logits")
    assert get("softmax_of_logits") == own


def test_another_module_takes_the_place_of_the_default_one(rng):
    z, _ = features_and_gaze(rng, SHAPES[0])

    class Module(keras.layers.Layer):
        def call(self, features):
            return features[..., :1], features[..., 1:2]

    out = apply("sigmoid", z, module=Module())
    np.testing.assert_array_equal(out.attention, z[..., :1])
    np.testing.assert_array_equal(out.logits, z[..., 1:2])


@pytest.mark.parametrize("name", list(MECHANISMS))
def test_a_map_of_some_features_gates_others(rng, name):
    z, gaze = features_and_gaze(rng, SHAPES[1])
    other = rng.normal(size=(*z.shape[:-1], 3)).astype("float32")
    keras.utils.set_random_seed(0)
    alone = apply(name, other, gaze)
    keras.utils.set_random_seed(0)
    out = apply(name, z, gaze, of=other)
    np.testing.assert_array_equal(out.attention, alone.attention)
    assert out.gated.shape == z.shape
    assert (out.gated is z) == (not MECHANISMS[name].gates)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(MECHANISMS))
@pytest.mark.parametrize("shape", [(6, 8, 10), (4, 6, 8, 10), (None, None, 10)])
def test_a_functional_model_with_it_saves_and_loads(rng, tmp_path, name, shape):
    z, gaze = keras.Input(shape), keras.Input((*shape[:-1], 1))
    out = apply(name, z, gaze)
    model = keras.Model([z, gaze], {"gated": out.gated, "attention": out.attention})
    assert model.get_layer("attention")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    inputs = features_and_gaze(rng, tuple(side or 6 for side in shape))
    mine, its = model(inputs), again(inputs)
    np.testing.assert_array_equal(mine["gated"], its["gated"])
    np.testing.assert_array_equal(mine["attention"], its["attention"])


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ({"source": "gazes"}, ("Mechanism.source", ("'energy'", "'module'", "'gaze'"))),
        ({"source": "gaze"}, ("normalise of source 'gaze'", ("'none'", "'max'"))),
        (
            {"gate": "yes"},
            ("Mechanism.gate", ("'none'", "'map'", "'positions'", "'mean'"), "'yes'"),
        ),
        ({"p": 0}, ("Mechanism.p", "positive", "0")),
        ({"softmax_of": "Y"}, ("softmax_of", ("'logits'", "'sigmoid'"))),
        (
            {"source": "gaze", "normalise": "max", "supervised": True},
            ("supervised", "source 'module'"),
        ),
    ],
)
def test_impossible_mechanisms_are_refused(fields, facts):
    with refused(*facts):
        Mechanism(**{"name": "x", "source": "module", "normalise": "sigmoid", **fields})


def test_an_unknown_name_lists_those_there_are():
    with refused("attention", "'activation'", "'sigmoids'"):
        get("sigmoids")
    assert get(MECHANISMS["human"]) is get("human")
    assert ka.mechanisms.get("human").normalise == "max"
