"""From examples to batches: every variant once, moved jointly, kept as bytes."""

import tempfile
from dataclasses import replace
from itertools import chain

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused

import keras_attn as ka
from keras_attn import gaze, models
from keras_attn.datasets.batches import pipeline
from keras_attn.datasets.batches.pipeline import AUGMENTED, Pixels

SIDE = 48


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("m") / "scenes"
    return ka.datasets.miniature("pascal_s", images=6, shape=(36, 64), root=root)


@pytest.fixture(scope="module")
def pixels(data):
    return Pixels.of(data, (SIDE, SIDE))


def epochs(pixels, count, **options):
    """All batches as one dict of arrays per epoch."""
    options = {"batch_size": 5, "epochs": count} | options
    first = options.pop("first", 0)
    batches = pipeline.Batches(pixels, **options)
    made, steps = list(batches.named(first).as_numpy_iterator()), batches.steps
    assert len(made) == steps * (count - first)
    groups = [made[start : start + steps] for start in range(0, len(made), steps)]
    return [{n: np.concatenate([b[n] for b in group]) for n in made[0]} for group in groups]


def test_pixels_are_the_readers_own_resized_and_kept_as_bytes(data, pixels):
    assert pixels.values.dtype == np.uint8 and isinstance(pixels.values, np.memmap)
    assert pixels.values.shape == (6, SIDE, SIDE, 4)
    image = cv2.resize(data[2].pixels(), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(pixels.values[2, ..., :3], image)
    mask = (ka.datasets.read_image(data[2].mask)[..., 0] > 127).astype(float)
    # 36 rows grow to 48 and 64 columns shrink to 48: averaging keeps the salient area.
    assert pixels.values[2, ..., 3].mean() / 255 == pytest.approx(mask.mean(), rel=0.05)


def test_an_epoch_has_every_example_once_in_an_order_of_its_own(pixels):
    first, second = epochs(pixels, 2)
    for epoch in (first, second):
        found = sorted(image.tobytes() for image in epoch["image"])
        assert found == sorted(v[..., :3].astype("float32").tobytes() for v in pixels.values)
    assert not np.array_equal(first["image"], second["image"])
    other = epochs(pixels, 1, seed=1)[0]
    assert not np.array_equal(first["image"], other["image"])


def test_an_epoch_is_the_same_wherever_a_run_is_begun(pixels):
    whole, resumed = epochs(pixels, 3), epochs(pixels, 3, first=2)
    for name in whole[2]:
        np.testing.assert_array_equal(whole[2][name], resumed[0][name])


class Five(pipeline.Epochs):
    """Passes over the numbers from 0 to 4."""

    count = 5


def test_batches_of_given_steps_go_on_from_pass_to_pass():
    """Three epochs of 4 batches of 3 are 36 numbers: seven passes of 5 and one more."""
    made = Five(3, epochs=3, seed=11, steps=4)
    found = [batch.tolist() for batch in made.numbers(0).as_numpy_iterator()]
    assert made.steps == 4 and [len(batch) for batch in found] == [3] * 12
    passes = np.concatenate([pipeline.epoch_order(5, 11, number) for number in range(8)])
    assert [*chain.from_iterable(found)] == passes[:36].tolist()
    for first in (1, 2):
        again = [batch.tolist() for batch in made.numbers(first).as_numpy_iterator()]
        assert again == found[4 * first :]


def test_a_batch_may_be_larger_than_a_pass():
    made = Five(12, epochs=1, seed=0, steps=1)
    (batch,) = made.numbers(0).as_numpy_iterator()
    assert sorted(batch[:10]) == sorted([*range(5)] * 2) and len(set(batch[10:])) == 2


def test_all_eight_variants_are_seen_and_image_mask_and_gaze_move_together(pixels, data):
    epoch = epochs(pixels, 1, variants=AUGMENTED)[0]
    assert len(epoch["image"]) == 8 * len(data)
    plain = epochs(pixels, 1)[0]
    expected = {}
    for image, mask, density in zip(plain["image"], plain["mask"], plain["density"], strict=True):
        for turns in range(4):
            turned = [np.rot90(x, turns) for x in (image, mask, density)]
            for made in (turned, [x[:, ::-1] for x in turned]):
                expected[made[0].tobytes()] = made[1:]
    assert len(expected) == 8 * len(data)
    for image, mask, density in zip(epoch["image"], epoch["mask"], epoch["density"], strict=True):
        wanted_mask, wanted_density = expected.pop(image.tobytes())
        np.testing.assert_array_equal(mask, wanted_mask)
        np.testing.assert_allclose(density, wanted_density, atol=1e-6)
    assert not expected


def test_density_is_that_of_the_image_on_disk(data):
    """At the image's own size it is `gaze.density`; on a square, the blur is stretched with it."""
    example = data[0]
    own = pipeline.input_density(example, example.shape, 0.05)[..., 0]
    np.testing.assert_allclose(own, gaze.density(example.points, (36, 64), 0.05 * 64), atol=1e-7)
    middle = replace(example, points=np.array([[32.0, 18.0]]), subjects=np.zeros(1))
    square = pipeline.input_density(middle, (SIDE, SIDE), 0.05)[..., 0]
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    for axis, factor in ((x, SIDE / 64), (y, SIDE / 36)):
        mean = (square * axis).sum()
        spread = np.sqrt((square * (axis - mean) ** 2).sum())
        assert spread == pytest.approx(0.05 * 64 * factor, rel=0.05)


def test_an_image_without_fixations_has_a_density_of_zeros(data):
    blind = replace(data[0], points=np.zeros((0, 2)), subjects=np.zeros(0))
    made = Pixels.of(replace(data, examples=(blind, data[1])), (SIDE, SIDE))
    sums = sorted(epochs(made, 1)[0]["density"].sum(axis=(1, 2, 3)))
    assert sums == [0, pytest.approx(1, rel=1e-5)]


def test_quarter_turns_need_squares(data):
    wide = Pixels.of(data, (36, 64))
    with refused("variants", "square"):
        pipeline.Batches(wide, batch_size=2, epochs=1, variants=AUGMENTED)
    flips = [variant for variant in AUGMENTED if variant[0] % 2 == 0]
    assert len(epochs(wide, 1, variants=tuple(flips))[0]["image"]) == 4 * len(data)


def test_what_cannot_be_decoded_is_named(data, tmp_path):
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(data[0].image.read_bytes()[:600])
    broken = replace(data, examples=(replace(data[0], image=cut), data[1]))
    with refused("cut.jpg", "whole image"):
        Pixels.of(broken, (SIDE, SIDE))
    bare = replace(data, examples=(replace(data[0], mask=None), data[1]))
    with refused("example '1'", "object mask"):
        Pixels.of(bare, (SIDE, SIDE))


def test_a_full_disk_is_one_error(data, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, _):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with refused(expected="room for 6 images", received="No space left on device"):
        Pixels.of(data, (SIDE, SIDE))


@pytest.mark.slow
@pytest.mark.parametrize("attention", ["supervised", "human", "sigmoid"])
def test_fit_is_given_what_the_model_takes_and_learns_from_and_nothing_else(data, attention):
    shape = {"input_shape": (67, 67, 3), "width": 0.125, "channels": (16, 8, 8)}
    model = models.salient_object("alexnet", attention, **shape)
    levels = (1, 2, 3)
    pull = ka.losses.AttentionKL() if attention == "supervised" else None
    losses = {f"saliency_{i}": "binary_crossentropy" for i in levels}
    model.compile(keras.optimizers.Adam(), losses | {f"attention_{i}": pull for i in levels})
    made = pipeline.Batches(Pixels.of(data, (67, 67)), batch_size=4, epochs=1)
    x, y = next(iter(made.of(model)))
    assert set(x) == {tensor.name for tensor in model.inputs}
    kinds = ("saliency", "attention") if pull else ("saliency",)
    assert set(y) == {f"{kind}_{i}" for kind in kinds for i in levels}
    assert all(value.dtype == "float32" for value in (*x.values(), *y.values()))
    for name, value in y.items():
        assert tuple(value.shape) == (4, *model.output[name].shape[1:])
    assert x["image"].numpy().max() > 1


def test_a_slot_has_the_sum_of_its_frames_averaged_in_space():
    """Frame k is k everywhere: the slots of 8 have 0 + … + 7 = 28 and 8 + … + 15 = 92."""
    frames = np.broadcast_to(np.arange(16, dtype="float32")[:, None, None, None], (2, 16, 8, 12, 1))
    slots = pipeline.at_map(tf.constant(frames), (2, 4, 3))
    assert slots.shape == (2, 2, 4, 3, 1)
    np.testing.assert_allclose(slots[1, 0], np.full((4, 3, 1), 28), rtol=1e-5)
    np.testing.assert_allclose(slots[0, 1], np.full((4, 3, 1), 92), rtol=1e-5)
    with refused("attention", "16 frames", "5"):
        pipeline.at_map(tf.constant(frames), (5, 4, 3))


def test_a_map_for_each_frame_has_the_density_of_that_frame(rng):
    frames = tf.constant(rng.random((2, 16, 8, 12, 1)), tf.float32)
    maps = pipeline.at_map(frames, (16, 4, 6))
    for k in (0, 7, 15):
        np.testing.assert_array_equal(maps[:, k], pipeline.at_frame(frames[:, k], (4, 6)))
