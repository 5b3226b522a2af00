"""Coordinates of any kind in pixels of each picture, and those that cannot be are refused."""

import numpy as np
import pytest
from conftest import refused
from PIL import Image

from keras_attn import datasets, metrics
from keras_attn.datasets.readers import coordinates, gaze_remarks
from keras_attn.gaze_format import GazeFormat
from keras_attn.metrics import plausibility

SHAPE = (300, 400)
SIZE = np.array([400.0, 300.0])


def converted(points, shape=SHAPE, **form):
    return coordinates.in_pixels(np.array(points, float), shape, GazeFormat(**form), "image 'a'")


@pytest.mark.parametrize(
    ("form", "written", "pixel"),
    [
        ({}, (100, 75), (100, 75)),
        ({"y_axis": "up"}, (100, 75), (100, 225)),
        ({"coordinates": "normalised"}, (0.25, 0.25), (100, 75)),
        ({"coordinates": "normalised", "y_axis": "up"}, (0.25, 0.25), (100, 225)),
        ({"coordinates": "centred"}, (-100, -75), (100, 75)),
        ({"coordinates": "centred", "y_axis": "up"}, (-100, -75), (100, 225)),
        ({"screen": (800, 600), "place": "stretch"}, (200, 150), (100, 75)),
        ({"screen": (800, 600), "place": "centre"}, (300, 225), (100, 75)),
        ({"screen": (800, 800), "place": "fit"}, (200, 250), (100, 75)),
        ({"screen": (800, 600), "place": (10, 20, 200, 150)}, (60, 57.5), (100, 75)),
        ({"screen": (800, 600), "place": "centre", "y_axis": "up"}, (300, 375), (100, 75)),
        (
            {"screen": (800, 600), "place": "centre", "coordinates": "normalised"},
            (0.375, 0.375),
            (100, 75),
        ),
        (
            {"screen": (800, 600), "place": "centre", "coordinates": "centred"},
            (-100, -75),
            (100, 75),
        ),
        ({"screen": (400, 300)}, (100, 75), (100, 75)),
    ],
)
def test_points_are_pixels_of_their_picture(form, written, pixel):
    np.testing.assert_allclose(converted([written], **form), [pixel])


def test_where_a_picture_lay_on_a_larger_screen_has_to_be_said():
    with refused("place", ("place=", "'centre', 'fit', 'stretch'", "--place"), "400 × 300"):
        converted([(1, 1)], screen=(800, 600))


def test_a_picture_larger_than_the_screen_did_not_lie_in_its_middle():
    with refused("place", ("300 × 300", "place='fit'"), "400 × 300"):
        converted([(1, 1)], screen=(300, 300), place="centre")


def test_a_code_for_no_gaze_is_a_number_that_both_coordinates_have():
    made = converted([(0, 0), (0, 5), (-1, -1), (7, 0)], missing=(0, -1))
    np.testing.assert_array_equal(np.isnan(made).all(axis=1), [True, False, True, False])


@pytest.mark.parametrize("code", [(0, 480), "0,480", "0, 480.0"])
def test_a_code_for_no_gaze_may_be_a_point(code):
    made = converted([(0, 480), (0, 0), (480, 480), (480, 0)], missing=(code, 0))
    np.testing.assert_array_equal(np.isnan(made).all(axis=1), [True, True, False, False])


