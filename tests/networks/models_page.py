"""The table of docs/models.md, and how each verb of it is tried."""

import re
from pathlib import Path

import tensorflow as tf

import keras_attn as ka
from keras_attn.evaluation.rows import REFERENCES

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
OTHERS = "¹"
"""Marks models of packages that this one does not need; they are in test_other_packages.py."""


def table():
    """The cells of the page, `{model: {verb: text}}`."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    head, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


REFUSED = {
    "no: name one by output=": ("model", "output=", ("'colour'", "'species'")),
    "no: as many scores as classes": ("model", re.compile(r"scores of the \d+ classes"), "scores"),
    "no: scores before softmax": ("model", "before softmax", "probabilities"),
    "no: a classifier": ("model", re.compile("classifier|logits")),
    "no: maps of the whole picture": ("saliency", "whole picture", "maps of"),
    "no: a Keras model": ("model", ("Keras model", "validation")),
    "no: it is one already": ("model", "export", re.compile("export|SavedModel")),
    "no: audit alone": ("", "", re.compile("audit$|a folder with")),
}
"""What an error tells by its three parts, by the cell that tells of it."""


def audit(model, data, options, place):
    result = ka.audit(model, data, gallery=1, progress=False, **options)
    audited = result.rows[~result.rows["model"].isin(REFERENCES)]
    return audited, result.notes


def evaluate(model, data, options, place):
    result = ka.evaluate(model, data, progress=False, **options)
    assert len(result.rows) == len(data)
    return result.rows, result.notes


def attack(model, data, options, place):
    result = ka.attack(model, data, epsilons=(2,), epsilon=2, progress=False, **options)
    assert set(result.rows["fooling_rate_all"]) <= {0, 1}
    return result.rows, result.notes


def predict(model, data, options, place):
    options = {**options, "out": place / "predicted", "progress": False}
    result = ka.predict(model, data[0].image, **options)
    assert all((result.folder / name).is_file() for name in result.files)
    return result.rows, result.notes


def export(model, data, options, place):
    out = ka.export(model, place / "exported", **options)
    network = tf.saved_model.load(str(out))
    outputs = network.serve(data[0].pixels()[None])
    assert {"logits", "saliency"} & set(outputs)
    return None, ()


def validation(model, data, options, place):
    options.pop("weights", None)
    callback, logs = ka.validation(data, **options), {}
    callback.set_model(model)
    callback.on_epoch_end(0, logs)
    assert {"val_accuracy", "val_max_f"} & set(logs) and "val_s_auc" in logs
    return logs, ()


VERBS = {f.__name__: f for f in (audit, evaluate, attack, predict, export, validation)}
