"""Audits of ONNX files: layers and decisions beside what the same network is by hand."""

import keras
import numpy as np
import pytest
from conftest import refused

import keras_attn as ka
from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.audits.onnx_maps import OnnxMaps

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


pytestmark = pytest.mark.slow

SIDE, CLASSES = 16, 4


@pytest.fixture(scope="module")
def network():
    """A Keras network of [0, 1] pixels, whose weights the files have as well."""
    keras.utils.set_random_seed(3)
    image = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(6, 3, activation="relu", padding="same", name="first")(image)
    x = keras.layers.AveragePooling2D(2)(x)
    x = keras.layers.Conv2D(5, 3, activation="relu", padding="same", name="second")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(CLASSES, activation="softmax")(x))


def node(kind, inputs, output, **attributes):
    return onnx.helper.make_node(kind, inputs, [output], name=output, **attributes)


def saved(network, path, batch="n", softmax=True, metadata=None, side=SIDE):
    """The network as a file of channels first, as PyTorch writes one."""
    constants, float32 = [], onnx.TensorProto.FLOAT

    def constant(name, values):
        constants.append(onnx.numpy_helper.from_array(np.float32(values), name))
        return name

    nodes, x = [], "pixels"
    for layer in ("first", "second"):
        kernel, bias = network.get_layer(layer).get_weights()
        weights = [
            constant(f"{layer}.w", kernel.transpose(3, 2, 0, 1)),
            constant(f"{layer}.b", bias),
        ]
        nodes.append(node("Conv", [x, *weights], f"{layer}/conv", pads=[1, 1, 1, 1]))
        nodes.append(node("Relu", [f"{layer}/conv"], f"{layer}/relu"))
        x = f"{layer}/relu"
        if layer == "first":
            options = {"kernel_shape": [2, 2], "strides": [2, 2]}
            nodes.append(node("AveragePool", [x], "pool", **options))
            x = "pool"
    kernel, bias = network.layers[-1].get_weights()
    weights = [constant("dense.w", kernel), constant("dense.b", bias)]
    nodes += [node("GlobalAveragePool", [x], "mean"), node("Flatten", ["mean"], "flat")]
    nodes += [node("Gemm", ["flat", *weights], "logits")]
    nodes += [node("Softmax", ["logits"], "scores")] * softmax
    made = onnx.helper.make_graph(
        nodes,
        "network",
        [onnx.helper.make_tensor_value_info("pixels", float32, [batch, 3, side, side])],
        [
            onnx.helper.make_tensor_value_info(
                "scores" if softmax else "logits", float32, [batch, CLASSES]
            )
        ],
        constants,
    )
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 10
    onnx.helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return path


@pytest.fixture
def images():
    return list(np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8))


def of_0_to_1(images):
    return images / 255


@pytest.mark.parametrize("batch", ["n", 1, 2])
def test_layers_are_what_the_same_network_has(network, images, tmp_path, batch):
    source = OnnxMaps(saved(network, tmp_path / "net.onnx", batch), preprocess=of_0_to_1)
    expected = KerasMaps(network, ["first", "second"], "activation", preprocess=of_0_to_1)
    found, own = source(images, None), expected(images, None)
    assert {"first/relu", "second/relu"} <= {*source.layers} | {*source.layouts}
    for layer in ("first", "second"):
        named = OnnxMaps(source.path, [f"{layer}/relu"], preprocess=of_0_to_1)(images, None)
        np.testing.assert_allclose(
            named[f"{layer}/relu", "activation"], own[layer, "activation"], rtol=1e-4, atol=1e-6
        )
    assert all(len(maps) == 3 for maps in found.values())


@pytest.mark.parametrize("softmax", [True, False])
def test_the_decision_is_explained_as_that_of_the_same_network(network, images, tmp_path, softmax):
    """By the scores before the softmax, which the Keras model is asked for as well."""
    path = saved(network, tmp_path / "net.onnx", softmax=softmax)
    options = {"kinds": ["occlusion"], "preprocess": of_0_to_1, "explain": 2}
    ((key, found),) = OnnxMaps(path, **options)(images, None).items()
    own = KerasMaps(network, **options)(images, None)[key]
    np.testing.assert_allclose(found, own, rtol=1e-3, atol=1e-5)


def test_pixels_are_as_the_files_metadata_say(network, images, tmp_path):
    told = {"Image.NominalPixelRange": "Normalized_0_1", "Image.BitmapPixelFormat": "Bgr8"}
    source = OnnxMaps(saved(network, tmp_path / "told.onnx", metadata=told), ["first/relu"])
    given = OnnxMaps(
        saved(network, tmp_path / "net.onnx"),
        ["first/relu"],
        preprocess=lambda images: images[..., ::-1] / 255,
    )
    np.testing.assert_allclose(
        source(images, None)["first/relu", "activation"],
        given(images, None)["first/relu", "activation"],
        rtol=1e-5,
    )
    assert "Normalized_0_1" in source.describe() and not source.note_on("first/relu")
    odd = saved(network, tmp_path / "odd.onnx", metadata={"Image.NominalPixelRange": "16_235"})
    with refused("odd.onnx", "Normalized_0_1", "16_235"):
        OnnxMaps(odd)(images, None)


def test_raw_pixels_are_told(network, images, tmp_path):
    source = OnnxMaps(saved(network, tmp_path / "net.onnx"))
    assert "0 to 255" in source.note_on("first/relu")


def test_an_audit_takes_a_file_beside_the_model_itself(network, tmp_path):
    data = ka.datasets.miniature(images=3, root=tmp_path / "scenes")
    models = {"file": saved(network, tmp_path / "net.onnx"), "itself": network}
    options = {"preprocess": of_0_to_1, "kinds": ["activation", "occlusion", "gradient"]}
    layers = {"file": ["second/relu"], "itself": ["second"]}
    rows = ka.audit(models, data, layers=layers, progress=False, **options).rows
    scores = rows.set_index(["model", "kind"])["s_auc"]
    for kind in ("activation", "occlusion"):
        assert scores["file", kind] == pytest.approx(scores["itself", kind], abs=1e-3)
    assert ("file", "gradient") not in scores and ("itself", "gradient") in scores


def test_what_is_no_network_of_pictures_is_refused(network, tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with refused("broken.onnx", "ONNX"):
        OnnxMaps(broken)
    values = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 5])
    made = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 5])
    graph = onnx.helper.make_graph([node("Relu", ["x"], "y")], "g", [values], [made])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 10
    onnx.save(model, tmp_path / "rows.onnx")
    with refused("rows.onnx", "(batch, 3, H, W)", "5"):
        OnnxMaps(tmp_path / "rows.onnx")
    path = saved(network, tmp_path / "net.onnx")
    with refused("gradient", "occlusion", "net.onnx"):
        OnnxMaps(path, kinds=["gradient"])
    with refused("output", "scores", "nothing"):
        OnnxMaps(path, kinds=["occlusion"], output="nothing")
    with refused("explain", "from 0 to 3", "9"):
        OnnxMaps(path, kinds=["occlusion"], explain=9)([np.zeros((SIDE, SIDE, 3))], None)
    with refused("explain", "kinds", "2"):
        OnnxMaps(path, explain=2)
