"""Weights of one network of clips into another: how the streams of Task 2 start. Reads no files."""

from collections.abc import Collection

import keras
import numpy as np

from keras_attn.errors import InputError, listing


def copy_weights(
    trained: keras.Model,
    model: keras.Model,
    *,
    stream: str | None = None,
    skip: Collection[str] = (),
) -> list[str]:
    """Copy the weights of every layer of `trained` into the layer of `model` with its name.

    Where the first convolution takes another number of channels, its kernel is averaged over its
    input channels and repeated, as in the two-stream code: so weights for RGB start a network for
    flow. Layers of `model` that `trained` lacks stay as they are.

    Args:
        trained: a `c3d` or `two_stream`.
        model: another one.
        stream: "frames" or "flow", if `trained` is a `c3d` and `model` a `two_stream`, of which it
            becomes that stream.
        skip: layers of `trained` to leave alone, such as the class scores "fc8".

    Returns:
        The names of the layers of `model` that were filled.

    Raises:
        InputError: A layer of `trained` is not there or does not fit; the message lists them all,
            and no weight has been changed.

    Example:

    >>> import keras_attn as ka
    >>> rgb = ka.models.c3d((16, 32, 32, 3), width=1 / 32)
    >>> flow = ka.models.c3d((16, 32, 32, 2), width=1 / 32)
    >>> ka.models.copy_weights(rgb, flow)[:2]
    ['conv1', 'conv2']
    """
    prefix = f"{stream}_" if stream else ""
    own = {layer.name: layer for layer in model.layers if layer.weights}
    found, problems = {}, []
    for layer in trained.layers:
        if not layer.weights or layer.name in skip:
            continue
        name = prefix + layer.name
        weights = layer.get_weights()
        if layer.name.endswith("conv1") and name in own:
            weights[0] = _for_channels(weights[0], own[name].kernel.shape[-2])
        shapes = [tuple(weight.shape) for weight in own[name].weights] if name in own else "missing"
        if shapes != [weight.shape for weight in weights]:
            problems.append(f"{name}: {shapes}")
        found[name] = weights
    if problems:
        expected = f"a layer for each of {trained.name!r}, of its shape"
        raise InputError(f"model {model.name!r}", expected, listing(problems))
    for name, weights in found.items():
        own[name].set_weights(weights)
    return list(found)


def _for_channels(kernel, channels):
    """A kernel (..., C, filters) as it is, or averaged over C and repeated `channels` times."""
    if kernel.shape[-2] == channels:
        return kernel
    return np.repeat(kernel.mean(axis=-2, keepdims=True), channels, axis=-2)
