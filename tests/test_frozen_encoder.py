"""Task 1 with an encoder that is left as it is: kept features learn what the whole network does."""

import json
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import raised, refused

import keras_attn as ka
from keras_attn import configs, tasks
from keras_attn.errors import InputError
from keras_attn.evaluation import validator
from keras_attn.mechanisms import MECHANISMS
from keras_attn.models.halves import encoder, head
from keras_attn.shell import parser

pytestmark = pytest.mark.slow

SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67, "channels": (16, 16, 16)}
SMALL |= {"epochs": 2, "batch_size": 5, "tensorboard": False, "encoder": "frozen"}
SMALL |= {"pretraining": "none", "validate_every": 1}
SIDES = {"alexnet": 67, "vgg16": 32, "resnet50": 32}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def parts(place):
    root = place / "scenes"
    return ka.datasets.miniature("dut_omron", images=8, shape=(60, 60), root=root).fold(1, of=4)


@pytest.fixture(scope="module")
def config(place):
    changes = SMALL | {"attention": "supervised", "features": place / "kept", "augment": True}
    return configs.salient_object("miniature", **changes)


@pytest.fixture(scope="module")
def run(config, parts, place):
    return ka.train(config, parts[0], validation=parts[1], out=place / "run")


def assert_same(one, two, **tolerance):
    pairs = zip(one.model.weights, two.model.weights, strict=True)
    for first, second in pairs:
        np.testing.assert_allclose(first.numpy(), second.numpy(), err_msg=first.path, **tolerance)


def test_the_preset_of_the_paper_trains_the_encoder():
    assert configs.salient_object("paper").training.encoder == "trained"
    assert configs.fine_grained("paper").training.encoder == "frozen"


def test_training_on_kept_features_is_training_through_the_encoder(run, config, parts, place):
    """With four rotations, each mirrored, and the supervised loss: the same batches and steps."""
    through = configs.changed(config, keep_features=False)
    other = ka.train(through, parts[0], validation=parts[1], out=place / "through")
    names = [name for name in run.history if name != "seconds"]
    np.testing.assert_allclose(run.history[names], other.history[names], rtol=1e-4, atol=1e-5)
    assert_same(run, other, rtol=1e-3, atol=1e-4)
    # How it ran is no part of what it is.
    assert ka.train(config, parts[0], out=place / "through").folder == other.folder


def test_the_encoder_stays_and_what_follows_learns(run):
    keras.utils.set_random_seed(run.config.training.seed)
    first = tasks.of(run.config).build(run.config)
    own = {v.path for v in encoder(first, "alexnet").variables}
    for before, after in zip(first.weights, run.model.weights, strict=True):
        same = (before.numpy() == after.numpy()).all()
        assert same == (before.path in own), before.path


