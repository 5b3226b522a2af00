"""Scores on plain NumPy arrays; nothing here knows a model or imports TensorFlow."""

from keras_attn.metrics import dispersion, gaze, recognition, salient_object

__all__ = ["dispersion", "gaze", "recognition", "salient_object"]
