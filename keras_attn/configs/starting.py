"""What a run starts from: what the paper's does, unless another choice is made in so many words.

A part `training` says it by `weights`, a published file, by `start`, a run on another dataset, and
by `pretraining`, which of the two is wanted. Every refusal of every task stands here.
"""

from keras_attn.errors import InputError

WITH_FILE = ("file", "direct", "trunk")
"""Values of `pretraining` with which weights of a file are wanted."""
OTHERWISE = {
    "direct": "the weights without that run",
    "drawn": "what drawn shapes or motions teach",
    "none": "random numbers",
}
"""What else a run may start from, by what `pretraining` has to be for it."""


def check_fields(training):
    """Refuse fields that another one has passed over."""
    pretraining, start = training.pretraining, getattr(training, "start", None)
    if training.weights is not None and pretraining not in WITH_FILE:
        expected = (
            f"none with training.pretraining {pretraining!r}; or say pretraining='file' "
            "(--training.pretraining file)"
        )
        raise InputError("training.weights", expected, str(training.weights))
    if start is None:
        return
    if pretraining == "direct":
        expected = (
            "none with training.pretraining 'direct'; or say pretraining='file' "
            "(--training.pretraining file)"
        )
        raise InputError("training.start", expected, str(start))
    for name in ("weights", "frames_from", "flow_from"):
        if getattr(training, name, None) is not None:
            expected = "none with training.start, which all weights are taken from"
            raise InputError(f"training.{name}", expected, str(getattr(training, name)))


def check(config):
    """Refuse a run that would start from anything but the paper's weights or run, unasked."""
    training = config.training
    if training.pretraining not in WITH_FILE or getattr(training, "start", None) is not None:
        return
    if config.first is not None and training.pretraining == "file":
        expected = (
            f"a finished run of the same network on {config.first}, which the paper's on "
            f"{config.data.name} starts from, or the folder that holds it: start=FOLDER "
            f"(--training.start FOLDER); 'compare' and 'study' train both. {otherwise(config)}"
        )
        raise InputError("training.start", expected, None)
    if training.weights is None and config.needs_weights:
        network, names = config.published
        fetched = "".join(
            f"; {name!r} in place of FILE once it was fetched by: python tools/fetch_weights.py "
            f"{name}"
            for name in names[:1]
        )
        expected = (
            f"a weight file of {network}, which the paper's run starts from: weights=FILE "
            f"(--training.weights FILE){fetched}. {otherwise(config, besides=('direct',))}"
        )
        raise InputError("training.weights", expected, None)


def otherwise(config, besides=()):
    """A sentence: what else a run may start from, and how that is said.

    besides: values of `training.pretraining` that are not told.
    """
    told = [
        f"{what}, say pretraining={name!r} (--training.pretraining {name})"
        for name, what in OTHERWISE.items()
        if name in config.choices and name not in besides
    ]
    return f"To start from {', or from '.join(told)}"
