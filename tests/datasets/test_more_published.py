"""MIT1003, CAT2000, SALICON and OSIE: files written by hand as they are published."""

from itertools import pairwise
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import scipy.io
from conftest import check_error_line, refused

import keras_attn as ka
from keras_attn import datasets
from keras_attn.datasets.readers.matlab import read_structs
from keras_attn.shell import cli
from keras_attn.study import scored_data

SHAPE = (60, 80)


def write_image(path, shape=SHAPE):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.tile(np.linspace(20, 220, shape[1]).astype(np.uint8), (shape[0], 1))
    assert cv2.imwrite(str(path), picture)


def cells(values):
    """A cell array, whatever its cells hold."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def structs(fields, rows):
    """An array of structs, one for each row of values."""
    array = np.empty((1, len(rows)), [(name, object) for name in fields])
    for place, row in enumerate(rows):
        array[0, place] = row
    return array


# --- the layouts, in miniature ----------------------------------------------------------------

LONG = "istatic_" + "x" * 70
"""A name that MATLAB cuts where it makes a variable of it."""


def write_mit1003(root):
    middle = (200, 150, 60)
    stays = {"ajs": [middle, (50, 100, 60), (350.5, 250.25, 60)], "hp": [(200, 150, 200)]}
    stays["zb"] = [middle, (-20, -20, 60), (399.5, 0.0, 60), (450, 150, 60)]
    for stem in ("i2234", LONG):
        write_image(root / "ALLSTIMULI" / f"{stem}.jpeg", (300, 400))
        for viewer, its in stays.items():
            write_samples(root / "DATA" / viewer / f"{stem}.mat", its)
    scipy.io.savemat(root / "DATA" / "hp" / "CalibrationData.mat", {"passed": 1})
    (root / "DATA" / "readme.txt").write_text("a file among the folders")
    (root / "DATA" / ".svn").mkdir()


def write_samples(path, stays):
    """A recording that jumps from stay to stay within ten samples."""
    parts = [np.tile([x, y], (length, 1)).astype(float) for x, y, length in stays]
    share = np.linspace(0, 1, 12)[1:-1, None]
    share = share**2 * (3 - 2 * share)
    joined = [parts[0]]
    for before, after in pairwise(parts):
        joined += [before[-1] + share * (after[0] - before[-1]), after]
    path.parent.mkdir(parents=True, exist_ok=True)
    data = structs(("eyeData", "trial"), [(np.concatenate(joined), 1.0)])
    struct = {"imgName": f"{path.stem}.jpeg", "DATA": data}
    scipy.io.savemat(path, {path.stem[:63]: struct}, long_field_names=True)


def write_cat2000(root):
    for category, pixels in (("Action", [(0, 0), (59, 79), (10, 20)]), ("Art", [(5, 6)])):
        write_image(root / "Stimuli" / category / "001.jpg")
        write_image(root / "Stimuli" / category / "Output" / "001_SaliencyMap.jpg")
        seen = np.zeros(SHAPE, np.uint8)
        seen[tuple(np.transpose(pixels))] = 1
        write_variable(root / "FIXATIONLOCS" / category / "001.mat", "fixLocs", seen)


def write_variable(path, name, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {name: values})


COCO = {"train": "COCO_train2014_000000000009", "val": "COCO_val2014_000000000042"}


def write_salicon(root, looks=None):
    looks = looks or [[[1, 1], [80, 60]], np.zeros((0, 0)), [[40, 3]]]
    for split, stem in COCO.items():
        write_image(root / "images" / split / f"{stem}.jpg")
        write_looks(root / "fixations" / split / f"{stem}.mat", looks)


def write_looks(path, looks, **changes):
    """Version 5, as published: one struct for each viewer, coordinates without a sign."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = (np.ones((5, 2), np.uint16), np.arange(5.0)[:, None])
    gaze = structs(
        ("location", "timestamp", "fixations"), [(*row, np.array(n, np.uint16)) for n in looks]
    )
    variables = {"image": path.stem, "resolution": np.array(SHAPE, np.uint16), "gaze": gaze}
    scipy.io.savemat(path, variables | changes)


