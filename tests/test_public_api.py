"""Of what users call: types, docstrings with the sections that Keras has, examples that run."""

import doctest
import importlib
import inspect
import re

import pytest

import keras_attn as ka

MODULES = (
    "keras_attn.gaze",
    "keras_attn.mechanisms",
    "keras_attn.metrics.dispersion",
    "keras_attn.metrics.gaze",
    "keras_attn.metrics.recognition",
    "keras_attn.metrics.salient_object",
)
"""Modules that users call."""
INNER = {"standardised", "with_others", "of_example", "s_measure", "weighted_f"}
INNER |= {"check_name", "named", "to_plain", "from_plain"}
"""Functions that take what other functions have checked, or that configurations call."""
MODULES += (
    "keras_attn.datasets.base",
    "keras_attn.datasets.dataframes",
    "keras_attn.datasets.formats.cub_vwsw",
    "keras_attn.datasets.formats.dut_omron",
    "keras_attn.datasets.formats.folder",
    "keras_attn.datasets.formats.osie",
    "keras_attn.datasets.formats.pascal_s",
    "keras_attn.datasets.video",
    "keras_attn.models.backbones",
    "keras_attn.models.c3d",
    "keras_attn.models.fine_grained",
    "keras_attn.models.salient_object",
    "keras_attn.models.two_stream",
)
"""Modules of networks and of datasets."""
INNER |= {"find_shifted", "pictures_not_read", "read_gaze", "read_ids", "write_cells"}
"""Of these, what readers alone call."""


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


@pytest.mark.parametrize("name", ALL)
def test_arguments_results_and_an_example_are_documented(name):
    text = inspect.getdoc(ALL[name])
    sections = re.split(r"^(Args|Returns|Raises|Example):$", text, flags=re.MULTILINE)
    sections = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert {"Args", "Returns", "Example"} <= set(sections)
    told = re.findall(r"^    (\w[\w, ]*):", sections["Args"], re.MULTILINE)
    named = [argument for one in told for argument in one.split(", ")]
    assert named == list(inspect.signature(ALL[name]).parameters)


FRONT = {f"keras_attn.{name}": getattr(ka, name) for name in ka.__all__}
FRONT = {name: one for name, one in FRONT.items() if inspect.isfunction(one)}


@pytest.mark.parametrize("name", ALL | FRONT)
def test_arguments_and_results_have_types(name):
    signature = inspect.signature((ALL | FRONT)[name])
    bare = [one.name for one in signature.parameters.values() if one.annotation is one.empty]
    assert not bare and signature.return_annotation is not signature.empty


@pytest.mark.parametrize("name", ALL)
def test_examples_run(name):
    (found,) = doctest.DocTestFinder(recurse=False).find(ALL[name], name, globs={})
    assert found.examples
    runner = doctest.DocTestRunner(verbose=False)
    told = []
    runner.run(found, out=told.append)
    assert not told, "".join(told)


CLASSES = {
    "keras_attn.datasets.base": ("Dataset", "Example"),
    "keras_attn.datasets.video": ("VideoExample",),
    "keras_attn.metrics.columns": ("Column", "Heading"),
    "keras_attn.models.backbones": ("Backbone",),
}
"""Classes that users make objects of, by their module."""
MADE = {
    f"{module}.{name}": getattr(importlib.import_module(module), name)
    for module, names in CLASSES.items()
    for name in names
}
METHODS = {
    f"{place}.{name}": function
    for place, of in MADE.items()
    for name, one in vars(of).items()
    if name == "__call__" or name[0] != "_"
    for function in (getattr(one, "fget", None) or getattr(one, "func", one),)
    if inspect.isfunction(function) and function.__module__ == of.__module__
}
"""Methods of these, and properties, as functions."""


@pytest.mark.parametrize("name", MADE | METHODS)
def test_classes_and_methods_tell_of_their_arguments_and_results(name):
    one = (MADE | METHODS)[name]
    parameters = [n for n in inspect.signature(one).parameters if n != "self"]
    sections = re.split(r"^(Args|Returns|Raises|Example):$", inspect.getdoc(one), flags=re.M)
    sections = dict(zip(sections[1::2], sections[2::2], strict=True))
    told = re.findall(r"^    (\w[\w, ]*):", sections.get("Args", ""), re.MULTILINE)
    assert [argument for group in told for argument in group.split(", ")] == parameters
    wanted = {"Args", "Example"} if name in MADE else {"Args", "Returns"}
    assert not parameters or wanted <= set(sections)


@pytest.mark.parametrize("name", METHODS)
def test_arguments_and_results_of_methods_have_types(name):
    signature = inspect.signature(METHODS[name])
    _, *others = signature.parameters.values()
    bare = [one.name for one in others if one.annotation is one.empty]
    assert not bare and signature.return_annotation is not signature.empty


SHOWN = MADE | {name: one for name, one in METHODS.items() if ">>>" in inspect.getdoc(one)}


@pytest.mark.parametrize("name", SHOWN)
def test_examples_of_classes_and_methods_run(name):
    (found,) = doctest.DocTestFinder(recurse=False).find(SHOWN[name], name, globs={})
    told = []
    doctest.DocTestRunner(verbose=False).run(found, out=told.append)
    assert not told, "".join(told)
