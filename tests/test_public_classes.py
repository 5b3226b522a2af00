"""Classes that users make objects of have types and docstrings whose examples run."""

import doctest
import importlib
import inspect
import re

import pytest

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
