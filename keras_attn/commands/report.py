"""The command that makes tables, pictures and pages of runs that are scored already."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from keras_attn.errors import InputError
from keras_attn.registry import register
from keras_attn.shell.command import Command
from keras_attn.study import workflow


@dataclass(frozen=True)
class ReportCommand:
    """Make the paper's tables from the rows of evaluated runs, beside the paper's own numbers."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Folders with examples.csv and arrays.npz."""
    out: Path = workflow.RUNS
    """Folder for tables, findings, rows, confusions and pictures, in place of earlier ones."""

    def __call__(self):
        """Write and print the tables."""
        if not self.runs:
            raise InputError("RUNS", "at least one run folder", "none")
        workflow.report(self.runs, self.out)


register(Command("report", ReportCommand, in_task_scripts=True))
