"""Drawn videos with flow and small networks for them, for the tests of Task 2."""

import numpy as np
from PIL import Image

import keras_attn as ka
from keras_attn import configs
from keras_attn.datasets.flow.files import FlowSettings
from keras_attn.study import workflow

FRAME, SIDE = (36, 48), 32
"""Of extracted frames and flow, and of what a network sees of them."""
SETTINGS = FlowSettings("dis", bound=8, height=FRAME[0], width=FRAME[1])


def drawn(root, name="hollywood2", videos=16, frames=18, settings=SETTINGS):
    """Videos of 48×64 with their flow; of 16 of 18 frames, 12 are to train on, in 2 snippets."""
    shape = {"shape": (48, 64), "root": root / name}
    data = ka.datasets.miniature(name, videos=videos, frames=frames, **shape)
    return ka.datasets.with_flow(data, root / "flow", settings, jobs=1, progress=False)


def small(**changes):
    """The configuration of a network that is trained in a second: two epochs of one update."""
    of = {"width": 1 / 32, "size": SIDE, "dropout": (0.2, 0.2), "tensorboard": False}
    of |= {"iterations": 2, "save_every": 1, "batch_size": 4, "learning_rate": 1e-3}
    of |= {"stream_iterations": 2, "stream_learning_rate": 1e-3, "streams": "none", "clip": None}
    of |= {"pretraining": "none", "encoder": "trained", "schedule": "steps"}
    return configs.action("miniature", **of | changes)


def trained_chain(data, place):
    """The `Run` of a network on two streams, which are trained first; all of them in `place`."""
    train, test = data.split("train"), data.split("test")
    config = workflow.started(small(streams="both"), train, test, place, False)
    return ka.train(config, train, validation=test, out=place / config.run_name)


def reduced(density, side):
    """A density at another size, by Pillow: a triangle as wide as what it merges."""
    return np.asarray(Image.fromarray(density).resize((side, side), Image.Resampling.BILINEAR))
