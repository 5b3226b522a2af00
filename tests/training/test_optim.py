"""Caffe's SGD and its schedules: by hand, accumulated, resumed, saved, in float16, on devices."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import ROOT, refused
from small_networks import X, Y, assert_close, network, train

from keras_attn import models
from keras_attn.training import devices, state
from keras_attn.training.optim import CaffeSGD, steps_down

pytestmark = pytest.mark.slow


def output(y_true, y_pred):
    """A loss whose gradient is the mean input for a kernel, and 1 for a bias."""
    return y_pred


def linear(optimizer, loss=output):
    """Two weights of 0.5 and 1, and a bias of 0."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.set_weights([np.array([[0.5], [1.0]]), np.zeros(1)])
    model.compile(optimizer, loss)
    return model


def caffe(weights, gradients, rates, *, multipliers, momentum=0.9, decay=5e-4):
    """Caffe's Regularize and ComputeUpdateValue, in float64; multipliers: (lr_mult, decay_mult)."""
    buffers = [np.zeros_like(w) for w in weights]
    for rate, step in zip(rates, gradients, strict=True):
        for w, v, g, (faster, decayed) in zip(weights, buffers, step, multipliers, strict=True):
            v[...] = momentum * v + rate * faster * (g + decay * decayed * w)
            w -= v
    return weights


# --- Caffe's rule -------------------------------------------------------------------------------


def test_two_updates_are_those_of_caffe_by_hand():
    """With x = (1, −2): v = 0.1 · (1 + 0.01 · 0.5) and so on; the bias falls by twice 0.1."""
    model = linear(CaffeSGD(0.1, kernel_decay=0.01))
    x, y = np.array([[1.0, -2.0]]), np.zeros((1, 1))
    model.fit(x, y, verbose=0)
    assert_close(model.get_weights(), [[[0.3995], [1.199]], [-0.2]])
    model.fit(x, y, verbose=0)
    assert_close(model.get_weights(), [[[0.2086505], [1.576901]], [-0.58]])


def test_many_updates_with_a_schedule_are_those_of_caffe():
    rng = np.random.default_rng(0)
    layer = keras.layers.Conv2D(4, 3)
    layer.build((None, 8, 8, 2))
    start = [rng.normal(size=variable.shape) for variable in layer.trainable_variables]
    layer.set_weights(start)
    steps = [[rng.normal(size=w.shape) for w in start] for _ in range(8)]
    optimizer = CaffeSGD(steps_down(0.1, (3, 6)))
    for gradients in steps:
        gradients = [keras.ops.convert_to_tensor(g, "float32") for g in gradients]
        optimizer.apply(gradients, layer.trainable_variables)
    rates = [0.1] * 3 + [0.01] * 3 + [0.001] * 2
    expected = caffe(start, steps, rates, multipliers=((1, 1), (2, 0)))
    assert_close(layer.get_weights(), expected)


def test_decay_leaves_biases_and_normalisations_alone():
    """Without a gradient, an update of 0.1 · 0.5 · w takes a twentieth of the kernels."""
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()]
    )
    model.set_weights([np.full(w.shape, 2.0) for w in model.get_weights()])
    variables = model.trainable_variables
    optimizer = CaffeSGD(0.1, kernel_decay=0.5)
    optimizer.apply([keras.ops.zeros_like(v) for v in variables], variables)
    found = {v.name: float(v.numpy().mean()) for v in variables}
    assert found == {"kernel": pytest.approx(1.9), "bias": 2.0, "gamma": 2.0, "beta": 2.0}


def test_scales_of_normalisations_move_at_the_rate_of_kernels():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()]
    )
    model.set_weights([np.zeros(w.shape) for w in model.get_weights()])
    variables = model.trainable_variables
    CaffeSGD(0.25, bias_rate=4.0).apply([keras.ops.ones_like(v) for v in variables], variables)
    found = {v.name: float(v.numpy().mean()) for v in variables}
    assert found == {"kernel": -0.25, "bias": -1.0, "gamma": -0.25, "beta": -0.25}


