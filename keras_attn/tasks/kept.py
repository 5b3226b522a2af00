"""Training on kept features: what a frozen encoder returns is computed once, not in every epoch."""

import json

import keras

from keras_attn import models
from keras_attn.datasets.batches import pipeline
from keras_attn.datasets.batches.features import Features
from keras_attn.evaluation.network import forward
from keras_attn.models.halves import encoder, head
from keras_attn.resizing import size_of
from keras_attn.tasks.pretraining import answer, digest
from keras_attn.training.plan import Plan, Trainee


def wanted(config):
    """Whether a configuration asks for it: a frozen encoder, of which features are kept."""
    return config.training.encoder == "frozen" and config.machine.keep_features


def plan(config, train, validation, *, build, compiled, batches, scorer, **options):
    """The `Plan` of training what comes after the frozen encoder, on features that are kept.

    build: () -> the whole network, with its initial weights. compiled: (model, config, updates) ->
    the same, compiled for a training of so many updates. batches: `Features` -> `pipeline.Batches`
    of them. scorer: (learner, `Features`) -> `Scorer` of a model that takes features. options:
    variants and masks, of `Features.of`, for the data that are learnt from.
    """
    made, backbone, epochs = {}, config.model.backbone, config.training.epochs
    examples = len(train) * len(options.get("variants", pipeline.PLAIN))
    steps = pipeline.steps_of(examples, config.training.batch_size)

    def built():
        network = build()
        made["encoder"] = encoder(network, backbone)
        return Trainee(network, compiled(head(network, backbone), config, epochs * steps))

    def begun(learner, first):
        return batches(features(config, made["encoder"], train, **options)).of(learner, first)

    def scored(learner):
        return scorer(learner, features(config, made["encoder"], validation))

    return Plan(built, epochs, steps, begun, scored)


def features(config, frozen, dataset, **options):
    """The `Features` that the frozen encoder of a configuration makes of a dataset's images."""
    call = forward(frozen)
    name = frozen.inputs[0].name
    return Features.of(
        dataset,
        size_of(config.model.size),
        lambda images: call({name: images})[""],
        _identity(config, frozen),
        sigma=config.data.fixation_sigma,
        folder=config.machine.features,
        kind=config.machine.features_as,
        threads=config.machine.threads,
        title=f"{config.model.backbone} features",
        **options,
    )


def _identity(config, frozen):
    """Text that changes with all that features depend on, but for the images."""
    part, version = config.model, keras.version()
    about = [config.task, part.backbone, part.width, config.machine.precision, version]
    about.append(digest(frozen))
    if part.backbone not in models.BACKBONES.own:
        about.append(answer(frozen))
    return json.dumps(about)


class OnFeatures:
    """Makes an `ImageScorer` one of a learner that takes kept features in the place of images.

    A base class beside that of the task, before it. `kept` is set to the `Features` of the dataset
    that is scored.
    """

    kept = None

    def inputs(self, example):
        """The features, and under the name `gaze` the density, as the learner takes them."""
        number = self.kept.numbers[example.id]
        made = {"features": self.kept.value(number), "gaze": self.kept.density(number)}
        return {name: made[name] for name in self.inputs_of_model}
