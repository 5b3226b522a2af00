"""Attention maps of an ONNX file: of its inner nodes by name, and of its decision.

So that of any framework that exports one; docs/attributions.md has the way from PyTorch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keras_attn.audits import PREDICTED, black_box
from keras_attn.audits.kinds import activation
from keras_attn.errors import listing
from keras_attn.loading.onnx_file import RANGES, OnnxFile
from keras_attn.networks import expectations
from keras_attn.networks.inputs import fitting_size, preprocessed
from keras_attn.networks.maps import probing
from keras_attn.networks.maps.choice import INPUT
from keras_attn.networks.maps.features import Laid, Tensors, on_grid
from keras_attn.resizing import resized


class OnnxMaps(Laid):
    """Maps of an ONNX file with one image input, channels first or last.

    Layers are the outputs of its nodes. Kinds are "activation", and "map" for one channel, and
    those that need class scores alone. Arguments as for `KerasMaps`. Without a preprocess, what
    the file's metadata say of its pixels is done.
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
        self.file = OnnxFile(self.path)
        self.told = {} if preprocess else self.file.told
        self.size = fitting_size(size, self.file.sides, self.path)
        of_layers, others = black_box.parted(kinds)
        self.layouts, self.layers, self.expectation = {}, [], ""
        if of_layers:
            self._find_maps(layers)
        self.explained = self._explained(output, others, explain)

    def _find_maps(self, layers):
        outputs = self.file.floats
        found = self.file.run(outputs, self._input(list(probing.textures(self.size))))
        shapes = {name: values.shape for name, values in found.items()}
        tensors = Tensors(
            shapes, self.size, known={}, first=(), unusual=set(), answers=self._answers
        )
        self.layouts, self.layers = tensors.chosen(layers, [INPUT] * bool(self._changes))
        self.expectation = self._told_of(found)

    @property
    def _changes(self):
        return self.preprocess is not None or self.told

    def _told_of(self, found):
        """A sentence on what reaches the first kernel, or ""."""
        if self._changes:
            return ""
        kernel = self.file.first_kernel
        values = found.get(kernel.input[0]) if kernel else None
        if kernel and values is None:
            values = self._input(list(probing.textures(self.size)))
        if values is None:
            return ""
        return expectations.told_of_input(
            kernel.name or kernel.output[0], float(values.min()), float(values.max()), found
        )

    def _explained(self, output, kinds, explain):
        if not kinds:
            black_box.refuse_unheard(output, explain)
            return None
        ranks = {name: self.file.rank(name) for name in self.file.outputs}
        scores = [name for name, rank in ranks.items() if rank == 2]
        name = self.file.before_softmax(black_box.score_output(self.path, scores, output))
        box = black_box.BlackBox(
            str(self.path), lambda pixels: self.file.run([name], self._of_pixels(pixels))[name]
        )
        return black_box.Explained(box, kinds, explain)

    def _answers(self, names):
        inner = [name for name in names if name != INPUT]

        def run(pictures):
            inputs = self._input(list(pictures))
            return self.file.run(inner, inputs) | {INPUT: inputs}

        return run

    def _input(self, images):
        return self._of_pixels(resized(images, self.size))

    def _of_pixels(self, batch):
        """Float32 pixels `(n, H, W, 3)` in [0, 255] as the file gets them, channels last."""
        if self.preprocess is not None:
            return np.asarray(preprocessed(self.preprocess, batch), np.float32)
        if self.told.get("order") == "Bgr8":
            batch = batch[..., ::-1]
        return RANGES[self.told.get("range", "NominalRange_0_255")](batch)

    @property
    def decided(self):
        """What is asked for the scores of changed pictures, None where no decision is explained."""
        return self.explained.decided(self.size, self) if self.explained else None

    def describe(self):
        """Which file, on which input, and which class is explained."""
        text = f"ONNX file {self.path}, input {self.size[0]}×{self.size[1]}"
        if self.preprocess:
            text += f", preprocessed by {getattr(self.preprocess, '__name__', 'a function')}"
        elif self.told:
            text += f", pixels as its metadata say ({listing(self.told.values())})"
        return text + (self.explained.told if self.explained else "")

    def __call__(self, images, examples):
        """Maps of a list of images."""
        batch = resized(images, self.size)
        values = self.file.run(self.layers, self._of_pixels(batch)) if self.layers else {}
        grids = {
            name: on_grid(self.layouts[name], v, f"layer {name!r}") for name, v in values.items()
        }
        maps = {key: list(value.numpy()) for key, value in activation.of_features(grids).items()}
        if self.explained:
            maps |= self.explained.maps(batch, examples)
        return maps
