"""The names of a network's outputs, by which the tasks know them."""

from keras_attn.errors import listing

LOGITS, SALIENCY, ATTENTION = "logits", "saliency", "attention"


def outputs_like(model, kind):
    """Names of a model's outputs `<kind>` and `<kind>_<level>`, in order; the last one counts."""
    names = [name for name in model.output if is_like(name, kind)]
    return sorted(names, key=lambda name: (len(name), name))


def is_like(name, kind):
    """Whether a name is `<kind>` or `<kind>_<level>`."""
    return name == kind or (name.startswith(f"{kind}_") and name[len(kind) + 1 :].isdigit())


def described(model):
    """The outputs of a functional model in words."""
    output = model.output
    named = output.items() if isinstance(output, dict) else ()
    told = [f"{name!r} {tuple(getattr(tensor, 'shape', ()))}" for name, tensor in named]
    shapes = [f"shape {tuple(tensor.shape)}" for tensor in model.outputs]
    return f"outputs {listing(told)}" if told else listing(shapes)
