"""Networks in the formats of other runtimes: ONNX and TFLite, with float32 pixels as input.

Both return what the SavedModel does, but for the names of classes, which are not numbers.
"""

import logging
import warnings

import numpy as np
import tensorflow as tf

from keras_attn.errors import InputError

ONNX, TFLITE = "model.onnx", "model.tflite"
LACKING = {"ONNX": ("ScaleAndTranslate",), "TFLite": ("ScaleAndTranslate", "MaxPool3D")}
"""Operations of our networks that a format lacks: antialiased resizing, which gaze undergoes, and
pooling of clips. The converters would fail obscurely, or write a file that cannot be read."""
TOLERANCE = 1e-4
"""How far a converted network may be from the original, relative to an output's largest value where
that is above 1."""


def check_onnx():
    """Raise `InputError`, before the work is done, where what writes and runs ONNX is missing."""
    try:
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        expected = "tf2onnx and onnxruntime, which the extra keras_attn[onnx] brings"
        raise InputError("onnx", expected, error) from error


def to_onnx(served, folder):
    """Write `model.onnx` of a `saved_model.Served` into a folder; `InputError` if that fails."""
    import onnxruntime
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    path = str(folder / ONNX)

    def convert_and_run(inputs):
        tf2onnx.convert.from_function(
            served.numbers, input_signature=served.specs(), output_path=path
        )
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, inputs), strict=True))

    _check_alike("ONNX", served, convert_and_run)


def to_tflite(served, folder):
    """Write `model.tflite` of a `saved_model.Served` into a folder; `InputError` if that fails."""

    def convert_and_run(inputs):
        # Without the module, which has the variables, none of them would have a value.
        function = served.numbers.get_concrete_function(*served.specs())
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], served.module())
        content = converter.convert()
        (folder / TFLITE).write_bytes(content)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
            interpreter = tf.lite.Interpreter(model_content=content)
        return interpreter.get_signature_runner()(**inputs)

    _check_alike("TFLite", served, convert_and_run)


def _check_alike(form, served, convert_and_run):
    """Refuse a conversion that fails, or whose file does not return what the network does.

    Converters write files of which only running tells that they are no good. convert_and_run:
    arrays of inputs by name -> arrays of outputs by name.
    """
    _check_operations(form, served)
    inputs = _sample(served)
    try:
        found = convert_and_run(inputs)
    except OSError:
        raise
    except Exception as error:  # converters and runtimes raise whatever they meet
        raise _refused(form, served, error) from error
    for name, wanted in served.numbers(*map(tf.constant, inputs.values())).items():
        apart = np.abs(found[name] - wanted).max()
        if not apart <= TOLERANCE * max(1, np.abs(wanted).max()):  # nor is NaN
            raise _refused(form, served, f"{name} that differs by {apart:.1g}")


def _sample(served):
    """Arrays of inputs by name, with something in them; one image or clip."""
    rng, made = np.random.default_rng(0), {}
    for spec in served.specs():
        sides = iter(served.size or ())
        shape = [1, *(next(sides, 64) if n is None else n for n in spec.shape[1:])]
        made[spec.name] = rng.uniform(0, 255, shape).astype(np.float32)
    return made


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
