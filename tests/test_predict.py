"""What networks make of images and videos, as files: the numbers of an evaluation, or one error."""

import resource
from contextlib import contextmanager

import cv2
import keras
import numpy as np
import pandas as pd
import pytest
from drawn_videos import SETTINGS, small
from PIL import Image

import keras_attn as ka
from keras_attn import cli, configs, runs, tasks
from keras_attn.datasets import flow_files
from keras_attn.datasets.snippets import SNIPPET, filling_starts, starts
from keras_attn.errors import InputError

SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67}
SCENES = SMALL | {"channels": (64, 64, 64), "base_rate": 0.2}
CONFIGS = {
    "scenes": configs.salient_object(attention="supervised", **SCENES),
    "gazed": configs.salient_object(attention="human", **SCENES),
    "birds": configs.fine_grained(attention="softmax", classes=("auk", "owl", "wren"), **SMALL),
}
SHAPE = (200, 240)
"""Of drawn scenes: at the width of a gallery, nothing that it keeps is resized."""


def network(config):
    """The network of a configuration with random weights."""
    keras.utils.set_random_seed(3)
    return tasks.tag(tasks.of(config).network(config), config)


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


def kept(evaluation, what):
    """What the gallery of an evaluation holds, by the id of the example."""
    places = sorted({name.split("/")[0] for name in evaluation.gallery})
    gallery = evaluation.gallery
    return {str(gallery[f"{place}/id"]): gallery[f"{place}/{what}"] for place in places}


def predict(model, source, out, **options):
    return ka.predict(model, source, out=out, progress=False, **options)


# --- images -------------------------------------------------------------------------------------


def test_maps_of_a_folder_are_those_of_an_evaluation(models, evaluated, images, tmp_path):
    found = predict(models["scenes"], images, tmp_path / "out", raw=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(found.files)
    assert len(found.files) == 15 and found.rows is None
    for what, name in (("saliency", "saliency"), ("attention", "attention_3")):
        for stem, wanted in kept(evaluated, what).items():
            maps = np.load(tmp_path / "out" / f"{stem}.npz")
            assert maps[name].dtype == np.float32 and maps[name].shape == SHAPE
            np.testing.assert_array_equal(maps[name], wanted)


def test_a_saliency_picture_is_the_map_in_256_greys(models, evaluated, scenes, tmp_path):
    found = predict(models["scenes"], scenes[1].image, tmp_path)
    name = scenes[1].id
    assert found.files == (f"{name}_saliency.png", f"{name}_overlay.png")
    grey = np.asarray(Image.open(tmp_path / found.files[0]))
    # Another batch may round otherwise.
    wanted = 255 * kept(evaluated, "saliency")[name]
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
    np.testing.assert_allclose(maps["saliency"], kept(evaluated, "saliency")[name], atol=1e-6)
    # An export returns attention at the size of its input: it was enlarged once before.
    apart = 2e-2 if how == "export" else 1e-6
    wanted = kept(evaluated, "attention")[name]
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
    with pytest.raises(InputError, match="gaze: expected fixations on the images"):
        predict(models["gazed"], images, tmp_path / "out")
    with pytest.raises(InputError, match="gaze: expected none for a network that takes only"):
        predict(models["scenes"], images, tmp_path / "out", gaze=gaze)
    with pytest.raises(InputError, match=r"gaze\.csv: expected fixations of the 1 images"):
        predict(models["gazed"], scenes[0].image, tmp_path / "out", gaze=gaze)
    assert not (tmp_path / "out").exists()


# --- videos -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clips(hollywood):
    """A network of the drawn videos that was told how their flow was made."""
    made = flow_files.how_made(hollywood[0].flow)
    changes = {"attention": "softmax", "classes": tuple(hollywood.classes), "flow_made": made}
    return network(small(fusion="early", **changes))


def test_words_on_how_flow_was_made_tell_its_settings(hollywood):
    assert flow_files.as_made(flow_files.how_made(hollywood[0].flow)) == SETTINGS
    plain = flow_files.FlowSettings(compensated=False, features="orb", bound=12.5)
    words = "method tvl1, bound 12.5, height 128, width 171, compensated False, features orb"
    assert flow_files.as_made(words) == plain
    for other in (None, "by other tools", "method raft, bound 1", "method tvl1, iterations 7"):
        assert flow_files.as_made(other) is None


def test_flow_in_memory_is_what_is_read_of_its_files(hollywood):
    video = hollywood[3]
    stacked = np.stack(list(flow_files.in_memory(video.video, SETTINGS)))
    folder = video.extracted()
    np.testing.assert_array_equal(stacked[..., :3], folder.frames())
    np.testing.assert_array_equal(stacked[..., 3:], folder.flow())


def test_a_folder_of_videos_scores_what_an_evaluation_scores(clips, hollywood, tmp_path):
    data = hollywood.part("two", [2, 5])
    for video in data:
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / video.video.name).symlink_to(video.video)
    found = predict(clips, tmp_path / "in", tmp_path / "out", raw=True)
    assert found.notes == ()
    wanted = ka.evaluate(clips, data, progress=False)
    rows = pd.read_csv(tmp_path / "out" / "predictions.csv").set_index("name")
    shares = rows.loc[wanted.rows["id"], [f"p_{name}" for name in data.classes]]
    np.testing.assert_allclose(shares.to_numpy(), wanted.arrays["scores"], atol=1e-12)
    assert list(rows.loc[wanted.rows["id"], "class"]) == list(wanted.rows["predicted"])
    for name, maps in kept(wanted, "attention").items():
        made = np.load(tmp_path / "out" / f"{name}.npz")
        np.testing.assert_array_equal(made["numbers"], np.arange(1, 18))
        np.testing.assert_array_equal(made["attention"], maps)


