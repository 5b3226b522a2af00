"""A model, scored on its task and against gaze."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_attn import datasets, storage
from keras_attn.api import arguments
from keras_attn.api.arguments import Data, Preprocess, Size
from keras_attn.evaluation import rows

if TYPE_CHECKING:
    from keras_attn.report.tables.evaluation import Evaluation


def evaluate(
    model: Any,
    data: Data,
    *,
    task: str | None = None,
    size: Size = None,
    preprocess: Preprocess = None,
    weights: str | Path | None = None,
    output: str | int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> Evaluation:
    """Score a model on the task and against the gaze of a dataset.

    Args:
        model: a `Run`, its model, a run folder or its `.weights.h5`; or, from elsewhere, a
            `keras.Model` of any make, a `.keras` file, a whole model in `.h5`, a SavedModel or the
            name of a backbone with `weights`. It takes float32 RGB `(batch, H, W, 3)` in [0, 255]
            and has one output, or outputs `saliency` or `logits` and, optionally, `attention`.
        data: a `GazeDataset` with masks or classes, such as the second part of `dataset.fold(0)`,
            or the path of a folder; for networks of clips a `VideoDataset` with extracted flow.
        task: "salient_object", "action" or "fine_grained"; default that of the run, or what inputs
            and outputs say.
        size: side or (height, width) of the input in pixels, where the model leaves it open.
        preprocess: a function of images in [0, 255] as TensorFlow tensors, for models from
            elsewhere that expect other input, such as
            `keras.applications.resnet50.preprocess_input`.
        weights: the weight file of a backbone that is named, or of a model without weights.
        output: which output is scored, by name or place, of a model from elsewhere with several.
        out: a folder to write examples.csv, arrays.npz and gallery.npz to.
        overwrite: replace an earlier evaluation in `out`.
        progress: show a bar.

    Returns:
        An `Evaluation`: `.rows` has a row per example, `.summary()` the scores with 95 % intervals,
        those of Tables I, IV and VI.

    Raises:
        InputError: The model or the data cannot be scored, or the one does not fit the other; then
            nothing is written.

    Example:

    >>> import keras, keras_attn as ka
    >>> data = ka.datasets.miniature("dut_omron", images=2, shape=(32, 40), root="scenes")
    >>> image = keras.Input((32, 40, 3))
    >>> grey = keras.layers.Lambda(lambda x: keras.ops.mean(x, -1, keepdims=True) / 255)(image)
    >>> ka.evaluate(keras.Model(image, grey), data, progress=False)
    Evaluation('salient_object', 2 examples of 'dut_omron (drawn)')
    """
    from keras_attn.evaluation.evaluate import evaluate as scores_of

    if out is not None:
        storage.check_target(out, rows.FILES, overwrite=overwrite)
    options: dict[str, Any] = {"size": size, "preprocess": preprocess, "output": output}
    network = arguments.network(model, "evaluate", weights=weights, task=task, **options)
    data = datasets.as_dataset(data, kind=network.task.DATA)
    task = network.task.NAME
    result = arguments.evaluation(scores_of, network, data, task, progress=progress)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result
