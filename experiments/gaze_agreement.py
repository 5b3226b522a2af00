"""Does this network look where people look? Maps of a network against the gaze of a dataset.

    python experiments/gaze_agreement.py DATA --weights vgg16_weights_..._notop.h5
    python experiments/gaze_agreement.py DATA --model mine.keras --layers conv4 conv5
    python experiments/gaze_agreement.py

With DATA (images/, fixations.csv) it is `keras-attn audit`. Without, it draws scenes, trains a
small network on their masks for half a minute, and audits it beside its untrained self: a check
of the machinery, which says nothing about people.
"""

import sys
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

import tyro

from keras_attn import storage
from keras_attn.commands import audit
from keras_attn.errors import InputError
from keras_attn.evaluation.rows import AUDIT_FILES
from keras_attn.shell import cli, parser, quiet

SHAPE = (96, 128)
TRAINING_SCENES, TEST_SCENES = 200, 60
EPOCHS = 8
LAYERS = ("block3_conv3", "block5_conv3", "saliency")


@dataclass(frozen=True)
class GazeAgreement(audit.AuditCommand):
    """Maps of a network against the gaze of DATA; without DATA, a demonstration on drawn scenes."""

    data: tyro.conf.Positional[Path | None] = None
    """Folder with images/, fixations.csv (image,subject,x,y) and, optionally, masks/."""
    out: Path = Path("runs/gaze_agreement")
    """Folder to write to."""

    def __call__(self):
        """Audit DATA, or the drawn scenes."""
        if self.data is not None:
            super().__call__()
            return
        mine = ("data", "out", "overwrite")
        given = [f.name for f in fields(self) if f.name not in mine and self._given(f)]
        if given:
            raise InputError("DATA", f"a folder to go with {', '.join(given)}", "none")
        demonstrate(self.out, self.overwrite)

    def _given(self, field):
        default = field.default_factory() if field.default is MISSING else field.default
        return getattr(self, field.name) != default


def demonstrate(out, overwrite):
    """Audit an untrained and a briefly trained small network on drawn scenes."""
    storage.check_target(out, AUDIT_FILES, overwrite=overwrite)
    quiet.import_tensorflow()
    import keras

    import keras_attn as ka

    print("Drawing scenes with gaze ...", flush=True)
    train, test = (
        ka.datasets.miniature(
            images=count, shape=SHAPE, seed=seed, root=out / name, overwrite=overwrite
        )
        for name, count, seed in (
            ("drawn_training_scenes", TRAINING_SCENES, 1),
            ("drawn_test_scenes", TEST_SCENES, 2),
        )
    )
    print(f"training: {train.report}\ntest:     {test.report}", flush=True)
    keras.utils.set_random_seed(0)
    untrained, trained = network(), network()
    trained.set_weights(untrained.get_weights())
    fit(trained, train)
    models = {"untrained": untrained, "trained": trained}
    audit.show_and_save(ka.audit(models, test, layers=LAYERS), out, overwrite)


def network():
    """A dilated VGG16 of a quarter of the channels, with a map of salient objects on top."""
    import keras

    import keras_attn as ka

    backbone = ka.models.vgg16((*SHAPE, 3), dilated=True, width=0.25)
    # The bias starts where the data are: about one pixel in twenty is salient.
    bias = keras.initializers.Constant(-3.0)
    saliency = keras.layers.Conv2D(
        1, 1, activation="sigmoid", bias_initializer=bias, name="saliency"
    )
    return keras.Model(backbone.input, saliency(backbone.output), name="small_vgg")


def fit(model, dataset):
    """Train `model` to segment the salient object, at the resolution of its features."""
    import keras
    import numpy as np

    import keras_attn as ka

    images = np.stack([example.pixels() for example in dataset]).astype("float32")
    masks = np.stack([ka.datasets.read_image(example.mask)[..., :1] for example in dataset])
    height, width = model.output_shape[1:3]
    # Every feature stands for a block of pixels; its target is the salient share of the block.
    blocks = masks.reshape(len(masks), height, masks.shape[1] // height, width, -1) / 255
    targets = blocks.mean(axis=(2, 4))[..., None].astype("float32")
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    bar = 1 if sys.stdout.isatty() else 2  # in a log file, a line per epoch
    model.fit(images, targets, batch_size=10, epochs=EPOCHS, verbose=bar)


if __name__ == "__main__":
    sys.exit(cli.run(lambda: parser.of_command(GazeAgreement, description=__doc__)))
