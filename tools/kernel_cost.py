"""What oneDNN's kernels save: a training step and a forward pass with them and without.

    python tools/kernel_cost.py          some five minutes on two cores

The package asks TensorFlow for these kernels (TF_ENABLE_ONEDNN_OPTS=1), which TensorFlow takes by
itself only on processors with AVX512-VNNI. Random numbers as input, float32, each case in a process
of its own; the lowest of three steps after one that traces.
"""

import argparse
import os
import sys

import cases
import numpy as np

SWITCH = "TF_ENABLE_ONEDNN_OPTS"
NETWORKS = {
    "C3D at width ⅛, 3 clips of 16×64×64": ("c3d", 0.125, (3, 16, 64, 64, 3)),
    "VGG16 at width ¼, 16 images of 96×96": ("vgg16", 0.25, (16, 96, 96, 3)),
    "VGG16, 4 images of 224×224": ("vgg16", 1.0, (4, 224, 224, 3)),
    "ResNet50, 4 images of 224×224": ("resnet50", 1.0, (4, 224, 224, 3)),
    "C3D, 1 clip of 16×112×112": ("c3d", 1.0, (1, 16, 112, 112, 3)),
}


def trunk(backbone, width, shape):
    """A network without attention, with random weights."""
    import keras

    from keras_attn import models

    keras.utils.set_random_seed(0)
    if backbone == "c3d":
        return models.c3d(shape, width=width)
    return models.backbone(backbone).build(shape, width=width)


def measure(name):
    """Time one network in this process."""
    import keras

    backbone, width, shape = NETWORKS[name]
    model = trunk(backbone, width, shape[1:])
    model.compile(keras.optimizers.SGD(1e-6), "mse")
    rng = np.random.default_rng(0)
    seen = rng.uniform(0, 255, shape).astype(np.float32)
    wanted = np.zeros((shape[0], *model.output_shape[1:]), np.float32)
    forward = cases.lowest(lambda: model.predict_on_batch(seen))
    cases.report(forward=forward, step=cases.lowest(lambda: model.train_on_batch(seen, wanted)))


def main():
    """Print a row for each network."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    print("| | step, without | with | ratio | forward, without | with | ratio |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name in NETWORKS:
        without, given = (cases.in_a_process(__file__, name, **{SWITCH: s}) for s in "01")
        numbers = []
        for what in ("step", "forward"):
            was, now = without[what], given[what]
            numbers += [f"{was:.3g} s", f"{now:.3g} s", f"{was / now:.1f}"]
        print(f"| {name} | {' | '.join(numbers)} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        measure(sys.argv[2])
    else:
        main()
