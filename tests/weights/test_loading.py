"""Legacy weight files: all of one goes in, or one error says what does not fit."""

import h5py
import numpy as np
import pytest
from conftest import real

from keras_attn import models, weights
from keras_attn.errors import InputError
from keras_attn.weights.layouts import read_legacy_h5


def write_legacy(path, layers, root=None, as_bytes=True):
    """A weight file in the layout that Keras 2 wrote."""
    encode = (lambda text: text.encode()) if as_bytes else str
    with h5py.File(path, "w") as file:
        group = file.create_group(root) if root else file
        group.attrs["layer_names"] = [encode(name) for name in layers]
        for name, arrays in layers.items():
            names = [f"{name}_{i}:0" for i in range(len(arrays))]
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [encode(n) for n in names]
            for weight_name, array in zip(names, arrays, strict=True):
                inner[weight_name] = array
    return path


@pytest.fixture
def small():
    return models.vgg16((32, 32, 3), width=0.1)


def layers_of(model):
    return {layer.name: layer.get_weights() for layer in model.layers}


@pytest.mark.parametrize("as_bytes", [True, False])
@pytest.mark.parametrize("root", [None, "model_weights"])
def test_every_weight_of_a_file_arrives(tmp_path, small, root, as_bytes):
    path = write_legacy(tmp_path / "w.h5", layers_of(small), root, as_bytes)
    other = models.vgg16((32, 32, 3), width=0.1)
    loaded = weights.load(other, path)
    assert len(loaded) == 13
    for mine, its in zip(small.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_what_does_not_fit_is_listed_and_nothing_is_changed(tmp_path, small):
    stored = layers_of(small)
    del stored["block2_conv1"]
    stored["fc1"] = [np.ones((2, 3))]
    stored["block1_conv1"][0] = np.ones((3, 3, 3, 9))
    path = write_legacy(tmp_path / "w.h5", stored)
    other = models.vgg16((32, 32, 3), width=0.1)
    before = other.get_weights()
    with pytest.raises(InputError) as error:
        weights.load(other, path)
    message = str(error.value)
    assert str(path) in message
    assert "missing: block2_conv1" in message
    assert "superfluous: fc1" in message
    assert "block1_conv1 3×3×3×9, 8 for 3×3×3×8, 8" in message
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    del stored["block1_conv1"]
    path = write_legacy(tmp_path / "w2.h5", stored)
    skipped = weights.load(other, path, skip=("fc1", "block2_conv1", "block1_conv1"))
    assert len(skipped) == 11


def test_a_file_of_another_architecture_is_refused(tmp_path, small):
    path = write_legacy(tmp_path / "vgg.h5", layers_of(small))
    with pytest.raises(InputError, match="all layers of 'resnet50'.*missing: conv1_conv"):
        weights.load(models.resnet50(width=0.1), path)


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (None, "no such file"),
        (b"this is text\n", "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_what_is_no_weight_file_is_one_clear_error(tmp_path, content, received):
    path = tmp_path / "weights.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"weights.h5: expected a legacy Keras.*{received}"):
        read_legacy_h5(path)


def test_a_truncated_file_and_a_file_of_another_layout_are_refused(tmp_path, small):
    path = write_legacy(tmp_path / "w.h5", layers_of(small))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(InputError, match="cannot be read"):
        read_legacy_h5(path)
    small.save_weights(tmp_path / "new.weights.h5")
    with pytest.raises(InputError, match=r"HDF5 with \['_layer_checkpoint_dependencies'|HDF5 with"):
        read_legacy_h5(tmp_path / "new.weights.h5")
    with pytest.raises(InputError, match="a folder"):
        read_legacy_h5(tmp_path)


def test_the_published_vgg16_file_has_thirteen_layers():
    stored = read_legacy_h5(real("weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"))
    assert len(stored) == 13
    assert stored["block1_conv1"][0].shape == (3, 3, 3, 64)
