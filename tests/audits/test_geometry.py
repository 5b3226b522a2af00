"""A detector of blobs behind all kinds of geometry scores as it does on the whole picture."""

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from calling import Calling
from conftest import refused
from keras import layers, ops

import keras_attn as ka
from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.datasets import Example, GazeDataset, ReadingReport

SIDE = 96


class Detector(layers.Layer):
    """Brightness over a threshold, blurred over five pixels."""

    def __init__(self, padding="same", data_format="channels_last", **kwargs):
        super().__init__(**kwargs)
        self.padding, self.data_format = padding, data_format
        line = np.array([1, 4, 6, 4, 1]) / 16
        self.kernel = np.repeat(np.outer(line, line)[..., None, None] / 3, 3, axis=2)

    def call(self, x):
        kernel = ops.cast(self.kernel, x.dtype)
        blurred = ops.conv(x, kernel, padding=self.padding, data_format=self.data_format)
        return ops.relu(blurred - 140)


def model_of(before, size=(SIDE, SIDE), end=None):
    x = keras.Input((*size, 3))
    detected = Detector(name="detector")(before(x))
    return keras.Model(x, end(detected) if end else detected)


@pytest.fixture(scope="module")
def blobs(tmp_path_factory):
    """Pictures with one bright blob in their middle half, and fixations on it."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("blobs")
    examples = []
    for i in range(8):
        picture = rng.integers(60, 120, (SIDE, SIDE, 3), np.uint8)
        x, y = (int(value) for value in rng.integers(34, 62, 2))
        cv2.circle(picture, (x, y), 6, (250, 250, 250), -1)
        cv2.imwrite(str(folder / f"{i}.png"), picture)
        points = rng.normal((x, y), 3, (6, 2)).astype(np.float32)
        subjects = np.arange(len(points), dtype=np.int32)
        examples.append(Example(f"{i}", folder / f"{i}.png", (SIDE, SIDE), points, subjects))
    return GazeDataset("blobs", tuple(examples), ReadingReport(read=len(examples)))


def scores(model, data, layer="detector", **options):
    made = ka.audit(model, data, layers=[layer], kinds=["activation"], progress=False, **options)
    row = made.rows[made.rows["kind"] == "map"].iloc[0]
    return row["s_auc"], row["nss"]


@pytest.fixture(scope="module")
def plain(blobs):
    return scores(model_of(lambda x: x), blobs)


def middle(x):
    return x[:, 24:72, 24:72]


@pytest.mark.slow
@pytest.mark.parametrize(
    "before",
    [
        layers.CenterCrop(64, 64),
        layers.Cropping2D(((5, 11), (21, 9))),
        layers.ZeroPadding2D(((0, 32), (24, 8))),
        Calling(lambda x: x[:, ::-1]),
        Calling(lambda x: x[:, 10:90, ::-1]),
        layers.Permute((2, 1, 3)),
        Calling(lambda x: ops.rot90(x, axes=(1, 2))),
    ],
    ids=["crop", "corner", "border", "flip", "crop and flip", "transposition", "turn"],
)
def test_geometry_within_a_model_changes_no_score(before, blobs, plain):
    """What lies beside a crop is dark in these pictures, and to the plain detector as well."""
    np.testing.assert_allclose(scores(model_of(before), blobs), plain, atol=1e-3)


@pytest.mark.slow
def test_geometry_within_preprocess_changes_no_score(blobs, plain):
    free = keras.Sequential([keras.Input((None, None, 3)), Detector(name="detector")])
    for model in (free, model_of(lambda x: x)):
        flipped = scores(model, blobs, size=SIDE, preprocess=lambda x: x[:, :, ::-1])
        np.testing.assert_allclose(flipped, plain, atol=1e-3)


def test_a_model_that_is_channels_first_within_scores_the_same(blobs, plain):
    x = keras.Input((SIDE, SIDE, 3))
    first = layers.Permute((3, 1, 2))(x)
    model = keras.Model(x, Detector(data_format="channels_first", name="detector")(first))
    np.testing.assert_allclose(scores(model, blobs), plain, atol=1e-3)


def places(model, layer, **options):
    """Rows and columns of a layer's maps in pixels."""
    source = KerasMaps(model, layers=[layer], kinds=["activation"], **options)
    (layout,) = source.layouts.values()
    sides = zip((layout.place.rows, layout.place.columns), source.size, strict=True)
    return tuple(tuple(side * end for end in span) for span, side in sides)


