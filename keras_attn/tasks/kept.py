"""How a network of pictures is trained: on images, or on kept features of a frozen encoder.

What a frozen encoder returns is computed once for each picture, and not in every epoch.
"""

import json
from functools import partial

import keras

from keras_attn import models
from keras_attn.datasets.batches import pipeline
from keras_attn.datasets.batches.features import Features
from keras_attn.evaluation.network import forward
from keras_attn.models.halves import encoder, head
from keras_attn.resizing import size_of
from keras_attn.tasks import encoders
from keras_attn.tasks.pretraining import answer, digest
from keras_attn.training.plan import Plan, Trainee


def wanted(config):
    """Whether a configuration asks for it: a frozen encoder, of which features are kept."""
    return config.training.encoder == "frozen" and config.machine.keep_features


def plan(
    config,
    train,
    validation,
    *,
    build,
    compiled,
    scorer,
    kept_scorer,
    variants=pipeline.PLAIN,
    masks=False,
):
    """The `Plan` of training a resolved configuration on images, or on kept features of them.

    build: (config, updates) -> the whole network, with its initial weights, compiled for a training
    of so many updates. compiled: (model, config, updates) -> the same of a part of it. scorer:
    (model, config) -> its `Scorer`. kept_scorer: (learner, `Features`, config) -> that of a model
    that takes features. variants, masks: what of each picture is learnt from, as in `pipeline`.
    """
    # Before the run is seeded: training an encoder draws random numbers.
    encoders.weights_file(config)
    options = {"variants": variants, "masks": masks}
    if wanted(config):
        return _on_features(config, train, validation, build, compiled, kept_scorer, options)
    size, threads = size_of(config.model.size), config.machine.threads
    made = _batches(config, pipeline.Pixels.of(train, size, threads, masks=masks), variants)
    built = partial(build, config, made.epochs * made.steps)
    return Plan.of(made, built, partial(scorer, config=config))


def _on_features(config, train, validation, build, compiled, kept_scorer, options):
    made, backbone, epochs = {}, config.model.backbone, config.training.epochs
    variants = options["variants"]
    steps = pipeline.steps_of(len(train) * len(variants), config.training.batch_size)

    def built():
        network = build(config)
        made["encoder"] = encoder(network, backbone)
        return Trainee(network, compiled(head(network, backbone), config, epochs * steps))

    def begun(learner, first):
        source = features(config, made["encoder"], train, **options)
        return _batches(config, source, variants).of(learner, first)

    def scored(learner):
        return kept_scorer(learner, features(config, made["encoder"], validation), config)

    return Plan(built, epochs, steps, begun, scored)


def _batches(config, source, variants):
    training = config.training
    return pipeline.Batches(
        source,
        batch_size=training.batch_size,
        epochs=training.epochs,
        seed=training.seed,
        variants=variants,
        sigma=config.data.fixation_sigma,
    )


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
