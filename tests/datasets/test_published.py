"""DUT-OMRON and PASCAL-S: the published formats, their oddities, and folds."""

import numpy as np
import pytest
import scipy.io
from conftest import real, refused

from keras_attn import datasets, metrics
from keras_attn.datasets.formats.dut_omron import REMOVED
from keras_attn.datasets.formats.pascal_s import write_cells
from keras_attn.datasets.readers.matlab import read_cells, read_variable

READERS = {"dut_omron": datasets.dut_omron, "pascal_s": datasets.pascal_s}
VIEWERS = {"dut_omron": 5, "pascal_s": 8}


@pytest.fixture(params=list(READERS))
def name(request):
    return request.param


@pytest.fixture
def root(name, tmp_path):
    datasets.miniature(name, images=6, root=tmp_path / "drawn")
    return tmp_path / "drawn"


def test_the_miniature_goes_through_the_real_reader(name, root):
    data = READERS[name](root)
    assert (data.report.images, data.report.viewers) == (6, VIEWERS[name])
    assert data.report.points == sum(len(e.points) for e in data) > 60
    assert data.report.points_outside == 0
    for example in data:
        assert example.shape == example.pixels().shape[:2] == (96, 128)
        assert datasets.read_image(example.mask).shape[:2] == (96, 128)


def test_points_lie_at_the_centres_of_their_pixels(name, root):
    for example in READERS[name](root):
        np.testing.assert_array_equal(example.points % 1, 0.5)


def test_gaze_falls_on_the_masks_of_its_own_images(name, root):
    """Coordinates exchanged, or shifted to another image, would not."""
    data = READERS[name](root)
    masks = [datasets.read_image(e.mask)[..., 0] for e in data]
    assert metrics.gaze.s_auc(masks, [e.points for e in data]) > 0.65


def test_both_formats_hold_the_same_scenes_and_points(tmp_path):
    """From one seed both are drawn alike but for their viewers; the first viewer is the same."""
    one = datasets.miniature("pascal_s", images=3, root=tmp_path / "p")
    other = datasets.miniature("dut_omron", images=3, root=tmp_path / "d")
    np.testing.assert_array_equal(one[0].pixels(), other[0].pixels())
    first = one[0].points[one[0].subjects == 1].tolist()
    assert all(p in first for p in other[0].points[other[0].subjects == 1].tolist())


def test_notes_say_what_the_gaze_knows(tmp_path):
    drawn = datasets.miniature("dut_omron", images=3, root=tmp_path / "d")
    assert "say nothing about people" in drawn.note and "knows a little of the mask" in drawn.note


# --- by hand ----------------------------------------------------------------------------------


def test_dut_omron_drops_the_size_row_and_counts_strays_and_removals(tmp_path):
    datasets.miniature("dut_omron", images=2, root=tmp_path / "d")
    root = tmp_path / "d"
    rows = [[128, 96, 0], [0, 0, 1], [127, 95, 2], [128, 3, 2], [5, 96, 3]]
    path = root / "DUT-OMRON-eye-fixations" / "mat" / "img_000000001.mat"
    scipy.io.savemat(path, {"s": np.array(rows, np.uint16)})
    for stem in REMOVED[:2]:
        (root / "DUT-OMRON-image" / f"{stem}.jpg").write_bytes(b"withdrawn")
    (root / "DUT-OMRON-image" / "._img_000000001.jpg").write_bytes(b"of macOS")
    data = datasets.dut_omron(root)
    np.testing.assert_array_equal(data[0].points, [[0.5, 0.5], [127.5, 95.5]])
    assert data[0].subjects.tolist() == [1, 2]
    assert data.report.points_outside == 2 and data.report.known_removals == 2
    assert "2 known removals" in str(data.report)


def test_pascal_s_counts_from_one_and_has_rows_before_columns(tmp_path):
    datasets.miniature("pascal_s", images=2, root=tmp_path / "p")
    path = tmp_path / "p" / "datasets" / "fixations" / "pascalFix.mat"
    write_cells(path, "fixCell", [[[1, 1, 3], [96, 128, 4], [97, 1, 4]], np.zeros((1, 3)) + 5])
    data = datasets.pascal_s(tmp_path / "p")
    np.testing.assert_array_equal(data[0].points, [[0.5, 0.5], [127.5, 95.5]])
    assert data[0].subjects.tolist() == [3, 4]
    np.testing.assert_array_equal(data[1].points, [[4.5, 4.5]])
    assert data.report.points_outside == 1


