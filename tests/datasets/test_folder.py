"""The plain folder format: what is read, counted, skipped and refused."""

import numpy as np
import pytest
from conftest import real, refused
from PIL import Image

from keras_attn import datasets

WHO = ("1", "01", "P", "p")


def write_image(path, shape=(6, 8), mode="RGB", **options):
    path.parent.mkdir(exist_ok=True)
    rng = np.random.default_rng(len(path.name))
    channels = {"RGB": (3,), "L": (), "1": (), "RGBA": (4,)}[mode]
    pixels = rng.integers(0, 256, (*shape, *channels), np.uint8)
    pixels = pixels > 127 if mode == "1" else pixels
    Image.fromarray(pixels).save(path, **options)
    return pixels


@pytest.fixture
def root(tmp_path):
    """Two images, three viewers; duplicates of every kind of stray point in the second."""
    write_image(tmp_path / "images" / "a.png")
    write_image(tmp_path / "images" / "b.jpg", (5, 9))
    (tmp_path / "fixations.csv").write_text(
        "image,subject,x,y,duration_ms\n"
        "a.png,s1,0,0,100\n a ,s2,7.99,5.99,\nb.jpg,s1,3.5,2.5,120\n"
        "b.jpg,s3,9,1,1\nb.jpg,s3,-0.1,1,1\nb.jpg,s3,1,5,1\nb.jpg,s3,,1,1\nb.jpg,s3,NaN,NaN,1\n"
    )
    return tmp_path


def test_reading_reports_counts(root):
    data = datasets.folder(root)
    report = data.report
    assert (report.images, report.viewers, report.points) == (2, 2, 3)
    assert (report.points_outside, report.points_not_a_number) == (3, 2)
    text = str(report)
    assert text == "2 images, 2 viewers, 3 fixations; 5 points dropped (3 outside, 2 not a number)"


def test_points_and_viewers_belong_to_their_image(root):
    a, b = datasets.folder(root)
    np.testing.assert_array_equal(a.points, [[0, 0], [7.99, 5.99]])
    assert a.subjects.tolist() == ["s1", "s2"]
    np.testing.assert_array_equal(b.points, [[3.5, 2.5]])
    assert (a.id, a.shape, b.id, b.shape) == ("a", (6, 8), "b", (5, 9))
    assert a.mask is None


def test_names_that_look_like_missing_values_are_names(tmp_path):
    for name in ("NA", "null"):
        write_image(tmp_path / "images" / f"{name}.png")
    table = "image,subject,x,y\nNA,None,1,1\nnull,nan,2,2\nNA,None,None,1\nNA,None,1\n"
    (tmp_path / "fixations.csv").write_text(table)
    data = datasets.folder(tmp_path)
    assert [(e.id, e.subjects.tolist()) for e in data] == [("NA", ["None"]), ("null", ["nan"])]
    assert data.report.points_not_a_number == 2


def test_images_without_fixations_stay_and_are_counted(root):
    write_image(root / "images" / "c.png")
    data = datasets.folder(root)
    assert len(data) == 3 and data[2].points.shape == (0, 2)
    assert data.report.images_without_fixations == 1
    assert "1 images without fixations" in str(data.report)


def test_masks_and_a_note_are_found(root):
    write_image(root / "masks" / "a.png", mode="1")
    write_image(root / "masks" / "b.png", (5, 9), mode="1")
    (root / "about.txt").write_text("drawn\n")
    data = datasets.folder(root)
    assert data[0].mask == root / "masks" / "a.png"
    assert data.note == "drawn"


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("g.png", "L", {}),
        ("r.png", "RGBA", {}),
        ("p.bmp", "RGB", {}),
        ("w.webp", "RGB", {"lossless": True}),
    ],
)
def test_images_of_every_kind_are_rgb(tmp_path, name, mode, options):
    written = write_image(tmp_path / name, mode=mode, **options)
    read = datasets.read_image(tmp_path / name)
    assert read.shape == (6, 8, 3) and read.dtype == np.uint8
    expected = np.repeat(written[..., None], 3, -1) if mode == "L" else written[..., :3]
    if mode == "RGBA":  # on white, to the level that Pillow rounds to
        share = written[..., 3:] / 255
        expected = np.round(share * expected + (1 - share) * 255)
    assert np.abs(read - expected.astype(float)).max() <= (mode == "RGBA")


def test_the_fingerprint_changes_with_points_and_not_with_the_place(root, tmp_path_factory):
    import shutil

    first = datasets.folder(root).fingerprint
    copy = tmp_path_factory.mktemp("copy") / "elsewhere"
    shutil.copytree(root, copy)
    assert datasets.folder(copy).fingerprint == first
    table = (copy / "fixations.csv").read_text()
    (copy / "fixations.csv").write_text(table.replace("3.5,2.5", "3.5,2.6"))
    assert datasets.folder(copy).fingerprint != first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("image,subject", "image , subject"),  # blanks around names
        (",duration_ms", ",duration_ms,note"),
    ],
)
def test_harmless_oddities_of_tables_change_nothing(root, old, new):
    expected = datasets.folder(root).fingerprint
    edit(root, old, new)
    assert datasets.folder(root).fingerprint == expected


