"""A small transformer that is trained for a minute looks where the gaze of drawn scenes is."""

import cv2
import keras
import numpy as np
import pytest
from small_vit import DEPTH, HEADS, SIDE, save_onnx, vit

import keras_attn as ka
from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.audits.onnx_maps import OnnxMaps

pytestmark = pytest.mark.miniature

CELLS = 4
"""Rows and columns of the cells of which it learns whether an object is there."""
KINDS = ("activation", "attention", "attention_heads", "attention_rollout", "attention_relevance")


def targets(data):
    """The share of each cell that an object covers, `(n, CELLS * CELLS)`."""
    masks = [cv2.imread(str(one.mask), cv2.IMREAD_GRAYSCALE) / 255 for one in data]
    cells = [cv2.resize(mask, (CELLS, CELLS), interpolation=cv2.INTER_AREA) for mask in masks]
    return np.reshape(cells, (len(cells), -1)).astype(np.float32)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Scenes to learn from, and others that it is audited on."""
    root = tmp_path_factory.mktemp("vit")
    numbers = {"learnt": (400, 5), "other": (96, 9)}
    return {
        name: ka.datasets.miniature(images=images, shape=(SIDE, SIDE), root=root / name, seed=seed)
        for name, (images, seed) in numbers.items()
    }


@pytest.fixture(scope="module")
def network(drawn):
    keras.utils.set_random_seed(0)
    made = vit(CELLS * CELLS)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    made.compile(keras.optimizers.Adam(1e-3), loss)
    images = np.stack([one.pixels() for one in drawn["learnt"]]).astype(np.float32)
    made.fit(images, targets(drawn["learnt"]), batch_size=16, epochs=40, verbose=0)
    return made


@pytest.fixture(scope="module")
def rows(network, drawn):
    layers = ["patches", "block0", "block1", "block2"]
    found = ka.audit(network, drawn["other"], layers=layers, kinds=KINDS, progress=False)
    return found.rows.set_index(["kind", "layer"])


def test_rollout_agrees_with_gaze_above_chance(rows):
    assert (rows.loc["attention_rollout", "s_auc_side"] == "better").all()


def test_attention_of_a_layer_or_of_a_head_agrees_with_gaze_above_chance(rows):
    kinds = rows.index.get_level_values("kind")
    heads = kinds.str.startswith("head")
    assert heads.sum() == HEADS * DEPTH
    assert "better" in set(rows.loc[heads | (kinds == "attention"), "s_auc_side"])


def test_the_activation_of_a_layer_agrees_with_gaze_above_chance(rows):
    assert "better" in set(rows.loc["activation", "s_auc_side"])


def test_the_same_network_in_onnx_has_the_same_activations(network, drawn, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    save_onnx(network, tmp_path / "vit.onnx")
    layers, kinds = ["patches", "block0", "block1", "block2", "last"], ["activation"]
    examples = [drawn["other"][i] for i in range(8)]
    pixels = [one.pixels() for one in examples]
    from_keras = KerasMaps(network, layers=layers, kinds=kinds)(pixels, examples)
    from_file = OnnxMaps(tmp_path / "vit.onnx", layers=layers, kinds=kinds)(pixels, examples)
    assert list(from_keras) == list(from_file) == [(name, "activation") for name in layers]
    for key, maps in from_keras.items():
        np.testing.assert_allclose(from_file[key], maps, atol=1e-4 * np.max(maps))
