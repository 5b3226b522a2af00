"""Python that pages tell one to write: names and keywords are there, and blocks run.

The blocks of `docs/eye_tracking.md` are run by their own tests. Networks are made small and data
few, which is all that is changed in what is run here.
"""

import ast
import importlib.util
import inspect
import re
import shutil
from contextlib import chdir, contextmanager

import documented
import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from conftest import ROOT
from PIL import Image
from plugged import plugged

import keras_attn as ka
from keras_attn.mechanisms import Mechanism
from keras_attn.metrics.columns import Column
from keras_attn.registries import BACKBONES, COMMANDS, DATASETS, KINDS
from keras_attn.report.paper.kinds.claim import CLAIMS

pytestmark = pytest.mark.slow

BLOCKS = [(where, code) for where, some in documented.python_blocks().items() for code in some]
ROOTS = {"ka": ka, "keras_attn": ka, "keras": keras}
SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67, "epochs": 1, "tensorboard": False}
SMALL |= {"pretraining": "none"}


# --- names and keywords -------------------------------------------------------------------------


def wrong(code):
    """Names and keywords in code that are not there, a line each."""
    tree = ast.parse(code)
    names, told = dict(ROOTS), []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("keras_attn"):
            for alias in node.names:
                found = names[alias.asname or alias.name] = _imported(node.module, alias.name)
                told += [] if found is not None else [f"{node.module} has no {alias.name}"]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            told += _missing(node, names)
        if isinstance(node, ast.Call):
            told += _refused(node, names)
    return told


def _imported(module, name):
    """What `from module import name` gives, or None."""
    found = getattr(importlib.import_module(module), name, None)
    if found is None and importlib.util.find_spec(f"{module}.{name}"):
        found = importlib.import_module(f"{module}.{name}")
    return found


def _resolved(node, names):
    """The object that an expression names, or None; AttributeError where it is not there."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, names)
        return None if owner is None else getattr(owner, node.attr)
    return None


def _missing(node, names):
    try:
        _resolved(node, names)
    except AttributeError as error:
        return [str(error)]
    return []


def _refused(call, names):
    """Why an object is not called in this way."""
    try:
        called = _resolved(call.func, names)
        signature = inspect.signature(called) if called is not None else None
    except (AttributeError, ValueError):
        return []  # not there, which is told already, or without a signature
    if signature is None or not getattr(called, "__module__", "").startswith("keras_attn"):
        return []
    arguments = [arg for arg in call.args if not isinstance(arg, ast.Starred)]
    keywords = {keyword.arg: None for keyword in call.keywords if keyword.arg}
    try:
        signature.bind_partial(*arguments, **keywords)
    except TypeError as error:
        return [f"{ast.unparse(call.func)}: {error}"]
    return []


def spans():
    """Code in sentences that names the package, by where."""
    found = {
        (where, span) for where, text in documented.pages() for span in documented.inline(text)
    }
    return sorted((where, span) for where, span in found if span.startswith(("ka.", "keras_attn.")))


@pytest.mark.parametrize(("where", "code"), BLOCKS)
def test_a_block_is_python_of_names_and_keywords_that_are_there(where, code):
    assert wrong(code) == []


def test_code_in_sentences_is_of_names_and_keywords_that_are_there():
    found = spans()
    assert len(found) > 20
    for where, span in found:
        if re.fullmatch(r"keras_attn[\w.]+", span):  # perhaps a module to import
            assert _imported(*span.rsplit(".", 1)) is not None, where
        else:  # dots stand for arguments
            assert wrong(re.sub(r"\.\.\., |, \.\.\.", "", span)) == [], where


@pytest.mark.parametrize(
    "code",
    [
        "ka.no_such_name",
        "ka.datasets.no_such_reader('x')",
        "ka.audit(model, data, no_such_keyword=1)",
        "ka.metrics.gaze.s_auc(maps)(1).x; ka.metrics.gaze.s_auc(1, 2, 3, 4, 5, 6, 7, 8, 9)",
        "from keras_attn.report import no_such_module",
    ],
)
def test_a_name_or_a_keyword_that_is_not_there_is_found(code):
    assert wrong(code) != []


# --- running ------------------------------------------------------------------------------------


def classifier(classes):
    """A small convolutional network for images of any size."""
    image = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(4, 3, strides=4, activation="relu", name="conv4")(x)
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu", name="conv5")(x)
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(classes, name="logits")(pooled))


def segmenter():
    """A network with an output `saliency`, compiled."""
    image = keras.Input((48, 64, 3), name="image")
    made = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="saliency")(image)
    model = keras.Model(image, {"saliency": made})
    model.compile(loss={"saliency": "binary_crossentropy"})
    return model


def blocks_of(page):
    """The Python of a page, in order."""
    return [code for where, code in BLOCKS if where == page]


EXTENDING = "docs/extending.md"
PLUGINS = [code for code in blocks_of(EXTENDING) if "ka.register(" in code]
"""Blocks of that page that are files of their own."""
REGISTRIES = (BACKBONES, CLAIMS, COMMANDS, DATASETS, KINDS, Mechanism.registry, Column.registry)


def run(code, page, **names):
    """Run a block with what it takes as known; returns all names afterwards."""
    names = {"ka": ka, "keras": keras} | names
    exec(compile(code, page, "exec"), names)
    return names


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with what a reader has: gaze on pictures, a model and a folder of results."""
    place = tmp_path_factory.mktemp("reader")
    ka.datasets.miniature("folder", images=6, shape=(48, 64), root=place / "gaze")
    classifier(3).save(place / "mine.keras")
    with chdir(place):
        yield place


