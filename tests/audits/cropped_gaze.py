"""Videos of a few points, and their gaze within a crop."""

import numpy as np

from keras_attn.datasets import VideoDataset, VideoExample, VideoReport
from keras_attn.datasets.batches.snippets import central_view
from keras_attn.evaluation.gaze_scores import Blur
from keras_attn.evaluation.video_gaze import VideoGaze

SHAPE, FRAME, CROP = (96, 128), (48, 64), (32, 40)
"""Of the videos, of their extracted frames, and of what the network sees of these."""
VIEW = central_view(FRAME, CROP)
"""From row 8 and column 12 on."""


def on_pixel(x, y, count=1):
    """Points of a video in the middle of pixel (x, y) of the crop."""
    return [[2 * (x + 12.5), 2 * (y + 8.5)]] * count


def video(name, *frames, subjects=None):
    """A video of these points in its frames."""
    points = [np.reshape(np.array(its, float), (-1, 2)) for its in frames]
    whose = [np.ones(len(its)) for its in points] if subjects is None else subjects
    return VideoExample(name, len(points), SHAPE, tuple(points), tuple(whose), (0,))


def scored(*videos):
    data = VideoDataset("drawn", videos, VideoReport())
    return VideoGaze(data, VIEW, Blur(0.03, 0.1))


def three():
    return scored(
        video("a", [], on_pixel(3, 4, 2), on_pixel(30, 20)),
        video("b", on_pixel(7, 1), [[1, 1]], on_pixel(0, 0, 3)),
        video("c", on_pixel(3, 4), on_pixel(39, 31)),
    )


def flat(x, y):
    return y * CROP[1] + x
