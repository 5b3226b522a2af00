"""What networks make of images, as files: the numbers of an evaluation, or one error."""

import cv2
import keras
import numpy as np
import pandas as pd
import pytest
from conftest import refused, room_for
from PIL import Image
from predicted import kept, network, predict

import keras_attn as ka
from keras_attn import configs, storage
from keras_attn.resizing import at_size
from keras_attn.shell import cli

pytestmark = pytest.mark.slow

SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67}
SCENES = SMALL | {"channels": (64, 64, 64), "base_rate": 0.2}
CONFIGS = {
    "scenes": configs.salient_object(attention="supervised", **SCENES),
    "gazed": configs.salient_object(attention="human", **SCENES),
    "birds": configs.fine_grained(attention="softmax", classes=("auk", "owl", "wren"), **SMALL),
}
SHAPE = (200, 240)
"""Of drawn scenes: at the width of a gallery, no image that it keeps is resized."""


@pytest.fixture(scope="module")
def models():
    return {name: network(config) for name, config in CONFIGS.items()}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes") / "drawn"
    return ka.datasets.miniature("dut_omron", images=5, shape=SHAPE, root=root)


@pytest.fixture(scope="module")
def images(scenes):
    """The folder of the scenes' images."""
    return scenes[0].image.parent


@pytest.fixture(scope="module")
def evaluated(models, scenes):
    return ka.evaluate(models["scenes"], scenes, progress=False)


def enlarged(evaluation, what):
    """The maps that the gallery of an evaluation holds, at SHAPE, by the id of the example."""
    maps = kept(evaluation, what).items()
    return {name: at_size(one, SHAPE).astype(np.float32) for name, one in maps}


# --- images -------------------------------------------------------------------------------------


def test_maps_of_a_folder_are_those_of_an_evaluation(models, evaluated, images, tmp_path):
    found = predict(models["scenes"], images, tmp_path / "out", raw=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(found.files)
    assert len(found.files) == 15 and found.rows is None
    for what, name in (("saliency", "saliency"), ("attention", "attention_3")):
        for stem, wanted in enlarged(evaluated, what).items():
            maps = np.load(tmp_path / "out" / f"{stem}.npz")
            assert maps[name].dtype == np.float32 and maps[name].shape == SHAPE
            np.testing.assert_array_equal(maps[name], wanted)


def test_a_saliency_picture_is_the_map_in_256_greys(models, evaluated, scenes, tmp_path):
    found = predict(models["scenes"], scenes[1].image, tmp_path)
    name = scenes[1].id
    assert found.files == (f"{name}_saliency.png", f"{name}_overlay.png")
    grey = np.asarray(Image.open(tmp_path / found.files[0]))
    # Another batch may round otherwise.
    wanted = 255 * enlarged(evaluated, "saliency")[name]
    assert grey.dtype == np.uint8 and np.abs(grey - wanted).max() < 0.51
    assert Image.open(tmp_path / found.files[1]).size == SHAPE[::-1]


@pytest.mark.parametrize("how", ["weights", "export", "keras"])
def test_runs_exports_and_keras_files_tell_the_same(models, scenes, evaluated, tmp_path, how):
    path = tmp_path / {"weights": "w.weights.h5", "export": "export", "keras": "n.keras"}[how]
    if how == "weights":
        record = {"config": configs.to_dict(CONFIGS["scenes"])}
        ka.weights.save(models["scenes"], path, record)
    elif how == "export":
        ka.export(models["scenes"], path)
    else:
        models["scenes"].save(path)
    name = scenes[0].id
    predict(path, scenes[0].image, tmp_path / "out", raw=True)
    maps = np.load(tmp_path / "out" / f"{name}.npz")
    np.testing.assert_allclose(maps["saliency"], enlarged(evaluated, "saliency")[name], atol=1e-6)
    # An export returns attention at the size of its input: it was enlarged once before.
    apart = 2e-2 if how == "export" else 1e-6
    wanted = enlarged(evaluated, "attention")[name]
    np.testing.assert_allclose(maps["attention_3"], wanted, atol=apart)


def test_classes_and_probabilities_are_those_of_the_logits(models, images, scenes, tmp_path):
    found = predict(models["birds"], images, tmp_path / "out", raw=True)
    rows = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert list(rows["name"]) == [example.id for example in scenes]
    pixels = np.stack([cv2.resize(example.pixels(), (67, 67)) for example in scenes])
    logits = models["birds"]({"image": pixels.astype(np.float32)})["logits"].numpy()
    odds = np.exp(logits - logits.max(-1, keepdims=True), dtype=np.float64)
    shares = odds / odds.sum(-1, keepdims=True)
    classes = np.array(CONFIGS["birds"].model.classes)
    order = np.argsort(-shares, axis=1)
    for place, column in enumerate(("class", "runner_up")):
        assert list(rows[column]) == list(classes[order[:, place]])
    np.testing.assert_allclose(rows["probability"], shares.max(axis=1), rtol=1e-4)
    np.testing.assert_allclose(rows["runner_up_probability"], np.sort(shares)[:, -2], rtol=1e-4)
    assert "predictions.csv" in found.files and f"{scenes[0].id}_overlay.png" in found.files
    np.testing.assert_allclose(
        np.load(tmp_path / "out" / f"{scenes[0].id}.npz")["probabilities"], shares[0], rtol=1e-4
    )


def test_a_classifier_of_ones_own_keeps_its_probabilities(tmp_path, rng):
    image = keras.Input((None, None, 3), name="pixels")
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    model = keras.Model(image, keras.layers.Softmax()(pooled))
    # Red, green, blue of 255, 0, 0: e, 1, 1.
    Image.new("RGB", (9, 7), (255, 0, 0)).save(tmp_path / "red.png")
    rows = predict(model, tmp_path / "red.png", tmp_path / "out", size=8).rows
    assert rows["class"][0] == "0"
    assert rows["probability"][0] == pytest.approx(np.e / (np.e + 2), abs=1e-6)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["predictions.csv"]


@pytest.mark.parametrize(
    ("mode", "size", "suffix"),
    [
        ("L", (90, 50), "png"),
        ("P", (31, 200), "gif"),
        ("RGBA", (64, 64), "png"),
        ("CMYK", (80, 60), "jpg"),
        ("1", (1, 1), "bmp"),
    ],
)
def test_images_of_any_mode_and_size_are_read(models, tmp_path, mode, size, suffix):
    Image.new(mode, size).save(tmp_path / f"one.{suffix}")
    found = predict(models["scenes"], tmp_path / f"one.{suffix}", tmp_path / "out")
    assert {Image.open(tmp_path / "out" / name).size for name in found.files} == {size}


# --- gaze ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_photograph_that_is_stored_rotated_is_seen_and_drawn_upright(
    models, scenes, tmp_path, orientation
):
    upright = Image.open(scenes[0].image)
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name, picture, options in (
        ("plain", upright, {}),
        ("phone", upright.transpose(turn), {"exif": exif}),
    ):
        (tmp_path / name).mkdir()
        picture.save(tmp_path / name / "a.png", **options)
    plain, phone = (
        predict(models["scenes"], tmp_path / name, tmp_path / f"of {name}")
        for name in ("plain", "phone")
    )
    assert plain.notes == ()
    assert phone.notes == ("1 pictures stored rotated (EXIF), read upright.",)
    for kind in ("overlay", "saliency"):
        made = [Image.open(one.folder / f"a_{kind}.png") for one in (plain, phone)]
        np.testing.assert_array_equal(*made)


