"""Attacks a classifier on every image of a dataset and keeps what came of each: rows and pictures.

The attack itself is `adversarial`, the only module that imports foolbox.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from keras_attn.datasets import groups
from keras_attn.evaluation import fgsm, loop
from keras_attn.evaluation.scorer import STUDY
from keras_attn.runs import provenance

TASK = "adversarial"
"""What the rows are called: those of another task may score the same network on the same images."""
PICTURED = 6
"""Images that are kept to look at: few, as they are kept exactly."""
GAZE_HELD = "The networks that take gaze got the same gaze before and after."


def evaluate(scorer, model, dataset, labels, attack, *, notes=(), progress=True):
    """Attack `model` on all of `dataset` by FGSM: an `evaluation.Evaluation`.

    scorer: of a task whose networks return `logits`. labels: the first columns of the rows.
    attack: a `configs.Attack`. notes: what a reader has to know of the model.

    A row has class, prediction before, `correct`, `fooled_<ε>` (1 where the prediction after is
    another) and `predicted_<ε>`; `fooling_rate` and `fooling_rate_all` are `fooled` at the ε of the
    table, the former NaN for images that were classified wrongly before; s-AUC and IG of the
    attention before, and `_after` at that ε. With search="line", `fooling_rate` counts any ε, and
    `smallest_epsilon` is where.
    """
    scorer.check(dataset)
    plan = _Plan(scorer, fgsm.Attack(model), dataset, attack)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    kept, rows = dict.fromkeys(loop.gallery_indices(dataset, PICTURED)), []
    with (
        provenance.measured("attack", data=provenance.of_data(dataset)) as work,
        ThreadPoolExecutor(2) as pool,
        Progress(*columns, disable=not progress) as bar,
    ):
        task = bar.add_task("attacking", total=len(dataset))
        for chunk, batch in loop.batches(scorer, dataset, pool):
            rows += plan.attacked([part.index for part in chunk], batch, kept)
            bar.advance(task, len(chunk))
    table = pd.DataFrame(rows)
    loop.put_first(table, labels)
    return loop.Evaluation(table, {}, loop.as_gallery(kept), (*plan.notes(), *notes), work)


class _Plan:
    """An attack on the images of a dataset, a batch at a time."""

    def __init__(self, scorer, attack, dataset, settings):
        self.scorer, self.attack, self.dataset = scorer, attack, dataset
        self.epsilons, self.search = settings.epsilons, settings.search
        self.main = settings.epsilons.index(settings.epsilon)

    def notes(self):
        """Sentences that have to stand under every number."""
        epsilon = f"{self.epsilons[self.main]:g}"
        how = f"FGSM, true labels, ε = {epsilon} of 255 grey levels (ours, the paper gives none)."
        if self.search == "line":
            how = (
                f"FGSM, true labels, the smallest of {fgsm.LINE_STEPS} ε up to "
                f"{fgsm.LINE_MOST:g} of 255 grey levels, as foolbox's first releases."
            )
        notes = [how, *([self.dataset.note] if self.dataset.note else [])]
        takes_gaze = any(name != self.attack.image for name in self.scorer.inputs_of_model)
        return (*notes, *([GAZE_HELD] if takes_gaze else []))

    def attacked(self, chunk, batch, kept):
        """Rows of the images of a batch, of which the last may be there to fill it up."""
        found = [self.dataset[index].label for index in chunk]
        size = len(next(iter(batch.values())))
        labels = np.array(found + found[-1:] * (size - len(found)), np.int64)
        fooled = fgsm.fgsm(self.attack, batch, labels, self.epsilons)
        smallest = None
        if self.search == "line":
            smallest = fgsm.line_search(self.attack, batch, labels)
        rows = []
        for place, index in enumerate(chunk):
            rows.append(self._row(fooled, place, index, smallest))
            if index in kept:
                kept[index] = self._kept(fooled, batch, place, index)
        return rows

    def _row(self, fooled, place, index, smallest):
        example, classes = self.dataset[index], self.scorer.classes
        before = int(fooled.clean["logits"][place].argmax())
        after = fooled.predicted[place]
        row = {"id": example.id, **groups.cell(self.dataset, example)}
        row["fixations"] = len(example.points)
        row |= {"class": classes[example.label], "predicted": classes[before]}
        row["correct"] = float(before == example.label)
        changed = bool(after[self.main] != before)
        if smallest is not None:
            changed = bool(np.isfinite(smallest[place]))
            row["smallest_epsilon"] = smallest[place]
        row |= {"epsilon": self.epsilons[self.main], "search": self.search}
        row["fooling_rate"] = float(changed) if row["correct"] else np.nan
        row["fooling_rate_all"] = float(changed)
        for epsilon, told in zip(self.epsilons, after, strict=True):
            row[f"fooled_{epsilon:g}"] = float(told != before)
            row[f"predicted_{epsilon:g}"] = classes[told]
        for outputs, suffix in ((fooled.clean, ""), (fooled.outputs[self.main], "_after")):
            pair = self.scorer.brief_agreement(self.dataset, index, _one(outputs, place))
            row |= {f"{name}{suffix}": v for name, v in zip(STUDY, pair, strict=True)}
        return row

    def _kept(self, fooled, batch, place, index):
        """Image, perturbed image, and attention before and after, at the size of the input."""
        example, classes = self.dataset[index], self.scorer.classes
        kept = {"id": np.array(example.id), "class": np.array(classes[example.label])}
        kept["image"] = batch[self.attack.image][place].round().astype(np.uint8)
        # Half grey levels would be lost in bytes.
        kept["perturbed"] = fooled.perturbed[self.main][place].astype(np.float32)
        kept["epsilon"] = np.array(self.epsilons[self.main])
        told = int(fooled.clean["logits"][place].argmax())
        kept["predicted"] = np.array(classes[told])
        kept["predicted_after"] = np.array(classes[fooled.predicted[place, self.main]])
        size = kept["image"].shape[:2]
        for outputs, name in (
            (fooled.clean, "attention"),
            (fooled.outputs[self.main], "attention_after"),
        ):
            for one in self.scorer.attention_maps(_one(outputs, place), size)[-1:]:
                kept[name] = one.astype(np.float32)
        return kept


def _one(outputs, place):
    return {name: values[place] for name, values in outputs.items()}
