"""What users call: one function for each thing they come for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_attn import configs, datasets, gaze, gaze_format, storage, tasks
from keras_attn.audits import audit as agreement
from keras_attn.audits import by_condition
from keras_attn.audits import options as audit_options
from keras_attn.audits.sources import open_source
from keras_attn.datasets.base import GazeDataset
from keras_attn.datasets.video import VideoDataset
from keras_attn.errors import InputError
from keras_attn.evaluation import about_data, rows
from keras_attn.evaluation.gaze_scores import Blur
from keras_attn.report.audit.result import AuditResult
from keras_attn.runs import known_data
from keras_attn.tasks.trained import Run, load, train

if TYPE_CHECKING:
    from keras_attn.prediction.result import Predictions
    from keras_attn.report.tables.evaluation import Evaluation
    from keras_attn.training.callbacks import Validation

Data = GazeDataset | VideoDataset | str | Path
Size = int | tuple[int, int] | None
FILES = rows.AUDIT_FILES

__all__ = [
    "FILES",
    "Run",
    "attack",
    "audit",
    "evaluate",
    "export",
    "load",
    "predict",
    "train",
    "validation",
]


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
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> AuditResult:
    """Does this network look where people look? Its maps against the gaze of a dataset.

    model: a `keras.Model`; a `.keras` file or a whole model in `.h5`; a run folder or its
        `.weights.h5`; a SavedModel folder; a folder of maps (`<image name>.png` or `.npy`); a
        function of float32 RGB images `(n, H, W, 3)` in [0, 255] that returns maps `(n, h, w)`;
        the name of a backbone, with `weights`; or a dict of such by name, to be compared in one
        table.
    data: a `GazeDataset`, or the path of a folder as `datasets.folder` reads it.
    layers: names of layers, `outer/inner` within nested models. Default: the last layer of each
        resolution.
    kinds: names of kinds of maps; an `audits.Kind` or a function `(model, images, targets) -> maps`
        of your own; or several. Default "activation", "gradient", "cam" and "grad_cam", as far as
        the model allows.
    size: side or (height, width) of the images it is given, where the model does not fix it.
    preprocess: a function of float32 RGB images in [0, 255], for models that expect other input,
        such as `keras.applications.resnet50.preprocess_input`.
    output: which output has the class scores, by name or place, where several may.
    explain: the class whose score gradients and CAM explain: "predicted", "true" (of data with
        classes), or a class by number or name.
    layers, kinds, size, preprocess, weights, output and explain are for all models, or dicts by
        the names of models.
    fixation_sigma, centre_bias_sigma: blur of densities, as shares of an image's width.
    gallery: how many images are kept to look at. out: a folder to write everything to.
    where: only the fixations with these values of further columns, such as {"task": "search"} or
        {"task": ["search", "counting"]}, as `data.where` takes them.
    by: name of such a column, such as "task": a row for each of its values, with references of
        their own, and how each differs from the first; in the order of `where` if that names them.

    Returns an `AuditResult`: print it, read `.rows` and `.examples`, or `.save(folder)`. The rows
    `centre`, `uniform`, `all_observers`, `single_observer` and `gold_standard`, the ceiling that
    all other viewers set, are always there to compare with.
    Raises `InputError` for input that cannot be used; then nothing is written.
    """
    if out is not None:
        storage.check_target(out, rows.AUDIT_FILES, overwrite=overwrite)
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
    models = model if isinstance(model, dict) else {_name(model): model}
    if twice := [name for name in models if str(name) != name and str(name) in models]:
        raise InputError("model", "another name for each of the models", repr(twice[0]))
    models = {str(name): one for name, one in models.items()}
    if not models:
        raise InputError("model", "at least one model", "an empty dict")
    if taken := [name for name in models if name in rows.REFERENCES]:
        raise InputError("model", f"a name other than {rows.REFERENCES}", repr(taken[0]))
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
    )
    result = AuditResult.of(found)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result


def _name(model):
    """What a model is called in the table when the caller does not say."""
    if isinstance(model, (str, Path)):
        name = Path(model).stem
    else:
        name = getattr(model, "name", None) or getattr(model, "__name__", type(model).__name__)
    return f"{name} (audited)" if name in rows.REFERENCES else name


def evaluate(
    model: Any,
    data: Data,
    *,
    task: str | None = None,
    size: Size = None,
    preprocess: Callable[[Any], Any] | None = None,
    weights: str | Path | None = None,
    output: str | int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> Evaluation:
    """Score a model on the task and against the gaze of a dataset.

    model: a `Run`, its model, a run folder or its `.weights.h5`; or, from elsewhere, a
        `keras.Model` of any make, a `.keras` file, a whole model in `.h5`, a SavedModel or the
        name of a backbone with `weights`. It takes float32 RGB in [0, 255] and has one output, or
        outputs `saliency` or `logits` and, optionally, `attention`.
    data: a `GazeDataset` with masks or classes, such as the second part of `dataset.fold(0)`, or
        the path of a folder; for networks of clips a `VideoDataset` with extracted flow.
    task: "salient_object", "action" or "fine_grained"; default that of the run, or what inputs and
        outputs say.
    size: side or (height, width) of the input, where the model leaves it open.
    preprocess: a function of images in [0, 255] as TensorFlow tensors, for models from elsewhere
        that expect other input, such as `keras.applications.resnet50.preprocess_input`.
    output: which output is scored, by name or place, of a model from elsewhere with several.
    out: a folder to write examples.csv, arrays.npz and gallery.npz to.

    Returns an `Evaluation`: `.rows` has a row per example, `.summary()` the scores with intervals.
    Raises `InputError` for a model or data that cannot be scored; then nothing is written.
    """
    from keras_attn.evaluation.evaluate import evaluate as scores_of

    if out is not None:
        storage.check_target(out, rows.FILES, overwrite=overwrite)
    given = {"size": size, "preprocess": preprocess, "output": output}
    network = _network(model, "evaluate", weights=weights, task=task, **given)
    data = datasets.as_dataset(data, kind=network.task.DATA)
    result = _scored(scores_of, network, data, network.task.NAME, progress=progress)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result


def attack(
    model: Any,
    data: Data,
    *,
    epsilons: Sequence[float] | None = None,
    epsilon: float | None = None,
    search: str = "fixed",
    size: Size = None,
    preprocess: Callable[[Any], Any] | None = None,
    weights: str | Path | None = None,
    output: str | int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> Evaluation:
    """How easily is a classifier fooled? FGSM by foolbox on every image of a dataset.

    model: as for `evaluate`, with an output `logits`, or one output of class scores; a softmax at
    its end is left out. data: a `GazeDataset` with classes.
    epsilons: sizes of the perturbation in grey levels of 255, growing; default 0.5, 1, 2, 4, 8.
    epsilon: the one of them that the table counts; default 2. search: "fixed", or "line" for the
    smallest ε that changes each prediction, as foolbox's first releases searched it. size,
    preprocess, weights, output, out, overwrite: as for `evaluate`.

    Returns an `Evaluation`: `.rows` has a row per image (see `evaluation.attack`), `.summary()`
    the fooling rates with intervals.
    """
    from keras_attn.evaluation import attack

    if out is not None:
        storage.check_target(out, rows.FILES, overwrite=overwrite)
    chosen: dict[str, Any] = {"epsilons": epsilons, "epsilon": epsilon, "search": search}
    settings = configs.Attack(**{n: value for n, value in chosen.items() if value is not None})
    given = {"size": size, "preprocess": preprocess, "output": output, "weights": weights}
    given |= {"task": configs.FineGrained.task, "expected": "a classifier"}
    network = _network(model, "attack", **given)
    scores_of = partial(attack.evaluate, attack=settings)
    data = datasets.as_dataset(data)
    result = _scored(scores_of, network, data, attack.TASK, progress=progress)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result


def export(
    model: Any,
    out: str | Path,
    *,
    onnx: bool = False,
    tflite: bool = False,
    size: Size = None,
    preprocess: Callable[[Any], Any] | None = None,
    weights: str | Path | None = None,
    output: str | int | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a network as a SavedModel that runs without this package: pixels in, maps out.

    model: as for `evaluate`, but for SavedModels. One that takes gaze is exported with the input
        `gaze` as well.
    out: the folder to write; README.md in it says what the network is, how to load it and what
        it returns. Nothing is left behind after an error.
    onnx, tflite: write model.onnx (needs the extra `[onnx]`) and model.tflite as well.
    size, preprocess, weights, output: as for `evaluate`; what preprocesses goes into the export.
    overwrite: replace an earlier export.

    Always computes in float32. Returns the path of the folder. Raises `InputError` for a network
    that cannot be exported or converted, and for a folder that holds anything but an export.
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
    given = {"size": size, "preprocess": preprocess, "output": output, "weights": weights}
    network = _network(model, "export", **given)
    scored.check_whole(network)
    # A file of one's own says nothing that the page of an export could tell.
    origin = None if network.config is None else network.file
    saved_model.export(
        network.model, network.task, network.config, out, origin=origin, others=others
    )
    return out


def predict(
    model: Any,
    source: str | Path,
    *,
    out: str | Path,
    gaze: str | Path | None = None,
    raw: bool = False,
    size: Size = None,
    preprocess: Callable[[Any], Any] | None = None,
    weights: str | Path | None = None,
    output: str | int | None = None,
    on_bad_example: str = "raise",
    overwrite: bool = False,
    progress: bool = True,
    **form: Any,
) -> Predictions:
    """Let a network look at images or videos, and write what it makes of them.

    model: as for `evaluate`.
    source: an image file or a folder of images; for networks of clips a video file, a folder of
        frames, or a folder of those. Flow is estimated as that which the network learnt from.
    out: the folder to write to. For an image `<name>_saliency.png` of networks that segment, and
        `<name>_overlay.png`, the last attention, of networks that attend; for a video
        `<name>_overlay.gif`; and predictions.csv of networks that tell classes.
    gaze: a CSV file of fixations on the images as `datasets.folder` reads it, for networks that
        take gaze. raw: write `<name>.npz` too, with every map in float32. size, preprocess,
        weights, output: as for `evaluate`.
    on_bad_example: "raise", or "skip" to leave out and list what cannot be read. form: fields of
        `GazeFormat` for the file of fixations, such as screen=(1920, 1080), separator=";".

    Everything is computed as in `evaluate`, and written whole or not at all. Returns
    `Predictions`; its `.rows` are those of predictions.csv.
    """
    from keras_attn.prediction import images, result, videos

    form = gaze_format.GazeFormat(**form)
    images.check_form(form, gaze)
    given = {"size": size, "preprocess": preprocess, "output": output, "weights": weights}
    network = _network(model, "predict", **given)
    gaze = None if gaze is None else Path(gaze).expanduser()
    out = Path(out).expanduser()
    options = result.Options(out, gaze, raw, on_bad_example, overwrite, progress, form)
    scorer, notes = network.scorer()
    make = videos.of_videos if network.of_clips else images.of_images
    found = make(network.model, scorer, source, options)
    return replace(found, notes=(*notes, *found.notes))


def _network(model, verb, *, weights=None, size=None, **options):
    """The `loading.scored.Scored` of whatever a user calls a model."""
    from keras_attn.loading import opening, scored

    opened = opening.keras_network(model, verb, weights=weights, size=size)
    return scored.scored(opened, size=size, **options)


def _scored(scores_of, network, data, task, *, progress):
    """The `Evaluation` of a `loading.scored.Scored` by a function such as `evaluate`'s."""
    from keras_attn.report.tables.evaluation import Evaluation

    data = known_data.recognised(data, network.data)
    who = {"task": task, "dataset": (data.whole or data).name, "fold": data.number}
    who |= network.task.labels(network.model, network.config)
    labels = {name: who[name] for name in rows.WHO}
    scorer, notes = network.scorer()
    notes = (*notes, *known_data.notes(data, network.data))
    found = scores_of(scorer, network.model, data, labels, notes=notes, progress=progress)
    return Evaluation.of(found, about_data.columns(data, network.data))


