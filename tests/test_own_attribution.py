"""Kinds of maps from outside the package: in Python, in the command, and in the table."""

import os
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused

import keras_attn as ka
from keras_attn import plugins
from keras_attn.audits import Kind
from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.audits.runner import Runner
from keras_attn.registries import KINDS
from keras_attn.resizing import resized
from keras_attn.shell import cli

pytestmark = pytest.mark.slow

PLUGIN = Path(__file__).with_name("own_attribution.py")
SIDE = 32
OWN = ("activation", "gradient", "cam", "grad_cam")


@pytest.fixture
def plugin(monkeypatch):
    """The plug-in as the environment names it, and a process that knows nothing of it after."""
    monkeypatch.setenv(plugins.VARIABLE, str(PLUGIN))
    plugins.load()
    yield sys.modules[PLUGIN.stem]
    for name in {*KINDS._things} - {*KINDS.own}:
        del KINDS._things[name]
    plugins._loaded.pop(str(PLUGIN))
    del sys.modules[PLUGIN.stem]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four pictures that two people looked at."""
    root = tmp_path_factory.mktemp("own") / "gaze"
    (root / "images").mkdir(parents=True)
    rng, gaze = np.random.default_rng(0), ["image,subject,x,y"]
    for i in range(4):
        picture = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        keras.utils.save_img(root / "images" / f"{i}.png", picture, scale=False)
        gaze += [f"{i},{who},{x},{y}" for who in "ab" for x, y in rng.integers(0, SIDE, (4, 2))]
    (root / "fixations.csv").write_text("\n".join(gaze))
    return root


def classifier(head="softmax", sides=(SIDE, SIDE), dtype="float32"):
    """A small network of pixels with everything that the package's own kinds ask for."""
    keras.utils.set_random_seed(1)
    image = keras.Input((*sides, 3), dtype=dtype)
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(6, 3, activation="relu", name="conv")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(8, activation="tanh")(x)
    return keras.Model(image, keras.layers.Dense(4, activation=head, name="scores")(x))


@pytest.fixture(scope="module")
def model():
    return classifier()


@pytest.fixture
def images(rng):
    return [rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8) for _ in range(3)]


def audited(model, folder, **options):
    rows = ka.audit(model, folder, gallery=1, progress=False, **options).rows
    return rows[rows["kind"] != ""]


def test_a_registered_kind_is_asked_for_by_name_and_stands_in_the_table(plugin, model, folder):
    rows = audited(model, folder, kinds=["path_gradients", "activation"])
    assert rows[["layer", "kind"]].values.tolist() == [
        ["conv", "activation"],
        ["input", "path_gradients"],
    ]
    assert np.isfinite(rows["s_auc"]).all()
    assert tuple(KINDS)[:4] == OWN and "hiding" in KINDS


def test_a_function_and_a_class_go_as_they_are(plugin, model, images):
    named = KerasMaps(model, kinds="path_gradients")(images, None)
    (expected,) = named.values()
    given = plugin.PathGradients
    for kind in (plugin.path_gradients, [given(steps=32)], [given]):
        ((layer, name), maps), *none = KerasMaps(model, kinds=kind)(images, None).items()
        assert layer == "input" and not none
        np.testing.assert_array_equal(maps, expected, err_msg=name)


def test_path_gradients_add_up_to_the_difference_of_the_scores(plugin, model, images):
    """To 1 in 1,000 of it, in 64 steps: of the class that is explained, before the softmax."""
    bare = classifier(head=None)
    bare.set_weights(model.get_weights())
    pixels = resized(images, (SIDE, SIDE))
    kind = "finer_path_gradients"  # two images at a time
    for preprocess in (None, lambda x: x[..., ::-1] - 100.0):
        made = preprocess or (lambda x: x)
        scores, black = np.asarray(bare(made(pixels))), np.asarray(bare(made(0 * pixels)))
        for explain in ("predicted", 2):
            source = KerasMaps(model, kinds=kind, preprocess=preprocess, explain=explain)
            sums = np.sum(source(images, None)["input", kind], axis=(1, 2))
            classes = scores.argmax(1) if explain == "predicted" else [2] * 3
            expected = (scores - black)[np.arange(3), classes]
            np.testing.assert_allclose(sums, expected, rtol=1e-3, atol=1e-6)


