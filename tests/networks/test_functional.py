"""Models of any make as functional ones: structure, choice of outputs, preprocessing, one unit."""

import keras
import makes
import numpy as np
import pandas as pd
import pytest
from conftest import refused
from keras import layers

import keras_attn as ka
from keras_attn.evaluation.rows import is_reference
from keras_attn.networks.functional import functional, preprocessed, with_known_outputs

PICTURES = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype("float32")


def test_a_functional_model_is_left_as_it_is():
    model = makes.classifier(3)
    assert functional(model) is model and with_known_outputs(model) is model


def test_layers_are_shared_so_that_training_one_trains_the_other():
    model = keras.Sequential([makes.image(), *makes.stack(3)])
    made = functional(model)
    assert [v.path for v in made.trainable_variables] == [v.path for v in model.trainable_variables]
    before = np.asarray(made(PICTURES))
    model.layers[-1].set_weights([w * 0 for w in model.layers[-1].get_weights()])
    assert not np.allclose(made(PICTURES), before)
    np.testing.assert_allclose(made(PICTURES), model(PICTURES), rtol=1e-6)


@pytest.mark.parametrize("output", ["species", 1])
def test_the_output_that_is_named_is_scored(output):
    model = makes.two_heads(4)
    made = with_known_outputs(functional(model), output)
    np.testing.assert_array_equal(made(PICTURES), model(PICTURES)[1])


@pytest.mark.parametrize("output", ["weight", 2, -1, True, ""])
def test_an_output_that_is_not_there_is_one_error_with_those_that_are(output):
    with refused("output", ("outputs", "'colour'", "'species'")):
        with_known_outputs(makes.two_heads(4), output)


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_one_unit_decides_between_two_classes(activation):
    model = makes.classifier(1, activation)
    told = np.asarray(with_known_outputs(model)(PICTURES))
    one = np.asarray(model(PICTURES))[:, 0]
    expected = one if activation else 1 / (1 + np.exp(-one))
    shares = told if activation else np.exp(told) / np.exp(told).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares[:, 1], expected, rtol=1e-5)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)


def test_one_unit_of_an_unknown_layer_is_refused():
    model = makes.classifier(1, "tanh")
    with refused("model", ("one unit", "linear", "Dense", "sigmoid"), "one unit of Dense"):
        with_known_outputs(model)


def test_preprocessing_comes_first_and_a_function_that_does_not_fit_is_one_error():
    model = makes.raw(3)
    made = preprocessed(model, keras.applications.mobilenet_v2.preprocess_input)
    np.testing.assert_allclose(made(PICTURES), model(PICTURES / 127.5 - 1), rtol=1e-4, atol=1e-5)
    with refused("preprocess crop", "TensorFlow", "(None, 32, 32, 1)"):

        def crop(images):
            return images[:, :, :, :1]

        preprocessed(model, crop)


@pytest.mark.slow
def test_the_class_that_is_explained_can_be_chosen(tmp_path):
    """Gradients and CAM of a class are those of a model of that class alone."""
    data = ka.datasets.miniature("cub_vwsw", images=54, shape=(40, 48), root=tmp_path / "birds")
    few = data.part("few", range(4))
    keras.utils.set_random_seed(0)
    model = makes.classifier(9)
    options = {"progress": False, "gallery": 1, "kinds": ["gradient", "cam"]}
    by_number = ka.audit(model, few, explain=5, **options)
    by_name = ka.audit(model, few, explain=few.classes[5], **options)
    assert "explained for class 5" in next(iter(by_number.models.values()))
    columns = ["s_auc", "nss"]
    np.testing.assert_array_equal(by_number.rows[columns], by_name.rows[columns])
    true = ka.audit(model, few, explain="true", **options).examples
    for place, example in enumerate(few):
        one = ka.audit(model, few, explain=example.label, **options).examples
        for kind in ("gradient", "cam"):
            found, wanted = (
                rows[(rows["kind"] == kind)]["nss"].to_numpy()[place] for rows in (true, one)
            )
            assert found == wanted
    for explain in ("crow", 9, -1, 1.5):
        with refused("explain", ("'predicted'", "'true'")):
            ka.audit(model, few, explain=explain, **options)
    scenes = ka.datasets.miniature(images=4, shape=(32, 32), root=tmp_path / "scenes")
    with refused("explain", ("classes", "explain='true'")):
        ka.audit(model, scenes, explain="true", **options)