def write_osie(root):
    looks = {"1001.jpg": [([1.5, 79.9], [2.5, 59.9]), None, ([40.0], [30.0])]}
    looks["1002.jpg"] = [([80.0, 3.0], [1.0, 4.0]), ([], []), ([7.0], [8.0])]
    for name in looks:
        write_image(root / "data" / "stimuli" / name)
    write_viewings(root / "data" / "eye" / "fixations.mat", looks)


def write_viewings(path, looks):
    def viewing(look):
        if look is None:
            return np.zeros((0, 0))
        x, y = (np.array(values, float)[None] for values in look)
        return {"fix_x": x, "fix_y": y, "fix_duration": np.full(x.shape, 200.0)}

    entries = [
        {"img": name, "subjects": cells([viewing(look) for look in its])}
        for name, its in looks.items()
    ]
    write_variable(path, "fixations", cells(entries))


WRITERS = {
    "mit1003": write_mit1003,
    "cat2000": write_cat2000,
    "salicon": write_salicon,
    "osie": write_osie,
}


@pytest.fixture
def root(name, tmp_path):
    WRITERS[name](tmp_path / "set")
    return tmp_path / "set"


every = pytest.mark.parametrize("name", list(WRITERS))


def of(name, root, **options):
    return getattr(datasets, name)(root, **options)


# --- exact points -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mit1003"])
def test_mit1003_leaves_out_first_fixations_blinks_and_what_lies_beside_the_image(root):
    data = datasets.mit1003(root)
    assert [example.id for example in data] == ["i2234", LONG]
    for example in data:
        np.testing.assert_allclose(example.points, [[50, 100], [350.5, 250.25], [399.5, 0]])
        assert example.subjects.tolist() == ["ajs", "ajs", "zb"]
    assert data.report.points_outside == 4  # a blink and a look beside, on two images
    assert "6 first fixations left out" in str(data.report)
    assert "raw samples" in data.note


@pytest.mark.parametrize("name", ["cat2000"])
def test_cat2000_gives_the_centres_of_pixels_that_are_not_zero(root):
    data = datasets.cat2000(root)
    assert [example.id for example in data] == ["Action_001", "Art_001"]
    np.testing.assert_array_equal(data[0].points, [[0.5, 0.5], [20.5, 10.5], [79.5, 59.5]])
    np.testing.assert_array_equal(data[1].points, [[6.5, 5.5]])
    assert set(data[0].subjects.tolist()) == {0} and "grey" in data.note
    assert data[0].label is None and data.classes == ()


@pytest.mark.parametrize("name", ["cat2000"])
def test_cat2000_is_found_in_the_folder_it_is_unpacked_to(root, tmp_path):
    (tmp_path / "outer").mkdir()
    root.rename(tmp_path / "outer" / "trainSet")
    assert len(datasets.cat2000(tmp_path / "outer")) == 2


@pytest.mark.parametrize("name", ["salicon"])
def test_salicon_counts_from_one_and_numbers_viewers_anew(root):
    data = datasets.salicon(root)
    assert [example.id for example in data] == list(COCO.values())
    for example in data:
        np.testing.assert_array_equal(example.points, [[0.5, 0.5], [79.5, 59.5], [39.5, 2.5]])
        assert example.subjects.tolist() == [1, 1, 3]
    assert data.splits == {split: (stem,) for split, stem in COCO.items()}
    assert "mouse" in data.note and len(data.split("val")) == 1


@pytest.mark.parametrize("name", ["salicon"])
def test_salicon_drops_what_lies_before_its_first_pixel(root):
    """The numbers have no sign: 0 - 1 must not become the largest of them."""
    stem = COCO["train"]
    write_looks(root / "fixations" / "train" / f"{stem}.mat", [[[0, 5], [81, 5], [2, 2]]])
    data = datasets.salicon(root)
    np.testing.assert_array_equal(data[0].points, [[1.5, 1.5]])
    assert data.report.points_outside == 2


