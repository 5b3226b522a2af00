"""The command that trains one network of a task, and scores it.

Imports neither TensorFlow nor Keras until it runs.
"""

from dataclasses import dataclass
from pathlib import Path

from keras_attn import storage
from keras_attn.registry import register
from keras_attn.shell import parser, quiet
from keras_attn.shell.command import Command
from keras_attn.study import workflow


def options(tasks):
    """The options of the command, for the presets of these tasks."""
    preset = parser.preset_of(tasks)

    @dataclass(frozen=True)
    class TrainCommand:
        """Train one network, and score it on the data that were held out.

        An unfinished run goes on where it was left; a finished one is not trained again.
        """

        config: preset
        out: Path | None = None
        """Run folder; default runs/<task>/ and a name of the dataset, the network and the seed."""
        overwrite: bool = False
        """Delete another run that is in the folder."""

        def __call__(self):
            """Train and evaluate."""
            self.config.check_start()
            quiet.import_tensorflow()
            out = self.out or workflow.RUNS / self.config.task / self.config.run_name
            train, test = workflow.read(self.config)
            config = workflow.started(self.config, train, test, out.parent, self.overwrite)
            run = workflow.trained(config, train, test, out, self.overwrite)
            workflow.show(result := workflow.evaluated(run, test))
            workflow.show_places(storage.RunFolder(run.folder))
            workflow.save(result, run.folder, overwrite=True)

    return TrainCommand


register(Command("train", options, in_task_scripts=True, gaze_options="data."))
