"""What networks of clips make of videos that nobody has scored: classes, and attention over time.

Flow is estimated on the way and kept in memory that the system pages out: no file of it is left.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from keras_attn import pictures, storage
from keras_attn.datasets.batches import clips
from keras_attn.datasets.batches.snippets import Snippet, filling_starts
from keras_attn.datasets.flow import files as flow_files
from keras_attn.datasets.readers import frames
from keras_attn.errors import InputError, listing, one_of
from keras_attn.evaluation.network import batches, forward
from keras_attn.evaluation.video_scorer import mean_maps
from keras_attn.models.c3d import FLOW
from keras_attn.models.common import GAZE
from keras_attn.pictures import moving
from keras_attn.prediction.result import (
    RAW,
    TABLE,
    Predictions,
    as_table,
    class_row,
    classes_of,
)
from keras_attn.report.figures.panels import Canvas, fitting, paste, spaced
from keras_attn.statistics import evenly

OVERLAY = "{}_overlay.gif"
TILE, GAP, HEAD, POINTS = 192, 4, 26, 10
"""Width of the two pictures of an overlay, white between them, height of the line above them, all
in pixels; and the points of its text at most."""
SAMPLE = 8
"""Pictures that the colours of an overlay are taken from."""
RATE, FASTEST = 25, 50
"""Frames a second of videos that do not say it, and most of a GIF that viewers keep up with."""


def of_videos(model, scorer, source, options):
    """Predict a video file, a folder of frames, or all of those in a folder: `Predictions`.

    model: a `keras.Model`. scorer: a `VideoScorer` of it. source: path. options:
    `result.Options`. Classes are those of an evaluation, from the same snippets; attention
    covers every frame but the first, which has no flow. Nothing is written after an error.
    """
    one_of("on_bad_example", options.on_bad_example, ("raise", "skip"))
    videos = _videos(source)
    kinds = [OVERLAY] * bool(scorer.attention) + [RAW] * options.raw
    every = [kind.format(name) for name in videos for kind in kinds]
    options.check_target(source, [*every, TABLE])
    _check_gaze(scorer, options)
    settings, notes = _settings(scorer)
    files, rows, skipped = [], [], []
    with (
        storage.writing(options.out, files, overwrite=options.overwrite) as stage,
        ThreadPoolExecutor(2) as pool,
        options.bar() as bar,
    ):
        every_video = bar.add_task("predicting", total=len(videos))
        work = _Work(forward(model), scorer, settings, pool, bar)
        for name, path in videos.items():
            try:
                watched = work.watched(name, path)
            except frames.BadVideo as error:
                if options.on_bad_example == "raise":
                    raise
                skipped.append(f"{name} ({error})")
                bar.advance(every_video)
                continue
            rows.append(watched.row(name, scorer))
            for kind in kinds:
                write = {OVERLAY: watched.write_overlay, RAW: watched.write_raw}[kind]
                write(stage / kind.format(name), scorer)
                files.append(kind.format(name))
            bar.advance(every_video)
        if not rows:
            raise InputError(source, "videos that can be used", listing(skipped, 3))
        table = as_table(rows, stage)
        files.append(TABLE)
    return Predictions(options.out, tuple(files), table, tuple(skipped), notes)


def _videos(source):
    """Paths of the videos by the names of their files; a name holds the folders that it is in."""
    source = Path(source).expanduser()
    if source.is_dir() and flow_files.is_marked(source):
        raise InputError(source, "a video, from which flow is estimated", "extracted flow")
    videos = {}
    for name, path in frames.find([source], passing_over=flow_files.is_marked).items():
        other = videos.setdefault(name.replace("/", "-"), path)
        if other != path:
            raise InputError(source, "videos of names of their own", listing([other, path]))
    return videos


def _check_gaze(scorer, options):
    if GAZE in scorer.inputs_of_model:
        expected = "a network of clips that takes no gaze, for none is read beside videos here"
        raise InputError("model", expected, f"inputs {listing(scorer.inputs_of_model)}")
    if options.gaze is not None:
        raise InputError("gaze", "none for a network of clips", options.gaze)


def _settings(scorer):
    """The `FlowSettings` that the network's flow was made by, and a note where nobody knows."""
    settings = flow_files.as_made(scorer.flow_made)
    if settings or FLOW not in scorer.inputs_of_model:
        return settings or flow_files.FlowSettings(), ()
    how = scorer.flow_made or "in a way that it does not say"
    note = f"The network learnt from flow made {how}; this one is estimated as in the study."
    return flow_files.FlowSettings(), (note,)


@dataclass(frozen=True)
class _EveryFrame:
    """The parts of a video for `evaluation.batches`: those of an evaluation, then the rest."""

    scorer: object

    def parts(self, video):
        """Snippets that cover all frames with flow."""
        return (*self.scorer.parts(video), *filling(video))

    def inputs(self, part):
        """Those of the scorer."""
        return self.scorer.inputs(part)


def filling(video):
    """The snippets of a video that an evaluation leaves out, without which frames are missing."""
    return [Snippet(video, start) for start in filling_starts(video.pairs)]


