"""Converted weights do in our networks what they did in those they were made for."""

import re

import foreign
import h5py
import numpy as np
import pytest
from conftest import refused
from foreign import CLASSES, WIDTH, c3d_layers
from legacy_files import write_legacy

from keras_attn import models, weights
from keras_attn.models.c3d import SPORTS1M_BGR_MEAN
from keras_attn.models.common import IMAGENET_BGR_MEAN
from keras_attn.weights import rules
from keras_attn.weights.layouts import read_legacy_h5, write_legacy_h5


def converted(path, layout, model, **options):
    """The model with the weights of a foreign file, by way of a converted one."""
    out = path.with_name("converted.h5")
    write_legacy_h5(out, rules.convert(path, layout))
    weights.load(model, out, **options)
    return model


def agree(model, images, expected):
    """The outputs are those expected, which are no constant that anything would give."""
    received = model.predict_on_batch(images[None].astype(np.float32))[0]
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(received, expected, rtol=2e-3, atol=1e-5)


def bgr_first(images, mean):
    """Red-green-blue images or clips, channels last, as Caffe takes them."""
    return np.moveaxis(images[..., ::-1] - np.array(mean), -1, 0)


def alexnet_with(images, layer, convolution, after):
    """The network of both AlexNets; `layer(name)` gives weights by group, `after` conv1 and 2."""
    x = after(foreign.relu(convolution(images, layer("conv1")[0], stride=4)))
    for name, pad in (("conv2", 2), ("conv3", 1), ("conv4", 1), ("conv5", 1)):
        groups = layer(name)
        parts = np.split(x, len(groups))
        x = [convolution(p, each, pad=pad) for p, each in zip(parts, groups, strict=True)]
        x = foreign.relu(np.concatenate(x))
        x = after(x) if name == "conv2" else x
    return foreign.pool(x, (3, 3), (2, 2))


def test_heuritech_alexnet_with_true_convolutions_and_split_groups(tmp_path, rng):
    sizes = {"conv_1": (8, 3, 11), "conv_3": (24, 16, 3)}
    sizes |= {f"conv_{n}_{i}": s for n, s in ((2, (8, 4, 5)), (4, (12, 12, 3))) for i in (1, 2)}
    sizes |= {f"conv_5_{i}": (8, 12, 3) for i in (1, 2)}
    layers = {name: foreign.kernel(rng, f, c, s, s) for name, (f, c, s) in sizes.items()}
    layers["dense_1"] = foreign.dense(rng, 16 * 6 * 6, 256)
    layers["dense_2"] = foreign.dense(rng, 256, 256)
    layers["dense_3"] = foreign.dense(rng, 256, CLASSES)
    layers["conv_1"][0] /= 40
    path = tmp_path / "alexnet_weights.h5"
    with h5py.File(path, "w") as file:
        file.create_group("convpool_1")
        for name, (kernel, bias) in layers.items():
            file[f"{name}/{name}_W"], file[f"{name}/{name}_b"] = kernel, bias

    def groups(name):
        whole = f"conv_{name[-1]}"
        return [v for k, v in layers.items() if k == whole or k.startswith(f"{whole}_")]

    images = rng.uniform(0, 255, (227, 227, 3))
    # Red-green-blue, less the mean of each.
    x = np.moveaxis(images - np.array(IMAGENET_BGR_MEAN)[::-1], -1, 0)

    def after(x):
        return foreign.lrn(foreign.pool(x, (3, 3), (2, 2)), 1e-4, 2)

    x = alexnet_with(x, groups, foreign.true_convolution, after).ravel()
    for name in ("dense_1", "dense_2", "dense_3"):
        x = x @ layers[name][0] + layers[name][1]
        x = foreign.softmax(x) if name == "dense_3" else foreign.relu(x)
    options = {"lrn": "after_pool", "lrn_alpha": 1e-4, "lrn_k": 2}
    model = models.alexnet(classes=CLASSES, width=WIDTH, **options)
    agree(converted(path, "alexnet_theano", model), images, x)


@pytest.fixture
def bvlc(tmp_path, rng):
    """A file as `bvlc_alexnet.npy` is, and its layers."""
    sizes = {"conv1": (11, 11, 3, 8), "conv2": (5, 5, 4, 16), "conv3": (3, 3, 16, 24)}
    sizes |= {"conv4": (3, 3, 12, 24), "conv5": (3, 3, 12, 16)}
    layers = {}
    for name, size in sizes.items():
        kernel, bias = foreign.kernel(rng, size[-1], size[2], *size[:2])
        layers[name] = [np.ascontiguousarray(kernel.transpose(2, 3, 1, 0)), bias]
    layers["fc6"] = foreign.dense(rng, 6 * 6 * 16, 256)
    layers["fc7"] = foreign.dense(rng, 256, 256)
    layers["fc8"] = foreign.dense(rng, 256, CLASSES)
    layers["conv1"][0] /= 40
    path = tmp_path / "bvlc_alexnet.npy"
    foreign.write_npy_of_python2(path, layers)
    return path, layers


