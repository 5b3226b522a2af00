"""Attacks a classifier on every image of a dataset and keeps what came of each: rows and pictures.

The attack itself is `fgsm`, the only module that imports foolbox.
"""

import numpy as np
import pandas as pd

from keras_attn.datasets import groups
from keras_attn.evaluation import fgsm, gallery_file, loop
from keras_attn.evaluation.network import batches
from keras_attn.evaluation.result import Scores
from keras_attn.evaluation.rows import (
    AFTER,
    ATTACK,
    CLASSES,
    CORRECT,
    FIXATIONS,
    FOOLED,
    FOOLED_AT,
    ID,
    PREDICTED_AT,
    SMALLEST,
    STUDY,
    put_first,
)
from keras_attn.runs import provenance

TASK = "adversarial"
"""What the rows are called: those of another task may score the same network on the same images."""
PICTURED = 6
"""Images that are kept to look at: few, as they are kept exactly."""
GAZE_HELD = "The networks that take gaze got the same gaze before and after."


def evaluate(scorer, model, dataset, labels, attack, *, notes=(), progress=True):
    """Attack `model` on all of `dataset` by FGSM: `Scores`.

    scorer: of a task whose networks return `logits`. labels: the first columns of the rows.
    attack: a `configs.Attack`. notes: what a reader has to know of the model.

    A row has class, prediction before, `correct`, `fooled_<ε>` (1 where the prediction after is
    another) and `predicted_<ε>`; `fooling_rate` and `fooling_rate_all` are `fooled` at the ε of the
    table, the former NaN for images that were classified wrongly before; s-AUC and IG of the
    attention before, and `_after` at that ε. With search="line", `fooling_rate` counts any ε, and
    `smallest_epsilon` is where.
    """
    scorer.check(dataset)
    plan = _Plan(scorer, fgsm.TargetModel(model), dataset, attack)
    kept = dict.fromkeys(gallery_file.chosen(dataset, PICTURED))

    def examples(pool):
        for chunk, batch in batches(scorer, dataset, pool):
            yield from plan.attacked([part.index for part in chunk], batch, kept)

    shown = {"title": "attacking", "progress": progress}
    with provenance.measured("attack", data=provenance.of_data(dataset)) as work:
        table = pd.DataFrame(loop.run(plan.row, examples, total=len(dataset), **shown))
    put_first(table, labels)
    gallery = gallery_file.of_examples(kept.values())
    return Scores(table, {}, gallery, (*plan.notes(), *notes), work)


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
        """The arguments of `row` for the images of a batch; the last may be there to fill it up."""
        found = [self.dataset[index].label for index in chunk]
        size = len(next(iter(batch.values())))
        labels = np.array(found + found[-1:] * (size - len(found)), np.int64)
        fooled = fgsm.fgsm(self.attack, batch, labels, self.epsilons)
        smallest = None
        if self.search == "line":
            smallest = fgsm.line_search(self.attack, batch, labels)
        for place, index in enumerate(chunk):
            if index in kept:
                kept[index] = self._kept(fooled, batch, place, index)
            yield fooled, place, index, smallest

    def row(self, fooled, place, index, smallest):
        """What came of the attack on an image, by column."""
        example, classes = self.dataset[index], self.scorer.classes
        before = int(fooled.clean["logits"][place].argmax())
        after = fooled.predicted[place]
        row = {ID: example.id, **groups.cell(self.dataset, example)}
        row[FIXATIONS] = len(example.points)
        row |= dict(zip(CLASSES, (classes[example.label], classes[before]), strict=True))
        row[CORRECT] = float(before == example.label)
        changed = bool(after[self.main] != before)
        if smallest is not None:
            changed = bool(np.isfinite(smallest[place]))
            row[SMALLEST] = smallest[place]
        row |= dict(zip(ATTACK, (self.epsilons[self.main], self.search), strict=True))
        of_correct = float(changed) if row[CORRECT] else np.nan
        row |= dict(zip(FOOLED, (of_correct, float(changed)), strict=True))
        for epsilon, told in zip(self.epsilons, after, strict=True):
            row[f"{FOOLED_AT}{epsilon:g}"] = float(told != before)
            row[f"{PREDICTED_AT}{epsilon:g}"] = classes[told]
        for outputs, suffix in ((fooled.clean, ""), (fooled.outputs[self.main], AFTER)):
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
