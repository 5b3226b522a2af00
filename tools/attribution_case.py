"""A small network and two pictures that libraries are asked about; see `golden_attributions.py`.

Nothing here loads a framework before it is asked for the network in it.
"""

from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "tests" / "golden" / "attributions.npz"
LAYERS, POOLED = ("conv1", "conv2"), "conv3"
"""Convolutions with ReLU: as large as the picture, without its edge, and before the average."""


def made():
    """Network, pictures, the classes that are explained, and what is drawn, by a fixed seed.

    Features are small and slopes large, since peers add a constant to squared slopes.
    """
    rng = np.random.default_rng(2018)
    row, column = np.mgrid[:32, :16]
    wave = 127.5 + 90 * np.sin(row[..., None] / [2, 3, 5] + column[..., None] / [4, 3, 2])
    noisy = np.stack([wave, wave[::-1, ::-1] / 2]) + rng.normal(0, 15, (2, 32, 16, 3))
    case = {"pictures": noisy.clip(0, 255).astype(np.uint8), "classes": np.array([1, 3])}
    for place, (before, after, scale) in enumerate(((3, 6, 4e-3), (6, 8, 1), (8, 8, 25)), 1):
        scale /= np.sqrt(9 * before)
        case[f"kernel{place}"] = (scale * rng.normal(size=(3, 3, before, after))).astype("f4")
        case[f"bias{place}"] = (4e-4 * rng.normal(size=after)).astype("f4")
    case["kernel4"] = (50 * rng.normal(size=(8, 4))).astype("f4")
    case["bias4"] = rng.normal(size=4).astype("f4")
    case["noise"] = np.clip(32 * rng.normal(size=(5, 32, 16, 3)), -127, 127).astype(np.int8)
    cells = rng.integers(0, 5, (30, 8, 4), dtype=np.uint8)
    case["masks"] = cells.repeat(4, axis=1).repeat(4, axis=2)
    return case


@cache
def case():
    """What the file holds, with noise of standard deviation 1 and masks from 0 to 1."""
    found = dict(np.load(FILE)) if FILE.exists() else made()
    noise, masks = found["noise"].astype("f4") / 32, found["masks"].astype("f4") / 4
    return {**found, "images": found["pictures"].astype("f4"), "noise": noise, "masks": masks}


def torch_network():
    """The network with its ReLUs by the names of their layers, and the pictures, channels first."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            for place, edge in ((1, 1), (2, 0), (3, 0)):
                kernel, bias = case()[f"kernel{place}"], case()[f"bias{place}"]
                layer = nn.Conv2d(*kernel.shape[2:], 3, padding=edge)
                layer.weight.data = torch.tensor(kernel.transpose(3, 2, 0, 1).copy())
                layer.bias.data = torch.tensor(bias)
                self.add_module(f"linear{place}", layer)
                self.add_module(f"conv{place}", nn.ReLU())
            self.dense = nn.Linear(8, 4)
            self.dense.weight.data = torch.tensor(case()["kernel4"].T.copy())
            self.dense.bias.data = torch.tensor(case()["bias4"])

        def forward(self, pixels):
            features = pixels / 127.5 - 1
            for place in (1, 2, 3):
                features = getattr(self, f"linear{place}")(features)
                features = getattr(self, f"conv{place}")(features)
            return self.dense(features.mean(dim=(2, 3)))

    return Network().eval(), torch.tensor(case()["images"].transpose(0, 3, 1, 2).copy())


def keras_network():
    """The same network in Keras."""
    import keras
    from keras import layers

    image = keras.Input((32, 16, 3))
    features = layers.Rescaling(1 / 127.5, -1)(image)
    for place, edge in ((1, "same"), (2, "valid"), (3, "valid")):
        width = len(case()[f"bias{place}"])
        own = {"activation": "relu", "padding": edge, "name": f"conv{place}"}
        features = layers.Conv2D(width, 3, **own)(features)
    mean = layers.GlobalAveragePooling2D()(features)
    network = keras.Model(image, layers.Dense(4)(mean))
    network.set_weights(
        [case()[f"{n}{place}"] for place in (1, 2, 3, 4) for n in ("kernel", "bias")]
    )
    return network
