"""The figures of a report inside its page: what each shows in words, and its picture as text."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

from keras_attn.report.naming import dataset_title

WIDEST = 2400
"""Pixels; wider figures are reduced, since the page has to stay small."""
QUALITY, MOVING_QUALITY = 80, 55
"""Of WebP, in percent."""
ABOUT = {
    "attention.png": (
        "Where networks look while they segment",
        "As Fig. 2 of the paper. Each image with its mask and the fixations of its viewers; then, "
        "for each mechanism, what was segmented and the attention that was used. The hotter, the "
        "more attention; each map has its own scale.",
        "A grid of pictures. Rows are images, one row for each backbone; columns are the image, "
        "the mask of the salient object, the fixations, and the prediction and the attention map "
        "of each mechanism",
    ),
    "action.png": (
        "Where networks look while they recognise actions",
        "As Fig. 3 of the paper. Frames of two videos with the points that were looked at, and "
        "below them each network's attention, in early and in late fusion. Blue frames: the class "
        "was told rightly; vermilion: wrongly, as what stands below.",
        "A grid of pictures. Rows are the fixations and the networks; columns are frames of two "
        "videos under attention maps, framed by whether the action was told rightly",
    ),
    "action.gif": (
        "The same, moving",
        "Gaze on the left, the attention of each network beside it, with one scale for the clip.",
        "An animation of two videos: the frames with fixations, and beside them the attention of "
        "each network",
    ),
    "fine_grained.png": (
        "Where networks look while they tell birds apart",
        "As Fig. 5 of the paper. Each image with the fixations of its viewers, then the attention "
        "of each mechanism. Blue frames: the class was told rightly; vermilion: wrongly, as what "
        "stands below.",
        "A grid of pictures. Rows are images, one row for each backbone; columns are the image, "
        "the fixations and the attention map of each mechanism, framed by whether the class was "
        "told rightly",
    ),
    "adversarial.png": (
        "What an attack does to attention",
        "As Fig. 6 of the paper. The image, what FGSM adds to it (enlarged), and their sum; then "
        "the attention before and after. Blue frames: the class was told rightly; vermilion: "
        "wrongly, as what stands below.",
        "A grid of pictures. Rows are the mechanisms; columns are the image, the perturbation, "
        "the perturbed image, and the attention before and after the attack",
    ),
    "fooling.png": (
        "How many predictions an attack changes",
        "Fooling rate over the size of the perturbation, of the images told rightly before, with "
        "95 % Wilson intervals.",
        "A line chart of the fooling rate of each network over the size of the perturbation; the "
        "numbers are in fooling.csv",
    ),
    "confusion.png": (
        "What is taken for what",
        "Rows are the classes, columns what they were taken for; each row is scaled to its class.",
        "Matrices of confusions, one for each classifier; the numbers are in "
        "confusion/confusion.csv",
    ),
}
"""By file name: title, caption and alternative text."""


@dataclass(frozen=True)
class EmbeddedFigure:
    """A figure of the page. moving: whether it is an animation. width, height: in pixels."""

    path: object
    title: str
    caption: str
    alt: str
    moving: bool
    source: str
    width: int
    height: int


def figures(paths):
    """An `EmbeddedFigure` for each picture file that the page knows, in the order of `ABOUT`.

    A file may be that of one dataset, whose name stands behind a hyphen.
    """
    known = [(name, path) for name in ABOUT for path in paths if _kind(path) == name]
    return [_figure(path, *ABOUT[name]) for name, path in known]


def _kind(path):
    return path.stem.partition("-")[0] + path.suffix


def _figure(path, title, caption, alt):
    dataset = path.stem.partition("-")[2]
    title = f"{title}: {dataset_title(dataset)}" if dataset else title
    with Image.open(path) as picture:
        moving = getattr(picture, "n_frames", 1) > 1
        frames = [_frame(picture, place) for place in range(getattr(picture, "n_frames", 1))]
        how = {"quality": QUALITY}
        if moving:
            duration = picture.info.get("duration", 100)
            how = {"quality": MOVING_QUALITY, "duration": duration, "loop": 0}
            how |= {"save_all": True, "append_images": frames[1:]}
    stream = io.BytesIO()
    frames[0].save(stream, format="WEBP", method=4, **how)
    source = "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
    return EmbeddedFigure(path, title, caption, alt, moving, source, *frames[0].size)


def _frame(picture, place):
    """A frame of a picture as it is shown: not wider than `WIDEST`."""
    picture.seek(place)
    frame = picture.convert("RGB")
    if frame.width <= WIDEST:
        return frame
    return frame.resize((WIDEST, round(frame.height * WIDEST / frame.width)), Image.LANCZOS)
