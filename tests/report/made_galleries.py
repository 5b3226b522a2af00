"""Pictures that evaluations kept, made by hand, for the tests of what is made from them."""

import base64
import io

import numpy as np
from made_runs import save_run, save_videos
from PIL import Image

from keras_attn.evaluation import gallery_file

HEIGHT, WIDTH = 30, 40
BOX = np.s_[10:20, 8:24]
"""Where the object is in every image."""


def image(name, heat=((0, 1), (0, 1))):
    """What Task 1 keeps of a grey image; heat: None for a network without."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[BOX] = True
    made = {"id": name, "image": np.full((HEIGHT, WIDTH, 3), 128, np.uint8), "mask": mask}
    made |= {"points": np.array([[10.0, 15.0], [30.0, 7.5]]), "saliency": np.float32(mask)}
    return made | ({} if heat is None else {"attention": np.float32(heat)})


def video(name, frames=16, side=32, heat=((0, 1), (0, 1)), first=0):
    """What Task 2 keeps of a video whose frames are grey, each lighter than the one before."""
    greys = np.arange(1, frames + 1, dtype=np.uint8) * 12
    made = {"id": name, "frames": np.full((frames, side, side, 3), greys[:, None, None, None])}
    made |= {"numbers": first + 3 * np.arange(frames), "points": np.array([[8.0, 16.0]])}
    made |= {"frame": np.array([0]), "class": "c0", "predicted": "c0", "correct": True}
    if heat is None:
        return made
    return made | {"attention": np.broadcast_to(np.float32(heat), (frames, 2, 2)).copy()}


def keep(folder, examples):
    """Write what was kept into a run folder; returns it."""
    arrays = {
        f"{place}/{name}": np.asarray(value)
        for place, one in enumerate(examples)
        for name, value in one.items()
    }
    gallery_file.write(folder / gallery_file.GALLERY, arrays)
    return folder


def save_images(folder, ids, *, heat=((0, 1), (0, 1)), scores=None, **who):
    """A run folder of Task 1 with pictures of all its images."""
    save_run(folder, {"id": list(ids)} | (scores or {}), **who)
    return keep(folder, [image(name, heat) for name in ids])


def save_clips(folder, right, *, shown=None, **who):
    """A run folder of Task 2 with pictures of all its videos, which are of class c0.

    right: whether each video's class was told. shown: keyword arguments of `video`.
    """
    scores = [[1.0, 0.0] if one else [0.0, 1.0] for one in right]
    save_videos(folder, scores, [[True, False]] * len(scores), **who)
    return keep(folder, [video(f"clip{i:03d}", **(shown or {})) for i in range(len(scores))])


def pixels(address):
    """The picture of a `data:` address as an array."""
    encoded = address.partition("base64,")[2]
    return np.array(Image.open(io.BytesIO(base64.b64decode(encoded))))


def levels(one):
    """The levels `(T, h, w)` of a map of a gallery, whose picture has them side by side."""
    drawn = pixels(one["source"])
    assert drawn.dtype == np.uint8 and drawn.ndim == 2
    return np.stack(np.split(drawn, drawn.shape[1] // one["size"][1], axis=1))
