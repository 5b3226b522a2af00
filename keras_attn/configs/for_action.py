"""Configuration of Task 2, action recognition in video."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from keras_attn import mechanisms
from keras_attn.configs.base import Attention, Config, Encoder, Machine, changed
from keras_attn.configs.constraints import Count, NonNegative, Share, ShareOrZero
from keras_attn.configs.names import ActionDataset
from keras_attn.errors import InputError
from keras_attn.gaze import FIXATION_SIGMA
from keras_attn.gaze_format import GazeFormat
from keras_attn.registries import DATASETS

STREAMS = ("frames", "flow")
"""What one stream alone sees; it has no attention."""
Fusion = Literal["early", "late", "frames", "flow"]


class Schedule(NamedTuple):
    """Updates in all, the learning rate of the first, and after which ones it falls to a tenth."""

    iterations: int
    learning_rate: float
    rate_steps: tuple[int, ...]


STREAM_SCHEDULE = Schedule(10_000, 5e-3, (4_000, 6_000))
SCHEDULES = {
    ("hollywood2", "early"): Schedule(10_000, 1e-4, (4_000, 8_000)),
    ("hollywood2", "late"): Schedule(10_000, 1e-4, (4_000, 8_000)),
    ("ucf_sports", "early"): Schedule(30_000, 1e-6, (10_000, 20_000)),
    ("ucf_sports", "late"): Schedule(30_000, 1e-5, (10_000, 20_000)),
}
"""The paper's (§IV-B2), by dataset and fusion; STREAM_SCHEDULE is that of one stream alone. Any
other dataset has Hollywood-2's."""


@dataclass(frozen=True)
class ActionModel:
    """The two-stream network."""

    fusion: Fusion = "early"
    """Where attention stands; frames, flow: that stream alone, without attention."""
    attention: Attention = "supervised"
    """The mechanism; from Python also a `Mechanism` of your own. One stream alone has none."""
    classes: tuple[str, ...] | None = None
    """Names of the classes; default those of the training data."""
    width: float = 1.0
    """Factor of all channel counts."""
    size: int = 112
    """Side in pixels of the crop that the network sees, out of extracted frames and flow."""
    dropout: tuple[ShareOrZero, ShareOrZero] = (0.9, 0.8)
    """After fc6 and fc7, as in the two-stream code that the paper names."""
    momentum: Share = 0.99
    """Of the late attention module's BatchNormalization; short runs want less."""
    mean: Literal["sports1m", "code"] | None = None
    """What is subtracted from frames. sports1m: the channel means of the published weights; code:
    128, as from flow. Default that which the weights have learnt with: sports1m for the published
    ones, of a run its own, code for random numbers."""

    @property
    def subtracted(self) -> str:
        """The same where nobody has said it: earlier versions knew 128 alone."""
        return self.mean or "code"


@dataclass(frozen=True)
class ActionData(GazeFormat):
    """Videos with classes, gaze and extracted flow, and the lists to train and to test on."""

    name: ActionDataset = "hollywood2"
    """Format of the dataset; video_folder is one of your own."""
    root: Path | None = None
    """Where it lies; without it, videos are drawn, written in its format, and their flow is
    extracted."""
    flow_root: Path | None = None
    """Where its frames and flow lie, as tools/extract_flow.py writes them."""
    image_root: Path | None = None
    """Where the extracted frames lie, if not beside the flow."""
    gaze: Path | None = None
    """Where its gaze lies, of a published one; default `root`."""
    subjects: tuple[int, ...] | None = None
    """Whose gaze is read, where it is raw; default everybody's. Who did which task is not in the
    published files."""
    group: str = "chosen"
    """What the `subjects` are called under every table."""
    fps: float | None = None
    """Frames a second of folders of frames, which raw gaze needs, and time_ms of video_folder."""
    viewers: tuple[str, ...] | None = None
    """Whose gaze is read of video_folder, by the column subject; default everybody's."""
    first_frame: Literal[0, 1] = 0
    """What the first frame is called in the fixations.csv of video_folder."""
    fold: Count = 0
    """The fold of video_folder that is evaluated, where its classes.csv tells no split; the others
    are trained on."""
    folds: int = 5
    """How many folds there are."""
    fold_seed: Count = 0
    """What the folds are shuffled by."""
    videos: int = 108
    """How many are drawn."""
    frames: int = 20
    """Frames of a drawn video."""
    side: int = 96
    """Height of the drawn videos in pixels; they are a third wider."""
    flow_side: int = 72
    """Height in pixels of the frames and flow that are extracted of drawn videos."""
    flow_bound: float = 8.0
    """Displacement in pixels at which the code of their flow ends; at the 20 of real videos their
    motions would be faint."""
    scenes_seed: Count = 0
    """What the videos are drawn from."""
    flow_made: str | None = None
    """How the flow was made, in words; default what its folders say."""
    fixation_sigma: float = FIXATION_SIGMA
    """Blur of fixation densities, as a share of the video's width."""
    on_bad_example: Literal["raise", "skip"] = "raise"
    """What happens to videos that cannot be used."""


