"""Trained networks as SavedModels that run without this package or Keras: pixels in, maps out.

What users call is `api.export`.
"""

import inspect
import json
import tempfile
from dataclasses import fields
from itertools import product
from pathlib import Path

import tensorflow as tf

from keras_attn import configs, mechanisms, storage, tasks, weights
from keras_attn.errors import InputError, listing
from keras_attn.exports import any_size, model_card
from keras_attn.models.c3d import FLOW, FRAMES
from keras_attn.models.common import GAZE, in_structure
from keras_attn.networks import heads
from keras_attn.networks.outputs import described, outputs_like
from keras_attn.runs import provenance
from keras_attn.training import devices

CARD = "README.md"
FILES = ("saved_model.pb", "variables", "assets", "fingerprint.pb", CARD)
"""What an export consists of, but for the other formats."""
IMAGE = "image"
ORDER = (IMAGE, FRAMES, FLOW, GAZE)
"""The names of inputs, and how they follow each other where they are given without names."""
DATA = ("name", "fingerprint", "note", "examples", "drawn", "kind", "whole")
"""What is told of the training data: all but where they lie."""
PIXELS = ("float32", "uint8")
"""Types that pixels may have; the first is that of the default signature."""


def export(model, task, config, out, *, origin=None, others=None):
    """Write a network and all that goes with it in the place of the folder `out`.

    model: the `keras.Model`. task: its module. config: its configuration, or None for a model from
    elsewhere. origin: the run folder or weight file that it comes from, where that is known.
    others: functions that write the same network in another format, by the names of their files.
    """
    others = others or {}
    network = in_float32(model, config)
    classes = () if config is None else getattr(config.model, "classes", None) or ()
    served = Served(network, classes)
    served.check()
    record, scored = _known_of(origin)
    data = record.get("data") and {n: v for n, v in record["data"].items() if n in DATA}
    about = model_card.About(
        task=task.NAME,
        who=task.labels(model, config),
        inputs={spec.name: _as_text(spec) for spec in served.specs()},
        outputs={name: _as_text(spec) for name, spec in served.described().items()},
        size=served.size,
        normalise=_normalisation(config),
        data=data,
        scored=scored,
        classes=len(classes),
        formats=tuple(others),
        versions=provenance.versions(),
    )
    assets = {"classes.txt": "".join(f"{name}\n" for name in classes)} if classes else {}
    told = {"config": None if config is None else configs.to_dict(_without_paths(config))}
    told |= {"size": about.size, "data": data, "versions": about.versions}
    assets["config.json"] = json.dumps(told, indent=2) + "\n"
    write(served, out, model_card.text(about), assets, others.values())


def _known_of(origin):
    """What a weight file says of itself, and the folder with its scores or None."""
    if origin is None:
        return {}, None
    origin = Path(origin).expanduser()
    folder = storage.RunFolder(origin if origin.is_dir() else origin.parent)
    file = folder.weights if origin.is_dir() else origin
    scored = file == folder.weights and (folder.path / "examples.csv").is_file()
    return weights.settings(file), folder.path if scored else None


def _without_paths(config):
    """The configuration with names in place of paths, which are nobody else's business."""
    named = {
        field.name: Path(value.name)
        for part in configs.PARTS
        for field in fields(getattr(config, part))
        if isinstance(value := getattr(getattr(config, part), field.name), Path)
    }
    return configs.changed(config, **named)


def _normalisation(config):
    """How the attention of a configuration's network is normalised; None where there is none."""
    if config is None or getattr(config, "stream", None) is not None:
        return None
    return mechanisms.get(config.model.attention).normalise


def _as_text(spec):
    return spec.dtype.name, tuple(spec.shape)


def check_target(out, others=(), *, overwrite=False):
    """The path of a folder that an export can be written to; `InputError` for any other.

    others: names of further files of exports. An earlier export is replaced with `overwrite`; a
    folder that holds anything else is refused, since all that is in it would go.
    """
    out = Path(out).expanduser().absolute()
    if out.exists() and not out.is_dir():
        raise InputError(out, "a folder, or nothing there yet", "a file")
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    foreign = [name for name in there if name not in (*FILES, *others)]
    if foreign:
        expected = "a new folder, an empty one or an earlier export"
        raise InputError(out, expected, f"{listing(foreign, 4)} in it")
    storage.check_target(out.parent, ())
    return storage.check_target(out, there, overwrite=overwrite)


