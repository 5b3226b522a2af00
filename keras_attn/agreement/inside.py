"""Looking into a Keras model while it runs: its layers, its last layer, its tokens on their grid.

Outputs are caught by replacing `layer.call` for the length of a context, so nested, subclassed
and Sequential models are all the same to this, and the model is left as it was.
"""

from contextlib import contextmanager

import keras
import tensorflow as tf

LEADING_TOKENS = (0, 1, 2, 5)
"""How many tokens come before the patches: none, a class token, a distilled one too, registers."""
SQUASHING = (keras.activations.softmax, keras.activations.sigmoid)


def walk(model, prefix=""):
    """Every layer below a model with its path, in order of declaration, inner layers included."""
    for layer in getattr(model, "layers", None) or getattr(model, "_layers", ()):
        yield prefix + layer.name, layer
        yield from walk(layer, f"{prefix}{layer.name}/")


@contextmanager
def caught(layers):
    """Within this, outputs of `layers` are put under their names whenever a model runs.

    The names are in the order of execution; of a layer that runs twice, the last output counts,
    and of several outputs the first: (attention, logits) of an AttentionModule.
    """
    outputs, changed = {}, []

    def catching(name, call):
        def and_kept(*args, **kwargs):
            result = call(*args, **kwargs)
            outputs.pop(name, None)
            outputs[name] = result[0] if isinstance(result, (tuple, list)) else result
            return result

        return and_kept

    try:
        for name, layer in layers.items():
            vars(layer)["call"] = catching(name, layer.call)
            changed.append(layer)
        yield outputs
    finally:
        for layer in changed:
            vars(layer).pop("call", None)


def feature_maps(layers, outputs, size):
    """Shapes `(n, H, W, C)` of those outputs that are maps, in the order of execution.

    Nested models come first: their last layer, which is caught too, stands for their stage.
    """
    shapes = {}
    for name, output in outputs.items():
        features = on_grid(output, size)
        # Padding repeats the layer before it and would stand for its stage.
        if features is not None and not isinstance(layers[name], keras.layers.ZeroPadding2D):
            shapes[name] = tuple(features.shape)
    nested = {name: s for name, s in shapes.items() if isinstance(layers[name], keras.Model)}
    return nested | {name: s for name, s in shapes.items() if name not in nested}


def on_grid(output, size):
    """A layer's output as features `(n, H, W, C)`, or None where it is no map.

    Tokens `(n, T, C)` of a transformer are put on the grid of their square patches of an image of
    `size`; class and register tokens, which come first, are left out.
    """
    rank = len(output.shape) if tf.is_tensor(output) else 0
    if rank == 4:
        return output if min(output.shape[1:3]) > 1 else None
    if rank != 3:
        return None
    height, width = size
    for leading in LEADING_TOKENS:
        count = output.shape[1] - leading
        patch = round((height * width / count) ** 0.5) if count > 1 else 0
        fits = patch > 1 and height % patch == width % patch == 0
        if fits and (height // patch) * (width // patch) == count:
            grid = (-1, height // patch, width // patch, output.shape[2])
            return tf.reshape(output[:, leading:], grid)
    return None


# --- the decision ---------------------------------------------------------------------------------


def decision_of(result):
    """Which output of a model holds class scores `(n, classes)`: its key, or None.

    The key indexes the result: "logits" or the only such name of a dict, a place in a list, ()
    for a model with one output.
    """
    if isinstance(result, dict):
        named = [name for name, value in result.items() if _is_scores(value)]
        return "logits" if "logits" in named else named[0] if len(named) == 1 else None
    if isinstance(result, (tuple, list)):
        places = [i for i, value in enumerate(result) if _is_scores(value)]
        return places[0] if len(places) == 1 else None
    return () if _is_scores(result) else None


def _is_scores(value):
    return tf.is_tensor(value) and len(value.shape) == 2


def picked(result, key):
    """The output under a key of `decision_of`."""
    return result if key == () else result[key]


def head_of(model, key):
    """The layer or operation that makes that output, or None where the model does not tell."""
    try:
        return maker(picked(model.output, key))
    except (AttributeError, ValueError):  # subclassed, or never called with a symbolic input
        return None


def maker(tensor):
    """The layer that made a symbolic tensor, looked for inside nested models."""
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return None
    operation = history.operation
    inner = getattr(operation, "outputs", None) if isinstance(operation, keras.Model) else None
    return maker(inner[history.tensor_index]) if inner else operation


def squashes(head):
    """Whether this last layer ends in a softmax or sigmoid that can be left out."""
    return getattr(head, "activation", None) in SQUASHING or _only_squashes(head)


def _only_squashes(head):
    return type(head).__name__ in ("Softmax", "Sigmoid")  # layers, and operations of keras.ops


@contextmanager
def unsquashed(head):
    """Within this, the last layer gives its logits."""
    if _only_squashes(head):
        vars(head)["call"] = lambda x, *args, **kwargs: x
        try:
            yield
        finally:
            del vars(head)["call"]
    elif squashes(head):
        activation, head.activation = head.activation, keras.activations.linear
        try:
            yield
        finally:
            head.activation = activation
    else:
        yield


def pooled(head):
    """For CAM: the layer before global average pooling and the Dense after it, or None."""
    while _only_squashes(head) or isinstance(head, keras.layers.Activation):
        head = maker(head.input)
    if not isinstance(head, keras.layers.Dense):
        return None
    layer = maker(head.input)
    while isinstance(layer, (keras.layers.Dropout, keras.layers.Flatten)):
        layer = maker(layer.input)
    if not isinstance(layer, keras.layers.GlobalAveragePooling2D):
        return None
    features = maker(layer.input)
    return None if features is None else (features, head)
