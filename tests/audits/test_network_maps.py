"""Maps of Keras models and SavedModels against values computed another way."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import real, refused

import keras_attn as ka
from keras_attn import models
from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.audits.sources import open_source
from keras_attn.networks.maps.layouts import grids
from keras_attn.resizing import resized

pytestmark = pytest.mark.slow


@pytest.fixture
def images(rng):
    return [rng.integers(0, 256, (40, 60, 3), np.uint8) for _ in range(3)]


def small_cnn(head="softmax", size=(32, 48)):
    """Two convolutions, global average pooling, one dense layer: CAM's own architecture."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((*size, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(6, 3, activation="relu", name="conv1")(x)
    x = keras.layers.MaxPooling2D(name="pool1")(x)
    x = keras.layers.Conv2D(8, 3, activation="relu", name="conv2")(x)
    x = keras.layers.GlobalAveragePooling2D(name="gap")(x)
    x = keras.layers.Dropout(0.5)(x)
    x = keras.layers.Dense(4, activation=head, name="scores")(x)
    return keras.Model(inputs, x, name="small_cnn")


def features_of(model, name, images):
    inner = keras.Model(model.input, model.get_layer(name).output)
    return np.asarray(inner(resized(images, model.input_shape[1:3])), np.float64)


def test_activation_is_the_sum_of_squares_over_channels(images):
    model = small_cnn()
    maps = KerasMaps(model, layers=["conv1", "conv2"], kinds=["activation"])(images, None)
    assert set(maps) == {("conv1", "activation"), ("conv2", "activation")}
    for name in ("conv1", "conv2"):
        expected = (features_of(model, name, images) ** 2).sum(-1)
        np.testing.assert_allclose(maps[name, "activation"], expected, rtol=1e-4)


def test_activation_equals_the_layer_of_the_package(images):
    model = small_cnn()
    maps = KerasMaps(model, layers=["conv2"], kinds=["activation"])(images, None)
    layer = ka.layers.ActivationAttention()(features_of(model, "conv2", images))
    np.testing.assert_allclose(maps["conv2", "activation"], layer[..., 0], rtol=1e-4)


def test_gradients_are_those_of_the_logit_before_the_softmax(images):
    """By finite differences at the pixel and colour where the gradient is largest."""
    model, bare = small_cnn(), small_cnn(head=None)
    bare.set_weights(model.get_weights())
    gradient = KerasMaps(model, kinds=["gradient"])(images[:1], None)["input", "gradient"][0]
    x = resized(images[:1], (32, 48))
    chosen = int(np.argmax(bare(x)))
    y, column = np.unravel_index(np.argmax(gradient), gradient.shape)
    slopes = []
    for colour in range(3):
        step = np.zeros_like(x)
        step[0, y, column, colour] = 2.0
        slopes.append(abs(float(bare(x + step)[0, chosen] - bare(x - step)[0, chosen])) / 4)
    assert gradient[y, column] == pytest.approx(max(slopes), rel=0.02)


def test_cam_is_the_weighted_sum_of_features_and_grad_cam_its_positive_part(images):
    """For GAP and one dense layer both are known: grad-CAM = ReLU(CAM) / number of positions."""
    model = small_cnn()
    maps = KerasMaps(model, layers=["conv2"])(images, None)
    features = features_of(model, "conv2", images)
    chosen = np.argmax(model(resized(images, (32, 48))), axis=1)
    kernel = model.get_layer("scores").kernel.numpy()
    expected = np.einsum("bhwc,cb->bhw", features, kernel[:, chosen])
    np.testing.assert_allclose(maps["conv2", "cam"], expected, rtol=1e-3, atol=1e-5)
    positions = features.shape[1] * features.shape[2]
    grad_cam = np.maximum(expected, 0) / positions
    np.testing.assert_allclose(maps["conv2", "grad_cam"], grad_cam, rtol=1e-3, atol=1e-7)


def with_end(end):
    """The small network, but for what its scores go through at the end."""
    bare = small_cnn(head=None)
    output = end(bare.output)
    return keras.Model(bare.input, output)


@pytest.mark.parametrize(
    "end",
    [
        keras.layers.Softmax(),
        keras.layers.Activation("softmax"),
        keras.ops.softmax,
        lambda logits: {"logits": logits, "probabilities": keras.ops.softmax(logits)},
    ],
)
def test_the_score_is_the_logit_however_the_softmax_is_written(images, end):
    expected = KerasMaps(small_cnn(), layers=["conv2"])(images, None)
    source = KerasMaps(with_end(end), layers=["conv2"])
    found = source(images, None)
    assert set(found) == set(expected) and source.notes() == []
    for key, maps in expected.items():
        np.testing.assert_allclose(found[key], maps, rtol=1e-4, atol=1e-7, err_msg=str(key))


