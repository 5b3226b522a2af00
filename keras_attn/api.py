"""What users call: one function for each thing they come for."""

from pathlib import Path

from keras_attn import configs, datasets, gaze, runs
from keras_attn.agreement import audit as agreement
from keras_attn.agreement.opening import is_saved_model, keras_model, open_source
from keras_attn.agreement.scoring import Blur
from keras_attn.errors import InputError
from keras_attn.report.audit_page import FILES
from keras_attn.report.audit_table import REFERENCES
from keras_attn.report.paper_tables import NETWORK
from keras_attn.trained import Run, load, train

__all__ = [
    "FILES",
    "LABELS",
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
    model,
    data,
    *,
    layers=(),
    kinds=None,
    size=None,
    preprocess=None,
    weights=None,
    fixation_sigma=gaze.FIXATION_SIGMA,
    centre_bias_sigma=gaze.CENTRE_BIAS_SIGMA,
    batch_size=8,
    gallery=12,
    out=None,
    overwrite=False,
    progress=True,
):
    """Does this network look where people look? Its maps against the gaze of a dataset.

    model: a `keras.Model`; a `.keras` file; a run folder or its `.weights.h5`; a SavedModel
        folder; a folder of maps (`<image name>.png` or `.npy`); a function of float32 RGB images
        `(n, H, W, 3)` in [0, 255] that returns maps `(n, h, w)`; the name of a backbone, with
        `weights`; or a dict of such by name, to be compared in one table.
    data: a `GazeDataset`, or the path of a folder as `datasets.folder` reads it.
    layers: names of layers, `outer/inner` within nested models. Default: the last layer of each
        resolution.
    kinds: some of "activation", "gradient", "cam", "grad_cam"; default all that the model allows.
    size: side or (height, width) of the images it is given, where the model does not fix it.
    preprocess: a function of float32 RGB images in [0, 255], for models that expect other input,
        such as `keras.applications.resnet50.preprocess_input`.
    fixation_sigma, centre_bias_sigma: blur of densities, as shares of an image's width.
    gallery: how many images are kept to look at. out: a folder to write everything to.

    Returns an `AuditResult`: print it, read `.rows` and `.examples`, or `.save(folder)`. The rows
    `centre`, `uniform`, `human` and `one viewer` are always there to compare with.
    Raises `InputError` for input that cannot be used; then nothing is written.
    """
    if out is not None:
        runs.check_target(out, FILES, overwrite=overwrite)
    data = datasets.as_dataset(data)
    models = model if isinstance(model, dict) else {_name(model): model}
    options = {"layers": layers, "kinds": kinds, "size": size, "preprocess": preprocess}
    if not models:
        raise InputError("model", "at least one model", "an empty dict")
    sources = {}
    for name, one in models.items():
        if name in REFERENCES:
            raise InputError("model", f"a name other than {REFERENCES}", repr(name))
        sources[str(name)] = open_source(one, weights=weights, **options)
    blur = Blur(fixation_sigma, centre_bias_sigma)
    result = agreement.run(
        sources, data, blur=blur, batch_size=batch_size, gallery=gallery, progress=progress
    )
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result


def _name(model):
    """What a model is called in the table when the caller does not say."""
    if isinstance(model, (str, Path)):
        name = Path(model).stem
    else:
        name = getattr(model, "name", None) or getattr(model, "__name__", type(model).__name__)
    return f"{name} (audited)" if name in REFERENCES else name


def evaluate(model, data, *, task=None, size=None, out=None, overwrite=False, progress=True):
    """Score a model on the task and against the gaze of a dataset.

    model: a `Run`, its model, a run folder or its `.weights.h5`; or any `keras.Model` that takes
        float32 RGB in [0, 255] and has an output `saliency` or `logits` and, optionally,
        `attention`.
    data: a `GazeDataset` with masks or classes, such as the second part of `dataset.fold(0)`, or
        the path of a folder; for networks of clips a `VideoDataset` with extracted flow.
    task: "salient_object", "action" or "fine_grained"; default that of the run, or what inputs and
        outputs say.
    size: side or (height, width) of the input, where the model leaves it open.
    out: a folder to write examples.csv, arrays.npz and gallery.npz to.

    Returns an `Evaluation`: `.rows` has a row per example, `.summary()` the scores with intervals.
    Raises `InputError` for a model or data that cannot be scored; then nothing is written.
    """
    from keras_attn import evaluation

    if out is not None:
        runs.check_target(out, evaluation.FILES, overwrite=overwrite)
    model, found, config = _scored_as(model, task)
    data = datasets.as_dataset(data, kind=found.DATA)
    labels = _labels(found.NAME, data, found.labels(model, config))
    scorer = found.scorer(model, config, size)
    result = evaluation.evaluate(scorer, model, data, labels, progress=progress)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result


def attack(
    model,
    data,
    *,
    epsilons=None,
    epsilon=None,
    search="fixed",
    size=None,
    out=None,
    overwrite=False,
    progress=True,
):
    """How easily is a classifier fooled? FGSM by foolbox on every image of a dataset.

    model: as for `evaluate`, with an output `logits`. data: a `GazeDataset` with classes.
    epsilons: sizes of the perturbation in grey levels of 255, growing; default 0.5, 1, 2, 4, 8.
    epsilon: the one of them that the table counts; default 2. search: "fixed", or "line" for the
    smallest ε that changes each prediction, as foolbox's first releases searched it. size, out,
    overwrite: as for `evaluate`.

    Returns an `Evaluation`: `.rows` has a row per image (see `robustness.evaluate`), `.summary()`
    the fooling rates with intervals.
    """
    from keras_attn import evaluation, robustness

    if out is not None:
        runs.check_target(out, evaluation.FILES, overwrite=overwrite)
    given = {"epsilons": epsilons, "epsilon": epsilon, "search": search}
    settings = configs.Attack(**{n: value for n, value in given.items() if value is not None})
    data = datasets.as_dataset(data)
    model, found, config = _scored_as(model, configs.FineGrained.task, "a classifier")
    labels = _labels(robustness.TASK, data, found.labels(model, config))
    scorer = found.scorer(model, config, size)
    result = robustness.evaluate(scorer, model, data, labels, settings, progress=progress)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result


