"""A mechanism with a module of its own, CBAM's spatial attention, from one file outside."""

import os
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
from conftest import refused
from plugged import plugged
from scipy.special import expit
from typed import typed

import keras_attn as ka
from keras_attn import configs, models, plugins
from keras_attn.datasets import origin
from keras_attn.errors import InputError
from keras_attn.evaluation import validator
from keras_attn.mechanisms import MECHANISMS, NAMED, Mechanism
from keras_attn.report.tables import sheets
from keras_attn.study import workflow

pytestmark = pytest.mark.slow

NAME, COLOURS = "cbam_spatial", ("#123456", "#abcdef")
PLUGIN = f'''
"""CBAM's spatial attention (Woo et al. 2018)."""

import keras
from keras import ops

import keras_attn as ka


@keras.saving.register_keras_serializable("cbam_plugin")
class SpatialAttention(keras.layers.Layer):
    """Mean and maximum over channels, Conv 7x7, sigmoid; of clips frame by frame."""

    def build(self, shape):
        size = (1, 7, 7)[5 - len(shape) :]
        conv = keras.layers.Conv2D if len(shape) == 4 else keras.layers.Conv3D
        self.conv = conv(1, size, padding="same", name="conv")
        self.conv.build((*shape[:-1], 2))

    def call(self, features):
        both = [made(features, axis=-1, keepdims=True) for made in (ops.mean, ops.max)]
        logits = self.conv(ops.concatenate(both, axis=-1))
        return ops.sigmoid(logits), logits


ka.register(
    ka.Mechanism(
        "{NAME}", "module", "sigmoid", module=SpatialAttention, supervised=True,
        colour={COLOURS}, mark="diamond",
    )
)
'''
SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67, "tensorboard": False}
SMALL |= {"pretraining": "none"}
SCENES = SMALL | {"attention": NAME, "channels": (32, 32, 32), "epochs": 2}
BIRDS = SMALL | {"attention": NAME, "epochs": 1}
CLIPS = {"input_shape": (16, 32, 32), "classes": 3, "width": 1 / 16}


@pytest.fixture(scope="module", autouse=True)
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("plugin") / "cbam_plugin.py"
    path.write_text(PLUGIN, encoding="utf-8")
    with plugged(path, NAMED):
        yield path


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("r")


@pytest.fixture(scope="module")
def scenes(place):
    data = ka.datasets.miniature("dut_omron", images=10, shape=(60, 72), root=place / "scenes")
    return data.fold(0, of=5)


@pytest.fixture(scope="module")
def run(scenes, place):
    return ka.train(configs.salient_object(**SCENES), scenes[0], out=place / "whole")


@pytest.fixture(scope="module")
def classifier(place):
    data = ka.datasets.miniature("cub_vwsw", images=18, shape=(60, 72), root=place / "birds")
    run = ka.train(configs.fine_grained(**BIRDS), data.split("train"), out=place / "classifier")
    return run, data.split("test")


def image(run):
    size = run.config.model.size
    return np.random.default_rng(3).uniform(0, 255, (2, size, size, 3)).astype("float32")


def predictions(run):
    return {name: np.asarray(value) for name, value in run.model({"image": image(run)}).items()}


