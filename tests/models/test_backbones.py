"""Backbones against published counts, names and shapes, and against keras.applications."""

import keras
import numpy as np
import pytest
from conftest import real, refused

from keras_attn import models, weights

CONVOLUTIONAL = {"alexnet": 2_334_080, "vgg16": 14_714_688, "resnet50": 23_587_712}
WITH_1000_CLASSES = {"alexnet": 60_965_224, "vgg16": 138_357_544, "resnet50": 25_636_712}
VGG16_FILE = "weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


def images(rng, side, count=1):
    return rng.uniform(0, 255, (count, side, side, 3)).astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("name", list(models.BACKBONES))
def test_parameter_counts_are_the_published_ones(name):
    backbone = models.BACKBONES[name]
    assert backbone.build().count_params() == CONVOLUTIONAL[name]
    assert backbone.build(classes=1000).count_params() == WITH_1000_CLASSES[name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "plain", "dilated"),
    [("alexnet", 13, 13), ("vgg16", 14, 28), ("resnet50", 7, 28)],
)
def test_dilation_gives_28_by_28_and_changes_no_weight(name, plain, dilated):
    backbone = models.BACKBONES[name]
    one, other = backbone.build(), backbone.build(dilated=True)
    assert one.output_shape[1:3] == (plain, plain)
    assert other.output_shape[1:3] == (dilated, dilated)
    assert [(w.path, w.shape) for w in one.weights] == [(w.path, w.shape) for w in other.weights]


@pytest.mark.slow
def test_alexnet_has_the_published_names_and_shapes():
    network = models.alexnet(classes=1000)
    published = {
        "conv1": (11, 11, 3, 96),
        "conv2": (5, 5, 48, 256),
        "conv3": (3, 3, 256, 384),
        "conv4": (3, 3, 192, 384),
        "conv5": (3, 3, 192, 256),
        "fc6": (9216, 4096),
        "fc7": (4096, 4096),
        "fc8": (4096, 1000),
    }
    for name, shape in published.items():
        assert tuple(network.get_layer(name).kernel.shape) == shape
    sizes = {name: network.get_layer(name).output.shape[1] for name in ("conv1", "conv2", "pool5")}
    assert sizes == {"conv1": 55, "conv2": 27, "pool5": 6}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ours", "peer"),
    [(models.vgg16, keras.applications.VGG16), (models.resnet50, keras.applications.ResNet50)],
)
def test_layer_names_are_those_of_keras_applications(ours, peer):
    mine = ours(classes=1000)
    its = peer(weights=None)
    names = [layer.name for layer in its.layers if layer.weights]
    assert {layer.name for layer in mine.layers if layer.weights} == set(names)
    for name in names:
        shapes = [w.shape for w in its.get_layer(name).weights]
        assert [w.shape for w in mine.get_layer(name).weights] == shapes


@pytest.mark.slow
def test_resnet50_equals_keras_applications_with_the_same_weights(rng):
    peer = keras.applications.ResNet50(weights=None)
    ours = models.resnet50(classes=1000)
    for layer in ours.layers:
        if layer.weights:
            values = peer.get_layer(layer.name).get_weights()
            if layer.name.endswith("_bn"):
                # Fresh statistics are 0 and 1, and would hide one in the wrong place.
                values = [v + 0.2 * rng.random(v.shape) for v in values]
            layer.set_weights(values)
            peer.get_layer(layer.name).set_weights(values)
    x = images(rng, 224)
    expected = peer(keras.applications.resnet50.preprocess_input(x.copy()))
    np.testing.assert_allclose(ours(x), expected, rtol=1e-4)
    features = keras.Model(peer.input, peer.get_layer("conv5_block3_out").output)
    expected = np.asarray(features(keras.applications.resnet50.preprocess_input(x.copy())))
    mine = keras.Model(ours.input, ours.get_layer("conv5_block3_out").output)(x)
    assert np.isfinite(expected).all() and expected.std() > 1e-3
    assert np.abs(mine - expected).max() <= 1e-4 * np.abs(expected).max()


