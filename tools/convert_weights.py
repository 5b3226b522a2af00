"""Converts a published weight file as `ka.weights.load(model, FILE)` does, once and for all.

    python tools/convert_weights.py weights/bvlc_alexnet.npy
    python tools/convert_weights.py old_resnet.h5 --layout resnet50_v02 --out weights/resnet50.h5

Writes Keras' older layout, `.h5`. Layers and axes follow the tables of keras_attn/weights/rules.py;
code that a file may hold is not run.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

# The rules know the networks' layers, and with them TensorFlow, which would print its greetings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from keras_attn.errors import InputError
from keras_attn.shell import cli
from keras_attn.weights import layouts, registry, rules


@dataclass(frozen=True)
class ConvertWeights:
    """Convert FILE."""

    file: tyro.conf.Positional[Path]
    """As `fetch_weights.py` has left it."""
    layout: Literal[tuple(rules.LAYOUTS)] | None = None
    """Its layout; default that of the published file of its name."""
    out: Path | None = None
    """What to write; default FILE_converted.h5, beside it."""
    overwrite: bool = False
    """Replace an earlier one."""

    def __call__(self):
        """Convert the file and say where the result is."""
        out = self.out or self.file.with_name(f"{self.file.stem}_converted.h5")
        if out.exists() and not self.overwrite:
            raise InputError(out, "no such file yet, or --overwrite", "one that is there")
        made = rules.convert(self.file, self._layout())
        layouts.write_legacy_h5(out, made)
        count = sum(array.size for arrays in made.values() for array in arrays)
        print(f"{out}: {len(made)} layers, {count:,} parameters")

    def _layout(self):
        layout = self.layout or registry.layout_of(self.file)
        if layout in rules.LAYOUTS:
            return layout
        if layout is not None:
            expected = "a file to convert"
            raise InputError(self.file, expected, f"one of the layout {layout!r}, used as it is")
        raise InputError(self.file, "--layout for a file of this name", "none")


if __name__ == "__main__":
    sys.exit(cli.run(lambda: tyro.cli(ConvertWeights, description=__doc__)))
