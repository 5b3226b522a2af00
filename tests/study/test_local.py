"""Cells in processes of this machine: a small grid is trained, one cell of it cannot be."""

import io
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import refused

from keras_attn import configs
from keras_attn.commands import study as studying
from keras_attn.runs import provenance
from keras_attn.shell import cli
from keras_attn.study import cell as process_of_a_cell
from keras_attn.study import cells as study
from keras_attn.study import local, standing

pytestmark = pytest.mark.slow

TINY = {"width": 1 / 16, "size": 67, "head": "pooled", "images": 27, "side": 48, "epochs": 1}
TINY |= {"pretraining": "none", "tensorboard": False, "keep_features": False}
REFERENCES = "fine_grained/references-cub_vwsw"
GOOD = "fine_grained/cub_vwsw-alexnet-activation-seed0"
BAD = "fine_grained/cub_vwsw-alexnet-softmax-seed0"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def cells(place):
    """The cells above, and an attack on the bad run, whose weight file is damaged; by name."""
    base = configs.fine_grained("miniature", **TINY)
    axes = study.Axes(tasks=("fine_grained",), backbones=("alexnet",))
    made = study.grid("miniature", place / "out", axes=axes, bases={"fine_grained": base})
    found = {c.name: c for c in made if c.name in (REFERENCES, GOOD, BAD, f"{BAD}/fgsm")}
    damaged = place / "damaged.h5"
    damaged.write_bytes(b"no weights")
    config = configs.changed(found[BAD].config, pretraining="file", weights=damaged)
    found[BAD] = replace(found[BAD], config=config)
    return found


@pytest.fixture(scope="module")
def carried_out(cells, place):
    """The whole grid: exit status, what was printed, and what of it as errors."""
    every, engine = list(cells.values()), local.Local(jobs=2)
    printed, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(errors):
        status = cli.run(
            lambda: lambda: studying.carry_out_study(every, every, engine, place / "out")
        )
    return status, printed.getvalue(), errors.getvalue()


def test_one_that_fails_stops_neither_the_others_nor_the_report(carried_out, cells, place):
    status, printed, _ = carried_out
    assert status == 1
    assert standing.finished(list(cells.values())) == {REFERENCES, GOOD}
    assert "Cells:   2 finished, 1 failed, 1 not run" in printed
    assert f"not run  {BAD}/fgsm  (needs {BAD})" in printed
    assert not cells[f"{BAD}/fgsm"].folder.exists()
    assert (place / "out" / "tables" / "VII.csv").is_file()


def test_what_failed_is_told_with_the_end_of_its_log(carried_out, cells):
    _, printed, errors = carried_out
    log = cells[BAD].folder / local.LOG
    assert f"failed   {BAD}" in printed and f"its log {log} ends:" in printed
    assert "damaged.h5: expected" in printed and "damaged.h5: expected" in log.read_text()
    assert "2 of 4 cells are not finished" in errors and str(log) in errors


def test_how_a_cell_came_to_be_stands_in_its_folder(carried_out, cells):
    """With the command that was typed, not that of the process which carried it out."""
    works = provenance.read(cells[GOOD].folder)
    assert [work["what"] for work in works] == ["train", "evaluate"]
    assert {tuple(work["command"]) for work in works} == {tuple(sys.argv)}
    assert works[0]["data"]["fingerprint"] == works[1]["data"]["fingerprint"]
    (references,) = provenance.read(cells[REFERENCES].folder)
    assert references["data"] == works[1]["data"]


def test_the_second_call_trains_nothing(carried_out, cells, place, capsys):
    done = [cells[REFERENCES], cells[GOOD]]
    before = {path: path.stat().st_mtime_ns for c in done for path in c.folder.iterdir()}
    studying.carry_out_study(done, done, local.Local(), place / "out")
    assert "2 cells, 2 of them finished already." in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for c in done for path in c.folder.iterdir()} == before


def test_a_run_that_another_command_has_trained_is_taken_as_it_is(carried_out, cells):
    """Without its mark a cell is carried out, which finds the run of the same identity."""
    good = cells[GOOD]
    weights = good.folder / "model.weights.h5"
    before = weights.stat().st_mtime_ns
    (good.folder / standing.MARK).unlink()
    process_of_a_cell.carry_out_cell(**local.Local().order(good))
    assert weights.stat().st_mtime_ns == before
    assert standing.finished([good]) == {GOOD}


def test_an_attack_leaves_its_rows_beside_the_run(carried_out, cells):
    good = cells[GOOD]
    attack = study.StudyCell(f"{GOOD}/fgsm", study.ATTACK, good.config, good.out, (GOOD,))
    process_of_a_cell.carry_out_cell(**local.Local().order(attack))
    assert standing.finished([good, attack]) == {GOOD, attack.name}
    header, *rows = (good.folder / "fgsm" / "examples.csv").read_text().splitlines()
    assert "fooling_rate" in header and len(rows) == 9


# --- processes ----------------------------------------------------------------------------------


@pytest.fixture
def begun(cells, tmp_path):
    """An engine with a cell that has just begun, and its process."""
    engine = local.Local()
    engine.submit(replace(cells[GOOD], out=tmp_path))
    return engine, engine.running[0].process


def test_interrupting_ends_the_processes(begun):
    engine, process = begun
    time.sleep(0.2)
    engine.stop()
    assert process.returncode not in (None, 0)
    assert engine.running == []


def test_a_cell_ends_when_who_started_it_is_gone(begun):
    engine, process = begun
    process.stdin.close()
    try:
        assert process.wait(timeout=30) == 1
    except subprocess.TimeoutExpired:
        engine.stop()
        raise
    assert not (engine.running[0].cell.folder / standing.MARK).exists()


def test_threads_are_as_many_as_asked_for_unless_the_environment_says_so(
    cells, tmp_path, monkeypatch
):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "5")
    engine = local.Local(threads=3)
    engine.submit(replace(cells[GOOD], out=tmp_path))
    environment = Path(f"/proc/{engine.running[0].process.pid}/environ").read_bytes().split(b"\0")
    engine.stop()
    assert {b"TF_NUM_INTRAOP_THREADS=3", b"TF_NUM_INTEROP_THREADS=5"} <= set(environment)


def test_no_jobs_are_refused():
    with refused("--jobs", "at least 1", "0"):
        local.Local(jobs=0)