@pytest.mark.parametrize("name", ["salicon"])
def test_one_split_of_salicon_is_enough(root):
    (root / "fixations" / "val").rename(root / "elsewhere")
    data = datasets.salicon(root)
    assert len(data) == 1 and data.splits == {"train": (COCO["train"],)}


@pytest.mark.parametrize("name", ["osie"])
def test_osie_takes_positions_as_they_are_and_viewers_in_the_order_of_the_file(root):
    data = datasets.osie(root)
    np.testing.assert_array_equal(data[0].points, [[1.5, 2.5], [79.9, 59.9], [40, 30]])
    assert data[0].subjects.tolist() == [1, 1, 3]
    np.testing.assert_array_equal(data[1].points, [[3, 4], [7, 8]])
    assert data[1].subjects.tolist() == [1, 3] and data.report.points_outside == 1
    assert len(datasets.osie(root / "data")) == 2


# --- what is missing or damaged ---------------------------------------------------------------

PARTS = {
    "mit1003": [
        ("ALLSTIMULI", ("ALLSTIMULI", ".jpeg")),
        ("DATA", ("DATA", "viewers")),
        ("DATA/hp/i2234.mat", ("hp/i2234.mat", "eyeData", "no such file")),
    ],
    "cat2000": [
        ("Stimuli", ("Stimuli", "categories")),
        ("FIXATIONLOCS", ("Action/001.mat", "variable 'fixLocs'", "no such file")),
        ("FIXATIONLOCS/Art/001.mat", ("Art/001.mat", "'fixLocs'", "no such file")),
    ],
    "salicon": [
        ("images", ("images/train", ".jpg")),
        ("fixations", ("fixations", "train and val")),
        (f"fixations/val/{COCO['val']}.mat", ("42.mat", "gaze", "no such file")),
    ],
    "osie": [
        ("data/stimuli", ("stimuli", ".jpg")),
        ("data/eye/fixations.mat", ("fixations.mat", "cell array", "no such file")),
        ("data/stimuli/1001.jpg", ("fixations.mat", "fixations of images", "1001.jpg")),
    ],
}


@pytest.mark.parametrize(
    ("name", "part", "facts"), [(n, *case) for n, its in PARTS.items() for case in its]
)
def test_a_part_that_is_missing_is_named_with_what_it_should_be(name, root, part, facts):
    (root / part).rename(root.parent / "away")
    with refused(*facts):
        of(name, root)


FILES = {
    "mit1003": "DATA/ajs/i2234.mat",
    "cat2000": "FIXATIONLOCS/Action/001.mat",
    "salicon": f"fixations/train/{COCO['train']}.mat",
    "osie": "data/eye/fixations.mat",
}


@every
@pytest.mark.parametrize("keep", [0, 60, 200, -9])
def test_a_damaged_file_is_one_error_that_names_it(name, root, keep):
    path = root / FILES[name]
    path.write_bytes(path.read_bytes()[:keep])
    with refused(path.name, "MATLAB"):
        of(name, root)


@every
def test_a_file_of_something_else_is_one_error_that_names_it(name, root):
    scipy.io.savemat(root / FILES[name], {"other": [[1, 2]], "gaze": 3, "fixations": [[1, 2, 3]]})
    with refused((root / FILES[name]).name, "MATLAB"):
        of(name, root)


@pytest.mark.parametrize("name", ["mit1003", "cat2000", "salicon"])
def test_a_bad_example_is_left_out_and_listed_where_that_is_wanted(name, root):
    (root / FILES[name]).write_bytes(b"damaged")
    data = of(name, root, on_bad_example="skip")
    assert len(data) == 1 and len(data.report.skipped) == 1
    assert "1 skipped" in str(data.report)


@pytest.mark.parametrize("name", ["osie"])
def test_an_image_of_osie_that_the_file_does_not_name_is_no_image_without_fixations(name, root):
    write_image(root / "data" / "stimuli" / "1003.jpg")
    with refused("fixations.mat", "1003.jpg"):
        datasets.osie(root)
    assert len(datasets.osie(root, on_bad_example="skip")) == 2


