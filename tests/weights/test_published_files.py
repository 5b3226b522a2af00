"""Published files load as they are: converted on the way, or found by their names."""

from pathlib import Path

import foreign
import keras
import numpy as np
import pytest
from conftest import refused
from foreign import CLASSES, WIDTH, c3d_layers
from legacy_files import write_legacy

from keras_attn import models, weights
from keras_attn.models.backbones.resnet50 import STAGES
from keras_attn.models.c3d import SPORTS1M_BGR_MEAN
from keras_attn.weights import registry, rules


def test_a_model_of_caffe_is_converted_by_the_rules_of_the_tool(tmp_path, rng):
    path, layers = tmp_path / "anything.h5", c3d_layers(rng)
    path.write_bytes(b"".join(foreign.caffe_layer(name, a) for name, a in layers.items()))
    model = models.c3d(classes=CLASSES, width=WIDTH, mean=SPORTS1M_BGR_MEAN)
    loaded = weights.load(model, path)
    assert loaded.layout == "c3d_caffe"
    made = rules.convert(path, "c3d_caffe")
    assert set(loaded.layers) == set(made)
    for name, arrays in made.items():
        for one, two in zip(arrays, model.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
    assert weights.shapes(path)["fc8"] == [(256, CLASSES), (CLASSES,)]
    with refused("by", ("'name'", "c3d_caffe")):
        weights.load(model, path, by="order")
    other = models.c3d(classes=3, width=WIDTH)
    with refused(received="fc8 256×10, 10 for 256×3, 3"):
        weights.load(other, path)
    assert weights.load(other, path, skip="fc8").skipped == ("fc8",)


def test_a_pickle_is_converted_too(tmp_path, rng):
    model = models.alexnet(width=WIDTH)
    layers = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    for arrays in layers.values():
        arrays[1] = rng.normal(size=arrays[1].shape)
    foreign.write_npy_of_python2(tmp_path / "a.npy", layers)
    assert weights.load(model, tmp_path / "a.npy").layout == "alexnet_npy"
    np.testing.assert_allclose(model.get_layer("conv5").get_weights()[1], layers["conv5"][1])


@pytest.mark.slow
def test_resnet50_loads_by_its_old_names_into_ours_and_into_a_network_that_has_them(tmp_path):
    model = models.resnet50((64, 64, 3), width=WIDTH)
    rules_of = {rule.layer: rule.sources[0] for rule in rules.LAYOUTS["resnet50_v02"].rules}
    own = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    assert len(own) == 2 * (1 + sum(3 * blocks + 1 for _, blocks in STAGES))
    path = write_legacy(tmp_path / "w.h5", {rules_of[name]: own[name] for name in own})
    other = models.resnet50((64, 64, 3), width=WIDTH)
    assert weights.load(other, path).layout == "resnet50_v02"
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    old = keras.models.clone_model(
        model,
        clone_function=lambda layer: layer.__class__.from_config(
            layer.get_config() | {"name": rules_of.get(layer.name, layer.name)}
        ),
    )
    assert weights.load(old, path).layout == "legacy"


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A small file in the place of a published one; where such files are looked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_ATTN_CACHE", str(tmp_path / "cache"))
    model = models.vgg16((32, 32, 3), width=WIDTH)
    file = write_legacy(tmp_path / "x.h5", {one.name: one.get_weights() for one in model.layers})
    known = registry.Entry("tiny", "", "tiny.h5", "keras", "", size=file.stat().st_size)
    monkeypatch.setitem(registry.entries(), "tiny", known)
    return model, file


@pytest.mark.parametrize("folder", ["weights", "cache/weights"])
def test_a_name_is_found_where_files_are_kept(published, folder):
    model, file = published
    place = Path(folder)
    place.mkdir(parents=True)
    file.rename(place / "tiny.h5")
    loaded = weights.load(model, "tiny")
    assert loaded.path.resolve() == (place / "tiny.h5").resolve()
    (place / "tiny.h5").write_bytes(b"short")
    with refused("tiny.h5", "bytes", received="5 bytes"):
        weights.load(model, "tiny")


def test_a_name_that_is_not_there_says_how_it_is_fetched_and_downloads_nothing(published):
    model, _ = published
    facts = ("vgg16", ("file vgg16_w", "fetch_weights.py vgg16)"), "no such file")
    with refused(*facts):
        weights.load(model, "vgg16")
    with refused("vgg17", received="no such file"):
        weights.load(model, "vgg17")