@pytest.mark.parametrize("attention", [name for name in MECHANISMS if name != "supervised"])
def test_every_mechanism_learns_the_same_on_kept_features(attention, config, parts, place):
    changes = {"attention": attention, "epochs": 1, "augment": False}
    one = configs.changed(config, **changes)
    made = [
        ka.train(
            configs.changed(one, keep_features=kept),
            parts[0],
            validation=parts[1],
            out=place / f"{attention}-{kept}",
        )
        for kept in (True, False)
    ]
    names = [name for name in made[0].history if name != "seconds"]
    first, second = (run.history[names] for run in made)
    np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)
    assert_same(*made, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("attention", ["supervised", "human"])
@pytest.mark.parametrize("backbone", list(SIDES))
def test_the_halves_of_each_backbone_make_up_the_network(backbone, attention, rng):
    """Dilated, with images of another size than the features, and BatchNormalization at rest."""
    side = SIDES[backbone]
    network = ka.models.salient_object(
        backbone, attention, input_shape=(side, side, 3), width=1 / 16, frozen=True
    )
    inputs = {"image": rng.uniform(0, 255, (2, side, side, 3)).astype("float32")}
    if attention == "human":
        inputs["gaze"] = rng.random((2, side, side, 1)).astype("float32")
    # In training as well: nothing of a frozen encoder moves.
    features = encoder(network, backbone)(inputs["image"], training=True)
    rest = encoder(network, backbone)(inputs["image"], training=False)
    np.testing.assert_array_equal(features, rest)
    upper = head(network, backbone)
    fed = {"features": features} | {n: v for n, v in inputs.items() if n == "gaze"}
    fed = {name: keras.ops.convert_to_tensor(value) for name, value in fed.items()}
    made = upper(fed, training=False)
    for name, whole in network(inputs, training=False).items():
        np.testing.assert_allclose(made[name], whole, rtol=1e-4, atol=1e-5, err_msg=name)
    learnt = {id(v) for v in network.trainable_variables}
    assert learnt == {id(v) for v in upper.trainable_variables}
    assert not learnt & {id(v) for v in encoder(network, backbone).variables}


def test_a_run_that_broke_off_ends_with_the_same_bits(run, config, parts, place, monkeypatch):
    asked = []

    def breaking(make_scorer, dataset, threads, opened):
        def validate(model):
            asked.append(model)
            if len(asked) == 2:
                raise KeyboardInterrupt
            return {"max_f": 0.5}, None

        return validate

    monkeypatch.setattr(validator, "validator", breaking)
    # Features of its own: what was kept before it broke off is found, and the rest computed.
    own = configs.changed(config, features=place / "own")
    with pytest.raises(KeyboardInterrupt):
        ka.train(own, parts[0], validation=parts[1], out=place / "broken")
    assert len(pd.read_csv(place / "broken" / "history.csv")) == 1
    kept = sorted((place / "own").rglob("*.npy"))
    for path in kept[::3]:
        path.unlink()
    resumed = ka.train(own, parts[0], out=place / "broken")
    assert sorted((place / "own").rglob("*.npy")) == kept
    assert_same(run, resumed, rtol=0, atol=0)


def test_the_saved_model_is_the_whole_network(run, parts, place):
    """Validated on kept features, evaluated, audited and exported from pictures."""
    result = ka.evaluate(run.folder, parts[1], progress=False)
    scores = result.summary().set_index("metric")["value"]
    last = run.history.iloc[-1]
    for name in ("max_f", "mae", "s_auc", "ig"):
        assert scores[name] == pytest.approx(last[f"val_{name}"], abs=1e-4)
    rows = ka.audit(run, parts[1], progress=False).rows
    found = rows[rows["layer"] == "attention_3"]["s_auc"].mean()
    assert found == pytest.approx(scores["s_auc"], abs=1e-4)
    assert [tensor.name for tensor in ka.load(run.folder).model.inputs] == ["image"]


def test_a_run_starts_from_one_whose_encoder_was_trained(config, parts, place):
    trained = configs.changed(config, encoder="trained", epochs=1, augment=False)
    first = ka.train(trained, parts[0], out=place / "first")
    root = place / "pascal"
    pascal, _ = ka.datasets.miniature("pascal_s", images=5, shape=(64, 64), root=root).fold(0)
    changes = {"name": "pascal_s", "start": first.folder, "epochs": 1, "augment": None}
    second = ka.train(configs.changed(config, **changes), pascal, out=place / "second")
    assert second.config.data.augment is True and second.config.training.encoder == "frozen"
    moved = {"conv1": False, "decoder_1": True}
    for name, learns in moved.items():
        one, two = (run.model.get_layer(name).get_weights()[0] for run in (first, second))
        assert (one != two).any() == learns, name
    told = json.loads((second.folder / "provenance.json").read_text())
    assert "start" in json.dumps(told)


def test_half_precision_learns_nearly_the_same(run, config, parts, place):
    half = ka.train(configs.changed(config, features_as="float16"), parts[0], out=place / "half")
    np.testing.assert_allclose(half.history["loss"], run.history["loss"], rtol=1e-2)
    kinds = {np.load(path, mmap_mode="r").dtype for path in (place / "kept").rglob("*.npy")}
    assert kinds == {np.dtype("float32"), np.dtype("float16")}


@pytest.fixture(scope="module")
def masks_alone(place):
    root = place / "masks"
    ka.datasets.miniature("folder", images=6, shape=(48, 48), root=root)
    (root / "fixations.csv").unlink()
    return ka.datasets.folder(root)


def without(config, **changes):
    return configs.changed(config, name="folder", augment=False, epochs=1, **changes)


@pytest.mark.parametrize("attention", ["supervised", "human"])
def test_a_mechanism_that_needs_gaze_learns_without_only_where_it_is_told_to(
    attention, config, masks_alone, parts, place
):
    """On masks alone, to start a run with gaze; what it is called then says so."""
    one = without(config, attention=attention)
    remedy = "without_gaze='train' (--training.without-gaze train)"
    with refused(expected=remedy, received="none"):
        ka.train(one, masks_alone, out=place / "refused")
    told = configs.changed(one, without_gaze="train")
    first = ka.train(told, masks_alone, out=place / f"masks-{attention}")
    with refused("without_gaze", ("'raise'", "gaze")):
        ka.train(told, parts[0], out=place / "refused")
    if attention == "human":
        with raised(InputError, "gaze to validate", "validation=None"):
            ka.train(told, masks_alone, validation=masks_alone, out=place / "refused")
    assert not (place / "refused").exists()
    rows = ka.evaluate(first, parts[1], progress=False).rows
    assert set(rows["attention"]) == {f"{attention}_without_gaze"}
    second = ka.train(
        configs.changed(one, start=first.folder), parts[0], out=place / f"gaze-{attention}"
    )
    assert set(ka.evaluate(second, parts[1], progress=False).rows["attention"]) == {attention}


def test_without_gaze_supervised_attention_learns_as_sigmoid_does(config, masks_alone, place):
    """The same steps from the same numbers; with human attention there is no module to learn."""
    told = without(config, without_gaze="train", attention="supervised")
    plain = without(config, attention="sigmoid")
    one = ka.train(told, masks_alone, out=place / "masks-supervised")  # as above
    two = ka.train(plain, masks_alone, out=place / "plain")
    assert one.history["attention_3_loss"][0] == 0
    assert one.history["loss"][0] == pytest.approx(two.history["loss"][0], rel=1e-5)
    assert_same(one, two, rtol=1e-4, atol=1e-5)


def test_runs_of_versions_without_the_choice_are_the_same_runs():
    """Neither what they mean nor their identity has changed with the names."""
    one, three = configs.salient_object("paper"), configs.fine_grained("paper")
    for config in (one, three):
        values = configs.to_dict(config)
        told = values["training"].pop("encoder")
        values["training"].pop("without_gaze", None)
        if config is three:
            values["training"]["trunk"] = told
        assert configs.from_dict(values) == config
    # As version 0.1.0 had them, before there was an encoder to choose.
    assert configs.identity(one, data="abc").startswith("d4ed439fa9fd")
    assert configs.identity(three, data="abc").startswith("d3fb94812ffb")
    frozen = configs.changed(one, encoder="frozen")
    assert configs.identity(one, data="a") != configs.identity(frozen, data="a")
    trained = configs.changed(three, encoder="trained")
    assert configs.identity(three, data="a") != configs.identity(trained, data="a")


def test_the_earlier_name_of_the_choice_is_refused_with_that_of_now(monkeypatch):
    with refused("'trunk'", "encoder= (--training.encoder)"):
        configs.fine_grained(trunk="trained")
    for words in (["--training.trunk", "trained"], ["--training.trunk=trained"]):
        line = ["keras-attn", "train", "fine_grained:paper", *words]
        monkeypatch.setattr(sys, "argv", line)
        with raised(InputError, "--training.trunk: ", "--training.encoder"):
            parser.of_shell()
