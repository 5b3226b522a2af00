"""What a converted network has to pass: it runs, and returns what the network itself does.

Files of other runtimes take float32 pixels, and return what the SavedModel does, but for the names
of classes, which are not numbers.
"""

import numpy as np
import tensorflow as tf

from keras_attn.errors import InputError

TOLERANCE = 1e-4
"""How far a converted network may be from the original, relative to an output's largest value where
that is above 1."""


def check_alike(form, lacking, served, convert_and_run):
    """Refuse a conversion that fails, or whose file does not return what the network does.

    Converters write files of which only running tells that they are no good. form: the name of the
    format. lacking: names of operations that it lacks. served: a `saved_model.Served`.
    convert_and_run: arrays of inputs by name -> arrays of outputs by name.
    """
    _check_operations(form, lacking, served)
    inputs = _sample(served)
    try:
        outputs = convert_and_run(inputs)
    except OSError:
        raise
    except Exception as error:  # converters and runtimes raise whatever they meet
        raise _refused(form, served, error) from error
    for name, wanted in served.numbers(*map(tf.constant, inputs.values())).items():
        apart = np.abs(outputs[name] - wanted).max()
        if not apart <= TOLERANCE * max(1, np.abs(wanted).max()):  # nor is NaN
            raise _refused(form, served, f"{name} that differs by {apart:.1g}")


def _sample(served):
    """Arrays of inputs by name, with something in them; one image or clip."""
    rng, arrays = np.random.default_rng(0), {}
    for spec in served.specs():
        sides = iter(served.size or ())
        shape = [1, *(next(sides, 64) if n is None else n for n in spec.shape[1:])]
        arrays[spec.name] = rng.uniform(0, 255, shape).astype(np.float32)
    return arrays


def _check_operations(form, lacking, served):
    graph = served.numbers.get_concrete_function(*served.specs()).graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    met = sorted({node.op for node in nodes} & set(lacking))
    if met:
        raise _refused(form, served, ", ".join(met))


def _refused(form, served, error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    expected = f"a network whose operations {form} has"
    return InputError(f"model {served.model.name!r}", expected, lines[0] if lines else repr(error))
