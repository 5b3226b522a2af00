"""How the layers of foreign weight files become those of this package's networks.

The rules are data: a table per layout. Reads files, knows models by their layers' names alone.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from keras_attn.errors import InputError, listing, one_of
from keras_attn.models.backbones.alexnet import ALEXNET
from keras_attn.models.backbones.resnet50 import RESNET50, STAGES
from keras_attn.weights import registry
from keras_attn.weights.caffemodel import read_caffemodel
from keras_attn.weights.layouts import read_groups_h5, read_legacy_h5
from keras_attn.weights.pickled import read_pickled_npy


@dataclass(frozen=True)
class Rule:
    """How one layer of ours is made. Whatever is left empty changes nothing.

    layer: ours. sources: theirs; of several, as a convolution in groups may be split, the filters
    are joined in this order. axes: ours, by their place in theirs, of the kernel. flipped: axes of
    our kernel whose order is reversed: space, where they compute a true convolution, channels of
    an input that is red-green-blue (ours are preprocessed to blue-green-red). unflattened: height
    and width, of clips with the time before them, of features that they flatten channels first:
    the kernel's rows are brought into the order of our flattening.
    """

    layer: str
    sources: tuple
    axes: tuple = ()
    flipped: tuple = ()
    unflattened: tuple = ()


@dataclass(frozen=True)
class FileLayout:
    """A kind of file. read: path -> {layer: [array, ...]}, in the order of our weights.

    classifier: layers of ours that a file may lack, all together: that is a file without a top.
    """

    read: Callable
    rules: tuple
    classifier: tuple


def convert(path, layout):
    """The weights in a file of that layout as `{layer: [array, ...]}`, float32, in our layouts.

    Nothing of the file is left over: `InputError` lists the layers that are missing, superfluous,
    or of a shape that their rule cannot be applied to.
    """
    chosen = LAYOUTS[one_of("layout", layout, tuple(LAYOUTS))]
    if not any(e.checksum for e in registry.entries().values() if e.layout == layout):
        _say_unchecked(path)
    stored = chosen.read(path)
    rules = _applicable(path, layout, chosen, stored)
    made = {}
    for rule in rules:
        try:
            made[rule.layer] = _apply(rule, [stored[source] for source in rule.sources])
        except ValueError as error:
            shapes = [str(array.shape) for source in rule.sources for array in stored[source]]
            expected = f"in layer {listing(rule.sources)} what the layout {layout!r} has there"
            raise InputError(path, expected, f"shapes {listing(shapes)}") from error
    return made


@cache
def _say_unchecked(path):
    """Say, once and before the file is opened, that nobody has published what it should be."""
    logging.getLogger(__name__).warning(
        "%s: no checksum of this file is published, so that nothing tells whether it is what its "
        "authors wrote. Code in it is not run.",
        path,
    )


def layout_by_names(layers):
    """The layout of Keras' own `.h5` files that has layers of these names, or None."""
    for name, layout in LAYOUTS.items():
        top = layout.classifier
        sources = {s for rule in layout.rules if rule.layer not in top for s in rule.sources}
        if layout.read is read_legacy_h5 and sources <= set(layers):
            return name
    return None


def _applicable(path, layout, chosen, stored):
    """The rules for what is in the file, which is all layers or all without the classifier."""
    top = [rule for rule in chosen.rules if rule.layer in chosen.classifier]
    without = all(name not in stored for rule in top for name in rule.sources)
    rules = [rule for rule in chosen.rules if not (without and rule in top)]
    known = {source for rule in rules for source in rule.sources}
    missing = [name for name in sorted(known) if name not in stored]
    superfluous = [name for name in stored if name not in known]
    if missing or superfluous:
        received = f"missing: {listing(missing)}; superfluous: {listing(superfluous)}"
        raise InputError(path, f"the layers of the layout {layout!r}", received)
    return rules