def edit(root, old, new):
    path = root / "fixations.csv"
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("spoil", "facts"),
    [
        (
            lambda r: (r / "fixations.csv").unlink(),
            ("fixations.csv", ("masks/", "classes.csv"), "no such file"),
        ),
        (lambda r: (r / "fixations.csv").write_text(""), ("fixations.csv", "", "empty file")),
        (lambda r: edit(r, "s1,3.5,2.5,120", "s1,3.5,2.5,120,1"), ("line 4", "5 fields")),
        (
            lambda r: (r / "fixations.csv").write_bytes(b"\xff\xfe\x00\x81"),
            ("fixations.csv", "UTF-8", ("encoding='utf-16'", "--encoding utf-16")),
        ),
        (
            lambda r: edit(r, "subject,", "viewer,"),
            ("fixations.csv", "", ("image, viewer", "(missing: subject)")),
        ),
        (
            lambda r: (r / "fixations.csv").write_text("image,subject,x,y\n"),
            ("fixations.csv", "", "no rows"),
        ),
        (lambda r: edit(r, "3.5,2.5", "left,2.5"), ("line 4, column x", "number", "'left'")),
        (
            lambda r: edit(r, "b.jpg,s1", "b.jpg,"),
            ("line 4, column subject", "viewer", "nothing"),
        ),
        (
            lambda r: edit(r, "b.jpg,s1", ",s1"),
            ("line 4, column image", "image"),
        ),
        (
            lambda r: edit(r, "b.jpg,s1", "z.jpg,s1"),
            ("fixations.csv", "2 images", "1 of 1 others: z"),
        ),
        (lambda r: write_image(r / "images" / "a.jpg"), ("images", "one image", "a.jpg and a.png")),
        (lambda r: (r / "images" / "a.png").write_text("hello"), ("a.png", "image", "kind")),
        (lambda r: (r / "images" / "a.png").write_bytes(b""), ("a.png", "image")),
        (
            lambda r: write_image(r / "masks" / "a.png", mode="L"),
            ("b.png", "b.jpg"),
        ),
        (
            lambda r: [write_image(r / "masks" / f"{n}.png", mode="L") for n in "ab"],
            ("b.png", "b.jpg, (5, 9)", "(6, 8)"),
        ),
    ],
)
def test_what_is_wrong_is_one_error_that_names_the_file(root, spoil, facts):
    spoil(root)
    with refused(*facts):
        datasets.folder(root)


def test_a_missing_or_empty_folder_is_one_error(tmp_path):
    with refused("nowhere", "images/", "no such folder"):
        datasets.folder(tmp_path / "nowhere")
    (tmp_path / "images").mkdir()
    with refused("images", ".jpg", "none"):
        datasets.folder(tmp_path)


def test_a_dataset_without_a_single_fixation_inside_is_refused(root):
    (root / "fixations.csv").write_text("image,subject,x,y\na,s,99,99\n")
    with refused(expected="inside the images", received="1 points dropped"):
        datasets.folder(root)


@pytest.mark.parametrize("name", ["a.png", "b.jpg"])
def test_a_truncated_image_is_found_on_reading(root, name):
    path = root / "images" / name
    path.write_bytes(path.read_bytes()[:-40])
    with refused(name, "whole image"):
        datasets.folder(root)
    data = datasets.folder(root, on_bad_example="skip")
    assert [example.id for example in data] == ["b" if name == "a.png" else "a"]
    assert len(data.report.skipped) == 1


def test_an_image_that_cannot_be_used_is_found_on_reading_and_can_be_skipped(root):
    """16 bits a channel, and formats that have no mark of their end."""
    Image.fromarray(np.ones((6, 8), np.uint16)).save(root / "images" / "c.png")
    write_image(root / "images" / "d.bmp")
    path = root / "images" / "d.bmp"
    path.write_bytes(path.read_bytes()[:-30])
    with refused("c.png", "8 bits"):
        datasets.folder(root)
    data = datasets.folder(root, on_bad_example="skip")
    assert [example.id for example in data] == ["a", "b"]
    assert "2 skipped" in str(data.report)


def test_examples_and_datasets_made_by_hand_are_checked():
    def example(name="a", points=((1, 1),), subjects=("s",)):
        return datasets.Example(name, None, (4, 6), points, subjects)

    assert example().points.dtype == float
    with refused("example 'a', points", "all inside", "1 outside"):
        example(points=[[6, 1]])
    with refused("example 'a', subjects", "1 points", "(2,)"):
        example(subjects=["s", "t"])
    report = datasets.ReadingReport()
    with refused("dataset 'mine'", "ids", "a more than once"):
        datasets.GazeDataset("mine", (example(), example()), report)
    with refused("dataset 'mine'", received="none"):
        datasets.GazeDataset("mine", (), report)