def then(*made):
    """Layers behind the detector."""

    def end(x):
        for layer in made:
            x = layer(x)
        return x

    return end


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "end", "rows", "columns"),
    [
        (layers.CenterCrop(48, 48), [layers.MaxPooling2D(name="it")], (24, 72), (24, 72)),
        (
            layers.Cropping2D(((70, 10), (4, 76))),
            [layers.MaxPooling2D(name="it")],
            (70, 86),
            (4, 20),
        ),
        (
            lambda x: ops.image.resize(middle(x), (SIDE, SIDE)),
            [layers.AveragePooling2D(4, name="it")],
            (24, 72),
            (24, 72),
        ),
        (
            lambda x: x,
            [layers.MaxPooling2D(), layers.Cropping2D(((4, 8), (10, 2)), name="it")],
            (8, 80),
            (20, 92),
        ),
        (lambda x: x, [Detector("valid", name="it")], (2, 94), (2, 94)),
        (
            lambda x: x,
            [layers.AveragePooling2D(4), layers.UpSampling2D(4, name="it")],
            (0, 96),
            (0, 96),
        ),
    ],
    ids=["crop", "small corner", "crop and zoom", "crop within", "valid", "up"],
)
def test_layers_behind_a_crop_lie_where_it_does(before, end, rows, columns):
    if end[0].name == "it" and isinstance(end[0], Detector):
        end = [Calling(lambda x: ops.repeat(x, 3, axis=-1) * 4), *end]
    model = model_of(
        before if isinstance(before, layers.Layer) else Calling(before), end=then(*end)
    )
    np.testing.assert_allclose(places(model, "it"), (rows, columns), atol=0.01)


def test_two_branches_have_a_place_each():
    x = keras.Input((SIDE, SIDE, 3))
    near = Detector(name="near")(layers.CenterCrop(48, 48)(x))
    far = Detector(name="far")(layers.Resizing(48, 48)(x))
    model = keras.Model(x, [near, far])
    np.testing.assert_allclose(places(model, "near"), [(24, 72)] * 2)
    np.testing.assert_allclose(places(model, "far"), [(0, 96)] * 2)


def test_a_resize_that_keeps_proportions_crops_or_pads():
    for option, rows, columns in (
        ("crop_to_aspect_ratio", (0, 64), (16, 80)),
        ("pad_to_aspect_ratio", (-16, 80), (0, 96)),
    ):
        model = model_of(layers.Resizing(64, 64, **{option: True}), (64, 96))
        np.testing.assert_allclose(places(model, "detector"), (rows, columns), err_msg=option)


@pytest.mark.parametrize("shift", [8, 30, -3])
def test_positions_that_run_over_the_border_are_refused(shift):
    rolled = model_of(Calling(lambda x: ops.roll(x, shift, axis=2)))
    with refused("layer 'detector'", "map"):
        KerasMaps(rolled, layers=["detector"])


def test_low_precision_is_no_hindrance():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = model_of(layers.CenterCrop(48, 48), end=layers.MaxPooling2D(name="it"))
    np.testing.assert_allclose(places(model, "it"), [(24, 72)] * 2)


@pytest.mark.slow
def test_a_saved_model_scores_as_the_model_it_is_of(blobs, plain, tmp_path):
    class Module(tf.Module):
        detector = Detector()

        @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.uint8, name="image")])
        def serve(self, image):
            flipped = tf.cast(image, tf.float32)[:, 4:, ::-1]
            return {"detector": self.detector(flipped)}

    module = Module()
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.serve})
    np.testing.assert_allclose(scores(str(tmp_path), blobs), plain, atol=1e-3)