def test_pascal_s_is_ordered_by_number_and_an_empty_cell_is_an_image_without_gaze(tmp_path):
    drawn = datasets.miniature("pascal_s", images=11, root=tmp_path / "p")
    assert [e.id for e in drawn] == [str(n) for n in range(1, 12)]
    path = tmp_path / "p" / "datasets" / "fixations" / "pascalFix.mat"
    cells = [np.zeros((0, 3)), *[[[5, 5, 1]]] * 10]
    write_cells(path, "fixCell", cells)
    data = datasets.pascal_s(tmp_path / "p")
    assert data.report.images_without_fixations == 1 and len(data[0].points) == 0


def test_a_viewer_that_is_no_number_takes_the_point_along(name, root):
    rows = np.array([[3, 4, 1], [5, 6, np.nan], [np.nan, 7, 2], [8, 9, 3]])
    write_gaze(name, root, rows)
    data = READERS[name](root)
    assert len(data[0].points) == 2 and sorted(data[0].subjects) == [1, 3]
    assert data.report.points_not_a_number == 2
    assert data.report.viewers <= VIEWERS[name]


def write_gaze(name, root, rows):
    """Replace the gaze of the first image, of PASCAL-S of all."""
    if name == "dut_omron":
        path = root / "DUT-OMRON-eye-fixations" / "mat" / "img_000000001.mat"
        scipy.io.savemat(path, {"s": rows})
    else:
        cells = [rows, *[[[5, 5, 1]]] * 5]
        write_cells(root / "datasets" / "fixations" / "pascalFix.mat", "fixCell", cells)


def test_an_image_without_a_row_of_gaze_has_no_fixations(name, root):
    write_gaze(name, root, np.zeros((0, 0)))
    data = READERS[name](root)
    assert data.report.images_without_fixations == 1 and len(data[0].points) == 0


@pytest.mark.parametrize("spoil", [lambda b: b[:-40], lambda b: b[:60] + b"?" + b[61:]])
def test_a_damaged_mask_is_found_on_reading(tmp_path, spoil):
    """Also where its header and its end are as they should be."""
    drawn = datasets.miniature("dut_omron", images=3, root=tmp_path / "d")
    content = drawn[1].mask.read_bytes()
    drawn[1].mask.write_bytes(spoil(content))
    data = datasets.dut_omron(tmp_path / "d", on_bad_example="skip")
    assert [e.id for e in data] == ["img_000000001", "img_000000003"]
    with refused("img_000000002.png", "whole image"):
        datasets.dut_omron(tmp_path / "d")


# --- the real ones ----------------------------------------------------------------------------


def test_pascal_s_is_read_as_it_was_published():
    """The counts and means that pysaliency's tests hold; here a pixel's centre is at a half."""
    data = datasets.pascal_s(real("data/PASCAL-S"))
    assert (data.report.images, data.report.points, data.report.points_outside) == (850, 40314, 0)
    assert len(data[0].points) == 35
    means = np.concatenate([example.points for example in data]).mean(axis=0) - 0.5
    np.testing.assert_allclose(means, [240.7276, 194.8576], atol=1e-4)


def test_dut_omron_is_read_as_it_was_published():
    """5,172 images, of which the masks of four were withdrawn."""
    data = datasets.dut_omron(real("data/DUT-OMRON"))
    assert data.report.images == 5168
    assert data.report.known_removals in (0, len(REMOVED))  # archives of both kinds are around
    assert data.report.viewers == 5
    assert max(max(example.shape) for example in data) == 400


# --- folds ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return datasets.miniature(images=13, root=tmp_path_factory.mktemp("m") / "scenes")


def test_each_image_is_tested_once_and_never_trained_on_there(drawn):
    tested = []
    for number in range(5):
        train, test = drawn.fold(number)
        assert {e.id for e in train} | {e.id for e in test} == {e.id for e in drawn}
        assert not {e.id for e in train} & {e.id for e in test}
        assert len(test) in (2, 3)
        tested += [e.id for e in test]
    assert sorted(tested) == sorted(e.id for e in drawn)


def test_folds_are_the_same_everywhere_and_change_with_the_seed(drawn):
    """Pinned: a fold that changed would make finished runs incomparable."""
    assert [e.id for e in drawn.fold(0)[1]] == ["scene_0009", "scene_0011", "scene_0012"]
    assert [e.id for e in drawn.fold(0, seed=1)[1]] != [e.id for e in drawn.fold(0)[1]]


