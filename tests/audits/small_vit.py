"""A small vision transformer with a token of the class, in Keras, and the same as an ONNX file."""

import keras
import numpy as np
from keras import layers, ops

SIDE, PATCH, WIDTH, HEADS, DEPTH = 96, 8, 48, 2, 3
GRID, DEPTH_OF_HEAD = SIDE // PATCH, WIDTH // HEADS
EPSILON = 1e-3
"""Of layer normalisation, as Keras has it."""


class Tokens(layers.Layer):
    """Puts a token of the class before the patches, and adds to each what tells its place."""

    def build(self, shape):
        _, patches, width = shape
        options = {"initializer": "random_normal"}
        self.token = self.add_weight(shape=(1, 1, width), name="token", **options)
        self.place = self.add_weight(shape=(1, patches + 1, width), name="place", **options)

    def call(self, patches):
        before = ops.broadcast_to(self.token, (ops.shape(patches)[0], 1, patches.shape[-1]))
        return ops.concatenate([before, patches], axis=1) + self.place

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] + 1, shape[2])


def vit(outputs):
    """The Keras network of pixels in [0, 255]: scores `(n, outputs)` of the token of the class."""
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Rescaling(1 / 127.5, -1, name="scaled")(image)
    x = layers.Conv2D(WIDTH, PATCH, strides=PATCH, name="patches")(x)
    x = Tokens(name="tokens")(layers.Reshape((GRID * GRID, WIDTH), name="row")(x))
    for block in range(DEPTH):
        known = layers.LayerNormalization(name=f"norm{block}")(x)
        told = layers.MultiHeadAttention(HEADS, DEPTH_OF_HEAD, name=f"attention{block}")
        x = layers.Add(name=f"attended{block}")([x, told(known, known)])
        inner = layers.LayerNormalization(name=f"inner_norm{block}")(x)
        inner = layers.Dense(2 * WIDTH, activation="relu", name=f"inner{block}")(inner)
        x = layers.Add(name=f"block{block}")([x, layers.Dense(WIDTH, name=f"outer{block}")(inner)])
    x = layers.LayerNormalization(name="last")(x)
    return keras.Model(image, layers.Dense(outputs, name="scores")(x[:, 0]))


def save_onnx(network, path):
    """Write the network, channels last in and the outputs of its layers under their names."""
    import onnx

    graph = _Graph(network, onnx)
    x = graph.node("Mul", "image", graph.value(1 / 127.5))
    x = graph.node("Transpose", graph.node("Sub", x, graph.value(1.0)), perm=[0, 3, 1, 2])
    kernel, bias = graph.weights("patches")
    x = graph.node("Conv", x, graph.value(kernel.transpose(3, 2, 0, 1)), graph.value(bias),
                   strides=[PATCH, PATCH])  # fmt: skip
    x = graph.node("Transpose", x, perm=[0, 2, 3, 1], name="patches")
    x = graph.reshaped(x, (0, GRID * GRID, WIDTH))
    token, place = graph.weights("tokens")
    count = graph.node("Shape", x, start=0, end=1)
    rest = graph.value(np.array([1, WIDTH], np.int64))
    before = graph.node("Expand", graph.value(token), graph.node("Concat", count, rest, axis=0))
    x = graph.node(
        "Add", graph.node("Concat", before, x, axis=1), graph.value(place), name="tokens"
    )
    for block in range(DEPTH):
        attended = graph.attended(graph.normed(x, f"norm{block}"), f"attention{block}")
        x = graph.node("Add", x, attended, name=f"attended{block}")
        inner = graph.dense(graph.normed(x, f"inner_norm{block}"), f"inner{block}")
        outer = graph.dense(graph.node("Relu", inner), f"outer{block}")
        x = graph.node("Add", x, outer, name=f"block{block}")
    x = graph.normed(x, "last")
    first = graph.value(np.array(0, np.int64))
    graph.dense(graph.node("Gather", x, first, axis=1), "scores", name="scores")
    graph.save(path, network.output_shape[-1])


class _Graph:
    """Nodes and constants as they are added; values go by the names of the nodes' outputs."""

    def __init__(self, network, onnx):
        self.network, self.onnx = network, onnx
        self.nodes, self.constants = [], []

    def weights(self, layer):
        return self.network.get_layer(layer).get_weights()

    def value(self, numbers):
        numbers = np.asarray(numbers)
        numbers = numbers if numbers.dtype == np.int64 else numbers.astype(np.float32)
        name = f"constant{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(numbers, name))
        return name

    def node(self, kind, *inputs, name=None, **options):
        name = name or f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [name], name=name, **options))
        return name

    def reshaped(self, x, shape):
        return self.node("Reshape", x, self.value(np.array(shape, np.int64)))

    def dense(self, x, layer, name=None):
        kernel, bias = self.weights(layer)
        return self.linear(x, kernel, bias, name)

    def linear(self, x, kernel, bias, name=None):
        return self.node("Add", self.node("MatMul", x, self.value(kernel)), self.value(bias),
                         name=name)  # fmt: skip

    def normed(self, x, layer):
        scale, shift = map(self.value, self.weights(layer))
        return self.node(
            "LayerNormalization", x, scale, shift, axis=-1, epsilon=EPSILON, name=layer
        )

    def attended(self, x, layer):
        *inner, kernel, bias = self.weights(layer)
        pairs = zip(inner[::2], inner[1::2], strict=True)
        query, key, value = (
            self.linear(x, kernel.reshape(WIDTH, -1), bias.ravel()) for kernel, bias in pairs
        )
        query, value = (self._of_heads(one, [0, 2, 1, 3]) for one in (query, value))
        alike = self.node("MatMul", query, self._of_heads(key, [0, 2, 3, 1]))
        alike = self.node("Mul", alike, self.value(DEPTH_OF_HEAD**-0.5))
        told = self.node("MatMul", self.node("Softmax", alike, axis=-1), value)
        told = self.reshaped(self.node("Transpose", told, perm=[0, 2, 1, 3]), (0, -1, WIDTH))
        return self.linear(told, kernel.reshape(WIDTH, -1), bias)

    def _of_heads(self, x, perm):
        shape = (0, -1, HEADS, DEPTH_OF_HEAD)
        return self.node("Transpose", self.reshaped(x, shape), perm=perm)

    def save(self, path, outputs):
        helper, float32 = self.onnx.helper, self.onnx.TensorProto.FLOAT
        image = helper.make_tensor_value_info("image", float32, ["n", SIDE, SIDE, 3])
        scores = helper.make_tensor_value_info("scores", float32, ["n", outputs])
        made = helper.make_graph(self.nodes, "vit", [image], [scores], self.constants)
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 10
        self.onnx.checker.check_model(model)
        self.onnx.save(model, path)
