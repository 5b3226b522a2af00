"""The engine of a Ray cluster: each cell is a task on some node, in a process of its own there.

Ray orders the tasks, for each is given what becomes of those that it needs as references; it runs
a task again whose worker or node was lost. Imports Ray only where an engine is made.
"""

import math
import os
import platform
import socket
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import keras_attn
from keras_attn import plugins, storage
from keras_attn.errors import InputError
from keras_attn.study import local, schedule
from keras_attn.study.schedule import FAILED, Outcome

HERE, ANY = "local", "auto"
"""Addresses: a cluster of this machine alone that ends with the study, and whichever runs here."""
RETRIES = 3
"""How often a cell is begun again whose worker or node was lost."""
KNOCK, PATIENCE = 5.0, 30.0
"""Seconds until an address, and a cluster or all nodes of it, have to answer."""
OBJECTS = 80 * 2**20
"""Bytes of the local cluster's store of objects, of which outcomes need next to nothing."""
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # That of GPUs stays what it is where none is asked for, as without Ray.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Ray's own default is to begin a task again for ever that was ended for want of memory.
    "RAY_task_oom_retries": str(RETRIES),
}
"""Variables that Ray reads; those that are set already stay."""
JOINED = "import sys, ray; ray.init(sys.argv[1], log_to_driver=False)"
"""A program that ends when a cluster was joined."""


class Cluster:
    """Runs cells on a Ray cluster: an `Engine`, which holds the cluster from when it is made.

    out: the folder of the study, which all nodes have to see under the same path, as they do the
    folder that the study was started in. address: "local", "auto" or HOST:PORT. cpus, gpus: what
    a cell gets of its node; parts of a GPU are fine. overwrite: as of `Local`.

    `InputError` where Ray is missing, the cluster does not answer or has no node with as much,
    or a node does not see the folders or has another version of this package.
    """

    slots, early = math.inf, True

    def __init__(self, out, address=HERE, *, cpus=1, gpus=0, overwrite=False):
        if not cpus >= 1:
            raise InputError("--cpus", "at least 1", cpus)
        if not gpus >= 0:
            raise InputError("--gpus", "at least 0", gpus)
        self.ray = _ray()
        _join(self.ray, address)
        self.running, self.ended, self.place = {}, {}, None
        try:
            nodes = [node for node in self.ray.nodes() if node["Alive"]]
            _check_room(nodes, {"--cpus": ("CPU", cpus), "--gpus": ("GPU", gpus)})
            self.place = SharedPlace.marked(out)
            _check_nodes(self.ray, nodes, self.place)
        except BaseException:
            self.stop()
            raise
        options = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": RETRIES}
        self.task = self.ray.remote(**options)(_carry_out)
        self.options = {"overwrite": overwrite, "threads": cpus, "command": list(sys.argv)}
        self.options["forked"] = False  # a cell of each engine, which would be forked for it alone

    def submit(self, cell):
        """Give a cell to Ray, with the references of those that it needs."""
        needs = {c.name: ref for ref, c in self.running.items() if c.name in cell.needs}
        needs |= {name: self.ended[name] for name in cell.needs if name in self.ended}
        ref = self.task.remote(cell, self.place, self.options, tuple(needs), *needs.values())
        self.running[ref] = cell

    def wait(self):
        """The next cell that comes to its end, and its `Outcome`."""
        (ref, *_), _ = self.ray.wait(list(self.running))
        cell = self.running.pop(ref)
        try:
            outcome = self.ray.get(ref)
        except self.ray.exceptions.RayError as error:
            outcome = schedule.hindered(cell, self.ended) or _lost(cell, error)
        self.ended[cell.name] = outcome
        return cell, outcome

    def stop(self):
        """Interrupt what still runs, and leave the cluster; that of this machine ends."""
        for ref in reversed(self.running):
            self.ray.cancel(ref)
        # A task ends when its process has; whose does not, ends with the connection.
        if refs := list(self.running):
            self.ray.wait(refs, num_returns=len(refs), timeout=local.PATIENCE + PATIENCE)
        self.running.clear()
        if self.place is not None:
            self.place.mark.unlink(missing_ok=True)
        self.ray.shutdown()


