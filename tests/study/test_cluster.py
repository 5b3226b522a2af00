"""Cells on a Ray cluster of this machine: one loses its worker, one fails, one is not run."""

import os
import signal
import socket
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import check_error_line, refused

from keras_attn import configs
from keras_attn.commands import study as studying
from keras_attn.runs import provenance
from keras_attn.study import cells as study
from keras_attn.study import cluster, local, schedule, standing
from keras_attn.study.schedule import DONE, FAILED, SKIPPED, Outcome

pytest.importorskip("ray")

pytestmark = pytest.mark.ray

TINY = {"width": 1 / 16, "size": 67, "head": "pooled", "images": 27, "side": 48, "epochs": 6}
TINY |= {"pretraining": "none", "tensorboard": False, "keep_features": False}
REFERENCES = "fine_grained/references-cub_vwsw"
BEREFT = "fine_grained/cub_vwsw-alexnet-activation-seed0"
UNDISTURBED = "fine_grained/the-same-undisturbed"
BAD = "fine_grained/cub_vwsw-alexnet-softmax-seed0"
ATTACK = f"{BAD}/fgsm"
WITHIN = 240.0
"""Seconds that a test waits for what other processes do."""


def processes(name):
    """Of the cell `name`: process and parent, as numbers."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.with_name("cmdline").read_bytes().split(b"\0")
            if words[-2:] == [name.encode(), b""] and b"keras_attn.study.cell" in words:
                yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue


def until(found):
    """What `found()` returns as soon as that is something."""
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        if thing := found():
            return thing
        time.sleep(0.02)
    raise TimeoutError


def epochs(cell):
    """Number and seconds of the epochs of a run so far."""
    history = cell.folder / "history.csv"
    lines = history.read_text().splitlines()[1:] if history.is_file() else []
    return [line.split(",")[:2] for line in lines]


def weights(cell):
    """The weights of a run, by their path in its file."""
    found = {}
    with h5py.File(cell.folder / "model.weights.h5") as file:
        file.visititems(lambda path, item: found.update({path: item}))
        return {path: item[()] for path, item in found.items() if isinstance(item, h5py.Dataset)}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def cells(place):
    """The cells above, by name; the data of the bad one are nowhere."""
    base = configs.fine_grained("miniature", **TINY)
    axes = study.Axes(tasks=("fine_grained",), backbones=("alexnet",))
    made = study.grid("miniature", place / "out", axes=axes, bases={"fine_grained": base})
    found = {c.name: c for c in made if c.name in (REFERENCES, BEREFT, BAD, ATTACK)}
    found[UNDISTURBED] = replace(found[BEREFT], name=UNDISTURBED)
    config = configs.changed(found[BAD].config, root=place / "nowhere")
    found[BAD] = replace(found[BAD], config=config, needs=())
    return found


class Bereaver(threading.Thread):
    """Kills the Ray worker of a cell when an epoch of its training is there."""

    def __init__(self, cell):
        super().__init__(daemon=True)
        self.cell, self.killed, self.epochs = cell, None, []

    def run(self):
        until(lambda: epochs(self.cell))
        ((self.killed, worker),) = processes(self.cell.name)
        os.kill(worker, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{self.killed}").exists())
        self.epochs = epochs(self.cell)


@pytest.fixture(scope="module")
def carried_out(cells, place):
    """Outcomes by name, in the order in which they were told, and who killed the worker."""
    bereaver, told = Bereaver(cells[BEREFT]), {}
    bereaver.start()
    engine = cluster.Cluster(place / "out")
    schedule.carry_out(list(cells.values()), (), engine, lambda c, o: told.update({c.name: o}))
    bereaver.join(WITHIN)
    return told, bereaver


def test_a_failed_cell_stops_those_that_need_it_and_no_others(carried_out, cells):
    told, _ = carried_out
    status = {name: outcome.status for name, outcome in told.items()}
    assert status == dict.fromkeys(cells, DONE) | {BAD: FAILED, ATTACK: SKIPPED}
    assert told[ATTACK].reason == f"needs {BAD}" and not cells[ATTACK].folder.exists()
    order = list(told)
    assert order.index(REFERENCES) < order.index(UNDISTURBED)
    assert standing.finished(list(cells.values())) == {REFERENCES, BEREFT, UNDISTURBED}


def test_what_failed_is_told_with_the_end_of_its_log(carried_out, cells, place):
    outcome = carried_out[0][BAD]
    assert outcome.log == cells[BAD].folder / local.LOG
    assert f"error: {place / 'nowhere'}" in outcome.tail
    assert f"error: {place / 'nowhere'}" in outcome.log.read_text()


def test_a_cell_that_lost_its_worker_goes_on_to_the_weights_of_one_that_did_not(carried_out, cells):
    _, bereaver = carried_out
    finished = epochs(cells[BEREFT])
    assert 1 <= len(bereaver.epochs) < TINY["epochs"] == len(finished)
    assert finished[: len(bereaver.epochs)] == bereaver.epochs  # the same seconds: not done again
    one, other = (weights(cells[name]) for name in (BEREFT, UNDISTURBED))
    assert len(one) > 10 and one.keys() == other.keys()
    assert all(np.array_equal(one[path], other[path]) for path in one)


def test_a_killed_sitting_is_told_apart_and_all_tell_the_command_that_was_typed(carried_out, cells):
    first, *others = provenance.read(cells[BEREFT].folder)
    assert first["what"] == "train" and first["seconds"] is None
    assert [work["what"] for work in others] == ["train", "evaluate"]
    assert {tuple(work["command"]) for work in (first, *others)} == {tuple(sys.argv)}


def test_the_folder_is_left_without_the_mark_that_nodes_look_for(carried_out, place):
    assert [p.name for p in (place / "out").iterdir() if p.name.startswith(".")] == []


# --- a cluster that goes on when the study has ended --------------------------------------------


@pytest.fixture(scope="module")
def joined():
    """The address of a running cluster of one node with two cores and, as it says, one GPU."""
    from ray.cluster_utils import Cluster

    running = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "num_gpus": 1})
    yield running.address
    running.shutdown()


@pytest.fixture(scope="module")
def interrupted(joined, cells, tmp_path_factory):
    """A cell, one that needs it, their engine that was stopped, and the first's environment."""
    cell = replace(cells[BEREFT], out=tmp_path_factory.mktemp("interrupted"))
    later = replace(cell, name=UNDISTURBED, needs=(cell.name,))
    engine = cluster.Cluster(cell.out, joined, cpus=2, gpus=0.5)
    engine.submit(cell)
    engine.submit(later)
    ((process, _),) = until(lambda: list(processes(cell.name)))
    environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    engine.stop()
    return cell, later, engine, environment


