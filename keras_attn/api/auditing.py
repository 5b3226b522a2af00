"""Any model, held against gaze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_attn import datasets, gaze, storage, tasks
from keras_attn.api.arguments import Data, Size
from keras_attn.audits import audit as agreement
from keras_attn.audits import by_condition
from keras_attn.audits import options as audit_options
from keras_attn.audits.sources import open_source
from keras_attn.datasets.video import VideoDataset
from keras_attn.errors import InputError
from keras_attn.evaluation import rows
from keras_attn.evaluation.gaze_scores import Blur
from keras_attn.loading import forms
from keras_attn.report.audit.result import AuditResult
from keras_attn.runs import known_data


def audit(
    model: Any,
    data: Data,
    *,
    layers: Sequence[str] | Mapping[str, Sequence[str]] = (),
    kinds: Any = None,
    size: Size | Mapping[str, Size] = None,
    preprocess: Any = None,
    weights: Any = None,
    output: Any = None,
    explain: Any = "predicted",
    fixation_sigma: float = gaze.FIXATION_SIGMA,
    centre_bias_sigma: float = gaze.CENTRE_BIAS_SIGMA,
    batch_size: int = 8,
    gallery: int = 12,
    where: Mapping[str, Any] | None = None,
    by: str | None = None,
    faithfulness: bool | int = False,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> AuditResult:
    """Does this network look where people look? Its maps against the gaze of a dataset.

    The arguments layers, kinds, size, preprocess, weights, output and explain are for all models,
    or dicts by the names of models.

    Args:
        model: a `keras.Model`; a `.keras` file or a whole model in `.h5`; a run folder or its
            `.weights.h5`; a SavedModel folder; an `.onnx` file; a folder of maps (`<image
            name>.png` or `.npy`); a function of float32 RGB images `(n, H, W, 3)` in [0, 255] that
            returns maps `(n, h, w)` or, to be explained by `kinds`, class scores `(n, classes)`;
            the name of a backbone or, as "keras.applications.MobileNetV2", of a network of that
            package, with `weights`; or a dict of such by name, to be compared in one
            table.
        data: a `GazeDataset`, or the path of a folder as `datasets.folder` reads it.
        layers: names of layers, `outer/inner` within nested models. Default: the last layer of each
            resolution.
        kinds: names of kinds of maps; an `audits.Kind` or a function `(model, images, targets) ->
            maps` of your own; or several. Default "activation", "gradient", "cam" and "grad_cam",
            as far as the model allows; docs/attributions.md has all.
        size: side or (height, width) in pixels of the images it is given, where the model does not
            fix it.
        preprocess: a function of float32 RGB images in [0, 255], for models that expect other
            input, such as `keras.applications.resnet50.preprocess_input`.
        weights: the weight file of a backbone that is named, or of a model without weights.
        output: which output has the class scores, by name or place, where several may.
        explain: the class whose score is explained: "predicted", "true" (of data with
            classes), or a class by number or name.
        fixation_sigma: blur of fixation densities, as a share of an image's width.
        centre_bias_sigma: that of the centre bias, likewise.
        batch_size: images that a network is given at a time.
        gallery: how many images are kept to look at.
        where: only the fixations with these values of further columns, such as {"task": "search"}
            or {"task": ["search", "counting"]}, as `data.where` takes them.
        by: name of such a column, such as "task": a row for each of its values, with references of
            their own, and how each differs from the first; in the order of `where` if that names
            them.
        faithfulness: whether to measure on all images, or on so many of them, whether the maps tell
            anything of the network: deletion, insertion and weights made random
            (docs/attributions.md). It takes 58 forward passes a map and image.
        out: a folder to write everything to.
        overwrite: replace an earlier audit in `out`.
        progress: show a bar.

    Returns:
        An `AuditResult`: print it, read `.rows` and `.examples`, or `.save(folder)`. The rows
        `centre`, `uniform`, `all_observers`, `single_observer` and `gold_standard`, the ceiling
        that all other viewers set, are always there to compare with.

    Raises:
        InputError: A model, the data or an option cannot be used; then nothing is written.

    Example:

    >>> import keras_attn as ka
    >>> data = ka.datasets.miniature("folder", images=2, shape=(32, 40), root="scenes")
    >>> def darkness(images):
    ...     return 255 - images.mean(axis=-1)
    >>> found = ka.audit({"darkness": darkness}, data, progress=False)
    >>> found.rows["model"].iloc[0], len(found.examples) > len(found.rows)
    ('darkness', True)
    """
    if out is not None:
        names = rows.AUDIT_FILES + rows.OF_FAITHFULNESS * bool(faithfulness)
        storage.check_target(out, names, overwrite=overwrite)
    if isinstance(data, VideoDataset):
        expected = (
            "a GazeDataset, of images; ka.evaluate(model, data) scores the attention of a network "
            "of clips against the gaze of videos"
        )
        raise InputError("data", expected, "a VideoDataset")
    data = datasets.as_dataset(data)
    chosen = {} if where is None else where
    if not isinstance(chosen, dict):
        raise InputError("where", 'a dict, such as {"task": "search"}', repr(where))
    data = data.where(**chosen) if chosen else data
    parts = None if by is None else by_condition.parts_of(data, by, chosen)
    models = _by_name(model)
    options = {"layers": layers, "kinds": kinds, "size": size, "preprocess": preprocess}
    options |= {"weights": weights, "output": output}
    options["explain"] = audit_options.explained(explain, data.classes)
    chosen = audit_options.by_model(models, options)
    sources = {name: open_source(one, **chosen[name]) for name, one in models.items()}
    for source in sources.values():
        data = known_data.recognised(data, tasks.data_of(getattr(source, "model", None)))
    blur = Blur(fixation_sigma, centre_bias_sigma)
    found = agreement.run(
        sources,
        data,
        blur=blur,
        batch_size=batch_size,
        gallery=gallery,
        progress=progress,
        parts=parts,
        faithful=faithfulness,
    )
    result = AuditResult.of(found)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result


def _by_name(model):
    """The models of an audit by what they are called in its table."""
    models = model if isinstance(model, dict) else {_name(model): model}
    if twice := [name for name in models if str(name) != name and str(name) in models]:
        raise InputError("model", "another name for each of the models", repr(twice[0]))
    models = {str(name): one for name, one in models.items()}
    if not models:
        raise InputError("model", "at least one model", "an empty dict")
    if taken := [name for name in models if name in rows.REFERENCES]:
        raise InputError("model", f"a name other than {rows.REFERENCES}", repr(taken[0]))
    return models


def _name(model):
    """What a model is called in the table when the caller does not say."""
    if isinstance(model, (str, Path)):
        name = forms.title(model)
    else:
        name = getattr(model, "name", None) or getattr(model, "__name__", type(model).__name__)
    return f"{name} (audited)" if name in rows.REFERENCES else name
