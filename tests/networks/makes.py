"""Models of every make that docs/models.md tells of, small and with random weights."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

import keras_attn as ka

SIDE = 32


def birds(root):
    """Pictures with gaze and classes, all and a few of them."""
    whole = ka.datasets.miniature("cub_vwsw", images=54, shape=(60, 72), root=root)
    return whole, whole.part("few", range(6))


def image(name="image"):
    return keras.Input((SIDE, SIDE, 3), name=name)


def features(x):
    x = layers.Rescaling(1 / 255)(x)
    return layers.Conv2D(6, 3, padding="same", activation="relu", name="conv")(x)


def pooled(x):
    return layers.GlobalAveragePooling2D(name="pool")(features(x))


def classifier(classes, activation="softmax"):
    x = image()
    return keras.Model(x, layers.Dense(classes, activation=activation, name="told")(pooled(x)))


def stack(classes):
    return [
        layers.Rescaling(1 / 255),
        layers.Conv2D(6, 3, activation="relu", name="conv"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(classes, activation="softmax"),
    ]


class Subclassed(keras.Model):
    def __init__(self, classes, end=None):
        super().__init__(name="own")
        self.stages = stack(classes)
        self.end = end or (lambda scores: scores)

    def call(self, x):
        for stage in self.stages:
            x = stage(x)
        return self.end(x)


def nested(classes):
    inner = keras.Sequential([image(), *stack(classes)[:2]], name="inner")
    x = image()
    backbone = keras.Model(x, layers.ReLU(name="last")(inner(x)), name="backbone")
    y = image()
    told = layers.Dense(classes)(layers.GlobalAveragePooling2D()(backbone(y)))
    return keras.Model(y, layers.Softmax()(told))


def in_lists(classes):
    x = image()
    return keras.Model([x], [layers.Dense(classes, activation="softmax")(pooled(x))])


def by_name(classes):
    x = image("pixels")
    attention = layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="heat")
    maps = features(x)
    told = layers.Dense(classes)(layers.GlobalAveragePooling2D()(maps))
    return keras.Model({"pixels": x}, {"logits": told, "attention": attention(maps)})


def two_heads(classes):
    x = image()
    y = pooled(x)
    heads = [layers.Dense(3, name="colour")(y), layers.Dense(classes, name="species")(y)]
    return keras.Model(x, heads)


def unknown_probabilities(classes):
    def squares(scores):
        return scores**2 / ops.sum(scores**2, axis=1, keepdims=True)

    return Subclassed(classes, squares)


def mixed(classes):
    keras.config.set_dtype_policy("mixed_bfloat16")
    made = classifier(classes)
    keras.config.set_dtype_policy("float32")
    return made


def channels_first(classes):
    x = image()
    y = layers.Permute((3, 1, 2))(layers.Rescaling(1 / 255)(x))
    options = {"padding": "same", "data_format": "channels_first"}
    y = layers.Conv2D(6, 3, activation="relu", name="conv", **options)(y)
    y = layers.GlobalAveragePooling2D(data_format="channels_first")(y)
    return keras.Model(x, layers.Dense(classes, activation="softmax")(y))


def vit(classes, patch=8, width=16):
    x = image()
    y = layers.Rescaling(1 / 127.5, -1)(x)
    y = layers.Conv2D(width, patch, strides=patch, name="patches")(y)
    y = layers.Reshape((-1, width))(y)
    for block in range(2):
        z = layers.LayerNormalization()(y)
        y = y + layers.MultiHeadAttention(2, 8, name=f"mha{block}")(z, z)
        y = y + layers.Dense(width, activation="gelu", name=f"mlp{block}")(y)
    y = layers.LayerNormalization(name="norm")(y)
    told = layers.Dense(classes, activation="softmax")(layers.GlobalAveragePooling1D()(y))
    return keras.Model(x, told)


class Windows(layers.Layer):
    """Attention within windows of a map, which is rolled for it if `shift` is not 0."""

    def __init__(self, size, shift, **options):
        super().__init__(**options)
        self.size, self.shift = size, shift
        self.mha = layers.MultiHeadAttention(2, 8, name="mha")
        self.norm = layers.LayerNormalization(name="norm")

    def call(self, maps):
        height, width, channels = maps.shape[1:]
        size, rolled = self.size, ops.roll(maps, (-self.shift, -self.shift), (1, 2))
        grid = (-1, height // size, size, width // size, size, channels)
        windows = ops.transpose(ops.reshape(rolled, grid), (0, 1, 3, 2, 4, 5))
        tokens = self.norm(ops.reshape(windows, (-1, size * size, channels)))
        tokens = self.mha(tokens, tokens)
        back = (-1, height // size, width // size, size, size, channels)
        windows = ops.transpose(ops.reshape(tokens, back), (0, 1, 3, 2, 4, 5))
        made = ops.reshape(windows, (-1, height, width, channels))
        return maps + ops.roll(made, (self.shift, self.shift), (1, 2))


def swin(classes):
    x = image()
    y = layers.Conv2D(16, 4, strides=4, name="patches")(layers.Rescaling(1 / 127.5, -1)(x))
    y = Windows(4, 0, name="block1")(y)
    y = Windows(4, 2, name="block2")(y)
    y = layers.LayerNormalization(name="last")(y)
    told = layers.Dense(classes, activation="softmax")(layers.GlobalAveragePooling2D()(y))
    return keras.Model(x, told)


# --- maps -----------------------------------------------------------------------------------------


def brightness(x, name="bright"):
    """How bright it is around each pixel, from 0 to 1: a detector of bright blobs."""
    kernel = np.full((3, 3, 3, 1), 1 / 27 / 255, np.float32)
    layer = layers.Conv2D(1, 3, padding="same", use_bias=False, name=name)
    made = layer(x)
    layer.set_weights([kernel])
    return made


def saliency(before=lambda x: x, size=SIDE):
    x = keras.Input((size, size, 3))
    return keras.Model(x, brightness(before(layers.Rescaling(1)(x))), name="detector")


def saliency_and_attention():
    x = image()
    y = brightness(layers.Rescaling(1)(x))
    return keras.Model(x, {"saliency": y, "attention": layers.AveragePooling2D(2)(y)})


def raw(classes):
    x = image()
    y = layers.Conv2D(6, 3, activation="relu", name="conv")(x)
    return keras.Model(x, layers.Dense(classes)(layers.GlobalAveragePooling2D()(y)))


class Module(tf.Module):
    """A classifier that Keras knows nothing of."""

    def __init__(self, classes):
        super().__init__()
        rng = np.random.default_rng(0)
        self.kernel = tf.Variable(rng.normal(0, 0.1, (3, 3, 3, 6)).astype(np.float32))
        self.dense = tf.Variable(rng.normal(0, 1, (6, classes)).astype(np.float32))

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32, name="image")])
    def serve(self, image):
        with tf.name_scope("net/conv"):
            maps = tf.nn.relu(tf.nn.conv2d(image / 255 - 0.5, self.kernel, 1, "SAME"))
        return {"scores": tf.reduce_mean(maps, axis=(1, 2)) @ self.dense}
