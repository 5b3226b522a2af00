"""The command that makes one ranking of several audits.

Imports neither TensorFlow nor Keras.
"""

from dataclasses import dataclass
from pathlib import Path

import tyro

from keras_attn.registry import register
from keras_attn.shell.command import Command


@dataclass(frozen=True)
class CompareCommand:
    """Which of these networks looks most where people look? Audits in one ranking.

    Writes ranking.csv and ranking.html.
    """

    audits: tyro.conf.Positional[tuple[Path, ...]]
    """Files audit.json, or folders of audits, all on the same data."""
    metric: str = "s_auc"
    """Key of the metric to rank by, such as ig."""
    out: Path = Path("runs/ranking")
    """Folder to write to."""
    overwrite: bool = False
    """Replace an earlier ranking in that folder."""

    def __call__(self):
        """Print the ranking, and write it."""
        from keras_attn import api, storage
        from keras_attn.report.ranking.page import FILES

        storage.check_target(self.out, FILES, overwrite=self.overwrite)
        found = api.compare(self.audits, metric=self.metric)
        print(found, flush=True)
        found.save(self.out, overwrite=self.overwrite)
        print(f"Page:  {self.out.resolve() / 'ranking.html'}")


register(Command("compare", CompareCommand))