def in_float32(model, config):
    """The model, or one of its configuration and weights where it has another precision.

    A mixed precision keeps its weights in float32, so nothing of them is lost. A model that is
    spread over devices becomes one of a single device as well. config: None for a model from
    elsewhere, which computes as it does.
    """
    if config is None:
        return model
    plain = (devices.PRECISIONS[0], devices.STRATEGIES[0])
    if (config.machine.precision, config.machine.strategy) == plain:
        return model
    with devices.precision(plain[0]):
        twin = tasks.of(config).network(config)
    twin.set_weights(model.get_weights())
    return twin


class Served:
    """A network as others call it, before it is written.

    model: a functional `keras.Model` whose inputs are an image `(batch, H, W, 3)`, or the clips
    "frames" and "flow", and perhaps "gaze"; its outputs maps of saliency or class scores, and
    perhaps attention, under the names that `evaluate` knows. classes: their names, or none.

    inputs: Keras tensors by the names under which the export takes them. outputs: names under which
    it returns what, by those of the model's outputs. numbers: the `tf.function` of float32 pixels
    that returns all outputs that are numbers, by name. `serve`: the one of uint8 or float32
    pixels in [0, 255], which also returns the names of classes.

    Images may be of any size. They are resized to the network's, and maps to that of the images,
    bilinearly; maps of clips are returned as the network makes them.
    """

    def __init__(self, model, classes=()):
        self.model, self.classes = model, tuple(classes)
        self.inputs, self.outputs = _inputs(model), _outputs(model)
        told = [own for own, name in self.outputs.items() if name == "logits"]
        self.head = heads.head_of(model, told[0]) if told and IMAGE in self.inputs else None
        self.numbers = _function(self._numbers, self.inputs)
        self.serve = _function(self._served, self.inputs)

    @property
    def size(self):
        """(H, W) that images are resized to; None for clips, and for networks of any size."""
        return _fixed_size(self.inputs[IMAGE]) if IMAGE in self.inputs else None

    def specs(self, *types):
        """What the inputs look like, of these types; default all float32."""
        types = types or ("float32",) * len(self.inputs)
        return [
            tf.TensorSpec(_any_size(tensor.shape), dtype, name=name)
            for (name, tensor), dtype in zip(self.inputs.items(), types, strict=True)
        ]

    def signatures(self):
        """The concrete functions by the names of their signatures; `serve` gets all it may need."""
        mixed = product(*(("float32",) if name == GAZE else PIXELS for name in self.inputs))
        # Each is a few casts around `numbers`, which is traced once.
        traced = {types: self.serve.get_concrete_function(*self.specs(*types)) for types in mixed}
        first, *_, last = traced.values()
        return {"serving_default": first, "serve": first, "serving_uint8": last}

    def module(self):
        """What a file is written of: `serve` and the variables, without the model."""
        # The model itself would bring Keras into the file.
        module = tf.Module()
        module.serve = self.serve
        module.weights = [weight.value for weight in self.model.variables]
        return module

    def check(self):
        """Raise `InputError` for a network that no graph can stand for."""
        made = self.numbers.get_concrete_function(*self.specs())
        any_size.check_graph(self.model, made.graph)
        for name, value in made.structured_outputs.items():
            if value.shape.rank is None or value.shape[-1] is None:
                where = f"{name} of model {self.model.name!r}"
                raise InputError(where, "a known number of channels", f"shape {value.shape}")
        if IMAGE in self.inputs and self.size is None:
            any_size.check_numbers(self.model, self._numbers, self.numbers, self.specs())

    def described(self):
        """The outputs as the default signature has them: `tf.TensorSpec`s by name."""
        made = self.serve.get_concrete_function(*self.specs()).structured_outputs
        derived = [name for name in ("probabilities", "classes") if name in made]
        return {name: made[name] for name in (*self.outputs.values(), *derived)}

    def _numbers(self, given):
        shape = tf.shape(given[IMAGE])[1:3] if IMAGE in given else None
        fed = {tensor.name: _fitted(given[name], tensor) for name, tensor in self.inputs.items()}
        with heads.unsquashed(self.head):
            outputs = any_size.called(self.model, in_structure(self.model, fed))
        outputs = outputs if isinstance(outputs, dict) else {"": outputs}
        made = {new: tf.cast(outputs[own], tf.float32) for own, new in self.outputs.items()}
        for name, value in made.items():
            if shape is not None and value.shape.rank == 4:
                made[name] = tf.image.resize(value, shape)
        if "logits" in made:
            made["probabilities"] = self._probabilities(made["logits"])
        return made

    def _probabilities(self, scores):
        """Those of the classes; scores of an unknown layer may be such already, as in `shares`."""
        if heads.tells_each_alone(self.head):
            return tf.sigmoid(scores)
        softmax = tf.nn.softmax(scores)
        if IMAGE not in self.inputs or heads.known(self.head):
            return softmax
        return tf.where(heads.look_like_probabilities(scores), scores, softmax)

    def _served(self, given):
        made = dict(self.numbers(*(tf.cast(value, tf.float32) for value in given.values())))
        if "logits" in made and self.classes:
            made["classes"] = tf.gather(tf.constant(self.classes), tf.argmax(made["logits"], -1))
        return made


