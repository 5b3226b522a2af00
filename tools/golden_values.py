"""Writes what pysaliency returns to tests/golden/mixed_sizes.npz and tests/golden/tuebingen.npz.

    .benchmarks/pysaliency/bin/python tools/golden_values.py

Runs in the peer's environment, which `tools/benchmark.py metrics` makes. The maps of the first
have 8 bits and many ties; the fixations are fractional, with duplicates; one image has none. The
second is asked in the words of the MIT/Tübingen benchmark (matthias-k/saliency-benchmarking,
`Benchmark.evaluate_*`), of maps whose minimum is above 0.
"""

from pathlib import Path

import numpy as np
import peer  # before anything of pysaliency
from pysaliency import Stimuli
from pysaliency.baseline_utils import CrossvalidatedBaselineModel
from pysaliency.models import SaliencyMapNormalizingModel
from scipy.ndimage import gaussian_filter

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
SHAPES = ((40, 60), (50, 50), (30, 80), (40, 60), (64, 36), (25, 25))
COUNTS = (20, 7, 0, 31, 12, 1)
BANDWIDTH, EPS = 0.07, 1e-3


def mixed_sizes():
    """Make maps of different sizes, ask pysaliency, write both."""
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
        GOLDEN / "mixed_sizes.npz",
        **inputs,
        index=np.repeat(np.arange(len(SHAPES)), COUNTS),
        bandwidth=BANDWIDTH,
        eps=EPS,
        **values,
    )
    print({name: np.asarray(value).round(4).tolist() for name, value in values.items()})


def tuebingen():
    """Make maps with a minimum above 0, ask as the benchmark of today does, write both.

    The last but one has negative values, the last holds zeros; one density is 0 at places. Their
    information gain is that of their densities, of the first four, over given ones.
    """
    rng = np.random.default_rng(2018)
    maps = [0.2 + gaussian_filter(rng.random((30, 40)), 2) for _ in range(3)]
    maps.append(rng.integers(40, 48, (30, 40)).astype(float))
    maps.append(gaussian_filter(rng.standard_normal((30, 40)), 2))
    maps.append(np.maximum(gaussian_filter(rng.standard_normal((30, 40)), 2), 0))
    counts = (25, 8, 1, 14, 30, 12)
    points = [rng.random((n, 2)) * (40, 30) for n in counts]
    points[0][20:] = points[0][:5]
    densities = [gaussian_filter(rng.random((30, 40)), 3) + 0.1 for _ in maps]
    densities[1] = np.maximum(densities[1] - np.quantile(densities[1], 0.4), 0)
    baselines = [gaussian_filter(rng.random((30, 40)), 4) for _ in maps]
    stimuli = Stimuli([rng.integers(0, 256, (30, 40, 3), np.uint8) for _ in maps])
    fixations, model = peer.fixations_of(points), peer.model_of(stimuli, maps)
    empirical, every = peer.model_of(stimuli, densities), (stimuli, fixations)
    first = fixations[fixations.n < 4]
    gains = SaliencyMapNormalizingModel(model).information_gains(
        stimuli, first, SaliencyMapNormalizingModel(peer.model_of(stimuli, baselines))
    )
    epsilon = 2.2204e-16
    values = {
        "auc": by_image(model.AUCs(*every), fixations),
        "s_auc": by_image(model.AUCs(*every, nonfixations="shuffled"), fixations),
        "nss": by_image(model.NSSs(*every), fixations),
        "ig": by_image(gains, first),
        "ig_by_fixation": np.mean(gains),
        "cc": model.CCs(stimuli, empirical),
        "sim": model.SIMs(stimuli, empirical),
        "kl": model.image_based_kl_divergences(
            stimuli,
            empirical,
            minimum_value=0,
            log_regularization=epsilon,
            quotient_regularization=epsilon,
        ),
    }
    np.savez_compressed(
        GOLDEN / "tuebingen.npz",
        maps=maps,
        densities=densities,
        baselines=baselines,
        points=np.concatenate(points),
        index=np.repeat(np.arange(len(maps)), counts),
        **values,
    )
    print({name: np.asarray(value).round(4).tolist() for name, value in values.items()})


def by_image(values, fixations):
    """Their mean over the fixations of each image."""
    return [values[fixations.n == n].mean() for n in np.unique(fixations.n)]


if __name__ == "__main__":
    mixed_sizes()
    tuebingen()
