"""Scores on plain NumPy arrays; nothing here knows a model or imports TensorFlow."""

from keras_attn.metrics import gaze, salient_object

__all__ = ["gaze", "salient_object"]
