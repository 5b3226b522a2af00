"""The process of one cell: reads what it is from standard input, and carries it out.

Ends when standard input does, for then whoever started it is gone. `forks` makes such processes
in another way.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from keras_attn import configs
from keras_attn.runs import provenance
from keras_attn.shell import cli, quiet
from keras_attn.study import processes, standing, workflow
from keras_attn.study.cells import ATTACK, REFERENCES, RUN, START

STANDARD_INPUT = 0


def main():
    """Carry out the cell; returns the exit status."""
    with open(STANDARD_INPUT, "rb", buffering=0, closefd=False) as orders:
        order = json.loads(orders.readline())
    return in_this_process(order, STANDARD_INPUT)


def in_this_process(order, lifeline):
    """Carry out the cell of an order, of which there is one in a process; the exit status.

    lifeline: a file descriptor that ends when whoever started the process is gone.
    """
    # In the background a shell has interrupts ignored, and children inherit that; the engine's
    # are meant for this process.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_starter, args=(lifeline,), daemon=True).start()
    return cli.run(lambda: lambda: _carry_out(order))


def _carry_out(order):
    if processes.CAN_FORK:  # `forks` keeps interrupts back until here
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    carry_out_cell(**order)


def _end_with_starter(lifeline):
    # Not through sys.stdin, whose lock Python wants when it ends.
    os.read(lifeline, 1)
    # All results are renamed into place when they are whole, so that nothing is half written.
    os._exit(1)


def carry_out_cell(kind, config, folder, out, identity, needs, command, overwrite):
    """Carry out a cell, given as plain values, and mark it as finished."""
    began = time.perf_counter()
    sys.argv[:] = command  # what a person has typed, for results to say how they came to be
    quiet.import_tensorflow()
    config, folder, out = configs.from_dict(config), Path(folder), Path(out)
    train, test = workflow.read(config, drawn=out / "scenes")
    data = provenance.of_data(test)
    standing.check_data(data, [out / name for name in needs])
    if kind == RUN:
        workflow.trained_and_scored(config, train, test, folder, overwrite)
    elif kind == START:
        workflow.trained(config, train, None, folder, overwrite)
    else:
        made = {REFERENCES: _references, ATTACK: _attacked}[kind](config, test, folder)
        made.save(folder, overwrite=True)
    standing.mark(folder, identity, time.perf_counter() - began, data)


def _references(config, test, folder):
    from keras_attn import tasks
    from keras_attn.evaluation.references import references

    return references(config.task, test, tasks.of(config).gaze(config, test))


def _attacked(config, test, folder):
    from keras_attn import api

    return api.attack(folder.parent, test)


if __name__ == "__main__":
    sys.exit(main())
