"""What a network is given: images of which size, and what a user's function makes of them first."""

import re

import keras
import tensorflow as tf

from keras_attn.errors import InputError, listing
from keras_attn.models.common import GAZE
from keras_attn.networks import expectations, inside
from keras_attn.resizing import size_of

DEFAULT_SIZE = (224, 224)
"""(H, W) of the images of a network that leaves it open."""
SCOPE = re.compile(r"[A-Za-z0-9_.\\/>-]*")
ROOT_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
"""Names that TensorFlow takes in a graph, for a layer within a model and for a model."""


def as_scope(name):
    """A name that TensorFlow takes for a model, as near to this one as can be."""
    made = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    return made if ROOT_SCOPE.fullmatch(made) else f"model{made}"


def image_size(model, size=None, own=None, gaze=False):
    """The (H, W) of the images of a model with one image input.

    size: what the user has named, for sides that the model leaves open. own: what the model brings
    to preprocess with. gaze: whether a second input of that name may be there. `InputError` for
    other inputs, and for a size that the model does not take.
    """
    inputs = getattr(model, "inputs", None)
    if not inputs:
        return size_of(size or expectations.size_of(own) or inside.built_for(model) or DEFAULT_SIZE)
    where = f"model {model.name!r}"
    shapes = [tuple(tensor.shape) for tensor in inputs if not gaze or tensor.name != GAZE]
    if len(shapes) != 1:
        received = f"{len(shapes)} inputs: {listing(shapes)}"
        raise InputError(where, "one image input", received)
    (shape,) = shapes
    if len(shape) != 4 or shape[-1] != 3:
        received = f"input shape {shape}"
        if len(shape) == 4 and shape[1] == 3:
            received += "; put keras.layers.Permute((3, 1, 2)) before it, in a model around it"
        raise InputError(where, "one image input of shape (batch, H, W, 3)", received)
    sides = shape[1:3]
    if size is None and None in sides:
        size = expectations.size_of(own)
    return fitting_size(size, sides, where)


def fitting_size(size, own, what):
    """The input size (H, W): the sides that `own` fixes, the others from `size`."""
    if size is not None:
        size = size_of(size)
        if any(side not in (None, wanted) for side, wanted in zip(own, size, strict=True)):
            raise InputError("size", f"{own}, which {what} wants", size)
    return tuple(a or b for a, b in zip(own, size or DEFAULT_SIZE, strict=True))


def preprocessed(function, images):
    """Images `(n, H, W, 3)` as the user's `preprocess` returns them; of a tuple the first.

    Raises `InputError` for what is no function of images.
    """
    expected = f"a function of images {tuple(images.shape)} that returns images"
    try:
        made = tf.convert_to_tensor(made_by(function, images))
    except Exception as error:  # whatever a function of the user's raises
        raise InputError(f"preprocess {name_of(function)}", expected, first_line(error)) from error
    if not made.dtype.is_floating and not made.dtype.is_integer:
        raise InputError(f"preprocess {name_of(function)}", expected, f"type {made.dtype.name}")
    return made


def made_by(function, images):
    """What a function makes of images, of a tuple the first.

    Layers and models of Keras run as in use, not as in training.
    """
    options = {"training": False} if isinstance(function, keras.Layer) else {}
    made = function(images, **options)
    return made[0] if isinstance(made, (tuple, list)) else made


def name_of(function):
    """What a function, a layer or a `functools.partial` is called in a message."""
    return getattr(function, "__name__", type(function).__name__)


def first_line(error):
    """What an error says first, or what it says that its cause was."""
    text = re.sub(r"\x1b\[\d*m", "", str(error)).rpartition("Error encountered:")[2]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Exception encountered")]
    return f"{type(error).__name__}: {(said or lines or [''])[0]}"
