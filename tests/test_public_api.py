"""Of what users call: types, docstrings with the sections that Keras has, examples that run."""

import doctest
import importlib
import inspect
import re
import sys

import pytest

import keras_attn as ka
from keras_attn import plugins
from keras_attn.registry import Registry
from keras_attn.tasks import trained

MODULES = (
    "keras_attn.configs",
    "keras_attn.datasets.base",
    "keras_attn.datasets.dataframes",
    "keras_attn.datasets.formats.cat2000",
    "keras_attn.datasets.formats.cub_gha",
    "keras_attn.datasets.formats.cub_vwsw",
    "keras_attn.datasets.formats.dut_omron",
    "keras_attn.datasets.formats.folder",
    "keras_attn.datasets.formats.hollywood2",
    "keras_attn.datasets.formats.mit1003",
    "keras_attn.datasets.formats.osie",
    "keras_attn.datasets.formats.pascal_s",
    "keras_attn.datasets.formats.salicon",
    "keras_attn.datasets.formats.ucf_sports",
    "keras_attn.datasets.formats.video_folder",
    "keras_attn.datasets.video",
    "keras_attn.gaze",
    "keras_attn.losses",
    "keras_attn.mechanisms",
    "keras_attn.metrics.dispersion",
    "keras_attn.metrics.gaze",
    "keras_attn.metrics.recognition",
    "keras_attn.metrics.salient_object",
    "keras_attn.models.backbones",
    "keras_attn.models.c3d",
    "keras_attn.models.fine_grained",
    "keras_attn.models.salient_object",
    "keras_attn.models.two_stream",
    "keras_attn.plugins",
    "keras_attn.registry",
    "keras_attn.tasks.trained",
    "keras_attn.weights",
)
"""Modules that users call."""
LAYERS = {
    f"keras_attn.layers.{name}": one
    for name, one in inspect.getmembers(ka.layers, inspect.isclass)
    if one.__module__ == ka.layers.__name__ and name[0] != "_"
}
"""Layers that users put into networks; their example is in their module's docstring."""
INNER = {"standardised", "with_others", "of_example", "s_measure", "weighted_f"}
INNER |= {"check_name", "named", "to_plain", "from_plain", "starting_from"}
INNER |= {"find_shifted", "pictures_not_read", "read_gaze", "read_ids", "write_cells"}
INNER |= {"class_of", "clip_of", "dealt", "read_samples", "read_splits"}
"""Functions that take what others have checked, or that configurations or readers call."""


def functions(name):
    """Public functions of a module by name: its own, and those that it passes on."""
    module = importlib.import_module(name)
    passed_on = getattr(module, "__all__", ())
    return {
        name: one
        for name, one in inspect.getmembers(module, inspect.isfunction)
        if name in passed_on or (one.__module__ == module.__name__ and name[0] != "_")
    }


ALL = {
    f"{module}.{name}": one
    for module in MODULES
    for name, one in functions(module).items()
    if name not in INNER
}


METHODS = {
    "keras_attn.registry.Registry." + name: getattr(Registry, name) for name in ("find", "add")
}
ALL |= METHODS
CLASSES = {
    "keras_attn.losses.AttentionCrossEntropy": ka.losses.AttentionCrossEntropy,
    "keras_attn.losses.AttentionKL": ka.losses.AttentionKL,
    "keras_attn.registry.Registry": Registry,
    "keras_attn.tasks.trained.Run": trained.Run,
}
"""What users make themselves, by calling the class."""


def sections(of):
    """The sections of a docstring by their headings."""
    parts = re.split(r"^([A-Z][a-z]+(?: shape)?):$", inspect.getdoc(of), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def told_arguments(of):
    """Names of the arguments that a docstring tells of, in its order."""
    told = re.findall(r"^    (\w[\w, ]*):", sections(of).get("Args", ""), re.MULTILINE)
    return [argument for one in told for argument in one.split(", ")]


def arguments(of):
    """Names of what a caller hands over, but for those of any Keras layer."""
    hidden = ("self", "kwargs")
    return [name for name in inspect.signature(of).parameters if name not in hidden]


@pytest.mark.parametrize("name", ALL)
def test_arguments_results_and_an_example_are_documented(name):
    one = ALL[name]
    returns = inspect.signature(one).return_annotation not in (None, "None")
    assert ("Returns" in sections(one)) == returns
    assert "Example" in sections(one)
    assert told_arguments(one) == arguments(one)


@pytest.mark.parametrize("name", CLASSES)
def test_what_a_class_is_made_of_and_an_example_are_documented(name):
    assert "Example" in sections(CLASSES[name])
    assert told_arguments(CLASSES[name]) == arguments(CLASSES[name])


FRONT = {f"keras_attn.{name}": getattr(ka, name) for name in ka.__all__}
FRONT = {name: one for name, one in FRONT.items() if inspect.isfunction(one)}


@pytest.mark.parametrize("name", LAYERS)
def test_what_a_layer_is_made_of_takes_and_returns_is_documented(name):
    layer = LAYERS[name]
    assert told_arguments(layer) == arguments(layer)
    assert re.search(r"^Input.*output:", inspect.getdoc(layer), re.DOTALL | re.IGNORECASE | re.M)


MADE = {
    f"{name}.{method}": getattr(one, method)
    for name, one in (CLASSES | LAYERS).items()
    for method in ("__init__", "build", "call", "compute_output_spec", "get_config")
    if getattr(getattr(one, method, None), "__module__", None) == one.__module__
}


@pytest.mark.parametrize("name", ALL | FRONT | MADE)
def test_arguments_and_results_have_types(name):
    signature = inspect.signature((ALL | FRONT | MADE)[name])
    bare = [
        one.name
        for one in signature.parameters.values()
        if one.annotation is one.empty and one.name != "self"
    ]
    assert not bare and signature.return_annotation is not signature.empty


@pytest.fixture
def _alone(monkeypatch, tmp_path):
    """An example in an empty folder; what it registers or plugs in is forgotten after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plugins, "_points", ())
    monkeypatch.setenv(plugins.VARIABLE, "")
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(ka.mechanisms.NAMED, "_things", dict(ka.mechanisms.NAMED._things))
    yield
    sys.modules.pop("my_plugin", None)


def run_examples(name, one):
    """Run the examples of a docstring but those that it skips; what they tell is an error."""
    (found,) = doctest.DocTestFinder(recurse=False).find(one, name, globs={})
    assert found.examples
    runner = doctest.DocTestRunner(verbose=False)
    told = []
    runner.run(found, out=told.append)
    assert not told, "".join(told)


SHOWN = ALL | CLASSES | {"keras_attn.layers": ka.layers}


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize("name", SHOWN)
def test_examples_run(name):
    run_examples(name, SHOWN[name])


@pytest.mark.slow
@pytest.mark.usefixtures("_alone")
def test_examples_that_train_run(monkeypatch):
    """Those of `train`, then those that load what it has trained."""
    monkeypatch.setitem(doctest.OPTIONFLAGS_BY_NAME, "SKIP", 0)
    for one in (trained.train, trained.Run, trained.load):
        run_examples(one.__name__, one)