def test_bytes_behind_the_end_of_an_image_do_no_harm(root):
    path = root / "images" / "b.jpg"
    path.write_bytes(path.read_bytes() + b"comment of a camera" * 3)
    assert datasets.folder(root).report.images == 2


def test_skipping_leaves_out_counts_and_lists(root):
    edit(root, "a.png,s1", "gone.png,s1")
    data = datasets.folder(root, on_bad_example="skip")
    assert data.report.points == 2
    assert "1 skipped: fixations.csv" in str(data.report)
    with refused("on_bad_example", ("'raise'", "'skip'")):
        datasets.folder(root, on_bad_example="ignore")


def test_the_real_photographs_have_their_published_counts():
    data = datasets.folder(real("data/osie"))
    assert str(data.report) == "140 images, 15 viewers, 19852 fixations; 0 points dropped"
    assert {example.shape for example in data} == {(300, 400)}
    every = np.concatenate([example.points for example in data])
    np.testing.assert_allclose(data[0].points[0], [197.75, 132.85])
    assert every.mean(axis=0) == pytest.approx([201.4, 142.6], abs=5)


def classes(root, text="image,class,split\na,wren,train\nb.jpg,tit,test\n"):
    (root / "classes.csv").write_text(text)
    return root


def test_classes_and_splits_are_those_of_the_file(root):
    data = datasets.folder(classes(root))
    assert data.classes == ("tit", "wren")
    assert [(e.id, e.label) for e in data] == [("a", 1), ("b", 0)]
    assert [e.id for e in data.split("test")] == ["b"]
    assert datasets.folder(classes(root, "image,class\na,x\nb,y\n")).splits == {}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("image,class\na,x\n", ("classes.csv", "class", "none for b")),
        ("image,class\na,x\nb,\n", ("line 3, column class", "class")),
        (
            "image,class\na,x\nc,y\n",
            ("line 3, column image", "image"),
        ),
        ("image,class\na,x\na,y\n", ("line 3, column image", "named once")),
        ("image,label\na,x\n", ("classes.csv", "image, class[, split]", "missing: class")),
        (
            "image,class,split\na,x,train\nb,y,dev\n",
            ("line 3, column split", "train or test"),
        ),
    ],
)
def test_classes_that_do_not_fit_are_named(root, text, facts):
    with refused(*facts):
        datasets.folder(classes(root, text))


def test_images_without_a_class_are_left_out_where_that_is_asked_for(root):
    data = datasets.folder(classes(root, "image,class\nb,x\n"), on_bad_example="skip")
    assert [e.id for e in data] == ["b"] and len(data.report.skipped) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"label": "cat"}, "`classes`"),
        ({"label": -1}, "from 0"),
        ({"label": True}, "None"),
        ({"shape": (30, 40, 3)}, "(height, width)"),
        ({"shape": (30.5, 40)}, "whole pixels"),
        ({"image": np.zeros((30, 40))}, "path"),
        ({"mask": np.zeros((30, 40))}, "path"),
    ],
)
def test_an_example_that_cannot_be_is_refused(fields, expected):
    made = {"id": "a", "image": "/a.png", "shape": (30, 40), "points": [], "subjects": []}
    datasets.Example(**made)
    with refused(f"example 'a', {next(iter(fields))}", expected):
        datasets.Example(**(made | fields))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Groups.csv", "groups.csv"),
        ("group.csv", "groups.csv"),
        ("class.CSV", "classes.csv"),
        ("Mask", "masks"),
    ],
)
def test_a_part_that_is_misnamed_is_not_passed_over(root, name, part):
    (root / name).write_text("image,group\na,1\n")
    with refused(name, part):
        datasets.folder(root)


def test_files_of_other_names_do_no_harm(root):
    for name in ("README.md", "fixations_raw.csv", "fixation.csv", "maps", "image_list.txt"):
        (root / name).write_text("x")
    assert len(datasets.folder(root)) == 2


@pytest.mark.parametrize("root", [None, 5, ["a"]])
def test_what_is_no_path_is_one_error(root):
    with refused("root", "folder"):
        datasets.folder(root)


def test_missing_values_are_no_group(root):
    (root / "groups.csv").write_text("image,group\na,1\nb,NA\n")
    with refused("line 3, column group", "picture"):
        datasets.folder(root)


def test_names_that_differ_in_capitals_or_zeros_alone_are_remarked(tmp_path):
    for name in "ab":
        write_image(tmp_path / "images" / f"{name}.png", (60, 80))
    rows = [f"{image},{who},{30 + i},{20 + i}" for i in range(5) for image in "ab" for who in WHO]
    (tmp_path / "fixations.csv").write_text("\n".join(["image,subject,x,y", *rows]))
    (tmp_path / "classes.csv").write_text("image,class\na,Cat\nb,cat\n")
    told = str(datasets.folder(tmp_path).report)
    assert "viewers '1' and '01', and 1 more such pairs, are taken for two" in told
    assert "classes 'Cat' and 'cat' " in told
