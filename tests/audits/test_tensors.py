"""Which tensors of transformers and other networks are maps, and what is said of the others."""

import re

import keras
import numpy as np
import pytest
from calling import Calling
from conftest import refused
from keras import layers, ops

from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.networks import inside

SIDE, PATCH, WIDTH = 64, 8, 16
GRID = SIDE // PATCH


def start(seed=0):
    keras.utils.set_random_seed(seed)
    x = keras.Input((SIDE, SIDE, 3))
    scaled = layers.Rescaling(1 / 127.5, -1)(x)
    return x, layers.Conv2D(WIDTH, PATCH, strides=PATCH, name="patches")(scaled)


def block(tokens, mixed, name):
    """What is mixed and added, and two dense layers."""
    tokens = layers.Add()([tokens, mixed])
    inner = layers.Dense(2 * WIDTH, activation="gelu")(layers.LayerNormalization()(tokens))
    return layers.Add(name=name)([tokens, layers.Dense(WIDTH)(inner)])


def transformer(seed=0, attention="keras"):
    """Two blocks, with a class token, and attention of Keras or by hand."""
    x, patches = start(seed)
    tokens = layers.Reshape((GRID**2, WIDTH))(patches)
    tokens = layers.ZeroPadding1D((1, 0), name="with_class")(tokens)
    for i in range(2):
        normal = layers.LayerNormalization(name=f"normal_{i}")(tokens)
        if attention == "keras":
            mixed = layers.MultiHeadAttention(2, 8, name=f"attention_{i}")(normal, normal)
        else:
            mixed = by_hand(normal, i)
        tokens = block(tokens, mixed, f"block_{i}")
    return keras.Model(x, layers.LayerNormalization(name="normal")(tokens))


def by_hand(tokens, i):
    count = tokens.shape[1]

    def heads(name):
        made = layers.Reshape((count, 2, 8))(layers.Dense(WIDTH)(tokens))
        return layers.Permute((2, 1, 3), name=f"{name}_{i}")(made)

    query, key, value = map(heads, ("query", "key", "value"))
    products = Calling(lambda pair: ops.matmul(pair[0], ops.swapaxes(pair[1], -1, -2)))
    weights = layers.Softmax(name=f"weights_{i}")(products([query, key]))
    mixed = Calling(lambda pair: ops.matmul(*pair), name=f"heads_{i}")([weights, value])
    return layers.Reshape((count, WIDTH))(layers.Permute((2, 1, 3))(mixed))


def mixer(seed=0):
    x, patches = start(seed)
    tokens = layers.Reshape((GRID**2, WIDTH), name="tokens")(patches)
    turned = layers.Permute((2, 1), name="turned")(layers.LayerNormalization()(tokens))
    hidden = layers.Dense(2 * GRID**2, activation="gelu", name="hidden")(turned)
    mixed = layers.Permute((2, 1), name="back")(layers.Dense(GRID**2, name="mixed")(hidden))
    return keras.Model(x, block(tokens, mixed, "block"))


