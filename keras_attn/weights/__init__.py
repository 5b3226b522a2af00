"""Weight files into models. Acts on a model and a file; models never load weights themselves."""

from keras_attn.weights.loading import load
from keras_attn.weights.saved import save, settings

__all__ = ["load", "save", "settings"]
