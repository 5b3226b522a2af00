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


def kept(data, folder, trunk=None, key="one", size=SIZE, **options):
    return Features.of(data, size, trunk or Trunk(), key, sigma=0.05, folder=folder, **options)


def files(folder):
    return sorted(folder.rglob("*.npy"))


def test_they_are_those_of_the_images_in_order_and_on_disk(data, tmp_path):
    trunk = Trunk()
    found = kept(data, tmp_path, trunk)
    assert trunk.calls == [BATCH] * 2  # the last batch is filled up
    assert found.shape == (3, 3, 3) and found.value(0).dtype == np.float32
    for index in (0, 9):
        image = pipeline.input_image(data[index], SIZE).astype("float32")
        np.testing.assert_allclose(found.value(index), Trunk()(image[None])[0])
    assert len(files(tmp_path)) == 11


def test_they_are_computed_once(data, tmp_path):
    first, trunk = kept(data, tmp_path), Trunk()
    again = kept(data, tmp_path, trunk)
    assert not trunk.calls
    np.testing.assert_array_equal(first.value(7), again.value(7))


def test_an_image_is_computed_once_for_all_parts_and_folds_that_have_it(data, tmp_path):
    trunk = Trunk()
    some = kept(data.part("some", range(3, 8)), tmp_path, trunk)
    assert len(trunk.calls) == 1 and len(files(tmp_path)) == 5
    whole = kept(data, tmp_path, trunk)
    assert len(trunk.calls) == 2 and len(files(tmp_path)) == 11
    kept(data.part("others", range(10)), tmp_path, trunk)
    assert len(trunk.calls) == 2
    np.testing.assert_array_equal(some.value(0), whole.value(3))


def test_another_trunk_another_size_another_kind_and_another_image_have_their_own(data, tmp_path):
    one, trunk = data.part("one", range(2)), Trunk()
    kept(one, tmp_path, trunk)
    kept(one, tmp_path, trunk, key="two")
    kept(one, tmp_path, trunk, kind="float16")
    kept(one, tmp_path, lambda images: trunk(images[:, :24, :24]), size=(48, 24))
    assert len(trunk.calls) == 4 and len(files(tmp_path)) == 8
    moved = replace(data[0], image=data[2].image)
    kept(replace(one, examples=(moved, data[1])), tmp_path, trunk)
    assert len(trunk.calls) == 5 and len(files(tmp_path)) == 9


def test_an_image_that_is_cropped_otherwise_has_its_own(data, tmp_path):
    none = {"points": np.zeros((0, 2)), "subjects": np.zeros(0)}
    other = replace(data[0], id="cropped", box=(1, 2, 30, 40), shape=(40, 30), **none)
    found = kept(replace(data, examples=(data[0], other)), tmp_path)
    assert len(files(tmp_path)) == 2 and (found.value(0) != found.value(1)).any()


def test_of_turned_images_they_are_those_of_the_images_and_not_turned_features(data, tmp_path):
    """What the trunk here does differs between left and right, as a convolution does."""

    def trunk(images):
        return np.cumsum(Trunk()(images), axis=2)

    found = kept(data, tmp_path, trunk, variants=pipeline.AUGMENTED)
    assert len(files(tmp_path)) == 8 * 11
    image = pipeline.input_image(data[4], SIZE).astype("float32")
    for turns, flipped in pipeline.AUGMENTED:
        turned = np.rot90(image, turns)
        turned = turned[:, ::-1] if flipped else turned
        value = found.value(4, (turns, flipped))
        np.testing.assert_allclose(value, trunk(turned[None])[0])
        expected = pipeline.input_density(data[4], SIZE, 0.05, (turns, flipped))
        expected = pipeline.at_frame(expected[None], (3, 3))[0]
        np.testing.assert_array_equal(found.density(4, variant=(turns, flipped)), expected)
    assert not np.allclose(found.value(4, (0, True)), found.value(4)[:, ::-1])
    plain = Trunk()
    kept(data, tmp_path, plain)
    assert not plain.calls


@pytest.mark.parametrize("place", [130, -5, -1])
def test_a_changed_byte_is_no_feature(data, tmp_path, place):
    found = kept(data, tmp_path)
    path = found.paths[4][0]
    written = bytearray(path.read_bytes())
    written[place] ^= 1
    path.write_bytes(written)
    with refused(path.name, "delete it", "checksum"):
        found.value(4)
    found.value(3)


