"""The network of Task 3: published counts, outputs by name, what is frozen, and its two halves."""

import keras
import numpy as np
import pytest
from conftest import refused

from keras_attn import models
from keras_attn.mechanisms import MECHANISMS
from keras_attn.models.halves import encoder, head

WITH_1000_CLASSES = {"alexnet": 60_965_224, "vgg16": 138_357_544, "resnet50": 25_636_712}
SIZES = {"alexnet": 67, "vgg16": 32, "resnet50": 64}


def small(attention="sigmoid", backbone="vgg16", **options):
    keras.utils.set_random_seed(0)
    options = {"classes": 5, "input_shape": (SIZES[backbone],) * 2 + (3,), "width": 0.125} | options
    return models.fine_grained(backbone, attention, **options)


def batch(rng, model, count=2):
    side = next(t.shape[1] for t in model.inputs if t.name == "image")
    inputs = {"image": rng.uniform(0, 255, (count, side, side, 3)).astype("float32")}
    if len(model.inputs) > 1:
        inputs["gaze"] = rng.random((count, side, side, 1)).astype("float32")
    return inputs


@pytest.mark.slow
@pytest.mark.parametrize("attention", list(MECHANISMS))
@pytest.mark.parametrize("backbone", list(models.BACKBONES))
def test_outputs_are_logits_and_a_map_before_the_last_pooling(rng, backbone, attention):
    model = small(attention, backbone)
    outputs = model(batch(rng, model))
    assert set(outputs) == {"logits", "attention"}
    assert outputs["logits"].shape == (2, 5) and outputs["logits"].dtype == "float32"
    last = model.get_layer(models.BACKBONES[backbone].stages[-1]).output
    assert outputs["attention"].shape == (2, *last.shape[1:3], 1)
    assert np.min(outputs["attention"]) >= 0 and outputs["attention"].dtype == "float32"
    # Logits, and no probabilities: their sum is not 1.
    assert abs(float(np.sum(outputs["logits"][0])) - 1) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["alexnet", "resnet50"])
def test_with_1000_classes_it_has_the_published_number_of_parameters(backbone):
    """Activation adds no weight; VGG16, of half a gigabyte, is counted by the backbone's test."""
    model = models.fine_grained(backbone, "activation", classes=1000)
    assert model.count_params() == WITH_1000_CLASSES[backbone]


@pytest.mark.parametrize(("backbone", "side"), [("alexnet", 13), ("vgg16", 14), ("resnet50", 7)])
def test_attention_has_the_resolution_of_the_paper(backbone, side):
    model = models.fine_grained(backbone, "softmax", classes=60, width=0.125)
    assert model.output["attention"].shape == (None, side, side, 1)


def test_the_module_has_the_count_of_its_definition():
    """Conv 3×3 (⌊C/2⌋) → BN → Conv 1×1 (1) on VGG's 64 channels at width 1/8."""
    counts = {attention: small(attention).count_params() for attention in ("activation", "sigmoid")}
    assert counts["sigmoid"] - counts["activation"] == (9 * 64 * 32 + 32) + 4 * 32 + (32 + 1)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", list(models.BACKBONES))
def test_all_before_the_fully_connected_layers_is_frozen_but_the_module(rng, backbone):
    model = small("sigmoid", backbone)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), {"logits": loss, "attention": None})
    frozen = {v.path: v.numpy() for v in encoder(model, backbone).variables}
    learns = {v.path: v.numpy() for v in model.trainable_variables}
    assert learns and not set(frozen) & set(learns)
    assert any("attention" in path for path in learns)
    model.fit(batch(rng, model, 4), {"logits": np.arange(4)}, verbose=0)
    for variable in encoder(model, backbone).variables:
        # Moving averages of BatchNormalization included.
        np.testing.assert_array_equal(variable.numpy(), frozen[variable.path])
    moved = [(v.numpy() != learns[v.path]).any() for v in model.trainable_variables]
    assert all(moved)


@pytest.mark.slow
@pytest.mark.parametrize("attention", ["sigmoid", "human"])
@pytest.mark.parametrize("backbone", list(models.BACKBONES))
def test_encoder_and_head_make_up_the_network_and_share_its_layers(rng, backbone, attention):
    model = small(attention, backbone)
    inputs = batch(rng, model)
    features = encoder(model, backbone)(inputs["image"], training=False)
    upper = head(model, backbone)
    fed = {"features": features, **{n: v for n, v in inputs.items() if n == "gaze"}}
    fed = {name: keras.ops.convert_to_tensor(value) for name, value in fed.items()}
    for name, whole in model(inputs, training=False).items():
        np.testing.assert_allclose(upper(fed, training=False)[name], whole, rtol=1e-5, atol=1e-6)
    own = {id(v) for v in encoder(model, backbone).variables} | {id(v) for v in upper.variables}
    assert own == {id(v) for v in model.variables}


def test_the_pooled_head_is_one_dense_layer():
    model = small("activation", head="pooled")
    dense = model.get_layer("classes")
    assert [tuple(w.shape) for w in dense.weights] == [(64, 5), (5,)]
    assert not any(layer.name.startswith("fc") for layer in model.layers)
    with refused("head", ("'published'", "'pooled'")):
        small(head="none")


def test_dropout_stands_after_the_two_fully_connected_layers_of_vgg():
    names = [layer.name for layer in small("activation").layers]
    at = names.index
    assert at("fc1") < at("fc1_dropout") < at("fc2") < at("fc2_dropout") < at("predictions")
    assert "fc1_dropout" not in [layer.name for layer in small("activation", dropout=0.0).layers]
