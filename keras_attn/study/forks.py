"""The process that those of cells are forked from: it imports all that they need, once.

Importing takes seconds of processor time, which each of many short cells would spend anew. A forked
cell has a process to itself all the same: no state goes from one to another, and one that fails or
is killed takes no other along. Orders come on standard input and what becomes of them goes to
standard output, a line of JSON each. Ends, and all cells with it, when standard input does.

Nothing is computed here: TensorFlow can be forked until it has looked for devices.
"""

import contextlib
import gc
import json
import os
import select
import signal
import sys

from keras_attn.shell import quiet
from keras_attn.study import cell

POLL = 0.1
"""Seconds from one look at the forked processes to the next."""
INPUT, OUTPUT, ERRORS = 0, 1, 2


def main():
    """Serve until standard input ends, or be the process of a cell; returns the exit status."""
    import_all()
    # What is here is never freed: the forked processes go on sharing its memory.
    gc.collect()
    gc.freeze()
    return _Server().serve()


def import_all():
    """What cells import, which leaves TensorFlow without a look at devices."""
    # Where a library is broken, each cell finds that anew, and its log says so.
    with contextlib.suppress(Exception):
        quiet.load_tensorflow()
        import keras_attn.api
        import keras_attn.evaluation.attack
        import keras_attn.evaluation.evaluate
        import keras_attn.evaluation.references
        import keras_attn.evaluation.validator
        import keras_attn.report.tables.evaluation
        import keras_attn.tasks.trained
        import keras_attn.training.fit  # noqa: F401


class _Server:
    """Forks processes, passes signals on to them, and tells when they end."""

    def __init__(self):
        self.names = {}
        """Of cells, by the id of their processes."""
        # Whose other end the cells read: it is closed when this process ends, however it does.
        self.lifeline, self.life = os.pipe()
        self.unread = b""

    def serve(self):
        """The exit status, of this process or of a forked one."""
        while True:
            self._tell_ends()
            if not select.select([INPUT], [], [], POLL if self.names else None)[0]:
                continue
            received = os.read(INPUT, 2**16)
            if not received:
                return 0
            *lines, self.unread = (self.unread + received).split(b"\n")
            for line in map(json.loads, lines):
                if "signal" in line:
                    self._signal(line["name"], line["signal"])
                elif (pid := os.fork()) == 0:
                    return self._cell(line)
                else:
                    self.names[pid] = line["name"]

    def _tell_ends(self):
        while self.names:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            told = {"name": self.names.pop(pid), "status": os.waitstatus_to_exitcode(status)}
            os.write(OUTPUT, json.dumps(told).encode() + b"\n")

    def _signal(self, name, number):
        # Only processes that were not waited for: another one may have the id of such by now.
        for pid in [pid for pid, one in self.names.items() if one == name]:
            os.kill(pid, number)

    def _cell(self, line):
        """What becomes of a cell in this process, which has just been forked for it."""
        os.close(self.life)
        log = os.open(line["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, place in ((nothing, INPUT), (log, OUTPUT), (log, ERRORS)):
            os.dup2(source, place)
        if "tensorflow" in sys.modules:
            quiet.tell_device()
        return cell.in_this_process(line["order"], self.lifeline)


if __name__ == "__main__":
    # Those for cells come by name. A cell lets them through when it is ready for them, so that one
    # that comes before is not lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    sys.exit(main())