def test_a_fold_keeps_the_negatives_and_the_centre_bias_of_the_whole_dataset(drawn):
    from keras_attn.evaluation.gaze_scores import Blur, GazeScores

    _, test = drawn.fold(2)
    place = next(i for i, e in enumerate(drawn) if e.id == test[1].id)
    whole, part = (GazeScores.of_image(d, i, Blur()) for d, i in ((drawn, place), (test, 1)))
    np.testing.assert_array_equal(np.sort(part.others.negatives), np.sort(whole.others.negatives))
    np.testing.assert_array_equal(part.centre_bias, whole.centre_bias)
    again, _ = test.part("some", [0, 1]).fold(0, of=2)
    assert again.pool is drawn.pool


def test_impossible_folds_are_refused(drawn):
    for number, of in ((5, 5), (-1, 5), (0, 1), (0, 14)):
        with refused("fold", ("from 0", "folds"), f"{number} of {of}"):
            drawn.fold(number, of=of)


# --- what bad input gets ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "spoil", "facts"),
    [
        ("dut_omron", "DUT-OMRON-image", ("DUT-OMRON-image", ".jpg")),
        ("dut_omron", "pixelwiseGT-new-PNG", ("pixelwiseGT-new-PNG", ".png", "no such folder")),
        (
            "dut_omron",
            "pixelwiseGT-new-PNG/img_000000002.png",
            ("img_000000002.jpg", "PNG", "none"),
        ),
        (
            "dut_omron",
            "DUT-OMRON-eye-fixations/mat/img_000000002.mat",
            ("img_000000002.mat", "img_000000002.jpg", "no such"),
        ),
        ("pascal_s", "datasets/imgs/pascal", ("imgs/pascal", ".jpg")),
        ("pascal_s", "datasets/masks/pascal/2.png", ("2.jpg", "PNG", "none")),
        (
            "pascal_s",
            "datasets/fixations/pascalFix.mat",
            ("pascalFix.mat", "'fixCell'", "no such file"),
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path, name, spoil, facts):
    datasets.miniature(name, images=3, root=tmp_path / "drawn")
    path = tmp_path / "drawn" / spoil
    path.rename(tmp_path / "away")
    with refused(*facts):
        READERS[name](tmp_path / "drawn")


def test_a_bad_example_can_be_skipped(tmp_path):
    datasets.miniature("dut_omron", images=3, root=tmp_path / "d")
    path = tmp_path / "d" / "DUT-OMRON-eye-fixations" / "mat" / "img_000000002.mat"
    path.write_bytes(path.read_bytes()[:50])
    with refused("img_000000002.mat", ("MATLAB", "'s'")):
        datasets.dut_omron(tmp_path / "d")
    data = datasets.dut_omron(tmp_path / "d", on_bad_example="skip")
    assert [e.id for e in data] == ["img_000000001", "img_000000003"]
    assert "1 skipped" in str(data.report)


def test_more_images_than_cells_are_refused(tmp_path):
    datasets.miniature("pascal_s", images=3, root=tmp_path / "p")
    path = tmp_path / "p" / "datasets" / "fixations" / "pascalFix.mat"
    write_cells(path, "fixCell", [[[1, 1, 1]]] * 2)
    with refused("pascal", ("1.jpg", "2.jpg"), "3.jpg"):
        datasets.pascal_s(tmp_path / "p")
    write_cells(path, "fixCell", [[[1, 1]]] * 3)
    with refused("fixCell{1}", "rows of y, x, viewer"):
        datasets.pascal_s(tmp_path / "p")


def test_matlab_files_without_the_variable_or_of_another_version_are_refused(tmp_path):
    scipy.io.savemat(tmp_path / "five.mat", {"t": [[1, 2]], "c": np.array(["text"])})
    write_cells(tmp_path / "seven.mat", "other", [[[1, 2]]])
    with refused("five.mat", "variable 's'", "variables t, c"):
        read_variable(tmp_path / "five.mat", "s")
    with refused("five.mat", "'c'", "<U4"):
        read_variable(tmp_path / "five.mat", "c")
    with refused("seven.mat", "MATLAB file", ("cannot be read", "HDF")):
        read_variable(tmp_path / "seven.mat", "s")
    with refused("seven.mat", "'fixCell'", "other"):
        read_cells(tmp_path / "seven.mat", "fixCell")
    with refused("five.mat", "MATLAB 7.3 file", "cannot be read"):
        read_cells(tmp_path / "five.mat", "t")
