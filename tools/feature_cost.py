"""What keeping the features of a frozen trunk saves in Task 3: seconds through it and without it.

    python tools/feature_cost.py                              the three backbones, about 5 minutes
    python tools/feature_cost.py --backbones vgg16 --weights vgg16=vgg16_..._notop.h5

At the paper's size, with sigmoid attention and the whole published head, in batches of 16, on drawn
birds through the real reader and pipeline. Each case runs in a process of its own: an epoch of two
steps to trace and warm up, one that is timed. An epoch is one of 900 images, as in the paper.
"""

import sys
import tempfile
import time
from pathlib import Path

import cases

STEPS, IMAGES = 2, 900
KEPT, THROUGH = "kept", "through"


def measure(backbone, how, weights, folder):
    """Train through the trunk or on features kept in `folder`; print what a step takes."""
    import keras

    import keras_attn as ka
    from keras_attn import tasks

    config = ka.configs.fine_grained("paper", backbone=backbone, attention="sigmoid", epochs=2)
    config = ka.configs.changed(
        config,
        weights=weights,
        pretraining="trunk" if weights else "none",
        keep_features=how == KEPT,
        features=folder,
    )
    images = STEPS * config.training.batch_size
    # Two thirds of the birds are to train on.
    drawn = ka.datasets.miniature("cub_vwsw", images=images * 3 // 2, shape=(400, 480))
    train = drawn.part("some", range(images))
    task = tasks.of(config)
    config = task.resolved(config, train)
    keras.utils.set_random_seed(0)
    plan = task.plan(config, train)
    learner = plan.build().learner
    began = time.perf_counter()
    batches = plan.batches(learner, 0)
    once = (time.perf_counter() - began) / images
    seconds, loss = cases.time_a_step(learner, batches, STEPS)
    cases.report(seconds=seconds, once=once if how == KEPT else 0.0, loss=loss)


def table(backbone, weights, batch=16):
    """Measure one backbone, and print what an epoch takes both ways."""
    found = {
        how: cases.in_a_process(__file__, backbone, how, *([weights] if weights else []))
        for how in (THROUGH, KEPT)
    }
    epochs = {how: one["seconds"] * IMAGES / batch for how, one in found.items()}
    once = found[KEPT]["once"] * IMAGES
    print(
        f"{backbone:9s} an epoch of {IMAGES} images: through the trunk {epochs[THROUGH]:6.1f} s "
        f"({found[THROUGH]['peak']:.2f} GB), on kept features {epochs[KEPT]:5.1f} s "
        f"({found[KEPT]['peak']:.2f} GB), {epochs[THROUGH] / epochs[KEPT]:5.1f} times faster; "
        f"features once {once:6.1f} s; steps {found[THROUGH]['seconds']:.2f} and "
        f"{found[KEPT]['seconds']:.3f} s, losses {found[THROUGH]['loss']:.4f} and "
        f"{found[KEPT]['loss']:.4f}",
        flush=True,
    )


def main():
    """Parse the arguments and measure."""
    if sys.argv[1:2] == ["--case"]:
        backbone, how, *weights = sys.argv[2:]
        with tempfile.TemporaryDirectory() as folder:
            measure(backbone, how, weights[0] if weights else None, Path(folder))
        return
    arguments = cases.arguments(__doc__)
    for backbone in arguments.backbones:
        table(backbone, arguments.files.get(backbone))


if __name__ == "__main__":
    main()
