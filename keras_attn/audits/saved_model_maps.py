"""Attention maps of a SavedModel: of its named outputs, and of its layers, found by their scopes.

Loading a SavedModel runs what it contains, like any program: audit only models you trust.
"""

import re
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from keras_attn.audits import PREDICTED, black_box
from keras_attn.audits.kinds import activation
from keras_attn.errors import InputError, listing
from keras_attn.loading.signature import SIGNATURES, as_type, check_batch
from keras_attn.networks import expectations
from keras_attn.networks.inputs import fitting_size, preprocessed
from keras_attn.networks.maps import probing
from keras_attn.networks.maps.choice import INPUT
from keras_attn.networks.maps.features import Laid, Tensors, on_grid, to_numpy
from keras_attn.resizing import resized

KERNELS = ("Conv2D", "DepthwiseConv2dNative", "MatMul", "Einsum")
"""Operations of layers with a kernel."""


class SavedModelMaps(Laid):
    """Maps of the serving signature of a SavedModel with one image input, channels last.

    Kinds are "activation", and "map" for one channel, and those that need class scores alone; a
    decision's gradient needs the Keras model itself. Arguments as for `KerasMaps`.
    """

    def __init__(
        self,
        path,
        layers=(),
        kinds=None,
        size=None,
        preprocess=None,
        output=None,
        explain=PREDICTED,
    ):
        self.path, self.preprocess = Path(path), preprocess
        of_layers, others = black_box.parted(kinds)
        loaded = _loaded(self.path)  # holds the variables until they are frozen
        signature = _signature(self.path, loaded.signatures)
        self.input = _image_input(self.path, signature)
        self.size = fitting_size(size, tuple(self.input.shape[1:3]), self.path)
        # Frozen, the inner functions are inlined, and every layer is a scope of one flat graph.
        self.frozen = convert_variables_to_constants_v2(signature)
        outputs = _named_outputs(signature, self.frozen)
        self.tensors = _layer_tensors(self.frozen.graph) | outputs
        known = {tensor.name for tensor in outputs.values()}
        # By default, no layer is shown a second time under its name as an output.
        twice = {k for k, t in self.tensors.items() if k not in outputs and t.name in known}
        tensors = Tensors(
            self._shapes(), self.size, known={}, first=(), unusual=twice, answers=self._answers
        )
        needs = [INPUT] * (preprocess is not None)
        self.layouts, self.layers = tensors.chosen(layers, needs) if of_layers else ({}, [])
        self.function = self._function(self.layers)
        self.expectation = self._expectation()
        self.explained = self._explained(signature, output, others, explain)

    def _explained(self, signature, output, kinds, explain):
        """What explains the decision, None where no kind does."""
        if not kinds:
            black_box.refuse_unheard(output, explain)
            return None
        tensors = dict(zip(sorted(signature.structured_outputs), self.frozen.outputs, strict=True))
        scores = {name: one for name, one in tensors.items() if one.shape.rank == 2}
        tensor = _source(scores[black_box.score_output(self.path, [*scores], output)])
        if tensor.op.type == "Softmax":  # whose input has the scores
            tensor = _source(tensor.op.inputs[0])
        function = self.frozen.prune(self.frozen.inputs, [tensor])
        box = black_box.BlackBox(str(self.path), lambda pixels: function(self._input(pixels))[0])
        return black_box.Explained(box, kinds, explain)

    def _function(self, names):
        return self.frozen.prune(self.frozen.inputs, [self.tensors[name] for name in names])

    def _shapes(self):
        """Shapes of the tensors for two textures, by name."""
        with self.frozen.graph.as_default():
            asked = {name: tf.shape(tensor) for name, tensor in self.tensors.items()}
        shapes = self.frozen.prune(self.frozen.inputs, list(asked.values()))
        values = shapes(self._input(list(probing.textures(self.size))))
        return {name: tuple(map(int, shape)) for name, shape in zip(asked, values, strict=True)}

    def _answers(self, names):
        inner = [name for name in names if name != INPUT]
        function = self._function(inner)

        def run(pictures):
            inputs = self._input(list(pictures))
            named = dict(zip(inner, function(inputs), strict=True)) | {INPUT: inputs}
            return {name: to_numpy(named[name]) for name in names}

        return run

    def _input(self, images):
        batch = resized(images, self.size)
        batch = preprocessed(self.preprocess, batch) if self.preprocess else batch
        return as_type(batch, self.input.dtype)

    def _expectation(self):
        """A sentence on what reaches the first kernel of the graph, or ""."""
        kernels = [op for op in self.frozen.graph.get_operations() if op.type in KERNELS]
        if self.preprocess or not kernels:
            return ""
        first = self.frozen.prune(self.frozen.inputs, [kernels[0].inputs[0]])
        (values,) = first(self._input(list(probing.textures(self.size))))
        values = to_numpy(values)
        return expectations.told_of_input(
            kernels[0].name, float(np.min(values)), float(np.max(values)), self.tensors
        )

    @property
    def decided(self):
        """What is asked for the scores of changed pictures, None where no decision is explained."""
        return self.explained.decided(self.size, self) if self.explained else None

    def describe(self):
        """Which file, on which input, and which class is explained."""
        explained = self.explained.told if self.explained else ""
        return f"SavedModel {self.path}, input {self.size[0]}×{self.size[1]}{explained}"

    def __call__(self, images, examples):
        """Maps of a list of images."""
        values = self.function(self._input(images))
        named = zip(self.layers, values, strict=True)
        grids = {name: on_grid(self.layouts[name], v, f"layer {name!r}") for name, v in named}
        maps = {key: list(value.numpy()) for key, value in activation.of_features(grids).items()}
        if self.explained:
            maps |= self.explained.maps(resized(images, self.size), examples)
        return maps


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
    raise InputError(path, f"a signature {' or '.join(SIGNATURES)}", listing(sorted(signatures)))


