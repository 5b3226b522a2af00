"""Which class of a classifier is explained: the predicted, the true or one by its number.

Loads no TensorFlow until it is asked for targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_attn.audits import PREDICTED, TRUE
from keras_attn.errors import InputError, listing


@dataclass(frozen=True)
class Explanation:
    """What of a classifier is explained.

    explain: "predicted", "true" or the number of a class. classes: how many there are.
    """

    explain: Any
    classes: int

    def check(self):
        """Refuse a class that there is not."""
        known = isinstance(self.explain, (int, np.integer)) and self.explain in range(self.classes)
        if self.explain not in (PREDICTED, TRUE) and not known:
            expected = f"'predicted', 'true' or a class from 0 to {self.classes - 1}"
            raise InputError("explain", expected, repr(self.explain))

    def check_examples(self, examples):
        """Refuse examples whose true class is to be explained and not known, or not the model's."""
        if self.explain != TRUE:
            return
        without = [example.id for example in examples if example.label is None]
        if without:
            expected = "examples with classes, which explain='true' needs"
            raise InputError("explain", expected, f"none for {listing(without, 5)}")
        most = max(example.label for example in examples)
        if most >= self.classes:
            expected = f"classes of the model, which has {self.classes}"
            raise InputError("explain", expected, f"a true class {most}")

    def targets(self, scores, examples):
        """The class that is explained of each image, int32 `(n,)`; scores: `(n, classes)`."""
        import tensorflow as tf

        if self.explain == TRUE:
            return tf.constant([example.label for example in examples], tf.int32)
        if self.explain == PREDICTED:
            return tf.argmax(scores, axis=1, output_type=tf.int32)
        return tf.fill(tf.shape(scores)[:1], tf.constant(int(self.explain), tf.int32))

    @property
    def told(self):
        """What the report says of it, or "" of the predicted class."""
        if self.explain == PREDICTED:
            return ""
        which = "the true class" if self.explain == TRUE else f"class {self.explain}"
        return f", explained for {which}"
