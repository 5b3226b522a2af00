"""Holds kinds of maps against those of other libraries, on one small network and two pictures.

    python tools/golden_attributions.py                   how far this package's are from theirs
    python tools/golden_attributions.py --peer xplique    writes theirs to tests/golden/

A peer runs in an environment of its own, which need not have this package: `captum` and
`pytorch_grad_cam` in one with `pip install torch torchvision captum==0.9.0 grad-cam==1.5.7`,
`xplique` and `tf_keras_vis` in one with TensorFlow and `pip install xplique==2.0.2` or
`tf-keras-vis==0.8.7`. Noise and masks are handed to both sides.
"""

import argparse
from functools import cache
from importlib.metadata import version
from unittest.mock import patch

import numpy as np
from attribution_case import FILE, LAYERS, POOLED, case, keras_network, made
from attribution_peers import PEERS

NAMES = {"captum": "Captum", "pytorch_grad_cam": "grad-cam", "xplique": "Xplique"}
NAMES |= {"tf_keras_vis": "tf-keras-vis"}
"""Of peers in the package index, where case does not count."""


def keep(peer):
    """Ask a peer, and write what it returns beside what others have returned."""
    found = dict(np.load(FILE)) if FILE.exists() else made()
    found = {name: value for name, value in found.items() if not name.startswith(f"{peer}/")}
    for key, maps in PEERS[peer]().items():
        kind, layer = (key, "pixels") if isinstance(key, str) else key
        found[f"{peer}/{kind}/{layer}"] = np.asarray(maps, np.float32)
    found[f"{peer}/version"] = np.array(version(NAMES[peer]))
    np.savez_compressed(FILE, **found)


def kept():
    """(kind, layer or "pixels", peer) of all maps that the file holds."""
    every = (name.split("/") for name in case() if name.count("/") == 2)
    return sorted((kind, layer, peer) for peer, kind, layer in every)


@cache
def ours(kind):
    """Maps `(2, h, w)` of a kind by layer, with the noise and the masks that peers had."""
    import tensorflow as tf

    from keras_attn.audits.keras_maps import KerasMaps
    from keras_attn.audits.kinds import rise, smooth_grad

    noise, masks = case()["noise"], case()["masks"]
    layers = [POOLED] if kind == "cam" else [*LAYERS]
    with (
        patch.object(smooth_grad, "SAMPLES", len(noise)),
        patch.object(tf.random, "stateless_normal", lambda _, seed: noise[seed[1]]),
        patch.object(rise, "MASKS", len(masks)),
        patch.object(rise, "drawn", lambda *_: masks),
    ):
        source = KerasMaps(keras_network(), layers, [kind], explain="true")
        targets = tf.constant(case()["classes"], tf.int32)
        found = source([*case()["pictures"]], None, targets)
    found = {layer: np.stack(maps) for (layer, _), maps in found.items()}
    return found if found.keys() <= {*layers} else {"pixels": found.popitem()[1]}


def difference(kind, layer, peer):
    """The largest difference of our maps from a peer's, as a share of that picture's largest."""
    own, theirs = ours(kind)[layer], case()[f"{peer}/{kind}/{layer}"]
    if own.shape != theirs.shape:
        raise ValueError(f"{kind} of {layer}: {own.shape} against {theirs.shape} of {peer}")
    return np.max(np.abs(own - theirs) / np.abs(theirs).max(axis=(1, 2), keepdims=True))


def table():
    """Print the largest difference over the layers, by kind and peer, in Markdown."""
    found = {}
    for kind, layer, peer in kept():
        found.setdefault(kind, {}).setdefault(peer, []).append(difference(kind, layer, peer))
    titles = [f"{NAMES[peer]} {case()[f'{peer}/version']}" for peer in PEERS]
    print(f"| kind | {' | '.join(titles)} |\n|---|{'--:|' * len(titles)}")
    for kind, values in found.items():
        largest = [max(values[peer]) if peer in values else None for peer in PEERS]
        cells = ["" if one is None else f"{one:.0e}" if one else "0" for one in largest]
        print(f"| `{kind}` | {' | '.join(cells)} |")


def main():
    """Read the option, and do what it says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", choices=PEERS, help="the library that is asked")
    peer = parser.parse_args().peer
    if peer:
        keep(peer)
    else:
        table()


if __name__ == "__main__":
    main()