def windowed(seed=0, folded=True, shift=2):
    """Attention in windows of four, shifted; windows in the batch axis or beside each other."""
    x, patches = start(seed)
    sides = GRID // 4

    def cut(x):
        x = ops.reshape(ops.roll(x, (-shift, -shift), (1, 2)), (-1, sides, 4, sides, 4, WIDTH))
        first = (-1, 16, WIDTH) if folded else (-1, sides**2, 16, WIDTH)
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), first)

    def put_back(x):
        x = ops.reshape(x, (-1, sides, sides, 4, 4, WIDTH))
        x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, GRID, GRID, WIDTH))
        return ops.roll(x, (shift, shift), (1, 2))

    rolled = Calling(lambda x: ops.roll(x, (-shift, -shift), (1, 2)), name="rolled")(patches)
    rolled = Calling(lambda x: ops.roll(x, (shift, shift), (1, 2)))(rolled)
    windows = Calling(cut, name="windows")(rolled)
    inner = layers.Dense(WIDTH, activation="gelu", name="inner")(windows)
    return keras.Model(x, block(patches, Calling(put_back, name="put_back")(inner), "block"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (transformer, ["normal"]),
        (lambda seed: transformer(seed, "by hand"), ["normal"]),
        (mixer, ["block"]),
        (windowed, ["block"]),
        (lambda seed: windowed(seed, folded=False), ["block"]),
    ],
    ids=["transformer", "attention by hand", "mixer", "windows in the batch", "windows"],
)
def test_the_end_of_a_stage_is_shown_and_nothing_that_is_no_map(make, shown, seed):
    source = KerasMaps(make(seed))
    assert list(source.layers) == shown
    assert all(layout.place.whole and not layout.doubt for layout in source.layouts.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (transformer, "attention_0/query"),
        (transformer, "attention_1/key"),
        (lambda: transformer(attention="by hand"), "query_0"),
        (lambda: transformer(attention="by hand"), "weights_0"),
        (lambda: transformer(attention="by hand"), "heads_0"),
        (mixer, "turned"),
        (mixer, "hidden"),
        (windowed, "windows"),
        (windowed, "inner"),
        (windowed, "rolled"),
        (lambda: windowed(folded=False), "windows"),
    ],
)
def test_what_is_no_map_is_refused_by_name_in_one_sentence(make, name):
    with refused(name, "map of the picture", re.compile("positions|8 rows")) as raised:
        KerasMaps(make(), layers=[name])
    assert len(str(raised.value)) < 160


@pytest.mark.slow
@pytest.mark.parametrize("name", ["patches", "with_class", "normal_0", "block_0", "block_1"])
def test_the_maps_of_a_transformer_are_those_of_its_layers(name, rng):
    model = transformer()
    images = [rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8) for _ in range(2)]
    found = KerasMaps(model, layers=[name])(images, None)[name, "activation"]
    inner = keras.Model(model.input, model.get_layer(name).output)
    features = np.asarray(inner(np.stack(images).astype("float32")))
    squares = (features.reshape(2, -1, WIDTH)[:, -(GRID**2) :] ** 2).sum(-1)
    np.testing.assert_allclose(np.reshape(found, squares.shape), squares, rtol=1e-4, atol=1e-5)


def test_gates_of_channels_and_embeddings_are_no_maps():
    x, patches = start()
    squeezed = layers.GlobalAveragePooling2D(keepdims=True, name="squeezed")(patches)
    gate = layers.Dense(WIDTH, activation="sigmoid", name="gate")(squeezed)
    gated = layers.Multiply(name="gated")([patches, gate])
    model = keras.Model(x, gated)
    assert list(KerasMaps(model).layers) == ["gated"]
    with refused("layer 'gate'", "map", ("height and width", "(2, 1, 1, 16)")):
        KerasMaps(model, layers=["gate"])


def test_layers_of_one_name_and_layers_in_lists_and_dicts_have_paths_of_their_own(rng):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.listed = [layers.Conv2D(4, 3, padding="same", name="k") for _ in range(2)]
            self.named = {"a": layers.Conv2D(4, 3, padding="same", name="k")}

        def call(self, x):
            for layer in (*self.listed, self.named["a"]):
                x = layer(x)
            return x

    model = Own()
    images = [rng.integers(0, 256, (16, 16, 3), np.uint8)]
    model(np.zeros((1, 16, 16, 3), "float32"))
    assert [path for path, _ in inside.walk(model)] == ["k", "k#2", "k#3"]
    maps = KerasMaps(model, layers=["k", "k#2", "k#3"], size=16)(images, None)
    values = np.stack(images).astype("float32")
    for path, layer in zip(("k", "k#2", "k#3"), (*model.listed, model.named["a"]), strict=True):
        values = np.asarray(layer(values))
        squares = (values**2).sum(-1)
        np.testing.assert_allclose(maps[path, "activation"], squares, rtol=1e-4)
