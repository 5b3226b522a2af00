"""Writes what pysaliency returns on maps of different sizes to tests/golden/mixed_sizes.npz.

    .benchmarks/pysaliency/bin/python tools/golden_values.py

Runs in the peer's environment, which `tools/benchmark.py metrics` makes. The maps have 8 bits and
many ties; the fixations are fractional, with duplicates; one image has none.
"""

from pathlib import Path

import numpy as np
import peer  # before anything of pysaliency
from pysaliency import Stimuli
from pysaliency.baseline_utils import CrossvalidatedBaselineModel
from pysaliency.models import SaliencyMapNormalizingModel

OUT = Path(__file__).resolve().parents[1] / "tests" / "golden" / "mixed_sizes.npz"
SHAPES = ((40, 60), (50, 50), (30, 80), (40, 60), (64, 36), (25, 25))
COUNTS = (20, 7, 0, 31, 12, 1)
BANDWIDTH, EPS = 0.07, 1e-3


def main():
    """Make the inputs, ask pysaliency, write both."""
    rng = np.random.default_rng(2026)
    maps = [rng.integers(1, 9, shape).astype(np.uint8) * 28 for shape in SHAPES]
    points = [rng.random((n, 2)) * s[::-1] for n, s in zip(COUNTS, SHAPES, strict=True)]
    for some in points:
        some[len(some) // 2 :: 4] = some[: len(some[len(some) // 2 :: 4])]
    stimuli = Stimuli([rng.integers(0, 256, (*s, 3), np.uint8) for s in SHAPES])
    fixations, model = peer.fixations_of(points), peer.model_of(stimuli, maps)
    density = SaliencyMapNormalizingModel(model)
    baseline = CrossvalidatedBaselineModel(stimuli, fixations, BANDWIDTH, EPS)
    every = {"stimuli": stimuli, "fixations": fixations}
    auc = {**every, "thresholds": "all"}
    values = {
        "s_auc": model.AUC_per_image(**auc, nonfixations="shuffled"),
        "s_auc_by_fixation": model.AUC(**auc, nonfixations="shuffled", average="fixation"),
        "auc_exact": model.AUC_per_image(**auc, nonfixations="unfixated"),
        "auc_judd": model.AUC_Judd(**every, jitter=False),
        "nss_by_fixation": model.NSS(**every, average="fixation"),
        "log_baseline": baseline.log_likelihoods(**every),
        "ig_by_fixation": density.information_gain(**every, baseline_model=baseline),
    }
    inputs = {f"map_{i}": m for i, m in enumerate(maps)} | {"points": np.concatenate(points)}
    np.savez_compressed(
        OUT,
        **inputs,
        index=np.repeat(np.arange(len(SHAPES)), COUNTS),
        bandwidth=BANDWIDTH,
        eps=EPS,
        **values,
    )
    print({name: np.asarray(value).round(4).tolist() for name, value in values.items()})


if __name__ == "__main__":
    main()
