"""CUB-200-2011 with the gaze of CUB-GHA: lists, boxes, runs, and fixations carried over."""

import shutil

import cv2
import numpy as np
import pytest
from conftest import refused

import keras_attn as ka
from keras_attn import configs
from keras_attn.tasks import fine_grained

CLASSES = ("001.Black_footed_Albatross", "002.Laysan_Albatross")
IMAGES = {1: (0, "a_1", (100, 80)), 2: (0, "a_2", (60, 90)), 3: (1, "l_3", (100, 80))}
IMAGES[4] = (1, "l_4", (200, 100))
"""Class, name, and (width, height), by number."""
LISTS = {
    "images.txt": [f"{n} {CLASSES[of]}/{name}.jpg" for n, (of, name, _) in IMAGES.items()],
    "classes.txt": ["1 001.Black_footed_Albatross", "2 002.Laysan_Albatross"],
    "image_class_labels.txt": [f"{n} {of + 1}" for n, (of, _, _) in IMAGES.items()],
    "train_test_split.txt": ["1 1", "2 0", "3 1", "4 0"],
    "bounding_boxes.txt": ["1 10.0 20.0 50.0 40.0", "2 0 0 60 90", "3 9.6 0.4 95 90", "4 1 1 9 9"],
}
RUNS = {
    1: ["3,100,80,20,10,300,99,79,150", "1,100,80,0,0,100,30,40,250,100,40,120", "2,60,90,5,6,200"],
    2: ["1,100,80,12,25,200,60,60,900", "4,200,100,5,5,180"],
}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("gha") / "CUB_200_2011"
    for of, name, (width, height) in IMAGES.values():
        folder = root / "images" / CLASSES[of]
        folder.mkdir(parents=True, exist_ok=True)
        picture = np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))
        cv2.imwrite(str(folder / f"{name}.jpg"), picture)
    for name, lines in LISTS.items():
        (root / name).write_text("\n".join(lines) + "\n")
    for number, lines in RUNS.items():
        write_run(root, number, lines)
    return root


