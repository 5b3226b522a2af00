"""The core on whatever backend Keras has: `make test-jax` runs this where TensorFlow is not."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import exchanged
import keras
import numpy as np
import pytest

from keras_attn import layers, weights
from keras_attn.layers import bilinear
from keras_attn.models.backbones.alexnet import LocalResponseNormalization
from keras_attn.models.c3d import ClipPooling
from keras_attn.models.common import ResizeLike

pytestmark = pytest.mark.slow

BACKEND = keras.backend.backend()
OTHER = os.environ.get("KERAS_ATTN_OTHER_PYTHON")
"""A Python that has TensorFlow and this package, where this one has another backend."""
CORE = ("layers", "losses", "mechanisms", "metrics", "models", "training.optim")
CORE += ("weights.loading", "weights.saved", "metrics.gaze", "metrics.columns")


@pytest.mark.skipif(BACKEND == "tensorflow", reason="Keras itself imports TensorFlow")
def test_the_core_imports_no_tensorflow():
    names = [f"keras_attn.{name}" for name in CORE]
    code = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\n"
    code += "assert not any(name.partition('.')[0] == 'tensorflow' for name in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert all(importlib.import_module(name) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("name", exchanged.NETWORKS)
def test_a_network_learns_for_a_step_and_is_loaded_again(name, tmp_path):
    model = exchanged.compiled(exchanged.network(name))
    before = [w.copy() for w in model.get_weights()]
    data = exchanged.inputs(model), exchanged.targets(model)
    losses = model.fit(*data, batch_size=2, verbose=0).history
    assert np.isfinite([value for values in losses.values() for value in values]).all()
    after = model.get_weights()
    assert all(np.isfinite(w).all() for w in after)
    moved = [(a != b).any() for a, b in zip(after, before, strict=True)]
    assert np.mean(moved) > 0.5
    path = tmp_path / "one.weights.h5"
    weights.save(model, path, {"network": name})
    twin = exchanged.network(name, seed=1)
    weights.load(twin, path)
    mine, its = exchanged.outputs(model), exchanged.outputs(twin)
    for output, values in mine.items():
        np.testing.assert_array_equal(values, its[output])


def test_local_response_normalisation_is_that_of_its_definition(rng):
    x = (rng.normal(size=(2, 3, 4, 7)) * 50).astype("float32")
    made = np.asarray(LocalResponseNormalization(2, 1e-3, 0.75, 2.0)(x))
    expected = np.empty_like(x, np.float64)
    for i in range(7):
        near = x[..., max(0, i - 2) : i + 3].astype(np.float64)
        expected[..., i] = x[..., i] / (2 + 1e-3 * (near**2).sum(-1)) ** 0.75
    np.testing.assert_allclose(made, expected, rtol=2e-6)


def test_half_precision_is_pooled_to_the_same_bits(rng):
    x = rng.normal(size=(1, 4, 8, 8, 2)).astype("float16")
    made = ClipPooling((1, 2, 2), dtype="float16")(x)
    expected = x.reshape(1, 4, 4, 2, 4, 2, 2).max(axis=(3, 5))
    assert keras.backend.standardize_dtype(made.dtype) == "float16"
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(made), expected)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(3, 5), (7, 9), (20, 31), (14, 4)])
def test_sizes_known_early_and_late_give_one_resizing(rng, size, antialias):
    """In a graph the sizes may be tensors, for which Keras' own resizing is not made."""
    maps = rng.random((2, 7, 9, 3)).astype("float32")
    early = np.asarray(layers.resized(maps, size, antialias))
    late = layers.resized(maps, tuple(map(np.int32, size)), antialias)
    np.testing.assert_allclose(late, early, atol=1e-6)
    rows = np.asarray(bilinear.shares(7, size[0], antialias))
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)


def test_maps_are_resized_to_the_image_in_float32(rng):
    maps, images = rng.random((2, 4, 6, 1)).astype("float16"), np.zeros((2, 8, 12, 3), "float32")
    made = ResizeLike()([maps, images])
    assert made.shape == (2, 8, 12, 1)
    assert keras.backend.standardize_dtype(made.dtype) == "float32"


@pytest.mark.slow
@pytest.mark.skipif(not OTHER, reason="no Python with another backend: make test-jax names one")
def test_weights_of_one_backend_give_the_same_outputs_under_the_other(tmp_path):
    script, (ours, theirs) = Path(exchanged.__file__), (tmp_path / "ours", tmp_path / "theirs")
    known = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}

    def in_the_other(verb, folder):
        subprocess.run([OTHER, str(script), verb, str(folder)], env=known, check=True)

    for folder in (ours, theirs):
        folder.mkdir()
    exchanged.write(ours)
    in_the_other("check", ours)
    in_the_other("write", theirs)
    exchanged.check(theirs)