def test_one_unit_decides_between_two_classes(images):
    """Its logit is the score where it is above 0, and its negative where it is below."""
    inputs = keras.Input((32, 48, 3))
    x = keras.layers.Conv2D(6, 3, name="conv")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    kernel = np.linspace(-1, 1, 6)[:, None].astype("float32")
    for bias in (1e4, -1e4):
        model.layers[-1].set_weights([kernel, np.array([bias], "float32")])
        cam = KerasMaps(model, kinds="cam")(images, None)["conv", "cam"]
        expected = features_of(model, "conv", images) @ kernel[:, 0] * np.sign(bias)
        np.testing.assert_allclose(cam, expected, rtol=1e-3, atol=1e-2)


class Subclassed(keras.Model):
    """A classifier that Keras knows no graph of; end: what its scores go through."""

    def __init__(self, head="softmax", end=None):
        super().__init__()
        self.conv = keras.layers.Conv2D(5, 3, name="conv")
        self.gap = keras.layers.GlobalAveragePooling2D()
        self.out = keras.layers.Dense(3, activation=head)
        self.end = end or (lambda scores: scores)

    def call(self, x):
        return self.end(self.out(self.gap(self.conv(x))))


def test_where_the_softmax_cannot_be_left_out_the_result_says_so(images):
    for end in (keras.ops.softmax, keras.ops.log_softmax):
        hidden = Subclassed(head=None, end=end)
        assert "gradient and grad_cam " in KerasMaps(hidden).notes()[0]
        assert KerasMaps(hidden, kinds=["activation"]).notes() == []


def test_the_softmax_of_the_last_layer_of_a_subclassed_model_is_left_out(images):
    """Its structure shows while it runs: its last layer, and the pooling that CAM goes by."""
    found = {}
    for head in ("softmax", "log_softmax", None):
        keras.utils.set_random_seed(0)
        source = KerasMaps(Subclassed(head), size=20)
        assert source.notes() == [] and "cam" in source.kinds
        found[head] = source(images, None)
    for key, maps in found[None].items():
        for head in ("softmax", "log_softmax"):
            np.testing.assert_allclose(found[head][key], maps, rtol=1e-4, atol=1e-7)


def test_a_layer_that_runs_twice_counts_where_it_runs_last(images):
    relu = keras.layers.ReLU(name="relu")
    x = keras.Input((20, 30, 3))
    once = relu(keras.layers.Conv2D(4, 3, padding="same", name="a")(x))
    twice = relu(keras.layers.Conv2D(4, 3, padding="same", name="b")(once))
    model = keras.Model(x, twice)
    source = KerasMaps(model)
    assert list(source.layers) == ["relu"]
    expected = (np.asarray(model(resized(images, (20, 30)))) ** 2).sum(-1)
    np.testing.assert_allclose(source(images, None)["relu", "activation"], expected, rtol=1e-4)


def test_cam_is_found_where_the_pooling_lies_in_a_model_of_its_own(images):
    keras.utils.set_random_seed(1)
    head = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(4)])
    convolutions = [keras.layers.Conv2D(8, 3, activation="relu", name="conv")]
    nested = keras.Sequential(
        [keras.Input((32, 48, 3)), *convolutions, keras.Sequential([head, keras.layers.Softmax()])]
    )
    maps = KerasMaps(nested, kinds="cam")(images, None)["conv", "cam"]
    features = np.asarray(nested.layers[0](resized(images, (32, 48))))
    chosen = np.argmax(nested(resized(images, (32, 48))), axis=1)
    expected = np.einsum("bhwc,cb->bhw", features, head.layers[-1].kernel.numpy()[:, chosen])
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-3)


def test_cam_averages_to_the_score(images):
    model, bare = small_cnn(), small_cnn(head=None)
    bare.set_weights(model.get_weights())
    cam = np.array(KerasMaps(model, kinds=["cam"])(images, None)["conv2", "cam"])
    scores = np.asarray(bare(resized(images, (32, 48)))).max(axis=1)
    bias = bare.get_layer("scores").bias.numpy()
    np.testing.assert_allclose(cam.mean(axis=(1, 2)) + bias[0], scores, rtol=1e-3, atol=1e-6)


