"""Pictures of maps and gaze over images: uint8 RGB arrays in, uint8 RGB arrays out."""

import base64

import cv2
import numpy as np

THUMBNAIL = 240
"""Width in pixels of a picture in a gallery."""
LARGEST = 360
"""Width in pixels of the largest pictures, those of the figure."""
FAINTEST, STRONGEST = 0.35, 0.85
"""How much of a picture the colours of a map cover, where it is lowest and where it is highest."""
BAND = 256
"""Rows of a picture that are drawn at a time."""


def ends(values):
    """Where the scale of a map begins and ends, or one scale of all maps of a clip.

    It ends at the 99.5th percentile: a single peak would leave all else black.
    """
    low, high = values.min(), np.percentile(values, 99.5)
    return low, high if high > low else values.max()


def levels(values, scale):
    """Maps of any shape in 256 levels of a scale, its `ends`; what is constant is 0."""
    return np.round(255 * _unit(values, *scale)).astype(np.uint8)


def _unit(values, low, high):
    return np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros_like(values)


def heat(saliency, scale=None):
    """A map `(H, W)` in the colours of "inferno", and its values in [0, 1]; constant is dark.

    scale: its `ends`, by default the map's own.
    """
    scale = ends(saliency) if scale is None else scale
    coloured = cv2.applyColorMap(levels(saliency, scale), cv2.COLORMAP_INFERNO)
    return coloured[..., ::-1], _unit(saliency, *scale)


def overlay(image, saliency, scale=None):
    """A map over the grey image: the hotter, the less of the image shows. scale: as in `heat`."""
    enlarged = cv2.resize(saliency, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    scale, made = ends(enlarged) if scale is None else scale, np.empty_like(image)
    # A band at a time: a photograph in floats, several times over, would fill memory.
    for top in range(0, len(image), BAND):
        rows = slice(top, top + BAND)
        colours, unit = heat(enlarged[rows], scale)
        grey = image[rows].mean(axis=-1, keepdims=True)
        opacity = FAINTEST + (STRONGEST - FAINTEST) * unit[..., None]
        made[rows] = np.round((1 - opacity) * grey + opacity * colours)
    return made


def with_fixations(image, points, radius=None):
    """The image with a dot at each point: white in a dark ring, seen on any ground.

    radius: of the dots in pixels, by default a hundredth of the image's width and at least 2.
    """
    drawn = image.copy()
    radius = radius or max(2, round(image.shape[1] / 100))
    for x, y in points:
        centre = (int(x), int(y))
        cv2.circle(drawn, centre, radius + 1, (20, 20, 20), -1, cv2.LINE_AA)
        cv2.circle(drawn, centre, radius, (255, 255, 255), -1, cv2.LINE_AA)
    return drawn


def grey(values):
    """A map in [0, 1], or booleans, as a grey picture."""
    levels = np.round(255 * np.clip(np.asarray(values, np.float64), 0, 1)).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)


RIGHT, WRONG = (0, 114, 178), (213, 94, 0)
"""Colours of frames; blue and vermilion, which colour-blind readers tell apart too."""


def framed(picture, right):
    """The picture in a frame that says whether a prediction is right."""
    width = max(2, picture.shape[0] // 40)
    made = picture.copy()
    cv2.rectangle(
        made,
        (width // 2, width // 2),
        (made.shape[1] - 1 - width // 2, made.shape[0] - 1 - width // 2),
        RIGHT if right else WRONG,
        width,
    )
    return made


def size_at(shape, width):
    """(H, W) of a picture of `shape` at another width, its proportions kept."""
    return max(1, round(shape[0] * width / shape[1])), width


def thumbnail(picture, width=THUMBNAIL, enlarge=cv2.INTER_LINEAR):
    """The picture at `width` pixels; enlarge: OpenCV's interpolation where it has fewer."""
    size = size_at(picture.shape, width)
    how = cv2.INTER_AREA if width < picture.shape[1] else enlarge
    return cv2.resize(picture, size[::-1], interpolation=how)


def image_and_gaze(example, width=THUMBNAIL):
    """An example's image at `width` pixels, and the same with its fixations."""
    image = thumbnail(example.pixels(), width)
    return image, with_fixations(image, example.points * (width / example.shape[1]))


QUALITY = 82
"""Of JPEG."""


def jpeg(picture):
    """The bytes of a JPEG file as an array. picture: uint8, RGB `(H, W, 3)` or grey `(H, W)`."""
    stored = picture[..., ::-1] if picture.ndim == 3 else picture
    return cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]


def decoded(encoded):
    """The RGB picture of the bytes that `jpeg` makes; `ValueError` for others."""
    picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("bytes that are no JPEG")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def data_uri(picture):
    """The picture as a JPEG inside a `data:` address, for pages that stand alone."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(picture).tobytes()).decode()


def exact_uri(levels):
    """A grey picture, uint8 `(H, W)`, inside a `data:` address, in PNG, which loses nothing."""
    made = cv2.imencode(".png", levels, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    return "data:image/png;base64," + base64.b64encode(made.tobytes()).decode()
