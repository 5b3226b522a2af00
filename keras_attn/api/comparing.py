"""Audits of several models, made by anyone on the same data, in one ranking."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from keras_attn.errors import InputError
from keras_attn.report.audit import record
from keras_attn.report.audit.result import AuditResult
from keras_attn.report.ranking import ranking


def compare(
    audits: Iterable[str | Path | AuditResult],
    *,
    metric: str = "s_auc",
    out: str | Path | None = None,
    overwrite: bool = False,
) -> ranking.Ranking:
    """Which of these networks looks most where people look? Audits on the same data in one order.

    Args:
        audits: two or more: files audit.json, folders of audits, or what `audit` returned. They are
            of the same images, gaze and conventions; others are refused.
        metric: the key of the metric to rank by.
        out: a folder to write ranking.csv and ranking.html to.
        overwrite: replace an earlier ranking in `out`.

    Returns:
        A `Ranking`: print it, read `.rows`, or `.save(folder)`.

    Raises:
        InputError: A file is no audit, two are not of the same data or made alike, or there are
            fewer than two; then nothing is written.

    Example:

    >>> import keras_attn as ka
    >>> data = ka.datasets.miniature("folder", images=2, shape=(32, 40), root="scenes")
    >>> def darkness(images):
    ...     return 255 - images.mean(axis=-1)
    >>> def redness(images):
    ...     return images[..., 0] - images.mean(axis=-1)
    >>> made = [ka.audit(one, data, progress=False) for one in (darkness, redness)]
    >>> found = ka.compare(made)
    >>> int(found.rows["rank"].max())
    2
    """
    if isinstance(audits, (str, Path, AuditResult)):
        audits = [audits]
    records = {}
    for number, one in enumerate(audits, 1):
        key, found = _opened(one, number)
        if key in records:
            raise InputError("audits", "each of them once", f"{key} twice")
        records[key] = found
    made = ranking.of(records, metric)
    if out is not None:
        made.save(out, overwrite=overwrite)
    return made


def _opened(one, number):
    """What messages call an audit, and its `Record`."""
    if isinstance(one, AuditResult):
        name = f"audit {number}"
        return name, record.opened(record.of(one), name, name)
    if not isinstance(one, (str, Path)):
        expected = "files audit.json, folders of audits, or results of audits"
        raise InputError("audits", expected, type(one).__name__)
    return str(record.path_of(one).resolve()), record.read(one)
