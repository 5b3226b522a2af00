"""What evaluations keep to look at, written and read back."""

import numpy as np
import pytest
from conftest import refused
from made_galleries import image, keep

from keras_attn import pictures
from keras_attn.evaluation import gallery_file
from keras_attn.report.figures.images import IMAGES
from keras_attn.report.figures.panels import read_galleries


@pytest.fixture
def gallery(rng):
    """Two examples as a scorer of Task 1 keeps them; the second has no attention."""
    smooth = np.linspace(0, 255, 40 * 60).reshape(40, 60)
    image = np.stack([smooth, smooth[::-1], 0 * smooth], axis=-1).astype(np.uint8)
    arrays = {}
    for place, name in enumerate("ab"):
        arrays[f"{place}/id"] = np.array(name)
        arrays[f"{place}/image"] = image
        arrays[f"{place}/points"] = rng.uniform(0, 40, (5, 2))
        arrays[f"{place}/mask"] = smooth > 128
        arrays[f"{place}/saliency"] = np.float32(smooth / 255)
    arrays["1/saliency"] *= 0.01
    arrays["0/attention"] = np.float32(rng.gamma(1, 1e6, (7, 9)))
    return arrays


def written(folder, gallery):
    folder.mkdir()
    gallery_file.write(folder / gallery_file.GALLERY, gallery)
    return folder


def test_what_is_written_is_read_back_as_it_is_shown(gallery, tmp_path):
    first, second = gallery_file.read(written(tmp_path / "run", gallery))
    assert first.keys() == {n.split("/")[1] for n in gallery}
    assert str(second["id"]) == "b" and "attention" not in second
    for exact in ("points", "mask"):
        np.testing.assert_array_equal(first[exact], gallery[f"0/{exact}"])
    assert np.abs(first["image"].astype(int) - gallery["0/image"]).mean() < 4
    assert np.abs(first["saliency"] - gallery["0/saliency"]).max() < 0.02
    assert np.abs(second["saliency"] - gallery["1/saliency"]).max() < 0.0002
    assert first["saliency"].dtype == first["attention"].dtype == np.float32


def test_attention_is_within_half_of_a_256th_of_its_scale(gallery, tmp_path):
    """Beyond the end of the scale it is what the end is, as in a picture."""
    (first,) = gallery_file.read(written(tmp_path / "run", gallery), ids={"a"})
    low, high = pictures.ends(gallery["0/attention"])
    wanted = gallery["0/attention"].clip(low, high)
    assert np.abs(first["attention"] - wanted).max() <= 0.5 * (high - low) / 255 * 1.001


def test_frames_are_read_back_each_as_a_picture(tmp_path):
    frames = np.broadcast_to(
        np.arange(5, dtype=np.uint8)[:, None, None, None] * 50, (5, 16, 24, 3)
    ).copy()
    frames[3, :, :12] = 255  # its JPEG is longer than the others
    still = np.full((5, 2, 2), 3, np.float32)
    gallery = {"0/id": np.array("v"), "0/frames": frames, "0/attention": still}
    (video,) = gallery_file.read(written(tmp_path / "run", gallery))
    assert video["frames"].shape == frames.shape
    assert np.abs(video["frames"].astype(int) - frames).max() <= 3
    np.testing.assert_array_equal(video["attention"], still)


def test_what_an_attack_changed_is_kept_exactly(rng, tmp_path):
    """It is within a grey level of the image, which JPEG is not."""
    image = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    attacked = {"id": np.array("a"), "image": image, "perturbed": image + np.float32(0.5)}
    gallery = {f"0/{name}": value for name, value in attacked.items()}
    (read,) = gallery_file.read(written(tmp_path / "run", gallery))
    np.testing.assert_array_equal(read["perturbed"] - read["image"], np.float32(0.5))


def test_a_chosen_few_are_read_and_no_more_of_them_than_asked(gallery, tmp_path):
    folder = written(tmp_path / "run", gallery)
    assert gallery_file.read(folder, ("id",), {"b"}) == [{"id": np.array("b")}]
    assert gallery_file.read(folder, ids=()) == []


def test_a_file_of_plain_arrays_is_read_as_it_is(gallery, tmp_path):
    """As earlier versions wrote it."""
    np.savez(tmp_path / gallery_file.GALLERY, **gallery)
    first, _ = gallery_file.read(tmp_path)
    for name, value in first.items():
        np.testing.assert_array_equal(value, gallery[f"0/{name}"])


@pytest.mark.parametrize("damage", ["absent", "no archive", "cut", "no picture"])
def test_a_file_that_cannot_be_read_is_named(gallery, tmp_path, damage):
    path = written(tmp_path / "run", gallery) / gallery_file.GALLERY
    if damage == "absent":
        path.unlink()
    elif damage == "no archive":
        path.write_text("pictures")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-300])
    else:
        np.savez(path, **{"0/id": np.array("a"), "0/image.jpg": np.zeros(9, np.uint8)})
    with refused("gallery.npz", "pictures"):
        gallery_file.read(path.parent)


def test_a_figure_shows_six_of_many_evenly(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    names = [f"{k:02d}" for k in range(13)]
    shown = read_galleries({"x": [keep(folder, [image(name) for name in names])]}, IMAGES)
    assert [str(one["id"]) for one in shown["x"]] == ["00", "02", "05", "07", "10", "12"]
