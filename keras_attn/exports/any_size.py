"""Networks traced for images of any size, with the numbers that Keras gives for each of them.

Some layers ask for the size in Python, which a graph of any size cannot tell them: they fail, or
decide for all sizes alike. Keras' own are replaced while a network is traced; what others come to
is found out here.
"""

import re

import keras
import numpy as np
import tensorflow as tf
from keras.preprocessing.image import smart_resize

from keras_attn.errors import InputError, listing
from keras_attn.networks.inside import replaced, walk

SIZES = ((64, 96), (45, 37))
"""(H, W) of the images on which a graph is compared with the network itself."""
TOLERANCE = 0.05
"""How far both may be apart, relative to the largest value: more than half precision rounds."""
IN_PYTHON = ("PyFunc", "EagerPyFunc", "PyFuncStateless")
"""Operations that call back into the process that made the graph, so that no other can run it."""


def called(model, inputs):
    """What a model returns; where it is being traced, for inputs of any size.

    Raises `InputError`, which names the layer, for a model that cannot be traced.
    """
    if tf.executing_eagerly():
        return model(inputs, training=False)
    with replaced(dict(walk(model)), _for_any_size):
        try:
            return model(inputs, training=False)
        except Exception as error:  # layers raise whatever they meet
            layer = _failing(model, inputs)
            raise refused(model, reason(error), layer) from error


def check_graph(model, graph):
    """Refuse a `tf.Graph` of a model that can run in no process but this one."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
    if found := sorted({node.op for node in nodes} & set(IN_PYTHON)):
        raise bound(model, f"operations that call Python ({listing(found)})")


def check_numbers(model, eagerly, traced, specs):
    """Refuse a graph that returns other numbers than the network, which layers may cause unnoticed.

    eagerly: a function of a dict of inputs, which calls the network. traced: the `tf.function` of
    the same inputs in order. specs: the inputs' `tf.TensorSpec`s, all images. Sizes that the
    network itself does not take prove nothing, nor does one that never returns the same twice.
    """
    rng = np.random.default_rng(0)
    for size in SIZES:
        shapes = [(1, *size, spec.shape[-1]) for spec in specs]
        inputs = {
            spec.name: tf.constant(rng.uniform(0, 255, shape), tf.float32)
            for spec, shape in zip(specs, shapes, strict=True)
        }
        _check_alike(model, size, eagerly, traced, inputs)


def _check_alike(model, size, eagerly, traced, inputs):
    try:
        wanted, again = eagerly(inputs), eagerly(inputs)
    except Exception:  # this network does not take this size, which exported it does not either
        return
    where = "{}×{} pixels".format(*size)
    try:
        found = traced(*inputs.values())
    except Exception as error:
        raise refused(model, f"{reason(error)} at {where}") from error
    for name, value in wanted.items():
        if _alike(value, again[name]) and not _alike(found[name], value):
            raise refused(model, f"other numbers than Keras gives in {name} at {where}")


def _alike(value, wanted):
    if value.shape != wanted.shape:
        return False
    value, wanted = np.asarray(value, np.float64), np.asarray(wanted, np.float64)
    largest = max(1e-6, np.abs(wanted[np.isfinite(wanted)]).max(initial=0))
    return np.allclose(value, wanted, rtol=0, atol=TOLERANCE * largest, equal_nan=True)


def refused(model, received, layer=None):
    """The error for a model that cannot be exported: what was met, and in which layer if known."""
    where = f"model {model.name!r}"
    expected = "layers that TensorFlow can run as a graph"
    if any(None in tensor.shape[1:3] for tensor in model.inputs if len(tensor.shape) == 4):
        expected += " for images of any size; build it for one, with keras.Input((H, W, 3))"
    return InputError(where if layer is None else f"layer {layer!r} of {where}", expected, received)


def bound(model, received):
    """The error for a model that hangs on what is in this process alone."""
    expected = "a network that runs without the Python that made it"
    return InputError(f"model {model.name!r}", expected, received)


def reason(error):
    """The first sentence of an error that says something, without a terminal's colours."""
    text = re.sub(r"\x1b\[\d*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Exception encountered when calling")]
    kind = type(error).__name__
    return f"{kind}: {said[0].split('. ')[0]}".rstrip(".:") if said else kind


def _failing(model, inputs):
    """The path of the innermost layer in which the model fails again, or None."""
    entered = []

    def noting(path, layer):
        usual = layer.call

        def call(*args, **kwargs):
            entered.append(path)
            result = usual(*args, **kwargs)
            entered.pop()
            return result

        return call

    with replaced(dict(walk(model)), noting):
        try:
            model(inputs, training=False)
        except Exception:  # the one that is being told of
            return entered[-1] if entered else None
    return None


def _for_any_size(path, layer):
    """What a layer of Keras computes, by operations that take any size; None where it does."""
    usual = layer.call
    kind = keras.layers.UpSampling2D
    # Whoever has written another `call` knows better what it computes.
    if isinstance(layer, kind) and getattr(usual, "__func__", None) is kind.call:
        dynamic = None if layer.interpolation == "nearest" else _upsampling(layer)
    else:
        dynamic = _centre_crop(layer) if type(layer) is keras.layers.CenterCrop else None

    def call(maps, *args, **kwargs):
        if None not in maps.shape[1:]:
            return usual(maps, *args, **kwargs)
        made = dynamic(maps, *args, **kwargs)
        made.set_shape(layer.compute_output_shape(tuple(maps.shape)))
        return made

    return dynamic and call


def _upsampling(layer):
    first = layer.data_format == "channels_first"

    def call(maps):
        maps = tf.transpose(maps, (0, 2, 3, 1)) if first else maps
        size = tf.shape(maps)[1:3] * tf.constant(layer.size)
        maps = tf.image.resize(maps, size, method=layer.interpolation)
        return tf.transpose(maps, (0, 3, 1, 2)) if first else maps

    return call


def _centre_crop(layer):
    """An image smaller than the crop is resized, which Keras decides for all at once in a graph."""
    usual, form = layer.call, layer.data_format
    size = (layer.height, layer.width)

    def call(maps, *args, **kwargs):
        sides = tf.shape(maps)[2:4] if form == "channels_first" else tf.shape(maps)[1:3]
        return tf.cond(
            tf.reduce_all(sides >= tf.constant(size)),
            lambda: usual(maps, *args, **kwargs),
            lambda: smart_resize(maps, size, data_format=form),
        )

    return call
