"""Saved models with this package's layers load once the package is imported, in any order."""

import importlib
import pkgutil
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

import keras_attn
from keras_attn import losses, mechanisms, models
from keras_attn.layers import AttentionModule
from keras_attn.models.two_stream import MeanOfStreams
from keras_attn.networks import registration
from keras_attn.training.optim import CaffeSGD, steps_down

pytestmark = pytest.mark.slow

SMALL = {"input_shape": (67, 67, 3), "width": 0.125}
CLIPS = {"input_shape": (16, 32, 32), "width": 0.0625, "classes": 3}
LOADER = """
import pathlib, sys
{imports}
import numpy as np

def load():
    {inner}
    for path in map(pathlib.Path, sys.argv[1:]):
        text = path.suffix == ".json"
        model = (keras.models.model_from_json(path.read_text()) if text
                 else keras.models.load_model(path))
        twin = keras.models.clone_model(model)
        assert [type(a) for a in twin.layers] == [type(a) for a in model.layers]
        if text:
            model.load_weights(path.parent / "weights" / f"{{path.stem}}.weights.h5")
        given = dict(np.load(path.with_suffix(".in.npz")))
        wanted = np.load(path.with_suffix(".out.npz"))
        fed = given if isinstance(model.input, dict) else given.popitem()[1]
        for value, name in zip(keras.tree.flatten(model(fed)), wanted, strict=True):
            np.testing.assert_allclose(value, wanted[name], rtol=1e-4, atol=1e-5)
        parts = [model.optimizer, *model.loss] if model.compiled else []
        print(path.name, type(model.layers[-1]).__module__, *(type(p).__name__ for p in parts))

load()
"""


def networks():
    """Networks of each builder, and Task 1's with each mechanism, by name."""
    for mechanism in mechanisms.MECHANISMS:
        options = SMALL | {"channels": (8, 8, 8)}
        yield f"scenes-{mechanism}", models.salient_object("alexnet", mechanism, **options)
    yield "birds", models.fine_grained("alexnet", "softmax", classes=3, **SMALL)
    yield "early", models.two_stream("early", "supervised", **CLIPS)
    yield "late", models.two_stream("late", "human", **CLIPS)
    yield "alexnet", models.alexnet(classes=3, **SMALL)
    yield "vgg16", models.vgg16((32, 32, 3), width=0.0625, dilated=True)
    yield "resnet50", models.resnet50((32, 32, 3), width=0.0625)
    yield "c3d", models.c3d((16, 32, 32, 3), width=0.0625, classes=3)
    yield "compiled", compiled()


def compiled():
    """A network that is compiled with the losses and the optimizer of this package."""
    image = keras.Input((8, 8, 4), name="features")
    fused = keras.layers.Conv2D(2, 3, padding="same", kernel_initializer=MeanOfStreams())(image)
    attention, logits = AttentionModule(name="attention")(fused)
    model = keras.Model(image, [attention, logits])
    optimizer = CaffeSGD(steps_down(1e-2, (5, 9)), accumulate=2)
    model.compile(optimizer, [losses.AttentionKL(), losses.AttentionCrossEntropy()])
    maps = np.ones((2, 8, 8, 1), np.float32)
    model.fit(np.ones((2, 8, 8, 4), np.float32), [maps, maps], verbose=0)
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with each network as .keras, .h5 and .json, and what it returns for what."""
    root = tmp_path_factory.mktemp("saved")
    (root / "weights").mkdir()
    rng = np.random.default_rng(1)
    for name, model in networks():
        model.save(root / f"{name}.keras")
        # Keras cannot load operations of a functional network from this format, ours or not.
        if name != "early":
            model.save(root / f"{name}.h5")
        model.save_weights(root / "weights" / f"{name}.weights.h5")
        (root / f"{name}.json").write_text(model.to_json(), encoding="utf-8")
        shapes = {one.name: [2, *(n or 8 for n in one.shape[1:])] for one in model.inputs}
        given = {key: rng.uniform(0, 9, shape).astype("float32") for key, shape in shapes.items()}
        np.savez(root / f"{name}.in.npz", **given)
        fed = given if isinstance(model.input, dict) else next(iter(given.values()))
        made = keras.tree.flatten(model(fed))
        np.savez(root / f"{name}.out.npz", *[np.asarray(value) for value in made])
    return root


@pytest.mark.filterwarnings("ignore:.*considered legacy")
@pytest.mark.parametrize(
    ("imports", "inner", "kind"),
    [
        ("import keras, keras_attn", "pass", "keras"),
        ("import keras_attn, keras", "pass", "h5"),
        ("import keras_attn", "global keras; import keras", "json"),
        ("import keras_attn.layers", "global keras; import keras", "keras"),
    ],
)
def test_a_fresh_process_loads_any_network_after_importing_the_package(saved, imports, inner, kind):
    paths = sorted(map(str, saved.glob(f"*.{kind}")))
    code = LOADER.format(imports=imports, inner=inner)
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert len(told) == len(paths) == (12 if kind == "h5" else 13)
    module, optimizer, *lost = told[f"compiled.{kind}"]
    assert module == "keras_attn.layers.learned"
    assert lost == ["AttentionKL", "AttentionCrossEntropy"]
    # Keras leaves the optimizer out of a network's JSON.
    assert optimizer == ("RMSprop" if kind == "json" else "CaffeSGD")


def test_every_class_registered_with_keras_is_announced_and_no_other():
    """A class left out of the table could not be loaded by who only imports the package."""
    for module in pkgutil.walk_packages(keras_attn.__path__, "keras_attn."):
        importlib.import_module(module.name)
    found = keras.saving.get_custom_objects()
    registered = {
        name: value.__module__
        for name, value in found.items()
        if getattr(value, "__module__", "").startswith("keras_attn.")
        and value.__module__ != registration.__name__
    }
    assert registered == {
        f"keras_attn>{name}": f"keras_attn.{module}"
        for module, names in registration.CLASSES.items()
        for name in names
    }


def test_a_stand_in_makes_what_the_class_makes(monkeypatch):
    """By name, as initializers may be given, and by configuration."""
    name = "keras_attn>MeanOfStreams"
    stand_in = registration._stand_in("models.two_stream", "MeanOfStreams")
    monkeypatch.setitem(keras.saving.get_custom_objects(), name, stand_in)
    for given in (name, {"class_name": name, "config": {}}):
        assert isinstance(keras.initializers.get(given), MeanOfStreams)


# --- a Keras of three lines, to see when the stand-ins are put ------------------------------------

KERAS = """
if {fails}:
    raise ImportError("no backend")
