"""Pictures that follow each other, as a GIF file that loops."""

import numpy as np
from PIL import Image

from keras_attn import pictures

COLOURS = 256
"""Most that a GIF file has; it grows with them."""


def palette(made, count=COLOURS):
    """The `count` colours of some pictures, uint8 RGB of one size, as a P image of one pixel.

    Black, white and the frames of right and wrong are among them as they are.
    """
    sample = Image.fromarray(np.concatenate([picture[::2, ::2] for picture in made]))
    exact = np.array([(0, 0, 0), (255, 255, 255), pictures.RIGHT, pictures.WRONG])
    found = sample.quantize(count - len(exact), method=Image.Quantize.MEDIANCUT).getpalette()
    colours = np.concatenate([exact, np.reshape(found, (-1, 3))])
    for colour in exact:
        # Pillow looks colours up in steps of 4, and might take a neighbour for the colour itself.
        colours[np.abs(colours - colour).max(axis=1) <= 4] = colour
    made = Image.new("P", (1, 1))
    made.putpalette(colours.ravel().tolist())
    return made


def in_palette(picture, colours):
    """A picture in the colours of a `palette`: with one each, what stands still would flicker."""
    return Image.fromarray(picture).quantize(palette=colours, dither=Image.Dither.NONE)


def write(images, path, milliseconds):
    """Write images, an iterable of what `in_palette` returns, as a GIF file; of each so long."""
    images = iter(images)
    how = {"save_all": True, "duration": milliseconds, "loop": 0}
    next(images).save(path, format="GIF", append_images=images, **how)