def export(model, out, *, onnx=False, tflite=False, overwrite=False):
    """Write a network as a SavedModel that runs without this package: pixels in, maps out.

    model: a `Run`, its model, a run folder or its `.weights.h5`; or any `keras.Model` that
        `evaluate` takes. One that takes gaze is exported with the input `gaze` as well.
    out: the folder to write; README.md in it says what the network is, how to load it and what
        it returns. Nothing is left behind after an error.
    onnx, tflite: write model.onnx (needs the extra `[onnx]`) and model.tflite as well.
    overwrite: replace an earlier export.

    Always computes in float32. Returns the path of the folder. Raises `InputError` for a network
    that cannot be exported or converted, and for a folder that holds anything but an export.
    """
    from keras_attn import converting, saved_model

    others = {}
    if onnx:
        converting.check_onnx()
        others[converting.ONNX] = converting.to_onnx
    if tflite:
        others[converting.TFLITE] = converting.to_tflite
    every = (converting.ONNX, converting.TFLITE)
    out = saved_model.check_target(out, every, overwrite=overwrite)
    origin = model if isinstance(model, (str, Path)) else getattr(model, "folder", None)
    network, found, config = _scored_as(model, None)
    saved_model.export(network, found, config, out, origin=origin, others=others)
    return out


def predict(
    model,
    source,
    *,
    out,
    gaze=None,
    raw=False,
    size=None,
    on_bad_example="raise",
    overwrite=False,
    progress=True,
):
    """Let a network look at images or videos, and write what it makes of them.

    model: a `Run`, its model, a run folder or its `.weights.h5`; a SavedModel that `export` wrote;
        or any `keras.Model` that `evaluate` takes, as a `.keras` file too.
    source: an image file or a folder of images; for networks of clips a video file, a folder of
        frames, or a folder of those. Flow is estimated as that which the network learnt from.
    out: the folder to write to. For an image `<name>_saliency.png` of networks that segment, and
        `<name>_overlay.png`, the last attention, of networks that attend; for a video
        `<name>_overlay.gif`; and predictions.csv of networks that tell classes.
    gaze: a CSV file of fixations on the images as `datasets.folder` reads it, for networks that
        take gaze. raw: write `<name>.npz` too, with every map in float32. size: side or (height,
        width) of the input, where the model leaves it open.
    on_bad_example: "raise", or "skip" to leave out and list what cannot be read.

    Everything is computed as in `evaluate`, and written whole or not at all. Returns
    `prediction.Predictions`; its `.rows` are those of predictions.csv.
    """
    from keras_attn import prediction, video_prediction

    if isinstance(model, (str, Path)):
        model = _opened(Path(model).expanduser())
    model, found, config = _scored_as(model, None)
    gaze = None if gaze is None else Path(gaze).expanduser()
    out = Path(out).expanduser()
    options = prediction.Options(out, gaze, raw, on_bad_example, overwrite, progress)
    scorer = found.scorer(model, config, size)
    of_clips = found.DATA is datasets.VideoDataset
    make = video_prediction.of_videos if of_clips else prediction.of_images
    return make(model, scorer, source, options)


def _opened(path):
    """The network at a path: that of a run, of an export or of a `.keras` file."""
    if is_saved_model(path):
        from keras_attn import exported

        return exported.load(path)
    return keras_model(path) if path.suffix == ".keras" else load(path)


def _scored_as(model, task, expected=None):
    """The Keras model, the module of its task, and its configuration or None.

    expected: what the caller wants the model to be, where its user has not named a task.
    """
    from keras_attn import evaluation, tasks

    if isinstance(model, (str, Path)):
        model = load(model)
    model = getattr(model, "model", model)
    evaluation.check_model(model)
    config = tasks.config_of(model)
    if config is not None:
        found = tasks.of(config)
    else:
        found = tasks.of_model(model) if task is None else tasks.named(task)
    if task not in (None, found.NAME):
        if expected is not None:
            raise InputError("model", expected, f"a run of {found.NAME}")
        raise InputError("task", f"{found.NAME!r}, which the run was trained for", repr(task))
    return model, found, config


def _labels(task, data, who):
    labels = {"task": task, "dataset": (data.whole or data).name, "fold": data.number, **who}
    return {name: labels[name] for name in LABELS}


def validation(data, *, task=None, every=1, size=None, pictures=None):
    """A Keras callback that scores a model on `data` after an epoch of your own `fit`.

    It adds val_max_f and val_mae, or val_accuracy, of videos val_map too, and val_s_auc and val_ig
    to the logs, so put it before callbacks that read them. The model is one that `evaluate` takes.
    data, task, size: as for `evaluate`. every: epochs from one time to the next. pictures: a folder
    for TensorBoard to find pictures of predictions and attention in.
    """
    from keras_attn import evaluation, tasks
    from keras_attn.training.callbacks import Validation

    if not isinstance(data, datasets.VideoDataset):
        data = datasets.as_dataset(data)

    def scorer(model):
        chosen = tasks.of_model(model) if task is None else tasks.named(task)
        return chosen.scorer(model, None, size)

    return Validation(evaluation.validator(scorer, data), every, pictures)


LABELS = ("task", "dataset", *NETWORK, "fold", "seed")
"""First columns of all rows."""
