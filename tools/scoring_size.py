"""What it changes that gaze on large images is scored at a smaller size, and what that saves.

    python tools/scoring_size.py                             drawn scenes, enlarged to 2400 pixels
    python tools/scoring_size.py FOLDER --longest 2400 6000  photographs with fixations.csv

Maps and gaze of each image are scored at its full size and at each of --sizes: maps as networks
make them, coarse and enlarged; a map file of the image's own size; and what an audit makes of gaze
itself. Images are taken as enlarged, with their points, until the longest side has --longest
pixels, so that any folder will do; their pixels are not looked at. Printed for each metric: how far
the mean over images moves, and in brackets the largest change of a single image.
"""

import argparse
import resource
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

import keras_attn as ka
from keras_attn.evaluation.gaze_scores import Blur, GazeScores
from keras_attn.evaluation.rows import LARGEST
from keras_attn.metrics.columns import COLUMNS
from keras_attn.resizing import at_size

KEYS = [column.key for column in COLUMNS]


def enlarged(dataset, longest, count):
    """The first `count` images, as if they had so many pixels on the longest side."""
    examples = []
    for example in dataset.examples[:count]:
        factor = longest / max(example.shape)
        shape = tuple(round(side * factor) for side in example.shape)
        points = ka.gaze.resize(example.points, example.shape, shape)
        examples.append(replace(example, shape=shape, points=points))
    return replace(dataset, examples=tuple(examples), whole=None)


def maps(shape, rng):
    """Maps by what they are, each of its own size."""
    coarse = rng.random((14, 14))
    regions = np.maximum(rng.normal(size=(7, 7)), 0)  # as Grad-CAM: half of it is exactly 0
    low = rng.normal(size=(shape[0] // 64 + 2, shape[1] // 64 + 2))
    detailed = cv2.resize(low, shape[::-1], interpolation=cv2.INTER_CUBIC)
    detailed += 0.1 * rng.normal(size=shape)
    return {
        "network, 14×14": coarse,
        "Grad-CAM, 7×7": regions,
        "network, 56×56": cv2.GaussianBlur(rng.random((56, 56)), (0, 0), 1.5),
        "file, smooth": cv2.GaussianBlur(detailed, (0, 0), shape[1] / 200),
        "file, with noise": detailed,
    }


def scored(dataset, largest, seed):
    """Scores `(images, KEYS)` by the name of a map; seconds for each image."""
    found, spent = {}, 0.0
    for index, example in enumerate(dataset):
        made = maps(example.shape, np.random.default_rng([seed, index]))
        began = time.perf_counter()
        scorer = GazeScores.of_image(dataset, index, Blur(), largest)
        rows = {name: scorer.of(at_size(one, scorer.shape)) for name, one in made.items()}
        rows |= scorer.references()
        spent += time.perf_counter() - began
        for name, values in rows.items():
            found.setdefault(name, []).append(values[: len(KEYS)])
    return {name: np.array(values) for name, values in found.items()}, spent / len(dataset)


def compare(dataset, sizes, seeds):
    """Print the changes of every map and metric."""
    full = [scored(dataset, max(dataset[0].shape), seed) for seed in range(seeds)]
    print(f"\n{len(dataset)} images of {dataset[0].shape}, {seeds} seeds")
    print(f"full size: {full[0][1]:.2f} s an image, {peak():.2f} GB at most so far")
    for size in sizes:
        small = [scored(dataset, size, seed) for seed in range(seeds)]
        print(f"{size} pixels: {small[0][1]:.2f} s an image")
        print(f"  {'':18}" + "".join(f"{key:>18}" for key in KEYS))
        for name in full[0][0]:
            moved = np.array([b[0][name] - a[0][name] for a, b in zip(full, small, strict=True)])
            means, most = np.abs(moved.mean(axis=1)).max(axis=0), np.abs(moved).max(axis=(0, 1))
            cells = (f"{a:.1e} ({b:.1e})" for a, b in zip(means, most, strict=True))
            print(f"  {name:18}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


def peak():
    """GB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main():
    """Read the images, and compare the sizes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--longest", type=int, nargs="+", default=[2400])
    parser.add_argument("--sizes", type=int, nargs="+", default=[LARGEST])
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    folder = options.folder
    data = ka.datasets.miniature(images=20) if folder is None else ka.datasets.folder(folder)
    for longest in options.longest:
        compare(enlarged(data, longest, options.images), options.sizes, options.seeds)


if __name__ == "__main__":
    main()
