"""What transformers attend to, beside the same by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import refused
from keras import layers, ops

from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.networks import attention_weights

pytestmark = pytest.mark.slow

SIDE, PATCH, WIDTH, HEADS, DEPTH = 32, 8, 12, 3, 2
GRID = SIDE // PATCH
TOKENS = GRID * GRID


class ClassToken(layers.Layer):
    """Puts a token of its own before the patches."""

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="random_normal")

    def call(self, tokens):
        before = ops.broadcast_to(self.token, (ops.shape(tokens)[0], 1, tokens.shape[-1]))
        return ops.concatenate([before, tokens], axis=1)

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] + 1, shape[2])


def vit(class_token):
    keras.utils.set_random_seed(4)
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Rescaling(1 / 64)(image)
    x = layers.Conv2D(WIDTH, PATCH, strides=PATCH, name="patches")(x)
    x = layers.Reshape((TOKENS, WIDTH))(x)
    x = ClassToken(name="with_class")(x) if class_token else x
    for block in range(DEPTH):
        x = x + layers.MultiHeadAttention(HEADS, 4, name=f"mha{block}")(x, x)
        x = layers.LayerNormalization(name=f"norm{block}")(x)
    x = layers.Lambda(lambda t: t[:, 0])(x) if class_token else layers.GlobalAveragePooling1D()(x)
    return keras.Model(image, layers.Dense(3)(x))


@pytest.fixture(params=[False, True], ids=["mean", "class"])
def network(request):
    return vit(request.param)


@pytest.fixture
def images():
    return list(np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8))


def tokens_before(network, layer, images):
    """What a layer gets."""
    given = layer.input[0] if isinstance(layer.input, list) else layer.input
    return keras.Model(network.input, given).predict(np.float32(images), verbose=0)


def by_hand(network, images):
    """Softmax of query by key over the root of their size, of each layer: `(n, heads, T, T)`."""
    found = []
    for block in range(DEPTH):
        layer = network.get_layer(f"mha{block}")
        tokens = keras.Model(
            network.input, layer.input[0] if isinstance(layer.input, list) else layer.input
        )
        x = tokens.predict(np.stack(images).astype(np.float32), verbose=0)
        (query, query_bias), (key, key_bias), *_ = (
            part.get_weights() for part in (layer.query_dense, layer.key_dense)
        )
        query = np.einsum("ntc,chd->nhtd", x, query) + query_bias[:, None]
        key = np.einsum("ntc,chd->nhtd", x, key) + key_bias[:, None]
        powers = np.exp(np.einsum("nhtd,nhsd->nhts", query, key) / np.sqrt(query.shape[-1]))
        found.append(powers / powers.sum(axis=-1, keepdims=True))
    return found


def laid(weights):
    """Of the class token, or of the mean over all tokens, as maps."""
    leading = weights.shape[-1] - TOKENS
    told = weights[..., 0, :] if leading else weights.mean(axis=-2)
    return told[..., leading:].reshape(*told.shape[:-1], GRID, GRID)


def maps(network, images, kind, **options):
    return KerasMaps(network, kinds=[kind], **options)(images, None)


def test_attention_is_softmax_of_query_by_key(network, images):
    expected = by_hand(network, images)
    found = maps(network, images, "attention")
    for block, weights in enumerate(expected):
        np.testing.assert_allclose(
            found[f"mha{block}", "attention"], laid(weights.mean(axis=1)), rtol=1e-4, atol=1e-6
        )


def test_each_head_has_a_map(network, images):
    expected = by_hand(network, images)
    found = maps(network, images, "attention_heads")
    assert len(found) == DEPTH * HEADS
    for block, weights in enumerate(expected):
        for head in range(HEADS):
            own = found[f"mha{block}", f"head{head + 1}"]
            np.testing.assert_allclose(own, laid(weights[:, head]), rtol=1e-4, atol=1e-6)


def test_rollout_is_the_product_of_half_attention_and_half_identity(network, images):
    first, second = ((w.mean(axis=1) + np.eye(w.shape[-1])) / 2 for w in by_hand(network, images))
    ((key, found),) = maps(network, images, "attention_rollout").items()
    assert key == ("mha1", "attention_rollout")
    np.testing.assert_allclose(found, laid(second @ first), rtol=1e-4, atol=1e-6)


def test_relevance_weighs_attention_by_its_slope(network, images):
    """The slope of the last layer's weights, by finite differences of what it hands on."""
    last = network.get_layer("mha1")
    first, weights = by_hand(network, images)
    before = keras.Model(
        network.input, last.input[0] if isinstance(last.input, list) else last.input
    )
    tokens = before.predict(np.stack(images).astype(np.float32), verbose=0)
    kernel, bias = last.value_dense.get_weights()
    value = np.einsum("ntc,chd->nhtd", tokens, kernel) + bias[:, None]
    out, out_bias = last.output_dense.get_weights()

    def score(attended):
        x = np.einsum("nhts,nhsd,hdc->ntc", attended, value, out) + out_bias + tokens
        norm = network.get_layer("norm1")
        x = np.asarray(norm(x.astype(np.float32)))
        x = x[:, 0] if x.shape[1] > TOKENS else x.mean(axis=1)
        return np.asarray(network.layers[-1](x))[:, 1]

    slope, step = np.zeros(weights.shape), 1e-2
    for head in range(HEADS):
        for column in range(0, tokens.shape[1], 5):  # a few: each takes two runs
            moved = np.stack([weights, weights])
            moved[:, :, head, 0, column] += np.array([step, -step])[:, None]
            higher, lower = map(score, moved)
            slope[:, head, 0, column] = (higher - lower) / (2 * step)
    exact = slope_of(network, "mha1", images)
    seen = slope != 0
    np.testing.assert_allclose(exact[seen], slope[seen], rtol=0.05, atol=2e-4)

    passed = np.eye(weights.shape[-1])
    for own, name in ((first, "mha0"), (weights, "mha1")):
        rising = np.maximum(own * slope_of(network, name, images), 0).mean(axis=1)
        passed = passed + rising @ passed
    ((_, found),) = maps(network, images, "attention_relevance", explain=1).items()
    np.testing.assert_allclose(found, laid(passed), rtol=1e-3, atol=1e-6)


def slope_of(network, name, images):
    """That of the score of class 1 with each weight of a layer's heads."""
    model = KerasMaps(network, kinds=["attention"]).pixel_model
    pixels = tf.constant(np.float32(images))
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        with attention_weights.caught({name: network.get_layer(name)}) as kept:
            scores = model(pixels)[:, 1]
    return tape.gradient(scores, kept[name]).numpy()


def test_what_has_no_heads_is_refused():
    image = keras.Input((SIDE, SIDE, 3))
    plain = keras.Model(image, layers.Conv2D(4, 3)(image))
    for kind in ("attention", "attention_heads", "attention_rollout", "attention_relevance"):
        with refused(f"{kind!r}", "MultiHeadAttention"):
            KerasMaps(plain, kinds=[kind])
