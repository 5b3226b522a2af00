"""Cells in processes of this machine: a small grid is trained, one cell of it cannot be."""

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import refused

from keras_attn import configs, plugins
from keras_attn.commands import study as studying
from keras_attn.runs import provenance
from keras_attn.shell import cli
from keras_attn.study import cell as process_of_a_cell
from keras_attn.study import cells as study
from keras_attn.study import forks, local, processes, schedule, standing

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


def rows_and_weights(cell):
    """All numbers that a run leaves: its rows as they are written, and its weights."""
    from keras_attn import api

    rows = (cell.folder / standing.RESULTS).read_text(encoding="utf-8")
    return rows, api.load(cell.folder).model.get_weights()


def test_a_cell_leaves_the_same_bits_alone_and_after_others_of_other_settings(
    carried_out, cells, tmp_path
):
    """Precision, seed and whatever else is of a process do not go from one cell to the next."""
    machine = {"precision": "mixed_bfloat16", "strategy": "mirrored", "seed": 7}
    other = replace(
        cells[GOOD], name="other", config=configs.changed(cells[GOOD].config, **machine)
    )
    after = [
        replace(one, out=tmp_path / "after") for one in (cells[REFERENCES], other, cells[GOOD])
    ]
    alone = [replace(one, out=tmp_path / "alone") for one in (cells[REFERENCES], cells[GOOD])]
    for queue, forked in ((after, True), (alone, False)):
        queue = [replace(one, needs=()) for one in queue]
        outcomes = schedule.carry_out(queue, (), local.Local(forked=forked), lambda *_: None)
        assert {one.status for one in outcomes.values()} == {schedule.DONE}, outcomes
    (rows, weights), (own, own_weights) = rows_and_weights(after[-1]), rows_and_weights(alone[-1])
    assert rows == own
    assert all(np.array_equal(*pair) for pair in zip(weights, own_weights, strict=True))
    others = rows_and_weights(after[1])[1]
    assert not all(np.array_equal(*pair) for pair in zip(weights, others, strict=True))


@pytest.fixture(params=[True, False], ids=["forked", "apart"])
def forked(request):
    """Whether an engine forks the processes of its cells."""
    if request.param and not processes.CAN_FORK:
        pytest.skip("no processes are forked on this system")
    return request.param


@pytest.fixture
def begun(forked, cells, tmp_path):
    """An engine with a cell that has just begun, and its process."""
    engine = local.Local(forked=forked)
    engine.submit(replace(cells[GOOD], out=tmp_path))
    yield engine, engine.running[0].process
    engine.stop()


def children(pid):
    """Ids of the processes that a process has begun."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def of_the_cell(engine):
    """The id of the process of an engine's only cell, once it is carrying that out."""
    cell, process, _ = engine.running[0]
    if not isinstance(process, processes.Fork):
        return process.pid
    until = time.monotonic() + 60
    # Until it prints there may be no process, or those of libraries that ask the system something.
    while not (cell.folder / local.LOG).read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    return children(process.source.server.pid)[0]


def test_interrupting_ends_the_processes(begun):
    engine, process = begun
    time.sleep(0.2)
    engine.stop()
    assert process.returncode not in (None, 0)
    assert engine.running == []


def test_a_cell_ends_when_who_started_it_is_gone(begun):
    engine, process = begun
    pid = of_the_cell(engine)
    forked = isinstance(process, processes.Fork)
    (process.source.server if forked else process).stdin.close()
    assert process.wait(timeout=30) == 1
    until = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not (engine.running[0].cell.folder / standing.MARK).exists()


def test_one_that_is_killed_takes_no_other_along(begun, cells, tmp_path):
    engine, _ = begun
    os.kill(of_the_cell(engine), signal.SIGKILL)
    cell, outcome = engine.wait()
    assert (cell.name, outcome.status) == (GOOD, schedule.FAILED)
    assert outcome.tail.endswith("killed by signal 9")
    engine.submit(replace(cells[REFERENCES], out=tmp_path))
    assert engine.wait()[1].status == schedule.DONE


def test_where_the_process_that_forks_is_lost_the_next_cell_has_another(cells, tmp_path):
    engine = local.Local(forked=True)
    engine.submit(replace(cells[GOOD], out=tmp_path))
    engine.source.server.kill()
    _, outcome = engine.wait()
    assert outcome.status == schedule.FAILED and outcome.tail.endswith("killed by signal 9")
    engine.submit(replace(cells[REFERENCES], out=tmp_path))
    assert engine.wait()[1].status == schedule.DONE
    engine.stop()


def test_threads_are_as_many_as_asked_for_unless_the_environment_says_so(
    forked, cells, tmp_path, monkeypatch
):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "5")
    engine = local.Local(threads=3, forked=forked)
    engine.submit(replace(cells[GOOD], out=tmp_path / "other"))
    pid = of_the_cell(engine)
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    engine.stop()
    assert {b"TF_NUM_INTRAOP_THREADS=3", b"TF_NUM_INTEROP_THREADS=5"} <= set(environment)


def test_with_plugins_each_imports_all_by_itself(monkeypatch):
    assert local.Local().forked == processes.CAN_FORK
    monkeypatch.setattr(plugins, "names", lambda: ("computes_while_it_is_imported",))
    assert not local.Local().forked


def test_what_is_forked_has_not_looked_for_devices():
    """From then on TensorFlow has threads and handles that no fork takes along."""
    script = (
        f"import {forks.__name__} as forks; forks.import_all()\n"
        "import sys, threading\n"
        "from tensorflow.python.eager import context\n"
        "assert 'keras_attn.training.fit' in sys.modules and 'foolbox' in sys.modules\n"
        "print(context.context()._physical_devices, threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "None 1\n", done.stderr


def test_no_jobs_are_refused():
    with refused("--jobs", "at least 1", "0"):
        local.Local(jobs=0)
