"""A network, written for where this package is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_attn.api import arguments
from keras_attn.api.arguments import Preprocess, Size


def export(
    model: Any,
    out: str | Path,
    *,
    onnx: bool = False,
    tflite: bool = False,
    size: Size = None,
    preprocess: Preprocess = None,
    weights: str | Path | None = None,
    output: str | int | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a network as a SavedModel that runs without this package: pixels in, maps out.

    It always computes in float32.

    Args:
        model: as for `evaluate`, but for SavedModels. One that takes gaze is exported with the
            input `gaze` as well.
        out: the folder to write; README.md in it says what the network is, how to load it and what
            it returns. Nothing is left behind after an error.
        onnx: write model.onnx as well, which needs the extra `[onnx]`.
        tflite: write model.tflite as well.
        size: as for `evaluate`.
        preprocess: as for `evaluate`; it goes into the export.
        weights: as for `evaluate`.
        output: as for `evaluate`.
        overwrite: replace an earlier export.

    Returns:
        The path of the folder.

    Raises:
        InputError: The network cannot be exported or converted, or the folder holds anything but an
            export.

    Example:

    >>> import keras, keras_attn as ka
    >>> image = keras.Input((32, 40, 3))
    >>> saliency = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(image)
    >>> folder = ka.export(keras.Model(image, saliency), "exported")
    >>> (folder / "saved_model.pb").is_file(), (folder / "README.md").is_file()
    (True, True)
    """
    from keras_attn.exports import onnx as as_onnx
    from keras_attn.exports import saved_model
    from keras_attn.exports import tflite as as_tflite
    from keras_attn.loading import scored

    if onnx:
        as_onnx.check()
    formats = {as_onnx: onnx, as_tflite: tflite}
    others = {form.FILE: form.write for form, wanted in formats.items() if wanted}
    every = [form.FILE for form in formats]
    out = saved_model.check_target(out, every, overwrite=overwrite)
    options: dict[str, Any] = {"size": size, "preprocess": preprocess, "output": output}
    network = arguments.network(model, "export", weights=weights, **options)
    scored.check_whole(network)
    # A file of one's own says nothing that the page of an export could tell.
    origin = None if network.config is None else network.file
    saved_model.export(
        network.model, network.task, network.config, out, origin=origin, others=others
    )
    return out
