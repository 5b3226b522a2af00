"""Keras models of any make as functional ones, with the outputs that the tasks know by name.

Sequential, subclassed, with lists of outputs, without fixed size: behind this all are the same.
Layers are shared, so what trains the one trains the other.
"""

import numbers

import keras

from keras_attn.errors import InputError, listing
from keras_attn.models.common import GAZE, image_input_of, in_structure
from keras_attn.networks import heads, inputs, inside
from keras_attn.networks.inputs import first_line
from keras_attn.networks.outputs import ATTENTION, LOGITS, SALIENCY, is_like, outputs_like

SCORES = "class scores (batch, classes)"
MAPS = "maps of one channel (batch, H, W, 1)"


def functional(model, size=None):
    """A model made of inputs and outputs: this one, or one around it.

    size: (H, W) of the images of a model that does not know its input. `InputError` for a model
    that cannot be called on symbolic images, and for one without input or output.
    """
    if isinstance(model, keras.Sequential) and model.built and getattr(model, "inputs", None):
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    if getattr(model, "inputs", None) and getattr(model, "outputs", None):
        return model
    height, width = inputs.image_size(model, size)
    images = keras.Input((height, width, 3), name="image")
    try:
        return keras.Model(images, model(images, training=False), name=model.name)
    except Exception as error:  # models raise whatever they meet
        expected = f"a model that takes images ({height}, {width}, 3) alone, and returns tensors"
        expected += " (size= gives it other sides)"
        raise InputError(f"model {model.name!r}", expected, first_line(error)) from error


def named_for_graphs(model):
    """The functional model under a name that TensorFlow takes; `InputError` for layers without."""
    for path, layer in inside.walk(model):
        if not inputs.SCOPE.fullmatch(layer.name):
            expected = (
                "a name of letters, digits, '.', '_' and '-', since TensorFlow takes no other"
            )
            raise InputError(f"layer {path!r} of model {model.name!r}", expected, repr(layer.name))
    if inputs.ROOT_SCOPE.fullmatch(model.name):
        return model
    return keras.Model(model.input, model.output, name=inputs.as_scope(model.name))


def preprocessed(model, preprocess):
    """A model of RGB pixels in [0, 255], whose image passes through `preprocess` first."""
    if preprocess is None:
        return model
    image = _image_of(model)
    given = _inputsis_like(model)
    try:
        made = _Preprocessing(preprocess, name="preprocess")(given[image.name])
        _check_fits(made.shape, image.shape)
        outputs = _fed(model, {**given, image.name: made})
    except Exception as error:  # whatever a function of the user's raises
        expected = f"a function of TensorFlow tensors {tuple(image.shape)} that fits the model"
        where = f"preprocess {inputs.name_of(preprocess)}"
        raise InputError(where, expected, first_line(error)) from error
    return keras.Model(given if len(given) > 1 else given[image.name], outputs, name=model.name)


def of_size(model, size):
    """A model of images of one size (H, W), where this one leaves a side open."""
    image = image_input_of(model)
    if None not in image.shape[1:3]:
        return model
    given = _inputsis_like(model)
    given[image.name] = keras.Input((*size, image.shape[3]), name=image.name, dtype=image.dtype)
    given_as = given if len(given) > 1 else given[image.name]
    return keras.Model(given_as, _fed(model, given), name=model.name)


def _inputsis_like(model):
    """New inputs by the names of a model's own; images become float32."""
    return {tensor.name: keras.Input(tensor.shape[1:], name=tensor.name) for tensor in model.inputs}


def _fed(model, tensors):
    """What a functional model returns for tensors by the names of its inputs."""
    return model(in_structure(model, tensors))


def _check_fits(shape, wanted):
    """Refuse another shape, which Keras would pass on and fail with later."""
    sides = zip(shape, wanted, strict=len(shape) == len(wanted))
    if len(shape) != len(wanted) or any(a != b for a, b in sides if None not in (a, b)):
        raise ValueError(f"what it returns has shape {tuple(shape)}")


class _Preprocessing(keras.layers.Layer):
    """A function of images in the place of a layer."""

    def __init__(self, function, **kwargs):
        super().__init__(autocast=False, trainable=False, dtype="float32", **kwargs)
        self.function = function

    def call(self, images):
        return inputs.made_by(self.function, images)


def _image_of(model):
    images = [tensor for tensor in model.inputs if tensor.name != GAZE]
    if len(images) != 1 or len(images[0].shape) != 4:
        received = listing([f"{t.name} {tuple(t.shape)}" for t in model.inputs])
        raise InputError("preprocess", "a model with one image as its input", received)
    return images[0]


# --- outputs --------------------------------------------------------------------------------------


