"""The numbers that the paper prints in its ten tables."""

from pathlib import Path

import pandas as pd

PRINTED = Path(__file__).with_suffix(".csv")
KEYS = ("table", "dataset", "backbone", "fusion", "subset", "attention", "metric")
"""The columns that say which cell of the paper a number belongs to."""


def paper_cells():
    """The cells of the paper's ten tables: a DataFrame of KEYS and value."""
    return pd.read_csv(PRINTED, dtype=dict.fromkeys(KEYS, str), keep_default_na=False)
