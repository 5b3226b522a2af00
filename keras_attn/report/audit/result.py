"""What an audit found, as users get it: data that print and save themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keras_attn.evaluation.result import AuditScores, Gallery
from keras_attn.report.audit import differences, faithfulness, page, table

__all__ = ["AuditResult", "Gallery"]


@dataclass(frozen=True, eq=False)
class AuditResult(AuditScores):
    """What an audit found; `print` shows the table, `save` writes it all.

    `audit` returns one.

    Args:
        rows: a DataFrame with a row per map kind: model, layer, kind, source (files and weights of
            the model), images; for each metric its mean, `_low` and `_high` (95 % bootstrap
            interval over images), `_p` (Wilcoxon's signed-rank test against chance, which is 0.5 of
            s_auc and auc_judd and 0 of ig, nss and cc, and against `centre` of sim and kl; an ig
            above 0 is tested against `uniform` as well, and the larger p is told; Holm-corrected
            over the rows; NaN of the row that others are held against) and `_side` ("better" or
            "worse" than that where p is below 0.05, else ""); ig_share, IG as a share of that of
            the row `gold_standard`, `_low` and `_high`; zero_share, constant; dataset, and what is
            known of it (`about_data.columns`). Of an audit by condition a row per map kind and
            condition, with the column condition, tests within it, and for s_auc and ig the
            `_difference` to the first condition over the same images, its `_low`, `_high`, `_p` and
            `_side`. Metrics of plug-ins (`metrics.columns.Column`) stand behind kl.
        examples: a DataFrame with a row per map kind and image, and condition, with all scores, the
            image's group where the dataset has some, and which data they are of.
        dataset: what it was scored against.
        blur: of densities and of the centre bias, as shares of an image's width.
        gallery: maps of a few images to look at.
        seconds: how long it took.
        models: by name, what was audited: files, weights, input size.
        notes: what a reader of the scores has to know.
        parts: by condition the dataset that it was scored against; {} of an audit of all together.
        ceilings: by condition, or under "", what the ceiling is made of, a
            `gold_standard.Mixture`; None where viewers are not told apart.
        faithfulness: with `audit(faithfulness=...)`, whether the maps tell anything of their
            networks: its `.rows` has a row per model and map, and for `all_observers`, `centre` and
            `random` order: images; of deletion (lower is better) and insertion (higher) the area,
            `_low` and `_high`, `_p` against random order (Wilcoxon's test, Holm's correction) and
            `_side`; `randomised`, Spearman's rank correlation with the maps of the network with
            random weights. `.examples` has one of each and image. Else None.
        viewers: a DataFrame with a row per map (of models, and of centre and uniform), image and
            viewer: fixations, how many these are, and the mean over them of each metric that is one
            (s_auc, ig, nss; see `Column.per_fixation`). Without rows where viewers are not told
            apart; what `keras_attn.power` plans studies from.
    """

    @classmethod
    def of(cls, scores: AuditScores) -> AuditResult:
        """That of `AuditScores`.

        Args:
            scores: what the loop over images has made.

        Returns:
            An `AuditResult`.
        """
        return cls(**vars(scores))

    def __repr__(self) -> str:
        return f"AuditResult({len(self.rows)} rows, {self.dataset!r})"

    def __str__(self) -> str:
        apart = differences.as_text(self)
        told = faithfulness.as_text(self.faithfulness)
        return "\n".join(filter(None, (table.as_text(self), apart, told)))

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the tables (rows.csv and so on), audit.json, audit.html and audit.png.

        Args:
            folder: where to.
            overwrite: replace an earlier audit in it.

        Returns:
            The path of the folder.

        Raises:
            InputError: There is an earlier one, or the folder cannot be written to.
        """
        return page.write(self, folder, overwrite=overwrite)
