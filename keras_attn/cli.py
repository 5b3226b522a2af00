"""The command keras-attn: parses arguments, calls `api`, and prints errors as one line.

Imports neither TensorFlow nor Keras until a command needs them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import tyro

from keras_attn import __version__, standard_streams
from keras_attn.agreement import KINDS
from keras_attn.errors import InputError, TrainingStopped
from keras_attn.gaze import CENTRE_BIAS_SIGMA, FIXATION_SIGMA

PROGRAM = "keras-attn"
Kind = Literal[KINDS]


@dataclass(frozen=True)
class Audit:
    """Ask of a network whether it looks where people look.

    Scores maps against the gaze of DATA, beside the centre bias, a uniform map, the human density
    and one viewer, and writes a table, rows.csv and audit.html.
    """

    data: tyro.conf.Positional[Path]
    """Folder with images/, fixations.csv (image,subject,x,y) and, optionally, masks/."""
    model: str = "vgg16"
    """A .keras file, a run folder or its .weights.h5, a SavedModel folder, a folder of maps (PNG or
    NPY by image name), or a backbone: alexnet, vgg16, resnet50."""
    weights: Path | None = None
    """Weight file of the backbone, or the name of a published one that was fetched; without it its
    weights are random."""
    layers: tuple[str, ...] = ()
    """Names of layers; default: the last layer of each resolution."""
    kinds: tuple[Kind, ...] = ()
    """Kinds of maps; default: all that the model allows."""
    size: int | None = None
    """Side in pixels of the images the model is given, where it leaves that open."""
    preprocess: Literal["none", "caffe", "tf", "torch"] = "none"
    """What a model of your own expects instead of RGB in [0, 255]: caffe (BGR minus mean; VGG and
    ResNet of keras.applications), tf (from -1 to 1; MobileNet, Inception), torch (normalised;
    DenseNet). The bundled backbones need none."""
    on_bad_example: Literal["raise", "skip"] = "raise"
    """What happens to images and fixations that cannot be used."""
    fixation_sigma: float = FIXATION_SIGMA
    """Blur of fixation densities, as a share of the image's width."""
    centre_bias_sigma: float = CENTRE_BIAS_SIGMA
    """Blur of the centre bias, as a share of the image's width."""
    batch_size: int = 8
    """Images at a time."""
    gallery: int = 12
    """How many images the page shows."""
    out: Path = Path("runs/audit")
    """Folder to write to."""
    overwrite: bool = False
    """Replace the results of an earlier audit in that folder."""

    def __call__(self):
        """Run the audit and say where its files are."""
        from keras_attn import api, datasets, runs
        from keras_attn.agreement.opening import is_saved_model

        runs.check_target(self.out, api.FILES, overwrite=self.overwrite)
        data = datasets.folder(self.data, on_bad_example=self.on_bad_example)
        print(f"{data.name}: {data.report}", flush=True)
        run = runs.RunFolder(Path(self.model)).finished
        if run or is_saved_model(self.model) or not Path(self.model).is_dir():
            import_tensorflow_quietly()
        options = {field.name: getattr(self, field.name) for field in fields(self)}
        for own in ("data", "on_bad_example", "out", "overwrite"):
            del options[own]
        options["kinds"] = self.kinds or None
        options["preprocess"] = _preprocessing(self.preprocess)
        show_and_save(api.audit(data=data, **options), self.out, self.overwrite)


def show_and_save(result, out, overwrite):
    """Print an audit's table, write its files, and say where they are."""
    # Printed first: a disk that is full by now does not take the result along.
    print(result, flush=True)
    result.save(out, overwrite=overwrite)
    print(f"Page:  {Path(out).resolve() / 'audit.html'}")
    print(f"Rows:  {Path(out).resolve() / 'rows.csv'}  ({result.seconds:.0f} s)")


def import_tensorflow_quietly():
    """Import TensorFlow without what its libraries print about drivers that are not there.

    They write to the process's standard error before any Python setting can reach them. If the
    import fails, all they wrote is shown.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        try:
            import tensorflow as tf

            without_gpu = not tf.config.list_physical_devices("GPU")
        except BaseException:
            captured.seek(0)
            with contextlib.suppress(OSError):  # where nobody reads it; the error itself is told
                os.write(kept, captured.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    if without_gpu:
        print("TensorFlow sees no GPU here and runs on the CPU.", flush=True)


def _preprocessing(mode):
    if mode == "none":
        return None
    from keras.applications import imagenet_utils

    def preprocess_input(images):
        return imagenet_utils.preprocess_input(images, mode=mode)

    preprocess_input.__name__ = f"preprocess_input(mode={mode!r})"
    return preprocess_input


def main(arguments=None):
    """Run `keras-attn`; returns the exit status."""
    return run(_parsed, arguments)


def _parsed():
    from keras_attn import attacking, commands, exporting, predicting, studying, verifying

    there = {"audit": Audit, **commands.of_all_tasks(), "attack": attacking.Attack}
    there |= {"export": exporting.Export, "predict": predicting.Predict}
    there |= {"study": studying.Study, "verify": verifying.Verify}
    about = "Does my network look where people look? Audit it, or train and score the study's."
    about += " --version alone prints which version this is."
    return commands.parse(there, prog=PROGRAM, description=about)


def run(parse: Callable, arguments=None):
    """Call the command that `parse()` reads from the arguments; 0, or 2 for input it cannot use.

    Other errors print one line too, and their trace with KERAS_ATTN_TRACEBACK=1. `--version` alone
    prints the version. A command whose output nobody reads any more does its work to the end.
    """
    if arguments is not None:
        sys.argv[1:] = arguments
    with standard_streams.unread():
        try:
            if sys.argv[1:] == ["--version"]:
                print(f"keras_attn {__version__}")
            else:
                parse()()
        except (Exception, KeyboardInterrupt) as error:
            if os.environ.get("KERAS_ATTN_TRACEBACK"):
                raise
            message, status = _outcome(error)
            print(message, file=sys.stderr)
            return status
    return 0


def _outcome(error):
    """What is printed for an error, and the exit status."""
    if isinstance(error, InputError):
        return f"error: {error}", 2
    if isinstance(error, TrainingStopped):
        return f"stopped: {error}", 1
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", 130
    where = "(unexpected; KERAS_ATTN_TRACEBACK=1 shows where it happened)"
    return f"error: {type(error).__name__}: {error}\n{where}", 1


if __name__ == "__main__":
    sys.exit(main())
