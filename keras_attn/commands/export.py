"""The command that exports trained networks.

Imports neither TensorFlow nor Keras until it runs.
"""

from dataclasses import dataclass
from pathlib import Path

import tyro

from keras_attn.registry import register
from keras_attn.shell import model_options, quiet
from keras_attn.shell.command import Command


@dataclass(frozen=True, kw_only=True)
class ExportCommand(model_options.FromElsewhere):
    """Write a trained network as a SavedModel that TensorFlow alone runs: pixels in, maps out."""

    weights: tyro.conf.Positional[str]
    """A run folder, or the .weights.h5 file of one, with its configuration inside; or a .keras or
    whole .h5 file, or the name of a backbone."""
    out: Path
    """Folder to write; README.md in it says what the network is and how to load it."""
    onnx: bool = False
    """Write model.onnx too; needs the extra [onnx]."""
    tflite: bool = False
    """Write model.tflite too, for networks whose operations it has."""
    overwrite: bool = False
    """Replace an earlier export in that folder."""

    def __call__(self):
        """Export, and say where."""
        quiet.import_tensorflow()
        from keras_attn import api

        options = {"onnx": self.onnx, "tflite": self.tflite, "overwrite": self.overwrite}
        out = api.export(self.weights, self.out, **options, **self.options())
        print(f"Network: {out}")
        print(f"Read:    {out / 'README.md'}")


register(Command("export", ExportCommand))