def _inputs(model):
    """The model's inputs by the names under which an export takes them, in their order."""
    found = {_input_name(tensor): tensor for tensor in model.inputs}
    if None in found or len(found) < len(model.inputs) or set(found) == {GAZE}:
        expected = f"an image (batch, H, W, 3), or clips {FRAMES} and {FLOW}; and perhaps {GAZE}"
        received = listing([f"{tensor.name} {tuple(tensor.shape)}" for tensor in model.inputs])
        raise InputError(f"inputs of model {model.name!r}", expected, received)
    return {name: found[name] for name in ORDER if name in found}


def _input_name(tensor):
    if tensor.name in ORDER[1:]:
        return tensor.name
    return IMAGE if len(tensor.shape) == 4 and tensor.shape[-1] == 3 else None


def _outputs(model):
    """Names under which an export returns what, by those of the model's outputs."""
    if isinstance(model.output, dict):
        maps = [(name, "saliency") for name in outputs_like(model, "saliency")[-1:]]
        scores = [("logits", "logits")] * ("logits" in model.output)
        if maps or scores:
            return dict(maps + scores) | {name: name for name in outputs_like(model, "attention")}
    elif not isinstance(model.output, (list, tuple)) and len(model.output.shape) in (2, 4):
        return {"": "saliency" if len(model.output.shape) == 4 else "logits"}
    raise InputError(f"model {model.name!r}", "an output saliency or logits", described(model))


def _function(function, names):
    """A `tf.function` with arguments of these names, for a function of one dict of them.

    The names become those of the signature, by which all callers of the SavedModel go.
    """

    def call(*values):
        return function(dict(zip(names, values, strict=True)))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    call.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return tf.function(call, autograph=False)


def _any_size(shape):
    """The shape of an input, where images and gaze may have any height and width."""
    return shape if len(shape) == 5 else (None, None, None, shape[-1])


def _fitted(values, tensor):
    """An input as the network takes it: of its size, if that is fixed, and type."""
    size = _fixed_size(tensor)
    values = values if size is None else tf.image.resize(values, size)
    return tf.cast(values, tensor.dtype)


def _fixed_size(tensor):
    size = tuple(tensor.shape[1:3])
    return None if len(tensor.shape) != 4 or None in size else size


def write(served, out, card, assets, others=()):
    """Write the SavedModel of a `Served` in the place of the folder `out`, whole or not at all.

    card: the text of its README.md. assets: texts by file name, which loaded models have as
    well, `tf.saved_model.Asset`s named like the file up to its dot. others: functions that write
    the same network in another format, given the `Served` and the folder.
    """
    with storage.replacing_folder(out) as stage, tempfile.TemporaryDirectory() as texts:
        module, signatures = served.module(), served.signatures()
        for name, text in assets.items():
            path = Path(texts) / name
            path.write_text(text, encoding="utf-8")
            setattr(module, path.stem, tf.saved_model.Asset(str(path)))
        try:
            tf.saved_model.save(module, str(stage), signatures)
        except tf.errors.OpError as error:
            received = str(error.message).split("\n")[0]
            raise InputError(out, "a folder that can be written to", received) from error
        except (AssertionError, TypeError, ValueError) as error:  # such as variables of nobody's
            raise any_size.bound(served.model, any_size.reason(error)) from error
        for other in others:
            other(served, stage)
        (stage / CARD).write_text(card, encoding="utf-8")
