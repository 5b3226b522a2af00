"""The command that tells how large the next study has to be.

Imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from keras_attn.registry import register
from keras_attn.report.audit import STUDY_IMAGES, STUDY_VIEWERS
from keras_attn.shell.command import Command


@dataclass(frozen=True)
class PowerCommand:
    """How many images and viewers tell two maps apart, from the paired differences of an audit.

    Prints the power of studies of several sizes, and how many images are needed.
    """

    audit: tyro.conf.Positional[Path]
    """The folder that an audit was written to, or its examples.csv."""
    maps: tuple[str, str] | None = None
    """Two maps by the names that the audit's table prints, in quotes, such as "VGG16 · block4_conv3
    · activation" centre; default: the models' best by the metric, and the next best."""
    metric: str = "s_auc"
    """Key of the metric: s_auc, ig or nss, by images and viewers; or another one, by images."""
    condition: str | None = None
    """Of an audit by condition, such as task=search."""
    images: tuple[int, ...] = STUDY_IMAGES
    """Numbers of images of a study; of data with groups, of groups."""
    viewers: tuple[int, ...] = STUDY_VIEWERS
    """Numbers of viewers of each image."""
    power: float = 0.8
    """Power that the needed number of images is told for."""
    out: Path | None = None
    """A .csv file to write the power of each size to."""
    overwrite: bool = False
    """Replace the file of --out where it is there."""

    def __call__(self):
        """Print the numbers, and write them."""
        from keras_attn import api

        asked = vars(self).copy()
        print(api.power(asked.pop("audit"), **asked))
        if self.out is not None:
            print(f"Rows:  {self.out.resolve()}")


register(Command("power", PowerCommand))