@pytest.mark.parametrize("name", ["osie"])
def test_x_and_y_of_different_lengths_are_refused(name, root):
    looks = {"1001.jpg": [([1, 2], [3])], "1002.jpg": [([1], [2])]}
    write_viewings(root / FILES[name], looks)
    with refused("1001.jpg, subject 1", ("fix_x", "fix_y")):
        datasets.osie(root)


@pytest.mark.parametrize("name", ["cat2000"])
def test_a_map_of_another_size_or_of_shades_is_no_map_of_fixations(name, root):
    write_variable(root / FILES[name], "fixLocs", np.eye(50, dtype=np.uint8))
    with refused("001.mat", "001.jpg, (60, 80)"):
        datasets.cat2000(root)
    write_variable(root / FILES[name], "fixLocs", np.arange(4800.0).reshape(60, 80))
    with refused("001.mat", "one value", "4799 values"):
        datasets.cat2000(root)


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        (
            {"image": "COCO_train2014_000000000001"},
            ("9.mat", f"{COCO['train']}.jpg", "COCO_train2014_000000000001"),
        ),
        (
            {"resolution": [[480, 640]]},
            ("9.mat", ("resolution", f"{COCO['train']}.jpg", "(60, 80)")),
        ),
        ({"gaze": structs(("fixations",), [(np.ones((3, 3)),)])}, ("gaze(1)", "rows of x, y")),
        ({"gaze": [[1, 2]]}, ("9.mat", ("MATLAB", "image, resolution and gaze"))),
        (
            {"gaze": structs(("location",), [(np.ones((3, 2)),)])},
            ("9.mat", ("MATLAB", "image, resolution and gaze")),
        ),
    ],
)
@pytest.mark.parametrize("name", ["salicon"])
def test_gaze_that_is_not_the_image_s_own_is_refused(name, root, changes, facts):
    write_looks(root / FILES[name], [[[1, 1]]], **changes)
    with refused(*facts):
        datasets.salicon(root)


def test_structs_and_cells_become_dicts_and_lists_even_where_there_is_but_one(tmp_path):
    path = tmp_path / "some.mat"
    scipy.io.savemat(path, {"s": {"a": 3.0, "b": cells(["x", np.eye(2)])}, "t": "text"})
    values = read_structs(path, "anything")
    assert values["t"] == "text" and values["s"][0]["b"][0] == "x"
    np.testing.assert_array_equal(values["s"][0]["b"][1], np.eye(2))
    assert values["s"][0]["a"].shape == (1, 1)


# --- in use -----------------------------------------------------------------------------------


@pytest.mark.slow
@every
def test_the_command_audits_maps_on_a_published_set(name, root, tmp_path, capsys):
    data = of(name, root)
    for example in data:
        path = tmp_path / "maps" / f"{example.id}.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, np.tile(np.arange(80.0), (60, 1)))
    out = tmp_path / "out"
    options = ["--data-name", name, "--model", str(tmp_path / "maps"), "--out", str(out)]
    assert cli.main(["audit", str(root), *options]) == 0
    assert f"{data.name}: {data.report}" in capsys.readouterr().out
    assert (out / "audit.html").is_file()
    assert ka.datasets.as_dataset(data) is data


@every
def test_models_from_elsewhere_are_scored_on_a_published_set(name, root):
    change = scored_data.DataChange(name=name, root=root)
    data = scored_data.scored_on(SimpleNamespace(config=None), change, "model")
    assert data.fingerprint == of(name, root).fingerprint


def test_a_set_of_another_name_is_refused_with_those_there_are(tmp_path, capsys):
    assert cli.main(["audit", str(tmp_path), "--data-name", "mit300"]) == 2
    choices = ("'folder'", "'mit1003'")
    check_error_line(capsys.readouterr().err, "--data-name", choices, "'mit300'")