def validation(
    data: Data,
    *,
    task: str | None = None,
    every: int = 1,
    size: Size = None,
    preprocess: Callable[[Any], Any] | None = None,
    output: str | int | None = None,
    pictures: str | Path | None = None,
) -> Validation:
    """A Keras callback that scores a model on `data` after an epoch of your own `fit`.

    It adds val_max_f and val_mae, or val_accuracy, of videos val_map too, and val_s_auc and val_ig
    to the logs, so put it before callbacks that read them. The model is a `keras.Model` that
    `evaluate` takes.
    data, task, size, preprocess, output: as for `evaluate`. every: epochs from one time to the
    next. pictures: a folder for TensorBoard to find pictures of predictions and attention in.
    """
    from keras_attn.evaluation.validator import validator
    from keras_attn.training.callbacks import Validation

    if not isinstance(every, int) or every < 1:
        raise InputError("every", "a number of epochs, 1 or more", repr(every))
    if pictures is not None:
        pictures = storage.check_target(Path(pictures).expanduser(), (), overwrite=True)
    if not isinstance(data, VideoDataset):
        data = datasets.as_dataset(data)
    given = {"task": task, "size": size, "preprocess": preprocess, "output": output}

    def scorer(network):
        return network.scorer()[0]

    def opened(model):
        return _network(model, "validation", **given)

    return Validation(validator(scorer, data, opened=opened), every, pictures)