@pytest.mark.parametrize(
    ("form", "where"),
    [
        ({"coordinates": "percent"}, "coordinates"),
        ({"y_axis": "left"}, "y_axis"),
        ({"screen": (100,)}, "screen"),
        ({"screen": (100, -1)}, "screen"),
        ({"place": "fit"}, "place"),
        ({"screen": (9, 9), "place": "left"}, "place"),
        ({"screen": (9, 9), "place": (0, 0, 0, 5)}, "place"),
        ({"most_lost": 0}, "most_lost"),
        ({"separator": ""}, "separator"),
        ({"separator": ",,"}, "separator"),
        ({"separator": "."}, "separator"),
        ({"missing": ((1, 2, 3),)}, "missing"),
        ({"missing": (None,)}, "missing"),
        ({"encoding": "latin-one"}, "encoding"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(form, where):
    with refused(where):
        GazeFormat(**form)


# --- what cannot be pixels ----------------------------------------------------------------------


def looked(images=10, viewers=6, each=8, seed=0):
    """Points as people look, about the middle: one `(N, 2)` array for each picture, and whose."""
    rng = np.random.default_rng(seed)
    count = viewers * each
    points = [
        np.clip(rng.normal(0.5, 0.17, (count, 2)), 0.001, 0.999) * SIZE for _ in range(images)
    ]
    return points, [np.repeat(np.arange(viewers).astype(str), each)] * images


def told(change, *, images=10, viewers=6, each=8, seed=0, **form):
    points, subjects = looked(images, viewers, each, seed)
    written = [change(p) for p in points]
    form = GazeFormat(**form)
    made = [coordinates.in_pixels(p, SHAPE, form, "a") for p in written]
    options = {"raw": written, "subjects": subjects, "form": form}
    found = plausibility.suspicion(plausibility.Points.of(made, [SHAPE] * images, **options))
    return str(found or "")


def some(points, share, value):
    points = points.copy()
    points[:: round(1 / share)] = value
    return points


def one_viewer(change):
    def changed(points):
        points = points.copy()
        points[:8] = change(points[:8])
        return points

    return changed


WRONG = {
    "normalised": (lambda p: p / SIZE, "coordinates='normalised'"),
    "between -1 and 1": (lambda p: p / SIZE * 2 - 1, "turn them into 0 to 1"),
    "per cent": (lambda p: p / SIZE * 100, "as per cent do"),
    "twice as large": (lambda p: p * 2, "screen=(width, height)"),
    "a quarter larger": (lambda p: p * 1.25, "screen=(width, height)"),
    "half as large": (lambda p: p / 2, "of another size do; say screen="),
    "three quarters": (lambda p: p * 0.75, "of another size do; say screen="),
    "from the middle": (lambda p: p - SIZE / 2, "coordinates='centred'"),
    "on a screen": (lambda p: p + np.array([760, 390]), "screen=(width, height)"),
    "exchanged": (lambda p: p[:, ::-1], "exchange the two columns"),
    "0, 0": (lambda p: some(p, 0.03, 0), "say missing=(0,) (--missing 0)"),
    "-1, -1": (lambda p: some(p, 0.34, -1), "say missing=(-1,) (--missing -1)"),
    "one pixel": (
        lambda p: some(p, 0.34, (200, 150)),
        "say missing=((200, 150),) (--missing 200,150)",
    ),
    "one viewer normalised": (one_viewer(lambda p: p / SIZE), "viewer 0 lie between 0 and 1"),
    "one viewer elsewhere": (one_viewer(lambda p: p + 400), "of viewer 0 lie off"),
    "one viewer half as large": (one_viewer(lambda p: p / 2), "all points of viewer 0 lie between"),
    "one viewer in per cent": (one_viewer(lambda p: p / SIZE * 100), "of viewer 0 lie between"),
    "1, 1": (lambda p: some(p, 0.03, 1), "say missing=(1,) (--missing 1)"),
    "the last pixel": (
        lambda p: some(p, 0.03, (399, 299)),
        "say missing=((399, 299),) (--missing 399,299)",
    ),
    "degrees": (lambda p: (p - SIZE / 2) / 20, "degrees or centimetres from the middle; turn them"),
    "degrees from the corner": (lambda p: p / 20, "as degrees, centimetres or per cent do"),
    "one column twice": (lambda p: p[:, [1, 1]], "x and y are the same in every row"),
    "clipped": (lambda p: ((p - SIZE / 2) * 2 + SIZE / 2).clip(0, SIZE - 1), "outermost pixels"),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_pixels_is_told_with_how_to_read_it(name, seed):
    change, expected = WRONG[name]
    assert expected in told(change, seed=seed)


def test_one_viewer_whose_columns_are_exchanged_is_told():
    expected = "of viewer 0 lie off the picture, but would not if y were x; exchange"
    assert expected in told(one_viewer(lambda p: p[:, ::-1]), images=30)


def test_degrees_said_to_be_pixels_from_the_middle_are_refused():
    assert "degrees" in told(lambda p: (p - SIZE / 2) / 20, coordinates="centred")


def test_a_part_of_the_pictures_in_other_units_is_told_as_such():
    points, subjects = looked()
    points[3] = points[3] / SIZE
    found = plausibility.suspicion(
        plausibility.Points.of(points, [SHAPE] * 10, subjects=subjects, form=GazeFormat())
    )
    assert "between 0 and 1, unlike those of the others" in str(found)


@pytest.mark.parametrize("seed", range(3))
def test_viewings_that_begin_at_one_place_in_the_middle_are_no_code(seed):
    def begun(points):
        points = points.copy()
        points[::3] = SIZE / 2
        return points

    assert told(begun, each=3, images=20, seed=seed) == ""
    assert "are at (200, 150)" in told(begun, each=9, images=20, seed=seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("place", [(0.2, 0.5), (0.22, 0.25), (0.8, 0.75)])
def test_an_object_that_is_always_in_one_place_is_plausible(place, seed):
    def attracted(points):
        rng = np.random.default_rng(seed)
        on = rng.normal(place, 0.06, points.shape) * SIZE
        return np.where(rng.random(len(points))[:, None] < 0.8, on, points).clip(1, SIZE - 2)

    assert told(attracted, seed=seed) == ""


@pytest.mark.parametrize("name", ["normalised", "per cent", "twice as large", "half as large"])
def test_a_few_points_are_enough_for_gross_mistakes(name):
    change, expected = WRONG[name]
    assert expected in told(change, images=4, viewers=2, each=6)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "change",
    [
        lambda p: p,
        np.floor,
        lambda p: np.where(p[:, :1] < 60, np.nan, p),
        lambda p: p + np.array([8, 5]),
    ],
)
def test_what_people_look_at_is_plausible(change, seed):
    assert told(change, seed=seed) == ""


@pytest.mark.parametrize(
    ("change", "form"),
    [
        (lambda p: p / SIZE, {"coordinates": "normalised"}),
        (lambda p: p - SIZE / 2, {"coordinates": "centred"}),
        (lambda p: p * 2, {"screen": (800, 600), "place": "stretch"}),
        (lambda p: some(p, 0.1, 0), {"missing": (0,)}),
        (lambda p: some(p, 0.1, 0), {"missing": ()}),
        (lambda p: some(p, 0.34, (200, 150)), {"missing": ()}),
        (lambda p: p * 2, {"most_lost": 1}),
    ],
)
def test_what_is_said_is_believed(change, form):
    assert told(change, **form) == ""


def test_pixels_said_to_be_normalised_are_refused():
    assert "say coordinates='pixels'" in told(lambda p: p, coordinates="normalised")


def write(root, points, subjects):
    (root / "images").mkdir()
    rows = ["image,subject,x,y"]
    for number, (its, whose) in enumerate(zip(points, subjects, strict=True)):
        Image.new("RGB", (400, 300)).save(root / "images" / f"{number}.png")
        rows += [f"{number},{s},{x},{y}" for (x, y), s in zip(its, whose, strict=True)]
    (root / "fixations.csv").write_text("\n".join(rows) + "\n")


def test_a_folder_of_normalised_points_is_refused_and_read_where_that_is_said(tmp_path):
    points, subjects = looked(3, 2, 4)
    write(tmp_path, [p / SIZE for p in points], subjects)
    with refused("fixations.csv", received="coordinates='normalised'"):
        datasets.folder(tmp_path)
    data = datasets.folder(tmp_path, coordinates="normalised")
    np.testing.assert_allclose(data[0].points, points[0])


def test_metrics_warn_of_points_that_may_not_be_pixels():
    points, _ = looked(4, 2, 6)
    maps = [np.random.default_rng(i).random(SHAPE) for i in range(4)]
    with pytest.warns(UserWarning, match="normalised"):
        metrics.gaze.s_auc(maps, [p / SIZE for p in points])


# --- what is remarked -----------------------------------------------------------------------------


def remarked(change, **sizes):
    points, subjects = looked(**sizes)
    made = plausibility.Points.of(
        [change(p) for p in points], [SHAPE] * len(points), subjects=subjects
    )
    return " ".join(gaze_remarks.remarks(made))


@pytest.mark.parametrize("change", [lambda p: p, np.floor])
def test_fixations_are_read_without_a_remark(change):
    assert remarked(change) == ""


def test_a_coordinate_that_never_changes_is_remarked():
    """It may be the line of a text."""
    assert remarked(lambda p: p * (1, 0) + (0, 99)) == "y is 99 in every row"


def test_points_at_the_edge_are_remarked():
    def without_x(points):
        points = points.copy()
        points[::9, 0] = 0
        return points

    assert "% of the points lie in the outermost pixels" in remarked(without_x)


def test_pictures_whose_points_all_lie_top_left_are_remarked():
    points, subjects = looked()
    halved = [p / 2 if number < 5 else p for number, p in enumerate(points)]
    made = plausibility.Points.of(halved, [SHAPE] * 10, subjects=subjects, ids=list("abcdefghij"))
    assert "of 5 pictures lie top left, as of another size: a, b, c" in str(
        gaze_remarks.remarks(made)
    )


def test_points_in_a_different_corner_of_each_picture_are_not_remarked():
    points, subjects = looked(20)
    places = [np.array([n % 2, n // 2 % 2]) * SIZE / 2 for n in range(20)]
    points = [p / 2 + place for p, place in zip(points, places, strict=True)]
    made = plausibility.Points.of(points, [SHAPE] * 20, subjects=subjects)
    assert plausibility.suspicion(made) is None and gaze_remarks.remarks(made) == []


def test_a_column_that_numbers_the_rows_is_no_coordinate():
    points, subjects = looked(3, 2, 4)
    for number, place in enumerate(points):
        place[:, 0] = 8 * number + np.arange(8)
    found = plausibility.suspicion(plausibility.Points.of(points, [SHAPE] * 3, subjects=subjects))
    assert str(found) == "x numbers the rows; put the coordinate there"


def test_samples_are_not_taken_for_fixations_without_a_remark():
    def sampled(points):
        return np.repeat(points, 25, axis=0) + np.tile(np.linspace(0, 1, 25), len(points))[:, None]

    points, subjects = looked()
    subjects = [np.repeat(whose, 25) for whose in subjects]
    made = plausibility.Points.of([sampled(p) for p in points], [SHAPE] * 10, subjects=subjects)
    assert "samples, and no fixations?" in " ".join(gaze_remarks.remarks(made))


def test_rows_that_are_there_twice_are_remarked(tmp_path):
    points, subjects = looked(3, 2, 4)
    write(tmp_path, [np.concatenate([p, p]) for p in points], [np.tile(s, 2) for s in subjects])
    assert "24 points are there more than once" in str(datasets.folder(tmp_path).report)
