"""Exports as others load them: in a process that can import neither this package nor Keras."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused, room_for

import keras_attn as ka
from keras_attn import configs, storage, tasks
from keras_attn.audits.saved_model_maps import SavedModelMaps
from keras_attn.datasets.batches import pipeline
from keras_attn.exports import saved_model, tflite
from keras_attn.report.rows import results
from keras_attn.report.tables import sheets
from keras_attn.shell import cli
from keras_attn.training import devices

pytestmark = pytest.mark.slow

SMALL = {"backbone": "alexnet", "width": 0.125, "size": 67}
SCENES = SMALL | {"channels": (64, 64, 64), "base_rate": 0.2}
CLIPS = {"size": 32, "classes": ("dive", "kick", "run"), "width": 0.0625}
CONFIGS = {
    "scenes": configs.salient_object(attention="supervised", **SCENES),
    "gazed": configs.salient_object(attention="human", **SCENES),
    "birds": configs.fine_grained(attention="softmax", classes=("auk", "Ärmel", "wren"), **SMALL),
    "early": configs.action(fusion="early", **CLIPS),
    "stream": configs.action(fusion="flow", **CLIPS),
}
NOT_EXPORTED = {"saliency_1", "saliency_2", "saliency_3"}
NOT_EXPORTED |= {"logits_frames", "logits_flow", "attention_logits"}
LOADER = """
import sys
sys.modules["keras"] = sys.modules["keras_attn"] = None
import pathlib
import numpy as np
import tensorflow as tf

root = pathlib.Path(sys.argv[1])
for file in root.glob("*/inputs-*.npz"):
    network = tf.saved_model.load(str(file.parent / "export"))
    inputs = dict(np.load(file))
    outputs = network.serve(**inputs)
    signature = "serving_uint8" if "uint8" in file.name else "serving_default"
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    named = network.signatures[signature](**tensors)
    assert named.keys() == outputs.keys()
    for name in named:
        if named[name].dtype != tf.string:
            np.testing.assert_allclose(named[name], outputs[name], rtol=1e-5, atol=1e-6)
    made = {name: value.numpy() for name, value in outputs.items()}
    if "classes" in made:
        made["classes"] = np.char.decode(made["classes"].astype(bytes), "utf-8")
    np.savez(file.with_name(file.name.replace("inputs", "outputs")), **made)
for page in root.glob("*/export/README.md"):
    code = page.read_text(encoding="utf-8").split("```")[1].removeprefix("python")
    code = code.replace("this folder", str(page.parent)).replace("photo.jpg", str(root / "p.jpg"))
    exec(code)
    assert all(np.isfinite(v).all() for v in outputs.values() if v.dtype != tf.string)
"""


def network(config):
    """The network of a configuration with random weights, all of which matter."""
    keras.utils.set_random_seed(3)
    model = tasks.tag(tasks.of(config).network(config), config)
    rng = np.random.default_rng(5)
    for weight in model.weights:
        if "bias" in weight.path or "moving_mean" in weight.path:
            weight.assign(weight + rng.normal(0, 0.1, weight.shape))
    return model


@pytest.fixture(scope="module")
def models():
    return {name: network(config) for name, config in CONFIGS.items()}


def inputs_of(model, dtype, count):
    """Random inputs by name: images larger than the network's, clips of its size."""
    rng, made = np.random.default_rng(count), {}
    for tensor in model.inputs:
        shape = tuple(tensor.shape[1:]) if len(tensor.shape) == 5 else (81, 94, tensor.shape[-1])
        values = rng.integers(0, 256, (count, *shape))
        made[tensor.name] = values.astype("float32" if tensor.name == "gaze" else dtype)
    return made


def expected_of(model, inputs):
    """What the Keras model returns for explicitly resized images, its maps at their size."""
    resized = {}
    for name, values in inputs.items():
        values = tf.constant(values, tf.float32)
        resized[name] = tf.image.resize(values, (67, 67)) if name == "image" else values
    fed = resized if len(resized) > 1 or "image" in resized else next(iter(resized.values()))
    outputs = model(fed, training=False)
    if "image" not in inputs:
        return outputs
    side = inputs["image"].shape[1:3]
    return {n: tf.image.resize(v, side) if v.shape.rank == 4 else v for n, v in outputs.items()}


