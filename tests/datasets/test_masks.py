"""Mask files of every coding: what is object, what needs a threshold, and what cannot be told."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from conftest import real, refused
from PIL import Image

import keras_attn as ka
from keras_attn import datasets, tasks
from keras_attn.datasets.readers import masks
from keras_attn.datasets.readers.masks import read_mask

SHAPE = (24, 30)
RED, GREEN, WHITE, BLACK = (255, 0, 0), (0, 128, 0), (255, 255, 255), (0, 0, 0)


def blob(place=0):
    """A mask of an object, bool `(H, W)`; another for each place."""
    mask = np.zeros(SHAPE, bool)
    mask[4 + place : 12, 5 : 14 + place] = True
    return mask


def grey(low, high, kind=np.uint8):
    return lambda mask: Image.fromarray(np.where(mask, high, low).astype(kind))


def colours(low, high):
    """Pixels of two colours: RGB, or with alpha."""
    return lambda mask: Image.fromarray(np.where(mask[..., None], high, low).astype(np.uint8))


def palette(*listed, high=1, **options):
    """Indices 0 and `high` in a palette of these colours."""

    def made(mask):
        image = Image.fromarray(mask.astype(np.uint8) * high, mode="P")
        image.putpalette([part for colour in listed for part in colour])
        image.info.update(options)
        return image

    return made


def cut_out(mask):
    picture = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8)
    return Image.fromarray(np.dstack([picture, mask.astype(np.uint8) * 255]))


def label_colours(mask):
    """The palette of the VOC labels, of class 15."""
    listed = np.zeros((256, 3), np.uint8)
    for i in range(256):
        for bit in range(8):
            for channel in range(3):
                listed[i, channel] |= ((i >> (3 * bit + channel)) & 1) << (7 - bit)
    return palette(*listed.tolist(), high=15)(mask)


def reduced(mask):
    """Black and white as a program reduces them, which puts the white first."""
    image = colours(BLACK, WHITE)(mask).quantize(2)
    assert image.getpalette()[:6] == [*WHITE, *BLACK]
    return image


CODINGS = {
    "0 and 255": grey(0, 255),
    "0 and 100": grey(0, 100),
    "0 and 1": grey(0, 1),
    "labels 1 and 2": grey(1, 2),
    "127 and 128": grey(127, 128),
    "200 and 210": grey(200, 210),
    "one bit": lambda mask: Image.fromarray(mask),
    "16 bits": grey(0, 65535, np.uint16),
    "16 bits, 0 and 1": grey(0, 1, np.uint16),
    "16 bits, 300 and 301": grey(300, 301, np.uint16),
    "red on black": colours(BLACK, RED),
    "the green channel": colours(BLACK, (0, 255, 0)),
    "the blue channel of 0 and 1": colours(BLACK, (0, 0, 1)),
    "the green channel, others full": colours((255, 0, 255), WHITE),
    "grey in colour": colours(BLACK, WHITE),
    "grey in colour, opaque": colours((*BLACK, 255), (*WHITE, 255)),
    "alpha of black": colours((*BLACK, 0), (*BLACK, 255)),
    "alpha of white": colours((*WHITE, 0), (*WHITE, 255)),
    "alpha of 0 and 1": colours((9, 8, 7, 0), (9, 8, 7, 1)),
    "alpha beside grey": colours((0, 0), (0, 255)),
    "colour and alpha": colours((*BLACK, 0), (*GREEN, 255)),
    "alpha of a picture": cut_out,
    "index of green": palette(BLACK, GREEN),
    "index of black twice": palette(BLACK, BLACK),
    "index of red on white": palette(WHITE, RED),
    "index 15 of labels": label_colours,
    "palette of a reduced picture": reduced,
    "index with a clear ground": palette(BLACK, RED, transparency=0),
    "index 255": lambda mask: palette(*[(i, i, i) for i in range(256)], high=255)(mask),
}


def written(root, images):
    """A folder with these images as masks, by name; None for a picture without one."""
    for part in ("images", "masks"):
        (root / part).mkdir(exist_ok=True)
    rows = ["image,subject,x,y"]
    for name, image in images.items():
        Image.fromarray(np.full((*SHAPE, 3), 90, np.uint8)).save(root / "images" / f"{name}.png")
        if image is not None:
            image.save(root / "masks" / f"{name}.png")
        rows.append(f"{name},a,15,12")
    (root / "fixations.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.mark.parametrize("coding", CODINGS)
def test_a_perfect_network_scores_one_on_masks_of_every_coding(tmp_path, coding):
    truth = [blob(place) for place in range(3)]
    images = {f"m{i}": CODINGS[coding](mask) for i, mask in enumerate(truth)}
    data = datasets.folder(written(tmp_path, images))
    found = [read_mask(example) for example in data]
    assert all(mask.dtype == bool for mask in found)
    result = ka.metrics.salient_object.scores(truth, found)
    assert (result["max_f"], result["mae"], result["mae_raw"]) == (1, 0, 0)
    assert data.report.masks_without_object == 0 and not data.report.remarks


@pytest.mark.parametrize("coding", CODINGS)
def test_one_mask_by_itself_is_read_alike(tmp_path, coding):
    data = datasets.folder(written(tmp_path, {"a": CODINGS[coding](blob())}))
    np.testing.assert_array_equal(read_mask(replace(data[0], mask_coding=None)), blob())


def test_files_of_different_codings_in_one_folder_are_each_a_mask(tmp_path):
    # In these, what is the object in another file is the background.
    left_out = ("labels 1 and 2", "grey in colour, opaque")
    made = [coding for name, coding in CODINGS.items() if name not in left_out]
    images = {f"m{i}": coding(blob()) for i, coding in enumerate(made)}
    for example in datasets.folder(written(tmp_path, images)):
        np.testing.assert_array_equal(read_mask(example), blob(), err_msg=example.id)


def soft(top=255, kind=np.uint8):
    """An object with soft edges, and the mask above half."""
    pixels = cv2.GaussianBlur(blob().astype(np.float32), (5, 5), 1.0)
    pixels = np.round(pixels * top).astype(kind)
    return pixels, pixels > top // 2


@pytest.mark.parametrize(
    ("image", "received"),
    [
        (lambda: Image.fromarray(soft()[0]), ("values: 0,", "… 255")),
        (lambda: Image.fromarray(np.dstack([soft()[0]] * 3)), ("values: 0,", "… 255")),
        (lambda: Image.fromarray(soft(65535, np.uint16)[0]), ("values: 0,", "… 65535")),
        (lambda: Image.fromarray(np.dstack([0 * soft()[0], soft()[0]])), "values: 0,"),
        (
            lambda: Image.fromarray(np.where(blob(), 255, np.eye(*SHAPE)).astype(np.uint8)),
            "3 values",
        ),
    ],
)
def test_more_than_two_values_need_a_threshold_that_is_named(tmp_path, image, received):
    root = written(tmp_path, {"a": image()})
    with refused("a.png", ("mask_threshold=", "--data.mask-threshold"), received):
        datasets.folder(root)


@pytest.mark.parametrize(("top", "kind"), [(255, np.uint8), (65535, np.uint16), (100, np.uint8)])
def test_what_is_above_the_threshold_on_the_scale_of_the_file_is_object(tmp_path, top, kind):
    pixels, mask = soft(top, kind)
    root = written(tmp_path, {"a": Image.fromarray(pixels)})
    [example] = datasets.folder(root, mask_threshold=top // 2)
    np.testing.assert_array_equal(read_mask(example), mask)


@pytest.mark.parametrize(
    "of",
    [
        lambda p: np.dstack([0 * p, p, 0 * p]),
        lambda p: np.dstack([p, p, p]),
        lambda p: np.dstack([p, p, p, 0 * p + 255]),
        lambda p: np.dstack([0 * p + 3, p]),
        lambda p: np.dstack([0 * p, 0 * p + 7, 0 * p, p]),
    ],
)
def test_a_threshold_is_applied_to_the_channel_that_varies(tmp_path, of):
    pixels, mask = soft()
    empty = Image.fromarray(of(0 * pixels))
    root = written(tmp_path, {"a": Image.fromarray(of(pixels)), "b": empty})
    a, _ = datasets.folder(root, mask_threshold=127)
    np.testing.assert_array_equal(read_mask(a), mask)


def test_a_threshold_of_labels_with_a_palette_is_of_their_indices(tmp_path):
    image = label_colours(blob())
    pixels = np.asarray(image).copy()
    pixels[-1] = 7  # whose colour is a grey
    labels = Image.fromarray(pixels, mode="P")
    labels.putpalette(image.getpalette())
    root = written(tmp_path, {"a": labels})
    with refused("a.png", received="3 values: 0, 7, 15"):
        datasets.folder(root)
    [example] = datasets.folder(root, mask_threshold=10)
    np.testing.assert_array_equal(read_mask(example), blob())


def test_a_threshold_of_a_picture_with_a_palette_is_of_its_greys(tmp_path):
    pixels, mask = soft()
    reduced = Image.fromarray(pixels).convert("RGB").quantize(16)
    assert reduced.mode == "P" and reduced.getpalette()[0] > reduced.getpalette()[-3]
    root = written(tmp_path, {"a": reduced})
    [example] = datasets.folder(root, mask_threshold=127)
    assert (read_mask(example) != mask).mean() < 0.02


def test_a_threshold_holds_for_every_file_of_a_dataset(tmp_path):
    """Graded masks: one that few agreed on has two values as well, and no object above half."""
    root = written(tmp_path, {"a": Image.fromarray(soft()[0]), "b": grey(0, 85)(blob())})
    data = datasets.folder(root, mask_threshold=127)
    assert not read_mask(data[1]).any() and data.report.masks_without_object == 1
    one_bit = written(tmp_path, {"b": Image.fromarray(blob())})
    np.testing.assert_array_equal(
        read_mask(datasets.folder(one_bit, mask_threshold=127)[1]), blob()
    )


@pytest.mark.parametrize(
    ("threshold", "facts"),
    [
        (0.5, ("mask_threshold", ("127", "255"), "0.5")),
        (255, ("mask_threshold", "from 0 to below 255", "255")),
        (-1, ("mask_threshold", ("None", "scale"))),
        (float("nan"), ("mask_threshold", ("None", "scale"))),
        ("half", ("mask_threshold", ("None", "scale"))),
        (True, ("mask_threshold", ("None", "scale"))),
    ],
)
def test_a_threshold_off_the_scale_is_refused(tmp_path, threshold, facts):
    root = written(tmp_path, {"a": Image.fromarray(soft()[0])})
    with refused(*facts):
        datasets.folder(root, mask_threshold=threshold)


def test_a_threshold_is_part_of_the_fingerprint_only_where_it_is_named(tmp_path):
    root = written(tmp_path, {"a": grey(0, 255)(blob())})
    plain, named = datasets.folder(root), datasets.folder(root, mask_threshold=127)
    without = replace(plain, examples=tuple(replace(e, mask_coding=None) for e in plain))
    assert plain.fingerprint == without.fingerprint != named.fingerprint
    assert named.fingerprint != datasets.folder(root, mask_threshold=9).fingerprint


# --- masks of one value -------------------------------------------------------------------------


def test_a_mask_without_an_object_is_counted_and_shown(tmp_path):
    images = {"a": grey(0, 255)(blob()), "b": grey(0, 0)(blob()), "c": grey(0, 255)(blob(1))}
    data = datasets.folder(written(tmp_path, images))
    assert data.report.masks_without_object == 1
    assert "3 masks; 0 points dropped; 1 masks without an object" in str(data.report)
    assert not read_mask(data[1]).any()
    assert masks.notes(data) == (
        "1 of 3 masks hold no object: every F-measure there is 0, whatever is predicted.",
    )
    part = data.part("some", [0, 2])
    assert part.report.masks_without_object == 0 and masks.notes(part) == ()


@pytest.mark.parametrize(
    ("coding", "alone", "is_object"),
    [
        (grey(1, 2), grey(1, 1), False),
        (grey(1, 2), grey(2, 2), True),
        (grey(0, 1), grey(1, 1), True),
        (grey(0, 100), grey(100, 100), True),
        (grey(0, 100), grey(255, 255), True),
        (grey(1, 2), grey(0, 0), False),
        (lambda mask: Image.fromarray(mask), lambda mask: Image.fromarray(mask | True), True),
        (grey(0, 1, np.uint16), grey(65535, 65535, np.uint16), True),
        (CODINGS["alpha of black"], colours((*BLACK, 255), (*BLACK, 255)), True),
        (CODINGS["alpha of black"], colours((*BLACK, 0), (*BLACK, 0)), False),
        (CODINGS["grey in colour, opaque"], colours((*BLACK, 255), (*BLACK, 255)), False),
        (CODINGS["index of green"], palette(BLACK, GREEN, high=0), False),
        (CODINGS["red on black"], colours(RED, RED), True),
    ],
)
def test_a_mask_of_one_value_is_what_that_value_is_in_the_others(
    tmp_path, coding, alone, is_object
):
    images = {"a": coding(blob()), "b": alone(blob()), "c": coding(blob(1))}
    data = datasets.folder(written(tmp_path, images))
    assert (read_mask(data[1]) == is_object).all()
    np.testing.assert_array_equal(read_mask(data[0]), blob())


@pytest.mark.parametrize(
    "image",
    [
        grey(1, 1),
        grey(100, 100),
        grey(255, 255, np.uint16),
        colours(RED, RED),
        colours((*WHITE, 0), (*WHITE, 0)),
        palette(WHITE, high=0),
        palette(BLACK, RED),
    ],
)
def test_one_value_that_nothing_tells_the_meaning_of_is_refused(tmp_path, image):
    root = written(tmp_path, {"a": image(blob() | True)})
    with refused("a.png", ("two values", "mask_threshold="), "everywhere"):
        datasets.folder(root)


def test_a_value_that_is_object_here_and_background_there_is_refused(tmp_path):
    """Labels: where the classes 1 and 2 fill a picture, the smaller is no background."""
    images = {"a": grey(0, 1)(blob()), "b": grey(1, 2)(blob())}
    root = written(tmp_path, images)
    with refused("b.png", ("agree", "mask_threshold="), ("1 as the background", "a.png")):
        datasets.folder(root)
    data = datasets.folder(root, mask_threshold=0)
    assert read_mask(data[1]).all() and not read_mask(data[0]).all()


# --- what does not tell which is the object -----------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [
        colours(GREEN, RED),
        colours(WHITE, RED),
        colours((*WHITE, 0), (*BLACK, 255)),
        palette(RED, BLACK),
        palette(BLACK, RED, transparency=1),
    ],
)
def test_two_values_that_do_not_tell_which_is_the_object_are_refused(tmp_path, image):
    root = written(tmp_path, {"a": image(blob())})
    with refused("a.png", "two values"):
        datasets.folder(root)


def differing(**options):
    """Two channels that hold two masks."""
    pixels = np.zeros((*SHAPE, 4), np.uint8)
    pixels[..., 3] = 255
    for channel, mask in options.items():
        pixels[..., "rgba".index(channel)] = np.where(mask, 255, 0)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("channels", "named"), [("rg", "red, green"), ("ga", "green, alpha"), ("rb", "red, blue")]
)
def test_channels_that_hold_different_masks_are_refused(tmp_path, channels, named):
    image = differing(**dict(zip(channels, (blob(0), blob(3)), strict=True)))
    root = written(tmp_path, {"a": image})
    with refused("a.png", "one channel", named):
        datasets.folder(root)
    with refused("a.png", "127"):
        datasets.folder(root, mask_threshold=127)


def test_colours_of_16_bits_and_strange_modes_are_refused(tmp_path):
    root = written(tmp_path, {"a": None})
    deep = np.dstack([blob().astype(np.uint16)] * 3)
    cv2.imwrite(str(root / "masks" / "a.png"), deep)
    with refused("a.png", ("grey", "8 bits"), "16 bits"):
        datasets.folder(root)
    Image.new("CMYK", SHAPE[::-1]).save(root / "masks" / "a.png", format="TIFF")
    with refused("a.png", received="mode 'CMYK'"):
        datasets.folder(root)


def test_floats_of_a_tiff_file_are_a_mask(tmp_path):
    root = written(tmp_path, {"a": None})
    path = root / "masks" / "a.png"
    Image.fromarray(blob().astype(np.float32) * 0.25).save(path, format="TIFF")
    np.testing.assert_array_equal(read_mask(datasets.folder(root)[0]), blob())
    Image.fromarray(np.where(blob(), np.nan, 0).astype(np.float32)).save(path, format="TIFF")
    with refused("a.png", "finite"):
        datasets.folder(root)


# --- datasets -----------------------------------------------------------------------------------


def test_masks_that_cannot_be_told_are_left_out_and_listed_on_demand(tmp_path):
    images = {"a": grey(0, 255)(blob()), "b": Image.fromarray(soft()[0]), "c": grey(7, 7)(blob())}
    data = datasets.folder(written(tmp_path, images), on_bad_example="skip")
    assert [example.id for example in data] == ["a"]
    assert "2 skipped: b (" in str(data.report) and "c (" in str(data.report)


def test_masks_whose_larger_value_covers_most_of_them_are_remarked_on(tmp_path):
    images = {name: grey(255, 0)(blob()) for name in "ab"}
    data = datasets.folder(written(tmp_path, images))
    assert "the larger value is the object: 90% of the pixels of the masks" in str(data.report)


def test_one_mask_that_is_turned_round_is_remarked_on(tmp_path):
    images = {str(place): grey(0, 255)(blob(place) ^ (place == 2)) for place in range(4)}
    data = datasets.folder(written(tmp_path, images))
    assert "all along the edge, as in a mask turned round: " in str(data.report)
    images["2"] = grey(0, 255)(blob(2))
    assert "edge" not in str(datasets.folder(written(tmp_path, images)).report)


@pytest.mark.parametrize("top", [1, 100])
def test_a_threshold_that_no_mask_reaches_is_refused(tmp_path, top):
    root = written(tmp_path, {name: grey(0, top)(blob()) for name in "abc"})
    with refused("mask_threshold", received=("127", "3 masks")):
        datasets.folder(root, mask_threshold=127)


def test_masks_that_are_empty_all_of_them_need_no_lower_threshold(tmp_path):
    root = written(tmp_path, {name: grey(0, 0)(blob()) for name in "abc"})
    assert datasets.folder(root, mask_threshold=127).report.masks_without_object == 3


@pytest.mark.parametrize(("label", "remarked"), [(15, True), (128, False)])
def test_255_beside_labels_is_remarked_on_as_perhaps_void(tmp_path, label, remarked):
    pixels = np.where(blob(), label, 0).astype(np.uint8)
    pixels[2, :9] = 255
    data = datasets.folder(written(tmp_path, {"a": Image.fromarray(pixels)}), mask_threshold=0)
    assert ("it may stand for void" in str(data.report)) == remarked


def test_an_example_with_another_mask_than_it_was_read_with_is_read_anew(tmp_path):
    root = written(tmp_path, {"a": grey(0, 255)(blob()), "b": grey(1, 2)(blob(2))})
    a, b = datasets.folder(root)
    np.testing.assert_array_equal(read_mask(replace(a, mask=b.mask)), blob(2))


@pytest.mark.parametrize("name", ["dut_omron", "pascal_s"])
def test_published_masks_have_the_threshold_of_their_publishers(tmp_path, name):
    data = datasets.miniature(name, images=3, root=tmp_path / "drawn")
    truth = [read_mask(example) for example in data]
    reader = getattr(datasets, name)
    for example, mask in zip(data, truth, strict=True):
        Image.fromarray(mask.astype(np.uint8) * 100).save(example.mask)
    for example, mask in zip(reader(tmp_path / "drawn"), truth, strict=True):
        np.testing.assert_array_equal(read_mask(example), mask)
    pixels = np.where(truth[0], 128, 127).astype(np.uint8)
    pixels[0, 0] = 0
    Image.fromarray(pixels).save(data[0].mask)
    again = reader(tmp_path / "drawn")
    np.testing.assert_array_equal(read_mask(again[0]), truth[0])
    assert again.report.masks_without_object == 2
    assert again.fingerprint == reader(tmp_path / "drawn", mask_threshold=127).fingerprint
    with refused("mask_threshold", received=("128", "3 masks")):
        reader(tmp_path / "drawn", mask_threshold=128)


def test_scores_tell_of_masks_without_an_object(tmp_path):
    import keras

    image = keras.Input((*SHAPE, 3))
    outputs = {"saliency": keras.layers.Conv2D(1, 1, activation="sigmoid")(image)}
    images = {"a": grey(0, 100)(blob()), "b": grey(0, 0)(blob())}
    data = datasets.folder(written(tmp_path, images))
    evaluation = ka.evaluate(keras.Model(image, outputs), data, progress=False)
    assert masks.notes(data)[0] in evaluation.notes
    assert evaluation.rows.set_index("id").loc["b", ["adaptive_f", "weighted_f"]].tolist() == [0, 0]


def test_the_threshold_of_a_configuration_reaches_the_masks(tmp_path):
    pixels, mask = soft()
    root = written(tmp_path, {"a": Image.fromarray(pixels)})
    plain = ka.configs.salient_object(name="folder", root=root)
    named = ka.configs.changed(plain, mask_threshold=127)
    [example] = tasks.salient_object.read(named.data)
    np.testing.assert_array_equal(read_mask(example), mask)
    birds = ka.configs.fine_grained(name="folder", root=root, mask_threshold=127)
    [example] = tasks.fine_grained.read(birds.data)
    np.testing.assert_array_equal(read_mask(example), mask)
    # The fingerprint of the data stands for it, so that runs without one stay what they were.
    assert ka.configs.identity(plain, data="x") == ka.configs.identity(named, data="x")


def test_real_masks_of_one_bit_are_read_as_they_are(tmp_path):
    source = real("data/duts_499")
    names = sorted(path.stem for path in (source / "masks").glob("*.png"))[:5]
    for name in names:
        path = source / "masks" / f"{name}.png"
        with Image.open(path) as image:
            np.testing.assert_array_equal(masks.coding_of(path).read(), np.asarray(image))