def test_a_kind_of_many_runs_and_one_of_layers_need_no_gradient(plugin, images):
    network = classifier(dtype="int32")  # whole numbers, which nothing goes back through
    maps = KerasMaps(network, kinds=["hiding", "strongest"])(images, None)
    assert {key: np.shape(one) for key, one in maps.items()} == {
        ("input", "hiding"): (3, 4, 4),
        ("conv", "strongest"): (3, 30, 30),
    }
    assert np.abs(maps["input", "hiding"]).max() > 0
    with refused("'path_gradients'", "input"):
        KerasMaps(network, kinds="path_gradients")


def test_an_audit_that_names_no_kinds_has_those_that_are_meant_for_it(plugin, model, images):
    assert "hiding" not in KerasMaps(model).kinds
    ka.register(Kind("usual", plugin.strongest, of="layers", scores=False, by_default=True))
    assert KerasMaps(model).kinds == ("activation", "gradient", "grad_cam", "usual")


def test_the_command_takes_it_by_name_and_lists_it_where_a_name_is_wrong(
    plugin, model, folder, tmp_path, capsys
):
    model.save(tmp_path / "own.keras")
    command = ["audit", str(folder), "--model", str(tmp_path / "own.keras"), "--gallery", "1"]
    command += ["--out", str(tmp_path / "out"), "--overwrite", "--kinds"]
    assert cli.main([*command, "path_gradients"]) == 0
    assert "path_gradients" in (tmp_path / "out" / "rows.csv").read_text()
    assert cli.main([*command, "grad_camm"]) == 2
    error = capsys.readouterr().err
    assert "kinds" in error and "'grad_camm'" in error
    assert all(repr(name) in error for name in KINDS)


def wrong(name, returned, **declared):
    return Kind(name, lambda model, images, targets: returned(images), **declared)


def failing(images):
    raise KeyError("conv9")


@pytest.mark.parametrize(
    ("returned", "declared", "facts"),
    [
        (lambda x: x, {}, ("'mine' returned", "4 maps", "(4, 32, 32, 3)")),
        (lambda x: x[:1, ..., 0], {}, ("'mine' returned", "4 maps", "(1, 32, 32)")),
        (lambda x: x[:, :0, :, 0], {}, ("'mine' returned", "4 maps")),
        (lambda x: None, {}, ("'mine' returned", "4 maps")),
        (lambda x: np.asarray(x[..., 0]) * 1j, {}, ("'mine' returned", "real", "complex64")),
        (lambda x: x[..., 0] / 0.0, {}, ("mine, image '0'", "finite")),
        (failing, {}, ("kind 'mine'", "function", "KeyError: 'conv9'")),
        (lambda x: x[..., 0], {"of": "layers"}, ("'mine' returned", ("paths of layers", "conv"))),
        (lambda x: {"a": x[..., 0]}, {"of": "layers"}, ("'mine' returned", "conv", "'a'")),
        (lambda x: {"conv": x}, {"of": "layers"}, ("'mine' returned for layer 'conv'", "4 maps")),
    ],
)
def test_what_is_no_map_is_one_error_that_names_the_kind(model, folder, returned, declared, facts):
    with refused(*facts):
        audited(model, folder, kinds=[wrong("mine", returned, **declared)])


def test_a_batch_of_its_own_is_that_of_each_call(model, images):
    seen = []

    def mean(model, images, targets):
        seen.append((len(images), len(targets)))
        return images[..., 0]

    maps = KerasMaps(model, kinds=Kind("red", mean, batch=2))(images, None)["input", "red"]
    assert seen == [(2, 2), (1, 1)]
    np.testing.assert_array_equal(maps, resized(images, (SIDE, SIDE))[..., 0])


def test_a_kind_gets_pixels_whatever_preprocesses_them(model, images):
    """Also where a function of arrays writes into what it gets, or cuts the border off."""
    seen, pixels = [], resized(images, (SIDE, SIDE))

    def red(model, images, targets):
        seen.append(np.asarray(images))
        model(images)
        return images[..., 0]

    def in_place(batch):
        batch = batch.numpy() if tf.is_tensor(batch) else batch
        batch /= 255.0
        return batch

    def cut(batch):
        return batch[:, 4:-4, 4:-4]

    network = classifier(sides=(None, None))
    for preprocess in (in_place, cut):
        source = KerasMaps(network, kinds=[red, "gradient"], size=SIDE, preprocess=preprocess)
        source(images, None)
        np.testing.assert_array_equal(seen[-1], pixels)
    assert source.places["input", "red"].whole
    assert not source.places["input"].whole


