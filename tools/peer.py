"""pysaliency for the other tools, in the environment that `benchmark.py` makes for it."""

import sys
import types

import numpy as np

# It imports torch for models that are not used here, and several GB need not be installed. Gone
# again before scikit-learn is imported, which would ask it for more than its name.
sys.modules["torch"] = types.ModuleType("torch")
import pysaliency  # noqa: E402

del sys.modules["torch"]
from pysaliency.datasets import get_image_hash  # noqa: E402
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
