"""What users call: one function for each thing they come for, each in a file of its own."""

from keras_attn.api.attacking import attack
from keras_attn.api.auditing import audit
from keras_attn.api.comparing import compare
from keras_attn.api.evaluating import evaluate
from keras_attn.api.exporting import export
from keras_attn.api.planning import power
from keras_attn.api.predicting import predict
from keras_attn.api.validating import validation
from keras_attn.evaluation.rows import AUDIT_FILES as FILES
from keras_attn.tasks.trained import Run, load, train

__all__ = [
    "FILES",
    "Run",
    "attack",
    "audit",
    "compare",
    "evaluate",
    "export",
    "load",
    "power",
    "predict",
    "train",
    "validation",
]
