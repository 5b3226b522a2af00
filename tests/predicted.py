"""Networks that predict, and what they predict."""

import keras

import keras_attn as ka
from keras_attn import tasks


def network(config):
    """The network of a configuration with random weights."""
    keras.utils.set_random_seed(3)
    return tasks.tag(tasks.of(config).network(config), config)


def kept(evaluation, what):
    """What the gallery of an evaluation holds, by the id of the example."""
    places = sorted({name.split("/")[0] for name in evaluation.gallery})
    gallery = evaluation.gallery
    return {str(gallery[f"{place}/id"]): gallery[f"{place}/{what}"] for place in places}


def predict(model, source, out, **options):
    return ka.predict(model, source, out=out, progress=False, **options)
