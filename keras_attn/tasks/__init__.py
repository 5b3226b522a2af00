"""The tasks of the study: each ties model, losses, batches, scores and pictures together.

A task is a module of this package, named like its configuration. What training and evaluation ask
of it, for a resolved configuration:

    DATA                            the kind of its datasets
    read(data, drawn=None)          the whole dataset that the data part of a configuration names
    parts(config, whole)            what of it is trained on, and what is scored
    resolved(config, train)         the configuration with nothing left to follow from others
    files(config)                   fingerprints of the files that a run depends on, by field
    plan(config, train, validation) the `training.plan.Plan`
    build(config)                   the compiled network, with its initial weights
    network(config)                 the network alone
    scorer(model, config, size)     an `evaluation.Scorer`
    takes(model)                    whether a model from elsewhere is one of this task
    gaze(config, dataset)           index -> `GazeScores` of the pictures of an example with gaze
    labels(model, config)           who is scored, for the first columns of the rows
"""

import importlib
import json

from keras_attn import configs
from keras_attn.errors import InputError, one_of


def of(config):
    """The module of a configuration's task."""
    if getattr(config, "task", None) not in configs.TASKS:
        expected = f"a configuration of one of {', '.join(configs.TASKS)}"
        raise InputError("config", expected, repr(config))
    return named(config.task)


def named(name):
    """The module of the task of that name."""
    one_of("task", name, tuple(configs.TASKS))
    return importlib.import_module(f"keras_attn.tasks.{name}")


def of_model(model):
    """The first task whose outputs a model from elsewhere has; Task 1 where none fits."""
    modules = [named(name) for name in configs.TASKS]
    return next((module for module in modules if module.takes(model)), modules[0])


def tag(model, config, data=None):
    """Let a model know the configuration it was made from, and what its run knows of its data.

    data: see `known_data.record`, or None. Returns the model.
    """
    model.keras_attn_config = config
    # As text: Keras would wrap a dict, to look for layers in it.
    model.keras_attn_data = json.dumps(data)
    return model


def config_of(model):
    """The configuration a model was made from, or None for one from elsewhere."""
    return getattr(model, "keras_attn_config", None)


def data_of(model):
    """What the run of a model knows of the data it learnt from; None where that is unknown."""
    return json.loads(getattr(model, "keras_attn_data", "null"))
