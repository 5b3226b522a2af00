"""A mechanism of a plug-in in the processes of a study, here and on other machines."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import refused

import keras_attn as ka
from keras_attn import configs, plugins
from keras_attn.commands import study as studying
from keras_attn.configs import Attention
from keras_attn.runs import provenance
from keras_attn.study import cells as study
from keras_attn.study import cluster, local, schedule, standing
from keras_attn.study.schedule import DONE

pytestmark = pytest.mark.slow

TINY = {"width": 1 / 16, "size": 67, "head": "pooled", "images": 27, "side": 48, "epochs": 1}
TINY |= {"pretraining": "none", "tensorboard": False, "keep_features": False}
PLUGIN = """
import keras
import keras_attn as ka


@keras.saving.register_keras_serializable("mine_in_cells")
class Brightest(keras.layers.Layer):
    def call(self, features):
        logits = keras.ops.max(features, axis=-1, keepdims=True)
        return keras.ops.sigmoid(logits), logits


ka.register(ka.Mechanism("brightest", "module", "sigmoid", module=Brightest))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("plugged")


@pytest.fixture(scope="module")
def plugin(place):
    """The path of a plug-in that this process has loaded, as by --plugin."""
    path = place / "mine_in_cells.py"
    path.write_text(PLUGIN, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(plugins.VARIABLE, "")
        patched.setattr(plugins, "_loaded", {})
        patched.setattr(sys, "path", list(sys.path))
        plugins.use(path)
        yield path
    del Attention.registry._things["brightest"], sys.modules[path.stem]


@pytest.fixture(scope="module")
def cells(place, plugin):
    """References, and a network with the mechanism."""
    base = configs.fine_grained("miniature", **TINY)
    axes = study.Axes(tasks=("fine_grained",), backbones=("alexnet",), attentions=("brightest",))
    made = study.grid("miniature", place / "out", axes=axes, bases={"fine_grained": base})
    return [cell for cell in made if cell.kind != study.ATTACK]


@pytest.fixture(scope="module")
def trained(cells, place):
    studying.carry_out_study(cells, cells, local.Local(), place / "out")
    return cells[-1].folder


def test_it_is_trained_scored_and_reported_in_processes_of_their_own(trained, cells, place, plugin):
    assert standing.finished(cells) == {cell.name for cell in cells}
    assert "brightest" in (place / "out" / "tables" / "VII.md").read_text(encoding="utf-8")
    for folder in (cells[0].folder, trained, place / "out"):
        assert [work["plugins"] for work in provenance.read(folder)][-1] == [str(plugin)]


def test_without_it_an_error_of_one_line_names_what_to_type(trained, place, plugin):
    command = [sys.executable, "-m", "keras_attn.shell.cli", "evaluate", "--weights", str(trained)]
    env = {name: value for name, value in os.environ.items() if name != plugins.VARIABLE}
    done = subprocess.run(command, capture_output=True, text=True, cwd=place, env=env)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr
    assert "'brightest'" in done.stderr and f"(--plugin {plugin})" in done.stderr
    typed = [*command, "--plugin", plugin.name, "--out", "again"]
    done = subprocess.run(typed, capture_output=True, text=True, cwd=place, env=env)
    assert done.returncode == 0, done.stderr
    again = (place / "again" / "examples.csv").read_text(encoding="utf-8")
    assert again == (trained / "examples.csv").read_text(encoding="utf-8")


NODE = """
import pickle, sys
from keras_attn import InputError, configs
try:
    pickle.load(sys.stdin.buffer).enter()
    print(configs.fine_grained(attention="brightest").model.attention)
except InputError as error:
    print(error)
"""


def on_another_node(shared):
    """What a process prints that nothing but the place reaches, as it does a node of a cluster."""
    env = {name: value for name, value in os.environ.items() if name != plugins.VARIABLE}
    command = [sys.executable, "-c", NODE]
    given = pickle.dumps(shared)
    done = subprocess.run(command, input=given, capture_output=True, env=env, check=True, cwd="/")
    return done.stdout.decode()


def test_another_node_loads_it_before_any_cell(plugin, place):
    shared = cluster.SharedPlace.marked(place)
    assert shared.plugins == (str(plugin),)
    assert on_another_node(shared) == "brightest\n"


@pytest.mark.parametrize("absent", ["/nowhere/mine_in_cells.py", "no_such_module_of_mine"])
def test_a_node_without_it_is_named_and_so_is_the_plugin(plugin, place, absent):
    shared = replace(cluster.SharedPlace.marked(place), plugins=(absent,))
    printed = on_another_node(shared)
    assert printed.startswith("node ") and absent in printed and len(printed.splitlines()) == 1


@pytest.mark.ray
def test_a_cell_on_a_cluster_has_it(cells, plugin, place):
    pytest.importorskip("ray")
    out = place / "on_ray"
    references = replace(cells[0], out=out)
    engine = cluster.Cluster(out)
    outcomes = schedule.carry_out([references], (), engine, lambda *_: None)
    assert outcomes[references.name].status == DONE, outcomes
    (work,) = provenance.read(references.folder)
    assert work["plugins"] == [str(plugin)]


@pytest.mark.parametrize(
    ("axis", "value", "listed"),
    [
        ("backbones", "vgg19", "vgg16"),
        ("attentions", "none", "human"),
        ("datasets", "folder", "cub_vwsw"),
        ("attentions", "brightestt", "brightest"),
    ],
)
def test_names_that_are_not_registered_are_refused_with_those_that_are(plugin, axis, value, listed):
    with refused(axis, listed, f"'{value}'"):
        study.Axes(**{axis: (value,)})


def test_what_nobody_asks_for_is_not_in_the_grid_but_in_the_report_if_it_is_there(plugin, place):
    own = study.Axes(tasks=("fine_grained",))
    names = {cell.name for cell in study.grid("miniature", place, axes=own)}
    assert not any("brightest" in name for name in names)
    widest = own.within("miniature").widest
    assert any("brightest" in cell.name for cell in study.grid("miniature", place, axes=widest))
    assert ka.mechanisms.get("brightest").module is not None
