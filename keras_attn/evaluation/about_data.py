"""What rows tell of the data that were scored, and of those that the network learnt from."""

from keras_attn.datasets import origin
from keras_attn.evaluation.rows import SCORED, TRAINED
from keras_attn.runs import known_data, learnt


def columns(dataset, known=None):
    """Columns of the rows of an evaluation, by name: SCORED and, of networks, TRAINED.

    known: what the network's run knows; None for a network from elsewhere.
    """
    # Drawn ones may be drawn anew elsewhere, with a few other bits.
    files = "" if dataset.drawn else learnt.stamp(dataset.whole or dataset)
    values = (dataset.drawn, origin.kind_of(dataset), known_data.fingerprint(dataset), files)
    scored = dict(zip(SCORED, values, strict=True))
    whole = (known or {}).get("whole")
    values = ("", None, "")
    if known:
        values = (
            known_data.name_of(known),
            known_data.is_drawn(known),
            whole["fingerprint"] if whole else "",
        )
    return scored | dict(zip(TRAINED, values, strict=True))