@dataclass(frozen=True)
class ActionTraining:
    """Losses, schedule, and what a network starts from (§IV-B2)."""

    iterations: int | None = None
    """Updates in all; default the paper's: 10,000 on Hollywood-2, 30,000 on UCF Sports."""
    batch_size: int = 32
    """Clips in an update."""
    accumulate: int = 1
    """Batches that an update is gathered from, where one of `batch_size` does not fit."""
    learning_rate: float | None = None
    """Of the first updates; default the paper's: 1e-4 on Hollywood-2, 1e-6 (early) or 1e-5 (late)
    on UCF Sports, 5e-3 for one stream alone."""
    rate_steps: tuple[int, ...] | None = None
    """After how many updates the rate falls to a tenth; default the paper's."""
    schedule: Literal["steps", "cosine"] = "steps"
    """Of the learning rate. steps: it falls at `rate_steps`, as in the paper; cosine: it rises over
    the first twentieth of the updates and falls to 0."""
    clip: float | None = None
    """Largest norm of the gradients of a batch, as Caffe's clip_gradients; ours, for networks that
    start from random numbers."""
    save_every: int = 500
    """Updates from one saved state, and one row of history.csv, to the next."""
    attention_weight: NonNegative = 1.0
    """Of the supervised attention's loss."""
    seed: Count = 0
    """Of the initial weights and of the order of the clips."""
    weights: Path | None = None
    """Weight file of C3D, as trained on Sports-1M, that the streams start from; all but the classes
    are taken."""
    pretraining: Literal["file", "direct", "drawn", "none"] = "file"
    """What the streams start from. file: as in the paper, `weights`, and on UCF Sports `start`;
    direct: `weights` there too; drawn: each first learns of what drawn motions are made; none:
    random numbers. The stream of a run that is named starts from that."""
    encoder: Encoder = "trained"
    """trained: as in the paper; frozen: the convolutions of the streams are left as they are, ours.
    One stream alone and late fusion then learn from features that are computed once, of each clip
    in the middle of its frames, mirrored or not; early fusion changes what the frames' see."""
    streams: Literal["flow", "both", "none"] = "flow"
    """Which streams are trained alone first, as runs of their own that the network starts from."""
    stream_iterations: int | None = None
    """Updates of these runs; default 10,000."""
    stream_learning_rate: float | None = None
    """Of their first updates; default 5e-3."""
    stream_rate_steps: tuple[int, ...] | None = None
    """After how many of their updates the rate falls to a tenth; default 4,000 and 6,000."""
    frames_from: Path | None = None
    """Run of the frame stream alone that the network starts from; default that of `streams`."""
    flow_from: Path | None = None
    """The same of the flow stream."""
    start: Path | None = None
    """Run of the same network on Hollywood-2 that this one starts from, as the paper's on UCF
    Sports; or the folder that holds it under its usual name. Streams are not trained then."""


@dataclass(frozen=True)
class ActionMachine(Machine):
    """Where and how it runs; changes nothing but rounding."""

    keep_clips: bool = False
    """Decode all frames and flow once, into a temporary file: 110 kB each at 128×171 pixels."""
    features: Path | None = None
    """Where features of frozen streams are kept; default ~/.cache/keras_attn/features, or below
    $KERAS_ATTN_CACHE."""


