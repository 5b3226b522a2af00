"""The files that a run starts from: where they are, whether they may be used, what is told of them.

What a run starts from, `configs.starting` decides.
"""

from pathlib import Path

from keras_attn import configs, storage, weights
from keras_attn.configs.starting import OTHERWISE, WITH_FILE
from keras_attn.errors import InputError
from keras_attn.runs import known_data
from keras_attn.weights import content

PUBLISHED = "weights"
"""The field that names a published file; the others name runs."""
RUNS = ("start", "frames_from", "flow_from")


def file_of_run(path):
    """The weight file of a finished run, named by its folder or itself."""
    path = Path(path).expanduser()
    file = storage.RunFolder(path).weights if path.is_dir() else path
    if not file.is_file():
        expected = "the folder of a finished run, or the weight file of one"
        raise InputError(path, expected, f"no {file.name} in it" if path.is_dir() else "neither")
    return file


def start_file(config):
    """The weight file of the run that `training.start` names.

    That is its folder, its file, or the folder that holds it under its usual name.
    """
    start = Path(config.training.start).expanduser()
    if config.first and start.is_dir() and not storage.RunFolder(start).finished:
        start /= config.on_first().run_name
    return file_of_run(start)


def paths(config):
    """The files that a run starts from, by field; empty where it starts from random numbers."""
    training, found = config.training, {}
    if getattr(training, "start", None) is not None:
        return {"start": start_file(config)}
    for name in (PUBLISHED, *RUNS):
        path = getattr(training, name, None)
        if path is not None:
            found[name] = weights.find(path) if name == PUBLISHED else file_of_run(path)
    return found


def files(config):
    """Fingerprints of these files, by field."""
    return {name: storage.fingerprint(path) for name, path in paths(config).items()}


def check(config, train):
    """Refuse to start as nobody has asked for, and from runs on data that cannot be meant.

    train: the dataset that is learnt from. Such are, for photographs, a run on drawn scenes and,
    where the paper goes from one dataset to another, a run on any but the first: one on the same
    dataset may have learnt from what is scored. And weights of an AlexNet of another order.
    """
    config.check_start()
    for name, path in paths(config).items():
        if content.layout_of(path) == content.THEANO:
            expected = (
                "weights of AlexNet with its normalisation before the pooling, as 'alexnet' has"
            )
            raise InputError(path, expected, "those of 'alexnet_theano', which has it after that")
        known = _known(path)
        if known is None:
            continue
        stored, data = known
        if data is not None and known_data.is_drawn(data) and not train.drawn:
            expected = f"a run on data that are not drawn, for {train.label}"
            raise InputError(path, expected, f"one on {known_data.label_of(data)}")
        if name == "start" and config.first and stored.data.name != config.first:
            expected = f"a run on {config.first}, from which the paper goes on to "
            raise InputError(path, expected + config.data.name, f"one on {stored.data.name}")


def _known(path):
    """Configuration and data of the run that has written a weight file; None for another file."""
    if not weights.of_run(path):
        return None
    settings = weights.settings(path)
    if "config" not in settings:  # a trunk that has learnt drawn shapes
        return None
    return configs.from_dict(settings["config"], path), settings.get("data")


def told(config, fingerprints):
    """What a run starts from, for its provenance: a list of dicts.

    fingerprints: what `files` of its task has returned. Each tells the `field` of the configuration
    that says so; of a file its name and SHA-256, of the file of a run also that `run` and the
    `data` it has learnt from; of all else `what` it is.
    """
    training, made = config.training, []
    for name, path in paths(config).items():
        one = {"field": name, "file": str(path), "sha256": fingerprints[name]}
        known = _known(path)
        if known is not None:
            stored, data = known
            one |= {"run": stored.run_name, "data": known_data.label_of(data) if data else None}
        made.append(one)
    random = config.needs_weights and training.pretraining not in WITH_FILE
    if random and "start" not in fingerprints:
        made.append({"field": "pretraining", "what": OTHERWISE[training.pretraining]})
    return made