def test_the_model_is_left_as_it_was(images):
    model = small_cnn()
    before = np.asarray(model(resized(images, (32, 48))))
    source = KerasMaps(model)
    source(images, None)
    np.testing.assert_array_equal(model(resized(images, (32, 48))), before)
    assert model.get_layer("scores").activation is keras.activations.softmax
    assert all("call" not in vars(layer) for layer in model.layers)


def test_a_classifier_gets_all_kinds_and_features_only_activation():
    assert KerasMaps(small_cnn()).kinds == ("activation", "gradient", "grad_cam", "cam")
    assert KerasMaps(models.vgg16((32, 32, 3), width=0.1)).kinds == ("activation",)
    no_gap = models.vgg16((32, 32, 3), width=0.1, classes=3)
    assert KerasMaps(no_gap).kinds == ("activation", "gradient", "grad_cam")
    resnet = models.resnet50((64, 64, 3), width=0.1, classes=3)
    assert "cam" in KerasMaps(resnet).kinds


def test_layers_inside_nested_models_are_found(images):
    inner = keras.applications.MobileNetV2(
        (64, 64, 3), 0.35, include_top=False, weights=None, pooling="avg", name="mobile"
    )
    x = keras.Input((64, 64, 3))
    model = keras.Model(x, keras.layers.Dense(3, activation="softmax")(inner(x)))
    source = KerasMaps(model, layers=["out_relu"])
    maps = source(images, None)
    assert set(source.layers) == {"mobile/out_relu"}
    assert ("mobile/out_relu", "cam") in maps
    assert all(m.shape == (2, 2) for m in maps["mobile/out_relu", "activation"])


def test_sequential_and_subclassed_models_go_too(images):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv = keras.layers.Conv2D(5, 3, name="conv")
            self.out = keras.layers.Dense(3)

        def call(self, x):
            return self.out(keras.ops.mean(self.conv(x), axis=(1, 2)))

    maps = KerasMaps(Own(), size=20)(images, None)
    assert {("conv", "activation"), ("input", "gradient"), ("conv", "grad_cam")} <= set(maps)
    sequential = keras.Sequential(
        [keras.layers.Conv2D(5, 3, name="c"), keras.layers.ReLU(name="r")]
    )
    assert set(KerasMaps(sequential, size=20)(images, None)) == {("r", "activation")}


def test_a_layer_with_one_channel_is_a_map_and_a_module_gives_its_attention(images):
    x = keras.Input((None, None, 3))
    features = keras.layers.Conv2D(4, 3, padding="same", name="conv")(x)
    out = ka.apply("sigmoid", features)
    model = keras.Model(x, out.gated)
    source = KerasMaps(model, size=(20, 30))
    maps = source(images, None)
    assert list(source.layers) == ["attention", "attention_glimpse"]
    attention = keras.Model(x, out.attention)(resized(images, (20, 30)))[..., 0]
    np.testing.assert_allclose(maps["attention", "map"], attention, rtol=1e-5)


@pytest.mark.parametrize("leading", [0, 1, 5])
def test_the_tokens_of_a_transformer_are_put_on_their_grid(images, leading):
    """A convolution to patches, leading tokens before them, one mixing layer, a class."""
    x = keras.Input((32, 48, 3))
    patches = keras.layers.Conv2D(6, 8, strides=8, name="patches")(x)
    tokens = keras.layers.Reshape((4 * 6, 6))(patches)
    if leading:
        tokens = keras.layers.ZeroPadding1D((leading, 0), name="with_class")(tokens)
    tokens = keras.layers.Dense(6, name="mixed")(tokens)
    pooled = keras.layers.GlobalAveragePooling1D()(tokens)
    model = keras.Model(x, keras.layers.Dense(3, activation="softmax")(pooled))
    maps = KerasMaps(model, layers=["patches", "mixed"])(images, None)
    expected = features_of(model, "mixed", images)[:, leading:].reshape(3, 4, 6, 6)
    squares = (expected**2).sum(-1)
    np.testing.assert_allclose(maps["mixed", "activation"], squares, rtol=1e-4)
    assert np.shape(maps["mixed", "grad_cam"]) == (3, 4, 6)


def test_sequences_that_are_no_grid_of_patches_are_no_maps():
    for count in (13, 9, 1, 32 * 48):
        assert grids(count, (32, 48)) == []
    assert grids(197, (224, 224)) == [(1, 14, 14), (0, 14, 14)]  # a class token, first or last
    assert grids(196, (224, 224)) == [(0, 14, 14)]


def test_preprocess_is_applied(images):
    model = small_cnn()
    plain = KerasMaps(model, layers=["conv1"], kinds=["activation"])
    scaled = KerasMaps(model, layers=["conv1"], kinds=["activation"], preprocess=lambda x: x * 0)
    assert not np.allclose(
        plain(images, None)["conv1", "activation"], scaled(images, None)["conv1", "activation"]
    )


