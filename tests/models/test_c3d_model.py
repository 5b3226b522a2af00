"""C3D against published counts, names and shapes, and against a forward pass in plain NumPy."""

import keras
import numpy as np
import pytest
from conftest import check_layer, refused
from numpy.lib.stride_tricks import sliding_window_view

from keras_attn import models
from keras_attn.models.c3d import SPORTS1M_BGR_MEAN, ClipPooling, classifier

PUBLISHED = {
    "conv1": (3, 3, 3, 3, 64),
    "conv2": (3, 3, 3, 64, 128),
    "conv3a": (3, 3, 3, 128, 256),
    "conv3b": (3, 3, 3, 256, 256),
    "conv4a": (3, 3, 3, 256, 512),
    "conv4b": (3, 3, 3, 512, 512),
    "conv5a": (3, 3, 3, 512, 512),
    "conv5b": (3, 3, 3, 512, 512),
    "fc6": (8192, 4096),
    "fc7": (4096, 4096),
    "fc8": (4096, 487),
}
SIZES = {
    "pool1": (16, 56, 56, 64),
    "pool2": (8, 28, 28, 128),
    "pool3": (4, 14, 14, 256),
    "pool4": (2, 7, 7, 512),
    "conv5b": (2, 7, 7, 512),
    "pool5": (1, 4, 4, 512),
}


def small(channels=3, size=(16, 32, 48), **options):
    keras.utils.set_random_seed(0)
    return models.c3d((*size, channels), **{"classes": 5, "width": 0.125} | options)


def clips(rng, channels=3, size=(16, 32, 48), count=2):
    return rng.uniform(0, 255, (count, *size, channels)).astype("float32")


def test_it_has_the_published_names_shapes_and_numbers_of_parameters():
    network = models.c3d(classes=487)
    weighted = [layer for layer in network.layers if layer.weights]
    assert {layer.name: tuple(layer.kernel.shape) for layer in weighted} == PUBLISHED
    assert [layer.name for layer in weighted] == list(PUBLISHED)
    for name, shape in SIZES.items():
        assert network.get_layer(name).output.shape == (None, *shape)
    assert network.count_params() == 79_991_015
    # Only the last layer depends on the classes.
    assert network.count_params() - (487 - 101) * (4096 + 1) == 78_409_573


def test_without_classes_it_ends_before_the_last_pooling():
    network = models.c3d(width=0.125)
    assert network.output_shape == (None, 2, 7, 7, 64)
    assert network.layers[-1].name == "conv5b"
    assert network.inputs[0].name == "frames" and network.inputs[0].dtype == "float32"
    flow = models.c3d((16, 112, 112, 2), width=0.125)
    assert flow.inputs[0].name == "flow" and flow.get_layer("conv1").kernel.shape[-2] == 2


# --- an independent forward pass ------------------------------------------------------------------


def convolved(x, kernel, bias):
    """Zero-padded cross-correlation and ReLU of `(T, H, W, C)`."""
    padded = np.pad(x, ((1, 1), (1, 1), (1, 1), (0, 0)))
    windows = sliding_window_view(padded, (3, 3, 3), axis=(0, 1, 2))
    return np.maximum(np.einsum("thwcijk,ijkcf->thwf", windows, kernel, optimize=True) + bias, 0)


def pooled(x, frames, side):
    """Maxima of windows that do not overlap; what does not fill a window is left out."""
    t, h, w, c = x.shape[0] // frames, x.shape[1] // side, x.shape[2] // side, x.shape[3]
    x = x[: t * frames, : h * side, : w * side]
    return x.reshape(t, frames, h, side, w, side, c).max(axis=(1, 3, 5))


