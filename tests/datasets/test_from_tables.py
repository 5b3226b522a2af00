"""Datasets out of pandas tables, and those without gaze."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from PIL import Image

from keras_attn import datasets

SHAPE = (40, 50)


def write(path, mask=False):
    path.parent.mkdir(exist_ok=True, parents=True)
    pixels = np.zeros(SHAPE, np.uint8)
    pixels[5:20, 5:20] = 255 if mask else 90
    Image.fromarray(pixels).save(path)
    return str(path)


@pytest.fixture
def images(tmp_path):
    names = ["b", "a", "c"]
    rows = {"image": names, "path": [write(tmp_path / "photos" / f"{n}_.png") for n in names]}
    return pd.DataFrame(rows)


@pytest.fixture
def fixations():
    rows = {"image": ["a", "a", "b"], "subject": [1, 2, 1], "x": [10, 20.5, 30], "y": [5, 6, 7]}
    return pd.DataFrame(rows | {"task": ["search", "free", "free"]})


def test_pictures_and_fixations_of_two_frames_are_a_dataset(images, fixations):
    data = datasets.from_tables(images, fixations, name="mine", note="mine alone")
    assert (data.name, data.note) == ("mine", "mine alone")
    assert [example.id for example in data] == ["b", "a", "c"]
    np.testing.assert_array_equal(data[1].points, [[10, 5], [20.5, 6]])
    assert data[1].subjects.tolist() == ["1", "2"]
    assert data.conditions == {"task": ("free", "search")}
    assert data.report.images_without_fixations == 1


def test_columns_may_have_names_of_their_own(images, fixations):
    expected = datasets.from_tables(images, fixations).fingerprint
    theirs = fixations.rename(columns={"image": "stimulus", "x": "FIX_X"}).assign(x=-1)
    columns = {"image": "stimulus", "x": "FIX_X"}
    assert datasets.from_tables(images, theirs, columns=columns).fingerprint == expected


def test_a_list_of_paths_names_pictures_by_their_files(images, fixations):
    fixations["image"] = fixations["image"] + "_"
    data = datasets.from_tables(images["path"].tolist(), fixations)
    assert [(e.id, len(e.points)) for e in data] == [("b_", 1), ("a_", 2), ("c_", 0)]


def test_masks_classes_and_groups_are_columns_of_the_pictures(images, fixations, tmp_path):
    images["mask"] = [write(tmp_path / "masks" / f"{n}.png", mask=True) for n in images["image"]]
    images["class"], images["group"] = ["cat", "dog", "cat"], ["1", "1", None]
    images["split"] = ["train", "train", "test"]
    data = datasets.from_tables(images, fixations)
    assert data.classes == ("cat", "dog") and [e.label for e in data] == [0, 1, 0]
    assert [e.group for e in data] == ["1", "1", None]
    assert data.report.masks == 3 and len(data.split("train")) == 2


def test_it_equals_the_folder_of_the_same(images, fixations, tmp_path):
    for name, path in zip(images["image"], images["path"], strict=True):
        Image.open(path).save(write(tmp_path / "images" / f"{name}.png"))
    fixations.to_csv(tmp_path / "fixations.csv", index=False)
    ordered = images.sort_values("image")
    made = datasets.from_tables(ordered, fixations)
    assert made.fingerprint == datasets.folder(tmp_path).fingerprint


@pytest.mark.parametrize(
    ("spoil", "facts"),
    [
        (lambda i, f: (i.drop(columns="path"), f), ("images", "image, path", "missing: path")),
        (lambda i, f: (i, f.drop(columns="y")), ("fixations", "", "missing: y")),
        (lambda i, f: (i, f.assign(x=["q", 1, 2])), ("fixations, row 0, column x", "", "'q'")),
        (lambda i, f: (i, f.assign(image="z")), ("fixations", "", "3 of 1 others: z")),
        (
            lambda i, f: (pd.concat([i, i]), f),
            ("images, row 0, column image", "picture named once"),
        ),
        (lambda i, f: (i.assign(path="/nowhere.png"), f), ("/nowhere.png", "", "no such file")),
        (lambda i, f: ("/folder", f), ("images", "DataFrame")),
        (lambda i, f: (i, "fixations.csv"), ("fixations", "pandas DataFrame")),
        (lambda i, f: (i, f.iloc[:0]), ("fixations", "one row")),
        (lambda i, f: (i["path"], None), ("fixations", "DataFrame")),
    ],
)
def test_what_is_wrong_is_one_error(images, fixations, spoil, facts):
    with refused(*facts):
        datasets.from_tables(*spoil(images, fixations))


def test_a_column_that_is_not_known_is_refused(images, fixations):
    with refused("columns", ("'image'", "'x'"), "'viewer'"):
        datasets.from_tables(images, fixations, columns={"viewer": "subject"})


def test_masks_or_classes_alone_are_a_dataset_without_gaze(images, tmp_path):
    for name in images["image"]:
        write(tmp_path / "images" / f"{name}.png")
        write(tmp_path / "masks" / f"{name}.png", mask=True)
    data = datasets.folder(tmp_path)
    assert str(data.report) == "3 images, no gaze, 3 masks; 0 points dropped"
    (tmp_path / "masks" / "a.png").unlink()
    with refused("a.png", "a.png", "no such file"):
        datasets.folder(tmp_path)
    assert len(datasets.folder(tmp_path, on_bad_example="skip")) == 2


def test_masks_of_other_names_are_told(images, tmp_path):
    write(tmp_path / "images" / "a.png")
    write(tmp_path / "masks" / "a_mask.png", mask=True)
    with refused("masks", "a.png", "a_mask"):
        datasets.folder(tmp_path)


@pytest.mark.parametrize(
    "values",
    [[True, False, True], [1j, 2, 3], pd.date_range("2020", periods=3), [b"1", b"2", b"3"]],
)
def test_what_is_no_number_is_not_made_one(images, fixations, values):
    with refused("fixations, column x", "numbers"):
        datasets.from_tables(images, fixations.assign(x=values))


def test_none_among_objects_is_no_number_and_counted(images, fixations):
    fixations["x"] = pd.Series([10, None, 30], dtype=object)
    assert datasets.from_tables(images, fixations).report.points_not_a_number == 1


@pytest.mark.parametrize("column", ["x", "image", "group"])
def test_a_column_that_no_table_has_is_not_replaced_by_another(images, fixations, column):
    with refused(f"columns, {column}", "subject, x, y" if column != "group" else "path", "'FIX'"):
        datasets.from_tables(images, fixations, columns={column: "FIX"})


def test_a_column_that_is_the_index_is_told_with_how_to_make_it_one(images, fixations):
    with refused("fixations", received=("index", "reset_index")):
        datasets.from_tables(images, fixations.set_index("image"))


def test_pictures_in_memory_are_no_paths(fixations):
    with refused("images[0]", "picture"):
        datasets.from_tables([Image.new("L", (5, 5))], fixations)


def test_a_picture_of_another_shape_than_its_example_is_an_error_that_names_it(images, fixations):
    data = datasets.from_tables(images, fixations)
    example = data[0]
    turned = replace(example, shape=example.shape[::-1])
    with refused(example.image.name, "50×40", "40×50"):
        turned.pixels()
