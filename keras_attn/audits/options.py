"""What each of several audited models gets of the options of an audit."""

from keras_attn.audits import PREDICTED, TRUE
from keras_attn.audits.kinds import chosen
from keras_attn.audits.sources import RETURN_MAPS
from keras_attn.errors import InputError, listing
from keras_attn.loading import forms

FILES = (forms.SAVED_MODEL, forms.EXPORT, forms.ONNX)
"""Forms of which some kinds of maps cannot be had."""
NOT_FOR = {
    "layers": RETURN_MAPS,
    "kinds": RETURN_MAPS,
    "preprocess": (*RETURN_MAPS, *forms.NAMED),
    "output": (*RETURN_MAPS, *FILES),
    "explain": (*RETURN_MAPS, *FILES),
    "size": (forms.MAPS,),
    "weights": tuple(form for form in forms.VERBS["audit"] if form not in forms.NAMED),
}
"""Forms of models that pass an option over which is meant for all models, where others take it."""
DEFAULTS = {"layers": (), "explain": PREDICTED}
"""Values of options that are not given; None for all others."""


def by_model(models, options):
    """The options of each model, `{name: {option: value}}`.

    models: by name. options: by name; a value that is a dict has one for each of some models, any
    other is for all of them. Raises `InputError` for a dict with other names than the models'.
    """
    options = {option: _by_text(value) for option, value in options.items()}
    for option, value in options.items():
        unknown = [name for name in value if name not in models] if isinstance(value, dict) else ()
        if unknown:
            expected = f"values for some of the models {listing(models)}"
            raise InputError(option, expected, f"one for {listing(unknown)}")
    kinds = {name: forms.check(model, "audit") for name, model in models.items()}
    return {
        name: {option: _of(option, options, name, kinds) for option in options} for name in models
    }


def _by_text(value):
    """An option whose names are texts, as those of the models are."""
    return {str(name): one for name, one in value.items()} if isinstance(value, dict) else value


def _of(option, options, name, kinds):
    default, value, form = DEFAULTS.get(option), options[option], kinds[name]
    if isinstance(value, dict):
        return value.get(name, default)
    passes = NOT_FOR.get(option, ())
    others = any(kind not in passes for kind in kinds.values())
    if form in passes and others and not (form in FILES and _explained_of(options, name)):
        return default
    if option == "kinds" and value and form in FILES and len(kinds) > 1:
        # Beside others, a file gives what it can of the kinds that all are asked for.
        return tuple(filter(_of_file, chosen(value))) or value
    return value


def _explained_of(options, name):
    """Whether a model's kinds explain a decision of which its scores are all that is known."""
    kinds = options.get("kinds")
    kinds = kinds.get(name) if isinstance(kinds, dict) else kinds
    return any(kind.scores_alone for kind in chosen(kinds))


def _of_file(kind):
    return kind.name == "activation" or kind.scores_alone


def explained(explain, classes):
    """The class to explain as a number, where it is one of the names in `classes`."""
    if isinstance(explain, dict):
        return {name: explained(value, classes) for name, value in explain.items()}
    if explain in (PREDICTED, TRUE) or not isinstance(explain, str):
        return explain
    if explain in classes:
        return list(classes).index(explain)
    if explain.isdecimal():
        return int(explain)
    expected = f"'{PREDICTED}', '{TRUE}', a class by its number"
    expected += f" or one of {listing(classes)}" if classes else " (the data have no classes)"
    raise InputError("explain", expected, repr(explain))
