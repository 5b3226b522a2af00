"""docs/architecture.md: the ways from an image to a table and from a run to the report are true."""

import importlib
import re
import sys
import threading
from contextlib import contextmanager

import pytest
from conftest import ROOT
from import_graph import import_graph

import keras_attn as ka
from keras_attn.study import workflow

PAGE = ROOT / "docs" / "architecture.md"
SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67, "channels": (16, 16, 16)}
SMALL |= {"epochs": 1, "tensorboard": False, "attention": "supervised"}
SMALL |= {"pretraining": "none"}


def ways():
    """The names of each numbered list of the page, by the heading above it."""
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    found = {
        one.partition("\n")[0]: re.findall(r"^\d+\. `([\w.]+)`", one, re.M) for one in sections
    }
    return {heading: names for heading, names in found.items() if names}


def resolved(name):
    """The function that a dotted name within the package is of."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(["keras_attn", *parts[:end]]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[end:]:
            found = vars(found)[attribute]
        return getattr(found, "func", getattr(found, "__wrapped__", found))
    raise ModuleNotFoundError(name)


def test_every_function_of_the_ways_is_there():
    assert [len(names) > 5 for names in ways().values()] == [True, True]
    for names in ways().values():
        for name in names:
            assert callable(resolved(name)), name


def lines_of_rooms():
    """The rooms of each line of the page's table, from the top."""
    rooms, _, _ = PAGE.read_text(encoding="utf-8").split("## Rooms")[1].partition("\n## ")
    return [re.findall(r"`(\w+)`", line) for line in re.findall(r"^\| (`.*?) \|", rooms, re.M)]


def test_rooms_of_the_page_are_those_of_the_package():
    package = ROOT / "keras_attn"
    there = {path.stem for path in package.glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert {name for line in lines_of_rooms() for name in line} == there


def test_a_room_imports_from_no_line_below_its_own():
    line_of = {name: at for at, line in enumerate(lines_of_rooms()) for name in line}
    for module, others in import_graph().items():
        rooms = [name.split(".")[1] for name in (module, *others) if "." in name]
        if "." in module:  # the package itself only says where names are
            below = [name for name in rooms if line_of[name] > line_of[rooms[0]]]
            assert not below, f"{module} imports {below}"


@contextmanager
def called():
    """The code of all that is called meanwhile, in the order of the first calls."""
    order = {}

    def note(frame, event, _):
        if event == "call":
            order.setdefault(frame.f_code, len(order))

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield order
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def in_order(names, order):
    """The names in the order that they were called in; those that were not are missing."""
    places = {name: order.get(resolved(name).__code__) for name in names}
    return sorted((name for name in names if places[name] is not None), key=places.get)


@pytest.mark.slow
def test_the_ways_are_those_that_are_gone(tmp_path):
    config = ka.configs.salient_object("miniature", **SMALL)
    to_table, to_report = ways().values()
    with called() as order:
        learnt, scored = workflow.read(config)
    trained = ka.train(config, learnt, out=tmp_path / "run")
    with called() as more:
        ka.evaluate(trained, scored, progress=False).save(trained.folder)
        workflow.report([trained.folder], tmp_path / "report")
    for code in more:
        order.setdefault(code, len(order))
    assert in_order(to_table, order) == to_table
    assert in_order(to_report, more) == to_report
