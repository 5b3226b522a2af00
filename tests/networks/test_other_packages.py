"""Models of KerasHub and Keras 2, where these are installed, which this package does not need.

`make test-others` installs them into a folder of their own and runs these tests.
"""

import os

import keras
import makes
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused
from models_page import OTHERS, REFUSED, VERBS, table

import keras_attn as ka

pytestmark = pytest.mark.slow

SIDE = 32


def cells(name):
    return list(table()[f"{name} {OTHERS}"].items())


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    return makes.birds(tmp_path_factory.mktemp("m") / "birds")


@pytest.fixture(scope="module")
def hub():
    return pytest.importorskip("keras_hub")


@pytest.fixture(scope="module")
def keras_2():
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    return pytest.importorskip("tf_keras")


@pytest.fixture(scope="module")
def hub_classifier(hub, birds):
    """A classifier with random weights, whose pictures its own preprocessor scales to −1 … 1."""
    keras.utils.set_random_seed(0)
    backbone = hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(SIDE, SIDE, 3),
    )
    converter = hub.layers.ImageConverter(
        image_size=(SIDE, SIDE), scale=1 / 127.5, offset=-1.0, crop_to_aspect_ratio=False
    )
    preprocessor = hub.models.ImageClassifierPreprocessor(image_converter=converter)
    return hub.models.ImageClassifier(
        backbone=backbone, num_classes=len(birds[0].classes), preprocessor=preprocessor
    )


@pytest.mark.parametrize(("verb", "told"), cells("KerasHub classifier"))
def test_a_classifier_of_keras_hub_is_one_like_any_other(
    verb, told, hub_classifier, birds, tmp_path
):
    assert told == "yes"
    VERBS[verb](hub_classifier, birds[1], {}, tmp_path)


def test_what_a_task_of_keras_hub_brings_is_what_preprocesses(hub_classifier, birds):
    """As when its user does it by hand, with the layers inside."""
    plain = keras.Model(hub_classifier.input, hub_classifier.output, name="plain")
    options = {"progress": False, "gallery": 1, "kinds": ["activation", "gradient"]}

    def by_hand(images):
        return images / 127.5 - 1

    own = ka.audit(hub_classifier, birds[1], **options)
    same = ka.audit(plain, birds[1], preprocess=by_hand, **options)
    raw = ka.audit(plain, birds[1], **options)
    columns = ["s_auc", "nss", "cc"]
    np.testing.assert_allclose(own.rows[columns], same.rows[columns], atol=1e-6)
    assert not np.allclose(own.rows[columns], raw.rows[columns], atol=1e-2)
    assert raw.rows["note"].iloc[0].startswith("Pixels of 0 to 255 reach its first layer")
    assert not own.rows["note"].str.contains("Pixels").any()
    assert "preprocessed by its own ImageClassifierPreprocessor" in str(own)
    scores = [
        ka.evaluate(model, birds[1], progress=False, **given).arrays["logits"]
        for model, given in ((hub_classifier, {}), (plain, {"preprocess": by_hand}))
    ]
    np.testing.assert_allclose(*scores, atol=1e-5)


def old_classifier(keras_2, classes):
    model = keras_2.Sequential(
        [
            keras_2.layers.InputLayer((SIDE, SIDE, 3)),
            keras_2.layers.Rescaling(1 / 255),
            keras_2.layers.Conv2D(6, 3, activation="relu", name="conv"),
            keras_2.layers.GlobalAveragePooling2D(),
            keras_2.layers.Dense(classes),
        ]
    )
    model.trainable = False
    return model


@pytest.mark.parametrize(("verb", "told"), cells("SavedModel of Keras 2, of scores"))
def test_a_saved_model_of_keras_2_is_one_like_any_other(verb, told, keras_2, birds, tmp_path):
    path = tmp_path / "old"
    tf.saved_model.save(old_classifier(keras_2, len(birds[0].classes)), str(path))
    if told == "yes":
        rows, _ = VERBS[verb](path, birds[1], {}, tmp_path)
        if verb == "audit":
            assert rows["layer"].str.endswith("conv").any()
        return
    with refused(*REFUSED[told]):
        VERBS[verb](path, birds[1], {}, tmp_path)


@pytest.mark.parametrize(("verb", "told"), cells("model of tf_keras"))
def test_a_model_of_keras_2_in_memory_is_refused_with_the_way_out(
    verb, told, keras_2, birds, tmp_path
):
    model = old_classifier(keras_2, len(birds[0].classes))
    with refused("model", "tf.saved_model.save", "tf_keras"):
        VERBS[verb](model, birds[1], {}, tmp_path)
