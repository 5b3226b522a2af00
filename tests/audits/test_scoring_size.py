"""Gaze on large images is scored at a smaller size, which hardly moves a score and is told."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import keras_attn as ka
from keras_attn import datasets
from keras_attn.datasets.base import Example, GazeDataset
from keras_attn.datasets.readers.reading_report import ReadingReport
from keras_attn.evaluation.gaze_scores import (
    Blur,
    GazeScores,
    notes_on,
    scored_shape,
    scored_smaller,
)
from keras_attn.evaluation.rows import LARGEST
from keras_attn.metrics.columns import COLUMNS
from keras_attn.resizing import at_size

LARGE = (1200, 1800)
KEYS = [column.key for column in COLUMNS]


def looked_at(shape, images=6, points=150, seed=0):
    """A dataset of images of a shape, without files: gaze of three viewers around the centre."""
    rng, examples = np.random.default_rng(seed), []
    for number in range(images):
        xy = rng.normal(0.5, 0.15, (points, 2)) + rng.normal(0, 0.08, 2)
        xy = np.clip(xy, 0, 0.999) * shape[::-1]
        whose = np.arange(points) % 3
        examples.append(Example(f"{number}", Path("none.png"), shape, xy, whose))
    return GazeDataset("drawn", tuple(examples), ReadingReport())


def scores(dataset, make, largest):
    """Scores `(images, KEYS)` of the maps of the given images, `make(index)`, at a size."""
    found = []
    for index in range(len(dataset)):
        scorer = GazeScores.of_image(dataset, index, Blur(), largest)
        found.append(scorer.of(at_size(make(index), scorer.shape))[: len(KEYS)])
    return np.array(found)


@pytest.mark.parametrize(
    ("shape", "scored"),
    [
        ((300, 400), (300, 400)),
        ((768, 1024), (768, 1024)),
        ((1024, 1024), (1024, 1024)),
        ((1, 1), (1, 1)),
        ((4000, 6000), (683, 1024)),
        ((6000, 4000), (1024, 683)),
        ((1080, 1920), (576, 1024)),
        ((1, 5000), (1, 1024)),
    ],
)
def test_a_side_is_at_most_that_long_and_proportions_stay(shape, scored):
    assert scored_shape(shape) == scored


def test_images_up_to_the_largest_size_are_scored_as_the_metrics_score_them():
    """By arrays alone, at the image's own size: to the last bit where the size is not changed."""
    data, rng = looked_at((80, 120)), np.random.default_rng(1)
    made = [rng.random((80, 120)) for _ in data]
    points = [example.points for example in data]
    found = scores(data, made.__getitem__, LARGEST)
    same = scores(data, made.__getitem__, 120)
    np.testing.assert_array_equal(found, same)
    metrics = ka.metrics.gaze
    densities = [ka.gaze.density(example.points, example.shape) for example in data]
    expected = {
        "s_auc": metrics.s_auc_per_image(made, points),
        "auc_judd": metrics.auc_judd_per_image(made, points),
        "nss": metrics.nss_per_image(made, points),
        "cc": metrics.cc_per_image(made, densities),
        "sim": metrics.sim_per_image(made, densities),
        "kl": metrics.kl_divergence_per_image(made, densities),
        "ig": [metrics.information_gain(made, points)],
    }
    for name, values in expected.items():
        column = found[:, KEYS.index(name)]
        np.testing.assert_array_equal(column.mean() if name == "ig" else column, np.array(values))


@pytest.mark.slow
def test_scores_of_a_large_image_are_those_of_its_own_size():
    data, rng = looked_at(LARGE, images=4), np.random.default_rng(2)
    made = [rng.random((14, 14)) for _ in data]
    full = scores(data, made.__getitem__, max(LARGE))
    small = scores(data, made.__getitem__, LARGEST)
    moved = dict(zip(KEYS, np.abs((small - full).mean(axis=0)), strict=True))
    assert moved["s_auc"] > 0 and max(moved.values()) < 2e-3, moved
    assert max(moved[key] for key in ("s_auc", "auc_judd", "cc", "sim", "kl")) < 1e-3, moved


@pytest.mark.slow
def test_a_probability_of_zero_costs_what_it_costs_at_the_own_size():
    """A zero counts 52 bits, whatever the others are: with fewer pixels, more than they."""
    data = looked_at(LARGE, images=3, points=60)
    seen = np.ones((12, 12))
    seen[:, :6] = 0
    seen[:, 5:7] = 0.5
    full, small = (scores(data, lambda _: seen, size) for size in (max(LARGE), LARGEST))
    ig, kl = KEYS.index("ig"), KEYS.index("kl")
    assert full[:, ig].mean() < -2
    assert np.abs(small - full)[:, [ig, kl]].mean() < 0.01


def test_fixations_on_two_pixels_of_the_image_stay_two():
    def scorer(points):
        first = Example("a", Path("a.png"), LARGE, np.array(points), np.zeros(len(points)))
        rest = looked_at(LARGE).examples
        data = GazeDataset("drawn", (first, *rest), ReadingReport())
        return GazeScores.of_image(data, 0, Blur())

    near, far = (600.2, 600.2), (1500.5, 300.5)
    one, other = (scorer([near, beside, far]) for beside in ((600.3, 600.3), (601.1, 600.2)))
    assert [len(s.gaze.distinct) for s in (one, other)] == [2, 3]
    # The two are of one pixel of the size that is scored; each of them counts.
    assert len(set(other.gaze.distinct.tolist())) == 2


def test_all_folds_of_a_dataset_say_the_same_of_it():
    points, whose = np.array([[1.0, 1.0], [2.0, 3.0]]), np.array(["a", "b"])
    sides = {"a": 1500, "b": 1400, "c": 60, "d": 50}
    examples = [Example(name, Path(name), (side, 8), points, whose) for name, side in sides.items()]
    data = GazeDataset("mine", tuple(examples), ReadingReport(images=4))
    parts = {"one": (0, 2), "another": (0, 1, 3), "of small ones": (2, 3)}
    one, another, small = (notes_on(data.part(*part), scored=True) for part in parts.items())
    assert one == another and one[0].startswith("2 of 4 images have a side of more")
    assert small == ()


def test_an_audit_says_which_images_were_scored_smaller(tmp_path):
    (tmp_path / "images").mkdir()
    lines = ["image,subject,x,y"]
    for name, size in (("a", (1500, 700)), ("b", (60, 40)), ("c", (60, 40))):
        Image.new("RGB", size).save(tmp_path / "images" / f"{name}.png")
        lines += [f"{name},{viewer},{size[0] / 2 + viewer},{size[1] / 3}" for viewer in (0, 1)]
    (tmp_path / "fixations.csv").write_text("\n".join(lines) + "\n")
    data = datasets.folder(tmp_path)
    maps = tmp_path / "maps"
    maps.mkdir()
    for example in data:
        np.save(maps / f"{example.id}.npy", np.random.default_rng(0).random(example.shape))
    result = ka.audit(maps, data, progress=False)
    told = "1 of 3 images have a side of more than 1024 pixels"
    assert told in str(result) and "(700×1500 to 478×1024)" in str(result)
    assert scored_smaller(data[1:]) == []
    assert result.gallery.maps