@pytest.fixture(scope="module", autouse=True)
def _small():
    """Networks are small and data are few, however many a page says."""
    draw, configure = ka.datasets.miniature, ka.configs.salient_object

    def few(*name, **options):
        return draw(*name, **options | {"images": 15, "shape": (48, 64)})

    def small(preset, **changes):
        configure(preset, **changes)  # what the page says is taken
        kept = {name: changes[name] for name in {"attention"} & {*changes}}
        return configure("miniature", **SMALL | kept)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ka.datasets, "miniature", few)
        patched.setattr(ka.configs, "salient_object", small)
        yield


@pytest.fixture(scope="module")
def readme(place):
    """The names that the blocks of the README leave behind, one after the other."""
    rng = np.random.default_rng(0)
    names = {"maps": [rng.random((20, 30)) for _ in range(4)], "x": keras.Input((16, 16, 8))}
    names["points"] = [rng.random((9, 2)) * 20 for _ in range(4)]
    for code in blocks_of("README.md"):
        names = run(code, "README.md", **names)
    return names


def test_the_readme_runs(readme, place):
    assert 0 <= readme["s_auc"] <= 1 and np.isfinite(readme["bits"])
    assert (place / "runs" / "mine" / "audit.html").exists()
    assert (place / "runs" / "supervised" / "model.weights.h5").exists()
    assert readme["attended"].gated.shape[-1] == 256


def test_what_is_brought_along_is_taken_as_the_page_says(readme, place, tmp_path):
    """Of docs/extending.md, what is no plug-in."""
    form, mechanism, training, torch, scored, classified, validated, backend = (
        code for code in blocks_of(EXTENDING) if code not in PLUGINS
    )
    assert "..." in form
    run(mechanism, EXTENDING, features=keras.Input((8, 8, 16)))
    path = tmp_path / "page_module.py"
    path.write_text(next(code for code in PLUGINS if "class SpatialAttention" in code))
    with plugged(path, *REGISTRIES):
        run(training, EXTENDING, **{k: readme[k] for k in ("train", "test")})
    assert (place / "runs" / "cbam_spatial" / "examples.csv").exists()
    run(torch, EXTENDING, my_torch_model=lambda images: images.mean(axis=-1))
    data, model = readme["test"], segmenter()
    assert "mae" in str(run(scored, EXTENDING, model=model, data=data)["result"])
    birds = ka.datasets.miniature("cub_vwsw")
    known = {"classifier": classifier(len(birds.classes)), "data": birds}
    assert "fooling_rate" in str(run(classified, EXTENDING, **known)["fooled"])
    images = np.zeros((2, 48, 64, 3), np.float32), {"saliency": np.zeros((2, 48, 64, 1))}
    batches = tf.data.Dataset.from_tensors(images)
    run(validated, EXTENDING, model=model, data=data, batches=batches)
    assert (place / "runs" / "mine" / "tensorboard").exists()
    assert "fit(" in backend  # run by the next test


