"""SavedModels as Keras models of their default signature, fed and scored like any network.

Loading a SavedModel runs what it contains, like any program: load only models you trust.
"""

import json
from pathlib import Path

import keras
import tensorflow as tf

from keras_attn import configs, tasks
from keras_attn.errors import InputError, listing
from keras_attn.networks.inputs import as_scope

SIGNATURES = ("serving_default", "serve")
ABOUT = "config.json"
"""What an export of this package says of itself, among its assets."""


def load_export(path):
    """The network of a SavedModel that `api.export` wrote.

    Its images have the size that the network has inside, so that nothing is resized there. It
    knows its configuration as a trained model does. `InputError` for any other SavedModel.
    """
    config, size, data = _about(path)
    model = load(path, size, expected="a SavedModel that keras_attn exported")
    return model if config is None else tasks.tag(model, config, data)


def load(path, size=None, expected="a SavedModel"):
    """A `keras.Model` of the default signature of a SavedModel; its outputs by name.

    size: (H, W) of images of any size. Raises `InputError` for what cannot be loaded, and where the
    signature has no default.
    """
    try:
        module = tf.saved_model.load(str(path))
        layer = Signature(path, module)
    except InputError:
        raise
    except Exception as error:  # the loader raises whatever the file's bytes lead it to
        received = f"a folder that cannot be loaded ({error})"
        raise InputError(path, expected, received) from error
    numbers = layer.compute_output_spec(None)
    if not numbers or any(spec.dtype == tf.string for spec in layer.specs):
        expected = "a signature of images that returns numbers"
        received = f"{listing(layer.signature.structured_outputs)} of {listing(layer.specs)}"
        raise InputError(path, expected, received)
    for spec in layer.specs:
        check_batch(path, spec)
    inputs = {
        spec.name: keras.Input(_shape(spec, size), name=spec.name, dtype="float32")
        for spec in layer.specs
    }
    return keras.Model(inputs, layer(inputs), name=as_scope(Path(path).resolve().name))


def _about(path):
    """The configuration of an export, the (H, W) of its images and its data; each may be None."""
    file = path / "assets" / ABOUT
    expected = f"a SavedModel that keras_attn exported, with assets/{ABOUT}"
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        config, size, data = told["config"], told["size"], told.get("data")
    except (OSError, ValueError, KeyError, TypeError) as error:
        received = "none" if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        raise InputError(path, expected, received) from error
    return None if config is None else configs.from_dict(config, file), size, data


def _shape(spec, size):
    """The shape of an input without the batch, of images at `size` (H, W) if that is fixed."""
    shape = tuple(spec.shape[1:])
    return shape if len(shape) == 4 or size is None else (*size, shape[-1])


class Signature(keras.layers.Layer):
    """The default signature of a SavedModel as a layer on a dict of float32 inputs.

    It returns what are numbers, by name; names of classes are none. Pixels are rounded where the
    signature takes whole numbers.
    """

    def __init__(self, path, module):
        super().__init__(trainable=False, dtype="float32", name="signature")
        found = [name for name in SIGNATURES if name in module.signatures]
        if not found:
            received = listing(sorted(module.signatures)) if module.signatures else "none"
            raise InputError(path, f"a signature {' or '.join(SIGNATURES)}", received)
        # The module holds the variables that the signature alone would not keep alive.
        self.module, self.signature = module, module.signatures[found[0]]
        self.specs = list(self.signature.structured_input_signature[1].values())

    def call(self, inputs):
        """Return the outputs by name."""
        given = {spec.name: as_type(inputs[spec.name], spec.dtype) for spec in self.specs}
        outputs = self.signature(**given)
        return {name: value for name, value in outputs.items() if value.dtype != tf.string}

    def compute_output_spec(self, inputs):
        """What the signature says of its outputs."""
        outputs = self.signature.structured_outputs
        return {
            name: keras.KerasTensor(tuple(spec.shape), spec.dtype.name)
            for name, spec in outputs.items()
            if spec.dtype != tf.string
        }


def check_batch(path, spec):
    """Refuse an input of a `tf.TensorSpec` that takes one number of images alone."""
    if spec.shape.rank and spec.shape[0] is not None:
        shape = tuple(spec.shape)
        raise InputError(path, "a signature of any number of images", f"{spec.name} {shape}")


def as_type(values, dtype):
    """Pixels in the type that a signature takes; for whole numbers they are rounded."""
    if not dtype.is_integer:
        return tf.cast(values, dtype)
    return tf.cast(tf.round(tf.clip_by_value(values, dtype.min, dtype.max)), dtype)
