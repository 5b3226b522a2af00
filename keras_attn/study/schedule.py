"""Carries cells out in the order of their dependencies; knows nothing of where they run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

DONE, FAILED, SKIPPED = "done", "failed", "not run"


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    status: "done", "failed" or "not run". seconds: how long it took. log: the file of what it
    printed, and tail the end of that, of one that failed; reason: why it was not run.
    """

    status: str
    seconds: float = 0.0
    log: Path | None = None
    tail: str = ""
    reason: str = ""


class Engine(Protocol):
    """Where cells run: this machine, or others."""

    slots: int
    """How many run at once."""

    def submit(self, cell):
        """Begin a cell, and return at once."""

    def wait(self):
        """The next cell that comes to its end, and its `Outcome`."""

    def stop(self):
        """End what still runs, so that it can go on another time."""


def carry_out(cells, finished, engine, told):
    """Run all cells that are not finished; `Outcome` by name, of these alone.

    cells: each after those that it needs. finished: names. told: called with cell and outcome as
    soon as there is one. A cell that needs a failed one is not run; all others are. Whatever
    interrupts it ends what is running.
    """
    known = {cell.name for cell in cells} - set(finished)
    waiting, outcomes, running = [c for c in cells if c.name in known], {}, 0

    def settle(cell, outcome):
        outcomes[cell.name] = outcome
        told(cell, outcome)

    try:
        while waiting or running:
            for cell in list(waiting):
                bad = [n for n in cell.needs if n in outcomes and outcomes[n].status != DONE]
                due = all(n not in known or n in outcomes for n in cell.needs)
                if bad:
                    waiting.remove(cell)
                    settle(cell, Outcome(SKIPPED, reason=f"needs {bad[0]}"))
                elif due and running < engine.slots:
                    waiting.remove(cell)
                    engine.submit(cell)
                    running += 1
            if running:
                cell, outcome = engine.wait()
                running -= 1
                settle(cell, outcome)
    finally:
        engine.stop()
    return outcomes