@pytest.mark.parametrize("fusion", ["early", "late"])
def test_the_names_tell_what_every_weight_of_the_networks_is(fusion):
    model = models.two_stream(fusion, classes=2, input_shape=(16, 16, 16), width=1 / 32)
    optimizer = CaffeSGD(0.1)
    optimizer.build(model.trainable_variables)
    for variable, rate, decay in zip(
        model.trainable_variables, optimizer.rates, optimizer.decays, strict=True
    ):
        kernel, bias = len(variable.shape) > 1, variable.path.endswith("/bias")
        assert kernel or bias or variable.path.endswith(("/gamma", "/beta")), variable.path
        assert (rate, decay) == (2.0 if bias else 1.0, 5e-4 if kernel else 0.0)


def test_what_is_frozen_stays_and_the_rest_keeps_its_rates():
    model = network("sgd")
    model.layers[0].trainable = False
    model.compile(CaffeSGD(0.01), "mse")
    before = model.get_weights()
    after = train(model, 24)
    moved = [not np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
    assert moved == [False, False, True, True]
    assert tuple(model.optimizer.rates) == (1.0, 2.0)


# --- schedules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("update", "rate"),
    [(0, 1e-4), (3999, 1e-4), (4000, 1e-5), (7999, 1e-5), (8000, 1e-6), (10_000, 1e-6)],
)
def test_the_rate_falls_with_the_update_that_follows_each_step(update, rate):
    schedule = steps_down(1e-4, (4000, 8000))
    assert float(schedule(keras.ops.convert_to_tensor(update, "int64"))) == pytest.approx(rate)


def test_steps_are_counted_in_updates_and_not_in_batches():
    """At 1.0, 1.0 and 0.5 three pairs of batches move a bias by twice that, without momentum."""
    optimizer = CaffeSGD(steps_down(1.0, (2,), factor=0.5), momentum=0.0, accumulate=2)
    bias = keras.Variable([0.0], name="bias")
    found = []
    for _ in range(6):
        optimizer.apply([keras.ops.ones(1)], [bias])
        found.append((float(bias[0]), int(optimizer.iterations), float(optimizer.learning_rate)))
    assert found == [
        (0.0, 0, 1.0),
        (-2.0, 1, 1.0),
        (-2.0, 1, 1.0),
        (-4.0, 2, 0.5),
        (-4.0, 2, 0.5),
        (-5.0, 3, 0.5),
    ]


@pytest.mark.parametrize("at", [(), (0, 3), (4, 4), (8, 4), (1.5,), 4000])
def test_steps_that_do_not_follow_each_other_are_refused(at):
    with refused("at", ("increasing", "from 1")):
        steps_down(1e-4, at)


# --- accumulation -------------------------------------------------------------------------------


def test_accumulated_batches_are_one_large_batch_also_across_epochs():
    """3 epochs of 4 batches of 6, three to an update: two sums are begun in one epoch and ended in
    the next."""
    small, large = (network(CaffeSGD(0.02, accumulate=n)) for n in (3, 1))
    found = train(small, 6, epochs=3)
    assert int(small.optimizer.iterations) == 4
    for indices in np.tile(np.arange(24), 3).reshape(4, 18):
        large.train_on_batch(X[indices], Y[indices])
    assert_close(found, large.get_weights())


