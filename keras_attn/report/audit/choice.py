"""Which maps an audit's pictures show where not all of them fit, and what is said of the rest."""

from collections import Counter

from keras_attn.errors import listing
from keras_attn.evaluation.rows import name_of, ranked
from keras_attn.report.audit import table


def chosen(result, most):
    """Names of at most `most` maps of the gallery, in its order.

    The maps of `all_observers` and `centre` are always among them, of an audit by condition
    `all_observers` under each and no `centre`, and at least one that was audited. The audited
    models take turns, each with its best map by s-AUC that is left; within a turn the better map
    goes first, so the best of all is there however many models there are.
    """
    names, taken = [], Counter()
    for name in _audited(result):
        names.append((taken[name.model], name))
        taken[name.model] += 1
    audited = [name for _, name in sorted(names, key=lambda named: named[0])]
    references = result.gallery.maps.keys() - set(audited)
    kept = references | set(audited[: max(1, most - len(references))])
    return [name for name in result.gallery.maps if name in kept]


def _audited(result):
    """Names of the maps from the best to the worst; under which condition does not matter."""
    named = (name_of(row).map for row in ranked(result.rows))
    return list(dict.fromkeys(named))


def order(result):
    """By which map the images of the gallery are ordered, as a sentence."""
    best = table.label(ranked(result.rows)[0])
    return f"Images from the best to the worst s-AUC of {best}."


def left_out(result, shown):
    """What to say of the audited maps that are not `shown`; "" where there are none."""
    audited = _audited(result)
    missing = [name for name in audited if name not in shown]
    if not missing:
        return ""
    models = list(dict.fromkeys(name.model for name in audited))
    unseen = [model for model in models if model not in {name.model for name in shown}]
    turns = "the highest by s-AUC" + (" of each model in turn" if len(models) > 1 else "")
    text = f"{len(audited) - len(missing)} of {len(audited)} audited maps are shown, {turns}"
    if unseen:
        text += f"; no map is shown of {len(unseen)} of {len(models)} models: {listing(unseen)}"
    return f"{text}."
