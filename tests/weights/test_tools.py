"""The commands that fetch and convert: what they print and write, and their errors in one line."""

import os
import subprocess
import sys

import foreign
import numpy as np
import pytest
from conftest import ROOT, check_error_line

from keras_attn.weights import registry
from keras_attn.weights.layouts import read_legacy_h5


def run(tool, *arguments):
    command = [sys.executable, str(ROOT / "tools" / f"{tool}.py"), *map(str, arguments)]
    wide = os.environ | {"COLUMNS": "120"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=wide)


def test_the_list_names_every_file_and_says_what_is_there(tmp_path):
    (tmp_path / registry.entry("alexnet").file).write_bytes(b"short")
    done = run("fetch_weights", "list", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert set(registry.entries()) <= set(lines)
    assert "wrong: 5 bytes" in lines["alexnet"]
    assert "not there" in lines["vgg16"] and "md5" in lines["vgg16"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (("vgg",), ("NAME", ("'list'", "'vgg16'"), "'vgg'")),
        (("list", "--from", "x"), ("--from",)),
        (("vgg16", "--from", "README.md"), ("README.md", "553467096 bytes")),
    ],
)
def test_errors_of_fetching_are_one_line_and_nothing_is_left(tmp_path, arguments, facts):
    done = run("fetch_weights", *arguments, "--out", tmp_path)
    assert done.returncode == 2
    check_error_line(done.stderr, *facts)
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_published_name_tells_the_layout_and_nothing_is_overwritten(tmp_path, rng):
    shapes = {"conv1": (8, 3, 11, 11), "conv2": (16, 4, 5, 5), "conv3": (24, 16, 3, 3)}
    shapes |= {"conv4": (24, 12, 3, 3), "conv5": (16, 12, 3, 3)}
    layers = {}
    for name, shape in shapes.items():
        kernel, bias = foreign.kernel(rng, *shape)
        layers[name] = [kernel.transpose(2, 3, 1, 0), bias]
    path = tmp_path / "bvlc_alexnet.npy"
    foreign.write_npy_of_python2(path, layers)
    done = run("convert_weights", path)
    assert done.returncode == 0, done.stderr
    assert "bvlc_alexnet_converted.h5: 5 layers, " in done.stdout
    np.testing.assert_equal(read_legacy_h5(tmp_path / "bvlc_alexnet_converted.h5"), layers)
    again = run("convert_weights", path)
    assert again.returncode == 2 and "--overwrite" in again.stderr


@pytest.mark.slow
def test_a_file_of_an_unknown_name_needs_its_layout(tmp_path):
    done = run("convert_weights", tmp_path / "other.npy")
    assert done.returncode == 2
    check_error_line(done.stderr, "other.npy", "--layout")
