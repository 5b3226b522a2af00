"""Keras models of any make as functional ones, with the outputs that the tasks know by name.

Sequential, subclassed, with lists of outputs, without fixed size: behind this all are the same.
Layers are shared, so what trains the one trains the other.
"""

import keras

from keras_attn.agreement import inside
from keras_attn.errors import InputError, listing
from keras_attn.models.common import GAZE
from keras_attn.tasks.scoring import DEFAULT_SIZE, outputs_like

LOGITS, SALIENCY, ATTENTION = "logits", "saliency", "attention"


def functional(model, size=None):
    """A model made of inputs and outputs: this one, or one around it.

    size: (H, W) of the images of a model that does not know its input. `InputError` for a model
    that cannot be called on symbolic images, and for one without input or output.
    """
    if isinstance(model, keras.Sequential) and model.built and getattr(model, "inputs", None):
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    if getattr(model, "inputs", None) and getattr(model, "outputs", None):
        return model
    height, width = size or inside.built_for(model) or (DEFAULT_SIZE, DEFAULT_SIZE)
    images = keras.Input((height, width, 3), name="image")
    try:
        return keras.Model(images, model(images), name=model.name)
    except Exception as error:  # models raise whatever they meet
        expected = f"a model that takes images ({height}, {width}, 3), size= is for others"
        raise InputError(f"model {model.name!r}", expected, _first_line(error)) from error


def preprocessed(model, preprocess):
    """A model of RGB pixels in [0, 255], whose image passes through `preprocess` first."""
    if preprocess is None:
        return model
    image = _image_of(model)
    name = getattr(preprocess, "__name__", type(preprocess).__name__)
    inputs = {
        tensor.name: keras.Input(tensor.shape[1:], name=tensor.name) for tensor in model.inputs
    }
    try:
        made = _Preprocessing(preprocess, name="preprocess")(inputs[image.name])
        _check_fits(made.shape, image.shape)
        fed = {**inputs, image.name: made}
        outputs = model(keras.tree.map_structure(lambda t: fed[t.name], model.input))
    except Exception as error:  # whatever a function of the user's raises
        expected = f"a function of TensorFlow tensors {tuple(image.shape)} that fits the model"
        raise InputError(f"preprocess {name}", expected, _first_line(error)) from error
    given = inputs if len(inputs) > 1 else inputs[image.name]
    return keras.Model(given, outputs, name=model.name)


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
        made = self.function(images)
        return made[0] if isinstance(made, (tuple, list)) else made


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
        names = list(model.output_names)
        unique = len(set(names)) == len(names)
        return {
            (n if unique else str(i)): t for i, (n, t) in enumerate(zip(names, output, strict=True))
        }
    if hasattr(output, "shape"):
        return {"": output}
    expected = "one output, a list of outputs or outputs by name"
    raise InputError(f"model {model.name!r}", expected, _shapes(keras.tree.flatten(output)))


def with_known_outputs(model, output=None):
    """A functional model whose outputs the tasks know: one alone, or `logits`, `saliency`, ...

    output: the name or place of what is scored, of a model with several outputs that may be.
    """
    named = outputs_of(model)
    if output is None and _known(model, named) and not _one_unit(named.get(LOGITS, model.output)):
        return model
    name = _chosen(model, named, output)
    tensor = named[name]
    kept = {n: t for n, t in named.items() if n != name and _is_map(t) and _like(n, ATTENTION)}
    made = {_kind(model, tensor): _of_two(model, tensor), **kept}
    outputs = made if len(made) > 1 else next(iter(made.values()))
    return keras.Model(model.input, outputs, name=model.name)


def _known(model, named):
    if not isinstance(model.output, dict):
        return not isinstance(model.output, (list, tuple))
    return LOGITS in named or bool(outputs_like(model, SALIENCY))


def _chosen(model, named, output):
    """The name of the output that is scored."""
    names = list(named)
    if output is not None:
        if isinstance(output, int) and not isinstance(output, bool) and 0 <= output < len(names):
            return names[output]
        if output in named and output != "":
            return output
        expected = f"one of the outputs of model {model.name!r}: {listing(map(repr, names))}"
        raise InputError("output", expected, repr(output))
    if len(names) == 1:
        return names[0]
    if LOGITS in named:
        return LOGITS
    saliency = [name for name in names if _like(name, SALIENCY)]
    if saliency:
        return saliency[-1]
    scores = [name for name in names if len(named[name].shape) == 2]
    maps = [name for name in names if _is_map(named[name]) and not _like(name, ATTENTION)]
    for found in (scores, maps):
        if len(found) == 1:
            return found[0]
    expected = "output= with the name of what is scored"
    received = f"the outputs {_described(named)}"
    raise InputError(f"model {model.name!r}", expected, received)


def _kind(model, tensor):
    rank = len(tensor.shape)
    if rank == 2:
        return LOGITS
    if rank == 4:
        return SALIENCY
    expected = "an output of class scores (batch, classes) or of maps (batch, H, W, 1)"
    raise InputError(f"model {model.name!r}", expected, _shapes([tensor]))


def _one_unit(tensor):
    return len(getattr(tensor, "shape", ())) == 2 and tensor.shape[-1] == 1


def _of_two(model, tensor):
    """Class scores; a single unit's as those of two classes, against and for it."""
    if not _one_unit(tensor):
        return tensor
    head = inside.maker(tensor)
    if inside.gives_logits(head):
        return _OfTwo(probability=False, name="of_two")(tensor)
    if inside.squashes(head):
        return _OfTwo(probability=True, name="of_two")(tensor)
    expected = (
        "one unit that is a linear Dense layer or ends in a sigmoid, or a score for each class"
    )
    received = "one unit" if head is None else f"one unit of {type(head).__name__}"
    raise InputError(f"model {model.name!r}", expected, received)


class _OfTwo(keras.layers.Layer):
    """The score or probability of one class as those of two."""

    def __init__(self, probability, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.probability = probability

    def call(self, scores):
        against = 1 - scores if self.probability else keras.ops.zeros_like(scores)
        return keras.ops.concatenate([against, scores], axis=1)


def _is_map(tensor):
    return len(tensor.shape) in (4, 5) and tensor.shape[-1] == 1


def _like(name, kind):
    return name == kind or (name.startswith(f"{kind}_") and name[len(kind) + 1 :].isdigit())


def _described(named):
    return listing([f"{name!r} {tuple(tensor.shape)}" for name, tensor in named.items()])


def _shapes(tensors):
    return listing([f"shape {tuple(getattr(tensor, 'shape', ()))}" for tensor in tensors])


def _first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Exception encountered")]
    return f"{type(error).__name__}: {(said or lines or [''])[0]}"
