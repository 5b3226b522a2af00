"""Networks as ONNX, for ONNX Runtime and all that read it."""

import logging

from keras_attn.errors import InputError
from keras_attn.exports.conversion import check_alike

FILE = "model.onnx"
LACKING = ("ScaleAndTranslate",)
"""Operations of our networks that the format lacks: antialiased resizing, which gaze undergoes. The
converter would fail obscurely."""


def check():
    """Raise `InputError`, before the work is done, where what writes and runs ONNX is missing."""
    try:
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        expected = "tf2onnx and onnxruntime, which the extra keras_attn[onnx] brings"
        raise InputError("onnx", expected, error) from error


def write(served, folder):
    """Write FILE of a `saved_model.Served` into a folder; `InputError` if that fails."""
    import onnxruntime
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    path = str(folder / FILE)

    def convert_and_run(inputs):
        tf2onnx.convert.from_function(
            served.numbers, input_signature=served.specs(), output_path=path
        )
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, inputs), strict=True))

    check_alike("ONNX", LACKING, served, convert_and_run)
