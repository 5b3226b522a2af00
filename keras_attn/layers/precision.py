"""Where bfloat16 is wrong, and what computes instead."""

from typing import Any

import keras

from keras_attn.layers.inputs import Shape


def convolution_policy(features: Shape, policy: Any = None) -> Any:
    """The dtype policy for a 3×3×3 convolution of `features`: `policy`, or float32.

    On CPUs the bfloat16 gradient of such a kernel is garbage, up to NaN, where T is 2, as it is
    behind C3D's pool4 (TensorFlow 2.21 with oneDNN; a plain `tf.nn.conv3d` shows it). So those few
    are float32.

    Args:
        features: the shape `(batch, T, H, W, C)`.
        policy: a dtype policy or its name; default the global one.

    Returns:
        A `keras.dtype_policies.DTypePolicy`.

    Example:

    >>> import keras_attn as ka
    >>> policy = ka.layers.convolution_policy
    >>> policy((None, 2, 7, 7, 512), "mixed_bfloat16").name
    'float32'
    >>> policy((None, 4, 14, 14, 512), "mixed_bfloat16").name
    'mixed_bfloat16'
    """
    policy = keras.dtype_policies.get(policy or keras.config.dtype_policy())
    two_frames = len(features) == 5 and features[1] == 2
    if two_frames and policy.compute_dtype == "bfloat16":
        return keras.dtype_policies.get("float32")
    return policy
