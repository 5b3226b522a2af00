"""The commands as a user types them: exit status, one line for an error, files at the end."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, check_error_line
from typed import typed

import keras_attn as ka

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "experiments" / "gaze_agreement.py"


def run(*arguments, cwd=None):
    """The command in a process of its own, of which also nothing else prints."""
    command = [sys.executable, "-m", "keras_attn.shell.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return ka.datasets.miniature(images=5, root=tmp_path_factory.mktemp("m") / "scenes")


@pytest.fixture(scope="module")
def root(data):
    return data[0].image.parents[1]


@pytest.fixture
def maps(data, tmp_path):
    folder = tmp_path / "brightness"
    folder.mkdir()
    for example in data:
        np.save(folder / f"{example.id}.npy", example.pixels().mean(-1))
    return folder


def test_an_audit_prints_the_table_and_says_where_the_page_is(root, maps, tmp_path):
    done = run("audit", root, "--model", maps, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "5 images, 6 viewers" in done.stdout
    assert "brightness · map" in done.stdout
    assert f"brightness: maps in {maps}" in done.stdout
    assert str(tmp_path / "out" / "audit.html") in done.stdout
    assert (tmp_path / "out" / "rows.csv").is_file()
    words = ["audit", root, "--model", maps, "--out", tmp_path / "out"]
    again = typed(*words, cwd=tmp_path)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr
    assert typed(*words, "--overwrite", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (("nowhere",), ("nowhere", "images/")),
        (("{root}", "--model", "vgg19"), ("model", "Keras model", "'vgg19'")),
        (("{root}", "--preprocess", "caffe"), ("preprocess", ("none", "backbone"))),
        (("{root}", "--model", "{maps}", "--gallery", "0"), ("gallery", "at least 1", "0")),
        (("{root}", "--weights", "none.h5"), ("none.h5", "weight file")),
        (("{root}", "--model", "{maps}", "--layers", "conv1"), ("layers", ("none", "folder"))),
        (("{root}", "--model", "{maps}", "--out", "/proc/x"), ("/proc/x", "written")),
    ],
)
def test_input_that_cannot_be_used_is_one_line_and_status_two(
    root, maps, tmp_path, arguments, facts
):
    arguments = [a.format(root=root, maps=maps) for a in arguments]
    done = typed("audit", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    check_error_line(done.stderr, *facts)
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_in_a_process_of_its_own_the_error_is_all_that_is_printed(root, tmp_path):
    """Nothing of the libraries that are loaded until then."""
    done = run("audit", root, "--weights", "none.h5", cwd=tmp_path)
    assert done.returncode == 2
    check_error_line(done.stderr, "none.h5", "weight file")
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_trace_is_shown_when_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_ATTN_TRACEBACK", "1")
    assert "Traceback" in run("audit", "nowhere", cwd=tmp_path).stderr


def test_help_names_every_option_and_what_it_is_for(tmp_path):
    shown = typed("audit", "--help", cwd=tmp_path), typed("--help", cwd=tmp_path, script=SCRIPT)
    for done in shown:
        assert done.returncode == 0
        for word in ("--weights", "--layers", "--on-bad-example", "--overwrite", "fixations.csv"):
            assert word in done.stdout
    assert "audit" in typed("--help", cwd=tmp_path).stdout


def test_the_script_with_data_is_the_command(root, maps, tmp_path):
    done = typed(root, "--model", maps, "--out", tmp_path / "out", cwd=tmp_path, script=SCRIPT)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "audit.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (("--model", "mine.keras"), ("DATA", ("folder", "model"))),
        (("--out", "/proc/x"), ("/proc/x", "written")),
    ],
)
def test_the_demonstration_refuses_what_it_cannot_use_before_it_begins(tmp_path, arguments, facts):
    done = typed(*arguments, cwd=tmp_path, script=SCRIPT)
    assert done.returncode == 2
    check_error_line(done.stderr, *facts)
    assert "Drawing" not in done.stdout


def test_the_demonstration_trains_and_compares(tmp_path, monkeypatch, capsys):
    """The real one, with fewer scenes and epochs."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    import gaze_agreement

    monkeypatch.setattr(gaze_agreement, "TRAINING_SCENES", 30)
    monkeypatch.setattr(gaze_agreement, "TEST_SCENES", 8)
    monkeypatch.setattr(gaze_agreement, "EPOCHS", 1)
    gaze_agreement.demonstrate(tmp_path / "demo", overwrite=False)
    printed = capsys.readouterr().out
    for name in ("untrained · saliency · map", "trained · block5_conv3 · activation", "Page:"):
        assert name in printed
    assert "say nothing about people" in printed
    assert (tmp_path / "demo" / "audit.png").stat().st_size > 10_000
