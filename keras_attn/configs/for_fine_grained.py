"""Configuration of Task 3, fine-grained classification."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from keras_attn.configs.base import Attention, Config, Encoder, KeepingMachine
from keras_attn.configs.constraints import Count, NonNegative, Share, ShareOrZero
from keras_attn.configs.names import Backbone, FineGrainedDataset
from keras_attn.errors import InputError
from keras_attn.gaze import FIXATION_SIGMA
from keras_attn.gaze_format import GazeFormat
from keras_attn.registries import DATASETS


@dataclass(frozen=True)
class FineGrainedModel:
    """The network of Fig. 4."""

    backbone: Backbone = "vgg16"
    """The classifier that is fine-tuned."""
    attention: Attention = "supervised"
    """The mechanism; from Python also a `Mechanism` of your own."""
    classes: tuple[str, ...] | None = None
    """Names of the classes; default those of the training data."""
    width: float = 1.0
    """Factor of all channel counts."""
    size: int | None = None
    """Side of the input in pixels; default that of the backbone."""
    head: Literal["published", "pooled"] = "published"
    """published: the backbone's own fully connected layers; pooled: the mean over positions and
    one dense layer."""
    dropout: ShareOrZero = 0.5
    """After the first two fully connected layers; ours, the paper gives no rate."""
    momentum: Share = 0.99
    """Of the attention module's BatchNormalization; short runs want less."""


@dataclass(frozen=True)
class FineGrainedData(GazeFormat):
    """Images with classes and gaze, and the lists of those to train and to test on."""

    name: FineGrainedDataset = "cub_vwsw"
    """Format of the dataset."""
    root: Path | None = None
    """Where CUB-200-2010, CUB-200-2011 (cub_gha) or a folder of your own lies; without it, birds
    are drawn and written in the format of CUB-200-2010."""
    gaze: Path | None = None
    """Where the gaze files of CUB-VWSW or CUB-GHA lie; default `root`."""
    participants: tuple[str, ...] | None = None
    """Whose gaze is read, such as VW-0 SW-2; default everybody's."""
    shifted: Literal["drop", "keep", "shift"] = "drop"
    """What happens to the points of participant 3 of CUB-SW that lie too far to the right."""
    crop: bool = True
    """Crop the images to their bounding boxes, as the paper."""
    images: int = 432
    """How many birds are drawn, of nine classes."""
    side: int = 120
    """Height of the drawn pictures in pixels; they are a fifth wider."""
    scenes_seed: Count = 0
    """What the birds are drawn from."""
    fixation_sigma: float = FIXATION_SIGMA
    """Blur of fixation densities, as a share of the width."""
    on_bad_example: Literal["raise", "skip"] = "raise"
    """What happens to images that cannot be used."""
    mask_threshold: float | None = None
    """For masks of more than two values, in a folder of your own: what is above it, on their own
    scale, is object."""


OF_SOME = ("gaze", "participants", "shifted", "crop", "mask_threshold")
"""Fields of `FineGrainedData` that mean nothing to the readers of some datasets."""


@dataclass(frozen=True)
class FineGrainedTraining:
    """Losses and schedule (§IV-C2)."""

    epochs: int = 50
    """Ours, the paper gives none."""
    batch_size: int = 16
    """Images in a step; ours, the paper gives none."""
    learning_rate: float | None = None
    """Of Adam; default that of the backbone, the paper's for those of the paper."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Of the learning rate. constant: as in the paper; cosine: it rises over the first twentieth of
    the updates and falls to 0, which ends calmly where a constant one oscillates or diverges."""
    clip: float | None = None
    """Largest norm of all gradients of a batch together, to which they are scaled down; the paper
    has none."""
    attention_weight: NonNegative = 1.0
    """Of the KL divergence of the supervised attention map in the loss; ours, the paper gives no
    weight for this task."""
    encoder: Encoder = "frozen"
    """Whether what lies before the attention is left as it is, as in the paper."""
    seed: Count = 0
    """Of the initial weights and of the order of the images."""
    weights: Path | None = None
    """Weight file of the backbone, as trained on ImageNet; of a whole classifier, all but the
    classes are taken."""
    pretraining: Literal["file", "trunk", "drawn", "none"] = "file"
    """What the network starts from. file: all but the classes from `weights`; trunk: the trunk
    alone from there, fully connected layers from random numbers; drawn: the trunk first learns to
    tell drawn shapes and colours apart; none: from random numbers."""


@dataclass(frozen=True)
class FineGrained(Config):
    """A run of Task 3."""

    model: FineGrainedModel = field(default_factory=FineGrainedModel)
    data: FineGrainedData = field(default_factory=FineGrainedData)
    training: FineGrainedTraining = field(default_factory=FineGrainedTraining)
    machine: KeepingMachine = field(default_factory=KeepingMachine)

    task: ClassVar[str] = "fine_grained"

    def __post_init__(self) -> None:
        super().__post_init__()
        data = self.data
        for name in OF_SOME:
            if DATASETS[data.name].takes(name):
                continue
            if getattr(data, name) != getattr(FineGrainedData, name):
                expected = f"its default, since data.name {data.name!r} has no such thing"
                raise InputError(f"data.{name}", expected, repr(getattr(data, name)))

    def called(self, data: str) -> str:
        """What a run is called on data of that name."""
        return "-".join((data, *self.who, f"seed{self.training.seed}"))


PRESETS = {
    "paper": FineGrained(),
    "miniature": FineGrained(
        model=FineGrainedModel(width=0.25, size=96, momentum=0.9),
        training=FineGrainedTraining(
            epochs=20, learning_rate=1e-3, schedule="cosine", clip=1.0, pretraining="drawn"
        ),
        machine=KeepingMachine(validate_every=5),
    ),
}
"""Presets of Task 3: the paper's, and one for drawn birds, whose trunk learns drawn shapes once."""
