"""The gaze metrics as columns of a table: key in files, heading, and which direction is better."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A metric: its key in files, its heading, and whether more of it is better."""

    key: str
    title: str
    higher_is_better: bool = True


COLUMNS = (
    Column("s_auc", "s-AUC"),
    Column("ig", "IG"),
    Column("auc_judd", "AUC-Judd"),
    Column("nss", "NSS"),
    Column("cc", "CC"),
    Column("sim", "SIM"),
    Column("kl", "KL", higher_is_better=False),
)
