"""Attention maps of a SavedModel: of its named outputs, and of its layers, found by their scopes.

Loading a SavedModel runs what it contains, like any program: audit only models you trust.
"""

import re
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from keras_attn.agreement.keras_maps import activation_maps
from keras_attn.agreement.sources import DEFAULT_SIZE, chosen_layers, resized, size_of
from keras_attn.errors import InputError

SIGNATURES = ("serving_default", "serve")


class SavedModelMaps:
    """Maps of the serving signature of a SavedModel with one image input, channels last.

    Kinds are "activation", and "map" for one channel; a decision's gradient needs the Keras
    model itself. Arguments as for `KerasMaps`.
    """

    def __init__(self, path, layers=(), kinds=None, size=None, preprocess=None):
        self.path, self.preprocess = Path(path), preprocess
        if set(kinds or ()) - {"activation"}:
            received = f"kinds {tuple(kinds)}"
            raise InputError(self.path, "kind 'activation' (others need a .keras model)", received)
        loaded = _loaded(self.path)  # holds the variables until they are frozen
        signature = _signature(self.path, loaded.signatures)
        self.input = _image_input(self.path, signature)
        self.size = self._size(size)
        # Frozen, the inner functions are inlined, and every layer is a scope of one flat graph.
        frozen = convert_variables_to_constants_v2(signature)
        outputs = _named_outputs(signature, frozen)
        tensors = _layer_tensors(frozen.graph) | outputs
        if not layers:  # by default, show no layer a second time under its name as an output
            known = {tensor.name for tensor in outputs.values()}
            tensors = {k: t for k, t in tensors.items() if k in outputs or t.name not in known}
        shapes = {name: tuple(tensor.shape.as_list()) for name, tensor in tensors.items()}
        self.layers = chosen_layers(layers, shapes)
        self.function = frozen.prune(frozen.inputs, [tensors[name] for name in self.layers])

    def _size(self, size):
        own, wanted = tuple(self.input.shape[1:3]), size_of(size or DEFAULT_SIZE)
        if size and any(side not in (None, w) for side, w in zip(own, wanted, strict=True)):
            raise InputError("size", f"{own}, which {self.path} wants", wanted)
        return tuple(side or w for side, w in zip(own, wanted, strict=True))

    def __call__(self, images, examples):
        """Maps of a list of images."""
        batch = resized(images, self.size)
        batch = self.preprocess(batch) if self.preprocess else batch
        values = self.function(tf.cast(batch, self.input.dtype))
        maps = activation_maps(dict(zip(self.layers, values, strict=True)))
        return {key: list(value.numpy()) for key, value in maps.items()}


def _loaded(path):
    try:
        return tf.saved_model.load(str(path))
    except Exception as error:  # the loader raises whatever the file's bytes lead it to
        raise InputError(
            path, "a SavedModel", f"a folder that cannot be loaded ({error})"
        ) from error


def _signature(path, signatures):
    for name in SIGNATURES:
        if name in signatures:
            return signatures[name]
    raise InputError(path, f"a signature {' or '.join(SIGNATURES)}", sorted(signatures) or "none")


def _image_input(path, signature):
    inputs = list(signature.structured_input_signature[1].values())
    shape = inputs[0].shape if len(inputs) == 1 else None
    if shape is None or shape.rank != 4 or shape[-1] != 3:
        received = [f"{spec.name} {spec.shape}" for spec in inputs]
        raise InputError(path, "one image input of shape (batch, H, W, 3)", received)
    return inputs[0]


def _is_map(tensor):
    shape = tensor.shape
    return shape.rank == 4 and shape[0] is None and all(side != 1 for side in shape[1:3])


def _layer_tensors(graph):
    """The last feature map within each scope, by the names of the layers that opened it."""
    tensors = {}
    for operation in graph.get_operations():
        if operation.type in ("Pad", "Identity") or not any(
            _is_map(output) for output in operation.outputs
        ):
            continue
        scopes = [s for s in operation.name.split("/")[:-1] if "PartitionedCall" not in s]
        # Keras opens each scope once more on export, with a number behind the layer's name;
        # the first one is the model's own.
        names = [re.sub(r"_\d+$", "", scope) for scope in scopes[1:]]
        for depth in range(1, len(names) + 1):
            path = "/".join(names[:depth])
            tensors.pop(path, None)
            tensors[path] = operation.outputs[0]
    return tensors


def _named_outputs(signature, frozen):
    # A signature keeps its outputs in any order; the graph's are flattened by sorted name.
    named = zip(sorted(signature.structured_outputs), frozen.outputs, strict=True)
    return {name: _source(tensor) for name, tensor in named if _is_map(tensor)}


def _source(tensor):
    """The tensor that an identity passes on."""
    return _source(tensor.op.inputs[0]) if tensor.op.type == "Identity" else tensor