def by_hand(network, clip, mean):
    """Class scores of one clip, from the network's weights alone."""
    get = {layer.name: layer.get_weights() for layer in network.layers}
    x = clip[..., ::-1].astype(np.float64) - mean if clip.shape[-1] == 3 else clip - 128.0
    x = pooled(convolved(x, *get["conv1"]), 1, 2)
    for block in (("conv2",), ("conv3a", "conv3b"), ("conv4a", "conv4b")):
        for name in block:
            x = convolved(x, *get[name])
        x = pooled(x, 2, 2)
    for name in ("conv5a", "conv5b"):
        x = convolved(x, *get[name])
    x = pooled(np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0))), 2, 2).ravel()
    for name in ("fc6", "fc7"):
        kernel, bias = get[name]
        x = np.maximum(x @ kernel + bias, 0)
    kernel, bias = get["fc8"]
    return x @ kernel + bias


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channels", "mean"), [(3, 128.0), (3, SPORTS1M_BGR_MEAN), (2, 128.0)], ids=str
)
def test_scores_are_those_of_a_forward_pass_in_numpy(rng, channels, mean):
    network = small(channels, activation=None, mean=mean)
    for layer in network.layers:
        # Biases start at 0, where one that is left out would not be missed.
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, rng.normal(scale=0.1, size=bias.shape)])
    x = clips(rng, channels)
    scores = network(x)
    expected = [by_hand(network, clip, np.array(mean)) for clip in x]
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


def test_pool5_is_padded_at_the_bottom_and_right_alone():
    """Values 1..9 on 3×3: windows begin at the top left, and the last ones hold one row, column."""
    x = np.arange(1.0, 10).reshape(1, 1, 3, 3, 1).repeat(2, axis=1)
    features = keras.Input((2, 3, 3, 1))
    network = keras.Model(features, classifier(features, 2, width=0.01))
    part = keras.Model(features, network.get_layer("pool5").output)
    np.testing.assert_array_equal(part(x)[0, 0, :, :, 0], [[5, 6], [8, 9]])


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_it_starts_and_ends_in_float32_under_mixed_precision(rng, policy):
    """In float16 a pixel of 200.03 would become 200.00."""
    keras.config.set_dtype_policy(policy)
    for channels in (3, 2):
        network = small(channels)
        clip = np.full((1, 16, 32, 48, channels), 200.03, "float32")
        entry = network.get_layer("preprocessing")(clip)
        assert entry.dtype == "float32"
        np.testing.assert_allclose(entry, 72.03, rtol=1e-5)
        scores = network(clip)
        assert scores.dtype == "float32"
        np.testing.assert_allclose(np.sum(scores, axis=1), 1, rtol=1e-5)


@pytest.mark.slow
def test_clip_pooling(rng):
    x = rng.normal(size=(2, 4, 5, 6, 3)).astype("float32")
    expected = keras.layers.MaxPooling3D((1, 2, 2))(x)
    check_layer(
        lambda policy: ClipPooling((1, 2, 2), dtype=policy),
        x,
        output_shape=tuple(expected.shape),
        weights=0,
        trainable=0,
    )
    np.testing.assert_array_equal(ClipPooling((1, 2, 2))(x), expected)


def test_dropout_stands_after_the_two_fully_connected_layers():
    network = small(dropout=(0.9, 0.8))
    assert network.get_layer("fc6_dropout").rate == 0.9
    assert network.get_layer("fc7_dropout").rate == 0.8
    assert not any("dropout" in layer.name for layer in small(dropout=0).layers)


@pytest.mark.slow
def test_it_saves_and_loads_whole(rng, tmp_path):
    for channels in (3, 2):
        network, x = small(channels), clips(rng, channels)
        network.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(network(x), again(x))


def test_the_smallest_clip_goes_through(rng):
    assert small(size=(16, 16, 16))(clips(rng, size=(16, 16, 16))).shape == (2, 5)


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        ({"input_shape": (15, 112, 112, 3)}, ("input_shape", "below 16")),
        ({"input_shape": (16, 112, 112, 1)}, ("input_shape", "3 or 2", "(16, 112, 112, 1)")),
        ({"input_shape": (16, None, 112, 3)}, ("input_shape", "16", "(16, None, 112, 3)")),
        ({"input_shape": (112, 112, 3)}, ("input_shape", "frames, height", "(112, 112, 3)")),
        ({"mean": (1, 2)}, ("mean", ("one number", "three"), "(1, 2)")),
        ({"mean": (1, 2), "input_shape": (16, 112, 112, 2)}, ("mean", "one number")),
        ({"dropout": 1.0}, ("dropout", "from 0 to below 1", "1.0")),
        ({"dropout": (0.1, 0.2, 0.3)}, ("dropout", "pair", "(0.1, 0.2, 0.3)")),
        ({"width": -1}, ("width", "positive", "-1")),
    ],
)
def test_bad_arguments_are_refused(arguments, facts):
    with refused(*facts):
        models.c3d(**{"classes": 2, "width": 0.125} | arguments)
