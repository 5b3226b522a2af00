"""A classifier, attacked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_attn import configs, datasets, storage
from keras_attn.api import arguments
from keras_attn.api.arguments import Data, Preprocess, Size
from keras_attn.evaluation import rows

if TYPE_CHECKING:
    from keras_attn.report.tables.evaluation import Evaluation


def attack(
    model: Any,
    data: Data,
    *,
    epsilons: Sequence[float] | None = None,
    epsilon: float | None = None,
    search: str = "fixed",
    size: Size = None,
    preprocess: Preprocess = None,
    weights: str | Path | None = None,
    output: str | int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> Evaluation:
    """How easily is a classifier fooled? FGSM by foolbox on every image of a dataset (§IV-C3).

    Args:
        model: as for `evaluate`, with an output `logits`, or one output of class scores; a softmax
            at its end is left out.
        data: a `GazeDataset` with classes, or the path of a folder.
        epsilons: sizes of the perturbation in grey levels of 255, growing; default 0.5, 1, 2, 4, 8.
        epsilon: the one of them that the table counts; default 2.
        search: "fixed", or "line" for the smallest ε that changes each prediction, as foolbox's
            first releases searched it.
        size: as for `evaluate`.
        preprocess: as for `evaluate`.
        weights: as for `evaluate`.
        output: as for `evaluate`.
        out: a folder to write examples.csv, arrays.npz and gallery.npz to.
        overwrite: replace an earlier attack in `out`.
        progress: show a bar.

    Returns:
        An `Evaluation`: `.rows` has a row per image (see `evaluation.attack`), `.summary()` the
        fooling rates in [0, 1] with 95 % intervals.

    Raises:
        InputError: The model is no classifier, the data have no classes or others, or the sizes of
            the perturbation cannot be meant; then nothing is written.

    Example:

    >>> import keras, keras_attn as ka
    >>> data = ka.datasets.miniature("cub_vwsw", images=9, shape=(32, 40), root="birds")
    >>> image = keras.Input((32, 32, 3))
    >>> pooled = keras.layers.GlobalAveragePooling2D()(image)
    >>> logits = keras.layers.Dense(len(data.classes), name="logits")(pooled)
    >>> found = ka.attack(keras.Model(image, logits), data, epsilons=[2], progress=False)
    >>> len(found.rows)
    9
    """
    from keras_attn.evaluation import attack

    if out is not None:
        storage.check_target(out, rows.FILES, overwrite=overwrite)
    chosen: dict[str, Any] = {"epsilons": epsilons, "epsilon": epsilon, "search": search}
    settings = configs.Attack(**{n: value for n, value in chosen.items() if value is not None})
    options: dict[str, Any] = {"size": size, "preprocess": preprocess, "output": output}
    options |= {"weights": weights, "task": configs.FineGrained.task, "expected": "a classifier"}
    network = arguments.network(model, "attack", **options)
    scores_of = partial(attack.evaluate, attack=settings)
    data = datasets.as_dataset(data)
    result = arguments.evaluation(scores_of, network, data, attack.TASK, progress=progress)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result
