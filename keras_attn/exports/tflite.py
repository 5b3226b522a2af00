"""Networks as TFLite, for phones and small devices."""

import warnings

import tensorflow as tf

from keras_attn.exports.conversion import check_alike

FILE = "model.tflite"
LACKING = ("ScaleAndTranslate", "MaxPool3D")
"""Operations of our networks that the format lacks: antialiased resizing, which gaze undergoes, and
pooling of clips. The converter would write a file that cannot be read."""


def write(served, folder):
    """Write FILE of a `saved_model.Served` into a folder; `InputError` if that fails."""

    def convert_and_run(inputs):
        # Without the module, which has the variables, none of them would have a value.
        function = served.numbers.get_concrete_function(*served.specs())
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], served.module())
        content = converter.convert()
        (folder / FILE).write_bytes(content)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")
            interpreter = tf.lite.Interpreter(model_content=content)
        return interpreter.get_signature_runner()(**inputs)

    check_alike("TFLite", LACKING, served, convert_and_run)