def write_run(root, number, lines):
    (root / "data_5runs").mkdir(exist_ok=True)
    (root / "data_5runs" / f"Fixation_run{number}.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture
def root(published, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(published, tmp_path / "CUB_200_2011")


def test_points_lie_at_the_centres_of_their_pixels_and_viewers_are_runs(published):
    data = ka.datasets.cub_gha(published, crop=False)
    assert [example.id for example in data] == ["a_1", "a_2", "l_3", "l_4"]
    np.testing.assert_array_equal(
        data[0].points, [[0.5, 0.5], [30.5, 40.5], [12.5, 25.5], [60.5, 60.5]]
    )
    assert data[0].subjects.tolist() == ["run1", "run1", "run2", "run2"]
    np.testing.assert_array_equal(data[2].points, [[20.5, 10.5], [99.5, 79.5]])
    assert data.report.points_outside == 1 and data.report.viewers == 2


def test_images_are_cropped_to_their_boxes_and_points_move_along(published):
    data = ka.datasets.cub_gha(published)
    assert [example.shape for example in data] == [(40, 50), (90, 60), (80, 90), (9, 9)]
    assert data[2].box == (10, 0, 90, 80)  # clipped to the image
    np.testing.assert_array_equal(data[0].points, [[20.5, 20.5], [2.5, 5.5]])
    assert data[0].pixels().shape == (40, 50, 3)
    assert data.report.points_outside == 3


def test_classes_and_splits_are_those_of_the_lists(published):
    data = ka.datasets.cub_gha(published)
    assert data.classes == ("Black_footed_Albatross", "Laysan_Albatross")
    assert [example.label for example in data] == [0, 0, 1, 1]
    assert [example.id for example in data.split("train")] == ["a_1", "l_3"]
    assert [example.id for example in data.split("test")] == ["a_2", "l_4"]


def test_the_folder_it_is_unpacked_to_is_enough_and_gaze_may_lie_apart(root, tmp_path):
    whole = ka.datasets.cub_gha(root)
    assert ka.datasets.cub_gha(tmp_path).fingerprint == whole.fingerprint
    (root / "data_5runs").rename(tmp_path / "data_5runs")
    assert ka.datasets.cub_gha(tmp_path).fingerprint == whole.fingerprint
    assert ka.datasets.cub_gha(root, gaze=tmp_path / "data_5runs").fingerprint == whole.fingerprint
    (tmp_path / "data_5runs" / "Fixation_run2.txt").unlink()
    assert ka.datasets.cub_gha(tmp_path).report.viewers == 1


def test_an_image_that_nobody_looked_at_stays(root):
    write_run(root, 1, RUNS[1][:2])
    data = ka.datasets.cub_gha(root)
    assert len(data[1].points) == 0 and data.report.images_without_fixations == 1


# --- carried over -----------------------------------------------------------------------------

BEFORE, AFTER = "1,100,80,40,40,250,75,20,431", "4,200,100,135,22,431,120,30,220"
"""The last fixation on image 1 and the first on image 4 are one: 100 by 80 pixels are enlarged
13.5 times and 200 by 100 9.6 times, so that 25 and -20 pixels from the middle become 35 and -28."""


def carried(root, *lines, **options):
    write_run(root, 1, lines)
    write_run(root, 2, ["2,60,90,5,6,200"])
    return ka.datasets.cub_gha(root, crop=False, **options)


def test_a_fixation_that_outlasts_its_image_is_left_out_of_the_next_one(root):
    data = carried(root, BEFORE, AFTER)
    np.testing.assert_array_equal(data[3].points, [[120.5, 30.5]])
    assert len(data[0].points) == 2  # it stays where it began
    assert "1 fixations carried over from the image before left out" in str(data.report)


def test_it_is_kept_where_that_is_wanted_and_counted_all_the_same(root):
    data = carried(root, BEFORE, AFTER, carried="keep")
    assert len(data[3].points) == 2
    assert "1 fixations carried over from the image before kept" in str(data.report)


@pytest.mark.parametrize(
    "second",
    [
        "4,200,100,135,22,430,120,30,220",  # another duration
        "4,200,100,140,22,431,120,30,220",  # another place, across
        "4,200,100,135,27,431,120,30,220",  # and along
    ],
)
def test_a_fixation_of_another_duration_or_place_is_one_of_its_own(root, second):
    data = carried(root, BEFORE, second)
    assert len(data[3].points) == 2 and "carried" not in str(data.report)


def test_the_lines_of_two_runs_do_not_follow_each_other(root):
    write_run(root, 1, [BEFORE])
    write_run(root, 2, [AFTER])
    assert len(ka.datasets.cub_gha(root, crop=False)[3].points) == 2


# --- what bad input gets ----------------------------------------------------------------------


@pytest.mark.parametrize("name", list(LISTS))
def test_a_list_that_is_missing_is_named(root, name):
    (root / name).unlink()
    expected = "--data.no-crop" if name.startswith("bound") else (name, "CUB-200-2011")
    with refused(name, expected, "no such file"):
        ka.datasets.cub_gha(root)


def test_boxes_are_not_asked_for_where_nothing_is_cropped(root):
    (root / "bounding_boxes.txt").unlink()
    assert len(ka.datasets.cub_gha(root, crop=False)) == 4


@pytest.mark.parametrize("name", ["images.txt", "data_5runs/Fixation_run1.txt"])
def test_a_file_that_is_no_text_is_one_error(root, name):
    (root / name).write_bytes(bytes(range(128, 256)) * 4)
    with refused(f"{name}, line 1"):
        ka.datasets.cub_gha(root)


def test_line_ends_and_blank_lines_do_not_matter(root):
    whole = ka.datasets.cub_gha(root).fingerprint
    for path in (root / "images.txt", root / "data_5runs" / "Fixation_run1.txt"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    assert ka.datasets.cub_gha(root).fingerprint == whole


@pytest.mark.parametrize(
    ("name", "line", "facts"),
    [
        ("images.txt", "one a.jpg", ("images.txt, line 5", "number")),
        ("images.txt", "1 a.jpg", ("images.txt, line 5", "number")),
        (
            "images.txt",
            "5 001.A/a.jpg",
            ("image_class_labels.txt", ("5 images", "images.txt"), "numbers: 5"),
        ),
        (
            "image_class_labels.txt",
            "9 1",
            ("image_class_labels.txt", ("4 images", "images.txt"), "numbers: 9"),
        ),
        (
            "bounding_boxes.txt",
            "9 1 1 2 2",
            ("bounding_boxes.txt", ("4 images", "images.txt"), "numbers: 9"),
        ),
    ],
)
def test_a_line_that_does_not_fit_is_named(root, name, line, facts):
    with (root / name).open("a") as file:
        file.write(line + "\n")
    with refused(*facts):
        ka.datasets.cub_gha(root)


@pytest.mark.parametrize(
    ("name", "old", "new", "facts"),
    [
        ("train_test_split.txt", "2 0", "2 2", ("image 2", "0 or 1", "'2'")),
        ("image_class_labels.txt", "2 1", "2 2", ("image 2", "001.Black_footed_Albatross/a_2.jpg")),
        ("image_class_labels.txt", "2 1", "2 7", ("image 2", "001.Black_footed_Albatross/a_2.jpg")),
        ("bounding_boxes.txt", "2 0 0 60 90", "2 0 0 60 0", ("image 2", "left, top, width")),
        ("bounding_boxes.txt", "2 0 0 60 90", "2 0 0 60", ("image 2", "left, top, width")),
        ("bounding_boxes.txt", "2 0 0 60 90", "2 nan 0 6 9", ("image 2", "left, top, width")),
        ("bounding_boxes.txt", "2 0 0 60 90", "2 70 0 9 9", ("image 2", "(90, 60)")),
    ],
)
def test_a_value_that_cannot_be_is_named(root, name, old, new, facts):
    text = (root / name).read_text()
    (root / name).write_text(text.replace(old, new))
    with refused(*facts):
        ka.datasets.cub_gha(root)


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        ("1,100,80,4,5", ("run2.txt, line 1", "image, width, height", "5 numbers")),
        ("1,100,80,4,5,x", ("run2.txt, line 1", "image, width, height")),
        ("1,100,80,4.5,5,6", ("run2.txt, line 1", "image, width, height")),
        ("9,100,80,4,5,6", ("run2.txt, line 1", "images.txt", "9")),
        ("1,80,100,4,5,6", ("run2 on a_1.jpg", "a_1.jpg, (100, 80)")),
    ],
)
def test_gaze_that_cannot_be_read_is_an_error_or_left_out(root, line, facts):
    write_run(root, 2, [line])
    with refused(*facts):
        ka.datasets.cub_gha(root)
    data = ka.datasets.cub_gha(root, on_bad_example="skip")
    assert len(data.report.skipped) == 1 and len(data) >= 3


def test_without_the_files_of_the_runs_their_names_are_told(root):
    shutil.rmtree(root / "data_5runs")
    (root / "Fixation.txt").write_text("1,100,80,1350,1080,285,0,300,200,100\n")
    with refused("CUB_200_2011", ("Fixation_run1.txt", "Fixation_run5.txt")):
        ka.datasets.cub_gha(root)


# --- Task 3 -----------------------------------------------------------------------------------


def test_task_three_trains_on_it(published):
    config = configs.fine_grained(name="cub_gha", root=published)
    data = fine_grained.read(config.data)
    train, test = fine_grained.parts(config, data)
    assert (len(train), len(test)) == (2, 2)
    assert fine_grained.resolved(config, train).model.classes == data.classes


@pytest.mark.parametrize(
    ("option", "facts"),
    [
        ({"shifted": "keep"}, ("data.shifted", ("default", "'cub_gha'"))),
        ({"participants": ("VW-0",)}, ("data.participants", ("default", "'cub_gha'"))),
    ],
)
def test_options_of_other_sets_are_refused(option, facts):
    with refused(*facts):
        configs.fine_grained(name="cub_gha", **option)


def test_task_three_asks_where_it_lies():
    with refused("data.root", ("--data.root", "cub_gha")):
        fine_grained.read(configs.fine_grained(name="cub_gha").data)