def _apply(rule, sources):
    """The arrays of one layer; `ValueError` if they have not the shape that the rule is for."""
    parts = list(zip(*sources, strict=True))
    kernels = [_kernel(rule, part) for part in parts[0]] if rule.axes else parts[0]
    joined = [np.concatenate(kernels, axis=-1)]
    joined += [np.concatenate([np.ravel(bias) for bias in part]) for part in parts[1:]]
    return [np.ascontiguousarray(array, dtype=np.float32) for array in joined]


def _kernel(rule, kernel):
    # Caffe fills up the shapes of fully connected layers with ones in front.
    while kernel.ndim > len(rule.axes) and kernel.shape[0] == 1:
        kernel = kernel[0]
    kernel = np.flip(np.transpose(kernel, rule.axes), rule.flipped)
    if rule.unflattened:
        features = kernel.reshape(-1, *rule.unflattened, kernel.shape[-1])
        kernel = np.moveaxis(features, 0, -2).reshape(kernel.shape)
    return kernel


KEPT = (0, 1)
"""Axes of a fully connected kernel that is (inputs, units) as ours are."""

TURNED = (1, 0)
"""Axes of one that is (units, inputs)."""

IMAGE, CLIP = (2, 3, 1, 0), (2, 3, 4, 1, 0)
"""Axes of kernels whose filters and input channels stand before [time,] height and width."""

SPACE, BLUE_FIRST = (0, 1), (2,)
"""Axes of an image kernel of ours: height and width, and the input channels."""


def _old_resnet50():
    """Names alone differ: res2a_branch2a and its like, with bn2a_branch2a."""
    yield Rule("conv1_conv", ("conv1",))
    yield Rule("conv1_bn", ("bn_conv1",))
    for stage, (_, blocks) in enumerate(STAGES, start=2):
        for block, letter in enumerate("abcdef"[:blocks], start=1):
            branches = {"2a": 1, "2b": 2, "2c": 3} | ({"1": 0} if block == 1 else {})
            for branch, number in branches.items():
                name = f"conv{stage}_block{block}_{number}"
                yield Rule(f"{name}_conv", (f"res{stage}{letter}_branch{branch}",))
                yield Rule(f"{name}_bn", (f"bn{stage}{letter}_branch{branch}",))
    yield Rule("predictions", ("fc1000",))


ALEXNET_LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")

ALEXNET_THEANO = (
    Rule("conv1", ("conv_1",), IMAGE, SPACE + BLUE_FIRST),
    Rule("conv2", ("conv_2_1", "conv_2_2"), IMAGE, SPACE),
    Rule("conv3", ("conv_3",), IMAGE, SPACE),
    Rule("conv4", ("conv_4_1", "conv_4_2"), IMAGE, SPACE),
    Rule("conv5", ("conv_5_1", "conv_5_2"), IMAGE, SPACE),
    Rule("fc6", ("dense_1",), KEPT, unflattened=(6, 6)),
    Rule("fc7", ("dense_2",)),
    Rule("fc8", ("dense_3",)),
)

C3D_KEPT = ("conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b")

# Caffe computes a correlation as we do, so that nothing is flipped.
C3D_CAFFE = (
    Rule("conv1", ("conv1a",), CLIP),
    Rule("conv2", ("conv2a",), CLIP),
    *(Rule(name, (name,), CLIP) for name in C3D_KEPT),
    Rule("fc6", ("fc6-1",), TURNED, unflattened=(1, 4, 4)),
    Rule("fc7", ("fc7-1",), TURNED),
    Rule("fc8", ("fc8-1",), TURNED),
)

LAYOUTS = {
    "resnet50_v02": FileLayout(read_legacy_h5, tuple(_old_resnet50()), RESNET50.classifier),
    "alexnet_npy": FileLayout(
        read_pickled_npy,
        tuple(Rule(name, (name,)) for name in ALEXNET_LAYERS),
        ALEXNET.classifier,
    ),
    "alexnet_theano": FileLayout(read_groups_h5, ALEXNET_THEANO, ALEXNET.classifier),
    "c3d_caffe": FileLayout(read_caffemodel, C3D_CAFFE, ("fc6", "fc7", "fc8")),
}
"""What `convert` takes, by the names that the registry has for them."""
