"""The audit: does a network look where people look? Maps from any source, scored against gaze."""

from keras_attn.audits.kinds import Kind

__all__ = ["PREDICTED", "TRUE", "Kind"]

PREDICTED, TRUE = "predicted", "true"
"""Which class of a classifier is explained, where it is no number."""