def test_features_that_are_zeros_are_refused_whatever_their_size(data, tmp_path):
    """What two writers of one temporary name have left: the size is right, the end is missing."""
    found = kept(data, tmp_path)
    path = found.paths[4][0]
    written = path.read_bytes()
    path.write_bytes(written[:128] + bytes(len(written) - 128))
    with refused(path.name, received="checksum"):
        kept(data, tmp_path).value(4)


def test_half_precision_takes_half_the_room_and_is_refused_where_it_overflows(data, tmp_path):
    whole = kept(data, tmp_path)
    half = kept(data, tmp_path, kind="float16")
    assert sum(path.stat().st_size for path in files(tmp_path)) == 11 * (
        2 * (128 + 4) + 27 * (4 + 2)
    )
    assert half.value(3).dtype == np.float32 and (half.value(3) != whole.value(3)).any()
    np.testing.assert_allclose(half.value(3), whole.value(3), rtol=2**-11)

    def large(images):
        return 3000 * Trunk()(images)

    with refused("features_as", ("'float32'", "machine.features-as")):
        kept(data, tmp_path, large, key="large", kind="float16")
    assert kept(data, tmp_path, large, key="large").value(0).max() > 65504


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused_and_not_kept(odd, data, tmp_path):
    def broken(images):
        return odd * np.ones_like(Trunk()(images))

    with refused("features of the encoder", "machine.precision", "that are not"):
        kept(data, tmp_path, broken, key="broken")
    assert not files(tmp_path)


def test_an_image_that_was_changed_in_place_is_computed_anew(data, tmp_path):
    path = tmp_path / "copy.jpg"
    path.write_bytes(data[0].image.read_bytes())
    one = replace(data, examples=(replace(data[0], image=path),))
    kept(one, tmp_path / "kept")
    cv2.imwrite(str(path), np.zeros((60, 72, 3), np.uint8))
    trunk = Trunk()
    assert kept(one, tmp_path / "kept", trunk).value(0).max() == 0 and trunk.calls


def test_densities_are_those_that_the_network_would_reduce(data, tmp_path):
    found = kept(data, tmp_path)
    whole = pipeline.input_density(data[4], SIZE, 0.05)
    np.testing.assert_array_equal(found.density(4), pipeline.at_frame(whole[None], (3, 3))[0])
    assert found.density(4).sum() == pytest.approx(1 / 64, rel=0.25)  # a mean, not a sum


def test_of_what_broke_off_whole_files_are_left_and_used(data, tmp_path):
    asked = []

    def broken(images):
        asked.append(images)
        if len(asked) == 2:
            raise RuntimeError("no more power")
        return Trunk()(images)

    with pytest.raises(RuntimeError):
        kept(data, tmp_path, broken)
    assert len(files(tmp_path)) == BATCH
    trunk = Trunk()
    found = kept(data, tmp_path, trunk)
    assert len(trunk.calls) == 1 and len(files(tmp_path)) == 11
    np.testing.assert_array_equal(found.value(2), Trunk()(asked[0])[2])


def test_a_damaged_file_is_named(data, tmp_path):
    kept(data, tmp_path)
    path = files(tmp_path)[5]
    path.write_bytes(path.read_bytes()[:-40])
    with refused(path.name, "features of an image"):
        kept(data, tmp_path)


def test_there_are_none_of_variants_that_were_not_asked_for(data, tmp_path):
    with refused("variants", "kept features"):
        kept(data, tmp_path).value(0, (1, False))


def test_masks_come_with_them_turned_as_the_images_are(tmp_path):
    root = tmp_path / "scenes"
    data = datasets.miniature("dut_omron", images=3, shape=(40, 40), root=root)
    found = kept(data, tmp_path, variants=pipeline.AUGMENTED, masks=True)
    options = {"batch_size": 5, "epochs": 1, "variants": pipeline.AUGMENTED}
    through = pipeline.Batches(pipeline.Pixels.of(data, SIZE), **options)
    batches = pipeline.Batches(found, **options)
    pairs = zip(batches.named(), through.named(), strict=True)
    for one, two in pairs:
        assert set(one) == {"features", "mask", "density", "label"}
        np.testing.assert_array_equal(one["mask"], two["mask"])


def test_batches_carry_features_density_and_label(data, tmp_path):
    found = kept(data, tmp_path)
    batches = pipeline.Batches(found, batch_size=4, epochs=1)
    made = list(batches.named().as_numpy_iterator())
    assert batches.steps == len(made) == 3 and set(made[0]) == {"features", "density", "label"}
    order = pipeline.epoch_order(11, 0, 0)
    expected = [found.value(index) for index in order[:4]]
    np.testing.assert_array_equal(made[0]["features"], expected)
    assert [data[i].label for i in order] == np.concatenate([b["label"] for b in made]).tolist()
