"""Configuration of Task 1, salient object segmentation."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from keras_attn.configs.base import Attention, Config, Encoder, KeepingMachine
from keras_attn.configs.constraints import Count, NonNegative, Share
from keras_attn.configs.names import Backbone, SalientObjectDataset
from keras_attn.gaze import FIXATION_SIGMA
from keras_attn.gaze_format import GazeFormat


@dataclass(frozen=True)
class SalientObjectModel:
    """The network of Fig. 1."""

    backbone: Backbone = "vgg16"
    """The encoder."""
    attention: Attention = "supervised"
    """The mechanism; from Python also a `Mechanism` of your own."""
    width: float = 1.0
    """Factor of all channel counts."""
    size: int | None = None
    """Side of the input in pixels; default that of the backbone."""
    channels: tuple[int, int, int] = (512, 256, 128)
    """Of the three decoder layers; ours, the paper gives none."""
    base_rate: Share | None = None
    """Share of salient pixels that the outputs start from; default that of the training masks."""
    momentum: Share = 0.99
    """Of the attention modules' BatchNormalization; short runs want less."""


@dataclass(frozen=True)
class SalientObjectData(GazeFormat):
    """Images with masks and gaze, and the fold that is held out."""

    name: SalientObjectDataset = "dut_omron"
    """Format of the dataset."""
    root: Path | None = None
    """Where it lies; without it, scenes are drawn and written in that format."""
    images: int = 240
    """How many scenes are drawn."""
    side: int = 96
    """Height and width of the drawn scenes in pixels."""
    scenes_seed: Count = 0
    """What the scenes are drawn from."""
    fold: Count = 0
    """The fold that is evaluated; the others are trained on."""
    folds: int = 5
    """How many folds there are."""
    fold_seed: Count = 0
    """What the folds are shuffled by."""
    augment: bool | None = None
    """Train on four rotations, each also mirrored; default for PASCAL-S alone, as the paper."""
    fixation_sigma: float = FIXATION_SIGMA
    """Blur of fixation densities, as a share of the width."""
    on_bad_example: Literal["raise", "skip"] = "raise"
    """What happens to images that cannot be used."""
    mask_threshold: float | None = None
    """For masks of more than two values, in a folder of your own: what is above it, on their own
    scale, is object; default the published one of DUT-OMRON and PASCAL-S."""


@dataclass(frozen=True)
class SalientObjectTraining:
    """Losses and schedule (§IV-A2)."""

    epochs: int = 10
    """Ours, the paper gives none."""
    batch_size: int = 10
    """Images in a step."""
    learning_rate: float | None = None
    """Of Adam; default that of the backbone, the paper's for those of the paper."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Of the learning rate. constant: as in the paper; cosine: it rises over the first twentieth of
    the updates and falls to 0, which ends calmly where a constant one oscillates or diverges."""
    clip: float | None = None
    """Largest norm of all gradients of a batch together, to which they are scaled down; the paper
    has none."""
    attention_weight: NonNegative = 0.01
    """Of the KL divergence of each supervised attention map in the loss."""
    encoder: Encoder = "trained"
    """trained: as in the paper; frozen: what lies before the decoder is left as it is, which is
    many times quicker, and ours."""
    without_gaze: Literal["raise", "train"] = "raise"
    """What happens to a mechanism that needs gaze on data without any. train: supervised learns
    without its supervision, as sigmoid does, and human is 1 everywhere; for a run on masks alone
    that another one, on gaze, starts from."""
    seed: Count = 0
    """Of the initial weights and of the order of the images."""
    weights: Path | None = None
    """Weight file of the backbone, as trained on ImageNet."""
    pretraining: Literal["file", "direct", "drawn", "none"] = "file"
    """What the network starts from. file: as in the paper, `weights`, and on PASCAL-S `start`;
    direct: `weights` there too; drawn: the encoder first learns to tell drawn shapes and colours
    apart; none: random numbers. With `start`, all weights are those of that run."""
    start: Path | None = None
    """Run of the same network on DUT-OMRON that all weights are taken from, as the paper's on
    PASCAL-S: its folder, its weight file, or the folder that holds it under its usual name."""


@dataclass(frozen=True)
class SalientObject(Config):
    """A run of Task 1."""

    model: SalientObjectModel = field(default_factory=SalientObjectModel)
    data: SalientObjectData = field(default_factory=SalientObjectData)
    training: SalientObjectTraining = field(default_factory=SalientObjectTraining)
    machine: KeepingMachine = field(default_factory=KeepingMachine)

    task: ClassVar[str] = "salient_object"

    def called(self, data: str) -> str:
        """What a run is called on data of that name."""
        where = (f"fold{self.data.fold}", f"seed{self.training.seed}")
        return "-".join((data, *self.who, *where))


PRESETS = {
    "paper": SalientObject(),
    "miniature": SalientObject(
        model=SalientObjectModel(width=0.125, size=96, momentum=0.9),
        training=SalientObjectTraining(
            epochs=8,
            batch_size=6,
            learning_rate=1e-3,
            schedule="cosine",
            clip=1.0,
            pretraining="drawn",
        ),
        machine=KeepingMachine(validate_every=7),
    ),
}
"""Presets of Task 1: the paper's, and one for drawn scenes; its encoder has learnt drawn shapes."""
