"""Task 1 from files on disk to rows and back: train, load, evaluate, through the public names."""

import json
from dataclasses import replace

import cv2
import keras
import numpy as np
import pandas as pd
import pytest
from conftest import real, refused

import keras_attn as ka
from keras_attn import configs, storage, tasks
from keras_attn.evaluation import rows
from keras_attn.evaluation.references import references
from keras_attn.evaluation.rows import REFERENCES
from keras_attn.mechanisms import Mechanism
from keras_attn.metrics import gaze as gaze_metrics
from keras_attn.metrics import salient_object as metrics
from keras_attn.runs import known_data
from keras_attn.study import scored_data

pytestmark = pytest.mark.slow

SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67, "channels": (64, 64, 64)}
SMALL |= {"epochs": 2, "tensorboard": False, "pretraining": "none"}
SMALL |= {"validate_every": 1, "batch_size": 10, "learning_rate": 5e-4}
SMALL |= {"schedule": "constant", "clip": None}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("m") / "scenes"
    return ka.datasets.miniature("dut_omron", images=20, shape=(60, 72), root=root)


@pytest.fixture(scope="module")
def folds(data):
    return data.fold(1, of=4)


@pytest.fixture(scope="module")
def config():
    return configs.salient_object("miniature", attention="supervised", **SMALL)


@pytest.fixture(scope="module")
def run(config, folds, tmp_path_factory):
    train, test = folds
    return ka.train(config, train, validation=test, out=tmp_path_factory.mktemp("r") / "run")


@pytest.fixture(scope="module")
def whole(run, data):
    return ka.evaluate(run, data, progress=False)


def test_a_run_leaves_what_was_promised(run, folds):
    names = {path.name for path in run.folder.iterdir()} - {".lock"}
    assert names == {"config.json", "history.csv", "model.weights.h5", "provenance.json"}
    record = json.loads((run.folder / "config.json").read_text())
    assert record["data"]["examples"] == 15
    assert "say nothing about people" in record["data"]["note"]
    assert record["config"]["data"]["augment"] is False
    assert ka.weights.settings(run.folder / "model.weights.h5") == record
    assert list(run.history["epoch"]) == [1, 2]
    losses = run.history["loss"]
    assert losses.iloc[1] < losses.iloc[0]
    assert {"attention_3_loss", "saliency_3_loss", "val_max_f", "val_ig"} <= set(run.history)


def test_outputs_start_at_the_base_rate_of_the_training_masks(run, folds):
    shares = [ka.datasets.read_image(e.mask)[..., 0].astype(bool).mean() for e in folds[0]]
    assert run.config.model.base_rate == pytest.approx(np.mean(shares))


