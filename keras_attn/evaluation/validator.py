"""What scores a model after an epoch of its training."""

import numpy as np

from keras_attn.evaluation import gallery_file, loop
from keras_attn.evaluation.network import forward, kept_predictions


def validator(make_scorer, dataset, threads=2, pictured=3, opened=lambda model: model):
    """What scores a model on `dataset` after an epoch, for `training.callbacks.Validation`.

    make_scorer: network -> `Scorer`. opened: model -> the network that is scored in its place: a
    model, or what has one. Returns a function: model -> (scores, pictures).
    """
    made = {}

    def validate(model):
        if made.get("model") is not model:
            network = opened(model)
            call = forward(getattr(network, "model", network))
            made.update(model=model, scorer=make_scorer(network), call=call)
        made["scorer"].check(dataset)
        scorer, kept = made["scorer"], dict.fromkeys(gallery_file.chosen(dataset, pictured))
        examples = kept_predictions(scorer, made["call"], dataset, kept)
        options = {"total": len(dataset), "progress": False, "threads": threads}
        briefs = loop.run(scorer.brief, examples, **options)
        pictures = [scorer.picture(arrays) for arrays in kept.values()]
        return scorer.overall(briefs), np.stack(pictures) if pictures else None

    return validate
