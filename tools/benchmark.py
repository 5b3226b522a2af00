"""Measures the project against its peers, in one run on one machine; the ratios are the result.

    python tools/benchmark.py metrics              s-AUC and IG of 1,000 maps against pysaliency
    python tools/benchmark.py metrics --images 100

The peer lives in an environment of its own, which is made under `.benchmarks/` on the first call
(NumPy 2.3: pysaliency does not run with a newer one). Both sides read the same file, use one
core, are timed without imports and reading, and have to return the same numbers.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".benchmarks"
PEER_PACKAGES = ("pysaliency==0.2.22", "numpy==2.3.*", "scipy<2", "pandas<3", "scikit-learn")
SHAPE, FIXATIONS = (300, 400), 50
BANDWIDTH = 0.05
"""Blur of the centre bias as a share of each side, which is how pysaliency has it."""


def make_inputs(images, path, seed=0):
    """Smooth random maps, and fixations that prefer their high values and the centre."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    height, width = SHAPE
    maps = np.lib.format.open_memmap(path / "maps.npy", "w+", np.float64, (images, *SHAPE))
    y, x = np.mgrid[:height, :width]
    centre = np.exp(-(((x / width - 0.5) / 0.3) ** 2 + ((y / height - 0.5) / 0.3) ** 2) / 2)
    points = np.empty((images, FIXATIONS, 2))
    for i in range(images):
        blurred = gaussian_filter(rng.standard_normal(SHAPE), 12)
        maps[i] = blurred - blurred.min() + 1e-3
        chance = (np.exp(3 * maps[i] / maps[i].max()) * centre).ravel()
        flat = rng.choice(chance.size, FIXATIONS, p=chance / chance.sum())
        points[i] = np.column_stack([flat % width, flat // width]) + rng.random((FIXATIONS, 2))
    maps.flush()
    np.save(path / "points.npy", points)


def measure_ours(path):
    """Seconds and values of `metrics.gaze`."""
    from keras_attn.metrics import gaze

    maps, points = np.load(path / "maps.npy"), np.load(path / "points.npy")
    sigma = (BANDWIDTH * SHAPE[0], BANDWIDTH * SHAPE[1])
    options = {"convention": "mixture", "uniform_share": 0.0, "sigma": sigma}
    return {
        "s_auc": _timed(lambda: gaze.s_auc(maps, points)),
        "ig": _timed(lambda: gaze.information_gain(maps, points, **options)),
    }


def measure_pysaliency(path):
    """Seconds and values of pysaliency's models; runs in the peer's environment."""
    import peer
    from pysaliency import Stimuli
    from pysaliency.baseline_utils import CrossvalidatedBaselineModel
    from pysaliency.models import SaliencyMapNormalizingModel

    maps, points = np.load(path / "maps.npy"), np.load(path / "points.npy")
    # Stimuli are told apart by their content.
    content = np.random.default_rng(0).integers(0, 256, (len(maps), *SHAPE, 3), np.uint8)
    stimuli = Stimuli(list(content))
    fixations, model = peer.fixations_of(points), peer.model_of(stimuli, maps)
    baseline = CrossvalidatedBaselineModel(stimuli, fixations, BANDWIDTH)
    density = SaliencyMapNormalizingModel(model)
    for stimulus in stimuli:  # hashing and reading are not what is measured
        model.saliency_map(stimulus)
    auc = {"nonfixations": "shuffled", "thresholds": "all", "average": "image"}
    return {
        "s_auc": _timed(lambda: model.AUC(stimuli, fixations, **auc)),
        "ig": _timed(
            lambda: density.information_gain(stimuli, fixations, baseline, average="image")
        ),
    }


def _timed(call):
    start = time.perf_counter()
    value = float(call())
    return {"seconds": time.perf_counter() - start, "value": value}


def _peer_python():
    home = WORK / "pysaliency"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"installing {PEER_PACKAGES[0]} in {home} ...", flush=True)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)
        (home / "ready").touch()
    return python


def _on_one_core(python, side, path):
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    command = [python, __file__, "metrics", "--side", side, "--inputs", path]
    done = subprocess.run(
        command, env={**os.environ, **threads}, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def metrics(images):
    """Print a table of seconds and ratios; fails if the two sides disagree."""
    peer = _peer_python()
    inputs = WORK / f"metrics-{images}"
    if not (inputs / "points.npy").exists():
        inputs.mkdir(parents=True, exist_ok=True)
        make_inputs(images, inputs)
    ours = _on_one_core(sys.executable, "ours", inputs)
    theirs = _on_one_core(peer, "pysaliency", inputs)
    print(f"{images} maps of {SHAPE[0]}x{SHAPE[1]}, {FIXATIONS} fixations each, one core")
    print(f"{'':8}{'keras_attn':>12}{'pysaliency':>12}{'ratio':>8}{'difference':>12}")
    for name in ours:
        difference = abs(ours[name]["value"] - theirs[name]["value"])
        _line(name, ours[name]["seconds"], theirs[name]["seconds"], f"{difference:12.1e}")
        if difference > 1e-9:
            sys.exit(f"{name}: {ours[name]['value']} against {theirs[name]['value']}")
    _line("both", *(sum(row["seconds"] for row in side.values()) for side in (ours, theirs)))


def _line(name, ours, theirs, rest=""):
    print(f"{name:8}{ours:10.2f} s{theirs:10.2f} s{theirs / ours:8.1f}{rest}")


def main():
    """Parse the arguments; `--side` is for the processes that this one starts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["metrics"])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--side", choices=["ours", "pysaliency"], help=argparse.SUPPRESS)
    parser.add_argument("--inputs", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side is None:
        return metrics(arguments.images)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sides = {"ours": measure_ours, "pysaliency": measure_pysaliency}
    print(json.dumps(sides[arguments.side](arguments.inputs)))
    return None


if __name__ == "__main__":
    main()
