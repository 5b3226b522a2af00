"""A command from outside the package: one file, a plug-in, and it is one like all others."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT, check_error_line, refused

import keras_attn as ka

pytestmark = pytest.mark.slow

PLUGIN = '''
"""Counts the images of a folder."""

from dataclasses import dataclass
from pathlib import Path

import tyro

import keras_attn as ka


@dataclass(frozen=True)
class Count:
    """Count the images of a folder."""

    folder: tyro.conf.Positional[Path]
    """Where they are."""
    ending: str = ".png"
    """How their names end."""

    def __call__(self):
        """Print the number."""
        if self.ending == ".gif":
            raise MemoryError("one too many")
        if not self.folder.is_dir():
            raise ka.InputError(self.folder, "a folder of images", "none")
        print(len(list(self.folder.glob("*" + self.ending))), "images")


ka.register(ka.Command("count", Count))
'''


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "counting.py").write_text(PLUGIN, encoding="utf-8")
    (folder / "one.png").touch()
    return folder


def run(*arguments, cwd, start=("-m", "keras_attn.shell.cli")):
    return subprocess.run(
        [sys.executable, *start, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "90"},
    )


@pytest.mark.slow
def test_it_runs_wherever_the_plugin_stands_on_the_line(place):
    for line in (
        "--plugin counting count .",
        "count --plugin counting.py .",
        "count . --plugin=counting",
        "count . --ending .png --plugin ./counting.py",
    ):
        done = run(*line.split(), cwd=place)
        assert (done.returncode, done.stdout) == (0, "1 images\n"), done.stderr


@pytest.mark.slow
def test_it_is_listed_last_and_has_help_like_the_others(place):
    listed = run("--plugin", "counting", "--help", cwd=place).stdout
    assert "verify,count}" in listed and "Count the images of a folder." in listed
    shown = run("count", "--plugin", "counting", "--help", cwd=place).stdout
    for word in ("Where they are.", "How their names end.", "--plugin", "keras-attn count"):
        assert word in shown
    refused = run("nothing", "--plugin", "counting", cwd=place)
    assert refused.returncode == 2 and "verify, count" in refused.stderr


@pytest.mark.slow
def test_its_errors_are_one_line(place):
    done = run("count", "nowhere", "--plugin", "counting", cwd=place)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    check_error_line(done.stderr, "nowhere", "a folder of images", "none")
    done = run("count", ".", "--ending", ".gif", "--plugin", "counting", cwd=place)
    assert done.returncode == 1 and done.stderr.startswith("error: MemoryError: one too many\n")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_without_the_plugin_there_is_no_such_command(place):
    done = run("count", ".", cwd=place)
    assert done.returncode == 2 and "count" in done.stderr and "verify" in done.stderr


@pytest.mark.slow
def test_the_name_of_a_command_of_the_package_stays_its_own(place):
    text = PLUGIN.replace('"count", Count', '"audit", Count')
    (place / "greedy.py").write_text(text, encoding="utf-8")
    done = run("audit", ".", "--plugin", "greedy", cwd=place)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "plug-in greedy" in done.stderr and "'audit'" in done.stderr


@pytest.mark.slow
def test_scripts_of_tasks_have_it_if_it_says_so(place):
    text = PLUGIN.replace('"count", Count', '"count", Count, in_task_scripts=True')
    (place / "scripted.py").write_text(text, encoding="utf-8")
    script = (str(ROOT / "experiments" / "action.py"),)
    done = run("count", ".", "--plugin", "scripted", cwd=place, start=script)
    assert (done.returncode, done.stdout) == (0, "1 images\n"), done.stderr
    assert "count" not in run("--help", "--plugin", "counting", cwd=place, start=script).stdout


@pytest.mark.parametrize("options", [int, "Count", None, 3, type("NoDataclass", (), {})])
def test_options_that_cannot_be_read_or_called_are_refused(options):
    with refused("command 'mine'", "dataclass"):
        ka.Command("mine", options)


@pytest.mark.slow
def test_the_help_of_a_command_imports_no_other():
    code = (
        "import sys, keras_attn.shell.cli as c\n"
        "try: c.main(['verify', '-h'])\nexcept SystemExit: pass\n"
        "print(*(m for m in sys.modules if m.startswith('keras_attn.commands.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "keras_attn.commands.verify"
