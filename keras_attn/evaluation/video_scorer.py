"""How networks of clips are scored: classes by video, attention by frame."""

from functools import lru_cache

import numpy as np

from keras_attn import pictures
from keras_attn.datasets import VideoDataset, as_dataset
from keras_attn.datasets.batches import clips
from keras_attn.datasets.batches.snippets import snippets
from keras_attn.datasets.flow.files import made_otherwise
from keras_attn.errors import InputError, listing
from keras_attn.evaluation.gaze_scores import Blur
from keras_attn.evaluation.rows import CLASSES, CORRECT, JOINED, RANKING
from keras_attn.evaluation.scorer import (
    AttentionScorer,
    check_classes,
    check_gaze,
    check_scores,
)
from keras_attn.evaluation.video_gaze import VideoGaze
from keras_attn.metrics import recognition
from keras_attn.models.c3d import FLOW
from keras_attn.models.common import GAZE
from keras_attn.networks.heads import shares
from keras_attn.resizing import at_size
from keras_attn.statistics import evenly

SHOWN = 32
"""Most frames of a video that references are scored on."""
KEPT = 16
"""Most frames of a video that are kept to look at."""


def takes(model):
    """Whether a model from elsewhere is one of this task: it takes clips and scores classes."""
    named = isinstance(model.output, dict) and "logits" in model.output
    return named and bool(_clip_inputs(model))


def _clip_inputs(model):
    wanted = [tensor for tensor in model.inputs if tensor.name in clips.INPUTS[:2]]
    return [tensor for tensor in wanted if len(tensor.shape) == 5]


def check_flow(data, told):
    """Refuse a dataset whose flow was made otherwise than is `told`, as `how_made` says it."""
    for video in data:
        # Without any, it is refused by whoever opens it.
        found = video.flow and made_otherwise(video.flow, told)
        if found is not None:
            raise InputError(f"video {video.id!r}", f"flow as it was learnt from, {told}", found)


def check_labels(data, classes):
    """Refuse a dataset whose labels are not places in `classes`, or one without videos."""
    as_dataset(data, "data", VideoDataset)
    check_classes(data, classes)
    for video in data:
        if not video.labels or not all(0 <= label < len(classes) for label in video.labels):
            expected = f"labels from 0 to {len(classes) - 1}"
            raise InputError(f"video {video.id!r}", expected, listing(video.labels) or "none")


