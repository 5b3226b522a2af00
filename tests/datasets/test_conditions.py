"""Further columns of fixations.csv select fixations, with negatives of their own kind."""

import numpy as np
import pytest
from conftest import refused
from PIL import Image

import keras_attn as ka
from keras_attn.datasets.readers.reading_report import ReadingReport

TASKS = ["search", "free", "search", "count", ""]


def example(name, shift=0.0, **more):
    points = [[1.5 + shift, 2.5], [3.5, 2.5], [5.5, 4.5], [7.5, 6.5], [8.5, 1.5]]
    given = {"task": TASKS, "trial": ["1", "2.0", "10", "2", "1"]}
    given = {"conditions": given} | more
    return ka.datasets.Example(name, None, (8, 10), points, list("abcab"), **given)


@pytest.fixture
def data():
    examples = (example("i0"), example("i1", 0.25), example("i2", 0.5))
    return ka.datasets.GazeDataset("d", examples, ReadingReport())


def test_where_keeps_the_fixations_of_a_condition_and_negatives_of_the_same(data):
    search = data.where(task="search")
    assert search.name == "d, task=search"
    assert [len(e.points) for e in search] == [2, 2, 2]
    np.testing.assert_array_equal(search[1].points, data[1].points[[0, 2]])
    assert search[0].subjects.tolist() == ["a", "c"]
    assert search[0].conditions["trial"].tolist() == ["1", "10"]
    assert search.report.points == 6 and search.report.viewers == 2
    assert search.pool.count_of_others(0) == 4
    assert search.fingerprint != data.fingerprint


def test_several_values_are_any_of_them_and_several_columns_all(data):
    assert len(data.where(task=("search", "count"))[0].points) == 3
    assert data.where(task=["search", "count"]).name == "d, task=search or count"
    both = data.where(task="search", trial=10)
    assert both[0].points.tolist() == [[5.5, 4.5]]
    np.testing.assert_array_equal(
        data.where(task="search").where(trial="10")[0].points, both[0].points
    )


def test_a_part_has_the_negatives_of_the_condition_in_the_whole(data):
    of_part = data.part("p", [0, 1]).where(task="search")
    part_of = data.where(task="search").part("p", [0, 1])
    assert of_part.pool.count_of_others(0) == part_of.pool.count_of_others(0) == 4
    assert of_part.whole.name == part_of.whole.name == "d, task=search"
    assert of_part.fingerprint == part_of.fingerprint


def test_folds_are_the_same_under_every_condition(data):
    ids = [[e.id for e in part.fold(0, of=3)[1]] for part in (data, data.where(task="search"))]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("value", "count"), [("2", 1), ("2.0", 1), (2, 2), (np.int64(2), 2), (2.0, 2), (10, 1)]
)
def test_text_is_compared_as_the_file_has_it_and_numbers_by_their_value(data, value, count):
    assert len(data.where(trial=value)[0].points) == count


@pytest.mark.parametrize("value", ["True", True, np.True_])
def test_truths_are_compared_as_words(value):
    one = example("i0", conditions={"right": ["True", "false", "TRUE", "False", ""]})
    data = ka.datasets.GazeDataset("d", (one,), ReadingReport())
    assert len(data.where(right=value)[0].points) == (
        1 if value == "True" and value is not True else 2
    )


@pytest.mark.parametrize(
    ("chosen", "facts"),
    [
        ({"tsk": "search"}, ("where tsk", ("task", "count, free, search", "trial"), "'tsk'")),
        (
            {"task": "Search"},
            ("where task", "count, free, search", "'Search'"),
        ),
        ({"task": ("search", "x")}, ("where task", "", "'x'")),
        ({"task": []}, ("where", "value, or several")),
        ({}, ("where", "condition")),
        ({"task": "free", "trial": 10}, ("where", "", "task=free, trial=10")),
    ],
)
def test_what_no_fixation_has_is_an_error_that_lists_what_there_is(data, chosen, facts):
    with refused(*facts):
        data.where(**chosen)


def test_empty_cells_are_chosen_as_what_is_missing(data):
    assert len(data.where(task=None)[0].points) == len(data.where(task="")[0].points) == 1


def test_an_image_that_does_not_tell_its_conditions_is_an_error():
    examples = (example("i0"), example("i1", conditions={}))
    data = ka.datasets.GazeDataset("d", examples, ReadingReport())
    with refused("dataset 'd'", "column task", "i1"):
        data.where(task="search")


def test_an_image_without_fixations_of_a_condition_stays_and_is_counted():
    examples = (example("i0"), example("i1", conditions={"task": ["free"] * 5, "trial": TASKS}))
    found = ka.datasets.GazeDataset("d", examples, ReadingReport()).where(task="search")
    assert len(found) == 2 and found.report.images_without_fixations == 1


def test_a_condition_of_another_length_is_an_error_that_names_it():
    with refused("conditions 'task'", "5 points"):
        example("i0", conditions={"task": ["a"] * 4})


def test_conditions_are_listed_unless_they_have_many_values_and_still_select(data):
    assert data.conditions == {
        "task": ("count", "free", "search"),
        "trial": ("1", "2", "2.0", "10"),
    }
    assert "task, fixations: count 3, free 3, search 6, 3 without" in str(data)
    stamps = {"time": [str(100 * n) for n in range(5)]}
    many = [
        example(f"i{k}", conditions={"time": [f"{5 * k + n}" for n in range(5)]}) for k in range(5)
    ]
    data = ka.datasets.GazeDataset("d", tuple(many), ReadingReport())
    assert data.conditions == {} and "time: 25 different values" in str(data)
    assert len(data.where(time=7)[1].points) == 1
    assert example("i0", conditions=stamps).conditions["time"].tolist()[1] == "100"


def test_conditions_alone_leave_the_fingerprint_as_it_was(data):
    bare = tuple(example(e.id, 0.25 * n, conditions={}) for n, e in enumerate(data))
    assert ka.datasets.GazeDataset("d", bare, ReadingReport()).fingerprint == data.fingerprint


def test_columns_of_the_file_are_conditions_and_dropped_points_take_theirs_along(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (10, 8)).save(tmp_path / "images" / f"{name}.png")
    (tmp_path / "fixations.csv").write_text(
        "image,subject,x,y,duration_ms,task\n"
        "a,1,1,1,100,search\na,1,99,1,100,free\na,2,2,nan,100,free\na,2,3,1,100,count\nb,1,4,4,9,free\n"
    )
    data = ka.datasets.folder(tmp_path)
    assert data[0].conditions["task"].tolist() == ["search", "count"]
    assert data.conditions == {"task": ("count", "free", "search")}
    assert data.where(task="free").report.points == 1


def test_videos_have_no_conditions_and_say_so():
    from keras_attn.datasets.video import VideoReport

    gaze = ([[[1.0, 1.0]]], [[1]])
    video = ka.datasets.VideoExample("v", 1, (4, 6), *gaze, (0,))
    data = ka.datasets.VideoDataset("d", (video,), VideoReport())
    assert data.conditions == {}
    with refused("where task", "none", "'task'"):
        data.where(task="search")


def test_a_function_is_no_value_of_a_condition(data):
    with refused("where", "value, or several"):
        data.where(task=lambda value: value == "search")