def test_interrupting_ends_the_processes_on_the_nodes(interrupted):
    cell, later, engine, _ = interrupted
    assert not list(processes(cell.name)) and not later.folder.exists()
    assert engine.running == {}


def test_a_cell_computes_with_what_it_was_given_of_its_node(interrupted):
    *_, environment = interrupted
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS", "2")
    given = [f"TF_NUM_INTRAOP_THREADS={threads}", "CUDA_VISIBLE_DEVICES=0"]
    assert {line.encode() for line in given} <= set(environment)


@pytest.mark.parametrize(("option", "most"), [("cpus", 2), ("gpus", 1)])
def test_more_than_any_node_has_is_refused_and_not_waited_for(joined, tmp_path, option, most):
    with refused(f"--{option}", f"at most {most}", "3"):
        cluster.Cluster(tmp_path, joined, **{option: 3})


def test_a_node_that_does_not_see_the_folder_is_named(tmp_path):
    place = cluster.SharedPlace.marked(tmp_path)
    assert cluster._look(place) is None
    nowhere = replace(place, start=tmp_path / "nowhere")
    with refused(f"node {socket.gethostname()}", str(nowhere.start)):
        nowhere.enter()
    place.mark.unlink()
    error = cluster._look(place)
    check_error_line(str(error), f"node {socket.gethostname()}", str(tmp_path))


def test_a_node_of_another_version_is_named(tmp_path):
    place = replace(cluster.SharedPlace.marked(tmp_path), version="0.0.1")
    with refused(f"node {socket.gethostname()}", "keras_attn 0.0.1"):
        place.enter()


def test_on_a_node_that_came_later_and_sees_nothing_a_cell_fails_and_writes_nothing(
    cells, tmp_path
):
    place = cluster.SharedPlace.marked(tmp_path)
    place.mark.unlink()
    cell = replace(cells[BEREFT], out=tmp_path)
    outcome = cluster._carry_out(cell, place, {}, ())
    assert outcome.status == FAILED and "shared by all nodes" in outcome.tail
    assert list(tmp_path.iterdir()) == []


def test_a_cell_that_needs_a_failed_one_is_not_run_on_its_node(cells, tmp_path):
    place = cluster.SharedPlace.marked(tmp_path)
    outcome = cluster._carry_out(cells[ATTACK], place, {}, (BAD,), Outcome(FAILED))
    assert outcome == Outcome(SKIPPED, reason=f"needs {BAD}")


# --- no cluster ---------------------------------------------------------------------------------


def test_an_unreachable_cluster_is_one_error_within_seconds(tmp_path):
    began = time.monotonic()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        with refused("--address", ("Ray", address)):
            cluster.Cluster(tmp_path, address)
    assert time.monotonic() - began < cluster.KNOCK + 5


def test_what_answers_but_is_no_cluster_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with refused("--address", received="2 s"):
            cluster.Cluster(tmp_path, address)


@pytest.mark.parametrize("address", ["somewhere", "host:port", "ray://host:10001", ":6379"])
def test_an_address_of_another_form_is_refused(tmp_path, address):
    with refused("--address", ("local", "auto", "HOST:PORT")):
        cluster.Cluster(tmp_path, address)


def test_without_ray_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with refused("--engine ray", "pip install 'keras_attn[ray]'"):
        cluster.Cluster(tmp_path)


def test_options_of_the_other_engine_are_refused(tmp_path):
    with refused("--jobs", "--engine ray"):
        studying.StudyCommand("miniature", engine="ray", jobs=2, out=tmp_path)()
    with refused("--gpus", "--engine local"):
        studying.StudyCommand("miniature", gpus=1, out=tmp_path)()