from keras import saving
"""
SAVING = "OBJECTS = {'keras_attn>Glimpse': 'theirs'}\ndef get_custom_objects(): return OBJECTS"
COUNT = sum(map(len, registration.CLASSES.values()))
PUT = f"from keras import saving; assert len(saving.OBJECTS) == {COUNT}, saving.OBJECTS"
GONE = "import sys; assert not any('AfterKeras' in str(finder) for finder in sys.meta_path)"
WAITS = "import sys; assert sum('AfterKeras' in str(finder) for finder in sys.meta_path) == 1"
FAILS = """
try:
    import keras
except ImportError as error:
    assert str(error) == "no backend"
"""
IN_THREADS = """
import importlib, threading
names = ["keras_attn", "keras", "keras_attn.errors", "keras.saving"] * 5
threads = [threading.Thread(target=importlib.import_module, args=[name]) for name in names]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.fixture
def drawn_keras(tmp_path):
    """The folder of a package that is called keras and does nothing but keep names."""
    package = tmp_path / "keras"
    package.mkdir()
    (package / "__init__.py").write_text(KERAS.format(fails="__import__('sys').argv[1:]"))
    (package / "saving.py").write_text(SAVING)
    return tmp_path


def run(folder, code, *arguments):
    """What a program prints that finds this Keras first."""
    start = f"import sys; sys.path[:0] = [{str(folder)!r}]\n"
    command = [sys.executable, "-c", start + code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import keras, keras_attn",
        "import keras_attn, keras",
        "import keras_attn, keras.saving",
        "import keras_attn, importlib; importlib.reload(keras_attn); import keras",
        "import keras_attn, keras, importlib; importlib.reload(keras_attn)",
        "import keras_attn, keras, importlib; importlib.reload(keras); importlib.reload(keras)",
        "import keras_attn, importlib.util as u; u.find_spec('keras'); import keras",
        IN_THREADS,
        "import keras_attn; del sys.modules['keras_attn']\n"
        "del sys.modules['keras_attn.networks.registration']\n"
        "import keras_attn, keras",
    ],
)
def test_stand_ins_are_put_once_keras_is_imported_and_replace_nothing(drawn_keras, code):
    theirs = "assert saving.OBJECTS['keras_attn>Glimpse'] == 'theirs'"
    loader = "import keras; assert 'exec_module' not in vars(keras.__loader__)"
    run(drawn_keras, "\n".join((code, PUT, theirs, loader)))
    if "del " not in code:
        run(drawn_keras, f"{code}\n{GONE}")


def test_a_keras_that_fails_fails_as_without_the_package_and_may_be_tried_again(drawn_keras):
    again = "sys.argv[1:] = []\nimport keras"
    run(drawn_keras, "\n".join(("import keras_attn", FAILS, WAITS, again, PUT, GONE)), "fail")
    run(drawn_keras, "\n".join((FAILS, "import keras_attn", WAITS, again, PUT, GONE)), "fail")
    absent = "sys.modules['keras'] = None\nimport keras_attn"
    run(drawn_keras, f"{absent}\n{WAITS}")


def test_a_keras_without_a_place_for_classes_is_left_alone(drawn_keras):
    (drawn_keras / "keras" / "saving.py").write_text("")
    run(drawn_keras, "import keras_attn, keras")
    run(drawn_keras, "import keras, keras_attn")


def test_a_keras_in_a_zip_file_is_found_too(drawn_keras, tmp_path):
    with zipfile.ZipFile(tmp_path / "site.zip", "w") as file:
        for path in (drawn_keras / "keras").glob("*.py"):
            file.write(path, f"keras/{path.name}")
    run(tmp_path / "site.zip", "\n".join(("import keras_attn, keras", PUT, GONE)))


def test_two_such_finders_do_not_ask_each_other_forever():
    first, second = registration._AfterKeras(), registration._AfterKeras()
    sys.meta_path[:0] = [first, second]
    try:
        assert first.find_spec("keras").origin == keras.__file__
        assert first.find_spec("numpy") is None
    finally:
        first.remove()
        second.remove()
