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

    slots: float
    """How many it takes at once."""
    early: bool
    """Whether it takes cells before those that they need have ended, and begins them after that;
    what needs a failed one is then "not run" by its word."""

    def submit(self, cell):
        """Begin a cell, or have it begin when it can, and return at once."""

    def wait(self):
        """The next cell that comes to its end, and its `Outcome`."""

    def stop(self):
        """End what still runs, so that it can go on another time."""


def hindered(cell, outcomes):
    """The `Outcome` of a cell that needs one which was not brought to its end; None of others.

    outcomes: by name, of those that are known.
    """
    for name in cell.needs:
        if name in outcomes and outcomes[name].status != DONE:
            return Outcome(SKIPPED, reason=f"needs {name}")
    return None


def carry_out(cells, finished, engine, told, begun=lambda cell: None):
    """Run all cells that are not finished; `Outcome` by name, of these alone.

    cells: each after those that it needs. finished: names. told: called with cell and outcome as
    soon as there is one. begun: called with a cell that the engine has been given. A cell that
    needs a failed one is not run; all others are. Whatever interrupts it ends what is running.
    """
    known = {cell.name for cell in cells} - set(finished)
    waiting, outcomes, running = [c for c in cells if c.name in known], {}, 0

    def settle(cell, outcome):
        outcomes[cell.name] = outcome
        told(cell, outcome)

    try:
        while waiting or running:
            for cell in list(waiting):
                hindrance = hindered(cell, outcomes)
                due = engine.early or all(n not in known or n in outcomes for n in cell.needs)
                if hindrance:
                    waiting.remove(cell)
                    settle(cell, hindrance)
                elif due and running < engine.slots:
                    waiting.remove(cell)
                    engine.submit(cell)
                    begun(cell)
                    running += 1
            if running:
                cell, outcome = engine.wait()
                running -= 1
                settle(cell, outcome)
    finally:
        engine.stop()
    return outcomes
