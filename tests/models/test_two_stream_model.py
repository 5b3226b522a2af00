"""The networks of Task 2: outputs by name, where attention is made and what it gates."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused

from keras_attn import mechanisms, models
from keras_attn.losses import AttentionCrossEntropy
from keras_attn.mechanisms import MECHANISMS, Mechanism
from keras_attn.models.two_stream import FUSIONS

CLIP = (16, 32, 48)
SHAPES = {"early": (16, 16, 24, 1), "late": (2, 2, 3, 1)}
CASES = [(fusion, name) for fusion in FUSIONS for name in MECHANISMS]
OWN = (
    Mechanism("energy_gate", "energy", "none", gate="mean"),
    Mechanism("raw_gaze", "gaze", "none"),
    Mechanism("looked_at", "module", "sigmoid", gate="none", supervised=True),
)


def small(fusion="early", attention="sigmoid", **options):
    keras.utils.set_random_seed(0)
    options = {"classes": 5, "input_shape": CLIP, "width": 0.125} | options
    return models.two_stream(fusion, attention, **options)


def batch(rng, model, count=2):
    channels = {"frames": 3, "flow": 2, "gaze": 1}
    return {
        tensor.name: rng.uniform(0, 255, (count, *CLIP, channels[tensor.name])).astype("float32")
        for tensor in model.inputs
    }


def inside(model, inputs, *names):
    """What layers of a model put out, as arrays."""
    part = keras.Model(model.input, {name: model.get_layer(name).output for name in names})
    outputs = part(inputs)
    return [np.asarray(outputs[name]) for name in names]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fusion", "attention"), [*CASES, *((fusion, own) for fusion in FUSIONS for own in OWN)]
)
def test_outputs_have_names_shapes_and_types_for_any_mechanism(rng, fusion, attention):
    model = small(fusion, attention)
    mechanism = mechanisms.get(attention)
    outputs = model(batch(rng, model))
    names = {"logits", "logits_frames", "logits_flow", "attention"}
    assert set(outputs) == names | ({"attention_logits"} if mechanism.source == "module" else set())
    gaze = {"gaze"} if mechanism.takes_gaze else set()
    assert {tensor.name for tensor in model.inputs} == {"frames", "flow"} | gaze
    for name, value in outputs.items():
        shape = (5,) if name.startswith("logits") else SHAPES[fusion]
        assert value.shape == (2, *shape) and value.dtype == "float32"
        assert model.output[name].shape == (None, *shape)
        assert np.isfinite(value).all()
    assert np.min(outputs["attention"]) >= 0
    mean = (outputs["logits_frames"] + outputs["logits_flow"]) / 2
    np.testing.assert_allclose(outputs["logits"], mean, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("fusion", "size"), [("early", (16, 56, 56, 1)), ("late", (2, 7, 7, 1))])
def test_attention_has_the_resolution_of_the_paper(fusion, size):
    model = models.two_stream(fusion, "softmax", classes=12, width=0.125)
    assert model.output["attention"].shape == (None, *size)


@functools.cache
def of_two_c3d():
    streams = (models.c3d((*CLIP, c), classes=5, width=0.125) for c in (3, 2))
    return sum(stream.count_params() for stream in streams)


ADDED = {
    "early": 8,
    "fusion": 27 * 128 * 64 + 64,
    "module": (27 * 64 * 32 + 32) + 4 * 32 + (32 + 1),
}
"""Parameters of the parts beside the two streams at width 1/8, by their definition."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fusion", "attention", "parts"),
    [
        ("early", "activation", ()),
        ("early", "human", ()),
        ("early", "sigmoid", ("early",)),
        ("late", "activation", ("fusion",)),
        ("late", "human", ("fusion",)),
        ("late", "softmax", ("fusion", "module")),
    ],
)
def test_what_it_adds_to_two_c3d_has_the_count_of_its_definition(fusion, attention, parts):
    assert small(fusion, attention).count_params() == of_two_c3d() + sum(
        ADDED[part] for part in parts
    )


# --- early ----------------------------------------------------------------------------------------


