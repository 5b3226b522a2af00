"""Exports read back as Keras models, which are fed and scored like the networks they are of.

Loading a SavedModel runs what it contains, like any program: load only models you trust.
"""

import json
from pathlib import Path

import keras
import tensorflow as tf

from keras_attn import configs, tasks
from keras_attn.errors import InputError

SIGNATURE = "serving_default"
ABOUT = "config.json"
"""What an export says of itself, among its assets."""


def load(path):
    """The network of a SavedModel that `api.export` wrote, as a `keras.Model` of its signature.

    Its images have the size that the network has inside, so that nothing is resized there. It
    knows its configuration as a trained model does. `InputError` for any other SavedModel.
    """
    path = Path(path).expanduser()
    config, size = _about(path)
    try:
        module = tf.saved_model.load(str(path))
        layer = _Export(module)
    except Exception as error:  # the loader raises whatever the file's bytes lead it to
        expected = "a SavedModel that keras_attn exported"
        raise InputError(path, expected, f"a folder that cannot be loaded ({error})") from error
    inputs = {
        spec.name: keras.Input(_shape(spec, size), name=spec.name, dtype=spec.dtype.name)
        for spec in layer.specs
    }
    model = keras.Model(inputs, layer(inputs), name=path.resolve().name)
    return model if config is None else tasks.tag(model, config)


def _about(path):
    """The configuration of an export and the (H, W) of its images; each may be None."""
    file = path / "assets" / ABOUT
    expected = f"a SavedModel that keras_attn exported, with assets/{ABOUT}"
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        config, size = told["config"], told["size"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        received = "none" if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        raise InputError(path, expected, received) from error
    return None if config is None else configs.from_dict(config, file), size


def _shape(spec, size):
    """The shape of an input without the batch, of images at `size` (H, W) if that is fixed."""
    shape = tuple(spec.shape[1:])
    return shape if len(shape) == 4 or size is None else (*size, shape[-1])


class _Export(keras.layers.Layer):
    """The default signature of an export as a layer on a dict of inputs, all float32.

    It returns what are numbers, by name; names of classes are none.
    """

    def __init__(self, module):
        super().__init__(trainable=False, dtype="float32", name="export")
        # The module holds the variables that the signature alone would not keep alive.
        self.module, self.signature = module, module.signatures[SIGNATURE]
        self.specs = list(self.signature.structured_input_signature[1].values())

    def call(self, inputs):
        """Return the outputs by name."""
        outputs = self.signature(**inputs)
        return {name: value for name, value in outputs.items() if value.dtype != tf.string}

    def compute_output_spec(self, inputs):
        """What the signature says of its outputs."""
        outputs = self.signature.structured_outputs
        return {
            name: keras.KerasTensor(tuple(spec.shape), spec.dtype.name)
            for name, spec in outputs.items()
            if spec.dtype != tf.string
        }
