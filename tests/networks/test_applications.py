"""Networks of keras.applications by name: their own weights, and pixels as they are."""

import keras
import numpy as np
import pytest
from conftest import check_error_line, refused

import keras_attn as ka
from keras_attn.loading import application, forms, opening
from keras_attn.shell import cli

pytestmark = pytest.mark.slow

NAME = "keras.applications.MobileNet"


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(1)
    return keras.applications.MobileNet(weights=None, input_shape=(64, 64, 3))


@pytest.fixture(scope="module")
def file(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    network.save_weights(path)
    return path


def pixels(side=64):
    return np.random.default_rng(0).uniform(0, 255, (2, side, side, 3)).astype(np.float32)


def test_it_answers_as_the_network_does_behind_its_own_preprocessing(network, file):
    opened = opening.keras_network(NAME, "audit", weights=file, size=64)
    prepared = keras.applications.mobilenet.preprocess_input(pixels())
    np.testing.assert_allclose(
        opened.model(pixels()), network(prepared, training=False), rtol=1e-4, atol=1e-7
    )
    assert opened.model.name == "MobileNet" and "sha256" in opened.origin
    own = {one.name for one in opened.model.layers}
    assert {one.name for one in network.layers if one.name.startswith("conv")} < own


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("VGG16", keras.applications.vgg16),
        ("DenseNet121", keras.applications.densenet),
        ("ResNet50V2", keras.applications.resnet_v2),
        ("EfficientNetB0", keras.applications.efficientnet),
    ],
)
def test_pixels_are_preprocessed_as_each_module_says(name, module):
    image = keras.Input((8, 8, 3))
    made = application._preprocessed(image, module.__name__.rpartition(".")[2])
    own = keras.Model(image, made + 0)
    expected = module.preprocess_input(pixels(8).copy())
    np.testing.assert_allclose(own(pixels(8)), expected, rtol=1e-4, atol=1e-3)
    assert application._maker(f"keras.applications.{name}")


def test_a_file_without_the_classifier_makes_a_network_without_it(network, tmp_path):
    part = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(64, 64, 3))
    part.save_weights(tmp_path / "notop.weights.h5")
    made, _ = application.network(NAME, tmp_path / "notop.weights.h5", (64, 64))
    assert made.output.shape == (None, 2, 2, 1024)
    assert application.network(NAME)[0].input_shape == (None, 224, 224, 3)


def test_it_goes_through_the_doors_of_every_form(file, tmp_path, capsys):
    ka.datasets.miniature("folder", images=3, root=tmp_path / "gaze")
    command = ["audit", str(tmp_path / "gaze"), "--model", NAME, "--weights", str(file)]
    command += ["--size", "64", "--layers", "conv_pw_13_relu", "--out", str(tmp_path / "out")]
    assert cli.main([*command, "--kinds", "activation", "grad_cam"]) == 0
    assert "MobileNet · conv_pw_13_relu · grad_cam" in capsys.readouterr().out
    assert cli.main([*command, "--overwrite", "--preprocess", "tf"]) == 2
    check_error_line(capsys.readouterr().err, "preprocess", "none for the name")


def test_what_there_is_not_is_refused(file, tmp_path):
    with refused("model", ("MobileNetV2", "VGG19"), "MobileNetV9"):
        opening.keras_network("keras.applications.MobileNetV9", "audit")
    with refused("weights", ("keras.applications.VGG16", "without its classifier"), "weights"):
        opening.keras_network("keras.applications.VGG16", "audit", weights=file)
    assert forms.of("keras.applications.VGG16") == forms.APPLICATION
    assert forms.title("keras.applications.VGG16") == "VGG16" and forms.title("a/b.keras") == "b"
