"""Processes of cells, seen from the one that starts them: made anew, or forked from a ready one.

Both kinds have `poll`, `wait`, `send_signal`, `kill` and `returncode` as `subprocess.Popen`, and
`close` for when they have ended. Each ends when the process that started it is gone.
"""

import contextlib
import json
import signal
import subprocess
import sys
import threading

CAN_FORK = sys.platform == "linux"
"""Elsewhere there is no fork, or libraries that do not bear it."""
HEARD = 1.0
"""Seconds until a process that was killed has to be gone."""


class Apart:
    """Starts each cell in a process that imports what it needs by itself."""

    there = True

    def __init__(self, environment):
        self.environment = environment

    def start(self, name, order, log):
        """The process of a cell. order: what `cell.carry_out_cell` takes. log: what it prints."""
        with log.open("wb") as file:
            process = _Own(
                [sys.executable, "-m", "keras_attn.study.cell", name],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self.environment,
                # Ctrl-C reaches this process alone, which passes it on and waits.
                start_new_session=True,
            )
        _write(process, order)
        return process

    def close(self):
        """Nothing is left when the processes have ended."""


class _Own(subprocess.Popen):
    """A process of `Apart`. Its input stays open: the end of that tells it that we are gone."""

    def close(self):
        """Let go of what has ended."""
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()


class Forked:
    """Starts each cell in a process that is forked from one of `forks`, which starts here.

    Errors of that one itself stand in the log of the cell that was first.
    """

    def __init__(self, environment):
        self.environment, self.server = environment, None
        self.cells, self.lock = {}, threading.Lock()

    @property
    def there(self):
        """Whether it can start another one."""
        return self.server is None or self.server.poll() is None

    def start(self, name, order, log):
        """As of `Apart`."""
        log.write_bytes(b"")
        if self.server is None:
            self._begin(log)
        process = Fork(self, name)
        with self.lock:
            self.cells[name] = process
            self.tell({"name": name, "order": order, "log": str(log.absolute())})
        if not self.there:  # it may have ended before it heard of this one
            self._end_all()
        return process

    def _begin(self, log):
        with log.open("ab") as file:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "keras_attn.study.forks"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=self.environment,
                start_new_session=True,
            )
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self):
        """Note what the server tells, until it ends; with it have all cells that are left."""
        for line in self.server.stdout:
            told = json.loads(line)
            with self.lock:
                self.cells.pop(told["name"]).end(told["status"])
        self._end_all()

    def _end_all(self):
        status = self.server.wait() or 1
        with self.lock:
            for name in list(self.cells):
                self.cells.pop(name).end(status)

    def tell(self, line):
        """Have the server fork a cell, or send it a signal."""
        _write(self.server, line)

    def close(self):
        """End the server."""
        if self.server is not None:
            with contextlib.suppress(BrokenPipeError):
                self.server.stdin.close()
            self.server.wait()


class Fork:
    """A process of `Forked`."""

    def __init__(self, source, name):
        self.source, self.name = source, name
        self.ended, self.returncode = threading.Event(), None

    def end(self, status):
        """Note that it has ended; status: negative for a signal."""
        self.returncode = status
        self.ended.set()

    def poll(self):
        """The status, None as long as it runs."""
        return self.returncode

    def wait(self, timeout=None):
        """The status, once it has ended; `subprocess.TimeoutExpired` where it has not by then."""
        if not self.ended.wait(timeout):
            raise subprocess.TimeoutExpired(self.name, timeout)
        return self.returncode

    def send_signal(self, number):
        """Send it a signal, as soon as it is there; nothing where it has ended."""
        if self.returncode is None:
            self.source.tell({"name": self.name, "signal": number})

    def kill(self):
        """End it at once; with the server, whose end ends all cells, if it does not hear."""
        self.send_signal(signal.SIGKILL)
        if not self.ended.wait(HEARD):
            self.source.server.kill()

    def close(self):
        """Nothing is left when it has ended."""


def _write(process, line):
    """Write a line of JSON to a process that may have ended, whose log says why."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write((json.dumps(line) + "\n").encode())
        process.stdin.flush()