def test_bvlc_alexnet_from_a_pickle_of_python_2(bvlc, rng):
    path, layers = bvlc

    def groups(name):
        # The output channels of a kernel are those of the first group, then of the second.
        kernel, bias = (np.moveaxis(layers[name][0], (3, 2), (0, 1)), layers[name][1])
        count = 2 if name in ("conv2", "conv4", "conv5") else 1
        return list(zip(np.split(kernel, count), np.split(bias, count), strict=True))

    def after(x):
        return foreign.pool(foreign.lrn(x, 2e-5, 1), (3, 3), (2, 2))

    images = rng.uniform(0, 255, (227, 227, 3))
    x = bgr_first(images, IMAGENET_BGR_MEAN)
    x = alexnet_with(x, groups, foreign.correlation, after)
    x = np.moveaxis(x, 0, -1).ravel()
    for name in ("fc6", "fc7", "fc8"):
        x = x @ layers[name][0] + layers[name][1]
        x = foreign.softmax(x) if name == "fc8" else foreign.relu(x)
    model = models.alexnet(classes=CLASSES, width=WIDTH)
    agree(converted(path, "alexnet_npy", model), images, x)


def test_the_trunk_of_a_converted_file_loads_without_its_classifier(bvlc):
    path, layers = bvlc
    trunk = models.alexnet(width=WIDTH)
    skip = models.backbone("alexnet").classifier
    converted(path, "alexnet_npy", trunk, skip=skip)
    np.testing.assert_array_equal(trunk.get_layer("conv4").get_weights()[0], layers["conv4"][0])


@pytest.mark.slow
def test_c3d_of_caffe_whose_last_pooling_rounds_up(tmp_path, rng):
    layers = c3d_layers(rng)
    path = tmp_path / "conv3d"
    whole = [foreign.caffe_layer(name, arrays) for name, arrays in layers.items()]
    head = foreign.field(1, b"DeepConv3DNet") + foreign.caffe_layer("data", [])
    path.write_bytes(head + b"".join(whole))
    clips = rng.uniform(0, 255, (16, 112, 112, 3))
    x = bgr_first(clips, SPORTS1M_BGR_MEAN).astype(np.float32)
    for name in (name for name in layers if name.startswith("conv")):
        x = foreign.relu(foreign.correlation(x, layers[name], pad=1))
        if name == "conv1a":
            x = foreign.pool(x, (1, 2, 2), (1, 2, 2))
        elif name in ("conv2a", "conv3b", "conv4b"):
            x = foreign.pool(x, (2, 2, 2), (2, 2, 2))
    # The last windows hang over the edge, and take what lies in the image: 7 becomes 4.
    x = np.pad(x, [(0, 0), (0, 0), (0, 1), (0, 1)], constant_values=-np.inf)
    x = foreign.pool(x, (2, 2, 2), (2, 2, 2)).ravel()
    for name in ("fc6-1", "fc7-1", "fc8-1"):
        x = layers[name][0] @ x + layers[name][1]
        x = foreign.softmax(x) if name == "fc8-1" else foreign.relu(x)
    model = models.c3d(classes=CLASSES, width=WIDTH, mean=SPORTS1M_BGR_MEAN)
    agree(converted(path, "c3d_caffe", model), clips, x)


