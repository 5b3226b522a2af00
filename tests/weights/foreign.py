"""Files and forward passes as other frameworks have them, in NumPy and SciPy: channels first.

Nothing here is taken from the package: what it converts is compared with these.
"""

import pickle
from typing import ClassVar

import numpy as np
from scipy import signal

CLASSES, WIDTH = 10, 0.0625
"""Of the networks that these files are for."""


def weights(rng, *shape, inputs):
    """Random weights that keep the size of what goes through them, for so many inputs a unit."""
    return rng.normal(size=shape).astype(np.float32) * np.float32(np.sqrt(2 / inputs))


def kernel(rng, filters, channels, *size):
    """A kernel with its filters first, and a bias."""
    inputs = channels * int(np.prod(size))
    made = weights(rng, filters, channels, *size, inputs=inputs)
    return [made, rng.normal(0, 0.1, filters).astype(np.float32)]


def dense(rng, inputs, units, scale=1.0):
    """A matrix of (inputs, units) and a bias."""
    made = weights(rng, inputs, units, inputs=inputs) * np.float32(scale)
    return [made, rng.normal(0, 0.1, units).astype(np.float32)]


def padded(x, pad):
    return np.pad(x, [(0, 0)] + [(pad, pad)] * (x.ndim - 1))


def correlation(x, layer, stride=1, pad=0):
    """What Caffe and TensorFlow compute: the kernel is laid on the image as it is."""
    filters, bias = layer
    space = tuple(range(1, x.ndim))
    windows = np.lib.stride_tricks.sliding_window_view(
        padded(x, pad), filters.shape[2:], axis=space
    )
    windows = windows[(slice(None), *(slice(None, None, stride) for _ in space))]
    inner = tuple(range(x.ndim, 2 * x.ndim - 1))
    y = np.tensordot(filters, windows, axes=((1, *range(2, filters.ndim)), (0, *inner)))
    return y + bias.reshape(-1, *(1 for _ in space))


def true_convolution(x, layer, stride=1, pad=0):
    """What Theano computes: the mathematical convolution, by SciPy."""
    filters, bias = layer
    x = padded(x, pad)
    y = np.stack(
        [
            sum(signal.convolve(c, k, mode="valid") for c, k in zip(x, each, strict=True))
            for each in filters
        ]
    )
    return y[:, ::stride, ::stride] + bias[:, None, None]


def relu(x):
    return np.maximum(x, 0)


def pool(x, size, stride):
    """Maxima over windows of one size per axis; what is left at the end is dropped."""
    space = tuple(range(1, x.ndim))
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=space)
    windows = windows[(slice(None), *(slice(None, None, step) for step in stride))]
    return windows.max(axis=tuple(range(x.ndim, windows.ndim)))


def lrn(x, alpha, k):
    """x / (k + α Σ x²)^.75, the sum over five channels."""
    squares = np.pad(x**2, [(2, 2), (0, 0), (0, 0)])
    sums = sum(squares[i : i + len(x)] for i in range(5))
    return x / (k + alpha * sums) ** 0.75


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def varint(value):
    made = b""
    while value > 0x7F:
        made, value = made + bytes([value & 0x7F | 0x80]), value >> 7
    return made + bytes([value])


def field(number, content):
    """A field of a protobuf message: an integer, or bytes with their length before them."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def caffe_blob(array):
    """A BlobProto of C3D's own Caffe, with five axes: its data is field 6."""
    shape = (1,) * (5 - array.ndim) + array.shape
    axes = b"".join(field(i, n) for i, n in enumerate(shape, start=1))
    return axes + field(6, array.astype("<f4").tobytes())


def caffe_layer(name, arrays, kind=4):
    message = field(2, b"below") + field(3, name.encode()) + field(4, name.encode())
    message += field(5, kind) + b"".join(field(6, caffe_blob(array)) for array in arrays)
    # blobs_lr, repeated and not packed: a field of four bytes.
    return field(2, message + varint(7 << 3 | 5) + np.float32(1).tobytes())


def c3d_layers(rng):
    """Of C3D at that width, as Caffe has them."""
    sizes = {"conv1a": (8, 3), "conv2a": (8, 8), "conv3a": (16, 8), "conv3b": (16, 16)}
    sizes |= {"conv4a": (32, 16), "conv4b": (32, 32), "conv5a": (32, 32), "conv5b": (32, 32)}
    layers = {name: kernel(rng, f, c, 3, 3, 3) for name, (f, c) in sizes.items()}
    layers["conv1a"][0] /= 40
    for name, inputs, units in (("fc6-1", 512, 256), ("fc7-1", 256, 256), ("fc8-1", 256, CLASSES)):
        matrix, bias = dense(rng, inputs, units)
        layers[name] = [np.ascontiguousarray(matrix.T), bias]
    return layers


class Python2Pickler(pickle._Pickler):
    """Writes strings as Python 2 did, without saying whether they are text."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        value = value.encode() if isinstance(value, str) else value
        short = len(value) < 256
        head = b"U" + bytes([len(value)]) if short else b"T" + len(value).to_bytes(4, "little")
        self.write(head + value)

    dispatch[bytes] = dispatch[str] = save_string


def write_npy_of_python2(path, layers):
    """What `np.save` of a dict wrote under Python 2, with the modules that NumPy had then."""
    with path.open("wb") as file:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(file, header)
        Python2Pickler(file, protocol=2).dump(np.array(layers, dtype=object))
    path.write_bytes(path.read_bytes().replace(b"cnumpy._core.", b"cnumpy.core."))
