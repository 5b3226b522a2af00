"""Registries and plug-ins: one way in for this package's own things and for those of others."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from conftest import refused

from keras_attn import plugins, register
from keras_attn.registry import Registry


@dataclass(frozen=True)
class Fruit:
    registry: ClassVar = Registry("fruit", first=("pear",))
    name: str
    colour: str = "green"


@pytest.fixture(autouse=True)
def _no_fruit():
    yield
    Fruit.registry._things.clear()


def test_what_is_registered_is_found_by_name_and_the_first_ones_come_first():
    register(Fruit("apple"), Fruit("pear"))
    assert list(Fruit.registry) == ["pear", "apple"]
    assert Fruit.registry.find("apple") == Fruit("apple")


def test_an_unknown_name_is_answered_with_all_that_there_is():
    register(Fruit("apple"))
    with refused("--fruit", "'apple'", "'plum'"):
        Fruit.registry.find("plum", "--fruit")


def test_a_name_is_given_once_and_the_same_thing_may_come_again():
    register(Fruit("apple"))
    assert register(Fruit("apple")) == Fruit("apple")
    with refused("fruit to register", "not taken"):
        register(Fruit("apple", "red"))


@dataclass(frozen=True)
class Juice:
    registry: ClassVar = Registry("juice")
    name: str
    press: Callable
    sugar: bool = False
    pour: Callable = print  # which is the same, however often the module is loaded


def test_a_module_that_is_loaded_anew_replaces_its_own_and_nothing_else():
    def made():
        def press():
            return "juice"

        return press

    def other():
        return "water"

    register(Juice("apple", made()), Juice("apple", made()))
    for another in (Juice("apple", other), replace(Juice.registry["apple"], sugar=True)):
        with refused("juice to register", "not taken"):
            register(another)


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a b", 3, None])
def test_a_name_can_be_that_of_a_file(name):
    with refused("fruit to register"):
        register(Fruit(name))


def test_what_has_no_registry_is_refused():
    with refused("thing to register", received="dict"):
        register({})


PLUGIN = "import pathlib, os\nwith open(os.environ['SEEN'], 'a') as f: f.write(f'{os.getpid()} ')\n"
CODE = """
import subprocess, sys
from keras_attn import plugins
plugins.use(sys.argv[1])
plugins.load()
subprocess.run([sys.executable, "-c", "from keras_attn import plugins; plugins.load()"], check=True)
"""


@pytest.mark.parametrize("named", ["my_plugin", "my_plugin.py"])
def test_a_plugin_is_loaded_once_in_each_process_that_is_started(tmp_path, named):
    (tmp_path / "my_plugin.py").write_text(PLUGIN, encoding="utf-8")
    seen = tmp_path / "seen"
    known = {**os.environ, "SEEN": str(seen)}
    subprocess.run([sys.executable, "-c", CODE, named], cwd=tmp_path, env=known, check=True)
    processes = seen.read_text(encoding="utf-8").split()
    assert len(processes) == len(set(processes)) == 2


def test_a_plugin_that_fails_says_which_and_why(tmp_path, monkeypatch):
    monkeypatch.setenv(plugins.VARIABLE, "")
    (tmp_path / "broken_plugin.py").write_text("1 / 0", encoding="utf-8")
    with refused("--plugin", "broken_plugin.py", "ZeroDivisionError"):
        plugins.use(tmp_path / "broken_plugin.py")
    with refused("--plugin", "no_such_plugin_at_all"):
        plugins.use("no_such_plugin_at_all")
    assert os.environ[plugins.VARIABLE] == ""


def test_the_line_that_is_told_of_a_plugin_is_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv(plugins.VARIABLE, "")
    text = "import keras_attn as ka\n\nka.register({})\n"
    (tmp_path / "wrong_plugin.py").write_text(text, encoding="utf-8")
    with refused("--plugin", received=("wrong_plugin.py", "3)")):
        plugins.use(tmp_path / "wrong_plugin.py")
