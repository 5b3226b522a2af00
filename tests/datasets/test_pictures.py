"""Picture files as cameras, phones and programs write them: upright, whole, or an error."""

import numpy as np
import pytest
from conftest import refused
from PIL import Image, ImageOps

import keras_attn as ka
from keras_attn import datasets
from keras_attn.datasets.readers.image_files import image_shape, picture_file

SHAPE = (16, 24)
LOSSLESS = {".png": {}, ".webp": {"lossless": True}, ".tif": {}}


def scene(shape=SHAPE, seed=0):
    """A picture that is unlike itself however it is turned."""
    levels = np.random.default_rng(seed).integers(0, 256, (shape[0] // 8, shape[1] // 8, 3))
    return np.kron(levels, np.ones((8, 8, 1))).astype(np.uint8)


def write(path, orientation=1, pixels=None, **options):
    """A picture whose rows lie as the orientation says: those of `pixels` are upright."""
    upright = Image.fromarray(scene() if pixels is None else pixels)
    back = {6: 8, 8: 6}.get(orientation, orientation)
    exif = Image.Exif()
    exif[0x0112] = back
    turned = Image.new("RGB", upright.size)
    turned.paste(upright)
    turned.info["exif"] = exif.tobytes()
    stored = ImageOps.exif_transpose(turned) if orientation > 1 else upright
    exif[0x0112] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    stored.save(path, exif=exif, **options)
    return np.asarray(upright)


def write_folder(root, orientations, suffix=".png"):
    """A dataset of one picture for each orientation, with one fixation on each."""
    lines = ["image,subject,x,y"]
    for number, orientation in enumerate(orientations):
        write(root / "images" / f"{number}{suffix}", orientation, scene(seed=number))
        lines.append(f"{number},s,20.5,3.5")
    (root / "fixations.csv").write_text("\n".join(lines) + "\n")
    return root


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [*LOSSLESS, ".jpg"])
def test_a_picture_is_read_upright_whichever_way_it_is_stored(tmp_path, suffix, orientation):
    options = LOSSLESS.get(suffix, {"quality": 95, "subsampling": 0})
    upright = write(tmp_path / f"a{suffix}", orientation, **options)
    read = datasets.read_image(tmp_path / f"a{suffix}")
    assert read.shape[:2] == image_shape(tmp_path / f"a{suffix}") == SHAPE
    assert np.abs(read.astype(int) - upright).max() <= (0 if suffix in LOSSLESS else 20)
    found = picture_file(tmp_path / f"a{suffix}")
    assert found.rotated == (orientation > 1) and found.sideways == (orientation > 4)
    assert found.stored == (SHAPE[::-1] if orientation > 4 else SHAPE)


@pytest.mark.parametrize("orientation", [0, 9, 400])
def test_an_orientation_that_there_is_not_is_none(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(scene()).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(datasets.read_image(tmp_path / "a.png"), scene())
    assert not picture_file(tmp_path / "a.png").rotated


@pytest.mark.filterwarnings("ignore")
def test_a_damaged_exif_block_leaves_a_picture_as_it_is_stored(tmp_path):
    for number, block in enumerate((b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"")):
        path = tmp_path / f"{number}.jpg"
        Image.fromarray(scene()).save(path, exif=block)
        assert datasets.read_image(path).shape[:2] == image_shape(path) == SHAPE


def test_a_dataset_says_which_of_its_pictures_were_turned(tmp_path):
    data = datasets.folder(write_folder(tmp_path / "d", [1, 6, 3]))
    assert {example.shape for example in data} == {SHAPE}
    assert data[1].points.tolist() == [[20.5, 3.5]] and data.report.points_outside == 0
    assert "2 pictures stored rotated (EXIF), read upright" in str(data.report)
    np.testing.assert_array_equal(data[1].pixels(), scene(seed=1))


def test_a_mask_of_the_picture_as_it_is_stored_is_told_from_one_of_another_size(tmp_path):
    root = write_folder(tmp_path / "d", [6])
    (root / "masks").mkdir()
    mask = Image.fromarray(np.eye(*SHAPE, dtype=np.uint8) * 255)
    mask.save(root / "masks" / "0.png")
    assert datasets.folder(root)[0].mask is not None
    mask.transpose(Image.Transpose.ROTATE_90).save(root / "masks" / "0.png")
    with refused("0.png", ("0.png", "(16, 24)", "EXIF"), ("(24, 16)", "stored")):
        datasets.folder(root)
    mask.resize((9, 9)).save(root / "masks" / "0.png")
    with refused("0.png", ("0.png", "(16, 24)"), "(9, 9)"):
        datasets.folder(root)


def test_a_map_of_the_rows_as_they_are_stored_is_refused(tmp_path):
    data = datasets.folder(write_folder(tmp_path / "d", [6, 1]))
    maps = tmp_path / "maps"
    maps.mkdir()
    rng = np.random.default_rng(0)
    for shape, fits in (((16, 24), True), ((8, 12), True), ((9, 9), True), ((24, 16), False)):
        for name in "01":
            np.save(maps / f"{name}.npy", rng.random(shape if name == "0" else SHAPE))
        if fits:
            ka.audit(maps, data, progress=False)
        else:
            with refused("0.npy", ("0.png", "(16, 24)", "EXIF"), "(24, 16)"):
                ka.audit(maps, data, progress=False)
    # One that is upright already may have any proportions: it is resized, and that is noted.
    for name in "01":
        np.save(maps / f"{name}.npy", rng.random(SHAPE if name == "0" else (24, 16)))
    assert "another size" in str(ka.audit(maps, data, progress=False))


def test_a_map_file_that_is_itself_stored_rotated_is_refused(tmp_path):
    data = datasets.folder(write_folder(tmp_path / "d", [1, 1]))
    exif = Image.Exif()
    exif[0x0112] = 3
    for name in "01":
        Image.fromarray(scene()[..., 0]).save(tmp_path / f"{name}.png", exif=exif)
    with refused("0.png", "upright", "orientation 3"):
        ka.audit(tmp_path, data, progress=False)


def test_transparent_parts_are_white_whatever_colour_they_hide(tmp_path):
    pixels = np.dstack([scene(), np.full(SHAPE, 255, np.uint8)])
    pixels[:, :8, 3], pixels[:8, :8, :3] = 0, 0
    pixels[0, 20] = (0, 0, 0, 51)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    read = datasets.read_image(tmp_path / "a.png")
    assert (read[:, :8] == 255).all() and read[0, 20].tolist() == [204] * 3
    np.testing.assert_array_equal(read[1:, 8:], scene()[1:, 8:])
    assert datasets.read_image(tmp_path / "a.png", "L")[:, :8].min() == 255
    assert datasets.read_image(tmp_path / "a.png", ground=0)[:, :8].max() == 0
    palette = Image.fromarray(scene()).quantize(4)
    palette.save(tmp_path / "p.png", transparency=palette.getpixel((0, 0)))
    assert datasets.read_image(tmp_path / "p.png")[0, 0].tolist() == [255] * 3
    root = write_folder(tmp_path / "d", [1])
    Image.fromarray(pixels).save(root / "images" / "0.png")
    told = str(datasets.folder(root).report)
    assert "1 pictures with transparency, laid on white" in told


def test_pictures_without_colour_or_of_printing_are_rgb(tmp_path):
    grey = Image.fromarray(scene()[..., 0])
    for name, picture in {
        "l.png": grey,
        "one.png": grey.convert("1"),
        "p.png": Image.fromarray(scene()).quantize(16),
        "la.png": grey.convert("LA"),
        "cmyk.jpg": Image.fromarray(scene()).convert("CMYK"),
        "deep.tif": Image.fromarray(scene()).convert("YCbCr"),
    }.items():
        picture.save(tmp_path / name)
        read = datasets.read_image(tmp_path / name)
        assert read.shape == (*SHAPE, 3) and image_shape(tmp_path / name) == SHAPE
    light = Image.new("CMYK", (8, 8), (0, 0, 0, 0))
    light.save(tmp_path / "light.jpg", quality=95)
    assert datasets.read_image(tmp_path / "light.jpg").min() > 250


def test_the_first_of_several_frames_is_read_and_that_is_told(tmp_path):
    first, second = Image.fromarray(scene()), Image.fromarray(scene(seed=1))
    for name in ("a.webp", "a.tif", "a.png"):
        options = {"lossless": True} if name.endswith("webp") else {}
        first.save(tmp_path / name, save_all=True, append_images=[second], **options)
        np.testing.assert_array_equal(datasets.read_image(tmp_path / name), scene())
        assert picture_file(tmp_path / name).several
    # The second picture that phones put behind the first is no frame.
    first.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[second])
    found = picture_file(tmp_path / "phone.jpg")
    assert found.shape == SHAPE and not found.several
    root = write_folder(tmp_path / "d", [1])
    first.save(root / "images" / "0.png", save_all=True, append_images=[second])
    assert "1 pictures of several frames" in str(datasets.folder(root).report)


def test_what_is_no_picture_that_is_read_is_one_error(tmp_path):
    files = {
        "empty.jpg": (b"", "an empty file"),
        "phone.jpg": (b"\0\0\0\x18ftypheic" + bytes(40), ("HEIC", "JPEG or PNG")),
        "text.png": (b"not a picture", "a file of another kind"),
    }
    for name, (content, received) in files.items():
        (tmp_path / name).write_bytes(content)
        for read in (datasets.read_image, image_shape):
            with refused(name, "image", received):
                read(tmp_path / name)
    Image.fromarray(scene()[..., 0].astype(np.uint16) * 256).save(tmp_path / "deep.png")
    with refused("deep.png", "8 bits"):
        image_shape(tmp_path / "deep.png")


def test_pictures_of_a_kind_that_is_not_read_are_named(tmp_path):
    root = write_folder(tmp_path / "d", [1])
    (root / "images" / "IMG_7.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    assert "1 pictures passed over" in str(datasets.folder(root).report)
    assert "IMG_7.HEIC" in str(datasets.folder(root).report)


def test_suffixes_in_capitals_and_the_smallest_picture_are_read(tmp_path):
    root = tmp_path / "d"
    write(root / "images" / "A.JPG", 6)
    write(root / "images" / "b.JPEG", pixels=np.zeros((1, 1, 3), np.uint8))
    (root / "fixations.csv").write_text("image,subject,x,y\nA,s,1,1\nb,s,0.5,0.5\n")
    data = datasets.folder(root)
    assert [example.shape for example in data] == [SHAPE, (1, 1)]


@pytest.mark.parametrize("late", [False, True])
def test_the_exif_block_of_a_png_counts_before_and_behind_its_pixels(late, tmp_path):
    path, picture = tmp_path / "a.png", Image.new("RGB", (8, 6))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    if late:
        data = path.read_bytes()
        start = data.index(b"eXIf") - 4
        block = data[start : start + 12 + int.from_bytes(data[start : start + 4], "big")]
        path.write_bytes(data.replace(block, b"").replace(data[-12:], block + data[-12:]))
    assert picture_file(path).shape == datasets.read_image(path).shape[:2] == (8, 6)
