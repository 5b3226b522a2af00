"""The audit: does a network look where people look? Maps from any source, scored against gaze."""

KINDS = ("activation", "gradient", "cam", "grad_cam")
"""Kinds of maps of a network that can be asked for; `keras_maps` says what each is."""
PREDICTED, TRUE = "predicted", "true"
"""Which class of a classifier is explained, where it is no number."""
