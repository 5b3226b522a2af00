"""What the heads of a transformer attend to: the weights that its layers do not return."""

from contextlib import contextmanager

import keras

from keras_attn.networks.inside import replaced


def paths(every):
    """Paths of the layers of several heads, of all layers by path."""
    return [path for path, one in every.items() if isinstance(one, keras.layers.MultiHeadAttention)]


@contextmanager
def caught(layers):
    """Within this, what layers of several heads attend to is kept: a dict, in which they ran.

    layers: by path. Values are `(n, heads, queries, keys)`, whose rows over the keys sum to 1; of a
    layer that runs several times those of the last time.
    """
    found = {}

    def catching(path, layer):
        call = layer.call

        def catch(*args, **options):
            asked = options.pop("return_attention_scores", False)
            made, weights = call(*args, **options, return_attention_scores=True)
            found.pop(path, None)  # so that it stands where it ran last
            found[path] = weights
            return (made, weights) if asked else made

        return catch

    with replaced(layers, catching):
        yield found
