"""What an unfinished run goes on from: every variable of model and optimizer, bit for bit."""

import json

import numpy as np

from keras_attn import storage
from keras_attn.errors import InputError

RUN, EPOCHS = "run", "epochs"


def save(path, model, history, run=None):
    """Write the state after an epoch: whole, or not at all.

    history: a list of dicts, one per epoch so far. run: identity of the run. The variables include
    the state of random layers such as dropout, which Keras' weight files leave out.
    """
    arrays = {f"{i:05d}": v.numpy() for i, v in enumerate(_variables(model))}
    with storage.replacing(path) as stage:
        np.savez(stage, history=np.array(json.dumps({RUN: run, EPOCHS: history})), **arrays)


def load(path, model, run=None):
    """Restore a state into the compiled `model`; returns its history, empty if there is none.

    run: identity of the run. `InputError` for a damaged file, or one of another run.
    """
    if not path.is_file():
        return []
    variables = _variables(model)
    expected = f"the state of this run, {len(variables)} variables"
    try:
        with np.load(path, allow_pickle=False) as stored:
            values = [stored[f"{i:05d}"] for i in range(len(stored.files) - 1)]
            told = json.loads(str(stored["history"]))
            earlier, history = told[RUN], told[EPOCHS]
    except storage.UNREADABLE as error:
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error
    if earlier != run:
        raise InputError(path, f"{expected}, or no file", "that of another run")
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
