"""Measures the project against its peers, in one run on one machine; the ratios are the result.

    python tools/benchmark.py metrics              s-AUC and IG of 1,000 maps against pysaliency
    python tools/benchmark.py metrics --images 100
    python tools/benchmark.py export               VGG16 of Task 1 in Keras, as SavedModel, as ONNX
    python tools/benchmark.py export --width 0.25 --size 112
    python tools/benchmark.py report               the report of 300 runs of 1,000 examples each
    python tools/benchmark.py report --examples paper

pysaliency lives in an environment of its own, which is made under `.benchmarks/` on the first call
(NumPy 2.3: it does not run with a newer one). All sides read the same file, use one core, are timed
without imports and reading, and have to return the same numbers. Exports are timed in processor
time, on which other programs weigh less, in rounds of a process for each; ONNX needs `[onnx]`.
The report has no peer: its seconds and peak memory are for one that reads made-up rows.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from functools import partial
from pathlib import Path
from statistics import median

import metrics_case
import report_cost
import runtimes

TOOLS = Path(__file__).resolve().parent
WORK = TOOLS.parent / ".benchmarks"
PEER_PACKAGES = ("pysaliency==0.2.22", "numpy==2.3.*", "scipy<2", "pandas<3", "scikit-learn")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
THREADS += ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
TOLERANCE = 1e-4
"""How far the outputs of an export may be from Keras's, relative to the largest."""


def measure_ours(path):
    """Seconds and values of `metrics.gaze`."""
    from keras_attn.metrics import gaze

    maps, points = metrics_case.read(path)
    sigma = tuple(metrics_case.BANDWIDTH * side for side in metrics_case.SHAPE)
    options = {"convention": "mixture", "uniform_share": 0.0, "sigma": sigma}
    return {
        "s_auc": metrics_case.timed(lambda: gaze.s_auc(maps, points)),
        "ig": metrics_case.timed(lambda: gaze.information_gain(maps, points, **options)),
    }


def peer_python():
    """The Python of the environment of pysaliency, which is made where it is not there."""
    home = WORK / "pysaliency"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"installing {PEER_PACKAGES[0]} in {home} ...", flush=True)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)
        (home / "ready").touch()
    return python


def _on_one_core(what, side, path, *options):
    return _told([sys.executable, __file__, what, "--side", side, "--inputs", path, *options], side)


def _told(command, side):
    """What a process on one core prints as JSON; exits if it fails."""
    threads = dict.fromkeys(THREADS, "1") | {"CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, env={**os.environ, **threads}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{side} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def metrics(images):
    """Print a table of seconds and ratios; fails if the two sides disagree."""
    peer = peer_python()
    inputs = WORK / f"metrics-{images}"
    if not (inputs / "points.npy").exists():
        inputs.mkdir(parents=True, exist_ok=True)
        metrics_case.make(images, inputs)
    ours = _on_one_core("metrics", "ours", inputs)
    theirs = _told([peer, TOOLS / "peer.py", inputs], "pysaliency")
    height, width = metrics_case.SHAPE
    print(f"{images} maps of {height}x{width}, {metrics_case.FIXATIONS} fixations each, one core")
    print(f"{'':8}{'keras_attn':>12}{'pysaliency':>12}{'ratio':>8}{'difference':>12}")
    for name in ours:
        difference = abs(ours[name]["value"] - theirs[name]["value"])
        _line(name, ours[name]["seconds"], theirs[name]["seconds"], f"{difference:12.1e}")
        if difference > 1e-9:
            sys.exit(f"{name}: {ours[name]['value']} against {theirs[name]['value']}")
    _line("both", *(sum(row["seconds"] for row in side.values()) for side in (ours, theirs)))


def _line(name, ours, theirs, rest=""):
    print(f"{name:8}{ours:10.2f} s{theirs:10.2f} s{theirs / ours:8.1f}{rest}")


def export(width, size, rounds):
    """Print times and their ratios to Keras's; fails if outputs differ by more than 1e-4."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        # In a process of its own, whose memory those that follow do not inherit as their peak.
        options = ("--width", str(width), "--size", str(size))
        _on_one_core("export", "make", folder, *options)
        names = runtimes.installed()
        found = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                found[name].append(_on_one_core("export", name, folder))
        apart = {name: runtimes.difference(name, folder) for name in names}
    print(f"VGG16 of Task 1, width {width:g}, {size}x{size}, one core, medians of {rounds} rounds")
    print("seconds of processor time, and how many times fewer than with Keras (least, most)")
    titles = ("load, first image", "an image, singly", f"in batches of {runtimes.BATCH}")
    print(f"{'':12}" + "".join(f"{title:>28}" for title in titles) + "     peak  difference")
    for name in names:
        cells = "".join(_cell(found, name, what) for what in ("first", "single", "batch"))
        peak = median(one["peak"] for one in found[name])
        print(f"{name:12}{cells}{peak:6.2f} GB{apart[name]:12.1e}")
    if "onnxruntime" not in names:
        print("onnxruntime is skipped: it or tf2onnx is not installed (the extra [onnx])")
    if not all(value <= TOLERANCE for value in apart.values()):  # NaN is not either
        sys.exit(f"outputs differ by more than {TOLERANCE}")


def _cell(found, name, what):
    """A time, and the ratios to Keras's of the same round."""
    times = [one[what] for one in found[name]]
    ratios = [a[what] / b[what] for a, b in zip(found["keras"], found[name], strict=True)]
    span = f"({min(ratios):.2f}, {max(ratios):.2f})"
    return f"{median(times):7.3f}{median(ratios):6.2f} {span:14}"


def report(examples):
    """Print what the report of 300 runs costs; examples: of each run, or "paper"."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        report_cost.make(folder, examples)
        found = _on_one_core("report", "rows", folder)
    sizes = "examples as the paper's" if examples == "paper" else f"{examples:,} examples each"
    print(f"300 runs, {sizes}, one core: ", end="")
    print("{seconds:.1f} s, {busy:.1f} s of processor time, {peak:.2f} GB".format(**found))


def _examples(text):
    return text if text == "paper" else int(text)


def main():
    """Parse the arguments; `--side` is for the processes that this one starts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["metrics", "export", "report"])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--examples", type=_examples, default=1000)
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--inputs", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side is None and arguments.what == "metrics":
        return metrics(arguments.images)
    if arguments.side is None and arguments.what == "report":
        return report(arguments.examples)
    if arguments.side is None:
        return export(arguments.width, arguments.size, arguments.rounds)
    metrics_case.on_one_core()
    sides = {"ours": measure_ours}
    sides["make"] = partial(runtimes.make, width=arguments.width, size=arguments.size)
    sides["rows"] = report_cost.measure
    sides |= {name: partial(runtimes.measure, name) for name in runtimes.RUNTIMES}
    print(json.dumps(sides[arguments.side](arguments.inputs)))
    return None


if __name__ == "__main__":
    main()