def mean_maps(parts, maps):
    """Numbers of the frames that snippets of a video cover, and the mean map of each.

    parts: the snippets. maps: of each, one or several frames a slot: `(snippets, slots, h, w)`.
    """
    frames = parts[0].video.frames
    total, counts = np.zeros((frames, *maps.shape[2:])), np.zeros(frames, int)
    for snippet, its in zip(parts, maps, strict=True):
        # A repeated last frame counts once, as it was seen first.
        for place, number in enumerate(dict.fromkeys(snippet.numbers)):
            total[number] += its[place * len(its) // clips.SNIPPET]
            counts[number] += 1
    numbers = np.flatnonzero(counts)
    return numbers, total[numbers] / counts[numbers, None, None]


@lru_cache(maxsize=2)
def gaze_of_videos(dataset, view, sigma):
    """The `VideoGaze` of a dataset in a view; counted once for all networks that are scored."""
    return VideoGaze(dataset, view, Blur(fixations=sigma))


class VideoScorer(AttentionScorer):
    """Scores the classes of videos, and attention frame by frame against gaze in the crop.

    Class scores of a video are the softmax of the mean logits of its snippets; the attention of a
    frame is the mean of that of all snippets that cover it. Each frame with gaze in view is scored
    at the size of the network's input, and the video's score is the mean over such frames.

    classes: their names, in the order of the logits. sigma: blur of the densities as a share of the
    width. threads, keep: as for `clips.Footage.of`. flow_made: how the flow has to be made, in the
    words of `how_made`, for models that see it; default in any way.
    """

    def __init__(self, model, classes, sigma, threads=4, keep=False, flow_made=None):
        if not takes(model):
            expected = "inputs frames or flow, of clips, and an output named logits"
            received = [*(f"{t.name} {tuple(t.shape)}" for t in model.inputs), *model.output_names]
            raise InputError(f"model {model.name!r}", expected, listing(received))
        shape = tuple(_clip_inputs(model)[0].shape)
        if shape[1] != clips.SNIPPET or None in shape[1:]:
            expected = f"clips of {clips.SNIPPET} frames of one size"
            raise InputError(f"model {model.name!r}", expected, shape)
        super().__init__([name for name in model.output if name == "attention"])
        self.name, self.classes, self.sigma = model.name, classes, sigma
        self.inputs_of_model = [tensor.name for tensor in model.inputs]
        self.scores = model.output["logits"].shape[-1]
        self.size = shape[2:4]
        self.flow_made = flow_made if FLOW in self.inputs_of_model else None
        self.options, self.footage, self.view = {"threads": threads, "keep": keep}, None, None

    def check(self, dataset):
        """Refuse a dataset of other classes, or whose flow will not do; open that of others."""
        as_dataset(dataset, "data", VideoDataset)
        check_gaze(dataset, self.inputs_of_model)
        if dataset.classes:
            self.classes = self.classes or tuple(dataset.classes)
            check_scores(self.name, self.scores, self.classes)
            check_labels(dataset, self.classes)
        else:
            self._check_seen(dataset)
        if self.footage is None or self.footage.dataset is not dataset:
            check_flow(dataset, self.flow_made)
            self.watch(clips.Footage.of(dataset, **self.options))

    def _check_seen(self, dataset):
        """Refuse videos without classes where there is nothing to be scored against gaze."""
        expected = f"videos with classes, as classes.csv tells, for model {self.name!r}"
        if not self.attention:
            raise InputError(f"dataset {dataset.name!r}", f"{expected}, without attention", "none")
        if not dataset.report.points:
            expected += ", or with gaze, as fixations.csv tells, for its attention"
            raise InputError(f"dataset {dataset.name!r}", expected, "neither")

    def watch(self, footage):
        """Take clips from this `clips.Footage` from now on, in its central crop."""
        self.footage = footage
        self.view = clips.central_view_of(footage.dataset, footage.size, self.size)

    def parts(self, example):
        """The snippets of a video."""
        return tuple(snippets([example]))

    def inputs(self, part):
        """What the model takes of a snippet in the central crop."""
        return clips.clip_inputs(
            self.footage, part, self.view, self.sigma, names=self.inputs_of_model
        )

    def joined(self, outputs):
        """Logits `(snippets, classes)` and maps `(snippets, slots, h, w, 1)` of a video."""
        return {
            name: np.stack([one[name] for one in outputs]) for name in ("logits", *self.attention)
        }

    def maps_of(self, example, outputs):
        """Numbers of the frames that a video's snippets cover, and the mean map of each."""
        return mean_maps(self.parts(example), outputs[self.attention[0]][..., 0])

    def compared(self, dataset, index, outputs):
        """Each frame that a snippet covers and that has gaze in view, with its map."""
        numbers, maps = self.maps_of(dataset[index], outputs)
        gaze = gaze_of_videos(dataset, self.view, self.sigma).frames(index, numbers)
        pairs = zip(numbers, maps, strict=True)
        return [(gaze[n], [at_size(one, self.size)]) for n, one in pairs if n in gaze]

    def attended(self, dataset, index, outputs):
        """The map of each frame that a snippet covers; with gaze in view, where gaze is taken."""
        video = dataset[index]
        numbers, maps = self.maps_of(video, outputs)
        if GAZE in self.inputs_of_model:
            seen = [len(self.view.points(video.points[n], video.shape)) > 0 for n in numbers]
            maps = maps[np.array(seen, bool)]
        return maps

    def mixture(self, dataset):
        """That of the gaze in the crop."""
        return gaze_of_videos(dataset, self.view, self.sigma).mixture

    def probabilities(self, outputs):
        """Those of the classes, from the mean logits of the snippets, float64."""
        return shares(outputs["logits"].astype(np.float64).mean(axis=0))

    def _class_of(self, example):
        return JOINED.join(self.classes[label] for label in example.labels)

    def _named(self, label):
        """The name of a class, or "" where neither the model nor the data tell it."""
        return self.classes[label] if self.classes else ""

    def _is_right(self, example, predicted):
        """Whether a prediction is one of a video's classes; NaN where none is known."""
        return float(predicted in example.labels) if example.labels else np.nan

    def score(self, dataset, index, outputs):
        """Classes, prediction and all gaze scores of a video; its class scores and labels.

        Of a video without classes only the gaze scores are numbers.
        """
        example = dataset[index]
        scores = self.probabilities(outputs)
        predicted = int(scores.argmax())
        names = self._class_of(example), self._named(predicted)
        numbers = dict(zip(CLASSES, names, strict=True))
        numbers[CORRECT] = self._is_right(example, predicted)
        labels = np.isin(np.arange(len(scores)), example.labels)
        spread, maps = self.dispersion(dataset, index, outputs)
        numbers |= self.agreement(dataset, index, outputs) | spread
        return numbers, dict(zip(RANKING, (scores, labels), strict=True)) | maps

    def brief(self, dataset, index, outputs):
        """Labels, class scores, s-AUC and IG alone, for every epoch."""
        scores = self.probabilities(outputs)
        labels = np.isin(np.arange(len(scores)), dataset[index].labels)
        return labels, scores, self.brief_agreement(dataset, index, outputs)

    def overall(self, briefs):
        """The scores of all videos together, from what `brief` returned of each."""
        labels, scores, agreement = zip(*briefs, strict=True)
        labels, scores = np.stack(labels), np.stack(scores)
        made = {}
        if labels.any():
            right = labels[np.arange(len(labels)), scores.argmax(axis=1)]
            made["accuracy"] = float(right.mean())
            made["map"] = recognition.mean_average_precision(labels, scores)
        return made | (self.overall_agreement(agreement) if self.attention else {})

    def keep(self, dataset, index, outputs):
        """What a figure shows of a video: frames in the crop, points, classes, attention."""
        example = dataset[index]
        covered = np.unique([n for snippet in self.parts(example) for n in snippet.numbers])
        numbers = covered[evenly(len(covered), KEPT)]
        points = [self.view.points(example.points[n], example.shape) for n in numbers]
        predicted = int(self.probabilities(outputs).argmax())
        kept = {
            "id": np.array(example.id),
            "frames": self.view.frames(self.footage.frames(example, numbers)),
            "numbers": numbers,
            "points": np.concatenate(points),
            "frame": np.repeat(np.arange(len(numbers)), [len(p) for p in points]),
            "class": np.array(self._class_of(example)),
            "correct": np.array(np.nan),
        }
        if example.labels:
            kept["predicted"] = np.array(self._named(predicted))
            kept["correct"] = np.array(predicted in example.labels)
        if self.attention:
            every, maps = self.maps_of(example, outputs)
            kept["attention"] = maps[np.isin(every, numbers)].astype(np.float32)
        return kept

    def picture(self, kept):
        """The frame in the middle, its gaze and the attention, in a frame of right or wrong.

        Of a video without classes there is no such frame.
        """
        place = len(kept["frames"]) // 2
        image = kept["frames"][place]
        points = kept["points"][kept["frame"] == place]
        panels = [image, pictures.with_fixations(image, points)]
        if "attention" in kept:
            panels.append(pictures.overlay(image, kept["attention"][place]))
        made = np.concatenate(panels, axis=1)
        return pictures.framed(made, bool(kept["correct"])) if "predicted" in kept else made
