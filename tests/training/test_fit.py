"""Training in a run folder: resumed to the bit, written whole, stopped with a message."""

import csv
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT, raised, refused
from small_runs import EPOCHS, STEPS, batches, build, train

from keras_attn import configs, weights
from keras_attn.errors import NotFinite, TrainingStopped
from keras_attn.storage import RunFolder
from keras_attn.training import callbacks, devices, state

pytestmark = pytest.mark.slow

SLOW = """
import sys, time
sys.path[:0] = {paths!r}
from pathlib import Path
import small_runs as t

def validate(model):
    if {pause} and t.RunFolder(Path({folder!r})).state.is_file():
        time.sleep(60)
    return {{"score": 1.0}}, None

t.train(Path({folder!r}), validate=validate)
"""


def start(folder, pause):
    paths = [str(ROOT / "tests"), str(ROOT / "tests" / "training")]
    code = SLOW.format(paths=paths, folder=str(folder), pause=pause)
    return subprocess.Popen([sys.executable, "-c", code], env={**os.environ})


def test_a_run_that_was_killed_ends_with_the_same_bits_as_one_that_was_not(tmp_path):
    """With dropout: SIGKILL in the middle of the second epoch, after the state of the first."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train(whole, validate=lambda model: ({"score": 1.0}, None))
    process = start(killed, True)
    deadline = time.monotonic() + 120
    while not RunFolder(killed).history.is_file():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not RunFolder(killed).finished
    assert len(history(killed)) == 1
    assert start(killed, False).wait() == 0
    assert [row["epoch"] for row in history(killed)] == ["1", "2", "3", "4"]
    models = []
    for folder in (whole, killed):
        model = build()
        weights.load(model, RunFolder(folder).weights, by="order")
        models.append(model)
        assert not RunFolder(folder).state.is_file()
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)
    losses = [[row["loss"] for row in history(folder)] for folder in (whole, killed)]
    assert losses[0] == losses[1]


def history(folder):
    with RunFolder(folder).history.open() as file:
        return list(csv.DictReader(file))


def test_the_state_holds_what_dropout_draws_next(tmp_path):
    """Without it, a resumed run would drop the units of the first step again."""
    model = build()
    names = [v.path for v in state._variables(model)]
    assert any("seed_generator" in name for name in names)
    state.save(tmp_path / "state.npz", model, [{"epoch": 1}])
    once = model({"x": np.ones((5, 8))}, training=True)["y"]
    assert state.load(tmp_path / "state.npz", model) == [{"epoch": 1}]
    again = model({"x": np.ones((5, 8))}, training=True)["y"]
    np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize("cut", [10, 400])
def test_a_damaged_state_is_named_and_nothing_is_lost(tmp_path, cut):
    model = build()
    path = tmp_path / "state.npz"
    state.save(path, model, [])
    path.write_bytes(path.read_bytes()[:-cut])
    before = model.get_weights()
    with refused("state.npz", "state"):
        state.load(path, model)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_state_of_another_run_is_refused(tmp_path):
    """Of another seed for example, whose variables have the same shapes."""
    model = build()
    state.save(tmp_path / "state.npz", model, [], "one")
    assert state.load(tmp_path / "state.npz", model, "one") == []
    with refused("state.npz", "no file", "another run"):
        state.load(tmp_path / "state.npz", model, "two")


def test_a_state_of_another_network_is_refused(tmp_path):
    state.save(tmp_path / "state.npz", build(), [])
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    other.compile("sgd", "mse")
    with refused("state.npz", "4 variables"):
        state.load(tmp_path / "state.npz", other)


def test_nan_stops_the_run_with_a_message_and_keeps_the_state(tmp_path):
    def poisoned(model, first):
        def spoil(number, pair):
            x, y = pair
            return x, {"y": tf.where(number == STEPS + 2, np.nan, 1.0) * y["y"]}

        return batches(model, first).enumerate().map(spoil)

    facts = ("epoch 2", "learning rate 0.01", "loss became nan", "step 3", "new folder")
    with raised(TrainingStopped, *facts):
        train(tmp_path, batches=poisoned)
    assert RunFolder(tmp_path).state.is_file() and not RunFolder(tmp_path).finished
    assert len(history(tmp_path)) == 1


def leaping(rate, steps=1):
    """The network at a learning rate at which it diverges in its last step."""

    def made():
        model = build()
        model.compile(keras.optimizers.SGD(rate), {"y": "mse"})
        return model

    def first(model, epoch):
        return batches(model, epoch).take(steps)

    return {"build": made, "batches": first, "steps": steps, "epochs": 1}


@pytest.mark.parametrize(
    ("rate", "facts"), [(np.inf, ("weights", "infinite")), (1e20, ("outputs", "infinite"))]
)
def test_what_diverged_in_the_last_step_is_not_saved(tmp_path, rate, facts):
    """No loss is computed from the weights of an epoch's last step."""
    asked = []

    def validate(model):
        asked.append(model)

    with raised(TrainingStopped, "epoch 1", "learning rate", *facts):
        train(tmp_path, validate=validate, **leaping(rate))
    assert not list(tmp_path.iterdir()) and not asked


