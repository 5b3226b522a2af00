"""Attention of each head of a transformer by itself; see `attention`."""

from keras_attn.audits.kinds import LAYERS, Kind
from keras_attn.audits.kinds.attention import heads, of_heads, to_patches
from keras_attn.registry import register


def attention_heads(model, images, targets=None):
    """That of each head of each layer, counted from 1."""
    return {
        (path, f"head{number + 1}"): to_patches(model, path, values[:, number])
        for path, values in of_heads(model, images).items()
        for number in range(values.shape[1])
    }


register(
    Kind(
        "attention_heads",
        attention_heads,
        of=LAYERS,
        scores=False,
        reads=heads,
    )
)
