"""Entropy and maps in the rows of networks of images: own grid, no gaze, maps of zeros."""

from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest
from conftest import refused

import keras_attn as ka
from keras_attn.errors import NotFinite
from keras_attn.metrics import dispersion
from keras_attn.report.tables import sheets
from keras_attn.tasks import salient_object


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Five drawn scenes with masks; nobody has looked at the first."""
    root = tmp_path_factory.mktemp("m") / "scenes"
    whole = ka.datasets.miniature("dut_omron", images=5, shape=(48, 64), root=root)
    first = replace(whole[0], points=np.zeros((0, 2)), subjects=np.zeros(0))
    return replace(whole, examples=(first, *tuple(whole)[1:]))


def network(attention, side=28, **inputs):
    """A segmenting network. attention: the picture, or gaze, at `side` -> a map."""
    image = keras.Input((56, 56, 3), name="picture")
    grey = keras.ops.mean(image, axis=-1, keepdims=True) / 255.0
    given = {name: keras.Input((56, 56, 1), name=name) for name in inputs}
    of = keras.layers.AveragePooling2D(56 // side)(given.get("gaze", grey))
    made = {"saliency": grey, "attention": attention(of)}
    return keras.Model([image, *given.values()], made, name="own")


def result(model, data):
    return ka.evaluate(model, data, progress=False)


def test_entropy_is_taken_at_the_networks_own_grid_and_maps_at_14_by_14(data):
    made = result(network(lambda of: of), data)
    model, images = network(lambda of: of), []
    for example in data:
        images.append(cv2.resize(example.pixels(), (56, 56)))
    maps = np.asarray(model([np.stack(images).astype("float32")])["attention"])[..., 0]
    np.testing.assert_allclose(made.rows["entropy"], dispersion.entropy(maps), atol=1e-5)
    smaller = maps.reshape(5, 14, 2, 14, 2).mean(axis=(2, 4))
    vectors = dispersion.standardised(smaller)
    np.testing.assert_allclose(made.arrays["maps"], vectors, atol=1e-3)
    summary = made.summary().set_index("metric")
    assert summary.loc["cc_others", "value"] == pytest.approx(dispersion.mean_cc(smaller), abs=1e-3)
    # Also of the picture that nobody has looked at.
    assert summary.loc["entropy", "n"] == summary.loc["cc_others", "n"] == 5
    assert summary.loc["s_auc", "n"] == 4


def test_constant_attention_has_entropy_1_and_is_like_no_other(data, tmp_path):
    made = result(network(lambda of: 0 * of + 0.3), data)
    assert made.rows["entropy"].to_numpy() == pytest.approx(1)
    cells = sheets.cells(sheets.read([made.save(tmp_path / "run")]))
    found = cells[(cells["table"] == "IIb") & (cells["metric"] == "cc_others")]
    assert found["value"].tolist() == [0.0] and found["subset"].tolist() == ["all"]


def test_attention_that_is_gaze_is_measured_where_there_is_gaze(data):
    made = result(network(lambda of: of, gaze=True), data)
    assert np.isnan(made.rows["entropy"][0]) and np.isnan(made.arrays["maps"][0]).all()
    assert made.rows["entropy"][1:].between(0.1, 0.95).all()
    assert np.isfinite(made.arrays["maps"][1:]).all()
    assert not any("likeness" in note for note in made.notes)


def test_attention_of_zeros_has_neither_and_the_notes_say_so(data, tmp_path):
    made = result(network(lambda of: 0 * of), data)
    assert made.rows["entropy"].isna().all() and np.isnan(made.arrays["maps"]).all()
    [note] = [note for note in made.notes if "likeness" in note]
    assert note.startswith("The attention for 5 of 5 examples has neither an entropy nor")
    assert not {"entropy", "cc_others"} & set(made.summary()["metric"])
    results = sheets.read([made.save(tmp_path / "run")])
    assert "IIb" not in set(sheets.cells(results)["table"])


def test_attention_below_0_has_a_likeness_and_the_notes_say_why_no_entropy(data):
    made = result(network(lambda of: of - 0.5), data)
    assert made.rows["entropy"].isna().any() and np.isfinite(made.arrays["maps"]).all()
    count = made.rows["entropy"].isna().sum()
    [note] = [note for note in made.notes if "entropy" in note]
    assert f"{count} of 5 examples has no entropy, having values below 0" in note


def test_attention_that_is_not_finite_is_refused_also_where_nobody_has_looked(data):
    model = network(lambda of: of)
    scorer = salient_object.scorer(model)
    outputs = {"attention": np.full((28, 28, 1), np.nan, np.float32)}
    with refused(f"attention for {data[0].id!r}", "finite", "784 NaN", error=NotFinite):
        scorer.dispersion(data, 0, outputs)


def test_a_network_without_attention_has_neither(data):
    image = keras.Input((56, 56, 3), name="picture")
    grey = keras.ops.mean(image, axis=-1, keepdims=True) / 255.0
    made = result(keras.Model(image, grey, name="grey"), data)
    assert "entropy" not in made.rows and "maps" not in made.arrays
