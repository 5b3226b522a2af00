"""What each kind of map costs for an image, as a ratio to a forward pass of the same network.

    python tools/kind_cost.py                       about ten minutes on two cores
    python tools/kind_cost.py --network VGG16 --images 2 --kinds activation grad_cam

A network of keras.applications with random weights at 224×224, whose last maps are explained,
batches of 8 as in an audit, float32. Kinds of transformers are measured on a vision transformer of
the same input. The forward pass is one of a `tf.function`; each time is the lowest of three after
one that traces, or the only one where it takes longer than 20 s.
"""

import argparse

import cases
import numpy as np

BATCH, SIDE = 8, 224
OF_TRANSFORMERS = "attention"
"""What the names of their kinds begin with."""


def network(name):
    """The network with random weights, and the layer that is explained."""
    import keras

    keras.utils.set_random_seed(0)
    made = getattr(keras.applications, name)(weights=None, input_shape=(SIDE, SIDE, 3))
    layers = [one.name for one in made.layers if len(getattr(one.output, "shape", ())) == 4]
    return made, layers[-1]


def transformer(patch=16, width=192, heads=3, depth=12):
    """A vision transformer of the size that is called tiny, with a token of the class."""
    import keras
    from keras import layers, ops

    class ClassToken(layers.Layer):
        """Puts a token before the patches."""

        def build(self, shape):
            self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

        def call(self, tokens):
            before = ops.broadcast_to(self.token, (ops.shape(tokens)[0], 1, width))
            return ops.concatenate([before, tokens], axis=1)

        def compute_output_shape(self, shape):
            return (shape[0], shape[1] + 1, shape[2])

    keras.utils.set_random_seed(0)
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(width, patch, strides=patch)(layers.Rescaling(1 / 127.5, -1)(image))
    x = ClassToken()(layers.Reshape(((SIDE // patch) ** 2, width))(x))
    for _ in range(depth):
        known = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(heads, width // heads)(known, known)
        inner = layers.Dense(4 * width, activation="gelu")(layers.LayerNormalization()(x))
        x = x + layers.Dense(width)(inner)
    scores = layers.Dense(1000)(layers.LayerNormalization()(x)[:, 0])
    return keras.Model(image, scores), None


def measure(made, layer, kinds, images):
    """Print what each kind costs beside a forward pass of these images."""
    import tensorflow as tf

    from keras_attn.audits.keras_maps import KerasMaps

    pixels = np.random.default_rng(0).integers(0, 256, (images, SIDE, SIDE, 3), dtype=np.uint8)
    batches = [list(pixels[start : start + BATCH]) for start in range(0, images, BATCH)]
    graph = tf.function(lambda batch: made(batch, training=False), reduce_retracing=True)
    forward = cases.lowest(lambda: [graph(np.float32(batch)) for batch in batches])
    print(f"{made.name}: {forward / images * 1000:.0f} ms an image for a forward pass", flush=True)
    for kind in kinds:
        source = KerasMaps(made, layers=[layer] if layer else (), kinds=[kind])
        found = cases.lowest(lambda: [source(batch, [None] * len(batch)) for batch in batches])  # noqa: B023
        print(f"{kind:24s}{found / forward:8.1f}", flush=True)


def main():
    """Parse the arguments and measure."""
    from keras_attn.registries import KINDS

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", default="ResNet50", help="of keras.applications")
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--kinds", nargs="+", choices=tuple(KINDS), default=tuple(KINDS))
    chosen = parser.parse_args()
    of_tokens = [name for name in chosen.kinds if name.startswith(OF_TRANSFORMERS)]
    others = [name for name in chosen.kinds if name not in of_tokens]
    measure(*network(chosen.network), others, chosen.images)
    if of_tokens:
        measure(*transformer(), of_tokens, chosen.images)


if __name__ == "__main__":
    main()
