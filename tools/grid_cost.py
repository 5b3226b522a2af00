"""What the study's grid costs on top of its commands typed by hand, and what two jobs save.

    python tools/grid_cost.py                        some networks of Task 1, about 12 minutes
    python tools/grid_cost.py --backbone alexnet     a small network, whose fixed costs weigh more

The same networks on the same drawn scenes three times, in turn: one `train` after the other and a
`report`; the grid with one job; the grid with two. The grid also makes the references of the data,
for which there is no command; what they take is told apart.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keras_attn.study import cells, standing

ROOT = Path(__file__).resolve().parents[1] / "experiments"
ATTENTIONS = ("activation", "sigmoid", "human")


def by_hand(out, networks):
    """Train and score each network by a command of its own, then report; seconds."""
    began = time.perf_counter()
    folders = []
    for network in networks:
        folders.append(out / network.name)
        fields = {"model.backbone": network.config.model.backbone}
        fields |= {"model.attention": network.config.model.attention}
        fields |= {"data.fold": network.config.data.fold}
        options = [word for n, value in fields.items() for word in (f"--{n}", str(value))]
        _run("salient_object.py", "train", "miniature", *options, "--out", folders[-1])
    _run("salient_object.py", "report", *folders, "--out", out)
    return time.perf_counter() - began


def in_a_grid(out, networks, jobs):
    """Carry out the same networks as cells of the study, with its report; seconds."""
    began = time.perf_counter()
    backbone = networks[0].config.model.backbone
    options = ["--backbones", backbone, "--attentions", *ATTENTIONS, "--jobs", jobs, "--out", out]
    _run("reproduce.py", "study", "miniature", "--datasets", "dut_omron", *options)
    return time.perf_counter() - began


def _run(script, *words):
    command = [sys.executable, str(ROOT / script), *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def chosen(out, backbone):
    """The cells of the networks that are measured, and those of the references they need."""
    axes = cells.Axes(datasets=("dut_omron",), backbones=(backbone,), attentions=ATTENTIONS)
    every = cells.grid("miniature", out, axes=axes)
    return [[cell for cell in every if cell.kind == kind] for kind in (cells.RUN, cells.REFERENCES)]


def main():
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="vgg16")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            _round(Path(folder), arguments.backbone)


def _round(folder, backbone):
    networks, references = chosen(folder / "one", backbone)
    hand = by_hand(folder / "hand", networks)
    print(f"by hand     {hand:7.1f} s   {len(networks)} networks, {backbone}", flush=True)
    for name, jobs in (("one", 1), ("two", 2)):
        seconds = in_a_grid(folder / name, networks, jobs)
        extra = sum(standing.seconds(cell) for cell in references) if jobs == 1 else 0.0
        apart = f"; without references {(seconds - extra) / hand:.3f}" if extra else ""
        print(f"{jobs} at a time {seconds:7.1f} s   {seconds / hand:.3f}{apart}", flush=True)


if __name__ == "__main__":
    main()
