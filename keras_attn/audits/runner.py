"""Running a Keras model of any make on pictures: sized, preprocessed, fed in its own structure."""

from contextlib import contextmanager

import tensorflow as tf

from keras_attn.errors import InputError
from keras_attn.networks import expectations, heads, inside
from keras_attn.networks.inputs import image_size, preprocessed
from keras_attn.networks.maps import probing
from keras_attn.resizing import resized


class Runner:
    """A Keras model with one image input, and what is done to pictures before it.

    size: (H, W) of the input, where the model leaves it open. preprocess: a function of float32
    RGB images in [0, 255], or None; `own` is what the model brings for that and does not call.
    """

    def __init__(self, model, size=None, preprocess=None):
        self.model, self.preprocess, self.eagerly = model, preprocess, False
        self.own = expectations.preprocessor_of(model)
        self.size = image_size(model, size, self.own)

    @property
    def changes(self):
        """Whether the model gets anything but pixels."""
        return self.preprocess is not None or self.own is not None

    def resized(self, pictures):
        """Pictures `(H, W, 3)` of any size as one float32 array at the size of the input."""
        return resized(pictures, self.size)

    def prepared(self, batch):
        """Pixels `(n, H, W, 3)`, an array or a tensor, as what the model gets."""
        if self.preprocess is not None:
            return preprocessed(self.preprocess, batch)
        return expectations.preprocessed(self.own, tf.convert_to_tensor(batch))

    def __call__(self, inputs, training=False):
        """What the model returns; one that takes its images by name is given them so."""
        structure = getattr(self.model, "input", None) if self.model.built else None
        if isinstance(structure, dict):
            inputs = dict.fromkeys(structure, inputs)
        elif isinstance(structure, (list, tuple)):
            inputs = [inputs]
        with _functions(self.eagerly):
            return self.model(inputs, training=training)

    def dry_run(self, every):
        """A `Trace` of how the model runs on two textures, and what it returns for them.

        every: its layers by path. From then on it is known whether it takes numbers with fractions,
        `smooth`, and whether it answers `by_chance`.
        """
        pictures = self.prepared(self.resized(list(probing.textures(self.size))))
        dtypes = [tensor.dtype for tensor in getattr(self.model, "inputs", None) or ()]
        # Keras casts images to the type of the input, and whole numbers have no gradient.
        self.smooth = pictures.dtype.is_floating and all("float" in dtype for dtype in dtypes)
        for self.eagerly in (False, True):
            trace = inside.Trace(every)
            with trace.recording():
                try:
                    result = self(pictures)
                except Exception as error:  # whatever a foreign model raises on its input
                    expected = f"a model that takes {tuple(pictures.shape)}"
                    raise InputError(f"model {self.model.name!r}", expected, error) from error
            self.by_chance = heads.differ(result, self(pictures))
            # Layers within a tf.function show nothing of themselves, unless it runs eagerly.
            if trace.ran:
                break
        return trace, result


@contextmanager
def _functions(eagerly):
    """Within this, a `tf.function` runs as any other, or as before."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(eagerly or before)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)
