"""The network of Task 1: outputs by name, resolutions, mechanisms, precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import make_ready, refused

from keras_attn import models
from keras_attn.losses import AttentionKL
from keras_attn.mechanisms import MECHANISMS, Mechanism

NAMES = {f"{kind}_{i}" for kind in ("saliency", "attention") for i in (1, 2, 3)}


def small(attention="sigmoid", backbone="vgg16", shape=(64, 96, 3), **options):
    keras.utils.set_random_seed(0)
    return models.salient_object(backbone, attention, input_shape=shape, width=0.125, **options)


def batch(rng, model, count=2, shape=(64, 96)):
    inputs = {"image": rng.uniform(0, 255, (count, *shape, 3)).astype("float32")}
    if len(model.inputs) > 1:
        inputs["gaze"] = rng.random((count, *shape, 1)).astype("float32")
    return inputs


@pytest.mark.slow
@pytest.mark.parametrize("attention", list(MECHANISMS))
@pytest.mark.parametrize("backbone", list(models.BACKBONES))
def test_outputs_have_names_sizes_and_ranges(rng, backbone, attention):
    model = small(attention, backbone)
    outputs = model(batch(rng, model))
    assert set(outputs) == NAMES == set(model.output)
    for i in (1, 2, 3):
        saliency, at = outputs[f"saliency_{i}"], outputs[f"attention_{i}"]
        assert saliency.shape == (2, 64, 96, 1) and saliency.dtype == at.dtype == "float32"
        assert np.min(saliency) >= 0 and np.max(saliency) <= 1
        assert at.shape == outputs["attention_1"].shape and np.min(at) >= 0
        assert model.output[f"saliency_{i}"].shape == (None, 64, 96, 1)
    expected = {"image", "gaze"} if MECHANISMS[attention].takes_gaze else {"image"}
    assert {tensor.name for tensor in model.inputs} == expected


@pytest.mark.parametrize(("backbone", "side"), [("alexnet", 13), ("vgg16", 28), ("resnet50", 28)])
def test_attention_has_the_resolution_of_the_paper(backbone, side):
    model = models.salient_object(backbone, "softmax", width=0.125)
    assert model.inputs[0].shape[1] == models.BACKBONES[backbone].size
    assert model.output["attention_3"].shape == (None, side, side, 1)


def test_encoder_layers_keep_the_names_and_shapes_of_the_published_weights():
    model, plain = models.salient_object("vgg16"), models.vgg16()
    for layer in plain.layers:
        if layer.weights:
            shapes = [w.shape for w in model.get_layer(layer.name).weights]
            assert shapes == [w.shape for w in layer.weights]


def test_the_decoder_and_its_modules_have_the_counts_of_their_definition():
    """512, 256, 128 channels on VGG's 512; modules of half the channels; side outputs of one."""
    decoder = sum(9 * i * o + o for i, o in ((512, 512), (512, 256), (256, 128)))
    sides = sum(c + 1 for c in (512, 256, 128))
    modules = sum(9 * c * (c // 2) + c // 2 + 4 * (c // 2) + c // 2 + 1 for c in (512, 256, 128))
    assert models.salient_object("vgg16", "activation").count_params() == (
        14_714_688 + decoder + sides
    )
    assert models.salient_object("vgg16", "sigmoid").count_params() == (
        14_714_688 + decoder + sides + modules
    )


def test_side_outputs_start_at_the_base_rate_where_features_are_zero(rng):
    """`human` with gaze in one corner only: elsewhere every feature, and every output, is that."""
    model = small("human", base_rate=0.07)
    inputs = batch(rng, model, 1)
    inputs["gaze"][:] = 0
    inputs["gaze"][0, :8, :8] = 1
    for i in (1, 2, 3):
        outputs = model(inputs)
        np.testing.assert_allclose(outputs[f"saliency_{i}"][0, 32:, 48:], 0.07, rtol=1e-4)


def test_without_fixations_human_attention_hides_nothing(rng):
    human, plain = small("human"), small("activation")
    plain.set_weights(human.get_weights())
    inputs = batch(rng, human)
    inputs["gaze"][:] = 0
    expected = plain({"image": inputs["image"]})["saliency_3"]
    np.testing.assert_allclose(human(inputs)["saliency_3"], expected, rtol=1e-5)


def test_any_size_of_image_goes_and_an_own_mechanism_too(rng):
    own = Mechanism("own", "module", "softmax", gate="mean", supervised=True)
    model = small(own, shape=(None, None, 3))
    for shape in ((64, 64), (80, 112)):
        outputs = model(batch(rng, model, 1, shape))
        assert outputs["saliency_3"].shape == (1, *shape, 1)
        assert outputs["attention_3"].shape[1:3] == (shape[0] // 8, shape[1] // 8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attention", "policy"),
    [
        *((name, "float32") for name in MECHANISMS),
        ("supervised", "mixed_bfloat16"),
        ("supervised", "mixed_float16"),
    ],
)
def test_training_steps_give_finite_losses_under_every_precision(rng, attention, policy):
    keras.config.set_dtype_policy(policy)
    shape = (67, 67)
    model = small(attention, "alexnet", (*shape, 3), channels=(32, 16, 16))
    gaze = rng.random((2, *model.output["attention_1"].shape[1:])).astype("float32")
    mask = (rng.random((2, *shape, 1)) > 0.8).astype("float32")
    pull = AttentionKL() if MECHANISMS[attention].supervised else None
    losses = {n: "binary_crossentropy" if n.startswith("saliency") else pull for n in NAMES}
    weights = {n: 1.0 if n.startswith("saliency") else 0.01 for n in NAMES}
    targets = {n: mask if n.startswith("saliency") else gaze for n in NAMES if losses[n]}
    model.compile("adam", losses, loss_weights=weights)
    inputs = batch(rng, model, 2, shape)
    make_ready(model, inputs, targets)
    history = model.fit(inputs, targets, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.slow
def test_it_saves_loads_and_exports(rng, tmp_path):
    model = small("human", shape=(None, None, 3))
    inputs = batch(rng, model)
    expected = model(inputs)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")(inputs)
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    exported = served(**{name: tf.constant(value) for name, value in inputs.items()})
    for name in NAMES:
        np.testing.assert_array_equal(again[name], expected[name])
        np.testing.assert_allclose(exported[name], expected[name], atol=1e-6)


def test_bad_arguments_are_refused():
    with refused("backbone", "'alexnet'"):
        models.salient_object("vgg19")
    with refused("attention", "'activation'"):
        models.salient_object(attention="none")
    with refused("base_rate", "between 0 and 1", "0"):
        models.salient_object(base_rate=0)
