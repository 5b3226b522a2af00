"""Options of the shell for several models and for models from elsewhere, and commands with them."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from conftest import check_error_line, refused
from keras import layers

import keras_attn as ka
from keras_attn.evaluation.rows import is_reference
from keras_attn.shell import cli, model_options


def test_models_are_named_or_called_by_their_files(tmp_path, monkeypatch):
    assert model_options.models(("vgg16",)) == "vgg16"
    several = ("first=a/x.keras", "b/y.h5", "a b=c=d.keras")
    found = {"first": "a/x.keras", "y": "b/y.h5", "a b": "c=d.keras"}
    assert model_options.models(several) == found
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c=d.keras").touch()
    assert model_options.models(("c=d.keras",)) == "c=d.keras"
    with refused("--model", "name for each", "two models called 'x'"):
        model_options.models(("a/x.keras", "b/x.keras"))


def test_values_are_for_all_models_or_for_those_that_are_named():
    chosen = {"one": "a.keras", "two": "b.keras"}

    def layers_of(*values, models=chosen):
        return model_options.by_name("layers", values, models, tuple)

    assert layers_of() == ()
    assert layers_of("conv1", "conv2") == ("conv1", "conv2")
    named = {"one": ("conv1", "conv2"), "two": ("a/b",)}
    assert layers_of("one=conv1,conv2", "two=a/b") == named
    assert layers_of("x=y", models="vgg16") == ("x=y",)
    with refused("--layers", ("NAME=VALUE", "one, two"), "three=conv1"):
        layers_of("three=conv1")
    with refused("--layers", "NAME=VALUE", "b beside one"):
        layers_of("one=a", "b")


def test_one_value_is_one_value():
    def size(*values, models=None):
        reader = model_options.one("size", int)
        return model_options.by_name("size", values, models or "vgg16", reader)

    assert size() is None and size("96") == 96
    assert size("a=64", "b=32", models={"a": "", "b": ""}) == {"a": 64, "b": 32}
    with refused("--size", "one value"):
        size("96", "64")
    with refused("--size", "number", "'big'"):
        size("big")
    with refused("--preprocess", "none, caffe, tf, torch"):
        model_options.preprocessing("imagenet")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Pictures with gaze and classes as a folder, and models that this package never saw."""
    place = tmp_path_factory.mktemp("place")
    ka.datasets.miniature("folder", images=6, shape=(48, 64), root=place / "gaze")
    images = sorted(path.stem for path in (place / "gaze" / "images").iterdir())
    classes = [f"{image},{('red', 'blue')[i % 2]}" for i, image in enumerate(images)]
    (place / "gaze" / "classes.csv").write_text("\n".join(["image,class", *classes]) + "\n")
    keras.utils.set_random_seed(0)
    x = keras.Input((None, None, 3))
    y = layers.Conv2D(4, 3, activation="relu", name="conv")(x)
    y = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(y))
    keras.Model(x, y).save(place / "free.keras")
    scaled = [keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), layers.Conv2D(3, 3, name="last")]
    told = [layers.GlobalMaxPooling2D(), layers.Dense(2)]
    keras.Sequential([*scaled, *told]).save(place / "seq.h5")
    return place


@pytest.mark.slow
def test_several_models_with_options_of_their_own_go_into_one_table(place, capsys):
    models = [f"free={place / 'free.keras'}", str(place / "seq.h5"), "alex=alexnet"]
    options = ["--layers", "alex=conv1,conv2", "--kinds", "free=activation,cam", "seq=gradient"]
    options += ["--size", "free=40", "alex=67", "--preprocess", "free=tf", "--explain", "free=blue"]
    out = place / "audit"
    command = ["audit", str(place / "gaze"), "--model", *models, *options, "--gallery", "2"]
    assert cli.main([*command, "--out", str(out)]) == 0
    rows = pd.read_csv(out / "rows.csv")[["model", "layer", "kind"]].fillna("")
    told = [row.tolist() for _, row in rows.iterrows() if not is_reference(row)]
    assert told == [
        ["free", "conv", "activation"],
        ["free", "conv", "cam"],
        ["seq", "input", "gradient"],
        ["alex", "conv1", "activation"],
        ["alex", "conv2", "activation"],
    ]
    printed = capsys.readouterr().out
    assert (
        "input 40×40, preprocessed by preprocess_input(mode='tf'), explained for class" in printed
    )


@pytest.mark.slow
def test_a_model_from_elsewhere_is_scored_attacked_exported_and_shown_pictures(place, capsys):
    model, data = str(place / "free.keras"), ["--data.root", str(place / "gaze")]
    given = ["--size", "40", "--preprocess", "tf"]
    assert cli.main(["evaluate", "--weights", model, *data, *given]) == 0
    rows = pd.read_csv(place / "free results" / "evaluation" / "examples.csv")
    direct = ka.evaluate(
        model,
        place / "gaze",
        size=40,
        preprocess=keras.applications.mobilenet_v2.preprocess_input,
        progress=False,
    )
    assert rows["predicted"].tolist() == direct.rows["predicted"].tolist()
    tables = place / "tables"
    assert cli.main(["attack", model, *data, *given, "--out", str(tables)]) == 0
    assert (place / "free results" / "fgsm" / "examples.csv").is_file()
    out = place / "exported"
    assert cli.main(["export", model, "--out", str(out), *given]) == 0
    network = tf.saved_model.load(str(out))
    picture = ka.datasets.folder(place / "gaze")[0].pixels()[None]
    shown = network.serve(picture)["probabilities"][0]  # the model ends in a softmax
    np.testing.assert_allclose(shown, direct.arrays["logits"][0], atol=2e-2)
    images = str(place / "gaze" / "images")
    assert cli.main(["predict", model, images, "--out", str(place / "shown"), *given]) == 0
    assert "predictions.csv" in {path.name for path in (place / "shown").iterdir()}
    capsys.readouterr()
    again = ["evaluate", "--weights", model, "--overwrite"]
    assert cli.main(again) == 2
    check_error_line(capsys.readouterr().err, "--data.root", "folder of images")
    assert cli.main([*again, *data, "--data.fold", "1"]) == 2
    check_error_line(capsys.readouterr().err, "--data.fold", "nothing", "1")


def test_results_lie_beside_what_they_are_of(tmp_path):
    (tmp_path / "mine.keras").write_bytes(b"PK")
    assert model_options.results_of(tmp_path / "mine.keras") == tmp_path / "mine results"
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").touch()
    assert model_options.results_of(tmp_path / "saved") == tmp_path / "saved results"
    assert str(model_options.results_of("vgg16")) == "runs/vgg16"