@dataclass(frozen=True)
class _Work:
    """What all videos share: the network and how it is fed."""

    call: object
    scorer: object
    settings: flow_files.FlowSettings
    pool: ThreadPoolExecutor
    bar: object

    def watched(self, name, path):
        """A video as the network sees it: `Watched`."""
        probe = frames.probe(path)
        footage = self._footage(name, path)
        self.scorer.watch(footage)
        rate, outputs = probe.rate or RATE, self._outputs(name, footage)
        return Watched(footage.dataset[0], probe.shape, rate, outputs)

    def _footage(self, name, path):
        announced = frames.Frames(path).announced
        task = self.bar.add_task(f"{name}: flow", total=announced and announced - 1)
        still = FLOW not in self.scorer.inputs_of_model
        try:
            return clips.Footage.estimated(
                name, path, self.settings, still=still, on_pair=lambda: self.bar.advance(task)
            )
        finally:
            self.bar.remove_task(task)

    def _outputs(self, name, footage):
        every, outputs_of = _EveryFrame(self.scorer), []
        task = self.bar.add_task(f"{name}: clips", total=len(every.parts(footage.dataset[0])))
        for chunk, batch in batches(every, footage.dataset, self.pool):
            outputs = self.call(batch)
            for place in range(len(chunk)):
                outputs_of.append({name: values[place] for name, values in outputs.items()})
            self.bar.advance(task, len(chunk))
        self.bar.remove_task(task)
        return self.scorer.joined(outputs_of)


@dataclass(frozen=True, eq=False)
class Watched:
    """What a network made of a video.

    video: the `VideoExample`, of the size that flow is estimated at. shape: (H, W) of the video on
    disk. rate: frames a second. outputs: those of all snippets, the ones of an evaluation first.
    """

    video: object
    shape: tuple
    rate: float
    outputs: dict

    def probabilities(self, scorer):
        """Those of the classes, from the snippets of an evaluation."""
        count = len(scorer.parts(self.video))
        return scorer.probabilities({"logits": self.outputs["logits"][:count]})

    def maps(self, scorer):
        """Numbers of all frames but the first, from 1, and the attention of each, `(n, h, w)`.

        Frames that an evaluation sees have the map that it scores.
        """
        parts, rest = scorer.parts(self.video), filling(self.video)
        every = self.outputs[scorer.attention[0]][..., 0]
        numbers, maps = mean_maps(parts, every[: len(parts)])
        if rest:
            others, further = mean_maps(rest, every[len(parts) :])
            new = ~np.isin(others, numbers)
            numbers, maps = np.append(numbers, others[new]), np.append(maps, further[new], axis=0)
        order = np.argsort(numbers)
        return numbers[order], maps[order].astype(np.float32)

    def row(self, name, scorer):
        """Its row of the table: the two likeliest classes, frames, and all probabilities."""
        values = self.probabilities(scorer)
        shares = zip(classes_of(scorer), values, strict=True)
        row = class_row(name, values, scorer) | {"frames": self.video.frames}
        return row | {f"p_{class_name}": value for class_name, value in shares}

    def write_raw(self, path, scorer):
        """Write probabilities and, of networks that attend, the attention of every frame.

        Maps are of the crop that the network sees; "place" says where in the video that lies.
        """
        arrays = {"probabilities": self.probabilities(scorer)}
        if scorer.attention:
            arrays["numbers"], arrays["attention"] = self.maps(scorer)
            arrays["place"] = scorer.view.place(self.shape)
        np.savez_compressed(path, **arrays)

    def write_overlay(self, path, scorer):
        """Write what the network sees and, beside it, its attention over that, as a GIF file."""
        numbers, maps = self.maps(scorer)
        draw = _Drawing(self, scorer, numbers, maps)
        places = evenly(len(numbers), SAMPLE)
        colours = moving.palette([draw(place) for place in places])
        drawn = (moving.in_palette(draw(place), colours) for place in range(len(numbers)))
        moving.write(drawn, path, round(1000 / min(self.rate, FASTEST)))


class _Drawing:
    """Pictures of an overlay by place: uint8 RGB. One scale of heat for the whole video."""

    def __init__(self, watched, scorer, numbers, maps):
        self.video, self.scorer = watched.video, scorer
        self.numbers, self.maps, self.scale = numbers, maps, pictures.ends(maps)
        self.height = pictures.size_at(scorer.size, TILE)[0]
        row = class_row("", watched.probabilities(scorer), scorer)
        sheet = Canvas(HEAD + self.height, 2 * TILE + GAP)
        line = f"{spaced(row['class'])} {row['probability']:.2f}"
        sheet.text(GAP, HEAD / 2, line, fitting(line, POINTS, TILE), ha="left", weight="bold")
        line = f"next: {spaced(row['runner_up'])} {row['runner_up_probability']:.2f}"
        sheet.text(2 * TILE, HEAD / 2, line, fitting(line, POINTS, TILE), ha="right", color="0.4")
        self.still = sheet.drawn()

    def __call__(self, place):
        footage, view = self.scorer.footage, self.scorer.view
        frame = view.frames(footage.frames(self.video, [self.numbers[place]])[0])
        tile = pictures.thumbnail(frame, TILE, enlarge=cv2.INTER_CUBIC)
        picture = self.still.copy()
        paste(picture, tile, 0, HEAD)
        paste(picture, pictures.overlay(tile, self.maps[place], self.scale), TILE + GAP, HEAD)
        return picture
