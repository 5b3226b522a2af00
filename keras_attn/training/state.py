"""What an unfinished run goes on from: every variable of model and optimizer, bit for bit."""

import json
import zipfile

import numpy as np

from keras_attn import storage
from keras_attn.errors import InputError


def save(path, model, history):
    """Write the state after an epoch: whole, or not at all.

    history: a list of dicts, one per epoch so far. The variables include the state of random
    layers such as dropout, which Keras' weight files leave out.
    """
    arrays = {f"{i:05d}": v.numpy() for i, v in enumerate(_variables(model))}
    with storage.replacing(path) as stage:
        np.savez(stage, history=np.array(json.dumps(history)), **arrays)


def load(path, model):
    """Restore a state into the compiled `model`; returns its history, empty if there is none."""
    if not path.is_file():
        return []
    variables = _variables(model)
    expected = f"the state of this run, {len(variables)} variables"
    try:
        with np.load(path, allow_pickle=False) as stored:
            values = [stored[f"{i:05d}"] for i in range(len(stored.files) - 1)]
            history = json.loads(str(stored["history"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error
    shapes = [tuple(v.shape) for v in variables]
    if [v.shape for v in values] != shapes:
        raise InputError(path, expected, f"{len(values)} others")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return history


def _variables(model):
    """Those of the model, and those the optimizer has once it has been built."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