def test_a_network_learns_by_fit_alone_as_the_page_says(place, monkeypatch):
    build = ka.models.salient_object

    def small(*names, input_shape):
        assert input_shape == (224, 224, 3)
        return build(*names, input_shape=(64, 64, 3), width=1 / 8, channels=(8, 8, 8))

    monkeypatch.setattr(ka.models, "salient_object", small)
    (code,) = (code for code in blocks_of(EXTENDING) if "model.fit({" in code)
    known = {"images": np.full((2, 64, 64, 3), 99.0, np.float32)}
    known["masks"] = {f"saliency_{i}": np.ones((2, 64, 64, 1), np.float32) for i in (1, 2, 3)}
    known["densities"] = {f"attention_{i}": np.ones((2, 8, 8, 1), np.float32) for i in (1, 2, 3)}
    model = run(code, EXTENDING, **known)["model"]
    loaded = ka.weights.load(model, place / "mine.weights.h5")
    assert len(loaded.layers) > 13


def registered(code, path):
    """What a block registers, `{kind: names}`, and a context in which it is known."""
    path.write_text(code, encoding="utf-8")
    before = {registry.kind: {*registry} for registry in REGISTRIES}
    with plugged(path, *REGISTRIES):
        now = {registry.kind: {*registry} - before[registry.kind] for registry in REGISTRIES}
        yield {kind: names for kind, names in now.items() if names}


@pytest.mark.parametrize("number", range(7))
def test_a_plugin_of_the_page_is_known_by_its_names(number, place, tmp_path, capsys):
    expected, works = USES[number]
    path = tmp_path / f"page_{number}.py"
    with contextmanager(registered)(PLUGINS[number], path) as names:
        assert names == expected
        assert works(place, capsys)


def trained_on(place, capsys):
    config = ka.configs.fine_grained("miniature", backbone="mobilenet_v2")
    return config.model.backbone == "mobilenet_v2"


def read_back(place, capsys):
    for folder in ("frames", "objects", "looks"):
        (place / "arrays" / folder).mkdir(parents=True)
    Image.new("RGB", (64, 48)).save(place / "arrays" / "frames" / "one.png")
    np.save(place / "arrays" / "objects" / "one.npy", np.eye(48, 64) > 0)
    np.save(place / "arrays" / "looks" / "one.npy", np.array([[4.5, 7.5, 1], [9.5, 60.5, 2]]))
    data = ka.datasets.arrays(place / "arrays")
    return data.name == "arrays" and data[0].points.tolist() == [[7.5, 4.5], [60.5, 9.5]]


def attended(place, capsys):
    return ka.attend("cbam_spatial", keras.Input((8, 8, 16))).attention.shape == (None, 8, 8, 1)


def scored_by_it(place, capsys):
    result = ka.audit(lambda images: images.mean(axis=-1), place / "gaze", progress=False)
    return result.rows["percentile"].between(0, 1).all()


def explained(place, capsys):
    kinds = ["var_grad"]
    result = ka.audit(classifier(3), place / "gaze", kinds=kinds, size=48, progress=False)
    return "var_grad" in set(result.rows["kind"])


