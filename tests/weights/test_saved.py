"""The project's own weight files: weights alone, with the settings of the run inside."""

import h5py
import keras
import numpy as np
import pytest

from keras_attn import models, weights
from keras_attn.errors import InputError

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
    assert "block1_conv1" in weights.load(other, path)
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
    with pytest.raises(
        InputError, match=r"model\.weights\.h5: expected the \d+ weights of .* missing: none"
    ):
        weights.load(other, saved[1])
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_settings_of_files_without_them_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.weights\.h5: expected .* no such file"):
        weights.settings(tmp_path / "none.weights.h5")
    (tmp_path / "text.weights.h5").write_text("not HDF5")
    with pytest.raises(InputError, match=r"text\.weights\.h5: .* cannot be read"):
        weights.settings(tmp_path / "text.weights.h5")
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    plain.save_weights(tmp_path / "plain.weights.h5")
    with pytest.raises(InputError, match="without settings of a run"):
        weights.settings(tmp_path / "plain.weights.h5")


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path, saved, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    path = tmp_path / "model.weights.h5"
    path.write_text("earlier")
    monkeypatch.setattr(h5py, "File", full)
    with pytest.raises(InputError, match="No space left on device"):
        weights.save(saved[0], path, SETTINGS)
    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["model.weights.h5"]