def test_vgg16_equals_keras_applications_with_random_weights(rng):
    peer = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
    ours = models.vgg16((64, 64, 3))
    for layer in ours.layers:
        if layer.weights:
            layer.set_weights(peer.get_layer(layer.name).get_weights())
    x = images(rng, 64)
    features = keras.Model(peer.input, peer.get_layer("block5_conv3").output)
    expected = np.asarray(features(keras.applications.vgg16.preprocess_input(x.copy())))
    assert np.abs(ours(x) - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.slow
def test_vgg16_with_the_real_weights_equals_keras_applications(rng):
    path = real(VGG16_FILE)
    ours = models.vgg16()
    weights.load(ours, path)
    peer = keras.applications.VGG16(weights=str(path), include_top=False, input_shape=(224, 224, 3))
    x = images(rng, 224)
    for name in ("block3_conv3", "block5_conv3"):
        mine = keras.Model(ours.input, ours.get_layer(name).output)(x)
        features = keras.Model(peer.input, peer.get_layer(name).output)
        expected = np.asarray(features(keras.applications.vgg16.preprocess_input(x.copy())))
        assert np.abs(expected).max() > 1
        assert np.abs(mine - expected).max() <= 1e-4 * np.abs(expected).max()


def test_dilated_vgg16_sees_what_the_plain_one_sees_at_every_second_position(rng):
    """Dilation replaces the stride after pool4: on the plain grid, conv5_1 must agree."""
    plain, dilated = (
        models.vgg16((64, 64, 3), width=0.1),
        models.vgg16((64, 64, 3), width=0.1, dilated=True),
    )
    dilated.set_weights(plain.get_weights())
    x = images(rng, 64)
    coarse, fine = (
        np.asarray(keras.Model(m.input, m.get_layer("block5_conv1").output)(x))
        for m in (plain, dilated)
    )
    assert fine.shape[1] == 2 * coarse.shape[1]
    # The last row and column of the fine grid pool over the padding instead of two pixels.
    np.testing.assert_allclose(fine[:, ::2, ::2], coarse, rtol=1e-3, atol=1e-4 * coarse.max())


@pytest.mark.slow
@pytest.mark.parametrize("name", list(models.BACKBONES))
def test_width_scales_the_channels_and_any_size_of_image_goes(name, rng):
    build = models.BACKBONES[name].build
    narrow = build((None, None, 3), width=0.125)
    assert narrow.count_params() < CONVOLUTIONAL[name] / 40
    features = narrow(images(rng, 80))
    assert features.shape[-1] == build().output_shape[-1] // 8
    assert np.isfinite(features).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", list(models.BACKBONES))
def test_the_smallest_images_are_those_that_something_is_left_of(name):
    backbone = models.BACKBONES[name]
    side = backbone.least
    assert backbone.build((side, side, 3), classes=3, width=0.0625).output_shape == (None, 3)
    for dilated in (False, True):
        part = backbone.build((side, side, 3), dilated=dilated, width=0.0625)
        assert min(part.output_shape[1:3]) >= 1
    if name != "resnet50":  # which pads its images
        with pytest.raises(ValueError):
            backbone.build((side - 1, side - 1, 3), classes=3, width=0.0625)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(models.BACKBONES))
def test_stages_are_layers_of_falling_resolution(name):
    network = models.BACKBONES[name].build()
    sides = [network.get_layer(stage).output.shape[1] for stage in models.BACKBONES[name].stages]
    assert sides == sorted(sides, reverse=True)
    assert models.BACKBONES[name].build(classes=7).get_layer(models.BACKBONES[name].top).units == 7


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_classifiers_end_in_float32_under_mixed_precision(policy, rng):
    keras.config.set_dtype_policy(policy)
    for name, backbone in models.BACKBONES.items():
        network = backbone.build((96, 96, 3), classes=5, width=0.125, name=name)
        scores = network(images(rng, 96, 2))
        assert scores.dtype == "float32"
        np.testing.assert_allclose(np.sum(scores, axis=1), 1, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(models.BACKBONES))
def test_a_backbone_saves_and_loads_whole(name, tmp_path, rng):
    network = models.BACKBONES[name].build((96, 96, 3), classes=5, width=0.125)
    network.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = images(rng, 96)
    np.testing.assert_array_equal(network(x), again(x))


def test_bad_arguments_are_refused():
    with refused("backbone", ("'alexnet'", "'vgg16'")):
        models.backbone("vgg19")
    with refused("input_shape", "(height, width, 3)"):
        models.vgg16((64, 64, 1))
    with refused("width", "positive", "0"):
        models.vgg16(width=0)
    with refused("lrn", ("'before_pool'", "'after_pool'"), "'after'"):
        models.alexnet(lrn="after")
