"""Scores on plain NumPy arrays; nothing here knows a model or imports TensorFlow."""

from keras_attn.metrics import gaze, recognition, salient_object

__all__ = ["gaze", "recognition", "salient_object"]