def test_mixed_precision_models_can_be_audited(images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = small_cnn()
    for maps in KerasMaps(model)(images, None).values():
        assert all(m.dtype == np.float32 and np.isfinite(m).all() for m in maps)


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        (
            lambda: KerasMaps(small_cnn(), layers=["conv9"]),
            ("layers", "conv1, pool1, conv2", "'conv9'"),
        ),
        (lambda: KerasMaps(small_cnn(), size=64), ("size", "(32, 48)", "(64, 64)")),
        (
            lambda: KerasMaps(small_cnn(), kinds=["attentions"]),
            ("kinds", "'activation'", "'attentions'"),
        ),
        (
            lambda: KerasMaps(models.vgg16((32, 32, 3), width=0.1), kinds=["gradient"]),
            ("kind 'gradient'", "classifier", "'vgg16'"),
        ),
        (
            lambda: KerasMaps(models.vgg16((32, 32, 3), width=0.1, classes=3), kinds=["cam"]),
            ("kind 'cam'", "global average pooling"),
        ),
        (
            lambda: KerasMaps(
                keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Conv2D(4, 3)])
            ),
            ("model", "(batch, H, W, 3)", "(None, 32, 32, 1)"),
        ),
        (
            lambda: KerasMaps(
                keras.Model([keras.Input((8, 8, 3)), i := keras.Input((8, 8, 3))], i)
            ),
            ("model", "one image", "2 inputs"),
        ),
    ],
)
def test_models_that_do_not_fit_are_one_clear_error(call, facts):
    with refused(*facts):
        call()


def test_a_model_that_wants_another_input_says_so():
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
    model.build((None, 48))
    with refused("model", "(batch, H, W, 3)", "(None, 48)"):
        KerasMaps(model)


# --- from disk ------------------------------------------------------------------------------------


def test_a_keras_file_gives_the_maps_of_its_model(images, tmp_path):
    model = small_cnn()
    model.save(tmp_path / "model.keras")
    expected, found = (
        KerasMaps(model)(images, None),
        open_source(tmp_path / "model.keras")(images, None),
    )
    assert set(found) == set(expected)
    for key, maps in expected.items():
        np.testing.assert_allclose(found[key], maps, rtol=1e-5, atol=1e-7)


def test_a_keras_file_with_code_or_garbage_in_it_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Lambda(lambda x: x + 1)])
    model.save(tmp_path / "lambda.keras")
    with refused("lambda.keras", ".keras"):
        open_source(tmp_path / "lambda.keras")
    (tmp_path / "text.keras").write_text("no model")
    with refused("text.keras", ".keras"):
        open_source(tmp_path / "text.keras")


