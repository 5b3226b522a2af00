"""Of what users call and plug-ins make: types, docstrings in Keras' form, examples that run."""

import doctest
import importlib
import inspect
import sys

import pytest
from docstrings import (
    arguments,
    implemented,
    is_ours,
    names_in,
    offered,
    refuses,
    registered,
    told_arguments,
    whole_sections,
)

import keras_attn as ka
from keras_attn import api, plugins
from keras_attn.audits import pixel_model
from keras_attn.datasets import readers
from keras_attn.models import common
from keras_attn.networks import registration
from keras_attn.registry import Registry
from keras_attn.report.paper import claims
from keras_attn.tasks import trained

FURTHER = (
    "keras_attn.configs",
    "keras_attn.configs.mechanisms",
    "keras_attn.datasets.base",
    "keras_attn.gaze",
    "keras_attn.models.backbones",
    "keras_attn.models.c3d",
    "keras_attn.models.common",
    "keras_attn.registry",
    "keras_attn.weights",
)
"""Modules that have more for plug-ins and for whoever goes deeper than `keras_attn` offers."""
OPTIONS = {"SalientObject", "Action", "FineGrained", "Attack", "Machine"}
"""Classes whose docstrings are the help of commands; users make them by functions of `configs`."""
FIELDS = {"Attention", "Backbone"}
"""Of `configs`: types of fields, of which nobody makes objects."""


def own_functions(name):
    """Public functions of a module by whole name, those that it passes on as well."""
    module = importlib.import_module(name)
    found = {f"{name}.{one}": getattr(module, one) for one in names_in(module)}
    return {name: one for name, one in found.items() if inspect.isfunction(one) and is_ours(one)}


OFFERED = offered(ka) | offered(api) | offered(claims) | implemented() | registered()
OFFERED |= offered(readers, within=False) | {"keras_attn.audits.PixelModel": pixel_model.PixelModel}
for module in FURTHER:
    OFFERED |= {
        f"{one.__module__}.{one.__qualname__}": one for one in own_functions(module).values()
    }
OFFERED |= {
    f"keras_attn.registry.Registry.{name}": getattr(Registry, name) for name in ("find", "add")
}


def is_excepted(name, one):
    """Whether it is one of the few that nobody calls."""
    last, of_configs = name.rpartition(".")[2], ".configs." in name
    return inspect.isclass(one) and of_configs and last in OPTIONS | FIELDS


ALL = {name: one for name, one in OFFERED.items() if not is_excepted(name, one)}
FUNCTIONS = {name: one for name, one in ALL.items() if inspect.isfunction(one)}
CLASSES = {name: one for name, one in ALL.items() if inspect.isclass(one)}
LAYERS = {name: one for name, one in registered().items() if "call" in dir(one)}
LAYERS = {name: one for name, one in LAYERS.items() if hasattr(one, "compute_mask")}


def test_what_is_looked_at_is_what_the_package_offers():
    """So that nothing passes because it was not found, and no exception outlives what it is of."""
    found = {name.rpartition(".")[2] for name in OFFERED}
    assert {"audit", "attack", "evaluate", "export", "load", "predict", "train"} <= found
    assert {"Mechanism", "Format", "Backbone", "Column", "Kind", "Command", "Order"} <= found
    assert {"attend", "register", "validation", "miniature", "folder", "vgg16"} <= found
    assert {"s_measure", "of_example", "check_name", "by_stem", "find_fixations"} <= found
    assert found >= OPTIONS | FIELDS
    shown = {getattr(ka.layers, name) for name in ka.layers.__all__}
    assert {one for one in shown if inspect.isclass(one) and is_ours(one)} <= {*LAYERS.values()}
    assert len(registered()) == sum(map(len, registration.CLASSES.values()))
    assert common.CaffePreprocessing in LAYERS.values()
    assert set(names_in(ka)) <= set(dir(ka))


@pytest.mark.parametrize("name", ALL)
def test_arguments_and_an_example_are_documented(name):
    one = ALL[name]
    assert "Example" in whole_sections(one)
    assert told_arguments(one) == arguments(one)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_returns_is_documented(name):
    returns = inspect.signature(FUNCTIONS[name]).return_annotation not in (None, "None")
    assert ("Returns" in whole_sections(FUNCTIONS[name])) == returns


REFUSING = [name for name, one in ALL.items() if refuses(one)]


@pytest.mark.parametrize("name", REFUSING)
def test_errors_that_its_own_code_raises_are_documented(name):
    assert "InputError" in whole_sections(ALL[name]).get("Raises", "")


@pytest.mark.parametrize("name", LAYERS)
def test_shapes_that_a_layer_takes_and_returns_are_documented(name):
    told = whole_sections(LAYERS[name])
    assert "`" in told["Input shape"] and told["Output shape"].strip()


def test_a_function_that_tells_too_little_is_found():
    def silent(path):
        """Read it."""
        raise ka.InputError(path, "a file", "none")

    assert refuses(silent) and not {"Args", "Raises", "Example"} & set(whole_sections(silent))
    assert arguments(silent) == ["path"] and not told_arguments(silent)


@pytest.mark.parametrize("part", ["model", "data", "training", "machine"])
@pytest.mark.parametrize(
    "make", [ka.configs.salient_object, ka.configs.action, ka.configs.fine_grained]
)
def test_each_field_of_a_configuration_has_a_text(make, part):
    of = type(getattr(make("miniature"), part))
    assert told_arguments(of)
    for one in of.__mro__[:-1]:
        assert set(told_arguments(one)) == {*getattr(one, "__annotations__", {})}


INNER_METHODS = ("__init__", "build", "call", "compute_output_spec", "compute_output_shape")
INNER_METHODS += ("get_config", "from_config", "__call__", "__post_init__")
MADE = {
    f"{name}.{method}": vars(one)[method]
    for name, one in CLASSES.items()
    for method in INNER_METHODS
    if inspect.isfunction(vars(one).get(method)) and vars(one)[method].__module__ == one.__module__
}
MADE = {
    name: one
    for name, one in MADE.items()
    if one.__code__.co_filename == inspect.getsourcefile(one)
}


@pytest.mark.parametrize("name", FUNCTIONS | MADE)
def test_arguments_and_results_have_types(name):
    signature = inspect.signature((FUNCTIONS | MADE)[name])
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


def has_example(one):
    """Whether it shows one itself; what a class does not say, its base may."""
    return ">>>" in (one.__doc__ or "")


SHOWN = {name: one for name, one in ALL.items() if has_example(one)}
SHOWN |= {"keras_attn.layers": ka.layers}


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
