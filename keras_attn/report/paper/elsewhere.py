"""Claims of the paper, asked of data that are not the paper's.

A claim about a task is asked of each network that was run on such data, wherever the paper has a
cell for it on data of its own. What it says of other networks, or of several tasks, is not.
"""

from dataclasses import replace

from keras_attn.datasets import origin
from keras_attn.registries import DATASETS
from keras_attn.report.paper.kinds.quantities import Composite


class ClaimElsewhere:
    """A claim with other parts than its own; all else is as of the claim.

    claim: the claim itself.
    """

    def __init__(self, claim, parts):
        self.claim, self._parts = claim, parts

    def __getattr__(self, name):
        return getattr(self.claim, name)

    def parts(self):
        """The `ClaimPart`s on other data."""
        return self._parts


def other_data(results):
    """Names of the datasets that are not the paper's by task, without what says they are drawn."""
    found = {}
    for task, label in results.notes:
        name = origin.name_of(label)
        if name not in DATASETS or not DATASETS[name].paper:
            found.setdefault(task, {})[name] = None
    return {task: tuple(names) for task, names in found.items()}


def asked(claim, results):
    """The claim, asked of data that are not the paper's; None where these rows have none for it."""
    parts, others = {}, other_data(results)
    for part in claim.parts() if others else ():
        cells = [cell for one in part.comparisons for cell in one.quantity.cells]
        tasks = {cell.table.task for cell in cells}
        for name in others.get(tasks.pop(), ()) if len(tasks) == 1 else ():
            moved = [_moved(one, name, results) for one in part.comparisons]
            moved = tuple(one for one in moved if one is not None)
            # Of a claim that needs one rival alone, that may be the one that is missing.
            if len(moved) == len(part.comparisons):
                cells = [cell for one in moved for cell in one.quantity.cells]
                key = (part.title, repr([cell.labels for cell in cells]))
                parts[key] = replace(part, comparisons=moved)
    return ClaimElsewhere(claim, list(parts.values())) if parts else None


def _moved(comparison, dataset, results):
    """A comparison on another dataset; None without rows of all cells that it needs."""
    quantity = comparison.quantity.on(dataset)
    if isinstance(quantity, Composite):
        blocks = [block for block in quantity.blocks if _there(block, results)]
        quantity = replace(quantity, blocks=tuple(blocks))
    if not quantity.cells or not _there(quantity.cells, results):
        return None
    labels = comparison.labels | {"dataset": dataset}
    return replace(comparison, labels=labels, quantity=quantity)


def _there(cells, results):
    """Whether all of some cells have scores, of drawn data or of others."""
    drawn = [cell.drawn() for cell in cells]
    return any(all(_has(cell, results) for cell in own) for own in (cells, drawn))


def _has(cell, results):
    sample = cell.sample(results)
    return sample is not None and len(sample.ids(cell.metric)) > 0