def gaze_file(path, examples):
    lines = ["image,subject,x,y"]
    lines += [f"{e.id},1,{x},{y}" for e in examples for x, y in e.points]
    path.write_text("\n".join(lines))
    return path


def test_a_network_of_gaze_sees_the_fixations_that_an_evaluation_shows_it(
    models, scenes, images, tmp_path
):
    gaze = gaze_file(tmp_path / "gaze.csv", scenes.examples[1:])
    found = predict(models["gazed"], images, tmp_path / "out", gaze=gaze, raw=True)
    (note,) = found.notes
    assert note.startswith("Without fixations") and note.endswith(f": {scenes[0].id}.")
    wanted = kept(ka.evaluate(models["gazed"], scenes, progress=False), "saliency")
    for example in scenes:
        maps = np.load(tmp_path / "out" / f"{example.id}.npz")
        same = np.abs(maps["saliency"] - wanted[example.id]).max() < 1e-6
        assert same == (example.id != scenes[0].id)


def test_gaze_that_is_missing_or_of_no_use_is_one_error(models, scenes, images, tmp_path):
    gaze = gaze_file(tmp_path / "gaze.csv", scenes)
    with refused("gaze", "fixations"):
        predict(models["gazed"], images, tmp_path / "out")
    with refused("gaze", "none"):
        predict(models["scenes"], images, tmp_path / "out", gaze=gaze)
    with refused("gaze.csv", "1 images"):
        predict(models["gazed"], scenes[0].image, tmp_path / "out", gaze=gaze)
    assert not (tmp_path / "out").exists()


