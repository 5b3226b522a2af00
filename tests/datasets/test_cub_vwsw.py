"""CUB-200-2010 with CUB-VWSW gaze: numbers, boxes, viewers, and the participant who is shifted."""

import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
import scipy.io
from conftest import real, refused

import keras_attn as ka
from keras_attn.datasets.formats.cub_vwsw import FILES, find_shifted, read_gaze, read_ids

SPARROW, VIREO, OTHER = "113.Baird_Sparrow", "151.Black_capped_Vireo", "001.Albatross"
IMAGES = [f"{SPARROW}/s_0", f"{VIREO}/v_0", f"{OTHER}/a_0", f"{SPARROW}/s_1", f"{VIREO}/v_1"]
"""In the order of their numbers, which is none of the folders'."""
SHAPE = (80, 400)
BOX = {"left": 10.4, "top": 20.0, "right": 390.0, "bottom": 70.0}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Five images of 80×400 of three classes, one without gaze, as they are unpacked."""
    root = tmp_path_factory.mktemp("cub") / "CUB"
    for place, name in enumerate(IMAGES):
        for folder in ("images", "annotations-mat"):
            (root / folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture = np.tile(np.arange(400, dtype=np.float32) / 400 * 200 + place, (80, 1))
        cv2.imwrite(str(root / "images" / f"{name}.jpg"), picture)
        scipy.io.savemat(root / "annotations-mat" / f"{name}.mat", {"bbox": BOX})
    (root / "lists").mkdir()
    (root / "attributes").mkdir()
    numbered = [f"{number} {name}.jpg" for number, name in enumerate(IMAGES)]
    (root / "attributes" / "images-dirs.txt").write_text("\n".join(numbered) + "\n")
    for name, places in (("train", (0, 1, 2)), ("test", (3, 4))):
        lines = [f"{IMAGES[i]}.jpg\n" for i in places]
        (root / "lists" / f"{name}.txt").write_text("".join(lines))
    write(root, "VW", [(151, 0, 1, 0.1, 50.5, 40.0, 3.0), (151, 1, 1, 0.1, 5.0, 40.0, 3.0)])
    rows = [(113, p, i, 0.1, 60.0 + p, 30.0, 3.0) for p in (0, 1, 2) for i in (0, 3)]
    rows += [(113, 3, 0, 0.1, 62.0 + 276, 31.0, 3.0), (113, 3, 3, 0.1, 64.0, 31.0, 3.0)]
    write(root, "SW", rows)
    return root


def write(root, part, rows):
    folder = root / f"CUB-{part}"
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / FILES[part], header=False, index=False)


@pytest.fixture
def root(published, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(published, tmp_path / "CUB")


def test_classes_are_those_with_gaze_and_splits_those_of_the_lists(published):
    data = ka.datasets.cub_vwsw(published)
    assert data.classes == ("Baird_Sparrow", "Black_capped_Vireo")
    assert [(e.id, e.label) for e in data] == [("s_0", 0), ("s_1", 0), ("v_0", 1), ("v_1", 1)]
    train, test = data.split("train"), data.split("test")
    assert [e.id for e in train] == ["s_0", "v_0"] and [e.id for e in test] == ["s_1", "v_1"]
    assert test.pool is data.pool and test.classes == data.classes
    with refused("split", ("'train'", "'test'")):
        data.split("validation")


def test_a_crop_is_the_rounded_box_and_points_move_along(published):
    data = ka.datasets.cub_vwsw(published)
    vireo = data[2]
    assert vireo.box == (10, 20, 380, 50) and vireo.shape == (50, 380)
    np.testing.assert_allclose(vireo.points, [[40.5, 20.0]])
    assert list(vireo.subjects) == ["VW-0"]
    assert data.report.points_outside == 1  # x = 5 lies left of the box
    whole = ka.datasets.cub_vwsw(published, crop=False)
    assert whole[2].shape == SHAPE and whole[2].box is None and len(whole[2].points) == 2
    np.testing.assert_array_equal(vireo.pixels(), whole[2].pixels()[20:70, 10:390])
    assert data.fingerprint != whole.fingerprint
    assert data.report.images_without_fixations == 1  # v_1


@pytest.mark.parametrize(("shifted", "x"), [("drop", []), ("keep", [328.0]), ("shift", [52.0])])
def test_the_shifted_participant_is_counted_and_left_out_or_not(published, shifted, x):
    """62 + 276 on s_0, where the others look at 60 to 62; 64 on s_1 is where it should be."""
    data = ka.datasets.cub_vwsw(published, shifted=shifted)
    assert "CUB-SW participant 3 shifted on 1 images, 1 points" in str(data.report)
    found = [e.points[e.subjects == "SW-3", 0].tolist() for e in data[:2]]
    assert found == [x, [54.0]]


def test_participants_can_be_chosen(published):
    data = ka.datasets.cub_vwsw(published, participants=["SW-0", "VW-0"])
    assert data.report.viewers == 2
    with refused("participants", "'SW-0'"):
        ka.datasets.cub_vwsw(published, participants=["SW-9"])


def test_participants_change_neither_classes_nor_who_is_shifted(published):
    data = ka.datasets.cub_vwsw(published, participants=["SW-3"])
    assert data.classes == ("Baird_Sparrow", "Black_capped_Vireo") and len(data) == 4
    assert "CUB-SW participant 3 shifted on 1 images, 1 points dropped" in str(data.report)
    assert data.report.points == 1


def test_gaze_on_images_in_neither_list_is_counted(root):
    path = root / "lists" / "test.txt"
    path.write_text(path.read_text().splitlines()[1] + "\n")
    assert "1 images in neither list left out, 4 points" in str(ka.datasets.cub_vwsw(root).report)


def test_gaze_may_lie_elsewhere_and_in_one_folder(root, tmp_path):
    for part in FILES:
        shutil.move(root / f"CUB-{part}" / FILES[part], tmp_path)
    assert len(ka.datasets.cub_vwsw(root, gaze=tmp_path)) == 4
    with refused("CUB", "CUB-VW", "neither"):
        ka.datasets.cub_vwsw(root)


def append(root, row, part="VW"):
    path = root / f"CUB-{part}" / FILES[part]
    path.write_text(path.read_text() + row + "\n")


def spoil_box(root, **box):
    path = root / "annotations-mat" / f"{IMAGES[1]}.mat"
    scipy.io.savemat(path, {"bbox": BOX | box})


SPOILT = {
    "an id outside the list": (
        lambda root: append(root, "151,0,77,0.1,5,5,3"),
        ("image 77, class 151", "image", ("5 listed", "(1 rows)")),
    ),
    "a class that contradicts the folder": (
        lambda root: append(root, "152,0,1,0.1,5,5,3"),
        ("image 1, class 152", "class", "151.Black_capped_Vireo/v_0.jpg"),
    ),
    "a box without area": (
        lambda root: spoil_box(root, right=10.0),
        ("v_0.mat", "bbox"),
    ),
    "a box outside the image": (
        lambda root: spoil_box(root, left=500.0, right=600.0),
        ("v_0.mat", "bbox"),
    ),
    "a box that is no number": (
        lambda root: spoil_box(root, left=float("nan")),
        ("v_0.mat", "bbox of numbers"),
    ),
    "no box": (
        lambda root: (root / "annotations-mat" / f"{IMAGES[1]}.mat").unlink(),
        ("v_0.mat", "MATLAB", "no such file"),
    ),
    "no image": (
        lambda root: (root / "images" / f"{IMAGES[1]}.jpg").unlink(),
        ("v_0.jpg", "image", "no such file"),
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_contradicts_itself_is_named_or_skipped_and_listed(root, what):
    spoil, facts = SPOILT[what]
    spoil(root)
    with refused(*facts):
        ka.datasets.cub_vwsw(root)
    assert len(ka.datasets.cub_vwsw(root, on_bad_example="skip").report.skipped) == 1


BROKEN = {
    "an image in both lists": (
        lambda root: (root / "lists" / "test.txt").write_text(f"{IMAGES[0]}.jpg\n"),
        ("lists", "train or to test on", "both lists: 113"),
    ),
    "a folder without a number": (
        lambda root: (root / "attributes" / "images-dirs.txt").write_text("0 abc.X/y.jpg\n"),
        ("images-dirs.txt, line 1", "<id> <NNN.Class>"),
    ),
    "the files of 2011": (
        lambda root: (root / "image_class_labels.txt").write_text("1 1\n"),
        ("CUB", "CUB-200-2010", ("CUB-200-2011", "image_class_labels.txt")),
    ),
    "a missing column": (
        lambda root: write(root, "VW", [(151, 0, 1, 0.1, 5.0, 5.0)]),
        ("VW-processedGaze.csv", "rows of 7 numbers", "6 columns"),
    ),
    "text for a number": (
        lambda root: append(root, "151,0,1,0.1,left,5,3"),
        ("VW-processedGaze.csv", "rows of 7 numbers", "left"),
    ),
    "half a participant": (
        lambda root: append(root, "151,0.5,1,0.1,5,5,3"),
        ("VW-processedGaze.csv, row 3", "whole class"),
    ),
    "no list": (
        lambda root: (root / "lists" / "train.txt").unlink(),
        ("train.txt", "CUB-200-2010"),
    ),
    "a list of other images": (
        lambda root: (root / "lists" / "train.txt").write_text("001.A/b.jpg\n"),
        ("train.txt", "attributes/images-dirs.txt"),
    ),
    "numbers without names": (
        lambda root: (root / "attributes" / "images-dirs.txt").write_text("0\n"),
        ("images-dirs.txt, line 1", "<id> <NNN.Class>"),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_makes_the_whole_unreadable_is_one_error(root, what):
    spoil, facts = BROKEN[what]
    spoil(root)
    with refused(*facts):
        ka.datasets.cub_vwsw(root)


def test_real_gaze_has_the_counts_of_its_documentation():
    """CUB-VW and the 2010 numbers: every gaze point's class is that of its image's folder."""
    folder = real("data/cub_vwsw")
    ids, table = read_ids(folder / "images-dirs.txt"), read_gaze(folder)
    assert len(ids) == 6033 and len(table) == 27_208
    assert table["participant"].nunique() == 5
    assert (table["image_id"].nunique(), table["class_id"].nunique()) == (464, 14)
    assert len(table.groupby(["image_id", "participant"])) == 5 * 464 - 15
    folders = table["image_id"].map(lambda number: int(ids[number].split(".")[0]))
    assert (folders == table["class_id"]).all()
    inside = table[["x", "y"]].apply(lambda column: column.between(0, 500)).all(axis=1).mean()
    assert inside == pytest.approx(0.9828, abs=1e-4)
    assert not find_shifted(table).any()


def test_the_classes_with_gaze_have_the_images_of_the_paper():
    """1,882 images of 60 classes; 15 of each are to train on, which leaves the paper's 982."""
    folder = real("data/cub_vwsw")
    mapping = (folder / "CUB-VWSW_mapping.txt").read_text().split()
    classes = {int(number) for number in mapping[1::2]}
    found = [p for p in read_ids(folder / "images-dirs.txt").values() if int(p[:3]) in classes]
    assert len(classes) == 60 and len(found) == 1882 == 60 * 15 + 982


def test_the_published_files_have_the_counts_of_the_paper():
    root = real("data/CUB-200-2010")
    data = ka.datasets.cub_vwsw(root)
    assert len(data.classes) == 60
    assert (len(data.split("train")), len(data.split("test"))) == (900, 982)
