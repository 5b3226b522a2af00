"""What a network returns for examples, a batch at a time. Knows no task: that is a `Scorer`'s."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_attn.evaluation.loop import BATCH, read_ahead
from keras_attn.models.common import in_structure


def forward(model):
    """The model as a function of a dict of arrays that returns a dict of arrays, traced once."""
    run = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)

    def call(inputs):
        tensors = {name: tf.convert_to_tensor(value) for name, value in inputs.items()}
        outputs = run(in_structure(model, tensors))
        named = outputs if isinstance(outputs, dict) else {"": outputs}
        return {name: value.numpy() for name, value in named.items()}

    return call


def predictions(scorer, call, dataset, pool, indices=None):
    """Pairs of index and outputs by name, in order; inputs are read while others are computed.

    call: what `forward` returns. indices: of the examples, default all.
    """
    found = []
    for chunk, batch in batches(scorer, dataset, pool, indices):
        outputs = call(batch)
        for place, part in enumerate(chunk):
            found.append({name: values[place] for name, values in outputs.items()})
            if part.last:
                yield part.index, scorer.joined(found)
                found = []


def kept_predictions(scorer, call, dataset, kept):
    """What `loop.run` takes as its examples: pool -> (dataset, index, outputs) of each.

    kept: a dict whose values are filled in, for the indices that it has, by `scorer.keep`.
    """

    def examples(pool):
        for index, outputs in predictions(scorer, call, dataset, pool):
            if index in kept:
                kept[index] = scorer.keep(dataset, index, outputs)
            yield dataset, index, outputs

    return examples


class Part(NamedTuple):
    """What a model is given at a time: a part of an example, maybe its last, and whose index."""

    index: int
    value: Any
    last: bool


def batches(scorer, dataset, pool, indices=None):
    """Pairs of BATCH `Part`s of examples, in order, and their inputs by name, read ahead."""
    every = []
    for index in range(len(dataset)) if indices is None else indices:
        *first, last = scorer.parts(dataset[index])
        every += [*(Part(index, one, False) for one in first), Part(index, last, True)]
    for chunk, made in read_ahead(every, lambda part: scorer.inputs(part.value), pool):
        # The last batch is filled up: a batch of another size would be traced anew.
        filled = made + made[-1:] * (BATCH - len(made))
        yield chunk, {name: np.stack([one[name] for one in filled]) for name in filled[0]}
