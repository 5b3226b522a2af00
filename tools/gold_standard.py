"""The ceiling of a dataset beside the gold standard that pysaliency makes of the same gaze.

    python tools/gold_standard.py FOLDER      a folder with images/ and fixations.csv
    python tools/gold_standard.py FOLDER --peer ENVIRONMENT/bin/python

Each viewer is left out of each image. Blur and shares of the mixture are chosen here, and both
sides get the same. Printed in bits per fixation: the likelihood over a uniform density, and the
information gain over the centre bias of all other images, which both mix with a hundredth of a
uniform density. pysaliency has it two ways: as maps (`GoldModel` of the others, whose borders
reflect, as here) and as points (`CrossvalMultipleRegularizations`, a kernel density without pixels
or borders). Its environment is that of `tools/benchmark.py`, which is made on the first call.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

CENTRE_BLUR = 0.05
"""Of the centre bias, as a share of each side, which is how pysaliency has it."""
BASELINE_UNIFORM = 0.01
"""Share of the uniform density in the baseline."""
PEERS_SIDE = Path(__file__).with_name("gold_standard_peer.py")
TIGHT = 1e-6
"""Bits by which the maps of the two sides may differ."""


def ours(dataset):
    """What the peer is given, and the bits of each fixation: over uniform, of the baseline."""
    from keras_attn import gaze
    from keras_attn.metrics import gold_standard

    views, kept = [], []
    for index, example in enumerate(dataset):
        viewers = np.unique(example.subjects, return_inverse=True)[1]
        if not gold_standard.several(viewers):
            continue
        sigma = tuple(CENTRE_BLUR * side for side in example.shape)
        centre = dataset.pool.centre_bias(index, example.shape, sigma).ravel()
        pixels = gaze.pixels(example.points, example.shape)
        width = max(example.shape)  # which is what pysaliency takes shares of
        views.append(
            gold_standard.Viewing(pixels, viewers, example.shape, centre[pixels], float(width))
        )
        kept.append(index)
    mixture = gold_standard.fit(views)
    bits, baseline = [], []
    for view in views:
        size = np.prod(view.shape)
        others = view.density_of_others(mixture.blur)
        mixed = mixture.others * others + mixture.centre * view.centre + mixture.uniform / size
        bits.append(np.log2(size * mixed))
        base = (1 - BASELINE_UNIFORM) * view.centre + BASELINE_UNIFORM / size
        baseline.append(np.log2(size * base))
    return mixture, kept, views, np.concatenate(bits), np.concatenate(baseline)


def compare(folder, python):
    """Print both sides; fails where they disagree."""
    from keras_attn import datasets

    dataset = datasets.folder(folder)
    mixture, kept, views, bits, baseline = ours(dataset)
    print(f"{dataset.report}\n{mixture}, chosen from {mixture.fixations} fixations")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "gaze.npz"
        np.savez(
            path,
            shapes=[dataset[i].shape for i in kept],
            points=np.concatenate([dataset[i].points for i in kept]),
            index=np.repeat(np.arange(len(kept)), [len(v.pixels) for v in views]),
            viewers=np.concatenate([v.viewers for v in views]),
            mixture=[mixture.blur, mixture.others, mixture.centre, mixture.uniform],
            baseline=[CENTRE_BLUR, BASELINE_UNIFORM],
        )
        command = [python, PEERS_SIDE, path]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"pysaliency failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    rows = (
        ("over uniform", bits.mean(), found["bits"]),
        ("over the centre bias", (bits - baseline).mean(), found["gain"]),
        ("over uniform, as points", bits.mean(), found["as_points"]),
    )
    print(f"{'bits per fixation':24}{'keras_attn':>12}{'pysaliency':>12}{'difference':>12}")
    for name, mine, its in rows:
        print(f"{name:24}{mine:12.6f}{its:12.6f}{mine - its:12.1e}")
    if max(abs(mine - its) for _, mine, its in rows[:2]) > TIGHT:
        sys.exit("the maps of the two sides do not agree")


def main():
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="with images/ and fixations.csv")
    parser.add_argument("--peer", type=Path, help="Python of an environment with pysaliency")
    options = parser.parse_args()
    import benchmark

    compare(options.folder, options.peer or benchmark.peer_python())


if __name__ == "__main__":
    main()
