"""Run folders of made-up rows, and what the report of them costs, for `benchmark.py`.

The numbers are drawn and say nothing; what is as in the study is how many there are of each kind.
"""

import resource
import time

import numpy as np
import pandas as pd

from keras_attn.mechanisms import MECHANISMS

BACKBONES = ("alexnet", "vgg16", "resnet50")
CLASSES = {"hollywood2": 12, "ucf_sports": 9, "cub_vwsw": 60}
SEEDS, FOLDS = 3, 5
PAPER = {
    "dut_omron": 5168 / FOLDS,
    "pascal_s": 850 / FOLDS,
    "hollywood2": 884,
    "ucf_sports": 47,
    "cub_vwsw": 1000,
}
"""Examples that a run of the paper's grid is scored on, by dataset; of CUB-VWSW about as many."""


def make(folder, examples):
    """Write 300 run folders into `folder`: five folds of Task 1, three seeds of the others.

    examples: how many each run is scored on; "paper" as many as the paper's are.
    """
    rng = np.random.default_rng(0)
    for place, labels in enumerate(networks()):
        dataset = labels["dataset"]
        count = round(PAPER[dataset]) if examples == "paper" else examples
        _write(folder / f"{place:03d}", labels, count, rng)


def networks():
    """The labels of each run: task, dataset, backbone, fusion, attention, fold and seed."""
    for attention in MECHANISMS:
        for backbone in BACKBONES:
            own = {"backbone": backbone, "fusion": "", "attention": attention}
            for dataset in ("dut_omron", "pascal_s"):
                for fold in range(FOLDS):
                    told = {"task": "salient_object", "dataset": dataset}
                    yield told | own | {"fold": fold, "seed": 0}
            for task in ("fine_grained", "adversarial"):
                for seed in range(SEEDS):
                    yield {"task": task, "dataset": "cub_vwsw"} | own | {"fold": "", "seed": seed}
        for dataset in ("hollywood2", "ucf_sports"):
            for fusion in ("early", "late"):
                own = {"backbone": "c3d", "fusion": fusion, "attention": attention}
                for seed in range(SEEDS):
                    told = {"task": "action", "dataset": dataset}
                    yield told | own | {"fold": "", "seed": seed}


def _write(folder, labels, count, rng):
    task, first = labels["task"], int(labels["fold"] or 0) * count
    # What an example is like is the same under every network, as far as half of it goes.
    ease = np.random.default_rng(first).random(count)
    quality = 0.5 * ease + 0.5 * rng.random(count)
    rows = pd.DataFrame({"id": [f"{first + place:05d}" for place in range(count)]})
    rows = rows.assign(**labels, fixations=9)
    arrays = {"id": rows["id"].to_numpy(str), "notes": np.array(["Made-up rows."])}
    if task != "adversarial":
        seen = np.where(ease < 0.99, 0.5 + quality / 2, np.nan)
        rows = rows.assign(s_auc=seen, ig=4 * seen - 2)
    if task == "salient_object":
        rows = rows.assign(adaptive_f=quality, mae=0.2 - 0.2 * quality)
        peaks = np.sin(np.linspace(0, np.pi, 256)) ** 0.5
        noise = 0.02 * rng.random((count, 256))
        arrays["f_curve"] = (0.9 * quality[:, None] * peaks + noise).astype(np.float32)
    else:
        rows, scores, truth = _classified(rows, CLASSES[labels["dataset"]], quality, rng)
        if task == "action":
            arrays |= {"scores": scores, "labels": truth}
    if task == "adversarial":
        rows = _attacked(rows, rng)
    folder.mkdir(parents=True)
    rows.to_csv(folder / "examples.csv", index=False)
    np.savez(folder / "arrays.npz", **arrays)


def _classified(rows, classes, quality, rng):
    """Rows with class and prediction, class scores and labels."""
    truth = np.arange(len(rows)) % classes
    scores = rng.random((len(rows), classes)).astype(np.float32)
    scores[np.arange(len(rows)), truth] += quality
    told = scores.argmax(axis=1)
    names = {"class": [f"c{c}" for c in truth], "predicted": [f"c{c}" for c in told]}
    return rows.assign(**names, correct=1.0 * (told == truth)), scores, np.eye(classes)[truth]


def _attacked(rows, rng):
    right = (rows["correct"] == 1).to_numpy()
    for epsilon in (0.5, 1.0, 2.0, 4.0, 8.0):
        rows[f"fooled_{epsilon}"] = 1.0 * (rng.random(len(rows)) < epsilon / 10)
    fooled = rows["fooled_2.0"].to_numpy()
    rates = {"fooling_rate": np.where(right, fooled, np.nan), "fooling_rate_all": fooled}
    return rows.assign(**rates, epsilon=2.0, search="fixed")


def measure(folder):
    """Seconds of the report of all runs in a folder, imports counted, and peak memory in GB.

    busy: those of the processor, on which other programs weigh less.
    """
    start, busy = time.perf_counter(), time.process_time()
    from keras_attn.study import workflow

    workflow.report(sorted(folder.glob("[0-9]*")), folder / "report")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    busy = time.process_time() - busy
    return {"seconds": time.perf_counter() - start, "busy": busy, "peak": peak}
