"""pysaliency for the other tools, in the environment that `benchmark.py` makes for it.

    .benchmarks/pysaliency/bin/python tools/peer.py .benchmarks/metrics-1000

Prints seconds and values of its s-AUC and IG on the inputs in a folder, as JSON. Nothing that runs
in that environment may import this package or what only this package needs.
"""

import json
import sys
import types
from pathlib import Path

import metrics_case
import numpy as np

# It imports torch for models that are not used here, and several GB need not be installed. Gone
# again before scikit-learn is imported, which would ask it for more than its name.
sys.modules["torch"] = types.ModuleType("torch")
import pysaliency  # noqa: E402

del sys.modules["torch"]
from pysaliency.baseline_utils import CrossvalidatedBaselineModel  # noqa: E402
from pysaliency.datasets import get_image_hash  # noqa: E402
from pysaliency.models import SaliencyMapNormalizingModel  # noqa: E402
from pysaliency.saliency_map_models import SaliencyMapModel  # noqa: E402


def model_of(stimuli, maps):
    """A model that returns these maps, one for each stimulus."""
    by_id = {i: np.asarray(m, float) for i, m in zip(stimuli.stimulus_ids, maps, strict=True)}

    class Given(SaliencyMapModel):
        def _saliency_map(self, stimulus):
            return by_id[get_image_hash(stimulus)]

    return Given()


def fixations_of(points):
    """Fixations of pysaliency from one `(N, 2)` array per stimulus."""
    x, y = np.concatenate(points).T
    index = np.repeat(np.arange(len(points)), [len(some) for some in points])
    return pysaliency.Fixations.create_without_history(x=x, y=y, n=index)


def measure(path):
    """Seconds and values of pysaliency's models."""
    maps, points = metrics_case.read(path)
    # Stimuli are told apart by their content.
    shape = (len(maps), *metrics_case.SHAPE, 3)
    content = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    stimuli = pysaliency.Stimuli(list(content))
    fixations, model = fixations_of(points), model_of(stimuli, maps)
    baseline = CrossvalidatedBaselineModel(stimuli, fixations, metrics_case.BANDWIDTH)
    density = SaliencyMapNormalizingModel(model)
    for stimulus in stimuli:  # hashing and reading are not what is measured
        model.saliency_map(stimulus)
    auc = {"nonfixations": "shuffled", "thresholds": "all", "average": "image"}
    return {
        "s_auc": metrics_case.timed(lambda: model.AUC(stimuli, fixations, **auc)),
        "ig": metrics_case.timed(
            lambda: density.information_gain(stimuli, fixations, baseline, average="image")
        ),
    }


if __name__ == "__main__":
    metrics_case.on_one_core()
    print(json.dumps(measure(Path(sys.argv[1]))))
