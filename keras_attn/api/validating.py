"""A model, scored while it learns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_attn import datasets, storage
from keras_attn.api import arguments
from keras_attn.api.arguments import Data, Preprocess, Size
from keras_attn.datasets.video import VideoDataset
from keras_attn.errors import InputError

if TYPE_CHECKING:
    from keras_attn.training.callbacks import Validation


def validation(
    data: Data,
    *,
    task: str | None = None,
    every: int = 1,
    size: Size = None,
    preprocess: Preprocess = None,
    output: str | int | None = None,
    pictures: str | Path | None = None,
) -> Validation:
    """A Keras callback that scores a model on `data` after an epoch of your own `fit`.

    It adds val_max_f and val_mae, or val_accuracy, of videos val_map too, and val_s_auc and val_ig
    to the logs, so put it before callbacks that read them. The model is a `keras.Model` that
    `evaluate` takes.

    Args:
        data: as for `evaluate`; it takes no part in training.
        task: as for `evaluate`.
        every: epochs from one time to the next, 1 or more; the last one is always scored.
        size: as for `evaluate`.
        preprocess: as for `evaluate`.
        output: as for `evaluate`.
        pictures: a folder for TensorBoard to find pictures of predictions and attention in.

    Returns:
        A `keras.callbacks.Callback`.

    Raises:
        InputError: The data or `every` cannot be meant; within `fit`, that the model cannot be
            scored on the data.

    Example:

    >>> import keras, numpy as np, keras_attn as ka
    >>> data = ka.datasets.miniature("dut_omron", images=2, shape=(32, 40), root="scenes")
    >>> image = keras.Input((32, 40, 3))
    >>> saliency = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(image)
    >>> model = keras.Model(image, saliency)
    >>> model.compile(loss="mse")
    >>> x, y = np.zeros((2, 32, 40, 3)), np.zeros((2, 32, 40, 1))
    >>> history = model.fit(x, y, callbacks=[ka.validation(data)], verbose=0).history
    >>> sorted(history)
    ['loss', 'val_ig', 'val_mae', 'val_max_f', 'val_s_auc']
    """
    from keras_attn.evaluation.validator import validator
    from keras_attn.training.callbacks import Validation

    if not isinstance(every, int) or every < 1:
        raise InputError("every", "a number of epochs, 1 or more", repr(every))
    if pictures is not None:
        pictures = storage.check_target(Path(pictures).expanduser(), (), overwrite=True)
    if not isinstance(data, VideoDataset):
        data = datasets.as_dataset(data)
    options: dict[str, Any] = {"size": size, "preprocess": preprocess, "output": output}

    def scorer(network):
        return network.scorer()[0]

    def opened(model):
        return arguments.network(model, "validation", task=task, **options)

    return Validation(validator(scorer, data, opened=opened), every, pictures)
