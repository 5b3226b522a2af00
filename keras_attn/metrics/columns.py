"""The gaze metrics as columns of a table: key in files, heading, which direction is better."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A metric: its key in files, its heading, and whether more of it is better.

    chance: what a map has that tells nothing, for IG one that tells what the centre bias does;
    None where that depends on the gaze.
    """

    key: str
    title: str
    higher_is_better: bool = True
    chance: float | None = None


COLUMNS = (
    Column("s_auc", "s-AUC", chance=0.5),
    Column("ig", "IG", chance=0.0),
    Column("auc_judd", "AUC-Judd", chance=0.5),
    Column("nss", "NSS", chance=0.0),
    Column("cc", "CC", chance=0.0),
    Column("sim", "SIM"),
    Column("kl", "KL", higher_is_better=False),
)
