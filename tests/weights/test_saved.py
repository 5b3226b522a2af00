"""The project's own weight files: weights alone, with the settings of the run inside."""

import h5py
import keras
import numpy as np
import pytest
from conftest import refused, room_for

from keras_attn import models, weights

SETTINGS = {"config": {"model": {"channels": [8, 8, 8]}}, "note": "Größe ×"}


def network(attention="sigmoid"):
    options = {"input_shape": (48, 48, 3), "width": 0.0625, "channels": (16, 8, 8)}
    return models.salient_object("vgg16", attention, **options)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("w") / "model.weights.h5"
    model = network()
    weights.save(model, path, SETTINGS)
    return model, path


def test_weights_and_settings_come_back(saved):
    model, path = saved
    other = network()
    assert "block1_conv1" in weights.load(other, path).layers
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert weights.settings(path) == SETTINGS


def test_a_compiled_model_writes_no_optimizer(tmp_path, saved):
    model, path = saved
    model.compile("adam", {name: "mse" for name in model.output})
    model.optimizer.build(model.trainable_variables)
    weights.save(model, tmp_path / "again.weights.h5", SETTINGS)

    def names(file):
        found = []
        with h5py.File(file) as opened:
            opened.visit(found.append)
        return found

    assert names(tmp_path / "again.weights.h5") == names(path)


def test_weights_of_another_network_leave_the_model_as_it_was(saved):
    other = network("activation")
    before = other.get_weights()
    facts = ("model.weights.h5", "'salient_object'", "superfluous: attention_1")
    with refused(*facts):
        weights.load(other, saved[1])
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_settings_of_files_without_them_are_refused(tmp_path):
    with refused("none.weights.h5", received="no such file"):
        weights.settings(tmp_path / "none.weights.h5")
    (tmp_path / "text.weights.h5").write_text("not HDF5")
    with refused("text.weights.h5", received="'not HDF5'"):
        weights.settings(tmp_path / "text.weights.h5")
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    plain.save_weights(tmp_path / "plain.weights.h5")
    with refused("plain.weights.h5", received="settings"):
        weights.settings(tmp_path / "plain.weights.h5")


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path, saved):
    path = tmp_path / "model.weights.h5"
    path.write_text("earlier")
    with (
        refused(str(tmp_path), "written", "File too large"),
        room_for(20_000),
    ):
        weights.save(saved[0], path, SETTINGS)
    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["model.weights.h5"]


def test_hdf5_writes_into_memory_alone(tmp_path, saved, monkeypatch):
    """Where the disk is full it would end the process, and no error could be caught."""
    opened, whole = [], h5py.File

    def watched(name, *arguments, **options):
        opened.append(name)
        return whole(name, *arguments, **options)

    monkeypatch.setattr(h5py, "File", watched)
    weights.save(saved[0], tmp_path / "model.weights.h5", SETTINGS)
    assert len(opened) == 2 and all(hasattr(name, "getbuffer") for name in opened)