def outputs_of(model):
    """The outputs of a functional model by name; one alone has the name ""."""
    output = model.output
    if isinstance(output, dict) and all(hasattr(value, "shape") for value in output.values()):
        return output
    if isinstance(output, (list, tuple)) and all(hasattr(value, "shape") for value in output):
        if len(output) == 1:
            return {"": output[0]}
        names = list(getattr(output, "_fields", model.output_names))
        unique = len(set(names)) == len(names)
        return {
            (n if unique else str(i)): t for i, (n, t) in enumerate(zip(names, output, strict=True))
        }
    if hasattr(output, "shape"):
        return {"": output}
    expected = "one output, a list of outputs or outputs by name; put a model around it that "
    expected += "returns what is to be scored"
    raise InputError(f"model {model.name!r}", expected, _shapes(keras.tree.flatten(output)))


def with_known_outputs(model, output=None):
    """A functional model whose outputs the tasks know: one alone, or `logits`, `saliency`, ...

    output: the name or place of what is scored, of a model with several outputs that may be.
    """
    named = outputs_of(model)
    if output is None and _known(model, named):
        made = {name: _as_known(model, name, tensor) for name, tensor in named.items()}
        if all(made[name] is tensor for name, tensor in named.items()):
            return model
    else:
        name = _chosen(model, named, output)
        kept = {
            n: t for n, t in named.items() if n != name and _is_map(t) and is_like(n, ATTENTION)
        }
        scored = _as_known(model, "", named[name])
        made = {LOGITS if len(scored.shape) == 2 else SALIENCY: scored, **kept}
    outputs = made if len(made) > 1 else next(iter(made.values()))
    return keras.Model(model.input, outputs, name=model.name)


def _as_known(model, name, tensor):
    """An output as the tasks take it; one alone has the name "". Others are left as they are."""
    rank = len(tensor.shape)
    if name in ("", LOGITS) and rank == 2:
        return _of_two(model, tensor)
    if name == LOGITS:
        raise InputError(f"output {name} of model {model.name!r}", SCORES, _shapes([tensor]))
    if name == "" or is_like(name, SALIENCY) or is_like(name, ATTENTION):
        if rank == 3:
            return keras.ops.expand_dims(tensor, -1)
        if not _is_map(tensor):
            what = f"output {name}" if name else "an output"
            expected = f"{MAPS}; of several channels, one alone" if name else f"{SCORES} or {MAPS}"
            raise InputError(f"{what} of model {model.name!r}", expected, _shapes([tensor]))
    return tensor


def _known(model, named):
    if not isinstance(model.output, dict):
        return not isinstance(model.output, (list, tuple))
    return LOGITS in named or bool(outputs_like(model, SALIENCY))


def _chosen(model, named, output):
    """The name of the output that is scored."""
    names = list(named)
    if output is not None:
        if is_place(output) and 0 <= output < len(names):
            return names[output]
        told = list(model.output_names) if names == [""] else names
        if isinstance(output, str) and output in told:
            return names[told.index(output)]
        expected = f"one of the outputs of model {model.name!r}: {listing(map(repr, told))}"
        raise InputError("output", expected, repr(output))
    if len(names) == 1:
        return names[0]
    if LOGITS in named:
        return LOGITS
    saliency = [name for name in names if is_like(name, SALIENCY)]
    if saliency:
        return saliency[-1]
    scores = [name for name in names if len(named[name].shape) == 2]
    maps = [name for name in names if _is_map(named[name]) and not is_like(name, ATTENTION)]
    for found in (scores, maps):
        if len(found) == 1:
            return found[0]
    expected = "output= with the name of what is scored"
    received = f"the outputs {_described(named)}"
    raise InputError(f"model {model.name!r}", expected, received)


def is_place(output):
    """Whether `output=` is a number; True and False are none."""
    return isinstance(output, numbers.Integral) and not isinstance(output, bool)


def _one_unit(tensor):
    return len(getattr(tensor, "shape", ())) == 2 and tensor.shape[-1] == 1


def _of_two(model, tensor):
    """Class scores; a single unit's as those of two classes, against and for it."""
    if not _one_unit(tensor):
        return tensor
    head = heads.head_of(keras.Model(model.input, tensor))
    if inside.gives_logits(head) or inside.squashes(head):
        return heads.OfTwo(head, name="of_two")(tensor)
    expected = (
        "one unit that is a linear Dense layer or ends in a sigmoid of Keras, or a score for each "
        "class"
    )
    made_by = "a layer that does not show" if head is None else type(head).__name__
    received = f"one unit of {made_by}"
    raise InputError(f"model {model.name!r}", expected, received)


def _is_map(tensor):
    return len(tensor.shape) in (4, 5) and tensor.shape[-1] == 1


def _described(named):
    return listing([f"{name!r} {tuple(tensor.shape)}" for name, tensor in named.items()])


def _shapes(tensors):
    return listing([f"shape {tuple(getattr(tensor, 'shape', ()))}" for tensor in tensors])
