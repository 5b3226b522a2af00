"""How well every network of the miniature learns: each mechanism of each task, for several seeds.

    python tools/miniature_scores.py
    python tools/miniature_scores.py --tasks salient_object --seeds 0 1 --out scores.csv
    python tools/miniature_scores.py --tasks action --attentions sigmoid human --out scores.csv

Trains by the preset "miniature" on drawn data, scores what is held out, and adds a line to the
table as soon as it is known; what the table has already is not made again. Then it says of each
network its lowest, mean and highest score: max F in Task 1, accuracy in Task 2, where both streams
alone are networks of their own, and in Task 3. `change` is how much that score has moved since the
validation before the last, which tells whether a network still oscillates. CPU seconds are those of
the training, of all threads. About 15 of them for each network and seed; see --help.
"""

import argparse
import csv
import resource
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

import keras_attn as ka
from keras_attn import configs, tasks
from keras_attn.errors import InputError, TrainingStopped, listing
from keras_attn.mechanisms import MECHANISMS, NO_ATTENTION
from keras_attn.shell import cli

SCORES = {"salient_object": "max_f", "action": "accuracy", "fine_grained": "accuracy"}
LOWEST = {"salient_object": 0.65, "action": 0.15, "fine_grained": 0.45}
"""What no network of a task may be below, whatever the seed: chance is .03, .08 and .11."""
BAND = {"salient_object": 0.08, "action": 0.2, "fine_grained": 0.15}
"""How far a score on another machine may be from the mean of the table: half the band."""
FIELDS = ("task", "network", "attention", "seed", "score", "change", "mae", "s_auc", "cpu_seconds")


@dataclass(frozen=True)
class Network:
    """One of the grid: what of the preset's configuration it changes."""

    task: str
    name: str
    attention: str

    def config(self, seed):
        """Its configuration, without curves for TensorBoard."""
        preset = configs.PRESETS[self.task]["miniature"]
        base = configs.changed(preset, seed=seed, tensorboard=False)
        if self.attention == NO_ATTENTION:
            return base.alone(self.name)
        where = "fusion" if self.task == "action" else "backbone"
        return configs.changed(base, attention=self.attention, **{where: self.name})


def networks(task, attentions):
    """All of a task, the streams alone before those that start from them."""
    if task != "action":
        return [Network(task, "vgg16", one) for one in attentions]
    alone = [Network(task, stream, NO_ATTENTION) for stream in ("frames", "flow")]
    return alone + [Network(task, f, one) for f in ("early", "late") for one in attentions]


def cpu_seconds():
    """Of this process so far, all threads together."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(network, seed, place, parts):
    """A line of the table: the network is trained below `place`, and scored."""
    config, (train, test) = network.config(seed), parts
    # Under the names by which runs look for the streams that they start from.
    folder = place / f"seed{seed}" / network.task / config.called((train.whole or train).name)
    began = cpu_seconds()
    run = ka.train(config, train, validation=test, out=folder)
    used = cpu_seconds() - began
    found = run.history[f"val_{SCORES[network.task]}"].dropna()
    rows = ka.evaluate(run, test, progress=False).summary().set_index("metric")["value"]
    score = rows[SCORES[network.task]]
    line = {"task": network.task, "network": network.name, "attention": network.attention}
    line |= {"seed": seed, "score": score, "cpu_seconds": used}
    line["change"] = abs(score - found.iloc[-2]) if len(found) > 1 else None
    return line | {name: rows.get(name) for name in ("mae", "s_auc")}


def add(path, line):
    """Append a line to the table, with its header where it is new."""
    new = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, FIELDS, lineterminator="\n")
        if new:
            table.writeheader()
        rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in line.items()}
        table.writerow(rounded)


def measured_before(path):
    """Task, network, attention and seed, as texts, of each line that a table has; a set."""
    if not path.is_file():
        return set()
    table = pd.read_csv(path, keep_default_na=False)
    if tuple(table) != FIELDS:
        expected = f"a table of this tool, of the columns {listing(FIELDS)}, or no such file"
        raise InputError(path, expected, listing(map(str, table)))
    return {tuple(map(str, one)) for one in table[list(FIELDS[:4])].itertuples(index=False)}


def summary(table):
    """Of each network its lowest, mean and highest score over the seeds: a DataFrame."""
    by = table.groupby(["task", "network", "attention"], sort=False)
    options = {"lowest": ("score", "min"), "mean": ("score", "mean"), "highest": ("score", "max")}
    options |= {"seeds": ("seed", "count"), "change": ("change", "max")}
    return by.agg(**options, cpu_seconds=("cpu_seconds", "mean")).reset_index()


def lines(table):
    """The summary as the lines of a table in Markdown."""
    yield "| task | network | attention | seeds | lowest | mean | highest | change | CPU s |"
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|"
    for one in summary(table).itertuples(index=False):
        scores = (f"{value:.3f}".lstrip("0") for value in (one.lowest, one.mean, one.highest))
        change = "" if pd.isna(one.change) else f"{one.change:.3f}".lstrip("0")
        words = (one.task, one.network, one.attention, one.seeds, *scores, change)
        yield f"| {' | '.join(map(str, words))} | {one.cpu_seconds:.0f} |"


def too_low(table):
    """Lines of the table whose score is below what no network of its task may be."""
    return table[table["score"] < table["task"].map(LOWEST)]


def parsed(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", choices=tuple(SCORES), default=tuple(SCORES))
    parser.add_argument("--attentions", nargs="+", default=tuple(MECHANISMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=tuple(range(5)))
    parser.add_argument("--out", type=Path, default=Path("miniature_scores.csv"))
    parser.add_argument("--runs", type=Path, help="where runs are kept; default a temporary folder")
    return parser.parse_args(arguments)


def main(options):
    """Measure what the table lacks, and say what is in it.

    `TrainingStopped` where a score is too low.
    """
    known = measured_before(options.out)
    with tempfile.TemporaryDirectory() as folder:
        place = options.runs or Path(folder)
        for name in options.tasks:
            config = configs.PRESETS[name]["miniature"]
            task = tasks.of(config)
            parts = task.parts(config, task.read(config.data, drawn=place / "scenes"))
            for seed in options.seeds:
                for network in networks(name, options.attentions):
                    key = (name, network.name, network.attention, str(seed))
                    if key not in known:
                        add(options.out, measured(network, seed, place, parts))
    table = pd.read_csv(options.out, keep_default_na=False, na_values=[""])
    print("\n".join(lines(table)))
    if len(low := too_low(table)):
        raise TrainingStopped(f"{len(low)} of {len(table)} scores are below {LOWEST}")


if __name__ == "__main__":
    sys.exit(cli.run(lambda: partial(main, parsed())))