def test_a_run_resumed_amid_a_sum_ends_with_the_same_bits(tmp_path):
    def made():
        return network(CaffeSGD(steps_down(0.05, (2,)), accumulate=2))

    whole, first, second = made(), made(), made()
    expected = train(whole, 4)
    train(first, 4, last=12)
    assert any(np.any(total.numpy()) for total in first.optimizer.sums)
    state.save(tmp_path / "state.npz", first, [{"epoch": 1}])
    state.load(tmp_path / "state.npz", second)
    for one, other in zip(expected, train(second, 4, first=12), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(whole.optimizer.variables, second.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


# --- saved, in float16, on two devices ----------------------------------------------------------


@pytest.mark.parametrize("rate", [0.125, steps_down(0.125, (2, 4), 0.5)])
def test_a_description_makes_the_same_optimizer(rate):
    optimizer = CaffeSGD(rate, momentum=0.5, kernel_decay=0.25, bias_rate=3.0, accumulate=4)
    described = json.dumps(keras.optimizers.serialize(optimizer))
    again = keras.optimizers.deserialize(json.loads(described))
    assert isinstance(again, CaffeSGD)
    assert json.dumps(keras.optimizers.serialize(again)) == described
    assert (again.momentum, again.kernel_decay, again.bias_rate) == (0.5, 0.25, 3.0)
    assert float(again.learning_rate) == 0.125 and again.accumulate == 4


def test_a_saved_model_goes_on_as_the_one_that_was_saved(tmp_path):
    model = network(CaffeSGD(steps_down(0.05, (1,)), accumulate=2))
    train(model, 8)
    model.save(tmp_path / "whole.keras")
    again = keras.saving.load_model(tmp_path / "whole.keras")
    for one, other in zip(train(model, 8), train(again, 8), strict=True):
        np.testing.assert_array_equal(one, other)


def test_in_float16_an_update_is_the_same_and_a_batch_that_overflows_does_not_count():
    with devices.precision("mixed_float16"):
        model = linear(CaffeSGD(0.25, momentum=0.0, kernel_decay=0.5, accumulate=2))
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    model.optimizer.initial_scale = 256.0
    y = np.zeros((1, 1))
    for x in ([[1.0, -2.0]], [[60_000.0, 0.0]], [[3.0, 0.0]]):
        model.train_on_batch(np.array(x), y)
    # The mean of the first and third is (2, −1): w = 0.5 − 0.25 · 2.25, 1 + 0.25 · 0.5.
    assert_close(model.get_weights(), [[[-0.0625], [1.125]], [-0.5]])
    assert int(model.optimizer.iterations) == 1


MIRRORED = """
import sys
sys.path[:0] = {paths!r}
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
import keras
import numpy as np
from keras_attn.training import devices, state
from keras_attn.training.optim import CaffeSGD, steps_down
from small_networks import network, train
with devices.scope("mirrored"):
    # An earlier run of another network in the same process.
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(7)])
    other.compile(CaffeSGD(0.1), "mse")
other.fit(np.zeros((8, 3)), np.zeros((8, 7)), batch_size=4, verbose=0)
with devices.scope("mirrored"):
    model, again = (network(CaffeSGD(steps_down(0.05, (2,)), accumulate=2)) for _ in "ab")
    train(model, 4, last=12)
    state.save(Path({folder!r}) / "state.npz", model, [])
    state.load(Path({folder!r}) / "state.npz", again)
np.savez({folder!r} + "/weights.npz", *train(again, 4, first=12))
"""


def test_two_devices_resumed_amid_a_sum_learn_what_one_does(tmp_path):
    paths = [str(ROOT / "tests"), str(ROOT / "tests" / "training")]
    code = MIRRORED.format(paths=paths, folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = train(network(CaffeSGD(steps_down(0.05, (2,)), accumulate=2)), 4)
    found = np.load(tmp_path / "weights.npz")
    assert_close([found[name] for name in found.files], expected)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        (
            {"learning_rate": -0.1},
            ("learning_rate", "from 0", "-0.1"),
        ),
        ({"learning_rate": float("nan")}, ("learning_rate", "from 0", "nan")),
        ({"learning_rate": "fast"}, ("learning_rate", "from 0", "fast")),
        ({"momentum": 1.0}, ("momentum", "from 0 to below 1", "1.0")),
        ({"kernel_decay": None}, ("kernel_decay", "from 0", "None")),
        ({"bias_rate": float("inf")}, ("bias_rate", "from 0", "inf")),
        ({"accumulate": 0}, ("accumulate", "from 1", "0")),
        ({"accumulate": 2.0}, ("accumulate", "from 1", "2.0")),
    ],
)
def test_numbers_out_of_range_are_refused(options, facts):
    with refused(*facts):
        CaffeSGD(**({"learning_rate": 0.1} | options))
