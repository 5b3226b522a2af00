"""Features of a frozen trunk: computed once, kept whole, and never taken for others."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from conftest import refused

from keras_attn import datasets
from keras_attn.datasets.batches import pipeline
from keras_attn.datasets.batches.features import BATCH, Features

SIZE = (24, 24)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("m") / "birds"
    return datasets.miniature("cub_vwsw", images=11, shape=(60, 72), root=root)


class Trunk:
    """Means over blocks of 8×8 pixels; counts how often it is asked."""

    def __init__(self):
        self.calls = []

    def __call__(self, images):
        self.calls.append(len(images))
        return images.reshape(len(images), 3, 8, 3, 8, 3).mean(axis=(2, 4))


def kept(data, folder, trunk=None, key="one", size=SIZE):
    return Features.of(data, size, trunk or Trunk(), key, sigma=0.05, folder=folder)


def test_they_are_those_of_the_images_in_order_and_on_disk(data, tmp_path):
    trunk = Trunk()
    found = kept(data, tmp_path, trunk)
    assert trunk.calls == [BATCH] * 2  # the last batch is filled up
    assert found.values.shape == (11, 3, 3, 3) and found.values.dtype == np.float32
    assert isinstance(found.values, np.memmap)
    image = pipeline.input_image(data[9], SIZE).astype("float32")
    np.testing.assert_allclose(found.value(9), Trunk()(image[None])[0])
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]


def test_they_are_computed_once(data, tmp_path):
    first, trunk = kept(data, tmp_path), Trunk()
    again = kept(data, tmp_path, trunk)
    assert not trunk.calls
    np.testing.assert_array_equal(first.values, again.values)


def test_another_trunk_another_size_and_another_image_have_their_own(data, tmp_path):
    kept(data, tmp_path)
    trunk = Trunk()
    kept(data, tmp_path, trunk, key="two")
    kept(data.part("some", range(10)), tmp_path, trunk)
    moved = replace(data[0], image=data[1].image)
    kept(replace(data, examples=(moved, *data.examples[1:])), tmp_path, trunk)
    assert len(trunk.calls) == 6 and len(list(tmp_path.iterdir())) == 4


def test_an_image_that_was_changed_in_place_is_computed_anew(data, tmp_path):
    path = tmp_path / "copy.jpg"
    path.write_bytes(data[0].image.read_bytes())
    one = replace(data, examples=(replace(data[0], image=path),))
    kept(one, tmp_path / "kept")
    cv2.imwrite(str(path), np.zeros((60, 72, 3), np.uint8))
    trunk = Trunk()
    assert kept(one, tmp_path / "kept", trunk).values.max() == 0 and trunk.calls


def test_densities_are_those_that_the_network_would_reduce(data, tmp_path):
    found = kept(data, tmp_path)
    whole = pipeline.input_density(data[4], SIZE, 0.05)
    np.testing.assert_array_equal(found.density(4), pipeline.at_frame(whole[None], (3, 3))[0])
    assert found.density(4).sum() == pytest.approx(1 / 64, rel=0.25)  # a mean, not a sum


def test_nothing_is_left_of_what_broke_off(data, tmp_path):
    def broken(images):
        raise RuntimeError("no more power")

    with pytest.raises(RuntimeError):
        kept(data, tmp_path, broken)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_named(data, tmp_path):
    kept(data, tmp_path)
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[:-40])
    with refused(path.name, "11 images"):
        kept(data, tmp_path)


def test_there_are_no_features_of_turned_images(data, tmp_path):
    options = {"batch_size": 4, "epochs": 1, "variants": pipeline.AUGMENTED}
    batches = pipeline.Batches(kept(data, tmp_path), **options)
    with pytest.raises(Exception, match="variants: .*images as they are"):
        next(iter(batches.named()))


def test_batches_carry_features_density_and_label(data, tmp_path):
    found = kept(data, tmp_path)
    batches = pipeline.Batches(found, batch_size=4, epochs=1)
    made = list(batches.named().as_numpy_iterator())
    assert batches.steps == len(made) == 3 and set(made[0]) == {"features", "density", "label"}
    order = pipeline.epoch_order(11, 0, 0)
    np.testing.assert_array_equal(made[0]["features"], found.values[order[:4]])
    assert [data[i].label for i in order] == np.concatenate([b["label"] for b in made]).tolist()