def test_maps_that_are_not_finite_in_the_validation_end_the_run_alike(tmp_path):
    def validate(model):
        raise NotFinite("predictions of 'a'", "finite values", "7 NaN or infinite")

    facts = ("epoch 1", "predictions of 'a'", "finite", "7 NaN or infinite", "overwrite")
    with raised(TrainingStopped, *facts):
        train(tmp_path, validate=validate)
    assert not list(tmp_path.iterdir())


def test_in_mixed_precision_the_message_names_float32(tmp_path):
    machine = configs.Machine(precision="mixed_bfloat16", tensorboard=False)
    with raised(TrainingStopped, "float32", "machine.precision"):
        train(tmp_path, machine, **leaping(np.inf))


def test_scores_of_the_validation_stand_in_the_history_where_it_was_due(tmp_path):
    asked = []

    def validate(model):
        asked.append(model)
        return {"max_f": 0.25 * len(asked)}, None

    machine = configs.Machine(tensorboard=False, validate_every=3)
    train(tmp_path, machine, validate=validate)
    assert [row["val_max_f"] for row in history(tmp_path)[2:]] == ["0.25", "0.5"]
    assert [row["learning_rate"] for row in history(tmp_path)] == [
        history(tmp_path)[0]["learning_rate"]
    ] * 4
    assert float(history(tmp_path)[0]["learning_rate"]) == pytest.approx(1e-2)


def test_curves_and_pictures_are_written_for_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    pictures = np.zeros((2, 8, 12, 3), np.uint8)
    train(tmp_path, configs.Machine(), validate=lambda model: ({"mae": 0.5}, pictures), epochs=2)
    events = EventAccumulator(str(RunFolder(tmp_path).curves / "train")).Reload()
    assert "epoch_loss" in events.Tags()["tensors"]
    events = EventAccumulator(str(RunFolder(tmp_path).curves / "validation")).Reload()
    assert "attention" in events.Tags()["tensors"]
    assert "epoch_mae" in events.Tags()["tensors"]


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_precision_is_that_of_the_run_and_ends_with_it(tmp_path, precision):
    model = train(tmp_path, configs.Machine(precision=precision, tensorboard=False), epochs=1)
    assert model.layers[1].compute_dtype == precision.removeprefix("mixed_")
    assert all(weight.dtype == "float32" for weight in model.trainable_weights)
    assert keras.config.dtype_policy().name == "float32"
    scales = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scales == (precision == "mixed_float16")


MIRRORED = """
import sys
sys.path[:0] = {paths!r}
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
import small_runs as t
machine = t.configs.Machine(strategy={strategy!r}, tensorboard=False)
def plain():
    model = t.build()
    model.layers[3].rate = 0.0   # replicas draw of their own
    model.layers[2].trainable = False  # and see their own part of a batch
    model.compile(t.keras.optimizers.SGD(1e-2), {{"y": "mse"}})
    return model
model = t.train(Path({folder!r}), machine, build=plain, batches=t.even)
t.np.savez({folder!r} + ".npz", *model.get_weights())
"""


def test_two_devices_learn_what_one_does(tmp_path):
    paths = [str(ROOT / "tests"), str(ROOT / "tests" / "training")]
    for strategy in ("none", "mirrored"):
        folder = tmp_path / strategy
        code = MIRRORED.format(paths=paths, folder=str(folder), strategy=strategy)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    one, two = (np.load(tmp_path / f"{name}.npz") for name in ("none", "mirrored"))
    for name in one.files:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-5, atol=1e-6)


def test_what_does_not_exist_is_refused():
    with refused("precision", "'float32'"):
        devices.precision("float64").__enter__()
    with refused("strategy", ("'none'", "'mirrored'")):
        devices.scope("all")


def test_the_bar_shows_a_line_for_each_epoch(tmp_path, capsys):
    train(tmp_path, label="mine", validate=lambda model: ({"max_f": 0.5}, None))
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert len(lines) == EPOCHS
    assert lines[0].startswith("mine  epoch 1/4  loss ") and "max_f 0.5" in lines[0]


def test_history_can_be_read_after_names_appeared_late(tmp_path):
    folder = RunFolder(tmp_path)
    callbacks.write_history(folder, [{"epoch": 1}, {"epoch": 2, "val_mae": 0.5}])
    assert history(tmp_path) == [{"epoch": "1", "val_mae": ""}, {"epoch": "2", "val_mae": "0.5"}]


def test_a_step_is_traced_once(tmp_path, monkeypatch):
    """One that makes variables is traced once more, which takes seconds of a deep network."""
    traced, step = [], keras.Model.train_step

    def counted(self, data):
        traced.append(len(self.optimizer.variables))
        return step(self, data)

    monkeypatch.setattr(keras.Model, "train_step", counted)
    model = train(tmp_path)
    assert traced == [len(model.optimizer.variables)]