def test_several_models_have_options_of_their_own(tmp_path):
    data = ka.datasets.miniature(images=4, shape=(48, 64), root=tmp_path / "scenes")
    models = {"net": makes.classifier(3), "free": makes.saliency(size=None), "plain": brightness}
    result = ka.audit(
        models,
        data,
        layers={"net": "conv"},
        kinds={"net": ["grad_cam"]},
        size={"free": (24, 32), "plain": 16},
        preprocess={"free": negative},
        progress=False,
        gallery=2,
    )
    audited = [row for _, row in result.rows.iterrows() if not is_reference(row)]
    rows = pd.DataFrame(audited)[["model", "layer", "kind"]].to_numpy().tolist()
    assert rows == [["net", "conv", "grad_cam"], ["free", "bright", "map"], ["plain", "", "map"]]
    assert "input 24×32, preprocessed by negative" in result.models["free"]
    assert {name.model for name in result.gallery.maps} >= set(models)
    with refused("kinds", "net, free", "nett"):
        ka.audit(models, data, kinds={"nett": "cam"}, progress=False)


def test_a_function_beside_a_network_does_not_forbid_what_is_meant_for_that(tmp_path):
    data = ka.datasets.miniature(images=4, shape=(32, 32), root=tmp_path / "scenes")
    models = {"net": makes.classifier(3), "plain": brightness}
    result = ka.audit(models, data, kinds="gradient", layers="conv", progress=False, gallery=1)
    assert result.rows["kind"].tolist()[:2] == ["gradient", "map"]
    with refused("'gradient'", "occlusion", "brightness"):
        ka.audit(brightness, data, kinds="gradient", progress=False)
    with refused("'gradient'", "occlusion", "brightness"):
        ka.audit(models, data, kinds={"plain": "gradient"}, progress=False)


def brightness(images):
    return images.mean(axis=-1)


def negative(images):
    return 255 - images


@pytest.mark.slow
def test_pixels_that_nobody_preprocesses_are_noted_and_a_known_network_says_what_it_wants(tmp_path):
    data = ka.datasets.miniature(images=4, shape=(32, 32), root=tmp_path / "scenes")
    options = {"progress": False, "gallery": 1}
    notes = ka.audit(makes.raw(3), data, **options).rows["note"]
    assert notes.iloc[0].startswith("Pixels of 0 to 255 reach its first layer, conv, as they are")
    assert notes.iloc[-4:].tolist() == [""] * 4
    options |= {"layers": "conv_pw_1_relu"}
    inner = keras.applications.MobileNet((32, 32, 3), 0.25, include_top=False, weights=None)
    mobile = keras.Sequential([makes.image(), inner, layers.GlobalAveragePooling2D()])
    note = ka.audit(mobile, data, kinds="activation", **options).rows["note"].iloc[0]
    assert "preprocess=keras.applications.mobilenet.preprocess_input (--preprocess tf)" in note
    wanted = keras.applications.mobilenet.preprocess_input
    rows = ka.audit(mobile, data, kinds="activation", preprocess=wanted, **options).rows
    assert not rows["note"].str.contains("Pixels").any()


@pytest.mark.slow
def test_a_model_that_was_trained_knows_its_size(tmp_path):
    """Which a subclassed model tells nobody: with another, its Dense layer would not fit."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.stages = [layers.Rescaling(1 / 255), layers.Conv2D(2, 3, name="conv")]
            self.stages += [layers.Flatten(), layers.Dense(9)]

        def call(self, x):
            for stage in self.stages:
                x = stage(x)
            return x

    _, few = makes.birds(tmp_path / "birds")
    model = Own()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(
        np.zeros((4, 24, 40, 3)), np.arange(4), verbose=0, callbacks=[ka.validation(few)]
    )
    assert 0 <= history.history["val_accuracy"][0] <= 1
    assert "input 24×40" in ka.audit(model, few, progress=False, gallery=1).models["own"]
    assert len(ka.evaluate(model, few, progress=False).rows) == len(few)