def test_early_attention_is_the_sigmoid_of_the_normalised_channel_mean_of_flow(rng):
    model = small("early", "sigmoid")
    inputs = batch(rng, model)
    flow, frames, gated = inside(model, inputs, "flow_pool1", "frames_pool1", "attention_glimpse")
    mean = flow.mean(axis=-1, keepdims=True)
    axes = (1, 2, 3)
    y = (mean - mean.mean(axes, keepdims=True)) / mean.std(axes, keepdims=True)
    outputs = model(inputs)
    np.testing.assert_allclose(outputs["attention_logits"], y, atol=1e-3)
    np.testing.assert_allclose(outputs["attention"], 1 / (1 + np.exp(-y)), atol=1e-3)
    np.testing.assert_allclose(gated, frames * np.asarray(outputs["attention"]), rtol=1e-5)


@pytest.mark.slow
def test_early_activation_is_the_energy_of_flow_and_touches_nothing(rng):
    model = small("early", "activation")
    inputs = batch(rng, model)
    (flow,) = inside(model, inputs, "flow_pool1")
    outputs = model(inputs)
    np.testing.assert_allclose(outputs["attention"][..., 0], (flow**2).sum(-1), rtol=1e-4)
    plain = models.c3d((*CLIP, 3), classes=5, width=0.125, activation=None)
    models.copy_weights(plain, model, stream="frames")
    expected = plain(inputs["frames"])
    np.testing.assert_allclose(model(inputs)["logits_frames"], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("attention", ["sigmoid", "supervised", OWN[0]])
def test_no_gradient_of_early_attention_reaches_the_flow_stream(rng, attention):
    model = small("early", attention)
    flow = [v for v in model.trainable_variables if v.path.startswith("flow_")]
    own = [v for v in model.trainable_variables if v.path.startswith("attention")]
    frames = model.get_layer("frames_conv1").kernel
    inputs = batch(rng, model)
    with tf.GradientTape(persistent=True) as tape:
        outputs = model(inputs)
        through_gate = tf.reduce_sum(outputs["logits_frames"] ** 2)
        # Of the plain sum, which a softmax or the normalisation keeps, the gradient would be 0.
        of_map = tf.reduce_sum(outputs["attention"] ** 2)
        of_flow = tf.reduce_sum(outputs["logits_flow"] ** 2)
    assert all(g is None for loss in (through_gate, of_map) for g in tape.gradient(loss, flow))
    assert all(np.any(g) for g in tape.gradient(through_gate, [frames, *own]))
    assert np.any(tape.gradient(of_flow, flow[0]))


@pytest.mark.slow
@pytest.mark.parametrize("fusion", FUSIONS)
def test_supervised_gates_with_the_sigmoid_wherever_the_streams_meet(rng, fusion):
    """And no mechanism is another one in early fusion."""
    model = small(fusion, "supervised")
    inputs = batch(rng, model)
    out = model(inputs)
    sigmoid = 1 / (1 + np.exp(-np.asarray(out["attention_logits"], np.float64)))
    np.testing.assert_allclose(out["attention"], sigmoid, rtol=1e-4)
    alike = small(fusion, "sigmoid")
    alike.set_weights(model.get_weights())
    np.testing.assert_array_equal(out["logits"], alike(inputs)["logits"])


# --- late -----------------------------------------------------------------------------------------


def test_late_fusion_starts_as_the_mean_of_both_streams(rng):
    model = small("late", "activation")
    inputs = batch(rng, model)
    frames, flow, fused = inside(model, inputs, "frames_conv5b", "flow_conv5b", "fusion")
    np.testing.assert_allclose(fused, (frames + flow) / 2, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model(inputs)["attention"][..., 0], (fused**2).sum(-1), rtol=1e-3)
    assert model.get_layer("fusion").kernel.shape == (3, 3, 3, 128, 64)


@pytest.mark.slow
def test_late_attention_gates_the_fused_feature_that_frames_go_on_with(rng):
    model = small("late", "sigmoid")
    inputs = batch(rng, model)
    fused, gated, pooled = inside(
        model, inputs, "fusion", "attention_glimpse", "frames_pool5_padding"
    )
    attention = np.asarray(model(inputs)["attention"])
    np.testing.assert_allclose(gated, fused * attention, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(pooled[:, :, :2, :3], gated)
    # The flow stream goes on with its own features, to which attention does nothing.
    inputs["frames"] = inputs["frames"][::-1].copy()
    np.testing.assert_allclose(
        model(inputs)["logits_flow"], small("late")(inputs)["logits_flow"], rtol=1e-4
    )


def test_late_human_attention_is_the_gaze_of_the_eight_frames_of_a_slot(rng):
    model = small("late", "human")
    inputs = batch(rng, model, 1)
    inputs["gaze"][:] = 0
    inputs["gaze"][0, 2, 24, 40] = 1  # In the first slot, bottom right.
    inputs["gaze"][0, 7, 7, 7] = 3  # In the first slot as well, top left.
    attention = np.asarray(model(inputs)["attention"])[0, ..., 0]
    np.testing.assert_allclose(attention[0], [[1, 0, 0], [0, 0, 1 / 3]], atol=1e-6)
    np.testing.assert_array_equal(attention[1], 1)


def test_early_human_attention_is_the_gaze_of_each_frame(rng):
    model = small("early", "human")
    inputs = batch(rng, model, 1)
    inputs["gaze"][:] = 0
    inputs["gaze"][0, 2, 20, 40] = 1
    attention = np.asarray(model(inputs)["attention"])[0, ..., 0]
    assert np.unravel_index(np.argmax(attention[2]), (16, 24)) == (10, 20)
    assert attention[2].max() == 1 and attention[2, 0, 0] == 0
    np.testing.assert_array_equal(np.delete(attention, 2, axis=0), 1)


# --- training and files ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fusion", "attention", "policy"),
    [
        ("early", "supervised", "float32"),
        ("early", "supervised", "mixed_float16"),
        ("late", "supervised", "mixed_float16"),
        ("late", "human", "mixed_bfloat16"),
    ],
)
def test_training_steps_give_finite_losses_under_every_precision(rng, fusion, attention, policy):
    keras.config.set_dtype_policy(policy)
    model = small(fusion, attention, input_shape=(16, 16, 16), width=0.01)
    inputs = {name: value[:, :, :16, :16] for name, value in batch(rng, model).items()}
    losses = dict.fromkeys(model.output)
    losses["logits"] = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    targets = {"logits": np.arange(2)}
    if "attention_logits" in losses:
        losses["attention_logits"] = AttentionCrossEntropy()
        shape = model.output["attention_logits"].shape[1:]
        targets["attention_logits"] = rng.random((2, *shape)).astype("float32")
    # Tracing a graph of this depth takes longer than the steps; exporting covers it.
    model.compile(keras.optimizers.SGD(1e-4, momentum=0.9), losses, run_eagerly=True)
    history = model.fit(inputs, targets, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.slow
def test_gradients_under_bfloat16_are_those_of_float32():
    """TensorFlow's own, of kernels over two frames, are garbage on CPUs."""
    gradients = []
    for policy in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        model = small("late", "sigmoid", input_shape=(16, 16, 16), dropout=0)
        # Even clips, so that rounding changes few maxima and signs.
        x = {t.name: np.full((2, *t.shape[1:]), 150, "float32") for t in model.inputs}
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(x)["logits"] ** 2)
        kernels = [w for w in model.trainable_variables if len(w.shape) == 5]
        gradients.append(tape.gradient(loss, kernels))
    for exact, rounded in zip(*gradients, strict=True):
        assert np.linalg.norm(exact - rounded) < 0.5 * np.linalg.norm(exact)


@pytest.mark.slow
@pytest.mark.parametrize(("fusion", "attention"), [("early", "supervised"), ("late", "human")])
def test_it_saves_loads_and_exports(rng, tmp_path, fusion, attention):
    model = small(fusion, attention)
    inputs = batch(rng, model)
    expected = model(inputs)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")(inputs)
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    exported = served(**{name: tf.constant(value) for name, value in inputs.items()})
    for name, value in expected.items():
        np.testing.assert_array_equal(again[name], value)
        np.testing.assert_allclose(exported[name], value, rtol=1e-4, atol=1e-4)


def test_bad_arguments_are_refused():
    with refused("fusion", ("'early'", "'late'")):
        small("middle")
    with refused("attention", "'activation'"):
        small(attention="none")
    with refused("input_shape", "16", "(8, 32, 32, 3)"):
        small(input_shape=(8, 32, 32))
    with refused("gaze_of_slots", "multiple of 2", "17"):
        small("late", "human", input_shape=(17, 32, 32))
