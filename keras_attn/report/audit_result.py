"""What an audit found, and how it is shown: the data that table, page and figure are made from."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from keras_attn.report import audit_page, audit_table


@dataclass(frozen=True, eq=False)
class Gallery:
    """Maps to look at: `maps[row][k]` is that of image `indices[k]`, float32 `(h, w)`, reduced."""

    indices: list
    maps: dict = field(repr=False)


@dataclass(frozen=True, eq=False)
class AuditResult:
    """What an audit found; `print` shows the table, `save` writes it all.

    rows: a DataFrame with a row per map kind: model, layer, kind, source (files and weights of
        the model), images; for each metric its mean, `_low` and `_high` (95 % bootstrap interval
        over images), `_p` (Wilcoxon's signed-rank test against `centre`, Holm-corrected over the
        rows); zero_share, constant; dataset, and what is known of it (`known_data.columns`).
    examples: a row per map kind and image with all scores, and which data they are of.
    models: by name, what was audited: files, weights, input size. notes: what a reader of the
        scores has to know.
    """

    rows: pd.DataFrame
    examples: pd.DataFrame
    dataset: object
    blur: object
    gallery: Gallery
    seconds: float
    models: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    def __repr__(self):
        return f"AuditResult({len(self.rows)} rows, {self.dataset!r})"

    def __str__(self):
        return audit_table.as_text(self)

    def save(self, folder, *, overwrite=False):
        """Write rows.csv, examples.csv, audit.html and audit.png into `folder`; return its path."""
        return audit_page.write(self, folder, overwrite=overwrite)