def test_an_export_of_clips_tells_the_same_of_a_folder_of_frames(clips, hollywood, tmp_path):
    frames = tmp_path / "jump"
    frames.mkdir()
    for number, image in enumerate(flow_files.Frames(hollywood[0].video)):
        Image.fromarray(image).save(frames / f"{number}.png")
    own = predict(clips, hollywood[0].video, tmp_path / "own").rows.iloc[0, 5:]
    ka.export(clips, tmp_path / "export")
    found = predict(tmp_path / "export", frames, tmp_path / "out")
    assert found.files == ("jump_overlay.gif", "predictions.csv")
    told = found.rows.iloc[0, 5:]
    np.testing.assert_allclose(told.to_numpy(float), own.to_numpy(float), atol=1e-6)


@pytest.mark.parametrize("pairs", [1, 15, 16, 17, 40, 440, 441, 466, 467, 1000, 5000])
def test_all_frames_are_in_snippets_and_few_of_them_in_more_than_needed(pairs):
    there, more = starts(pairs), filling_starts(pairs)
    seen = [number for start in (*there, *more) for number in range(start, start + SNIPPET)]
    assert set(range(1, pairs + 1)) <= set(seen)
    assert len(more) * SNIPPET <= pairs + SNIPPET * len(there)
    if pairs < 441:
        # Steps of no more than 16 leave nothing out but the end.
        assert len(more) <= (pairs - there[-1]) // SNIPPET


def test_the_overlay_of_a_long_video_shows_every_frame(clips, tmp_path, rng):
    path, count = tmp_path / "long.avi", 461
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 20, (48, 36))
    for place in range(count):
        frame = np.full((36, 48, 3), 60, np.uint8)
        cv2.circle(frame, (place % 48, 18), 6, (90, 200, 240), -1)
        writer.write(frame)
    writer.release()
    found = predict(clips, path, tmp_path / "out", raw=True)
    assert found.rows["frames"][0] == count
    with np.load(tmp_path / "out" / "long.npz") as made:
        np.testing.assert_array_equal(made["numbers"], np.arange(1, count))
        np.testing.assert_allclose(made["attention"].sum(axis=(1, 2)), 1, atol=1e-4)
    with Image.open(tmp_path / "out" / "long_overlay.gif") as moving:
        lasting = 0
        for place in range(moving.n_frames):
            moving.seek(place)
            lasting += moving.info["duration"]
    assert lasting == 50 * (count - 1)


def test_one_stream_alone_tells_classes_and_draws_nothing(hollywood, tmp_path):
    config = small(fusion="frames", classes=tuple(hollywood.classes), flow_made="by other tools")
    found = predict(network(config), hollywood[0].video, tmp_path / "out")
    # Flow that nobody sees need not be told of.
    assert found.files == ("predictions.csv",) and found.notes == ()


