"""Task 3 from files on disk to rows and back: train, load, evaluate, attack."""

from dataclasses import replace

import cv2
import keras
import numpy as np
import pandas as pd
import pytest
from conftest import real, refused
from legacy_files import legacy

import keras_attn as ka
from keras_attn import configs, tasks
from keras_attn.evaluation import attack, validator
from keras_attn.evaluation.references import references
from keras_attn.evaluation.rows import REFERENCES
from keras_attn.metrics import dispersion
from keras_attn.metrics import gaze as gaze_metrics
from keras_attn.report.tables import sheets

pytestmark = pytest.mark.slow

SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67, "epochs": 2, "tensorboard": False}
SMALL |= {"pretraining": "none", "dropout": 0.25}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("m") / "birds"
    return ka.datasets.miniature("cub_vwsw", images=54, shape=(60, 72), root=root)


@pytest.fixture(scope="module")
def parts(data):
    return data.split("train"), data.split("test")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("r")


@pytest.fixture(scope="module")
def config(place):
    return configs.fine_grained(
        "miniature", attention="supervised", features=place / "kept", **SMALL
    )


@pytest.fixture(scope="module")
def run(config, parts, place):
    return ka.train(config, parts[0], validation=parts[1], out=place / "run")


@pytest.fixture(scope="module")
def result(run, parts):
    return ka.evaluate(run, parts[1], progress=False)


@pytest.fixture(scope="module")
def attacked(run, parts):
    return ka.attack(run, parts[1], progress=False)


def test_the_preset_of_the_paper_has_its_values():
    """§IV-C2: Adam's rates by backbone, a frozen encoder, images cropped to their boxes."""
    paper = configs.fine_grained("paper")
    rates = configs.LEARNING_RATES["fine_grained"]
    assert rates == {"alexnet": 5e-6, "vgg16": 1e-5, "resnet50": 1e-4}
    assert paper.training.encoder == "frozen" and paper.data.crop and paper.model.width == 1
    assert paper.model.head == "published" and paper.training.pretraining == "file"


def test_a_run_knows_its_classes_and_resolved_fields(run, parts):
    assert run.config.model.classes == parts[0].classes
    assert run.config.training.learning_rate == 1e-3
    assert ka.load(run.folder).config == run.config
    assert {"val_accuracy", "val_s_auc", "val_ig", "logits_loss"} <= set(run.history)


def test_training_on_kept_features_is_training_through_the_encoder(run, config, parts, place):
    """With dropout, and with the supervised loss: the same batches, the same steps."""
    through = configs.changed(config, keep_features=False)
    other = ka.train(through, parts[0], out=place / "through")
    np.testing.assert_allclose(run.history["loss"], other.history["loss"], rtol=1e-4)
    pairs = zip(run.model.weights, other.model.weights, strict=True)
    for one, two in pairs:
        np.testing.assert_allclose(one.numpy(), two.numpy(), rtol=1e-3, atol=2e-4)
    # How it ran is no part of what it is.
    assert ka.train(config, parts[0], out=place / "through").folder == other.folder


