"""Models as strangers bring them: behind the front door a number is right, or one clear error."""

import re
from typing import NamedTuple

import keras
import makes
import numpy as np
import pytest
import tensorflow as tf
from conftest import check_error_line, refused
from keras import layers, ops

import keras_attn as ka
from keras_attn import configs, tasks
from keras_attn.datasets.batches import pipeline
from keras_attn.errors import InputError
from keras_attn.shell import cli

pytestmark = pytest.mark.slow

SIDE, CLASSES = makes.SIDE, 9
QUIET = {"progress": False}


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    whole, _ = makes.birds(tmp_path_factory.mktemp("s") / "birds")
    return whole.part("spread", range(0, 54, 9))


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp("s") / "scenes"
    return ka.datasets.miniature(images=3, shape=(SIDE, SIDE), root=root)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Pictures with gaze of two classes, dark and bright."""
    root = tmp_path_factory.mktemp("s") / "pair"
    (root / "images").mkdir(parents=True)
    rng, gaze, classes = np.random.default_rng(0), ["image,subject,x,y"], ["image,class"]
    for i in range(4):
        picture = rng.integers(60 * (i % 2), 160 + 60 * (i % 2), (SIDE, SIDE, 3), np.uint8)
        keras.utils.save_img(root / "images" / f"{i}.png", picture, scale=False)
        gaze += [f"{i},{who},{x},{y}" for who in "ab" for x, y in rng.integers(0, SIDE, (4, 2))]
        classes.append(f"{i},{'bright' if i % 2 else 'dark'}")
    (root / "fixations.csv").write_text("\n".join(gaze))
    (root / "classes.csv").write_text("\n".join(classes))
    return ka.datasets.folder(root)


def pixels(data):
    return np.stack([pipeline.input_image(e, (SIDE, SIDE)) for e in data]).astype(np.float32)


def scores_model(classes=CLASSES):
    """A classifier whose scores are far enough apart to tell a softmax from two."""
    keras.utils.set_random_seed(0)
    model = makes.classifier(classes, None)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([8 * kernel, bias])
    return model


def softmax(scores):
    odds = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def sigmoid(scores):
    return 1 / (1 + np.exp(-np.asarray(scores)))


def of_two(shares):
    return np.concatenate([1 - shares, shares], axis=1)


class OwnSoftmax(layers.Layer):
    def call(self, scores):
        return ops.softmax(scores)


HEADS = {
    "none": (CLASSES, lambda s: s, softmax),
    "a softmax layer": (CLASSES, layers.Softmax(), softmax),
    "a softmax with a temperature": (
        CLASSES,
        lambda s: ops.softmax(s / 3),
        lambda s: softmax(s / 3),
    ),
    "log_softmax": (CLASSES, layers.Activation("log_softmax"), softmax),
    "a softmax in a Lambda": (CLASSES, layers.Lambda(tf.nn.softmax), softmax),
    "a softmax of an own layer": (CLASSES, OwnSoftmax(), softmax),
    "a sigmoid for each class": (CLASSES, layers.Activation("sigmoid"), sigmoid),
    "one linear unit": (1, lambda s: s, lambda s: of_two(sigmoid(s))),
    "one sigmoid unit": (1, layers.Activation("sigmoid"), lambda s: of_two(sigmoid(s))),
    "one log_sigmoid unit": (1, layers.Activation("log_sigmoid"), lambda s: of_two(sigmoid(s))),
}


@pytest.mark.parametrize("name", HEADS)
def test_probabilities_are_those_of_the_model_in_predictions_and_exports(name, birds, tmp_path):
    classes, head, wanted = HEADS[name]
    plain = scores_model(classes)
    model = keras.Model(plain.input, head(plain.output))
    network = tf.saved_model.load(str(ka.export(model, tmp_path / "exported")))
    given = pixels(birds)
    expected = wanted(np.asarray(plain(given)))
    np.testing.assert_allclose(network.serve(given)["probabilities"], expected, atol=1e-5)
    picture = tmp_path / "picture.png"
    keras.utils.save_img(picture, given[0], scale=False)
    ka.predict(model, picture, out=tmp_path / "out", raw=True, **QUIET)
    told = np.load(tmp_path / "out" / "picture.npz")["probabilities"]
    np.testing.assert_allclose(told, expected[0], atol=1e-5)


class Around(keras.Model):
    """A subclassed model around layers that are there already; `training` has to be given."""

    def __init__(self, *stages):
        super().__init__(name="around")
        self.stages = stages

    def call(self, x, training):
        for stage in self.stages:
            x = stage(x, training=training)
        return x


def test_an_attack_through_a_softmax_is_that_on_the_scores(birds):
    plain = scores_model()
    x = makes.image()
    twins = {
        "an operation": keras.Model(plain.input, ops.softmax(plain.output)),
        "Sequential": keras.Sequential([makes.image(), plain, layers.Softmax()]),
        "subclassed": Around(plain, layers.Dropout(0.5), layers.Softmax()),
        "nested": keras.Model(x, keras.Sequential([plain, layers.Softmax()])(x)),
    }
    options = {"epsilons": (1, 8, 32), "epsilon": 8, "size": SIDE, **QUIET}
    wanted = ka.attack(plain, birds, **options).rows.filter(like="predicted")
    assert wanted.nunique(axis=1).max() > 1, "nothing is fooled, which proves nothing"
    for name, twin in twins.items():
        found = ka.attack(twin, birds, **options).rows.filter(like="predicted")
        np.testing.assert_array_equal(found, wanted, err_msg=name)


def test_one_unit_is_attacked_as_two_scores_also_in_a_subclass(pair):
    plain = scores_model(1)
    two = keras.Model(plain.input, ops.concatenate([0 * plain.output, plain.output], axis=1))
    x = keras.Model(plain.input, layers.Activation("sigmoid")(plain.output))
    options = {"epsilons": (1, 8, 32), "epsilon": 8, "size": SIDE, **QUIET}
    wanted = ka.attack(two, pair, **options).rows.filter(like="predicted")
    for model in (plain, x, Around(plain), Around(plain, layers.Activation("sigmoid"))):
        found = ka.attack(model, pair, **options).rows.filter(like="predicted")
        np.testing.assert_array_equal(found, wanted)
        correct = ka.evaluate(model, pair, size=SIDE, **QUIET).rows["correct"]
        labels = [example.label for example in pair]
        np.testing.assert_array_equal(
            correct, (np.asarray(plain(pixels(pair)))[:, 0] > 0) == labels
        )


# --- every verb refuses alike ---------------------------------------------------------------------


def every_verb(model, data, place, **options):
    """Each verb of a model as a function without arguments."""
    few = {"epsilons": (2,), "epsilon": 2, **QUIET, **options}

    def validated():
        callback = ka.validation(data, **options)
        callback.set_model(model)
        callback.on_epoch_end(0, {})

    picture = data[0].image
    return {
        "audit": lambda: ka.audit(model, data, gallery=1, **QUIET, **options),
        "evaluate": lambda: ka.evaluate(model, data, **QUIET, **options),
        "attack": lambda: ka.attack(model, data, **few),
        "export": lambda: ka.export(model, place / "exported", **options),
        "predict": lambda: ka.predict(model, picture, out=place / "out", **QUIET, **options),
        "validation": validated,
    }


def check_refused(calls, *facts):
    for verb, call in calls.items():
        with refused(*facts):
            call()
            pytest.fail(f"{verb} took it")


def of_shape(*shape):
    x = keras.Input(shape)
    return keras.Model(x, layers.Dense(CLASSES)(layers.Flatten()(x)))


def of_two_pictures():
    a, b = makes.image("a"), makes.image("b")
    return keras.Model([a, b], layers.Dense(CLASSES)(layers.Flatten()(a - b)))


@pytest.mark.parametrize(
    ("model", "received"),
    [
        (lambda: of_shape(SIDE, SIDE, 1), "(None, 32, 32, 1)"),
        (lambda: of_shape(3, SIDE, SIDE), "Permute((3, 1, 2))"),
        (lambda: of_shape(SIDE, SIDE), "input shape"),
        (of_two_pictures, "2 inputs"),
    ],
)
def test_every_verb_wants_one_picture(model, received, birds, tmp_path):
    check_refused(every_verb(model(), birds, tmp_path), "model", "one image input", received)


def test_every_verb_refuses_a_size_that_the_model_does_not_take(birds, tmp_path):
    calls = every_verb(makes.classifier(CLASSES), birds, tmp_path, size=48)
    check_refused(calls, "size", "(32, 32)", "(48, 48)")


def test_a_model_that_fixes_one_side_gets_the_other(birds, tmp_path):
    x = keras.Input((None, SIDE, 3))
    model = keras.Model(x, layers.Dense(CLASSES)(makes.pooled(x)))
    for call in every_verb(model, birds, tmp_path, size=SIDE).values():
        call()
    network = tf.saved_model.load(str(tmp_path / "exported"))
    given = np.repeat(pixels(birds), 2, axis=2)
    wanted = model(tf.image.resize(given, (SIDE, SIDE)))
    np.testing.assert_allclose(network.serve(given)["logits"], wanted, atol=1e-5)


def test_a_network_that_returns_nan_tells_no_class(birds, scenes, tmp_path):
    model = makes.classifier(CLASSES)
    model.layers[-1].set_weights([w * np.nan for w in model.layers[-1].get_weights()])
    calls = every_verb(model, birds, tmp_path)
    del calls["export"]
    check_refused(calls, "", "finite", "NaN")
    model = makes.saliency()
    model.layers[-1].set_weights([w * np.nan for w in model.layers[-1].get_weights()])
    calls = every_verb(model, scenes, tmp_path)
    for verb in ("export", "attack"):
        del calls[verb]
    check_refused(calls, "", "finite", "NaN")
    assert not (tmp_path / "out").exists()


def test_a_network_of_finite_weights_that_returns_nan_tells_no_class(birds, tmp_path):
    model = makes.classifier(CLASSES)
    model.set_weights([np.full_like(one, 1e30) for one in model.get_weights()])  # which overflow
    calls = every_verb(model, birds, tmp_path)
    del calls["export"]
    check_refused(calls, "", "finite", "NaN")


@pytest.mark.parametrize("output", [True, 0.0, ["told"], -1, 2, "", "tolt"])
def test_an_output_is_named_by_its_name_or_place(output, birds, tmp_path):
    calls = every_verb(makes.classifier(CLASSES), birds, tmp_path, output=output)
    check_refused(calls, "output", "'told'", repr(output))


@pytest.mark.parametrize("output", ["told", 0, np.int64(0)])
def test_the_only_output_may_be_named(output, birds):
    result = ka.evaluate(makes.classifier(CLASSES), birds, output=output, **QUIET)
    assert len(result.rows) == len(birds)
    ka.audit(makes.classifier(CLASSES), birds, output=output, gallery=1, **QUIET)


class Told(NamedTuple):
    """What a subclassed model returns."""

    features: object
    logits: object


def test_outputs_of_a_subclass_are_named_by_its_namedtuple(birds):
    model = makes.Subclassed(CLASSES, lambda scores: Told(2 * scores, -scores))
    model(pixels(birds)[:1])
    found = ka.evaluate(model, birds, size=SIDE, output="logits", **QUIET).arrays["logits"]
    np.testing.assert_allclose(found, model(pixels(birds)).logits, atol=1e-6)
    audited = ka.audit(model, birds, size=SIDE, output="logits", gallery=1, **QUIET).rows
    assert "gradient" in set(audited["kind"])


def test_a_run_refuses_another_size(scenes, tmp_path):
    config = configs.salient_object("miniature", backbone="alexnet", attention="softmax")
    config = configs.changed(config, width=0.125, size=67, base_rate=0.1)
    model = tasks.tag(tasks.of(config).network(config), config)
    calls = every_verb(model, scenes, tmp_path, size=48)
    del calls["attack"]
    check_refused(calls, "size", "(67, 67)", "(48, 48)")


def test_the_place_of_an_output_counts_all_outputs_in_an_audit_too(birds):
    x = makes.image()
    maps = makes.features(x)
    told = layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(maps))
    model = keras.Model(x, [maps, told])
    assert "gradient" in set(ka.audit(model, birds, output=1, gallery=1, **QUIET).rows["kind"])
    with refused("output", "class scores", "0"):
        ka.audit(model, birds, output=0, **QUIET)


class Noisy(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(0)

    def call(self, scores):
        return scores + keras.random.normal(ops.shape(scores), stddev=10.0, seed=self.seed)


def test_a_model_that_answers_by_chance_is_told(birds):
    plain = scores_model()
    model = keras.Model(plain.input, Noisy()(plain.output))
    for verb in (ka.evaluate, ka.attack, ka.audit):
        told = [verb(one, birds, **QUIET).notes for one in (model, plain)]
        assert [any("other values each time" in n for n in notes) for notes in told] == [
            True,
            False,
        ]


def test_backbones_preprocess_themselves_and_want_pictures_of_some_size(birds, tmp_path):
    calls = every_verb("alexnet", birds, tmp_path, preprocess=lambda x: x)
    del calls["validation"]
    check_refused(calls, "preprocess", ("none", "backbone"))
    calls = every_verb("alexnet", birds, tmp_path, size=8)
    del calls["validation"]
    check_refused(calls, "size", "alexnet", "8×8")


# --- maps -----------------------------------------------------------------------------------------


def test_saliency_of_several_channels_or_of_another_order_is_no_map(scenes, tmp_path):
    x = makes.image()
    several = keras.Model(x, layers.Conv2D(2, 1, activation="softmax")(makes.features(x)))
    first = keras.Model(x, layers.Permute((3, 1, 2))(makes.brightness(layers.Rescaling(1)(x))))
    named = {"saliency": makes.brightness(x), "attention": makes.features(x)}
    for model in (several, first, keras.Model(x, named)):
        calls = every_verb(model, scenes, tmp_path)
        del calls["audit"], calls["attack"]
        check_refused(calls, "output", "one channel (batch, H, W, 1)", "shape")


def test_saliency_without_an_axis_of_channels_is_scored_as_with_one(scenes, tmp_path):
    model = makes.saliency()
    twin = keras.Model(model.input, layers.Reshape((SIDE, SIDE))(model.output))
    found, wanted = (ka.evaluate(one, scenes, **QUIET).arrays["f_curve"] for one in (twin, model))
    np.testing.assert_array_equal(found, wanted)
    network = tf.saved_model.load(str(ka.export(twin, tmp_path / "exported")))
    given = pixels(scenes)
    np.testing.assert_allclose(network.serve(given)["saliency"], model(given), atol=1e-5)


def test_a_picture_of_saliency_that_is_cut_off_is_told(scenes, tmp_path):
    model = makes.saliency()
    wide = keras.Model(model.input, layers.Rescaling(255)(model.output))
    result = ka.predict(wide, scenes[0].image, out=tmp_path / "wide", **QUIET)
    assert "above 1, which pictures cut off" in result.notes[-1]
    plain = ka.predict(model, scenes[0].image, out=tmp_path / "plain", **QUIET)
    assert not any("cut off" in note for note in plain.notes)


def test_whole_numbers_have_no_gradient_and_no_kind_is_put_in_the_place_of_another(birds):
    x = keras.Input((SIDE, SIDE, 3), dtype="uint8")
    model = keras.Model(x, layers.Dense(CLASSES)(makes.pooled(x)))
    kinds = set(ka.audit(model, birds, gallery=1, **QUIET).rows["kind"])
    assert {"activation", "grad_cam"} <= kinds and "gradient" not in kinds
    with refused("kind 'gradient'", "floats", "takes whole numbers"):
        ka.audit(model, birds, kinds="gradient", **QUIET)
    with refused("model", ("feature maps", "activation"), "none"):
        ka.audit(of_shape(SIDE, SIDE, 3), birds, kinds="activation", **QUIET)


# --- preprocess -----------------------------------------------------------------------------------


def test_what_preprocesses_may_be_a_layer_or_return_a_tuple(birds):
    model = makes.raw(CLASSES)
    wanted = model(pixels(birds) / 127.5 - 1)
    scale = layers.Rescaling(1 / 127.5, -1)
    aside = keras.Sequential([layers.RandomFlip("horizontal"), scale])
    for function in (scale, aside, lambda images: (images / 127.5 - 1, None)):
        found = ka.evaluate(model, birds, preprocess=function, **QUIET).arrays["logits"]
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
        rows = ka.audit(model, birds, preprocess=function, gallery=1, **QUIET).rows
        assert not rows["note"].str.contains("flipped").any()


@pytest.mark.parametrize(
    "function", ["caffe", lambda x: None, lambda x: {"x": x}, lambda x: x[5], lambda x: x["a"]]
)
def test_what_does_not_preprocess_is_one_error_of_every_verb(function, birds, tmp_path):
    calls = every_verb(makes.raw(CLASSES), birds, tmp_path, preprocess=function)
    check_refused(
        calls, re.compile("^(preprocess|model) "), re.compile("function|model"), "Error: "
    )


# --- files, folders and names ---------------------------------------------------------------------


def test_a_damaged_file_says_so(birds, tmp_path):
    makes.classifier(CLASSES).save(tmp_path / "whole.keras")
    half = (tmp_path / "whole.keras").read_bytes()[:2000]
    for name, content in (("half.keras", half), ("text.keras", b"hello")):
        (tmp_path / name).write_bytes(content)
        with refused(name, ".keras", "damaged"):
            ka.evaluate(tmp_path / name, birds)


@pytest.mark.parametrize("model", ["", None, keras.Model, [1]])
def test_what_is_no_model_is_one_error(model, birds, tmp_path):
    calls = every_verb(model, birds, tmp_path)
    del calls["validation"]
    check_refused(calls, "model", "Keras model")


def test_two_models_of_one_name_and_a_function_that_fails_are_errors(birds):
    model = makes.classifier(CLASSES)
    with refused("model", "another name"):
        ka.audit({1: model, "1": model}, birds, **QUIET)
    result = ka.audit({1: model}, birds, layers={1: "conv"}, gallery=1, **QUIET)
    assert set(result.rows["model"][:1]) == {"1"}
    with refused("function fails", received="KeyError: 'maps'"):

        def fails(images):
            return {}["maps"]

        ka.audit(fails, birds, **QUIET)
    with refused("layers, kinds", "name", "3"):
        ka.audit(model, birds, layers=3, **QUIET)


def test_a_saved_model_may_lie_in_a_folder_of_any_name(birds, tmp_path):
    model, given = scores_model(), pixels(birds)
    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32)
    archive.add_endpoint("serve", model.call, input_signature=[spec])
    archive.write_out(str(tmp_path / "_my model (1)"), verbose=False)
    result = ka.evaluate(tmp_path / "_my model (1)", birds, **QUIET)
    np.testing.assert_allclose(result.arrays["logits"], model(given), atol=1e-5)
    audited = ka.audit(tmp_path / "_my model (1)", birds, gallery=1, **QUIET)
    assert audited.rows["layer"][0] == "conv"


class Odd(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), name="image")])
    def names(self, image):
        return {"names": tf.fill((tf.shape(image)[0],), "bird")}

    @tf.function(input_signature=[tf.TensorSpec((8, SIDE, SIDE, 3), name="image")])
    def of_eight(self, image):
        return {"scores": tf.reshape(image, (8, -1))[:, :CLASSES]}


def test_a_signature_of_names_or_of_a_fixed_batch_is_one_error(birds, tmp_path):
    odd = Odd()
    for name, expected, received in (
        ("names", "numbers", "image"),
        ("of_eight", "any number of images", "(8, 32, 32, 3)"),
    ):
        signature = {"serving_default": getattr(odd, name)}
        tf.saved_model.save(odd, str(tmp_path / name), signature)
        with refused(str(tmp_path / name), ("signature", expected), received):
            ka.evaluate(tmp_path / name, birds)


def test_a_model_is_scored_under_a_name_that_tensorflow_refuses(birds):
    plain = scores_model()
    spaced = keras.Model(plain.input, plain.output, name="my model")
    found, wanted = (ka.evaluate(one, birds, **QUIET).arrays["logits"] for one in (spaced, plain))
    np.testing.assert_array_equal(found, wanted)
    layer = keras.Model(plain.input, layers.ReLU(name="a b")(plain.output))
    with refused("layer 'a b'", ("'.'", "TensorFlow"), "'a b'"):
        ka.evaluate(layer, birds)


def test_the_shell_says_which_preprocessing_there_is(birds, pair, tmp_path, capsys):
    root = str(pair[0].image.parents[1])
    makes.classifier(2).save(tmp_path / "mine.keras")
    given = ["audit", root, "--model", str(tmp_path / "mine.keras"), "--preprocess", "caffee"]
    assert cli.main([*given, "--out", str(tmp_path / "out")]) == 2
    choices = "none, caffe, tf, torch"
    check_error_line(capsys.readouterr().err, "--preprocess", choices, "'caffee'")


def test_validation_follows_the_training_and_refuses_before_it_begins(birds, tmp_path):
    given, labels = pixels(birds), np.array([example.label for example in birds])
    model = keras.Sequential([layers.Flatten(), layers.Dense(CLASSES)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    told, own = ka.validation(birds, size=SIDE, pictures=tmp_path / "curves"), []

    class Own(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            own.append(np.mean(np.argmax(model(given), axis=1) == labels))

    before = [own_fit(model, given, labels, told, Own()) for _ in range(2)]
    found = ka.evaluate(model, birds, size=SIDE, **QUIET).rows["correct"].mean()
    assert np.concatenate(before).tolist() == own and found == own[-1] and len(set(own)) > 1
    assert any((tmp_path / "curves").iterdir())
    (tmp_path / "file").write_text("")
    for options in ({"every": 0}, {"pictures": tmp_path / "file"}):
        with pytest.raises(InputError):
            ka.validation(birds, **options)


def own_fit(model, given, labels, *callbacks):
    history = model.fit(given, labels, epochs=3, verbose=0, callbacks=[*callbacks])
    return history.history["val_accuracy"]
