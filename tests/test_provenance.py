"""How a result came to be is told beside it, also of work that did not end."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT, refused

import keras_attn
from keras_attn import datasets
from keras_attn.runs import provenance


def works(folder):
    return json.loads((folder / "provenance.json").read_text())["work"]


def test_work_is_recorded_with_command_time_and_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["keras-attn", "train", "paper"])
    with provenance.recorded(tmp_path, "train", seed=3):
        (begun,) = works(tmp_path)
        assert begun["seconds"] is None and begun["peak_memory_bytes"] is None
        held = np.ones(30_000_000, np.uint8)
    (ended,) = works(tmp_path)
    assert (ended["what"], ended["seed"]) == ("train", 3)
    assert ended["command"] == ["keras-attn", "train", "paper"]
    assert ended["seconds"] >= 0 and ended["peak_memory_bytes"] > held.nbytes
    assert ended["versions"]["keras_attn"] == keras_attn.__version__
    assert "error" not in ended


def test_work_that_fails_says_so_and_what_was_done_before_stays(tmp_path):
    with provenance.recorded(tmp_path, "train"):
        pass
    with pytest.raises(KeyboardInterrupt), provenance.recorded(tmp_path, "train"):
        raise KeyboardInterrupt
    first, second = works(tmp_path)
    assert "error" not in first and second["error"] == "KeyboardInterrupt"


def test_a_report_takes_the_place_of_the_one_before(tmp_path):
    for what in ("train", "report", "report"):
        with provenance.measured(what) as work:
            pass
        provenance.replace(tmp_path, work)
    assert [work["what"] for work in works(tmp_path)] == ["train", "report"]


def test_a_damaged_file_is_one_clear_error(tmp_path):
    (tmp_path / "provenance.json").write_text("[]")
    with refused("provenance.json", "JSON"):
        provenance.read(tmp_path)


def test_work_that_tells_too_little_is_one_clear_error(tmp_path):
    (tmp_path / "provenance.json").write_text('{"work": [{"what": "train", "command": []}]}')
    with refused("provenance.json", received="no format, versions"):
        provenance.read(tmp_path)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout of git")
def test_the_commit_is_that_of_the_checkout():
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    head = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert provenance.commit().rstrip("+") == head


def test_the_data_of_a_fold_are_those_of_the_whole_dataset(rng):
    data = datasets.miniature("folder", images=4, shape=(32, 32))
    other = datasets.GazeDataset(data.name, data.examples[:3], data.report)
    _, test = data.fold(0, of=2)
    told = provenance.of_data(test)
    about = {"name": data.name, "fingerprint": data.fingerprint, "fold": 0, "examples": 2}
    assert told == about | {"drawn": True, "kind": "folder"}
    assert provenance.of_data(other)["fingerprint"] != told["fingerprint"]
    moved = replace(data.examples[0], points=data.examples[0].points + 0.5)
    changed = datasets.GazeDataset(data.name, (moved, *data.examples[1:]), data.report)
    assert provenance.of_data(changed)["fingerprint"] != told["fingerprint"]
