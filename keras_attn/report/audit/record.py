"""audit.json: an audit as one file that says what it is of, to be held against others of its kind.

docs/audit_file.md describes it. What is written by a later version is refused; fields that are not
known are passed over.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn.errors import InputError, listing
from keras_attn.evaluation.rows import (
    ABOUT_DATA,
    IMAGE,
    LARGEST,
    OF_MAP,
    RECORD,
    SCORED,
    gaze_keys,
    name_of,
)
from keras_attn.metrics.columns import COLUMNS
from keras_attn.report.versions import versions
from keras_attn.statistics import RESAMPLES, mean_of_seen

SCHEMA, VERSION = "keras_attn.audit", 1
PLACES = 9
"""Decimals of the scores of single images."""
AGREE = 1e-6
"""How far the mean of a row may be from that of its scores: these are rounded."""


def of(result):
    """The record of an `AuditResult`: values that JSON knows."""
    dataset = result.dataset
    seen = set(result.examples[IMAGE])
    watched = [example for example in dataset if example.id in seen]
    images = [example.id for example in watched]
    columns = [name for name in result.rows if name not in ABOUT_DATA]
    return _plain(
        {
            "schema": SCHEMA,
            "version": VERSION,
            "made_with": versions(),
            "data": _of_data(result),
            "conventions": _conventions(result),
            "models": result.models,
            "ceilings": {part: _text(mixture) for part, mixture in result.ceilings.items()},
            "notes": list(result.notes),
            "rows": result.rows[columns].to_dict("records"),
            "images": images,
            "groups": [example.group for example in watched] if dataset.grouped else None,
            "scores": _scores(result, images),
            "faithfulness": result.faithfulness and result.faithfulness.rows.to_dict("records"),
        }
    )


def _of_data(result):
    dataset, about = result.dataset, result.rows.iloc[0]
    parts = {name: part.fingerprint for name, part in result.parts.items()}
    return {
        "name": about["dataset"],
        "label": dataset.label,
        "reading": str(dataset.report),
        "note": dataset.note,
        "fingerprint": dataset.fingerprint,
        "conditions": parts,
        "viewers": dataset.report.viewers,
        "fixations": dataset.report.points,
        **{name: about[name] for name in SCORED if name != "fingerprint"},
        "fingerprint_of_whole": about["fingerprint"],
    }


def _conventions(result):
    metrics = {
        one.key: {"title": one.title, "better": one.better, "chance": one.chance} for one in COLUMNS
    }
    return {
        "fixation_sigma": result.blur.fixations,
        "centre_bias_sigma": result.blur.centre_bias,
        "longest_side": LARGEST,
        "interval": f"95 % percentile bootstrap, {RESAMPLES} resamples",
        "metrics": metrics,
    }


def _scores(result, images):
    """For each row by metric what each image scores, in the order of `images`."""
    labels = [name for name in OF_MAP if name in result.examples]
    by_map = {
        key: part.set_index(IMAGE).reindex(images)
        for key, part in result.examples.groupby(labels, sort=False)
    }
    return [
        {key: by_map[tuple(row[labels])][key].round(PLACES).tolist() for key in gaze_keys()}
        for _, row in result.rows.iterrows()
    ]


def _text(value):
    return None if value is None else str(value)


def _plain(value):
    """The value as JSON has it: numbers of NumPy as Python's, NaN and infinity as null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(result, path):
    """Write the record of an `AuditResult`."""
    text = json.dumps(of(result), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    Path(path).write_text(text, encoding="utf-8")


@dataclass(frozen=True, eq=False)
class Record:
    """An audit that was read from its file.

    name: what it is called beside others. data, conventions, models: as written. rows: a DataFrame
    like that of an `AuditResult`. scores: for each row a DataFrame of its images by metric. groups:
    of the images, or None.
    """

    name: str
    data: dict
    conventions: dict
    models: dict
    made_with: dict
    notes: list
    images: list
    groups: list | None
    rows: pd.DataFrame
    scores: list

    @property
    def names(self):
        """The `RowName` of each row."""
        return [name_of(row) for _, row in self.rows.iterrows()]

    @property
    def metrics(self):
        """Keys of the metrics, in their order."""
        return list(self.conventions["metrics"])


def path_of(path):
    """The file of an audit that is named by itself, or by its folder."""
    path = Path(path).expanduser()
    return path / RECORD if path.is_dir() else path


def read(path, name=None):
    """The `Record` in a file, or in the folder of an audit; `InputError` if it cannot be one."""
    path = path_of(path)
    if not path.is_file():
        expected = f"{RECORD} of an audit, or the folder it is in"
        raise InputError(path, expected, "no such file")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(path, "an audit as JSON", f"{error}") from error
    return opened(values, path, name or _name(path))


def _name(path):
    return path.resolve().parent.name if path.name == RECORD else path.stem


def opened(values, where, name):
    """The `Record` of what JSON has; where: what messages call it."""
    _check_schema(values, where)
    try:
        images, groups = list(map(str, values["images"])), values.get("groups")
        rows = _rows(values["rows"], values["conventions"]["metrics"])
        scores = [_of_images(one, images) for one in values["scores"]]
        record = Record(
            name=name,
            data=dict(values["data"]),
            conventions=dict(values["conventions"]),
            models=dict(values["models"]),
            made_with=dict(values.get("made_with", {})),
            notes=list(values.get("notes", [])),
            images=images,
            groups=groups,
            rows=rows,
            scores=scores,
        )
        _check(record)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        expected = "the fields that docs/audit_file.md lists, as an audit writes them"
        received = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise InputError(where, expected, received) from error
    _check_means(record, where)
    return record


def _check_schema(values, where):
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema != SCHEMA:
        expected = f'"schema": "{SCHEMA}", as {RECORD} of an audit has it'
        raise InputError(where, expected, "none" if schema is None else repr(schema))
    version = values.get("version")
    if version != VERSION:
        expected = f"version {VERSION}, which this keras_attn reads; a later one reads later ones"
        raise InputError(where, expected, repr(version))


def _rows(values, metrics):
    rows = pd.DataFrame(values)
    numbers = [f"{key}{end}" for key in (*metrics, "ig_share") for end in ("", "_low", "_high")]
    numbers += [f"{key}_p" for key in metrics]
    missing = [name for name in (*OF_MAP[:3], "images", *metrics) if name not in rows]
    if missing:
        raise ValueError(f"rows without {listing(missing)}")
    for name in numbers:
        rows[name] = pd.to_numeric(rows[name]) if name in rows else math.nan
    return rows


def _of_images(scores, images):
    """What one row scores, a DataFrame; a single number is not one for all images."""
    if uneven := [key for key, values in scores.items() if len(values) != len(images)]:
        raise ValueError(f"scores of {listing(uneven)} of other than {len(images)} images")
    return pd.DataFrame(scores, index=images, dtype=float)


def _check(record):
    """That rows, images and scores belong together."""
    for name in ("fingerprint", "name", "label", "reading"):
        if not isinstance(record.data[name], str):
            raise ValueError(f"data.{name} is {record.data[name]!r}")
    if len(record.scores) != len(record.rows):
        raise ValueError(f"scores of {len(record.scores)} rows, and {len(record.rows)} rows")
    if record.groups is not None and len(record.groups) != len(record.images):
        raise ValueError(f"{len(record.groups)} groups of {len(record.images)} images")
    if len({*record.images}) != len(record.images) or len({*record.names}) != len(record.rows):
        raise ValueError("two images or two rows of one name")
    for scores in record.scores:
        if missing := set(record.metrics) - set(scores):
            raise ValueError(f"scores without {listing(sorted(missing))}")


def _check_means(record, where):
    """That the means are those of the scores: what was changed by hand is no result."""
    rows = record.rows.to_dict("records")
    for name, scores, row in zip(record.names, record.scores, rows, strict=True):
        for key in record.metrics:
            mean = mean_of_seen(scores[key].to_numpy())
            if not np.isclose(mean, row[key], rtol=0, atol=AGREE, equal_nan=True):
                expected = f"{key} of {name} that is the mean of its scores, {mean:.6f}"
                raise InputError(where, expected, f"{row[key]:.6f}")