def _image_input(path, signature):
    inputs = list(signature.structured_input_signature[1].values())
    shape = inputs[0].shape if len(inputs) == 1 else None
    if shape is None or shape.rank != 4 or shape[-1] != 3:
        received = [f"{spec.name} {spec.shape}" for spec in inputs]
        raise InputError(path, "one image input of shape (batch, H, W, 3)", received)
    check_batch(path, inputs[0])
    return inputs[0]


def _may_be_map(tensor):
    shape = tensor.shape
    return tensor.dtype.is_floating and shape.rank in (3, 4) and shape[0] is None


def _layer_tensors(graph):
    """The last feature map within each scope, by the names of the layers that opened it.

    The first scope is that of the model, unless nothing lies deeper.
    """
    tensors = _within_scopes(graph, 1) or _within_scopes(graph, 0)
    names = _names(tensors)
    return {names[path]: tensor for path, tensor in tensors.items()}


def _within_scopes(graph, skipped):
    last = {}
    for operation in graph.get_operations():
        if operation.type not in ("Pad", "Identity") and any(map(_may_be_map, operation.outputs)):
            scopes = [s for s in operation.name.split("/")[:-1] if "PartitionedCall" not in s]
            for depth in range(skipped + 1, len(scopes) + 1):
                path = tuple(scopes[skipped:depth])
                last.pop(path, None)  # so that it stands where it ends
                last[path] = operation.outputs[0]
    return last


def _names(paths):
    """Layer names of scopes.

    Keras 3 opens every scope a second time on export, with a number behind the layer's name, as
    the first one is the model's own. Other exporters do not: what they number is a name.
    """
    shortened = {path: tuple(re.sub(r"_\d+$", "", scope) for scope in path) for path in paths}
    numbered = all(re.search(r"_\d+$", path[0]) for path in paths)
    if not numbered or len(set(shortened.values())) < len(shortened):
        shortened = {path: path for path in paths}
    return {path: "/".join(scopes) for path, scopes in shortened.items()}


def _named_outputs(signature, frozen):
    # A signature keeps its outputs in any order; the graph's are flattened by sorted name.
    named = zip(sorted(signature.structured_outputs), frozen.outputs, strict=True)
    return {name: _source(tensor) for name, tensor in named if _may_be_map(tensor)}


def _source(tensor):
    """The tensor that an identity passes on."""
    return _source(tensor.op.inputs[0]) if tensor.op.type == "Identity" else tensor
