"""The command that attacks trained classifiers, and reports what came of it.

Like `cli`, imports neither TensorFlow nor Keras until the command runs.
"""

from dataclasses import dataclass, field
from pathlib import Path

import tyro

from keras_attn import cli, commands, configs, mechanisms, runs
from keras_attn.errors import InputError
from keras_attn.report.paper_tables import BACKBONES, rank

FOLDER = "fgsm"
"""Within a run's folder."""


@dataclass(frozen=True)
class Attack:
    """How easily are trained classifiers fooled? FGSM on each; then Table X, figures and curves."""

    weights: tyro.conf.Positional[tuple[Path, ...]]
    """Run folders of fine-grained classification, or their .weights.h5 files."""
    attack: tyro.conf.OmitArgPrefixes[configs.Attack] = field(default_factory=configs.Attack)
    """The perturbation."""
    data: commands.DataChange = field(default_factory=commands.DataChange)
    """What is attacked; default the images that each run was scored on."""
    out: Path = commands.RUNS
    """Folder that gets tables, figures and pooled rows; a run's own go into `fgsm` beside it."""
    overwrite: bool = False
    """Replace earlier attacks on these runs."""

    def __call__(self):
        """Attack one run after the other, and report."""
        if not self.weights:
            raise InputError("WEIGHTS", "at least one run folder", "none")
        cli.import_tensorflow_quietly()
        from keras_attn import evaluation

        folders = [self._folder(path) for path in self.weights]
        for folder in folders:
            runs.check_target(folder, evaluation.FILES, overwrite=self.overwrite)
        named, shared = {}, {}
        for path, folder in zip(self.weights, folders, strict=True):
            config = self._attacked(path, folder, shared)
            named.setdefault(config.who, folder)
        commands.report(folders, self.out, {"adversarial": _titled(named)})

    def _folder(self, path):
        return (path if path.is_dir() else path.parent) / FOLDER

    def _attacked(self, path, folder, shared):
        """Attack one run into its folder; shared: datasets that have been read, by what they are.

        Returns its configuration.
        """
        import keras

        from keras_attn import api

        keras.utils.clear_session()  # what earlier networks left would fill the memory
        run = api.load(path)
        if run.config.task != configs.FineGrained.task:
            raise InputError(path, "a run of fine-grained classification", run.config.task)
        key = repr(run.config.data)
        if key not in shared:
            shared[key] = commands.held_out(run.config, self.data)
        settings = self.attack
        print(run.config.run_name, flush=True)
        result = api.attack(
            run,
            shared[key],
            epsilons=settings.epsilons,
            epsilon=settings.epsilon,
            search=settings.search,
        )
        result.save(folder, overwrite=self.overwrite)
        return run.config


def _titled(folders):
    """Folders by title, in the order of the tables, from those by backbone and attention."""
    orders = (BACKBONES, mechanisms.MECHANISMS)
    order = sorted(folders, key=lambda pair: [rank(*one) for one in zip(pair, orders, strict=True)])
    several = len({backbone for backbone, _ in order}) > 1
    return {f"{b}\n{a}" if several else a: folders[b, a] for b, a in order}