@dataclass(frozen=True)
class Action(Config):
    """A run of Task 2."""

    model: ActionModel = field(default_factory=ActionModel)
    data: ActionData = field(default_factory=ActionData)
    training: ActionTraining = field(default_factory=ActionTraining)
    machine: ActionMachine = field(default_factory=ActionMachine)

    task: ClassVar[str] = "action"

    def __post_init__(self) -> None:
        super().__post_init__()
        training = self.training
        if training.batch_size % training.accumulate:
            expected = f"a divisor of training.batch_size, {training.batch_size}"
            raise InputError("training.accumulate", expected, training.accumulate)
        if training.start is not None and self.stream is not None:
            expected = "none for one stream alone, which may start from training.weights"
            raise InputError("training.start", expected, str(training.start))
        for name in ("rate_steps", "stream_rate_steps"):
            steps = getattr(training, name) or ()
            if steps and training.schedule == "cosine":
                expected = "none with training.schedule 'cosine'; or say schedule='steps' "
                raise InputError(
                    f"training.{name}", expected + "(--training.schedule steps)", steps
                )
            if list(steps) != sorted(set(steps)):
                raise InputError(f"training.{name}", "increasing counts of updates", steps)

    @property
    def stream(self) -> str | None:
        """The stream that is alone, or None where there are two."""
        return self.model.fusion if self.model.fusion in STREAMS else None

    @property
    def first(self) -> str | None:
        """As for all tasks; of one stream alone the paper has no such run."""
        return None if self.stream else super().first

    @property
    def published(self) -> tuple[str, tuple[str, ...]]:
        """As for all tasks."""
        return "C3D", ("c3d_caffe",)

    @property
    def needs_weights(self) -> bool:
        """Whether a stream would start from random numbers without `weights`."""
        training = self.training
        return self.stream is not None or None in (training.frames_from, training.flow_from)

    @property
    def who(self) -> tuple[str, str]:
        """Fusion and name of the attention."""
        attention = "none" if self.stream else mechanisms.get(self.model.attention).name
        return self.model.fusion, attention

    @property
    def title(self) -> str:
        """What lines of progress begin with."""
        return f"{self.stream} alone" if self.stream else super().title

    def called(self, data: str) -> str:
        """What a run is called on data of that name."""
        who = (self.stream,) if self.stream else self.who
        # A dataset that its publishers have parted has no folds.
        fold = () if DATASETS[self.data.name].splits else (f"fold{self.data.fold}",)
        return "-".join((data, *who, *fold, f"seed{self.training.seed}"))

    @property
    def about(self) -> str:
        """One line for a list of presets."""
        part, updates = self.model, self.training.iterations
        length = "the paper's schedules" if updates is None else f"{updates} updates"
        return f"C3D at width {part.width:g}, {part.size}×{part.size}, {length}"

    @property
    def schedule(self) -> Schedule:
        """The `Schedule`: what is given, and for the rest the paper's."""
        training, fusion = self.training, self.model.fusion
        others = SCHEDULES.get(("hollywood2", fusion), STREAM_SCHEDULE)
        default = SCHEDULES.get((self.data.name, fusion), others)
        named: dict[str, Any] = {name: getattr(training, name) for name in Schedule._fields}
        made = default._replace(**{n: value for n, value in named.items() if value is not None})
        if training.schedule == "cosine":
            return made._replace(rate_steps=())
        if training.iterations is not None and training.rate_steps is None:
            # The paper's, as shares of another length.
            scale = made.iterations / default.iterations
            steps = dict.fromkeys(max(1, round(step * scale)) for step in default.rate_steps)
            made = made._replace(rate_steps=tuple(steps))
        return made

    def without_unused(self) -> Action:
        """The configuration with defaults in place of what its own training does not look at.

        So a stream alone is the same run, whichever network it is trained for. How the runs were
        trained that this one starts from, the fingerprints of their files stand for.
        """
        unused = ["stream_iterations", "stream_learning_rate", "stream_rate_steps"]
        if self.stream == "flow":
            unused.append("mean")
        if self.stream is not None:
            unused += ["attention", "momentum", "attention_weight", "frames_from", "flow_from"]
        of = {f.name: f.default for part in (ActionModel, ActionTraining) for f in fields(part)}
        return changed(self, streams="none", **{name: of[name] for name in unused})

    def alone(self, stream: str) -> Action:
        """The configuration of one of its streams, trained before it."""
        training = self.training
        return changed(
            self,
            fusion=stream,
            iterations=training.stream_iterations,
            learning_rate=training.stream_learning_rate,
            rate_steps=training.stream_rate_steps,
        )

    def before(self) -> dict[str, Config]:
        """Those of the streams that are trained alone first."""
        training = self.training
        if self.stream is not None or training.start is not None:
            return {}
        alone = {"flow": ("flow",), "both": STREAMS, "none": ()}[training.streams]
        fields = {f"{stream}_from": stream for stream in alone}
        return {
            name: self.alone(stream)
            for name, stream in fields.items()
            if getattr(training, name) is None
        }


PRESETS = {
    "paper": Action(),
    "miniature": Action(
        model=ActionModel(width=0.125, size=64, dropout=(0.3, 0.3), momentum=0.9),
        training=ActionTraining(
            iterations=60,
            batch_size=16,
            learning_rate=1e-2,
            schedule="cosine",
            clip=1.0,
            save_every=60,
            pretraining="drawn",
            encoder="frozen",
            streams="both",
            stream_iterations=1020,
            stream_learning_rate=1e-2,
        ),
        machine=ActionMachine(keep_clips=True, validate_every=10),
    ),
}
"""Presets of Task 2: the paper's, and one for drawn videos."""
