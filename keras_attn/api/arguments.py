"""What the arguments of these functions may be, and the networks and scores that come of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_attn.datasets.base import Dataset, GazeDataset
from keras_attn.datasets.video import VideoDataset
from keras_attn.evaluation import about_data, rows
from keras_attn.runs import known_data

if TYPE_CHECKING:
    from keras_attn.loading.scored import Scored
    from keras_attn.report.tables.evaluation import Evaluation

Data = GazeDataset | VideoDataset | str | Path
"""A dataset, or the path of a folder with one."""
Size = int | tuple[int, int] | None
"""Side or (height, width) in pixels; None for what a model fixes."""
Preprocess = Callable[[Any], Any] | None


def network(
    model: Any,
    verb: str,
    *,
    weights: str | Path | None = None,
    size: Size = None,
    **options: Any,
) -> Scored:
    """The `loading.scored.Scored` of whatever a user calls a model.

    verb: what is done with it, for messages. options: further ones of `loading.scored.scored`.
    """
    from keras_attn.loading import opening, scored

    opened = opening.keras_network(model, verb, weights=weights, size=size)
    return scored.scored(opened, size=size, **options)


def evaluation(
    scores_of: Callable[..., Any], network: Scored, data: Dataset, task: str, *, progress: bool
) -> Evaluation:
    """The `Evaluation` of a network by a function such as `evaluation.evaluate.evaluate`."""
    from keras_attn.report.tables.evaluation import Evaluation

    data = known_data.recognised(data, network.data)
    who = {"task": task, "dataset": (data.whole or data).name, "fold": data.number}
    who |= network.task.labels(network.model, network.config)
    labels = {name: who[name] for name in rows.WHO}
    scorer, notes = network.scorer()
    notes = (*notes, *known_data.notes(data, network.data))
    found = scores_of(scorer, network.model, data, labels, notes=notes, progress=progress)
    return Evaluation.of(found, about_data.columns(data, network.data))