def test_a_run_that_broke_off_ends_with_the_same_bits(run, config, parts, place, monkeypatch):
    """On kept features, with dropout: stopped after the first of two epochs."""
    asked = []

    def breaking(make_scorer, dataset, threads, **_):
        def validate(model):
            asked.append(model)
            if len(asked) == 2:
                raise KeyboardInterrupt
            return {"accuracy": 0.5}, None

        return validate

    monkeypatch.setattr(validator, "validator", breaking)
    every = configs.changed(config, validate_every=1)
    with pytest.raises(KeyboardInterrupt):
        ka.train(every, parts[0], validation=parts[1], out=place / "broken")
    assert len(pd.read_csv(place / "broken" / "history.csv")) == 1
    resumed = ka.train(every, parts[0], out=place / "broken")
    for one, two in zip(run.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.fixture(scope="module")
def human(config, parts, place):
    one = configs.changed(config, attention="human", epochs=1)
    return ka.train(one, parts[0], out=place / "human")


def test_human_attention_learns_the_same_on_kept_features(human, parts, place):
    through = configs.changed(human.config, keep_features=False)
    other = ka.train(through, parts[0], out=place / "human_through")
    np.testing.assert_allclose(human.history["loss"], other.history["loss"], rtol=1e-4)


@pytest.mark.parametrize("machine", [{"precision": "mixed_bfloat16"}, {"strategy": "mirrored"}])
def test_kept_features_serve_mixed_precision_and_several_devices(config, parts, place, machine):
    one = configs.changed(config, epochs=1, **machine)
    run = ka.train(one, parts[0], validation=parts[1], out=place / "-".join(machine.values()))
    scores = ka.evaluate(run, parts[1], progress=False).summary().set_index("metric")["value"]
    assert run.history["val_s_auc"][0] == pytest.approx(scores["s_auc"], abs=0.01)
    assert np.isfinite(run.history["loss"]).all()
    assert keras.config.dtype_policy().name == "float32"
    assert all(weight.dtype == "float32" for weight in run.model.trainable_weights)


def test_an_encoder_that_is_trained_moves_and_a_frozen_one_does_not(run, config, parts, place):
    moving = configs.changed(config, encoder="trained", epochs=1)
    trained = ka.train(moving, parts[0], out=place / "moving").model
    keras.utils.set_random_seed(0)
    first = tasks.of(config).build(run.config).get_layer("conv1").get_weights()[0]
    np.testing.assert_array_equal(run.model.get_layer("conv1").get_weights()[0], first)
    assert (trained.get_layer("conv1").get_weights()[0] != first).any()


def test_the_last_validation_is_what_the_loaded_weights_score(run, result):
    """Validated on kept features, evaluated through the encoder."""
    scores = result.summary().set_index("metric")["value"]
    last = run.history.iloc[-1]
    for name in ("accuracy", "s_auc", "ig"):
        assert scores[name] == pytest.approx(last[f"val_{name}"], abs=1e-4)


def test_rows_say_class_prediction_and_agreement(result, run, parts):
    rows = result.rows
    assert list(rows)[:12] == [
        *("task", "dataset", "backbone", "fusion", "attention", "fold", "seed", "id", "fixations"),
        *("class", "predicted", "correct"),
    ]
    assert list(rows["class"]) == [parts[1].classes[e.label] for e in parts[1]]
    np.testing.assert_array_equal(rows["correct"] == 1, rows["class"] == rows["predicted"])
    names = np.array(parts[1].classes)[result.arrays["logits"].argmax(axis=1)]
    np.testing.assert_array_equal(rows["predicted"], names)


def test_agreement_is_that_of_the_plain_functions_with_the_whole_datasets_gaze(run, data, parts):
    whole = ka.evaluate(run, data, progress=False)
    maps, points = [], [example.points for example in data]
    for example in data:
        image = cv2.resize(example.pixels(), (67, 67), interpolation=cv2.INTER_LINEAR)
        made = run.model({"image": image[None].astype("float32")}, training=False)["attention"]
        size = example.shape[::-1]
        maps.append(cv2.resize(np.asarray(made[0, ..., 0], np.float64), size))
    expected = gaze_metrics.s_auc_per_image(maps, points)
    np.testing.assert_allclose(whole.rows["s_auc"], expected, atol=1e-4)


def test_dispersion_is_that_of_the_maps_at_the_networks_own_grid(result, run, parts):
    images = [cv2.resize(one.pixels(), (67, 67)) for one in parts[1]]  # bilinear
    made = run.model({"image": np.stack(images).astype("float32")}, training=False)
    maps = np.asarray(made["attention"])[..., 0]
    np.testing.assert_allclose(result.rows["entropy"], dispersion.entropy(maps), atol=1e-5)
    vectors = dispersion.standardised(maps)
    np.testing.assert_allclose(result.arrays["maps"], vectors, atol=1e-3)
    found = result.summary().set_index("metric")["value"]
    assert found["entropy"] == pytest.approx(result.rows["entropy"].mean())
    assert found["cc_others"] == pytest.approx(dispersion.mean_cc(maps), abs=1e-3)


def test_overall_agreement_is_the_accuracy_weighted_mean_of_right_and_wrong(run, data, tmp_path):
    """The paper's Tables VIII and IX obey it; over two seeds too, when images differ in both."""
    folders = []
    for seed in (0, 1):
        made = ka.evaluate(run, data, progress=False)
        rows = made.rows.assign(seed=seed)
        flips = np.arange(len(rows)) % (3 + seed) == 0
        rows["correct"] = np.where(flips, 1.0, 0.0)
        folders.append(replace(made, rows=rows).save(tmp_path / str(seed)))
    rows = sheets.read(folders).rows
    cells = sheets.cells(sheets.read(folders)).set_index(["table", "subset", "metric"])["value"]
    accuracy = cells["VII", "all", "accuracy"]
    assert accuracy == pytest.approx(rows["correct"].mean())
    for metric in ("s_auc", "ig"):
        right, wrong = (cells["IX", part, metric] for part in ("positive", "negative"))
        mixed = accuracy * right + (1 - accuracy) * wrong
        assert cells["VIII", "all", metric] == pytest.approx(mixed, rel=1e-12)


def test_saved_rows_make_tables_figures_and_confusions(result, attacked, tmp_path):
    from keras_attn.report.figures import study
    from keras_attn.report.tables import confusion

    one, two = result.save(tmp_path / "run"), attacked.save(tmp_path / "run" / "fgsm")
    cells = sheets.cells(sheets.read([one, two]))
    assert set(cells["table"]) == {"VII", "VIII", "IX", "IXb", "X"}
    written = confusion.write([one, two], tmp_path / "confusion")
    classes = pd.read_csv(written[0])
    assert classes["n"].sum() == len(result.rows)
    assert classes["correct"].sum() == result.rows["correct"].sum()
    pairs = pd.read_csv(written[1])
    diagonal = pairs[pairs["class"] == pairs["predicted"]]["count"].sum()
    assert (pairs["count"].sum(), diagonal) == (len(result.rows), classes["correct"].sum())
    drawn = study.write("fine_grained", {"supervised": [one]}, tmp_path)
    drawn += study.write("adversarial", {"supervised": [two]}, tmp_path)
    assert [path.name for path in drawn] == ["fine_grained.png", "adversarial.png", "fooling.png"]
    assert all(path.stat().st_size > 10_000 for path in drawn)
    curve = pd.read_csv(tmp_path / "fooling.csv")
    assert list(curve["epsilon"]) == [0.5, 1, 2, 4, 8]
    right = attacked.rows[attacked.rows["correct"] == 1]
    assert curve["of_correct"][4] == pytest.approx(right["fooled_8"].mean())


def test_the_fooling_rate_counts_the_images_told_rightly_before(attacked, result):
    rows = attacked.rows
    assert list(rows["correct"]) == list(result.rows["correct"])
    right = rows["correct"] == 1
    assert rows.loc[~right, "fooling_rate"].isna().all()
    changed = rows["predicted_2"] != rows["predicted"]
    np.testing.assert_array_equal(rows["fooling_rate_all"] == 1, changed)
    np.testing.assert_array_equal(rows.loc[right, "fooling_rate"] == 1, changed[right])
    summary = attacked.summary().set_index("metric")
    assert summary.loc["fooling_rate", "n"] == right.sum()
    assert summary.loc["fooling_rate_all", "n"] == len(rows)


def test_an_attack_says_what_it_was_and_what_was_held(human, parts, attacked):
    assert "ε = 2 of 255" in attacked.notes[0] and len(attacked.notes) == 2
    some = parts[1].part("some", range(3))
    notes = ka.attack(human, some, epsilons=(1.0,), epsilon=1.0, progress=False).notes
    assert attack.GAZE_HELD in notes and "ε = 1 of 255" in notes[0]


def test_probabilities_are_not_attacked_as_if_they_were_scores(parts):
    image, some = keras.Input((48, 48, 3)), parts[1].part("x", range(3))
    pooled = keras.layers.GlobalAveragePooling2D()(image / 255)
    scores = keras.layers.Dense(9, name="scores")(pooled)
    squared = keras.layers.Lambda(lambda s: s**2 / keras.ops.sum(s**2, 1, keepdims=True))(scores)
    with refused("model", "before softmax"):
        ka.attack(keras.Model(image, squared), some, progress=False)
    # A softmax is left out: the attack is that on the scores before it.
    rows = [
        ka.attack(keras.Model(image, told), some, progress=False).rows
        for told in (scores, keras.ops.softmax(scores), keras.layers.Softmax()(scores))
    ]
    own = [name for name in rows[0] if name not in ("backbone", "id")]
    for softmax in rows[1:]:
        pd.testing.assert_frame_equal(softmax[own], rows[0][own])


def test_another_run_in_the_folder_takes_its_attacks_along(config, parts, tmp_path):
    run = ka.train(configs.changed(config, epochs=1), parts[0], out=tmp_path / "run")
    ka.attack(run, parts[1].part("x", range(3)), out=run.folder / "fgsm", progress=False)
    other = configs.changed(config, epochs=1, seed=4)
    ka.train(other, parts[0], out=run.folder, overwrite=True)
    assert not (run.folder / "fgsm").exists()


def test_a_callback_scores_a_classifier_of_ones_own(parts):
    image = keras.Input((48, 48, 3))
    scores = keras.layers.Dense(9)(keras.layers.GlobalAveragePooling2D()(image))
    model = keras.Model(image, scores)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images, labels = np.zeros((4, 48, 48, 3), "float32"), np.arange(4)
    callback = ka.validation(parts[1])
    logs = model.fit(images, labels, callbacks=[callback], verbose=0).history
    expected = ka.evaluate(model, parts[1], progress=False).rows["correct"].mean()
    assert logs["val_accuracy"] == [pytest.approx(expected)]


def test_the_line_search_counts_any_epsilon(run, parts, monkeypatch):
    from keras_attn.evaluation import fgsm

    monkeypatch.setattr(fgsm, "line_search", lambda *_: np.array([0.5, np.nan] * 4))
    some = parts[1].part("some", range(5))
    rows = ka.attack(run, some, search="line", progress=False).rows
    assert list(rows["fooling_rate_all"]) == [1, 0, 1, 0, 1]
    assert rows["smallest_epsilon"].isna().sum() == 2


def test_at_epsilon_zero_nobody_is_fooled(run, parts):
    some = parts[1].part("some", range(9))
    rows = ka.attack(run, some, epsilons=(0.0, 8.0), epsilon=0.0, progress=False).rows
    assert rows["fooling_rate_all"].sum() == 0 and rows["fooled_0"].sum() == 0


def test_models_from_elsewhere_are_scored_too(data, parts):
    image = keras.Input((48, 48, 3), name="picture")
    pooled = keras.layers.GlobalAveragePooling2D()(image)
    model = keras.Model(image, keras.layers.Dense(9)(pooled), name="mine")
    rows = ka.evaluate(model, parts[1], progress=False).rows
    assert set(rows["task"]) == {"fine_grained"} and set(rows["backbone"]) == {"mine"}
    assert "s_auc" not in rows
    assert len(ka.attack(model, parts[1].part("x", range(3)), progress=False).rows) == 3
    with refused("task", ("'salient_object'", "'action'", "'fine")):
        ka.evaluate(model, parts[1], task="tennis")
    wrong = keras.Model(image, {"logits": keras.layers.Dense(4)(pooled)}, name="four")
    with refused("model 'four'", ("9 classes", "Red_headed")):
        ka.evaluate(wrong, parts[1], progress=False)


def test_a_folder_of_ones_own_with_classes_serves_too(tmp_path):
    root = tmp_path / "folder"
    data = ka.datasets.miniature("folder", images=6, shape=(48, 48), root=root)
    rows = [f"{e.id},{'odd' if i % 2 else 'even'}\n" for i, e in enumerate(data)]
    (root / "classes.csv").write_text("image,class\n" + "".join(rows))
    config = configs.fine_grained("miniature", name="folder", root=root)
    with refused("data.crop", "default"):
        configs.changed(config, crop=False)
    task = tasks.of(config)
    train, test = task.parts(config, task.read(config.data))
    assert train.classes == ("even", "odd") and len(train) + len(test) == 6 and len(test) == 2
    assert task.resolved(config, train).model.classes == ("even", "odd")
    with refused("data.root", "folder"):
        task.read(configs.changed(config, root=None).data)


def test_what_does_not_fit_the_task_is_refused(run, config, data, parts, tmp_path):
    scenes = ka.datasets.miniature("dut_omron", images=4, shape=(48, 48), root=tmp_path / "s")
    with refused("dataset 'dut_omron'", ("classes", "Red_headed")):
        ka.evaluate(run, scenes, progress=False)
    with refused("dataset 'dut_omron'", "two classes"):
        ka.train(config, scenes, out=tmp_path / "run")
    with refused("task", "'fine_grained'"):
        ka.evaluate(run, parts[1], task="salient_object")
    with refused("training.weights", "alexnet"):
        ka.train(configs.changed(config, pretraining="file"), parts[0], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_references_are_those_of_the_test_images(config, parts):
    gaze = tasks.of(config).gaze(config, parts[1])
    found = references("fine_grained", parts[1], gaze).rows
    assert set(found["id"]) == {example.id for example in parts[1]}
    assert set(found["attention"]) == set(REFERENCES)


def test_a_whole_classifiers_file_fills_all_but_its_classes(tmp_path):
    """As published: by layer name, with 7 classes of its own; and without its top."""
    from keras_attn import models

    keras.utils.set_random_seed(5)
    published = models.vgg16((32, 32, 3), classes=7, width=0.125)
    whole = legacy(published, tmp_path / "whole.h5")
    notop = legacy(published, tmp_path / "notop.h5", leave_out=("fc1", "fc2", "predictions"))
    task = tasks.named("fine_grained")
    config = configs.fine_grained(backbone="vgg16", width=0.125, size=32, pretraining="file")
    config = configs.changed(config, classes=("a", "b"), learning_rate=1e-3)
    kernels = {}
    for name, path, begun in (("whole", whole, "file"), ("notop", notop, "trunk")):
        model = task.build(configs.changed(config, weights=path, pretraining=begun))
        for layer in ("block1_conv1", "block5_conv3"):
            mine, its = (m.get_layer(layer).get_weights()[0] for m in (model, published))
            np.testing.assert_array_equal(mine, its)
        kernels[name] = model.get_layer("fc2").get_weights()[0]
    expected = published.get_layer("fc2").get_weights()[0]
    np.testing.assert_array_equal(kernels["whole"], expected)
    assert (kernels["notop"] != expected).any()
    pooled = task.build(configs.changed(config, weights=whole, head="pooled"))
    assert pooled.get_layer("classes").units == 2


def test_the_real_encoder_gives_the_features_of_keras_applications(tmp_path):
    path = real("weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    from keras_attn.models.halves import encoder

    config = configs.fine_grained("paper", head="pooled", size=64, weights=path)
    config = configs.changed(config, classes=("a", "b"), learning_rate=1e-3)
    model = tasks.of(config).build(config)
    published = keras.applications.VGG16(include_top=False, weights=path, input_shape=(64, 64, 3))
    images = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    expected = keras.Model(published.input, published.get_layer("block5_conv3").output)(
        keras.applications.vgg16.preprocess_input(images.copy())
    )
    np.testing.assert_allclose(encoder(model, "vgg16")(images), expected, rtol=1e-4, atol=1e-3)