@pytest.fixture(scope="module")
def loaded(models, tmp_path_factory):
    """Inputs and what came out of the other process, by name of network, type and count."""
    root = tmp_path_factory.mktemp("exports")
    cv2.imwrite(str(root / "p.jpg"), np.full((50, 70, 3), 90, np.uint8))
    given = {}
    for name, model in models.items():
        ka.export(model, root / name / "export")
        for dtype, count in (("uint8", 3), ("float32", 1)):
            given[name, dtype, count] = inputs_of(model, dtype, count)
            np.savez(root / name / f"inputs-{dtype}-{count}.npz", **given[name, dtype, count])
    start = [sys.executable, "-c", LOADER, str(root)]
    done = subprocess.run(start, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return {
        key: (inputs, dict(np.load(root / key[0] / "outputs-{}-{}.npz".format(*key[1:]))))
        for key, inputs in given.items()
    }, root


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(("dtype", "count"), [("uint8", 3), ("float32", 1)])
def test_an_export_returns_what_the_keras_model_does(loaded, models, name, dtype, count):
    inputs, outputs = loaded[0][name, dtype, count]
    wanted = expected_of(models[name], inputs)
    if "saliency_3" in wanted:
        wanted["saliency"] = wanted["saliency_3"]
    assert set(outputs) - {"probabilities", "classes"} == set(wanted) - NOT_EXPORTED
    for key in outputs.keys() & wanted.keys():
        # Logits of random weights are in the hundreds.
        scale = max(1, np.abs(wanted[key]).max())
        np.testing.assert_allclose(outputs[key], wanted[key], rtol=0, atol=2e-6 * scale)


@pytest.mark.parametrize("name", ["birds", "early", "stream"])
def test_classifiers_tell_probabilities_and_the_name_of_the_likeliest_class(loaded, name):
    _, outputs = loaded[0][name, "uint8", 3]
    logits = outputs["logits"].astype(np.float64)
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    np.testing.assert_allclose(
        outputs["probabilities"], shares / shares.sum(-1, keepdims=True), atol=1e-6
    )
    classes = CONFIGS[name].model.classes
    assert list(outputs["classes"]) == [classes[place] for place in logits.argmax(-1)]
    path = loaded[1] / name / "export" / "assets" / "classes.txt"
    assert tuple(path.read_text(encoding="utf-8").splitlines()) == classes


def test_maps_have_the_size_of_the_image_and_saliency_is_the_third(loaded):
    _, outputs = loaded[0]["scenes", "uint8", 3]
    assert set(outputs) == {"saliency", "attention_1", "attention_2", "attention_3"}
    assert {value.shape for value in outputs.values()} == {(3, 81, 94, 1)}


def test_gaze_changes_what_a_network_of_gaze_returns(loaded, models):
    inputs, outputs = loaded[0]["gazed", "float32", 1]
    other = expected_of(models["gazed"], inputs | {"gaze": np.zeros_like(inputs["gaze"])})
    assert np.abs(outputs["saliency"] - other["saliency_3"]).max() > 1e-3
    page = (loaded[1] / "gazed" / "export" / "README.md").read_text(encoding="utf-8")
    assert "cannot run without a person" in page


def test_images_are_resized_as_in_training_up_to_rounding():
    """OpenCV's bytes are those of the pipeline; as floats both agree."""
    image = np.random.default_rng(0).integers(0, 256, (90, 130, 3), np.uint8)
    inside = tf.image.resize(image[None].astype(np.float32), (67, 67))[0].numpy()
    as_floats = cv2.resize(image.astype(np.float32), (67, 67), interpolation=cv2.INTER_LINEAR)
    as_bytes = pipeline.image_at(image, (67, 67)).astype(np.float32)
    np.testing.assert_allclose(inside, as_floats, atol=5e-3)
    # Half a grey level of rounding, and OpenCV's weights of 11 bits.
    assert np.abs(inside - as_bytes).max() < 1
    assert np.abs(inside - as_bytes).mean() < 0.3


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_a_network_of_mixed_precision_is_exported_in_float32(precision):
    config = configs.changed(CONFIGS["scenes"], precision=precision)
    with devices.precision(precision):
        half = network(config)
    twin = saved_model.in_float32(half, config)
    plain = network(CONFIGS["scenes"])
    images = inputs_of(plain, "float32", 1)["image"][:, :67, :67]
    wanted = plain({"image": images})
    for name, value in twin({"image": images}).items():
        np.testing.assert_array_equal(value, wanted[name])


def test_a_model_of_ones_own_is_exported_by_its_structure(tmp_path):
    image = keras.Input((None, None, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 255)(image)
    mean = keras.layers.Lambda(lambda v: keras.ops.mean(v, -1, keepdims=True))(x)
    ka.export(keras.Model(image, {"saliency": mean}, name="grey"), tmp_path / "out")
    outputs = tf.saved_model.load(str(tmp_path / "out")).serve(np.full((1, 5, 7, 3), 51, np.uint8))
    np.testing.assert_allclose(outputs["saliency"], np.full((1, 5, 7, 1), 0.2), atol=1e-6)
    with refused("model", ("(batch, H, W, 3)", "gaze"), "(None, 4)"):
        saved_model.Served(keras.Model(a := keras.Input((4,)), keras.layers.Dense(2)(a)))


def test_the_audit_reads_an_export(loaded):
    found = SavedModelMaps(loaded[1] / "scenes" / "export", ("saliency", "attention_3"), size=67)
    image = inputs_of(network(CONFIGS["scenes"]), "uint8", 1)["image"][0]
    maps = found([image], None)
    assert {name for name, _ in maps} == {"saliency", "attention_3"}
    assert all(value[0].shape == (67, 67) for value in maps.values())


# --- runs and their pages -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(models, tmp_path_factory):
    """A run folder as training leaves it, with random weights, evaluated on drawn scenes."""
    place = tmp_path_factory.mktemp("run")
    data = ka.datasets.miniature("dut_omron", images=4, shape=(60, 72), root=place / "scenes")
    config = configs.changed(CONFIGS["scenes"], root=Path("/home/somebody/DUT-OMRON"))
    about = {"name": data.name, "fingerprint": "0123abcd", "note": data.note, "examples": 15}
    record = {"identity": "x", "config": configs.to_dict(config), "data": about}
    folder = storage.RunFolder(place / "run")
    ka.weights.save(models["scenes"], folder.weights, record)
    ka.evaluate(models["scenes"], data, progress=False).save(folder.path)
    return folder


def test_the_page_of_a_run_says_what_it_learnt_from_and_what_it_scores(run, tmp_path):
    out = ka.export(run.path, tmp_path / "out")
    page = (out / "README.md").read_text(encoding="utf-8")
    for words in ("# Salient object segmentation", "AlexNet, attention `supervised`, seed 0"):
        assert words in page
    for words in ("DUT-OMRON (drawn): 15 examples", "`0123abcd`", "say nothing about people"):
        assert words in page
    assert "On 4 examples of DUT-OMRON" in page
    found = results.read(run.path)
    rows = sheets.summary(found.rows, found.arrays).set_index("metric")
    for metric in ("max_f", "mae", "s_auc", "ig"):
        assert f"| {metric} | {rows['value'][metric]:.3f}".replace("| -", "| −") in page


def test_an_export_tells_nobody_where_its_data_lay(run, tmp_path):
    out = ka.export(run.path, tmp_path / "out")
    text = (out / "assets" / "config.json").read_text(encoding="utf-8")
    assert "somebody" not in text
    stored = configs.from_dict(json.loads(text)["config"])
    assert stored.model == CONFIGS["scenes"].model
    assert stored.data.root == Path("DUT-OMRON")


def test_weights_without_a_run_folder_are_exported_without_scores(run, tmp_path):
    alone = tmp_path / "best.weights.h5"
    alone.write_bytes(run.weights.read_bytes())
    page = (ka.export(alone, tmp_path / "out") / "README.md").read_text(encoding="utf-8")
    assert "without an evaluation" in page and "`0123abcd`" in page


def test_a_run_that_an_earlier_version_has_scored_is_exported_without_these_scores(run, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(run.path, old)
    path = old / "provenance.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    for work in told["work"]:
        work["format"] = 1
    path.write_text(json.dumps(told), encoding="utf-8")
    page = (ka.export(old, tmp_path / "out") / "README.md").read_text(encoding="utf-8")
    assert "of an earlier version" in page and "format 1" in page
    assert "max_f" not in page and "not been measured" in page


def test_the_command_exports_and_replaces_only_what_it_wrote(run, tmp_path, capsys):
    arguments = ["export", str(run.path), "--out", str(tmp_path / "out")]
    assert cli.main(arguments) == 0
    assert str(tmp_path / "out" / "README.md") in capsys.readouterr().out
    assert cli.main(arguments) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert cli.main([*arguments, "--overwrite"]) == 0
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    assert cli.main([*arguments, "--overwrite"]) == 2
    assert "thesis.tex in it" in capsys.readouterr().err
    assert (tmp_path / "out" / "thesis.tex").is_file()


@pytest.mark.parametrize(
    ("source", "out", "facts"),
    [
        ("nowhere", "out", ("nowhere", "", "no such file")),
        ("text.weights.h5", "out", ("text.weights.h5", "", "begins 'not HDF5'")),
        ("empty", "out", ("empty", "model.weights.h5")),
        ("{run}", "text.weights.h5", ("text.weights.h5", "folder")),
        ("{run}", "/proc/x", ("/proc", "written")),
        ("{run}", "text.weights.h5/out", ("text.weights.h5", "written")),
    ],
)
def test_what_cannot_be_exported_is_one_error_and_leaves_nothing(run, tmp_path, source, out, facts):
    (tmp_path / "text.weights.h5").write_text("not HDF5")
    (tmp_path / "empty").mkdir()
    with refused(*facts):
        ka.export(tmp_path / source.format(run=run.path), tmp_path / out)
    assert {path.name for path in tmp_path.iterdir()} == {"text.weights.h5", "empty"}


@pytest.mark.parametrize("bytes", [1_000, 100_000])
def test_nothing_is_left_of_an_export_that_finds_no_room(models, tmp_path, bytes):
    earlier = tmp_path / "out" / "saved_model.pb"
    earlier.parent.mkdir()
    earlier.write_text("earlier")
    with (
        refused(str(tmp_path), "written", "File too large"),
        room_for(bytes),
    ):
        ka.export(models["birds"], tmp_path / "out", overwrite=True)
    assert earlier.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# --- other runtimes -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scenes", "birds", "early", "stream"])
def test_onnx_runtime_returns_the_same(models, tmp_path, name):
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    out = ka.export(models[name], tmp_path / "out", onnx=True)
    session = onnxruntime.InferenceSession(out / "model.onnx", providers=["CPUExecutionProvider"])
    inputs = inputs_of(models[name], "float32", 2)
    found = session.run(None, inputs)
    wanted = saved_model.Served(models[name]).serve(**inputs)
    assert [one.name for one in session.get_outputs()] == sorted(wanted)
    for key, value in zip(sorted(wanted), found, strict=True):
        scale = max(1, np.abs(wanted[key]).max())
        np.testing.assert_allclose(value, wanted[key], rtol=0, atol=1e-4 * scale)


def test_onnx_without_its_packages_is_one_error(models, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with refused("onnx", "keras_attn[onnx]"):
        ka.export(models["birds"], tmp_path / "out", onnx=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter")
@pytest.mark.parametrize("name", ["scenes", "birds"])
def test_tflite_returns_the_same_for_images_of_any_size(models, tmp_path, name):
    out = ka.export(models[name], tmp_path / "out", tflite=True)
    inputs = inputs_of(models[name], "float32", 2)
    runner = tf.lite.Interpreter(str(out / "model.tflite")).get_signature_runner()
    wanted = saved_model.Served(models[name]).serve(**inputs)
    for key, value in runner(**inputs).items():
        scale = max(1, np.abs(wanted[key]).max())
        np.testing.assert_allclose(value, wanted[key], rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize(
    ("name", "form", "lacking"),
    [
        ("gazed", "tflite", "ScaleAndTranslate"),
        ("early", "tflite", "MaxPool3D"),
        ("gazed", "onnx", "ScaleAndTranslate"),
    ],
)
def test_what_a_format_lacks_is_one_error_and_leaves_nothing(models, tmp_path, name, form, lacking):
    if form == "onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
    with refused("model", {"tflite": "TFLite", "onnx": "ONNX"}[form], lacking):
        ka.export(models[name], tmp_path / "out", **{form: True})
    assert not list(tmp_path.iterdir())
    assert lacking in tflite.LACKING
