"""Networks in the formats of other runtimes: ONNX and TFLite, with float32 pixels as input.

Both return what the SavedModel does, but for the names of classes, which are not numbers.
"""

import logging

import numpy as np
import tensorflow as tf

from keras_attn.errors import InputError

ONNX, TFLITE = "model.onnx", "model.tflite"
LACKING = {"ONNX": ("ScaleAndTranslate",), "TFLite": ("ScaleAndTranslate", "MaxPool3D")}
"""Operations of our networks that a format has none of: antialiased resizing, which gaze undergoes,
and pooling of clips. The converters would fail obscurely, or write a file that cannot be read."""
TOLERANCE = 1e-4
"""How far a converted network may be from the original, relative to the largest output."""


def check_onnx():
    """Refuse ONNX before the work is done where what writes and runs it is not installed."""
    try:
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        expected = "tf2onnx and onnxruntime, which the extra keras_attn[onnx] brings"
        raise InputError("onnx", expected, error) from error


def to_onnx(served, folder):
    """Write `model.onnx` of a `saved_model.Served` into a folder, and run it once to compare."""
    import onnxruntime
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    path = str(folder / ONNX)
    _check_operations("ONNX", served)
    try:
        tf2onnx.convert.from_function(
            served.numbers, input_signature=served.specs(), output_path=path
        )
        # What else it cannot convert it writes all the same; only running it tells.
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        inputs = _sample(served)
        found = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    except Exception as error:  # converter and runtime raise whatever they meet
        raise _refused("ONNX", served, error) from error
    wanted = served.numbers(*inputs.values())
    for output, value in zip(session.get_outputs(), found, strict=True):
        apart = np.abs(value - wanted[output.name]).max()
        if not apart <= TOLERANCE * max(1, np.abs(wanted[output.name]).max()):
            raise _refused("ONNX", served, f"{output.name} differs by {apart:.1g}")


def _sample(served):
    """Inputs with something in them, by name; one image or clip."""
    sides = iter(served.size or ())
    rng, made = np.random.default_rng(0), {}
    for spec in served.specs():
        shape = [1, *(next(sides, 64) if n is None else n for n in spec.shape[1:])]
        made[spec.name] = tf.constant(rng.uniform(0, 255, shape), tf.float32)
    return made


def to_tflite(served, folder):
    """Write `model.tflite` of a `saved_model.Served` into a folder, without operations of others."""
    _check_operations("TFLite", served)
    function = served.numbers.get_concrete_function(*served.specs())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], served.model)
    try:
        content = converter.convert()
    except Exception as error:  # the converter raises whatever it meets
        raise _refused("TFLite", served, error) from error
    (folder / TFLITE).write_bytes(content)


def _check_operations(form, served):
    graph = served.numbers.get_concrete_function(*served.specs()).graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    lacking = sorted({node.op for node in nodes} & set(LACKING[form]))
    if lacking:
        raise _refused(form, served, ", ".join(lacking))


def _refused(form, served, error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    expected = f"a network whose operations {form} has"
    return InputError(f"model {served.model.name!r}", expected, lines[0] if lines else repr(error))