def test_the_packages_own_layers_load_from_a_keras_file(tmp_path):
    """In a process of its own: here every layer is known already."""
    path = str(tmp_path / "model.keras")
    options = {"input_shape": (67, 67, 3), "width": 0.1}
    ka.models.salient_object("alexnet", "supervised", **options).save(path)
    code = f"""
import numpy as np
from keras_attn.audits.sources import open_source
maps = open_source({path!r})([np.zeros((40, 60, 3), np.uint8)], None)
assert ("attention_3", "map") in maps and ("saliency_3", "map") in maps, list(maps)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_saved_model_gives_the_maps_of_its_layers(images, tmp_path):
    model = small_cnn()
    model.export(tmp_path / "saved", verbose=False)
    found = open_source(tmp_path / "saved", layers=["conv1", "pool1", "conv2"])(images, None)
    expected = KerasMaps(model, layers=["conv1", "pool1", "conv2"], kinds=["activation"])
    for key, maps in expected(images, None).items():
        np.testing.assert_allclose(found[key], maps, rtol=1e-4, atol=1e-6)


def test_a_saved_model_gives_nested_layers_and_named_outputs(images, tmp_path):
    inner = keras.Sequential([keras.layers.Conv2D(5, 3, name="conv_1")], name="body")
    x = keras.Input((20, 30, 3), name="pixels")
    features = inner(x)
    attention = ka.layers.AttentionModule(name="module")(features)[0]
    # Names whose order is not that of the alphabet: the file sorts them, the signature does not.
    model = keras.Model(x, {"z_features": features, "attention_1": attention})
    model.export(tmp_path / "saved", verbose=False)
    source = open_source(tmp_path / "saved", layers=["body/conv_1", "attention_1"])
    maps = source(images, None)
    outputs = model(resized(images, (20, 30)))
    np.testing.assert_allclose(
        maps["attention_1", "map"], outputs["attention_1"][..., 0], rtol=1e-4
    )
    squares = (np.asarray(outputs["z_features"]) ** 2).sum(-1)
    np.testing.assert_allclose(maps["body/conv_1", "activation"], squares, rtol=1e-4)


def test_layers_of_a_saved_model_that_another_exporter_numbered_keep_their_names(tmp_path):
    """TensorFlow and Keras 2 call the layers conv, conv_1, conv_2 and open each scope once."""

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 3), tf.float32, name="image")])
        def serve(self, image):
            with tf.name_scope("model"):
                for i, name in enumerate(("conv", "conv_1", "conv_2")):
                    with tf.name_scope(name):
                        image = tf.nn.relu(image + float(i))
            return {"mean": tf.reduce_mean(image, axis=(1, 2))}

    module = Module()
    tf.saved_model.save(module, str(tmp_path), signatures={"serving_default": module.serve})
    source = open_source(tmp_path, layers=["conv", "conv_1", "conv_2"])
    maps = source([np.zeros((8, 8, 3), np.uint8)], None)
    means = [float(np.mean(maps[n, "activation"])) for n in ("conv", "conv_1", "conv_2")]
    assert means == [0, 3 * 1, 3 * 9]


def test_a_saved_model_of_uint8_pixels_goes_too(images, tmp_path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, name="image")])
        def serve(self, image):
            return {"saliency": tf.reduce_mean(tf.cast(image, tf.float32), -1, keepdims=True)}

    module = Module()
    tf.saved_model.save(
        module, str(tmp_path / "saved"), signatures={"serving_default": module.serve}
    )
    maps = open_source(tmp_path / "saved", size=(20, 30))(images, None)
    expected = np.mean(resized(images, (20, 30)).astype(np.uint8), axis=-1)
    np.testing.assert_allclose(maps["saliency", "map"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"layers": ["conv9"]}, ("layers", "conv1, pool1, conv2", "'conv9'")),
        ({"kinds": ["gradient"]}, ("'gradient'", (".keras", "occlusion"), "saved")),
        ({"size": 64}, ("size", "(32, 48)", "(64, 64)")),
    ],
)
def test_what_a_saved_model_cannot_give_is_one_clear_error(tmp_path, options, facts):
    small_cnn().export(tmp_path / "saved", verbose=False)
    with refused(*facts):
        open_source(tmp_path / "saved", **options)


def test_a_broken_saved_model_is_one_clear_error(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"garbage")
    with refused(str(tmp_path), "SavedModel", "cannot be loaded"):
        open_source(tmp_path)


# --- the bundled backbones ------------------------------------------------------------------------


def test_a_backbone_without_weights_is_audited_at_its_last_three_stages():
    source = open_source("vgg16", size=64)
    assert list(source.layers) == ["block3_conv3", "block4_conv3", "block5_conv3"]
    assert source.size == (64, 64)
    assert "vgg16' with random weights, input 64×64" in source.describe()


def test_a_backbone_with_real_weights_is_that_of_keras_applications(images):
    path = real("weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    maps = open_source("vgg16", weights=path, layers=["block4_conv3"], size=96)(images[:1], None)
    peer = keras.applications.VGG16(weights=str(path), include_top=False, input_shape=(96, 96, 3))
    x = keras.applications.vgg16.preprocess_input(resized(images[:1], (96, 96)))
    features = keras.Model(peer.input, peer.get_layer("block4_conv3").output)(x)
    expected = (np.asarray(features, np.float64) ** 2).sum(-1)
    np.testing.assert_allclose(
        maps["block4_conv3", "activation"], expected, rtol=1e-3, atol=1e-4 * expected.max()
    )


def test_a_backbone_takes_weights_of_any_layout_and_has_the_classes_of_the_file(images, tmp_path):
    model = models.alexnet((67, 67, 3))
    for name in ("w.weights.h5", "w.h5"):
        model.save_weights(tmp_path / name) if "weights" in name else model.save(tmp_path / name)
        source = open_source("alexnet", weights=tmp_path / name, size=67, layers=["conv3"])
        expected = (features_of(model, "conv3", images) ** 2).sum(-1)
        np.testing.assert_allclose(
            source(images, None)["conv3", "activation"], expected, rtol=1e-4, atol=1e-6
        )
        assert f"with {name} (sha256" in source.describe()


def test_weights_of_another_architecture_are_refused():
    path = real("weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    with refused(path.name, "'resnet50'", "missing"):
        open_source("resnet50", weights=path)