def test_flow_made_in_an_unknown_way_is_told(hollywood, tmp_path):
    config = small(fusion="flow", classes=tuple(hollywood.classes), flow_made="by other tools")
    (tmp_path / "in").mkdir()
    for number, image in zip(range(3), flow_files.Frames(hollywood[0].video), strict=False):
        Image.fromarray(image).save(tmp_path / "in" / f"{number}.png")
    found = predict(network(config), tmp_path / "in", tmp_path / "out")
    assert "learnt from flow made by other tools" in found.notes[0]


def test_networks_of_clips_refuse_gaze_and_extracted_flow(clips, hollywood, tmp_path):
    gazed = network(small(attention="human", fusion="late", classes=tuple(hollywood.classes)))
    with pytest.raises(InputError, match="a network of clips that takes no gaze"):
        predict(gazed, hollywood[0].video, tmp_path / "out")
    with pytest.raises(InputError, match="none for a network of clips"):
        predict(clips, hollywood[0].video, tmp_path / "out", gaze=tmp_path / "gaze.csv")
    with pytest.raises(InputError, match="from which flow is estimated"):
        predict(clips, hollywood[0].flow, tmp_path / "out")
    assert not list(tmp_path.iterdir())


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
    with pytest.raises(InputError, match=r"cut\.jpg: expected a whole image"):
        predict(models["scenes"], damaged, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    found = predict(models["scenes"], damaged, tmp_path / "out", on_bad_example="skip")
    assert found.files == ("good_saliency.png", "good_overlay.png")
    assert len(found.skipped) == 1 and found.skipped[0].startswith("cut (")
    (damaged / "good.jpg").unlink()
    with pytest.raises(InputError, match=r"expected images that can be read. Received: cut"):
        predict(models["scenes"], damaged, tmp_path / "more", on_bad_example="skip")


def test_a_damaged_video_is_an_error_or_left_out_and_listed(clips, hollywood, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.avi").write_text("no video")
    (tmp_path / "in" / "good.avi").symlink_to(hollywood[0].video)
    with pytest.raises(InputError, match=r"bad\.avi: expected a video"):
        predict(clips, tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    found = predict(clips, tmp_path / "in", tmp_path / "out", on_bad_example="skip")
    assert list(found.rows["name"]) == ["good"] and found.skipped[0].startswith("bad (")


@pytest.mark.parametrize(
    ("weights", "source", "out", "message"),
    [
        ("nowhere", "images", "out", "nowhere: expected"),
        ("text.weights.h5", "images", "out", r"text\.weights\.h5: expected"),
        ("text.keras", "images", "out", "a .keras file that loads safely"),
        ("foreign", "images", "out", r"with assets/config\.json. Received: none"),
        ("export", "empty", "out", "empty: expected images"),
        ("export", "nothing.jpg", "out", r"nothing\.jpg: expected an image. Received: no such"),
        ("export", "text.keras", "out", "expected an image. Received: a file of another kind"),
        ("export", "images", "/proc/x", "/proc/x: expected a folder that can be written to"),
        ("export", "images", "images", "expected another folder than the input"),
        ("export", "images", "text.keras", "expected a folder that can be written to"),
    ],
)
def test_what_cannot_be_predicted_is_one_error_and_leaves_nothing(
    exported, images, tmp_path, weights, source, out, message
):
    (tmp_path / "text.weights.h5").write_text("not HDF5")
    (tmp_path / "text.keras").write_text("no archive")
    for name in ("empty", "foreign"):
        (tmp_path / name).mkdir()
    (tmp_path / "foreign" / "saved_model.pb").write_bytes(b"")
    places = {"export": exported, "images": images}
    before = {path.name for path in (*tmp_path.iterdir(), *images.iterdir())}
    with pytest.raises(InputError, match=message):
        predict(
            places.get(weights, tmp_path / weights),
            places.get(source, tmp_path / source),
            places.get(out, tmp_path / out),
        )
    assert {path.name for path in (*tmp_path.iterdir(), *images.iterdir())} == before


@pytest.fixture(scope="module")
def exported(models, tmp_path_factory):
    return ka.export(models["scenes"], tmp_path_factory.mktemp("exported") / "scenes")


@contextmanager
def room_for(bytes):
    """No file can grow longer, which to whoever writes one is like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_nothing_is_left_of_predictions_that_find_no_room(models, images, tmp_path):
    with pytest.raises(InputError, match="expected a folder that can be written"), room_for(9_000):
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
    assert not list(out.glob(f"{runs.PARTIAL}*"))
