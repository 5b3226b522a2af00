"""The command that asks of networks whether they look where people look.

Imports neither TensorFlow nor Keras until it runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from keras_attn.configs.names import ImageDataset, KindOfMap
from keras_attn.gaze import CENTRE_BIAS_SIGMA, FIXATION_SIGMA
from keras_attn.gaze_format import GazeFormat
from keras_attn.loading import forms
from keras_attn.registry import register
from keras_attn.shell import model_options, quiet
from keras_attn.shell.command import Command


@dataclass(frozen=True)
class AuditCommand:
    """Ask of a network whether it looks where people look.

    Scores maps against the gaze of DATA, beside the centre bias, a uniform map, the density of
    the fixations themselves, a single observer and the gold standard of all others, and writes a
    table, rows.csv and audit.html.
    """

    data: tyro.conf.Positional[Path]
    """Folder with images/, fixations.csv (image,subject,x,y) and, optionally, masks/; or of a
    published dataset, with --data-name."""
    model: tuple[model_options.Model, ...] = ("vgg16",)
    """A .keras or .h5 file, a run folder or its .weights.h5, a SavedModel folder, an .onnx file, a
    folder of maps (PNG or NPY by image name), a backbone, or a network by name, such as
    keras.applications.MobileNetV2. Several of them go into one table; NAME=MODEL names one. The
    options below are for all models, or NAME=VALUE for one."""
    weights: tuple[str, ...] = ()
    """Weight file of a network that is named, or the name of a published one that was fetched;
    without it its weights are random."""
    layers: tuple[str, ...] = ()
    """Names of layers (NAME=LAYER,LAYER); default: the last layer of each resolution."""
    kinds: tuple[KindOfMap, ...] = ()
    """Kinds of maps (NAME=KIND,KIND), which docs/attributions.md explains; default: activation,
    gradient, cam and grad_cam, as far as the model allows."""
    size: tuple[str, ...] = ()
    """Side in pixels of the images the model is given, where it leaves that open."""
    preprocess: tuple[str, ...] = ()
    """What a model of your own expects instead of RGB in [0, 255]: caffe (BGR minus mean; VGG and
    ResNet of keras.applications), tf (from -1 to 1; MobileNet, Inception), torch (normalised;
    DenseNet). Backbones need none."""
    output: tuple[str, ...] = ()
    """The output with the class scores, of a model with several."""
    explain: tuple[str, ...] = ()
    """The class whose score is explained: predicted (default), true, or one by number or
    name."""
    data_name: ImageDataset = "folder"
    """Format of DATA: folder, or a published one, as it is unpacked."""
    on_bad_example: Literal["raise", "skip"] = "raise"
    """What happens to images and fixations that cannot be used."""
    mask_threshold: float | None = None
    """For masks of more than two values: what is above it, on their own scale, is object."""
    fixation_sigma: float = FIXATION_SIGMA
    """Blur of fixation densities, as a share of the image's width."""
    centre_bias_sigma: float = CENTRE_BIAS_SIGMA
    """Blur of the centre bias, as a share of the image's width."""
    batch_size: int = 8
    """Images at a time."""
    gallery: int = 12
    """How many images the page shows."""
    where: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Only the fixations with this value of a further column of fixations.csv: COLUMN=VALUE, such
    as --where task=search. Once more for another column, or for another value of the same."""
    by: str | None = None
    """A column of fixations.csv, such as task: a row for each value, and how they differ."""
    faithfulness: int = 0
    """On how many images to measure whether the maps tell anything of the network; 0: on none."""
    out: Path = Path("runs/audit")
    """Folder to write to."""
    overwrite: bool = False
    """Replace the results of an earlier audit in that folder."""
    gaze: Annotated[GazeFormat, tyro.conf.OmitArgPrefixes] = field(default_factory=GazeFormat)
    """What fixations.csv leaves unsaid."""

    def __call__(self):
        """Run the audit and say where its files are."""
        from keras_attn import api, datasets, storage

        storage.check_target(self.out, api.FILES, overwrite=self.overwrite)
        chosen = model_options.models(self.model)
        reading = {"mask_threshold": self.mask_threshold, "on_bad_example": self.on_bad_example}
        data = datasets.named(self.data_name, self.data, self.gaze, "--data-name", **reading)
        print(f"{data.label}: {data.report}", flush=True)
        every = chosen.values() if isinstance(chosen, dict) else [chosen]
        if any(forms.of(one) != forms.MAPS for one in every):
            quiet.import_tensorflow()
        own = ("fixation_sigma", "centre_bias_sigma", "batch_size", "gallery", "by")
        options = self._of_models(chosen) | {name: getattr(self, name) for name in own}
        options["faithfulness"] = self.faithfulness or False
        options["where"] = model_options.conditions(self.where)
        show_and_save(api.audit(chosen, data, **options), self.out, self.overwrite)

    def _of_models(self, chosen):
        """The options that each model may have of its own."""
        one = model_options.one
        readers = {
            "weights": one("weights"),
            "layers": tuple,
            "kinds": lambda kinds: kinds or None,
            "size": one("size", int),
            "preprocess": one("preprocess", model_options.preprocessing),
            "output": one("output", lambda text: int(text) if text.isdecimal() else text),
            "explain": one("explain", absent="predicted"),
        }
        return {
            name: model_options.by_name(name, getattr(self, name), chosen, read)
            for name, read in readers.items()
        }


def show_and_save(result, out, overwrite):
    """Print an audit's table, write its files, and say where they are."""
    # Printed first: a disk that is full by now does not take the result along.
    print(result, flush=True)
    result.save(out, overwrite=overwrite)
    print(f"Page:  {Path(out).resolve() / 'audit.html'}")
    print(f"Rows:  {Path(out).resolve() / 'rows.csv'}  ({result.seconds:.0f} s)")


register(Command("audit", AuditCommand, gaze_options=""))
