"""Odd inputs by what they are called in `docs/datasets.md`, each made anew and read."""

import unicodedata

import numpy as np
from PIL import Image

from keras_attn import datasets

SHAPE = (60, 80)
HEADER = "image,subject,x,y"


def _points(count=24, seed=0):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(0.5, 0.15, (count, 2)), 0.02, 0.98) * SHAPE[::-1]


def write(root, change=lambda points: points, *, form=None, header=HEADER, encoding="utf-8"):
    """Four pictures with the gaze of two viewers, changed; form: a row as text."""
    (root / "images").mkdir(parents=True, exist_ok=True)
    rows = [header]
    for number in range(4):
        Image.new("RGB", SHAPE[::-1]).save(root / "images" / f"p{number}.png")
        for place, (x, y) in enumerate(change(_points(seed=number))):
            values = (f"p{number}", f"s{place % 2}", f"{x:.3f}", f"{y:.3f}")
            rows.append((form or ",".join)(values))
    (root / "fixations.csv").write_bytes(("\n".join(rows) + "\n").encode(encoding))
    return root


def masks(root, make):
    """Masks of the four pictures, as `make(booleans)` gives their files."""
    (root / "masks").mkdir()
    for number in range(4):
        mask = np.zeros(SHAPE, bool)
        mask[10 : 30 + number, 20:50] = True
        make(mask).save(root / "masks" / f"p{number}.png")
    return root


def _some(value):
    def changed(points):
        return np.where(np.arange(len(points))[:, None] % 11 == 0, value, points)

    return changed


def _soft(mask):
    grey = Image.fromarray(np.uint8(mask) * 255)
    return grey.resize((11, 9), Image.Resampling.BILINEAR).resize(SHAPE[::-1])


def _palette(mask):
    image = Image.fromarray(np.uint8(mask), "P")
    image.putpalette([0, 0, 0, 128, 0, 0])
    return image


def _channel(channel, mode):
    def made(mask):
        pixels = np.zeros((*SHAPE, len(mode)), np.uint8)
        pixels[..., channel] = mask * 255
        return Image.fromarray(pixels, mode)

    return made


def _sideways(root):
    write(root)
    picture = Image.new("RGB", SHAPE)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(root / "images" / "p0.jpg", exif=exif)
    (root / "images" / "p0.png").unlink()
    return root


def _another_form(root):
    write(root)
    name = unicodedata.normalize("NFD", "Müller")
    (root / "images" / "p0.png").rename(root / "images" / f"{name}.png")
    table = root / "fixations.csv"
    table.write_text(table.read_text().replace("p0", unicodedata.normalize("NFC", name)))
    return root


def _without_gaze(root):
    masks(write(root), Image.fromarray)
    (root / "fixations.csv").unlink()
    return root


def _renamed(root, name, start=None):
    write(root)
    path = (root / "fixations.csv").rename(root / name)
    if start is not None:
        path.write_bytes(start)
    return root


def _strangers(root):
    write(root)
    (root / "images" / "p3.png").unlink()
    return root


INPUTS = {
    "gaze from 0 to 1": lambda root: write(root, lambda p: p / SHAPE[::-1]),
    "gaze in per cent, or of smaller pictures": lambda root: write(root, lambda p: p * 0.5),
    "gaze of pictures twice as large": lambda root: write(root, lambda p: p * 2),
    "gaze in pixels from the middle": lambda root: write(root, lambda p: p - [40, 30]),
    "gaze on a screen": lambda root: write(root, lambda p: p + np.array([920, 510])),
    "x and y exchanged": lambda root: write(root, lambda p: p[:, ::-1] * [1, 1.1]),
    "no gaze written as 0, 0": lambda root: write(root, _some(0)),
    "no gaze written as −1, −1 (a few)": lambda root: write(root, _some(-1)),
    "columns between semicolons": lambda root: write(
        root, form=";".join, header=HEADER.replace(",", ";")
    ),
    "decimal commas without quotes": lambda root: write(
        root, form=lambda v: ",".join(v).replace(".", ",")
    ),
    "UTF-16": lambda root: write(root, encoding="utf-16"),
    "an Excel file called fixations.csv": lambda root: _renamed(
        root, "fixations.csv", b"PK\x03\x04"
    ),
    "fixations.tsv in place of fixations.csv": lambda root: _renamed(root, "fixations.tsv"),
    "`.` for no gaze": lambda root: write(
        root,
        lambda p: np.where(np.arange(24)[:, None] < 3, np.nan, p),
        form=lambda v: ",".join(v).replace("nan", "."),
    ),
    "`Müller` in two Unicode forms": _another_form,
    "gaze of pictures that are not there": _strangers,
    "masks of 0 and 100": lambda root: masks(
        write(root), lambda m: Image.fromarray(np.uint8(m) * 100)
    ),
    "masks of labels 1 and 2": lambda root: masks(
        write(root), lambda m: Image.fromarray(np.uint8(m) + np.uint8(1))
    ),
    "masks in a palette": lambda root: masks(write(root), _palette),
    "masks in the green channel": lambda root: masks(write(root), _channel(1, "RGB")),
    "masks in the alpha channel": lambda root: masks(write(root), _channel(3, "RGBA")),
    "masks with soft edges": lambda root: masks(write(root), _soft),
    "masks without an object": lambda root: masks(
        write(root), lambda m: Image.fromarray(np.uint8(m & (m.sum() < 650)) * 255)
    ),
    "masks without gaze": _without_gaze,
    "a photograph stored sideways": _sideways,
}
"""A function for each: folder to write to -> the folder that is read."""


def outcome(name, root):
    """What reading one says: its error, or the report behind "read: "."""
    try:
        return f"read: {datasets.folder(INPUTS[name](root)).report}"
    except ValueError as error:
        return f"error: {error}"