class OldResNet50:
    """ResNet50 by the names of 2016, making the weights of a layer when it comes to it."""

    def __init__(self, rng):
        self.rng, self.layers = rng, {}

    def conv(self, x, name, filters, size, stride=1, pad=0):
        layer = foreign.kernel(self.rng, filters, len(x), size, size)
        self.layers[name] = [layer[0].transpose(2, 3, 1, 0), layer[1]]
        return foreign.correlation(x, layer, stride, pad)

    def bn(self, x, name):
        values = [self.rng.uniform(low, high, len(x)) for low, high in LIMITS]
        self.layers[name] = [value.astype(np.float32) for value in values]
        gamma, beta, mean, variance = (value[:, None, None] for value in values)
        return gamma * (x - mean) / np.sqrt(variance + 1.001e-5) + beta

    def block(self, x, name, channels, stride, project):
        conv, bn = f"res{name}_branch", f"bn{name}_branch"
        y = foreign.relu(self.bn(self.conv(x, f"{conv}2a", channels, 1, stride), f"{bn}2a"))
        y = foreign.relu(self.bn(self.conv(y, f"{conv}2b", channels, 3, pad=1), f"{bn}2b"))
        y = self.bn(self.conv(y, f"{conv}2c", 4 * channels, 1), f"{bn}2c")
        if project:
            x = self.bn(self.conv(x, f"{conv}1", 4 * channels, 1, stride), f"{bn}1")
        return foreign.relu(x + y)

    def __call__(self, x):
        x = foreign.relu(self.bn(self.conv(x / 60, "conv1", 8, 7, 2, 3), "bn_conv1"))
        self.layers["conv1"][0] = self.layers["conv1"][0] / 60
        self.layers["conv1"][0] = self.layers["conv1"][0].astype(np.float32)
        x = foreign.pool(foreign.padded(x, 1), (3, 3), (2, 2))
        for stage, blocks in ((2, "abc"), (3, "abcd"), (4, "abcdef"), (5, "abc")):
            for letter in blocks:
                stride = 2 if letter == "a" and stage > 2 else 1
                channels = 8 * 2 ** (stage - 2)
                x = self.block(x, f"{stage}{letter}", channels, stride, letter == "a")
        kernel, bias = self.layers["fc1000"] = foreign.dense(self.rng, len(x), CLASSES, 0.2)
        return foreign.softmax(x.mean((1, 2)) @ kernel + bias)


LIMITS = ((0.5, 0.8), (-0.1, 0.1), (-0.1, 0.1), (0.7, 1.3))
"""Of scale, shift, mean and variance, in the order in which they are stored."""


@pytest.fixture
def old_resnet50(tmp_path, rng):
    network, images = OldResNet50(rng), rng.uniform(0, 255, (64, 64, 3))
    expected = network(bgr_first(images, IMAGENET_BGR_MEAN))
    return write_legacy(tmp_path / "old.h5", network.layers), network.layers, images, expected


@pytest.mark.slow
def test_resnet50_by_its_old_names(old_resnet50):
    path, _, images, expected = old_resnet50
    model = models.resnet50((64, 64, 3), classes=CLASSES, width=0.125)
    agree(converted(path, "resnet50_v02", model), images, expected)


@pytest.mark.slow
def test_a_file_without_a_top_is_converted_and_one_without_another_layer_is_not(
    tmp_path, old_resnet50
):
    _, layers, _, _ = old_resnet50
    layers = {name: arrays for name, arrays in layers.items() if name != "fc1000"}
    path = write_legacy(tmp_path / "notop.h5", layers)
    converted(path, "resnet50_v02", models.resnet50((64, 64, 3), width=0.125))
    del layers["bn3b_branch2a"]
    path = write_legacy(tmp_path / "lacking.h5", layers | {"fc7": [np.ones((2, 2))]})
    names = ("bn3b_branch2a", "fc7")
    with refused("lacking.h5", "'resnet50_v02'", names):
        rules.convert(path, "resnet50_v02")


def test_a_kernel_that_its_rule_does_not_fit_is_named(tmp_path, rng):
    layers = c3d_layers(rng) | {"conv3a": foreign.kernel(rng, 16, 8, 3, 3)}
    # Five axes, of which the first is 1: the four that are left are not those of a clip.
    layers["conv3a"][0] = layers["conv3a"][0][None, 0]
    layers["fc6-1"][0] = layers["fc6-1"][0][:, :500]
    path = tmp_path / "conv3d"
    path.write_bytes(b"".join(foreign.caffe_layer(name, a) for name, a in layers.items()))
    with refused("conv3d", ("'c3d_caffe'", re.compile("conv3a|fc6-1"))):
        rules.convert(path, "c3d_caffe")


def test_what_is_written_is_read_back_in_its_order(tmp_path, rng):
    layers = {"b": [rng.normal(size=(2, 3))], "a": [np.ones(2), np.zeros(3), np.full(4, 2.0)]}
    write_legacy_h5(tmp_path / "w.h5", layers)
    stored = read_legacy_h5(tmp_path / "w.h5")
    assert list(stored) == ["b", "a"]
    np.testing.assert_equal(stored, layers)
    with refused("x.weights.h5", (".h5", ".weights.h5")):
        write_legacy_h5(tmp_path / "x.weights.h5", layers)
