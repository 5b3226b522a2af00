"""The command that scores a trained network.

Imports neither TensorFlow nor Keras until it runs.
"""

from dataclasses import dataclass, field
from pathlib import Path

from keras_attn import storage
from keras_attn.evaluation import rows
from keras_attn.registry import register
from keras_attn.shell import model_options, quiet
from keras_attn.shell.command import Command
from keras_attn.study import scored_data, workflow


@dataclass(frozen=True)
class EvaluateCommand(model_options.FromElsewhere):
    """Score a trained network on its task and against human gaze."""

    weights: str
    """A run folder, or the .weights.h5 file of one, with its configuration inside; or a .keras or
    whole .h5 file, a SavedModel or the name of a backbone, with --data.name and --data.root."""
    data: scored_data.DataChange = field(default_factory=scored_data.DataChange)
    out: Path | None = None
    """Folder to write to; default `evaluation` beside the weights."""
    overwrite: bool = False
    """Replace an earlier evaluation in that folder."""

    def __call__(self):
        """Load and score."""
        out = self.out or model_options.results_of(self.weights) / storage.EVALUATION
        quiet.import_tensorflow()
        from keras_attn import api

        storage.check_target(out, rows.FILES, overwrite=self.overwrite)
        network, options = self.opened(self.weights, "evaluate")
        data = scored_data.scored_on(network, self.data, self.weights)
        workflow.show(result := api.evaluate(network, data, **options))
        workflow.save(result, out, self.overwrite)


register(Command("evaluate", EvaluateCommand, in_task_scripts=True, gaze_options="data."))
