"""Drawn scenes: written in the published format, read by the real reader, the same each time."""

import resource

import numpy as np
import pytest
from conftest import refused

from keras_attn import datasets, gaze, metrics
from keras_attn.datasets.drawing import scenes


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return datasets.miniature(images=30, root=tmp_path_factory.mktemp("m") / "scenes")


def test_it_goes_through_the_real_reader(drawn):
    assert drawn.report.images == 30
    assert drawn.report.viewers == scenes.VIEWERS
    assert drawn.report.points_outside == drawn.report.images_without_fixations == 0
    low, high = (scenes.VIEWERS * n for n in scenes.FIXATIONS)
    assert all(low <= len(example.points) <= high for example in drawn)
    assert "say nothing about" in drawn.note


def test_the_same_seed_draws_the_same_scenes(drawn, tmp_path):
    again = datasets.miniature(images=30, root=tmp_path / "scenes")
    assert again.fingerprint == drawn.fingerprint
    np.testing.assert_array_equal(again[7].pixels(), drawn[7].pixels())
    other = datasets.miniature(images=30, seed=1, root=tmp_path / "others")
    assert other.fingerprint != drawn.fingerprint


GOLDEN = {  # viewers, points, their mean, the first one, and how many are of the first image
    "folder": (6, 215, (65.470512, 49.319581), (71.85, 43.59), 31),
    "dut_omron": (5, 103, (68.208738, 57.276699), (45.5, 55.5), 18),
    "pascal_s": (8, 278, (66.866906, 50.687050), (71.5, 43.5), 45),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_drawn_stays_what_it_was(name, tmp_path):
    """Pinned: finished runs on drawn scenes would not be those of the same configuration."""
    data = datasets.miniature(name, images=6, root=tmp_path / "scenes")
    viewers, count, mean, first, own = GOLDEN[name]
    assert (data.report.viewers, data.report.points, len(data[0].points)) == (viewers, count, own)
    np.testing.assert_allclose(data[0].points[0], first, atol=1e-9)
    points = np.concatenate([example.points for example in data])
    np.testing.assert_allclose(points.mean(axis=0), mean, atol=1e-6)
    assert data[0].pixels().mean() == pytest.approx(121.404, abs=0.01)
    assert (datasets.read_image(data[0].mask)[..., 0] > 127).sum() == 395


def test_a_folder_that_is_there_is_read_and_not_drawn_again(tmp_path):
    datasets.miniature(images=3, root=tmp_path / "scenes")
    stamp = (tmp_path / "scenes" / "fixations.csv").stat().st_mtime_ns
    datasets.miniature(images=3, root=tmp_path / "scenes")
    assert (tmp_path / "scenes" / "fixations.csv").stat().st_mtime_ns == stamp
    assert [path.name for path in tmp_path.iterdir()] == ["scenes"]


def test_gaze_carries_information_about_the_salient_object(drawn):
    """About ON_TARGET of the fixations but the first ones lie on it, which is a small share."""
    masks = [datasets.read_image(example.mask)[..., 0] > 127 for example in drawn]
    on = [m.flat[gaze.pixels(e.points, e.shape)].mean() for m, e in zip(masks, drawn, strict=True)]
    assert 0.35 < np.mean(on) < 0.75
    assert np.mean([m.mean() for m in masks]) < 0.1
    points = [example.points for example in drawn]
    assert metrics.gaze.s_auc(masks, points) > 0.65


def test_local_contrast_does_not_give_the_salient_object_away(rng):
    """Rings and stripe of the same ink make the same contrast inside the object, within half."""
    ratios = []
    for _ in range(20):
        paint = {"colour": np.full(3, 100.0), "ink": np.full(3, 160.0)}
        spread = []
        for rings in (True, False):
            image = np.full((60, 60, 3), 90, np.float32)
            mask = scenes._object(image, (30, 30, 14), "disc", **paint, rng=rng, rings=rings)
            spread.append(image[mask].std())
        ratios.append(spread[0] / spread[1])
    assert 2 / 3 < np.mean(ratios) < 3 / 2


@pytest.mark.parametrize("shape", [(48, 64), (200, 150)])
def test_scenes_of_any_size_can_be_drawn(rng, shape):
    scene = scenes.draw(rng, shape)
    assert scene.image.shape == (*shape, 3)
    assert gaze.inside(scene.points, shape).all()
    assert len(scene.points) == len(scene.subjects) == len(scene.durations_ms)


def test_scenes_of_other_arguments_are_not_taken_for_those_asked_for(tmp_path):
    datasets.miniature(images=3, root=tmp_path / "scenes")
    with refused("scenes", "'images': 4", "'images': 3"):
        datasets.miniature(images=4, root=tmp_path / "scenes")
    assert len(datasets.miniature(images=4, root=tmp_path / "scenes", overwrite=True)) == 4
    (tmp_path / "mine").mkdir()
    with refused("mine", "'images': 60", "others"):
        datasets.miniature(root=tmp_path / "mine", overwrite=True)


@pytest.mark.parametrize("name", ["folder", "dut_omron", "pascal_s", "cub_vwsw"])
def test_a_full_disk_is_one_error_that_names_the_folder_and_leaves_nothing(name, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with refused("deep", "9 ", "File too large"):
            datasets.miniature(name, images=9, root=tmp_path / "deep" / "scenes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list((tmp_path / "deep").iterdir())


def test_impossible_arguments_are_refused():
    with refused("images", "at least 1"):
        datasets.miniature(images=0)
    with refused("shape", "at least 32", "(20, 200)"):
        datasets.miniature(shape=(20, 200))


def test_an_unknown_format_is_refused():
    with refused("name", "'folder'"):
        datasets.miniature("salicon")


@pytest.fixture(scope="module")
def drawn_birds(tmp_path_factory):
    root = tmp_path_factory.mktemp("m") / "birds"
    return datasets.miniature("cub_vwsw", images=54, shape=(100, 120), root=root)


@pytest.mark.slow
def test_birds_go_through_the_real_reader(drawn_birds):
    data = drawn_birds
    assert data.report.images == 54 and data.report.viewers == 10
    assert len(data.classes) == 9 and data.classes[0] == "Red_headed_Sparrow"
    labels = {name: [e.label for e in data.split(name)] for name in ("train", "test")}
    assert sorted(labels["train"]) == sorted([*range(9)] * 4)
    assert sorted(labels["test"]) == sorted([*range(9)] * 2)
    assert "CUB-SW participant 3 shifted on 12 images" in str(data.report)
    assert "say nothing about people" in data.note


def test_birds_are_cropped_to_the_box_and_looked_at_within_it(drawn_birds):
    whole = datasets.cub_vwsw(drawn_birds[0].image.parents[2], crop=False)
    for crop, image in zip(drawn_birds, whole, strict=True):
        assert image.shape == (100, 120) and crop.box is not None
        assert crop.shape[0] * crop.shape[1] < 100 * 120
        assert 0 < len(crop.points) <= len(image.points)


def test_gaze_on_birds_carries_information_about_the_class(drawn_birds):
    """Around the fixations the telling colour is more frequent than in the picture."""
    from keras_attn.datasets.drawing import birds

    shares = []
    for example in drawn_birds:
        telling = np.array(birds.COLOURS[birds.CLASSES[example.label][3]])
        image = example.pixels().astype(float)
        near = (np.abs(image - telling).max(axis=-1) < 60).ravel()
        seen = near[gaze.pixels(example.points, example.shape)].mean()
        shares.append((seen, near.mean()))
    seen, everywhere = np.mean(shares, axis=0)
    assert seen > 2.5 * everywhere > 0


def test_classes_of_birds_differ_in_one_part():
    from keras_attn.datasets.drawing import birds

    assert len({(part, colour) for _, _, part, colour in birds.CLASSES}) == 9
    assert len({name for _, name, _, _ in birds.CLASSES}) == 9