@dataclass(frozen=True)
class SharedPlace:
    """What all nodes have in common: two folders, this package, and its plug-ins.

    start: the folder that the study was started in, which its paths may begin at. mark: a file
    that was just made in the folder of results. version: of this package. plugins: names of all
    that the study was started with.
    """

    start: Path
    mark: Path
    version: str
    plugins: tuple = ()

    @classmethod
    def marked(cls, out):
        """That of a study which starts now in the working folder."""
        mark = Path(out).absolute() / f"{storage.PARTIAL}seen-{uuid.uuid4().hex}"
        storage.write_text(mark, "")
        return cls(Path.cwd(), mark, keras_attn.__version__, plugins.names())

    def enter(self):
        """Make `start` the working folder, and load the plug-ins.

        `InputError` names the node that cannot or must not.
        """
        node = f"node {platform.node()}"
        if keras_attn.__version__ != self.version:
            raise InputError(node, f"keras_attn {self.version}", keras_attn.__version__)
        if not self.mark.is_file():
            expected = f"{self.mark.parent} to be the folder of this study, shared by all nodes"
            raise InputError(node, expected, "another folder, or none")
        try:
            os.chdir(self.start)
        except OSError as error:
            expected = f"{self.start}, where the study was started, to be shared by all nodes"
            raise InputError(node, expected, error.strerror) from error
        for name in self.plugins:
            plugins.use(name, node)


# --- in the process of the study ----------------------------------------------------------------


def _ray():
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise InputError("--engine ray", "Ray (pip install 'keras_attn[ray]')", error) from error
    return ray


def _join(ray, address):
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == HERE:
        quiet |= {"include_dashboard": False, "object_store_memory": OBJECTS}
    else:
        _knock(address)
    try:
        ray.init(address, **quiet)
    except (RuntimeError, ConnectionError) as error:
        raise _unreachable(address, str(error).strip().splitlines()[0]) from error


def _knock(address):
    """Raise `InputError` where no cluster answers, which Ray itself tries for minutes."""
    named = os.environ.get("RAY_ADDRESS", ANY) if address == ANY else address
    if named != ANY:
        host, _, port = named.rpartition(":")
        if not host or not port.isdecimal() or "/" in host:
            expected = f"{HERE}, {ANY} or HOST:PORT, such as 10.0.0.1:6379"
            raise InputError("--address", expected, repr(named))
        try:
            socket.create_connection((host, int(port)), timeout=KNOCK).close()
        except (OSError, OverflowError) as error:
            raise _unreachable(named, error) from error
    # Something listens there. Whether that is Ray shows in a process that can be ended.
    try:
        done = subprocess.run(
            [sys.executable, "-c", JOINED, named], capture_output=True, timeout=PATIENCE, text=True
        )
    except subprocess.TimeoutExpired as error:
        raise _unreachable(named, f"no answer of Ray in {PATIENCE:.0f} s") from error
    if done.returncode != 0:
        raise _unreachable(named, (done.stderr.strip().splitlines() or ["no answer"])[-1])


def _unreachable(address, why):
    where = "on this machine" if address == ANY else f"at {address}"
    return InputError("--address", f"a Ray cluster that answers {where}", str(why).rstrip("."))


def _check_room(nodes, wanted):
    """Refuse what would wait for ever: more for a cell than any node has."""
    for option, (resource, amount) in wanted.items():
        most = max((node["Resources"].get(resource, 0) for node in nodes), default=0)
        if amount > most:
            expected = f"at most {most:g}, which is what one node of the cluster has"
            raise InputError(option, expected, f"{amount:g}")


def _check_nodes(ray, nodes, place):
    """Refuse a node that cannot carry cells out, before the first of them."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = {}
    for node in nodes:
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        look = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=there)(_look)
        asked[look.remote(place)] = f"node {node['NodeManagerHostname']}"
    for ref, node in asked.items():
        expected = f"a node that can run keras_attn {place.version}"
        try:
            error = ray.get(ref, timeout=PATIENCE)
        except ray.exceptions.GetTimeoutError as late:
            raise InputError(node, expected, f"no answer in {PATIENCE:.0f} s") from late
        except ray.exceptions.RayError as failed:
            raise InputError(node, expected, str(failed).strip().splitlines()[-1]) from failed
        if error is not None:
            raise error


def _lost(cell, error):
    """The `Outcome` of a cell that Ray could not bring to an end."""
    lines = [line.rstrip() for line in str(error).splitlines() if line.strip()]
    return Outcome(FAILED, log=cell.folder / local.LOG, tail="\n".join(lines[-local.TAIL :]))


# --- on the nodes -------------------------------------------------------------------------------


def _look(place):
    """What is wrong with this node, an `InputError`, or None."""
    try:
        place.enter()
    except InputError as error:
        return error
    return None


def _carry_out(cell, place, options, names, *outcomes):
    """Carry a cell out as `Local` does; names, outcomes: of those that it needs."""
    hindrance = schedule.hindered(cell, dict(zip(names, outcomes, strict=True)))
    if hindrance is not None:
        return hindrance
    try:
        place.enter()  # a node that came later has not been asked
    except InputError as error:
        return Outcome(FAILED, log=cell.folder / local.LOG, tail=str(error))
    engine = local.Local(**options)
    return schedule.carry_out([cell], (), engine, lambda *_: None)[cell.name]
