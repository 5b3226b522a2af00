"""Weights of C3D into other networks of clips: which, which not, and all of them or none."""

import numpy as np
import pytest
from conftest import refused

from keras_attn import models

CLIP = (16, 16, 16)


def c3d(channels=3, classes=4, width=0.125):
    return models.c3d((*CLIP, channels), classes=classes, width=width, activation=None)


def two_stream(fusion="early", classes=4):
    return models.two_stream(fusion, classes=classes, input_shape=CLIP, width=0.125)


def test_rgb_weights_start_a_network_for_flow_with_the_mean_of_their_first_kernel():
    rgb, flow = c3d(), c3d(2, classes=3)
    before = flow.get_layer("fc8").get_weights()
    filled = models.copy_weights(rgb, flow, skip=("fc8",))
    assert filled == [layer.name for layer in rgb.layers if layer.weights][:-1]
    kernel, bias = rgb.get_layer("conv1").get_weights()
    mine, own_bias = flow.get_layer("conv1").get_weights()
    assert mine.shape == (3, 3, 3, 2, 8)
    for channel in range(2):
        mean = (kernel[..., 0, :] + kernel[..., 1, :] + kernel[..., 2, :]) / 3
        np.testing.assert_allclose(mine[..., channel, :], mean, rtol=1e-4, atol=1e-7)
    np.testing.assert_array_equal(own_bias, bias)
    for name in filled[1:]:
        for a, b in zip(rgb.get_layer(name).weights, flow.get_layer(name).weights, strict=True):
            np.testing.assert_array_equal(a, b)
    for a, b in zip(before, flow.get_layer("fc8").get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("fusion", ["early", "late"])
def test_trained_streams_become_those_of_a_two_stream_network(rng, fusion):
    frames, flow = c3d(), c3d(2)
    network = two_stream(fusion)
    models.copy_weights(frames, network, stream="frames")
    filled = models.copy_weights(flow, network, stream="flow")
    assert filled[0] == "flow_conv1" and filled[-1] == "flow_fc8"
    x = {
        "frames": rng.uniform(0, 255, (2, *CLIP, 3)).astype("float32"),
        "flow": rng.uniform(0, 255, (2, *CLIP, 2)).astype("float32"),
    }
    outputs = network(x)
    # The flow stream is that network; the frame stream goes through attention besides.
    np.testing.assert_allclose(outputs["logits_flow"], flow(x["flow"]), rtol=1e-3, atol=1e-4)
    kernels = [
        m.get_layer(n).get_weights()[0] for m, n in ((frames, "fc7"), (network, "frames_fc7"))
    ]
    np.testing.assert_array_equal(*kernels)


def test_a_two_stream_network_starts_one_of_other_classes():
    one, other = two_stream(classes=4), two_stream(classes=3)
    filled = models.copy_weights(one, other, skip=("frames_fc8", "flow_fc8"))
    assert "attention" in filled and not any(name.endswith("fc8") for name in filled)
    np.testing.assert_array_equal(
        one.get_layer("frames_conv5b").kernel, other.get_layer("frames_conv5b").kernel
    )


def test_what_does_not_fit_is_listed_and_changes_nothing():
    network = c3d(2, classes=3)
    before = network.get_weights()
    with refused("model 'c3d'", received="fc8: [(512, 3), (3,)]"):
        models.copy_weights(c3d(classes=4), network)
    with refused("model 'c3d'", received=("flow_conv1", "flow_conv2")):
        models.copy_weights(c3d(2), network, stream="flow")
    with refused("model 'c3d'", received="conv2: "):
        models.copy_weights(c3d(2, classes=3, width=0.25), network)
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
