"""A small network of each task, and its weights and outputs in a folder for another process.

As a program: `python exchanged.py write FOLDER` or `check FOLDER`, under any backend of Keras.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from keras_attn import losses, models, weights
from keras_attn.training.optim import CaffeSGD, steps_down

IMAGE, CLIP, CLASSES = (67, 67), (16, 32, 32), 3
CLOSE = 1e-5
"""Of two backends, relative to the largest value of an output."""
NETWORKS = {
    "salient_object-alexnet-supervised": ("salient_object", "alexnet", "supervised"),
    "fine_grained-resnet50-supervised": ("fine_grained", "resnet50", "supervised"),
    "two_stream-early-supervised": ("two_stream", "early", "supervised"),
    "two_stream-late-human": ("two_stream", "late", "human"),
}
"""By name, the builder and its first arguments."""


def network(name, seed=0):
    """One of NETWORKS with random weights."""
    keras.utils.set_random_seed(seed)
    task, *of = NETWORKS[name]
    options = {"width": 1 / 16}
    if task == "salient_object":
        options |= {"input_shape": (*IMAGE, 3), "channels": (32, 32, 32)}
    elif task == "fine_grained":
        options |= {"input_shape": (*IMAGE, 3), "classes": CLASSES, "frozen": False}
    else:
        options |= {"input_shape": CLIP, "classes": CLASSES}
    return getattr(models, task)(*of, **options)


def inputs(model, count=2):
    """Pixels, flow and gaze for a network, by name."""
    rng = np.random.default_rng(5)
    shapes = {"image": (*IMAGE, 3), "frames": (*CLIP, 3), "flow": (*CLIP, 2)}
    shapes["gaze"] = (20, 30, 1) if "image" in model.input else (CLIP[0], 20, 30, 1)
    drawn = {name: rng.uniform(0, 255, (count, *shapes[name])) for name in model.input}
    return {name: values.astype("float32") for name, values in drawn.items()}


def targets(model, count=2):
    """What a network learns here, by the names of those outputs that have a loss."""
    rng = np.random.default_rng(6)
    made = {}
    for name, output in model.output.items():
        shape = (count, *output.shape[1:])
        if name.startswith("saliency"):
            made[name] = (rng.random(shape) > 0.7).astype("float32")
        elif name == "logits":
            made[name] = np.arange(count) % CLASSES
        elif name == "attention_logits" or ("attention" in name and "gaze" not in model.input):
            made[name] = rng.random(shape).astype("float32")
    return made


def compiled(model):
    """The network with the losses and an optimizer of this package."""
    of = {}
    for name in targets(model):
        if name.startswith("saliency"):
            of[name] = keras.losses.BinaryCrossentropy()
        elif name == "logits":
            of[name] = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        elif name == "attention_logits":
            of[name] = losses.AttentionCrossEntropy()
        else:
            of[name] = losses.AttentionKL()
    model.compile(CaffeSGD(steps_down(1e-3, (4, 8)), clip=1.0), of)
    return model


def outputs(model):
    """What a network returns for `inputs`, as arrays by name."""
    return model.predict(inputs(model), verbose=0)


def write(folder):
    """Write the weights and outputs of each network; all its weights are random."""
    for name in NETWORKS:
        model, rng = network(name), np.random.default_rng(7)
        # Kernels are random already.
        others = {i: w for i, w in enumerate(model.get_weights()) if w.ndim == 1}
        moved = {i: w + rng.uniform(0, 0.1, w.shape) for i, w in others.items()}
        model.set_weights([moved.get(i, w) for i, w in enumerate(model.get_weights())])
        weights.save(model, Path(folder) / f"{name}.weights.h5", {"network": name})
        np.savez(Path(folder) / f"{name}.npz", **outputs(model))


def check(folder):
    """Load what `write` has written into networks with other weights, and compare the outputs."""
    for name in NETWORKS:
        model = network(name, seed=1)
        weights.load(model, Path(folder) / f"{name}.weights.h5")
        made, wanted = outputs(model), np.load(Path(folder) / f"{name}.npz")
        assert set(made) == set(wanted)
        for output, value in made.items():
            scale = np.abs(wanted[output]).max()
            away = np.abs(value - wanted[output]).max() / scale
            print(f"{keras.backend.backend()} {name} {output} {away:.1e}")
            assert away <= CLOSE, (name, output, away)


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](sys.argv[2])