def counted(place, capsys):
    from keras_attn.shell import cli

    for number in range(3):
        (place / f"{number}.png").touch()
    assert cli.main(["count", str(place)]) == 0
    return capsys.readouterr().out.splitlines()[-1] == "3 images"


def claimed(place, capsys):
    from keras_attn.report.paper.claims import Order

    return isinstance(CLAIMS["closer-when-supervised"], Order)


USES = (
    ({"backbone": {"mobilenet_v2", "convnext_tiny"}}, trained_on),
    ({"dataset": {"arrays"}}, read_back),
    ({"attention mechanism": {"cbam_spatial"}}, attended),
    ({"metric": {"percentile"}}, scored_by_it),
    ({"kind of map": {"var_grad", "finer_var_grad"}}, explained),
    ({"command": {"count"}}, counted),
    ({"claim": {"closer-when-supervised"}}, claimed),
)
"""What each plug-in of the page registers, and a use of it."""


def test_conditions_and_tables_are_read_as_the_page_says(place):
    """Of docs/datasets.md."""
    gaze = place / "gaze"
    files = sorted((gaze / "images").iterdir())
    pictures = pd.DataFrame({"image": [f.stem for f in files], "path": files})
    written = pd.read_csv(gaze / "fixations.csv", dtype={"image": str})
    task = np.where(written.index % 2, "search", "counting")
    fixations = written.assign(task=task, session=1 + written.index // 2 % 2)
    fixations[["x", "y"]] += [1920 / 2 - 64 / 2, 1080 / 2 - 48 / 2]
    own = {"image": "TRIAL_IMAGE", "x": "CURRENT_FIX_X", "y": "CURRENT_FIX_Y"}
    tables, conditions = blocks_of("docs/datasets.md")
    known = {"pictures": pictures.rename(columns=own), "fixations": fixations.rename(columns=own)}
    data = run(tables, "docs/datasets.md", **known)["data"]
    assert len(data) == len(files) and sum(len(one.points) for one in data) == len(written)
    found = run(
        conditions, "docs/datasets.md", data=data, model=lambda images: images.mean(axis=-1)
    )
    points = [sum(len(one.points) for one in found[name]) for name in ("search", "either")]
    assert points == [(task == "search").sum(), (fixations["session"] == 1).sum()]


def test_findings_and_exports_are_had_as_the_pages_say(readme, place, capsys):
    ka.evaluate(readme["run"], readme["test"]).save(readme["run"].folder)
    for seed, name in enumerate(("first", "second")):
        folder = place / "runs" / "salient_object" / name
        shutil.copytree(readme["run"].folder, folder)
        rows = pd.read_csv(folder / "examples.csv", dtype={"id": str})
        rows.assign(seed=seed).to_csv(folder / "examples.csv", index=False)
    (findings,) = blocks_of("docs/findings.md")
    assert run(findings, "docs/findings.md")["found"]
    assert "machinery check" in capsys.readouterr().out
    ka.export(readme["run"], place / "exported" / "supervised")
    Image.new("RGB", (80, 60)).save(place / "photo.jpg")
    (export,) = blocks_of("docs/export.md")
    assert run(export, "docs/export.md")["saliency"].shape == (60, 80)


def test_a_function_of_scores_is_explained_as_its_page_says(place, monkeypatch):
    monkeypatch.chdir(place)
    (scores,) = blocks_of("docs/attributions.md")
    assert "occlusion" in set(run(scores, "docs/attributions.md")["result"].rows["kind"])


def test_every_page_with_python_is_run_by_a_test():
    tested = (ROOT / "tests" / "datasets" / "test_eye_tracking_page.py").read_text("utf-8")
    run_here = {"README.md", "docs/extending.md", "docs/datasets.md"}
    run_here |= {"docs/findings.md", "docs/export.md", "docs/attributions.md"}
    assert {where for where, _ in BLOCKS} == run_here | {"docs/eye_tracking.md"}
    assert '"eye_tracking.md"' in tested
