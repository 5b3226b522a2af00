"""The engine of one machine: each cell in a process of its own, some at a time."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import Any, NamedTuple

from keras_attn import configs, plugins
from keras_attn.errors import InputError
from keras_attn.study import processes
from keras_attn.study.cells import StudyCell
from keras_attn.study.schedule import DONE, FAILED, Outcome

LOG = "log.txt"
"""In the folder of each cell: what it printed when it was last run."""
TAIL = 6
"""Lines of it that are shown of a cell that failed."""
POLL, AGAIN, PATIENCE = 0.1, 5.0, 15.0
"""Seconds from one look at the processes to the next, from one interrupt to the next, and until one
that does not end is killed."""

THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""Variables that tell TensorFlow how many threads to compute with."""


class Running(NamedTuple):
    """A cell whose process, one of `processes`, has not ended; began: when it was started."""

    cell: StudyCell
    process: Any
    began: float


class Local:
    """Runs cells in processes of this machine: an `Engine`.

    jobs: how many at once. overwrite: delete other runs that are in their folders. threads: of
    TensorFlow's in each; None for as many as there are cores. Variables of the environment that
    say so themselves (`THREADS`) go before. command: what was typed to have them run, which their
    results tell; default that of this process. forked: whether their processes are forked from one
    that has imported all they need, see `forks`; default where the system can do so, and no plug-in
    computes with TensorFlow while it is imported, or might.
    """

    early = False

    def __init__(self, jobs=1, overwrite=False, threads=None, command=None, forked=None):
        if jobs < 1:
            raise InputError("--jobs", "at least 1", jobs)
        self.slots, self.overwrite, self.threads = jobs, overwrite, threads
        self.command = list(command or sys.argv)
        self.forked = processes.CAN_FORK and not plugins.names() if forked is None else forked
        self.running, self.source = [], None

    def submit(self, cell):
        """Start the process of a cell."""
        cell.folder.mkdir(parents=True, exist_ok=True)
        if self.source is None or not self.source.there:
            made = processes.Forked if self.forked else processes.Apart
            self.source = made(self._environment())
        began = time.perf_counter()
        process = self.source.start(cell.name, self.order(cell), cell.folder / LOG)
        self.running.append(Running(cell, process, began))

    def _environment(self):
        # Several that share a GPU must not each take all of its memory.
        environment = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
        if self.threads is not None:
            environment |= dict.fromkeys(THREADS, str(self.threads))
        return environment | os.environ

    def order(self, cell):
        """What `cell.carry_out_cell` takes."""
        order = {"kind": cell.kind, "config": configs.to_dict(cell.config)}
        order |= {"folder": str(cell.folder), "out": str(cell.out)}
        order |= {"identity": cell.identity, "needs": list(cell.needs)}
        return order | {"command": self.command, "overwrite": self.overwrite}

    def wait(self):
        """The next cell whose process ends, and its `Outcome`."""
        while True:
            for entry in self.running:
                cell, process, began = entry
                if process.poll() is not None:
                    self.running.remove(entry)
                    process.close()
                    return cell, _outcome(cell, process, time.perf_counter() - began)
            time.sleep(POLL)

    def stop(self):
        """Interrupt what still runs, and kill what does not end then."""
        until = time.monotonic() + PATIENCE
        while self.running and time.monotonic() < until:
            # Again and again: while modules are imported, Python may lose an interrupt.
            for _, process, _ in self.running:
                process.send_signal(signal.SIGINT)
            self._end_within(min(AGAIN, max(0.0, until - time.monotonic())))
        for _, process, _ in self.running:
            process.kill()
        self._end_within(None)
        if self.source is not None:
            self.source.close()
            self.source = None

    def _end_within(self, seconds):
        """Wait for processes to end, and let go of those that have; None: for all of them."""
        until = None if seconds is None else time.monotonic() + seconds
        for entry in list(self.running):
            left = None if until is None else max(0.0, until - time.monotonic())
            with contextlib.suppress(subprocess.TimeoutExpired):
                entry.process.wait(left)
                self.running.remove(entry)
                entry.process.close()


def _outcome(cell, process, seconds):
    log = cell.folder / LOG
    if process.returncode == 0:
        return Outcome(DONE, seconds, log)
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    lines = [line.rstrip() for line in lines if line.strip()][-TAIL:]
    if process.returncode < 0:
        lines.append(f"killed by signal {-process.returncode}")
    return Outcome(FAILED, seconds, log, "\n".join(lines))
