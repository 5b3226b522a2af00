"""The command that attacks trained classifiers, and reports what came of it.

Imports neither TensorFlow nor Keras until it runs.
"""

from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path

import tyro

from keras_attn import configs, storage
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import EXAMPLES, FILES, FOOLED_AT
from keras_attn.registry import register
from keras_attn.shell import model_options, quiet
from keras_attn.shell.command import Command
from keras_attn.study import scored_data, workflow


@dataclass(frozen=True, kw_only=True)
class AttackCommand(model_options.FromElsewhere):
    """How easily are trained classifiers fooled? FGSM on each; then Table X, figures and curves."""

    weights: tyro.conf.Positional[tuple[str, ...]]
    """Run folders of fine-grained classification or their .weights.h5 files; or .keras or whole .h5
    files, SavedModels or names of backbones, with --data.name and --data.root."""
    attack: tyro.conf.OmitArgPrefixes[configs.Attack] = field(default_factory=configs.Attack)
    """The perturbation."""
    data: scored_data.DataChange = field(default_factory=scored_data.DataChange)
    """What is attacked; default the images that each run was scored on."""
    out: Path = workflow.RUNS
    """Folder that gets tables, figures and pooled rows, in place of earlier ones; those of each run
    go into its own folder `fgsm`."""
    overwrite: bool = False
    """Replace other attacks on these runs; the same one is not done again."""

    def __call__(self):
        """Attack one run after the other, and report."""
        if not self.weights:
            raise InputError("WEIGHTS", "at least one run folder", "none")
        quiet.import_tensorflow()

        folders = [model_options.results_of(path) / storage.ATTACK for path in self.weights]
        twice = [folder for folder, count in Counter(folders).items() if count > 1]
        if twice:
            raise InputError("WEIGHTS", "runs in folders of their own", f"two in {twice[0].parent}")
        todo = [self.overwrite or not self._done(folder) for folder in folders]
        for folder in (folder for folder, due in zip(folders, todo, strict=True) if due):
            storage.check_target(folder, FILES, overwrite=self.overwrite)
        shared = {}
        for path, folder, due in zip(self.weights, folders, todo, strict=True):
            if due:
                self._attacked(path, folder, shared)
        workflow.report(folders, self.out)

    def _done(self, folder):
        """Whether this very attack on the weights beside the folder has been finished."""
        import pandas as pd

        path, weights = folder / EXAMPLES, storage.RunFolder(folder.parent).weights
        if not path.is_file() or not weights.is_file() or self.data != scored_data.DataChange():
            return False
        rows = pd.read_csv(path, nrows=1)
        attack = self.attack
        told = {f"{FOOLED_AT}{epsilon:g}" for epsilon in attack.epsilons}
        same = told == {name for name in rows if name.startswith(FOOLED_AT)}
        same &= rows["epsilon"][0] == attack.epsilon and rows["search"][0] == attack.search
        return bool(same and path.stat().st_mtime_ns > weights.stat().st_mtime_ns)

    def _attacked(self, path, folder, shared):
        """Attack one run into its folder; shared: datasets read so far, by what they are."""
        import keras

        from keras_attn import api

        keras.utils.clear_session()  # what earlier networks left would fill the memory
        network, options = self.opened(path, "attack")
        config = network.config
        if config is not None and config.task != configs.FineGrained.task:
            raise InputError(path, "a run of fine-grained classification", config.task)
        key = repr((config and config.data, network.data))
        if key not in shared:
            shared[key] = scored_data.scored_on(network, self.data, path)
        print(path if config is None else config.run_name, flush=True)
        given = {f.name: getattr(self.attack, f.name) for f in fields(self.attack)}
        result = api.attack(network, shared[key], **given, **options)
        result.save(folder, overwrite=self.overwrite)


register(Command("attack", AttackCommand, gaze_options="data."))