def test_gaze_of_a_prediction_is_read_as_it_is_written(models, scenes, images, tmp_path):
    plain = gaze_file(tmp_path / "gaze.csv", scenes)
    kept = predict(models["gazed"], images, tmp_path / "plain", gaze=plain, raw=True)
    (height, width), lines = scenes[0].shape, ["image;subject;x;y"]
    for e in scenes:
        rows = [f"{e.id};1;{x / width};{1 - y / height}" for x, y in e.points]
        lines += [row.replace(".", ",") for row in rows]
    (tmp_path / "other.csv").write_text("\n".join(lines))
    form = {"separator": ";", "decimal": ",", "coordinates": "normalised", "y_axis": "up"}
    gaze = {"gaze": tmp_path / "other.csv", "raw": True}
    predict(models["gazed"], images, tmp_path / "other", **gaze, **form)
    for example in scenes:
        names = [tmp_path / there / f"{example.id}.npz" for there in ("plain", "other")]
        first, second = (np.load(name)["saliency"] for name in names)
        np.testing.assert_allclose(first, second, atol=1e-5)
    assert kept.notes == ()
    with refused("separator", "nothing"):
        predict(models["scenes"], images, tmp_path / "out", separator=";")


# --- errors -------------------------------------------------------------------------------------


@pytest.fixture
def damaged(images, tmp_path):
    """A folder of a good image and one that is cut off."""
    folder = tmp_path / "damaged"
    folder.mkdir()
    good, other, *_ = sorted(images.glob("*.jpg"))
    (folder / "good.jpg").write_bytes(good.read_bytes())
    (folder / "cut.jpg").write_bytes(other.read_bytes()[:900])
    return folder


def test_a_damaged_image_is_an_error_or_left_out_and_listed(models, damaged, tmp_path):
    with refused("cut.jpg", "whole image"):
        predict(models["scenes"], damaged, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    found = predict(models["scenes"], damaged, tmp_path / "out", on_bad_example="skip")
    assert found.files == ("good_saliency.png", "good_overlay.png")
    assert len(found.skipped) == 1 and found.skipped[0].startswith("cut (")
    (damaged / "good.jpg").unlink()
    with refused(str(damaged), "images", "cut"):
        predict(models["scenes"], damaged, tmp_path / "more", on_bad_example="skip")


@pytest.mark.parametrize(
    ("weights", "source", "out", "facts"),
    [
        ("nowhere", "images", "out", ("nowhere", "", "no such")),
        ("text.weights.h5", "images", "out", ("text.weights.h5", ".weights.h5")),
        ("text.keras", "images", "out", ("text.keras", ".keras")),
        ("foreign", "images", "out", ("foreign", "SavedModel", "cannot be loaded")),
        ("export", "empty", "out", ("empty", "images")),
        ("export", "nothing.jpg", "out", ("nothing.jpg", "image", "no such")),
        ("export", "text.keras", "out", ("text.keras", "image", "another kind")),
        ("export", "images", "/proc/x", ("/proc/x", "written")),
        ("export", "images", "images", ("", "another folder")),
        ("export", "images", "text.keras", ("text.keras", "written")),
    ],
)
def test_what_cannot_be_predicted_is_one_error_and_leaves_nothing(
    exported, images, tmp_path, weights, source, out, facts
):
    (tmp_path / "text.weights.h5").write_text("not HDF5")
    (tmp_path / "text.keras").write_text("no archive")
    for name in ("empty", "foreign"):
        (tmp_path / name).mkdir()
    (tmp_path / "foreign" / "saved_model.pb").write_bytes(b"")
    places = {"export": exported, "images": images}
    before = {path.name for path in (*tmp_path.iterdir(), *images.iterdir())}
    with refused(*facts):
        predict(
            places.get(weights, tmp_path / weights),
            places.get(source, tmp_path / source),
            places.get(out, tmp_path / out),
        )
    assert {path.name for path in (*tmp_path.iterdir(), *images.iterdir())} == before


@pytest.fixture(scope="module")
def exported(models, tmp_path_factory):
    return ka.export(models["scenes"], tmp_path_factory.mktemp("exported") / "scenes")


def test_nothing_is_left_of_predictions_that_find_no_room(models, images, tmp_path):
    with refused("out", "written"), room_for(9_000):
        predict(models["scenes"], images, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_the_command_predicts_and_replaces_only_when_told(exported, images, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["predict", str(exported), str(images), "--out", str(out)]
    assert cli.main(arguments) == 0
    assert f"10 in {out}" in capsys.readouterr().out
    first = next(iter(sorted(out.iterdir())))
    first.write_text("mine")
    assert cli.main(arguments) == 2
    assert "--overwrite" in capsys.readouterr().err and first.read_text() == "mine"
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert first.read_bytes() != b"mine" and len(list(out.iterdir())) == 10
    assert not list(out.glob(f"{storage.PARTIAL}*"))
