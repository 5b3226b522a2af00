"""Trains one model in one run folder, from where it was left, and writes its weights at the end.

Knows no task: it is handed a `Plan`, and functions that validate and save.
"""

import keras

from keras_attn.errors import InputError
from keras_attn.training import callbacks, devices, state


def fit(plan, *, folder, machine, seed, save, validate=None, label=""):
    """Train to the last epoch; returns the network. An unfinished run in `folder` goes on.

    plan: a `Plan`. folder: a held `RunFolder`. machine: a `configs.Machine`. save: (network,
    path), writes the weights. validate: see `callbacks.Validation`. label: what progress lines
    begin with.

    After each epoch the state is written, so at most one epoch's work is lost. In float32, on one
    device with the same versions and threads, a run that was killed and resumed ends with the
    same bits as one that was not. Raises `TrainingStopped` where the run diverges; nothing of the
    epoch in which it did is saved.
    """
    if plan.steps < 1 or plan.epochs < 1:
        received = f"{plan.steps}, {plan.epochs}"
        raise InputError("training", "at least one step and one epoch", received)
    with devices.precision(machine.precision), devices.scope(machine.strategy):
        keras.utils.set_random_seed(seed)
        trainee = plan.build()
        # Made within the first step, its variables would have Keras trace that twice.
        trainee.learner.optimizer.build(trainee.learner.trainable_variables)
        history = state.load(folder.state, trainee.learner, folder.identity)
    if history:
        callbacks.write_history(folder, history)
    if len(history) < plan.epochs:
        batches = plan.batches(trainee.learner, len(history))
        first = next(iter(batches))
        if machine.strategy == "none":  # on several devices Keras does it itself
            _build_loss(trainee.learner, *first)
        guard = callbacks.StopAtNaN(first[0], machine.precision)
        with callbacks.TrainingProgress(label) as report:
            trainee.learner.fit(
                batches,
                epochs=plan.epochs,
                initial_epoch=len(history),
                steps_per_epoch=plan.steps,
                callbacks=_callbacks(guard, folder, history, machine, validate, report),
                shuffle=False,  # the batches come in their order
                verbose=0,
            )
    save(trainee.network, folder.weights)
    folder.state.unlink(missing_ok=True)
    return trainee.network


def _build_loss(learner, x, y):
    """Make the variables of the losses' means, for which also Keras traces the first step twice."""
    learner.compute_loss(x, y, learner(x, training=False), training=False)


def _callbacks(guard, folder, history, machine, validate, report):
    """In this order: later ones see what earlier ones have added to the logs of an epoch."""
    made = [guard]
    curves = folder.curves if machine.tensorboard else None
    if validate is not None:
        pictures = None if curves is None else curves / "validation"
        validate = guard.guarding(validate)
        made.append(callbacks.Validation(validate, machine.validate_every, pictures))
    made += [callbacks.Checkpoint(folder, history), report]
    if curves is not None:
        made.append(keras.callbacks.TensorBoard(str(curves), write_graph=False))
    return made
