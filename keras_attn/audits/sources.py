"""Where the audited maps come from: a source for whatever a user calls a model.

A source is called with a list of images (uint8 RGB `(H, W, 3)`, sizes may differ) and their
examples, and returns `{(layer, kind): [map, ...]}`, one finite two-dimensional float array per
image, of any size; the layer is "" where there is but one. `describe()` says where the maps come
from. It may have `check(examples)`, called before the work begins, `notes()`, after it, `places`,
where in the picture maps lie by layer or by (layer, kind), and `note_on(layer)`. TensorFlow is
loaded for networks alone.
"""

from pathlib import Path

from keras_attn.audits import PREDICTED
from keras_attn.audits.folder_maps import FolderMaps
from keras_attn.audits.function_maps import FunctionMaps
from keras_attn.errors import InputError
from keras_attn.loading import forms, opening

RETURN_MAPS = (forms.FUNCTION, forms.MAPS)
"""Forms that return their maps themselves, so that nothing of them can be chosen."""


def open_source(
    model,
    *,
    layers=(),
    kinds=None,
    size=None,
    preprocess=None,
    weights=None,
    output=None,
    explain=PREDICTED,
):
    """The source of maps for `model`, of any form that an audit takes. See `api.audit`."""
    form = forms.check(model, "audit")
    opening.check_weights(weights, form, model)
    if form in RETURN_MAPS:
        _refuse(form, layers=layers, preprocess=preprocess, output=output)
        if form == forms.FUNCTION and kinds:
            return FunctionMaps(model, size, kinds, explain)
        explain = None if explain == PREDICTED else explain
        _refuse(form, kinds=kinds, explain=explain)
        if form == forms.FUNCTION:
            return FunctionMaps(model, size)
        _refuse(form, size=size)
        return FolderMaps(model)
    options = {"layers": layers, "kinds": kinds, "size": size, "preprocess": preprocess}
    explained = {"output": output, "explain": explain}
    if form in (forms.SAVED_MODEL, forms.EXPORT):
        from keras_attn.audits.saved_model_maps import SavedModelMaps

        return SavedModelMaps(Path(model).expanduser(), **options, **explained)
    if form == forms.ONNX:
        from keras_attn.audits.onnx_maps import OnnxMaps

        return OnnxMaps(Path(model).expanduser(), **options, **explained)
    from keras_attn.audits.keras_maps import KerasMaps

    opening.check_preprocess(preprocess, form)
    if form == forms.BACKBONE:
        options |= _of_backbone(model, layers)
    opened = opening.keras_network(model, "audit", weights=weights, size=size)
    return KerasMaps(opened.model, **options, **explained, origin=opened.origin)


def _refuse(form, **given):
    for name, value in given.items():
        if value is not None and value != ():
            raise InputError(name, f"none for {form}", repr(value))


def _of_backbone(name, layers):
    """Its last stages by default."""
    from keras_attn import models

    return {"layers": layers or models.backbone(name).stages[-3:]}
