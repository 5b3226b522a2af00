"""The plain folder format: what is read, counted, skipped and refused."""

import numpy as np
import pytest
from conftest import real
from PIL import Image

from keras_attn import datasets
from keras_attn.errors import InputError

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
    ("spoil", "message"),
    [
        (
            lambda r: (r / "fixations.csv").unlink(),
            "with gaze, or masks/ .*no such file",
        ),
        (lambda r: (r / "fixations.csv").write_text(""), "fixations.csv: .*an empty file"),
        (lambda r: edit(r, "s1,3.5,2.5,120", "s1,3.5,2.5,120,1"), "line 4: expected 5 fields"),
        (lambda r: (r / "fixations.csv").write_bytes(b"\xff\xfe\x00\x81"), "fixations.csv: .*"),
        (lambda r: edit(r, "subject,", "viewer,"), r"image, viewer.*\(missing: subject\)"),
        (lambda r: (r / "fixations.csv").write_text("image,subject,x,y\n"), "a header and no rows"),
        (lambda r: edit(r, "3.5,2.5", "left,2.5"), "line 4, column x: expected a number.*'left'"),
        (
            lambda r: edit(r, "b.jpg,s1", "b.jpg,"),
            "line 4, column subject: expected a viewer.*noth",
        ),
        (
            lambda r: edit(r, "b.jpg,s1", ",s1"),
            "line 4, column image: expected the name of an image",
        ),
        (lambda r: edit(r, "b.jpg,s1", "z.jpg,s1"), "fixations of the 2 images.*1 of 1 others: z"),
        (lambda r: write_image(r / "images" / "a.jpg"), "one image of each name.*a.jpg and a.png"),
        (lambda r: (r / "images" / "a.png").write_text("hello"), "a.png: expected an image.*kind"),
        (lambda r: (r / "images" / "a.png").write_bytes(b""), "a.png: expected an image"),
        (
            lambda r: write_image(r / "masks" / "a.png", mode="L"),
            "b.png: expected the mask of b.jpg",
        ),
        (
            lambda r: [write_image(r / "masks" / f"{n}.png", mode="L") for n in "ab"],
            r"b.png: expected the size of b.jpg, \(5, 9\). Received: \(6, 8\)",
        ),
    ],
)
def test_what_is_wrong_is_one_error_that_names_the_file(root, spoil, message):
    spoil(root)
    with pytest.raises(InputError, match=message):
        datasets.folder(root)


def test_a_missing_or_empty_folder_is_one_error(tmp_path):
    with pytest.raises(InputError, match="nowhere: expected a folder with images/ in it"):
        datasets.folder(tmp_path / "nowhere")
    (tmp_path / "images").mkdir()
    with pytest.raises(InputError, match="images: expected images .*Received: none"):
        datasets.folder(tmp_path)


def test_a_dataset_without_a_single_fixation_inside_is_refused(root):
    (root / "fixations.csv").write_text("image,subject,x,y\na,s,99,99\n")
    with pytest.raises(InputError, match="fixations inside the images.*1 points dropped"):
        datasets.folder(root)


@pytest.mark.parametrize("name", ["a.png", "b.jpg"])
def test_a_truncated_image_is_found_on_reading(root, name):
    path = root / "images" / name
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=f"{name}: expected a whole image"):
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
    with pytest.raises(InputError, match=r"c.png: expected an image of 8 bits a channel"):
        datasets.folder(root)
    data = datasets.folder(root, on_bad_example="skip")
    assert [example.id for example in data] == ["a", "b"]
    assert "2 skipped" in str(data.report)


def test_examples_and_datasets_made_by_hand_are_checked():
    def example(name="a", points=((1, 1),), subjects=("s",)):
        return datasets.Example(name, None, (4, 6), points, subjects)

    assert example().points.dtype == float
    with pytest.raises(InputError, match=r"example 'a', points: expected all inside.*1 outside"):
        example(points=[[6, 1]])
    with pytest.raises(InputError, match="example 'a', subjects: expected one for each of 1"):
        example(subjects=["s", "t"])
    report = datasets.ReadingReport()
    with pytest.raises(InputError, match="ids of their own. Received: a more than once"):
        datasets.GazeDataset("mine", (example(), example()), report)
    with pytest.raises(InputError, match="Received: none"):
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
    with pytest.raises(InputError, match="on_bad_example: expected one of 'raise', 'skip'"):
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
    ("text", "message"),
    [
        ("image,class\na,x\n", r"classes\.csv: expected a class for every image.*none for b"),
        ("image,class\na,x\nb,\n", r"line 3, column class: expected the name of a class"),
        (
            "image,class\na,x\nc,y\n",
            r"line 3, column image: expected the name of an image",
        ),
        ("image,class\na,x\na,y\n", r"line 3, column image: expected an image named once"),
        ("image,label\na,x\n", r"expected a CSV file with the columns image, class\[, split\]"),
        (
            "image,class,split\na,x,train\nb,y,dev\n",
            r"line 3, column split: expected train or test",
        ),
    ],
)
def test_classes_that_do_not_fit_are_named(root, text, message):
    with pytest.raises(InputError, match=message):
        datasets.folder(classes(root, text))


def test_images_without_a_class_are_left_out_where_that_is_asked_for(root):
    data = datasets.folder(classes(root, "image,class\nb,x\n"), on_bad_example="skip")
    assert [e.id for e in data] == ["b"] and len(data.report.skipped) == 1


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"label": "cat"}, "label: expected the place of its class"),
        ({"label": -1}, "label: "),
        ({"label": True}, "label: "),
        ({"shape": (30, 40, 3)}, r"shape: expected \(height, width\)"),
        ({"shape": (30.5, 40)}, "shape: "),
        ({"image": np.zeros((30, 40))}, "image: expected the path"),
        ({"mask": np.zeros((30, 40))}, "mask: expected the path"),
    ],
)
def test_an_example_that_cannot_be_is_refused(fields, where):
    made = {"id": "a", "image": "/a.png", "shape": (30, 40), "points": [], "subjects": []}
    datasets.Example(**made)
    with pytest.raises(InputError, match=f"example 'a', {where}"):
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
    with pytest.raises(InputError, match=f"{name}: expected the name {part}"):
        datasets.folder(root)


def test_files_of_other_names_do_no_harm(root):
    for name in ("README.md", "fixations_raw.csv", "fixation.csv", "maps", "image_list.txt"):
        (root / name).write_text("x")
    assert len(datasets.folder(root)) == 2


@pytest.mark.parametrize("root", [None, 5, ["a"]])
def test_what_is_no_path_is_one_error(root):
    with pytest.raises(InputError, match="root: expected the path of a folder"):
        datasets.folder(root)


def test_missing_values_are_no_group(root):
    (root / "groups.csv").write_text("image,group\na,1\nb,NA\n")
    with pytest.raises(InputError, match=r"line 3, column group.*no row for a picture of none"):
        datasets.folder(root)


def test_names_that_differ_in_capitals_or_zeros_alone_are_remarked(tmp_path):
    for name in "ab":
        write_image(tmp_path / "images" / f"{name}.png", (60, 80))
    rows = [f"{image},{who},{30 + i},{20 + i}" for i in range(5) for image in "ab" for who in WHO]
    (tmp_path / "fixations.csv").write_text("\n".join(["image,subject,x,y", *rows]))
    (tmp_path / "classes.csv").write_text("image,class\na,Cat\nb,cat\n")
    told = str(datasets.folder(tmp_path).report)
    assert "viewers '1' and '01', and 1 more such pairs, are taken for two" in told
    assert "classes 'Cat' and 'cat' are taken for two" in told