def test_its_map_gates_the_features(rng):
    z = rng.normal(size=(2, 6, 8, 10)).astype("float32")
    out = ka.attend(NAME, z)
    np.testing.assert_allclose(out.attention, expit(np.asarray(out.logits, float)), rtol=1e-5)
    np.testing.assert_allclose(out.gated, z * np.asarray(out.attention), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_every_network_of_the_study_takes_it(policy):
    keras.config.set_dtype_policy(policy)
    scenes = models.salient_object("vgg16", NAME, input_shape=(32, 32, 3), width=1 / 16)
    birds = models.fine_grained("vgg16", NAME, input_shape=(32, 32, 3), width=1 / 16, classes=3)
    early, late = (models.two_stream(fusion, NAME, **CLIPS) for fusion in ("early", "late"))
    for network in (scenes, birds, early, late):
        modules = [la for la in network.layers if type(la).__name__ == "SpatialAttention"]
        assert [la.name for la in modules] == (
            ["attention_1", "attention_2", "attention_3"] if network is scenes else ["attention"]
        )
        assert {la.count_params() for la in modules} == {7 * 7 * 2 + 1}
        maps = [output for name, output in network.output.items() if "attention" in name]
        assert all(output.dtype == "float32" and output.shape[-1] == 1 for output in maps)
    assert {"attention", "attention_logits"} <= set(early.output) & set(late.output)


@pytest.mark.slow
def test_gaze_pulls_its_map(run):
    assert "attention_3_loss" in run.history
    assert run.config.model.attention == NAME


@pytest.mark.slow
def test_a_run_that_broke_off_ends_with_the_same_bits(run, scenes, place, monkeypatch):
    def breaking(make_scorer, dataset, threads, **_):
        def validate(model):
            raise KeyboardInterrupt

        return validate

    config = configs.salient_object(**SCENES)
    with monkeypatch.context() as patch:
        patch.setattr(validator, "validator", breaking)
        with pytest.raises(KeyboardInterrupt):
            ka.train(config, scenes[0], validation=scenes[1], out=place / "broken")
    resumed = ka.train(config, scenes[0], out=place / "broken")
    for one, two in zip(run.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_a_fresh_process_loads_it_with_the_plugin(run, plugin, place):
    code = (
        "import sys, numpy as np, keras_attn as ka\n"
        "model = ka.load(sys.argv[1]).model\n"
        "made = model({'image': np.load(sys.argv[2])})\n"
        "np.savez(sys.argv[3], **{name: np.asarray(value) for name, value in made.items()})"
    )
    np.save(place / "image.npy", image(run))
    command = [sys.executable, "-c", code, run.folder, place / "image.npy", place / "made.npz"]
    known = {**os.environ, plugins.VARIABLE: str(plugin)}
    subprocess.run(command, env=known, check=True, cwd=place)
    made = np.load(place / "made.npz")
    for name, values in predictions(run).items():
        np.testing.assert_array_equal(values, made[name])


@pytest.mark.slow
def test_without_the_plugin_it_is_named_with_the_remedy(run, monkeypatch):
    monkeypatch.delitem(NAMED._things, NAME)
    with pytest.raises(InputError) as told:
        ka.load(run.folder)
    for fact in ("model.weights.h5", NAME, "cbam_plugin:SpatialAttention", "--plugin", "register"):
        assert fact in str(told.value)


@pytest.mark.slow
def test_a_plugin_that_has_become_another_is_not_taken_for_that_of_the_run(run, monkeypatch):
    """It would load the weights, and gate by something else."""
    monkeypatch.setitem(NAMED._things, NAME, replace(NAMED[NAME], gate="mean"))
    with refused("weights.h5", "'mean'", "'map'"):
        ka.load(run.folder)


@pytest.mark.slow
def test_an_edited_plugin_is_told_beside_scores_and_not_trained_on_with(run, scenes, plugin):
    text = plugin.read_text(encoding="utf-8")
    plugin.write_text(text.replace("ops.sigmoid", "1 - ops.sigmoid"), encoding="utf-8")
    try:
        notes = ka.evaluate(run, scenes[1], progress=False).notes
        assert any(str(plugin) in note for note in notes)
        with refused(where=str(run.folder)):
            ka.train(configs.salient_object(**SCENES), scenes[0], out=run.folder)
    finally:
        plugin.write_text(text, encoding="utf-8")
    assert not any(str(plugin) in n for n in ka.evaluate(run, scenes[1], progress=False).notes)


@pytest.mark.slow
def test_exported_it_runs_without_the_plugin(run, place):
    out = ka.export(run, place / "exported")
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "served = tf.saved_model.load(sys.argv[1]).signatures['serving_default']\n"
        "made = served(image=tf.constant(np.load(sys.argv[2])))\n"
        "np.savez(sys.argv[3], **{name: value.numpy() for name, value in made.items()})"
    )
    np.save(place / "image.npy", image(run))
    command = [sys.executable, "-c", code, out, place / "image.npy", place / "served.npz"]
    subprocess.run(command, check=True, cwd=place)
    served, wanted = np.load(place / "served.npz"), predictions(run)
    np.testing.assert_allclose(served["saliency"], wanted["saliency_3"], atol=1e-5)
    # Maps are served at the size of the image.
    assert served["attention_3"].shape == served["saliency"].shape


@pytest.mark.slow
def test_it_stands_in_tables_and_on_the_page_with_its_own_colour(run, scenes, classifier, place):
    rival = configs.salient_object(**SCENES | {"attention": "sigmoid", "epochs": 1})
    sigmoid = ka.train(rival, scenes[0], out=place / "sigmoid")
    folders = []
    for one, data in ((run, scenes[1]), (sigmoid, scenes[1]), classifier):
        out = place / "scored" / one.folder.name
        ka.evaluate(one, data, out=out, progress=False)
        folders.append(out)
    workflow.report(folders, place / "report")
    cells = sheets.cells(sheets.read(folders))
    scored = cells[cells["attention"] == NAME]
    assert set(scored["dataset"].map(origin.name_of)) == {"dut_omron", "cub_vwsw"}
    assert {"max_f", "s_auc", "accuracy"} <= set(scored["metric"])
    assert np.isfinite(scored["value"]).all()
    page = (place / "report" / "report.html").read_text(encoding="utf-8")
    assert NAME in page
    assert all(colour in page for colour in COLOURS)


@pytest.mark.slow
def test_it_is_offered_on_the_command_line_and_its_cells_are_of_the_study(plugin, tmp_path):
    command = ["--plugin", plugin, "study", "demo", "--dry-run"]
    command += ["--attentions", NAME, "sigmoid", "--tasks", "salient_object"]
    done = typed(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"vgg16-{NAME}" in done.stdout


# --- names ----------------------------------------------------------------------------------------


class Another(keras.layers.Layer):
    """A module that nothing is registered for."""


@pytest.mark.parametrize(
    ("own", "facts"),
    [
        (
            replace(MECHANISMS["supervised"], gate="mean"),
            ("model.attention", "'supervised'"),
        ),
        (replace(MECHANISMS["activation"], p=3), ("model.attention", "'activation'")),
        (Mechanism("softmax_of_logits", "gaze", "max"), ("model.attention", "'softmax_of_logits'")),
        (Mechanism(NAME, "module", "sigmoid"), ("model.attention", f"'{NAME}'")),
        (
            Mechanism("mine", "module", "sigmoid", module=Another),
            ("model.attention", "keras_attn.register"),
        ),
    ],
)
@pytest.mark.parametrize("task", list(configs.TASKS))
def test_a_mechanism_is_not_pooled_with_another_of_its_name(task, own, facts):
    with refused(*facts):
        getattr(configs, task)("miniature", attention=own)


def test_the_registered_one_itself_is_its_name():
    config = configs.salient_object(attention=NAMED[NAME])
    assert config == configs.salient_object(attention=NAME)
    assert configs.from_dict(configs.to_dict(config)) == config


def test_a_file_with_another_mechanism_of_its_name_is_refused_by_its_place():
    """As runs have it that were made before names were checked."""
    values = configs.to_dict(configs.salient_object())
    values["model"]["attention"] = MECHANISMS["supervised"].to_dict() | {"gate": "mean"}
    with refused("config.json", "'supervised'"):
        configs.from_dict(values, "config.json")


def test_another_field_than_attention_takes_no_mechanism():
    with refused("model.backbone", "'alexnet'", "'human'"):
        configs.salient_object(backbone=MECHANISMS["human"])


def test_what_is_registered_under_a_name_that_is_taken_is_refused():
    with refused("attention mechanism", "not taken", "'human'"):
        ka.register(replace(MECHANISMS["human"], normalise="none"))


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ({"name": "none"}, ("Mechanism.name", "", "'none'")),
        ({"name": ""}, ("Mechanism.name", "'none'", "''")),
        ({"module": "SpatialAttention"}, ("Mechanism.module", "layer class")),
        (
            {"module": Another, "source": "energy", "normalise": "none"},
            ("Mechanism.module", "'module'", "energy"),
        ),
        ({"colour": "red"}, ("Mechanism.colour", "'#rrggbb'")),
        ({"colour": ("#000000",)}, ("Mechanism.colour", "'#rrggbb'", "'#000000'")),
        ({"colour": 7}, ("Mechanism.colour", "'#rrggbb'", "7")),
        ({"mark": "heart"}, ("Mechanism.mark", "'circle'")),
    ],
)
def test_impossible_fields_are_refused(fields, facts):
    with refused(*facts):
        Mechanism(**{"name": "x", "source": "module", "normalise": "sigmoid", **fields})


class OneMap(keras.layers.Layer):
    def call(self, features):
        return features[..., :1]


class Wide(keras.layers.Layer):
    def call(self, features):
        return features, features


class Nameless(keras.layers.Layer):
    def __init__(self, name):
        super().__init__()


@pytest.mark.parametrize(
    ("module", "facts"),
    [
        (OneMap, ("module of attention 'x'", "(A, Y)")),
        (Wide, ("module of attention 'x'", "(batch, 4, 5, 1)")),
        (Nameless, ("module of attention 'x'", "name='attention'")),
        (lambda: OneMap(), ("module of attention 'x'", "name='attention'", "TypeError")),
        (lambda name: name, ("module of attention 'x'", "name='attention'", "'attention'")),
    ],
)
def test_a_module_that_does_not_return_a_and_y_is_refused(module, facts, rng):
    own = Mechanism("x", "module", "sigmoid", module=module)
    with refused(*facts):
        ka.attend(own, keras.Input((4, 5, 3)))
