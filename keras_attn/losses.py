"""Losses that compare attention with gaze. A function on tensors, and a thin Keras loss on it."""

from typing import Any

import keras
from keras import ops

Tensor = Any
"""Of the backend that Keras runs on."""
FLOOR = 1e-12
"""Smallest probability within a logarithm: far below 1 over any number of positions."""


def attention_kl(density: Tensor, attention: Tensor) -> Tensor:
    """KL(human ‖ A) in nats, both normalised to sum 1 over each frame, in float32.

    The paper's "negative kl-divergence" (§IV-A2) is a slip: minimised is the divergence itself.

    Args:
        density: Gaze densities `(batch, [T,] H, W, 1)`, never negative, of any sum. A frame without
            fixations (all zeros) adds 0.
        attention: Maps of the same shape, never negative, of any sum.

    Returns:
        Float32 `(batch,)`: per example, the mean over frames; 0 where both are alike.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> density = np.array([[0, 0], [1, 3]]).reshape(1, 2, 2, 1)
    >>> everywhere = np.ones((1, 2, 2, 1))
    >>> round(float(ka.losses.attention_kl(density, everywhere)[0]), 3)
    0.824
    """
    human, total = _normalised(density)
    machine, _ = _normalised(attention)
    terms = human * (ops.log(ops.maximum(human, FLOOR)) - ops.log(ops.maximum(machine, FLOOR)))
    divergence = ops.sum(terms, axis=(-3, -2, -1))
    divergence = ops.where(ops.squeeze(total, axis=(-3, -2, -1)) > 0, divergence, 0.0)
    return _mean_over_frames(divergence)


def attention_cross_entropy(density: Tensor, logits: Tensor) -> Tensor:
    """Softmax logistic loss between Y and gaze, in nats and float32: −Σ h log softmax(Y).

    The loss that §IV-B2 adds for supervised attention; h is the density, normalised to sum 1 over
    each frame. Its gradient is that of KL(human ‖ softmax(Y)), which is smaller by the entropy of
    the density.

    Args:
        density: Gaze densities `(batch, [T,] H, W, 1)`, never negative, of any sum. A frame without
            fixations (all zeros) adds 0.
        logits: Y of the same shape, before softmax or sigmoid.

    Returns:
        Float32 `(batch,)`: per example, the mean over frames.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> density = np.array([[0, 0], [1, 3]]).reshape(1, 2, 2, 1)
    >>> logits = np.zeros((1, 2, 2, 1))
    >>> round(float(ka.losses.attention_cross_entropy(density, logits)[0]), 3)
    1.386
    """
    human, _ = _normalised(density)
    logits = ops.cast(logits, "float32")
    machine = logits - ops.logsumexp(logits, axis=(-3, -2, -1), keepdims=True)
    return _mean_over_frames(-ops.sum(human * machine, axis=(-3, -2, -1)))


def _mean_over_frames(values):
    """Mean of `(batch, [T])` over what is not the batch."""
    return ops.mean(ops.reshape(values, (ops.shape(values)[0], -1)), axis=-1)


def _normalised(values):
    values = ops.cast(values, "float32")
    total = ops.sum(values, axis=(-3, -2, -1), keepdims=True)
    return values / ops.where(total > 0, total, 1.0), total


@keras.saving.register_keras_serializable("keras_attn")
class AttentionKL(keras.losses.Loss):
    """`attention_kl` as a loss for `compile`: y_true are gaze densities, y_pred attention maps.

    Args:
        reduction: Of the batch, as for all losses of Keras; None for one value per example.
        name: Of the loss.
        dtype: It is computed in float32 whatever this is.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> density = np.array([[0, 0], [1, 3]]).reshape(1, 2, 2, 1)
    >>> loss = ka.losses.AttentionKL()
    >>> round(float(loss(density, np.ones((1, 2, 2, 1)))), 3)
    0.824
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "attention_kl",
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Divergence of each example, float32 `(batch,)`."""
        return attention_kl(y_true, y_pred)


@keras.saving.register_keras_serializable("keras_attn")
class AttentionCrossEntropy(keras.losses.Loss):
    """`attention_cross_entropy` for `compile`: y_true are gaze densities, y_pred logits Y.

    Args:
        reduction: Of the batch, as for all losses of Keras; None for one value per example.
        name: Of the loss.
        dtype: It is computed in float32 whatever this is.

    Example:

    >>> import numpy as np
    >>> import keras_attn as ka
    >>> density = np.array([[0, 0], [1, 3]]).reshape(1, 2, 2, 1)
    >>> loss = ka.losses.AttentionCrossEntropy()
    >>> round(float(loss(density, np.zeros((1, 2, 2, 1)))), 3)
    1.386
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "attention_cross_entropy",
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Cross-entropy of each example, float32 `(batch,)`."""
        return attention_cross_entropy(y_true, y_pred)
