"""The networks of Task 2 (§IV-B): C3D on frames and on flow, with attention fused early or late."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from keras_attn import mechanisms
from keras_attn.errors import one_of
from keras_attn.layers import EarlyAttention, FrameSum
from keras_attn.mechanisms import Attended, Mechanism, Tensor
from keras_attn.models.c3d import (
    CLIP,
    CODE_MEAN,
    FLOW,
    FRAMES,
    classifier,
    clip_input,
    convolution,
    features,
    first_block,
    later_blocks,
)
from keras_attn.models.common import GAZE

FUSIONS = ("early", "late")

CODE_DROPOUT = (0.9, 0.8)
"""After fc6 and fc7 in the two-stream code that the paper names."""


@keras.saving.register_keras_serializable("keras_attn")
class MeanOfStreams(keras.initializers.Initializer):
    """A fusing convolution that starts as the mean of the two streams, channel by channel.

    For kernels (..., 2 · C, C) with odd sizes: one half in the centre where the channels agree, 0
    elsewhere. What lies behind it meets features of the scale it was trained on.

    Example:

    >>> import numpy as np
    >>> from keras_attn.models.two_stream import MeanOfStreams
    >>> np.asarray(MeanOfStreams()((1, 1, 4, 2))).reshape(4, 2).sum(axis=0).tolist()
    [1.0, 1.0]
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Tensor:
        """The kernel."""
        eye = 0.5 * ops.eye(shape[-1], dtype=dtype)
        centre = ops.concatenate([eye, eye], axis=0)
        around = [((size - 1) // 2,) * 2 for size in shape[:-2]]
        return ops.pad(
            ops.reshape(centre, (1,) * len(around) + centre.shape), [*around, (0, 0), (0, 0)]
        )


def two_stream(
    fusion: Literal["early", "late"] = "early",
    attention: Mechanism | str = "supervised",
    *,
    classes: int,
    input_shape: Sequence[int] = CLIP,
    width: float = 1.0,
    dropout: float | Sequence[float] = CODE_DROPOUT,
    momentum: float = 0.99,
    mean: float | Sequence[float] = CODE_MEAN,
    name: str = "two_stream",
) -> keras.Model:
    """A classifier of clips with attention where its two streams are fused.

    Layers of the streams have the names of `c3d` after "frames_" and "flow_". A softmax is over
    space, frame by frame.

    Args:
        fusion: "early", A is made from pool1 of the flow stream, into which it passes no gradient,
            and gates pool1 of the frame stream; "late", relu5b of both streams becomes one feature
            by Conv 3×3×3 → ReLU, which A is made from and gates, and with which the frame stream
            goes on.
        attention: a `Mechanism` or its name.
        classes: how many.
        input_shape: (frames, height, width).
        width: scales all channels.
        dropout: rate after fc6 and fc7, or a pair.
        momentum: of the BatchNormalization of the module of late fusion.
        mean: what is subtracted from frames, as for `c3d`.
        name: of the model.

    Returns:
        A `keras.Model`. Inputs "frames" `(batch, T, H, W, 3)`, float32 RGB in [0, 255], and "flow"
        with 2 channels in the 8-bit code; for a mechanism that takes gaze also "gaze", densities
        `(batch, T, h, w, 1)` of any size. Outputs by name, all float32: `logits`, the mean of
        `logits_frames` and `logits_flow`, which are the scores of the two streams before softmax;
        `attention`, `(batch, T, H/2, W/2, 1)` in early fusion, `(batch, T/8, H/16, W/16, 1)` in
        late fusion, 2×7×7 of the paper's clips; where A is learned, `attention_logits` Y of the
        same shape.

    Raises:
        InputError: No fusion or mechanism has the name; clips are smaller than the pooling layers
            take; `dropout` holds no rates.

    Example:

    >>> from keras_attn.models.two_stream import two_stream
    >>> network = two_stream("late", "sigmoid", classes=5, width=1 / 64)
    >>> network.output["logits"].shape, network.output["attention"].shape
    ((None, 5), (None, 2, 7, 7, 1))
    """
    one_of("fusion", fusion, FUSIONS)
    mechanism = mechanisms.get(attention)
    clips = {}
    clips[FRAMES], frames = clip_input((*input_shape, 3), mean=mean, prefix=f"{FRAMES}_")
    clips[FLOW], flow = clip_input((*input_shape, 2), prefix=f"{FLOW}_")
    gaze = None
    if mechanism.takes_gaze:
        clips[GAZE] = gaze = keras.Input((input_shape[0], None, None, 1), name=GAZE)
    if fusion == "early":
        frames, flow, attended = _early(frames, flow, gaze, mechanism, width)
    else:
        frames, flow, attended = _late(frames, flow, gaze, mechanism, width, momentum)
    options: dict[str, Any] = {"width": width, "dropout": dropout, "activation": None}
    outputs = {
        f"logits_{stream}": classifier(x, classes, prefix=f"{stream}_", **options)
        for stream, x in ((FRAMES, frames), (FLOW, flow))
    }
    mean = keras.layers.Average(dtype="float32", name="logits")(list(outputs.values()))
    outputs = {"logits": mean, **outputs, "attention": attended.attention}
    if attended.logits is not None:
        outputs["attention_logits"] = attended.logits
    return keras.Model(clips, outputs, name=name)


def _early(
    frames: Tensor, flow: Tensor, gaze: Tensor | None, mechanism: Mechanism, width: float
) -> tuple[Tensor, Tensor, Attended]:
    """Both streams up to relu5b, where pool1 of the flow stream says where the frames matter."""
    frames = first_block(frames, width=width, prefix=f"{FRAMES}_")
    flow = first_block(flow, width=width, prefix=f"{FLOW}_")
    module = None
    if mechanism.source == "module" and mechanism.module is None:
        module = EarlyAttention(mechanism.normalise, mechanism.softmax_of, name="attention")
    attended = mechanisms.attend(
        mechanism, frames, gaze, of=ops.stop_gradient(flow), module=module, name="attention"
    )
    frames = later_blocks(attended.gated, width=width, prefix=f"{FRAMES}_")
    return frames, later_blocks(flow, width=width, prefix=f"{FLOW}_"), attended


def _late(
    frames: Tensor,
    flow: Tensor,
    gaze: Tensor | None,
    mechanism: Mechanism,
    width: float,
    momentum: float,
) -> tuple[Tensor, Tensor, Attended]:
    """Both streams up to relu5b, the frame stream fused with the other and seen through A."""
    frames = features(frames, width=width, prefix=f"{FRAMES}_")
    flow = features(flow, width=width, prefix=f"{FLOW}_")
    both = keras.layers.Concatenate(name="both")([frames, flow])
    fused = convolution(both, 512, width, "fusion", kernel_initializer=MeanOfStreams())
    if gaze is not None:
        gaze = FrameSum(fused.shape[1], name="gaze_of_slots")(gaze)
    attended = mechanisms.attend(mechanism, fused, gaze, momentum=momentum, name="attention")
    return attended.gated, flow, attended
