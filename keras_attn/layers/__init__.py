"""The attention layers: maps out of features, out of gaze, and the glimpse through a map.

All of them take images `(batch, H, W, C)` and clips `(batch, T, H, W, C)`, channels last. A map
has one channel and is float32 under every precision policy: a softmax over a few thousand
positions does not survive float16. A clip is normalised frame by frame.

Example:

>>> import keras, keras_attn as ka
>>> features, gaze = keras.Input((28, 28, 64)), keras.Input((96, 128, 1))
>>> attention, logits = ka.layers.AttentionModule(normalise="softmax")(features)
>>> human = ka.layers.GazeAttention()([gaze, features])
>>> human.shape == attention.shape, ka.layers.Glimpse("positions")([features, attention]).shape
(True, (None, 28, 28, 64))
"""

from keras_attn.layers.bilinear import resized
from keras_attn.layers.energy import ActivationAttention
from keras_attn.layers.glimpse import Glimpse
from keras_attn.layers.human import FrameSum, GazeAttention
from keras_attn.layers.inputs import Maps, Shape, Tensor
from keras_attn.layers.learned import AttentionModule, EarlyAttention
from keras_attn.layers.precision import convolution_policy
from keras_attn.layers.softmax import SpatialSoftmax

__all__ = [
    "ActivationAttention",
    "AttentionModule",
    "EarlyAttention",
    "FrameSum",
    "GazeAttention",
    "Glimpse",
    "Maps",
    "Shape",
    "SpatialSoftmax",
    "Tensor",
    "convolution_policy",
    "resized",
]
