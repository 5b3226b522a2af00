"""Evaluation files made by hand, for the tests of what is made from them."""

import numpy as np
import pandas as pd

TASK = "salient_object"


def curve(*points):
    """An F-curve of 256 thresholds that begins with these values and is 0 from there."""
    return np.pad(np.array(points, float), (0, 256 - len(points)))


def save_run(folder, scores, curves=None, notes=(), **labels):
    """A run folder. scores: DataFrame or dict of columns with `id`; labels override the usual."""
    who = {"dataset": "dut_omron", "backbone": "vgg16", "fusion": "", "attention": "sigmoid"}
    who |= {"fold": 0, "seed": 0, **labels}
    rows = pd.DataFrame(scores)
    usual = {"fixations": 3, "adaptive_f": 0.5, "mae": 0.1, "s_auc": 0.6, "ig": 0.2}
    rows = rows.assign(**{k: v for k, v in ({"task": TASK} | who | usual).items() if k not in rows})
    folder.mkdir(parents=True)
    rows.to_csv(folder / "examples.csv", index=False)
    if curves is None:
        curves = [curve(0.5)] * len(rows)
    ids, notes = rows["id"].to_numpy(str), np.array(notes, str)
    np.savez(folder / "arrays.npz", id=ids, f_curve=curves, e_curve=curves, notes=notes)
    return folder


def save_references(folder, scores, task=TASK, dataset="dut_omron"):
    """A folder of references alone. scores: `{name: [(s-AUC, IG) of each image]}`."""
    rows = [
        {"attention": name, "id": str(i), "s_auc": s_auc, "ig": ig}
        for name, pairs in scores.items()
        for i, (s_auc, ig) in enumerate(pairs)
    ]
    empty = {"backbone": "", "fusion": "", "fold": "", "seed": "", "fixations": 3}
    folder.mkdir(parents=True)
    rows = pd.DataFrame(rows).assign(task=task, dataset=dataset, **empty)
    rows.to_csv(folder / "examples.csv", index=False)
    return folder


def save_videos(folder, scores, labels, gaze=True, notes=(), **who):
    """A run folder of Task 2, of a video for each row of the class scores and labels `(n, C)`.

    gaze: whether there are gaze scores, 0.7 and 0.5; or pairs of s-AUC and IG. who: labels that
    override the usual.
    """
    scores, labels = np.array(scores, np.float32), np.array(labels, bool)
    top, count = scores.argmax(axis=1), len(scores)
    about = {"task": "action", "dataset": "hollywood2", "backbone": "c3d", "fusion": "early"}
    about |= {"attention": "softmax", "fold": "", "seed": 0, **who}
    rows = {"id": [f"clip{i:03d}" for i in range(count)], "fixations": 9}
    rows["class"] = [" + ".join(f"c{c}" for c in np.flatnonzero(own)) for own in labels]
    rows |= {"predicted": [f"c{c}" for c in top], "correct": 1.0 * labels[np.arange(count), top]}
    rows = pd.DataFrame(rows).assign(**about)
    if gaze is not False:
        rows[["s_auc", "ig"]] = (0.7, 0.5) if gaze is True else gaze
    folder.mkdir(parents=True)
    rows.to_csv(folder / "examples.csv", index=False)
    ids, notes = rows["id"].to_numpy(str), np.array(notes, str)
    np.savez(folder / "arrays.npz", id=ids, notes=notes, scores=scores, labels=labels)
    return folder


# Of each attention: max F, MAE, s-AUC and IG; the last two tie in max F and IG.
FIVE = {
    "activation": (0.7, 0.050, 0.60, -0.35),
    "softmax": (0.6, 0.060, 0.70, 0.10),
    "sigmoid": (0.8, 0.040, 0.80, 0.20),
    "supervised": (0.9, 0.030, 0.90, 0.30),
    "human": (0.9, 0.020, 0.95, 0.30),
}


def save_study(root):
    """Folders of five attentions and one of ours, two backbones and two datasets, ten images."""
    folders = []
    for dataset in ("pascal_s", "dut_omron"):
        for backbone in ("vgg16", "alexnet"):
            named = dict(FIVE)
            if backbone == "vgg16":
                named["own_100%|&"] = (0.5, 0.070, 0.50, 0.00)
            for attention, (max_f, mae, s_auc, ig) in named.items():
                scores = {"id": [str(i) for i in range(10)], "mae": mae, "s_auc": s_auc, "ig": ig}
                labels = {"dataset": dataset, "backbone": backbone, "attention": attention}
                folder = root / f"run{len(folders)}"
                notes = ["Drawn scenes."] + ["Filtered."] * (dataset == "dut_omron")
                save_run(folder, scores, [curve(0.1, max_f)] * 10, notes, **labels)
                folders.append(folder)
    return folders
