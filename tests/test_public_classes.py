"""Methods of what users make and get back have types, docstrings, and examples that run."""

import doctest
import importlib
import inspect

import pytest
from docstrings import arguments, offered, refuses, told_arguments, whole_sections

from keras_attn.datasets import readers
from keras_attn.report.paper import claims

CLASSES = {
    "keras_attn.audits.kinds": ("Kind",),
    "keras_attn.audits.pixel_model": ("PixelModel",),
    "keras_attn.datasets.base": ("Dataset", "Example"),
    "keras_attn.datasets.format": ("Format",),
    "keras_attn.datasets.video": ("VideoExample",),
    "keras_attn.mechanisms": ("Mechanism",),
    "keras_attn.metrics.columns": ("Column", "Heading"),
    "keras_attn.models.backbones": ("Backbone",),
    "keras_attn.shell.command": ("Command",),
}
"""Classes that users and plug-ins make objects of, or are handed, by their module."""
RESULTS = {
    "keras_attn.evaluation.result": ("Scores",),
    "keras_attn.prediction.result": ("Predictions",),
    "keras_attn.report.audit.result": ("AuditResult",),
    "keras_attn.report.tables.evaluation": ("Evaluation",),
    "keras_attn.tasks.trained": ("Run",),
}
"""Those of what functions return; the examples are at these functions."""


def found(classes):
    """The classes by their whole names."""
    return {
        f"{module}.{name}": getattr(importlib.import_module(module), name)
        for module, names in classes.items()
        for name in names
    }


def classes_in(module):
    """The classes among what a module offers itself, by their whole names."""
    own = offered(module, within=False)
    return {name: one for name, one in own.items() if inspect.isclass(one)}


MADE = found(CLASSES) | classes_in(claims) | classes_in(readers)
RETURNED = found(RESULTS)
RETURNED.pop("keras_attn.evaluation.result.Scores")  # which is met as an `Evaluation`
METHODS = {
    f"{place}.{name}": function
    for place, of in (MADE | found(RESULTS)).items()
    for name, one in vars(of).items()
    if name == "__call__" or name[0] != "_"
    for function in (getattr(one, "fget", None) or getattr(one, "func", one),)
    for function in (getattr(function, "__func__", function),)
    if inspect.isfunction(function) and function.__module__ == of.__module__
}
"""Methods of these, and properties, as functions."""


def handed_over(one):
    """Names of its arguments, without the class that a method is of."""
    return [name for name in arguments(one) if name != "cls"]


@pytest.mark.parametrize("name", MADE | RETURNED)
def test_classes_tell_of_their_fields(name):
    one = (MADE | RETURNED)[name]
    assert told_arguments(one) == handed_over(one)
    assert name in RETURNED or "Example" in whole_sections(one)


@pytest.mark.parametrize("name", METHODS)
def test_methods_tell_of_their_arguments_results_and_errors(name):
    method = METHODS[name]
    assert told_arguments(method) == handed_over(method)
    told = whole_sections(method)
    assert "Returns" in told or not handed_over(method)
    assert "Raises" in told or not (refuses(method) and handed_over(method))


@pytest.mark.parametrize("name", METHODS)
def test_arguments_and_results_of_methods_have_types(name):
    signature = inspect.signature(METHODS[name])
    _, *others = signature.parameters.values()
    bare = [one.name for one in others if one.annotation is one.empty]
    assert not bare and signature.return_annotation is not signature.empty


def test_methods_of_each_class_are_looked_at():
    without = {"keras_attn.metrics.columns.Heading", "keras_attn.prediction.result.Predictions"}
    without |= {"keras_attn.report.paper.kinds.margins.NotTheBest"}
    assert {name.rpartition(".")[0] for name in METHODS} == {*MADE, *found(RESULTS)} - without


SHOWN = MADE | {name: one for name, one in METHODS.items() if ">>>" in inspect.getdoc(one)}


@pytest.mark.parametrize("name", SHOWN)
def test_examples_of_classes_and_methods_run(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (found,) = doctest.DocTestFinder(recurse=False).find(SHOWN[name], name, globs={})
    told = []
    doctest.DocTestRunner(verbose=False).run(found, out=told.append)
    assert not told, "".join(told)