def test_a_finished_run_is_loaded_and_not_trained_again(run, config, folds):
    before = (run.folder / "model.weights.h5").stat().st_mtime_ns
    again = ka.train(config, folds[0], out=run.folder)
    assert (run.folder / "model.weights.h5").stat().st_mtime_ns == before
    for one, two in zip(run.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert again.config == run.config


def test_another_run_in_the_folder_is_refused_by_name(run, config, folds):
    other = configs.changed(config, attention="human", seed=3)
    with refused(
        str(run.folder), received=("model.attention 'supervised', not 'human'", "training.")
    ):
        ka.train(other, folds[0], out=run.folder)
    with refused(str(run.folder), received="other data"):
        ka.train(
            configs.changed(config, base_rate=run.config.model.base_rate), folds[1], out=run.folder
        )


def test_weights_of_another_run_are_not_taken_for_those_of_the_folder(run, config, folds, tmp_path):
    """A folder that was copied without its record, and claimed by a run of another seed."""
    import shutil

    other = configs.changed(config, seed=4)
    shutil.copytree(run.folder, tmp_path / "lost")
    record = json.loads((run.folder / "config.json").read_text())
    (tmp_path / "lost" / "config.json").unlink()
    with refused("lost", "empty folder", "config.json"):
        ka.train(other, folds[0], out=tmp_path / "lost")
    resolved = configs.changed(run.config, seed=4)
    identity = configs.identity(resolved, data=folds[0].fingerprint, files={})
    (tmp_path / "lost" / "config.json").write_text(json.dumps(record | {"identity": identity}))
    with refused("model.weights.h5", received="another run"):
        ka.train(other, folds[0], out=tmp_path / "lost")
    for place in (tmp_path / "lost", tmp_path / "lost" / "model.weights.h5"):
        with refused("model.weights.h5", received="another run"):
            ka.load(place)


def test_the_last_validation_equals_an_evaluation_of_the_loaded_weights(run, folds):
    """To the last digit: the same images in the same batches, at the images' own sizes."""
    result = ka.evaluate(run.folder / "model.weights.h5", folds[1], progress=False)
    summary = result.summary().set_index("metric")["value"]
    last = run.history.iloc[-1]
    for name in ("max_f", "mae", "s_auc", "ig"):
        assert summary[name] == pytest.approx(last[f"val_{name}"], rel=1e-12), name
    assert set(result.rows["fold"]) == {1}


def test_scores_are_those_of_the_plain_functions_on_maps_at_native_size(run, data, whole):
    """Resized by hand, one image at a time; scored by functions that peers were held against."""
    predictions, attention, masks = [], [], []
    for example in data:
        image = cv2.resize(example.pixels(), (67, 67), interpolation=cv2.INTER_LINEAR)
        outputs = run.model({"image": image[None].astype("float32")}, training=False)
        for maps, name in ((predictions, "saliency_3"), (attention, "attention_3")):
            made = np.asarray(outputs[name][0, ..., 0], np.float64)
            maps.append(cv2.resize(made, (72, 60), interpolation=cv2.INTER_LINEAR))
        masks.append(cv2.imread(str(example.mask), cv2.IMREAD_GRAYSCALE) > 127)
    points = [example.points for example in data]
    expected = metrics.scores(predictions, masks)
    summary = whole.summary().set_index("metric")["value"]
    # One image at a time rounds differently, and maps this flat are scaled up a lot.
    assert summary["max_f"] == pytest.approx(expected["max_f"], abs=1e-4)
    assert summary["mae"] == pytest.approx(expected["mae"], abs=1e-4)
    assert whole.rows["weighted_f"].mean() == pytest.approx(expected["weighted_f"], abs=1e-4)
    for name, function in (
        ("s_auc", gaze_metrics.s_auc_per_image),
        ("ig", gaze_metrics.information_gain_per_image),
        ("nss", gaze_metrics.nss_per_image),
    ):
        np.testing.assert_allclose(whole.rows[name], function(attention, points), atol=1e-4)


def test_rows_of_a_fold_are_those_of_the_whole(run, folds, whole):
    """Negatives and centre bias come from the whole dataset, so pooling folds is exact."""
    part = ka.evaluate(run, folds[1], progress=False).rows.set_index("id")
    same = whole.rows.set_index("id").loc[part.index]
    numbers = [name for name in part if name not in ("fold", *configs.PARTS)]
    pd.testing.assert_frame_equal(part[numbers], same[numbers], rtol=1e-6, atol=1e-6)


def test_rows_say_who_was_scored_on_what(whole, data):
    assert list(whole.rows)[:9] == [
        *("task", "dataset", "backbone", "fusion", "attention", "fold", "seed", "id", "fixations")
    ]
    first = whole.rows.iloc[0]
    assert (first["task"], first["dataset"]) == ("salient_object", "dut_omron")
    assert (first["backbone"], first["attention"], first["seed"]) == ("alexnet", "supervised", 0)
    assert list(whole.rows["id"]) == [example.id for example in data]
    assert list(whole.rows["fixations"]) == [len(example.points) for example in data]
    assert {"s_auc_1", "ig_1", "s_auc_2", "ig_2"} <= set(whole.rows)


def test_the_ceiling_of_each_example_stands_beside_its_scores(whole, data):
    """It is the audit's, whatever the network; its share and what it is made of are told."""
    from keras_attn.evaluation.gaze_scores import Blur, GazeScores, mixture_of

    expected = [GazeScores.of_image(data, i, Blur()).gold_standard()[:2] for i in range(len(data))]
    found = whole.rows[["ceiling_s_auc", "ceiling_ig"]]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    summary = whole.summary().set_index("metric")
    share = whole.rows["ig"].mean() / whole.rows["ceiling_ig"].mean()
    assert summary.loc["ig_share", "value"] == pytest.approx(share)
    assert summary.loc["ceiling_ig", "value"] == pytest.approx(found["ceiling_ig"].mean())
    assert f"({mixture_of(data, Blur())}), which was chosen once" in str(whole)


def test_what_is_saved_is_read_back_and_makes_tables_and_a_picture(whole, tmp_path):
    from keras_attn.report.figures import images
    from keras_attn.report.tables import sheets

    folder = whole.save(tmp_path / "scores")
    written = {path.name for path in folder.iterdir()}
    assert written == {*rows.FILES, "provenance.json"}
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        assert arrays["f_curve"].shape == (20, 256)
        assert list(arrays["id"]) == list(whole.rows["id"])
    cells = sheets.cells(sheets.read([folder]))
    value = cells.query("table == 'V' and metric == 's_auc'")["value"].item()
    assert value == pytest.approx(whole.rows["s_auc"].mean())
    images.salient_object({"supervised": [folder]}, tmp_path / "attention.png")
    height, width, _ = cv2.imread(str(tmp_path / "attention.png")).shape
    assert width > 5 * 100 and height > images.IMAGES * 80


def test_pictures_of_other_images_are_refused(run, whole, folds, tmp_path):
    from keras_attn.report.figures import images

    one = whole.save(tmp_path / "whole")
    two = ka.evaluate(run, folds[0], progress=False).save(tmp_path / "part")
    with refused("part", "pictures"):
        images.salient_object({"a": [one], "b": [two]}, tmp_path / "attention.png")
    with refused("gallery.npz", "pictures"):
        images.salient_object({"a": [tmp_path]}, tmp_path / "attention.png")


def test_an_image_without_fixations_has_a_task_score_and_no_gaze_score(run, data):
    from dataclasses import replace

    blind = replace(data[0], points=np.zeros((0, 2)), subjects=np.zeros(0))
    some = replace(data, examples=(blind, *data.examples[1:6]))
    result = ka.evaluate(run, some, progress=False)
    assert np.isnan(result.rows.loc[0, ["s_auc", "ig", "ig_1"]].astype(float)).all()
    assert np.isfinite(result.rows.loc[0, ["mae", "adaptive_f"]].astype(float)).all()
    summary = result.summary().set_index("metric")["n"]
    assert (summary["mae"], summary["s_auc"]) == (6, 5)
    assert blind.id not in str(result.gallery)


def test_pascal_s_starts_from_the_run_on_dut_omron_with_a_mechanism_of_ones_own(folds, tmp_path):
    own = Mechanism("own", "module", "softmax", gate="mean", supervised=True)
    config = configs.salient_object("miniature", attention=own, **SMALL | {"epochs": 1})
    first = ka.train(config, folds[0], out=tmp_path / "dut_omron")
    root = tmp_path / "scenes"
    pascal, _ = ka.datasets.miniature("pascal_s", images=5, shape=(64, 64), root=root).fold(0)
    start = configs.changed(config, name="pascal_s", start=first.folder, learning_rate=1e-12)
    second = ka.train(start, pascal, out=tmp_path / "pascal_s")
    assert second.config.data.augment is True
    kernel = first.model.get_layer("decoder_1").get_weights()[0]
    np.testing.assert_allclose(
        second.model.get_layer("decoder_1").get_weights()[0], kernel, atol=1e-9
    )
    other = configs.changed(start, attention="human")
    with refused("model.weights.h5", "attention"):
        ka.train(other, pascal, out=tmp_path / "human")
    assert ka.load(second.folder).config == second.config
    rows = ka.evaluate(second, pascal, progress=False).rows
    assert set(rows["attention"]) == {"own"}


def test_models_from_elsewhere_are_scored_too(data):
    image = keras.Input((48, 64, 3), name="picture")
    grey = keras.layers.Conv2D(1, 1, activation="sigmoid", name="map")(image)
    plain = ka.evaluate(keras.Model(image, grey, name="grey"), data, progress=False)
    assert set(plain.rows["backbone"]) == {"grey"} and "s_auc" not in plain.rows
    assert set(plain.summary()["metric"]) == {"max_f", "mae"}
    both = keras.Model(image, {"saliency": grey, "attention": grey}, name="grey")
    named = ka.evaluate(both, data, progress=False)
    np.testing.assert_array_equal(named.rows["mae"], plain.rows["mae"])
    assert np.isfinite(named.rows["s_auc"]).all()


def test_what_is_no_model_of_this_task_is_refused(data, tmp_path):
    with refused("model", ("Keras model", "evaluate"), "function"):
        ka.evaluate(lambda images: images, data)
    image = keras.Input((48, 48, 3))
    model = keras.Model(image, {"scores": keras.layers.Flatten()(image)})
    with refused("data", "classes", "without classes"):
        ka.evaluate(model, data)
    model = keras.Model(image, {"one": image[..., :1], "other": image[..., 1:2]})
    with refused("model", "output=", ("'one' (None, 48, 48, 1)", "'other'")):
        ka.evaluate(model, data)
    with refused("nothing", received="no such file"):
        ka.evaluate(tmp_path / "nothing", data)
    with refused("config", "configuration"):
        ka.train({"epochs": 3}, data, out=tmp_path / "run")
    with refused("dataset", "mask"):
        ka.train(
            configs.salient_object(),
            ka.datasets.folder(unmasked(tmp_path)),
            out=tmp_path / "run",
        )
    assert not (tmp_path / "run").exists()


def test_images_too_small_for_the_backbone_are_refused_before_the_run_begins(folds, tmp_path):
    config = configs.salient_object("miniature", backbone="alexnet", size=66)
    with refused("model.size", ("67", "alexnet"), "66"):
        ka.train(config, folds[0], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def unmasked(tmp_path):
    """A folder of images and gaze without masks."""
    import shutil

    root = tmp_path / "folder"
    ka.datasets.miniature("folder", images=4, shape=(48, 48), root=root)
    shutil.rmtree(root / "masks")
    return root


def test_references_need_no_network_and_are_those_of_the_audit(data):
    config = configs.salient_object()
    found = references(config.task, data, tasks.of(config).gaze(config, data))
    rows = found.rows.groupby("attention")[["s_auc", "ig"]].mean()
    maps = [np.zeros(example.shape) for example in data]
    audited = ka.audit(lambda images: np.asarray(images).mean(-1), data, progress=False).rows
    audited = audited[audited["layer"] == ""].set_index("model")
    for name in REFERENCES:
        assert rows.loc[name, "s_auc"] == pytest.approx(audited.loc[name, "s_auc"], abs=1e-12)
    assert len(found.rows) == len(REFERENCES) * len(maps)


@pytest.mark.parametrize("attention", ["supervised", "human"])
def test_real_imagenet_weights_go_into_the_encoder_alone(attention):
    path = real("weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    from keras_attn import tasks

    task = tasks.named("salient_object")
    config = configs.salient_object("paper", weights=path, base_rate=0.2, learning_rate=1e-4)
    config = configs.changed(config, size=64, channels=(8, 8, 8), attention=attention)
    model = task.build(config)
    published = keras.applications.VGG16(include_top=False, weights=path)
    np.testing.assert_array_equal(
        model.get_layer("block5_conv3").get_weights()[0],
        published.get_layer("block5_conv3").get_weights()[0],
    )
    assert task.files(config) == {"weights": storage.fingerprint(path)}
    other = configs.changed(config, width=0.5)
    with refused(path.name, "width", "2 times as many channels: block1_conv1"):
        task.build(other)


def test_a_training_of_ones_own_is_scored_after_each_epoch(data, tmp_path):
    image = keras.Input((48, 64, 3))
    grey = keras.layers.Conv2D(1, 1, activation="sigmoid")(image)
    model = keras.Model(image, {"saliency": grey, "attention": grey})
    model.compile("sgd", {"saliency": "mse", "attention": None})
    images = np.zeros((4, 48, 64, 3), "float32")
    callback = ka.validation(data, pictures=tmp_path / "curves")
    targets = {"saliency": np.zeros((4, 48, 64, 1), "float32")}
    logs = model.fit(images, targets, epochs=2, callbacks=[callback], verbose=0).history
    expected = ka.evaluate(model, data, progress=False).summary().set_index("metric")["value"]
    for name in ("max_f", "mae", "s_auc", "ig"):
        assert logs[f"val_{name}"][-1] == pytest.approx(expected[name])
    assert list((tmp_path / "curves").iterdir())


# --- what a run knows of its data ---------------------------------------------------------------


def test_a_run_knows_its_data_and_its_configuration_says_where_they_are(run, data):
    known = json.loads((run.folder / "config.json").read_text())["data"]
    assert known == run.data == ka.load(run.folder).data
    assert known["whole"]["name"] == "dut_omron"
    assert known["whole"]["fingerprint"] == data.fingerprint != known["fingerprint"]
    assert known["whole"]["fixations"] == data.report.points
    assert known["drawn"] is True and known["kind"] == "dut_omron"
    place = run.config.data
    assert str(place.root) == known["source"]["root"] == data.source["root"]
    assert (place.fold, place.folds) == (1, 4)


def test_the_command_scores_what_was_held_out_of_data_that_were_handed_over(run, folds, capsys):
    found = scored_data.held_out(run.config, scored_data.DataChange(), run.data)
    assert [example.id for example in found] == [example.id for example in folds[1]]
    assert found.fingerprint == folds[1].fingerprint
    assert "dut_omron (drawn): 20 images" in capsys.readouterr().out


def test_rows_say_which_data_were_scored_and_learnt_from(whole, run, data):
    rows = whole.rows
    assert set(rows["drawn"]) == set(rows["trained_drawn"]) == {True}
    assert set(rows["data_kind"]) == set(rows["trained_on"]) == {"dut_omron"}
    assert set(rows["fingerprint"]) == set(rows["trained_fingerprint"]) == {data.fingerprint}
    assert "examples of dut_omron (drawn)," in str(whole)
    assert "'dut_omron (drawn)'" in repr(whole)
    assert not any("not those of the training" in note for note in whole.notes)


def test_without_half_of_the_fixations_the_data_are_not_those_of_the_training(run, folds, data):
    half = [replace(e, points=e.points[::2], subjects=e.subjects[::2]) for e in folds[1]]
    found = ka.evaluate(run.model, replace(folds[1], examples=half), progress=False)
    assert any("not those of the training, although they are" in note for note in found.notes)
    assert data.fingerprint not in set(found.rows["fingerprint"])
    named = replace(folds[1], whole=replace(data, name="mine", source=None))
    found = ka.evaluate(run, named, progress=False)
    assert set(found.rows["dataset"]) == {"mine"} and set(found.rows["drawn"]) == {True}


def test_data_that_cannot_be_found_again_are_an_error_that_says_what_to_do(run, data):
    where = "runs/mine"
    made = known_data.record(replace(data, name="mine", source=None))
    with refused("runs/mine", "evaluate(run, data)"):
        scored_data.held_out(run.config, scored_data.DataChange(), made, where)
    gone = configs.changed(run.config, root=data.source["root"] + "-gone")
    with refused(received="scenes-gone"):
        scored_data.held_out(gone, scored_data.DataChange(), run.data, where)
    named = scored_data.DataChange(root=data.source["root"], whole=True)
    assert len(scored_data.held_out(run.config, named, made, where)) == 20
    split = known_data.record(data.part("every other", range(0, 20, 2)))
    with refused(expected="--data.whole", received=("'every other'", "10 of 20")):
        scored_data.held_out(run.config, scored_data.DataChange(), split, where)


def test_a_run_of_an_earlier_version_does_not_take_drawn_scenes_for_its_data(run, tmp_path):
    earlier = {"name": "dut_omron, all but fold 0", "fingerprint": "f" * 64, "examples": 4134}
    config = configs.changed(run.config, root=None, images=20, side=48)
    with refused(expected="--data.root"):
        scored_data.held_out(config, scored_data.DataChange(), earlier | {"note": ""}, "old")


def test_data_are_known_by_the_name_that_the_run_knows_them_by(run, data):
    known = known_data.record(replace(data, name="renamed").fold(1, of=4)[0])
    found = scored_data.held_out(run.config, scored_data.DataChange(), known)
    assert found.whole.name == "renamed" and found.drawn
