"""Every cell of the table in docs/models.md: what each verb makes of each form of model."""

import re

import keras
import makes
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused
from keras import layers, ops
from models_page import OTHERS, REFUSED, VERBS, table

import keras_attn as ka
from keras_attn import configs

pytestmark = pytest.mark.slow

SIDE = makes.SIDE
CELLS = [
    (model, verb, told)
    for model, cells in table().items()
    if OTHERS not in model
    for verb, told in cells.items()
]


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    return makes.birds(tmp_path_factory.mktemp("m") / "birds")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A few pictures with gaze and masks."""
    root = tmp_path_factory.mktemp("m") / "scenes"
    return ka.datasets.miniature(images=6, shape=(SIDE, SIDE), root=root)


@pytest.fixture(scope="module")
def run(birds, tmp_path_factory):
    small = {"backbone": "alexnet", "width": 0.125, "size": 67, "epochs": 1}
    small |= {"pretraining": "none", "tensorboard": False}
    config = configs.fine_grained("miniature", attention="supervised", **small)
    return ka.train(config, birds[0].split("train"), out=tmp_path_factory.mktemp("r") / "run")


@pytest.fixture(scope="module")
def places(birds, run, tmp_path_factory):
    """Files and folders by the names of the page."""
    place, classes = tmp_path_factory.mktemp("files"), len(birds[0].classes)
    keras.utils.set_random_seed(0)
    model = makes.classifier(classes)
    model.save(place / "mine.keras")
    model.save(place / "mine.h5")
    model.export(place / "saved", verbose=False)
    module = makes.Module(classes)
    tf.saved_model.save(module, str(place / "module"), {"serving_default": module.serve})
    (place / "maps").mkdir()
    for example in birds[1]:
        np.save(place / "maps" / f"{example.id}.npy", np.eye(8))
    return {
        ".keras": place / "mine.keras",
        "a whole model in .h5": place / "mine.h5",
        "run folder": run.folder,
        ".weights.h5 of a run": run.folder / "model.weights.h5",
        "export of this package": ka.export(run, place / "exported"),
        "SavedModel of Keras 3 that ends in a softmax": place / "saved",
        "SavedModel of TensorFlow alone, of scores": place / "module",
        "folder of maps": place / "maps",
    }


CLASSIFIERS = {
    "functional": makes.classifier,
    "Sequential with an Input": lambda n: keras.Sequential([makes.image(), *makes.stack(n)]),
    "Sequential without an Input": lambda n: keras.Sequential(makes.stack(n)),
    "subclassed": makes.Subclassed,
    "nested: a backbone in a model in a model": makes.nested,
    "one input and one output in lists": makes.in_lists,
    "inputs and outputs by name": makes.by_name,
    "two heads": makes.two_heads,
    "two heads, one named by output=": makes.two_heads,
    "ends in log_softmax": lambda n: makes.classifier(n, "log_softmax"),
    "ends in one unit, of data with more than two classes": lambda n: makes.classifier(
        1, "sigmoid"
    ),
    "probabilities that no known layer makes": makes.unknown_probabilities,
    "mixed precision": makes.mixed,
    "channels first inside": makes.channels_first,
    "a small ViT": makes.vit,
    "a shifted-window transformer": makes.swin,
    "raw pixels into a convolution": makes.raw,
    "name of a backbone": lambda n: "alexnet",
    "name of a network of keras.applications": lambda n: "keras.applications.MobileNet",
    "function images -> maps": lambda n: lambda images: images.mean(axis=-1),
}
SEGMENTERS = {
    "a map of saliency": makes.saliency,
    "saliency and attention by name": makes.saliency_and_attention,
    "saliency behind a crop": lambda: makes.saliency(layers.CenterCrop(16, 16)),
    "saliency behind a border": lambda: makes.saliency(layers.ZeroPadding2D(8)),
    "saliency behind a flip": lambda: makes.saliency(lambda x: ops.flip(x, 2)),
}
OPTIONS = {
    "Sequential without an Input": {"size": SIDE},
    "subclassed": {"size": SIDE},
    "probabilities that no known layer makes": {"size": SIDE},
    "two heads, one named by output=": {"output": "species"},
    "name of a backbone": {"size": 67},
    "name of a network of keras.applications": {"size": SIDE},
}


@pytest.fixture(scope="module")
def given(birds, scenes, places, tmp_path_factory):
    """Name of a model -> the model, its options and data; made once, as verbs change nothing."""
    made, classes = {}, len(birds[0].classes)

    def weights_of(name):
        options = {"weights": None, "classes": classes, "input_shape": (SIDE, SIDE, 3)}
        if name == "name of a backbone":
            network = ka.models.alexnet((67, 67, 3), classes=classes)
        else:
            network = keras.applications.MobileNet(**options)
        file = tmp_path_factory.mktemp("w") / "named.h5"
        network.save(file)
        return {"weights": file}

    def of(name):
        if name not in made:
            keras.utils.set_random_seed(1)
            options = dict(OPTIONS.get(name, {}))
            if name.startswith("name of a"):
                options |= weights_of(name)
            if name in SEGMENTERS:
                made[name] = SEGMENTERS[name](), options, scenes
            else:
                model = places[name] if name in places else CLASSIFIERS[name](classes)
                made[name] = model, options, birds[1]
        return made[name]

    return of


@pytest.mark.parametrize(("model", "verb", "told"), CELLS)
def test_the_page_tells_what_happens(model, verb, told, given, tmp_path):
    network, options, data = given(model)
    call = VERBS[verb]
    if told in REFUSED:
        with refused(*REFUSED[told]):
            call(network, data, dict(options), tmp_path)
        assert not (tmp_path / "exported").exists() and not (tmp_path / "predicted").exists()
        return
    assert re.fullmatch("yes(, .*)?", told), f"{told!r} is not known to this test"
    rows, notes = call(network, data, dict(options), tmp_path)
    if told == "yes, laid" and verb == "audit":
        assert rows["note"].str.contains("Its maps lie on").all()
    if told == "yes, laid" and verb in ("evaluate", "predict"):
        assert any("Its maps lie on" in note for note in notes)
    if "noted" in told:
        said = [*notes, *(rows["note"] if verb == "audit" else ())]
        assert any("Pixels of 0 to 255" in s or "as probabilities do" in s for s in said)
    if told == "yes, without a decision":
        assert set(rows["kind"]) == {"activation"} and "colour, species" in notes[0]


def test_each_verb_gives_the_same_numbers_for_all_forms_of_one_model(birds, places, tmp_path):
    """The functional model, itself in a Sequential and a subclass, and its files."""
    model = keras.saving.load_model(places[".keras"])

    class Around(keras.Model):
        def __init__(self):
            super().__init__(name="around")
            self.inner = model

        def call(self, x):
            return self.inner(x)

    files = [places[".keras"], places["a whole model in .h5"]]
    saved = places["SavedModel of Keras 3 that ends in a softmax"]
    twins = [keras.Sequential([makes.image(), model]), Around(), *files, saved]
    wanted = ka.evaluate(model, birds[1], progress=False).arrays["logits"]
    for twin in twins:
        found = ka.evaluate(twin, birds[1], size=SIDE, progress=False).arrays["logits"]
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    fooled = ka.attack(model, birds[1], progress=False).rows.filter(like="predicted_")
    for twin in twins[:-1]:
        found = ka.attack(twin, birds[1], size=SIDE, progress=False).rows.filter(like="predicted_")
        np.testing.assert_array_equal(found, fooled)


@pytest.mark.parametrize("name", [name for name in SEGMENTERS if "behind" in name])
def test_a_laid_prediction_scores_as_that_of_the_plain_twin(name, tmp_path):
    """A bright disc within what the network sees, told exactly."""
    import cv2

    examples, rng = [], np.random.default_rng(0)
    for i in range(4):
        picture, mask = np.zeros((SIDE, SIDE, 3), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
        centre = rng.integers(12, 20, 2).tolist()
        cv2.circle(mask, centre, 3, 255, -1)
        picture[mask > 0] = 250
        cv2.imwrite(str(tmp_path / f"{i}.png"), picture)
        cv2.imwrite(str(tmp_path / f"{i}-mask.png"), mask)
        points = np.array(centre) + rng.uniform(-2, 2, (5, 2))
        subjects = np.array(["a", "b", "a", "b", "a"])
        example = ka.datasets.Example(
            str(i),
            tmp_path / f"{i}.png",
            (SIDE, SIDE),
            points,
            subjects,
            tmp_path / f"{i}-mask.png",
        )
        examples.append(example)
    report = ka.datasets.ReadingReport(images=4)
    data = ka.datasets.GazeDataset("discs", tuple(examples), report)
    plain, laid = (
        ka.evaluate(makes_, data, progress=False)
        for makes_ in (makes.saliency(), SEGMENTERS[name]())
    )
    np.testing.assert_allclose(laid.arrays["f_curve"], plain.arrays["f_curve"], atol=1e-6)
    columns = ["model", "s_auc", "nss"]
    audits = [
        ka.audit(one, data, progress=False, gallery=1).rows[columns].iloc[0, 1:].astype(float)
        for one in (makes.saliency(), SEGMENTERS[name]())
    ]
    np.testing.assert_allclose(audits[1], audits[0], atol=1e-3)