def test_the_packages_own_kinds_share_one_run(model, images, monkeypatch):
    runs, call = [], Runner.__call__

    def counted(self, *args):
        runs.append(1)
        return call(self, *args)

    source = KerasMaps(model, kinds=["activation", "gradient", "grad_cam"])
    alone = {}
    for kind in source.kinds:
        alone |= KerasMaps(model, kinds=kind)(images, None)
    monkeypatch.setattr(Runner, "__call__", counted)
    together = source(images, None)
    assert len(runs) == 1 and list(together) == list(alone)
    for key, maps in alone.items():
        np.testing.assert_array_equal(together[key], maps)


def test_what_a_kind_asks_of_other_images_is_of_those(model, images):
    """The shared run answers for the images of the batch alone; all else is computed anew."""
    other, seen = np.zeros((3, SIDE, SIDE, 3), "float32"), {}

    def asks(model, images, targets):
        for name, which in (("own", images), ("other", other)):
            seen[name] = [
                model.features(which)["conv"],
                model.gradients(which, targets)["conv"],
                model.input_gradient(which, targets),
                model.outputs(which, ["scores"])["scores"],
            ]
        classes = tf.constant([0, 1, 2])
        seen["classes"] = model.gradients(images, classes)["conv"]
        seen["scores"] = model(images)
        assert seen["scores"].shape == (3, 4) and model.classes == 4
        return images[..., 0]

    kinds = ["grad_cam", "gradient", Kind("asks", asks, gradients=True)]
    KerasMaps(model, kinds=kinds)(images, None)
    for own, black in zip(seen["own"], seen["other"], strict=True):
        assert own.shape == black.shape and not np.allclose(own, black)
    inner = keras.Model(model.input, model.get_layer("conv").output)
    np.testing.assert_allclose(seen["other"][0], inner(other), atol=1e-6)
    np.testing.assert_allclose(seen["own"][3], seen["scores"], atol=1e-6)
    assert not np.allclose(seen["classes"], seen["own"][1])


@pytest.mark.parametrize(
    ("kinds", "facts"),
    [
        (["grad_cam", "mine"], ("kinds", ("'activation'", "'grad_cam'"), "'mine'")),
        ([3], ("kinds", ("name", "Kind", "function"), "3")),
        (3, ("kinds", ("name", "Kind", "function", "several"), "3")),
        (
            lambda model, images, targets: images,
            ("", "Kind('a_name', function)", "'<lambda>'"),
        ),
        (Kind("cam", failing), ("", "'cam'")),
        ([Kind("mine", failing), Kind("mine", print)], ("", "'mine'")),
    ],
)
def test_kinds_that_are_none_are_one_error(model, kinds, facts):
    with refused(*facts):
        KerasMaps(model, kinds=kinds)


def test_a_declaration_that_means_nothing_is_refused():
    with refused("of, of kind of map 'mine'", "'image'"):
        Kind("mine", failing, of="output")
    with refused("batch of kind of map 'mine'"):
        Kind("mine", failing, batch=0)
    with refused("kind of map 'mine'", "function"):
        Kind("mine", "cam")

    class Needs:
        def __init__(self, steps):
            self.steps = steps

    with refused("kind of map 'mine'", "Kind('mine', Needs(...))"):
        Kind("mine", Needs).ready()


def test_a_network_without_class_scores_has_no_kinds_that_explain(plugin, images):
    image = keras.Input((SIDE, SIDE, 3))
    features = keras.Model(image, keras.layers.Conv2D(5, 3, name="conv")(image))
    with refused("'path_gradients'", "class"):
        KerasMaps(features, kinds="path_gradients")
    assert set(KerasMaps(features, kinds="strongest")(images, None)) == {("conv", "strongest")}


def test_other_forms_of_models_say_that_a_kind_is_none_of_theirs(plugin, model, folder, tmp_path):
    model.export(tmp_path / "saved", verbose=False)
    with refused("'path_gradients'", (".keras", "hiding"), "saved"):
        audited(tmp_path / "saved", folder, kinds=plugin.path_gradients)
    with refused("'path_gradients'", "hiding", "class scores alone"):
        audited(lambda x: x[..., 0], folder, kinds=["path_gradients"])


def test_the_plugin_is_loaded_by_the_environment_alone(plugin):
    assert os.environ[plugins.VARIABLE] == str(PLUGIN)
    assert KINDS.find("path_gradients").function is plugin.path_gradients
