"""Which reading of the paper's softmax trains on photographs: of Y or of its sigmoid, and its gate.

    python tools/softmax_readings.py MASKS GAZE --weights vgg16_..._notop.h5 --out photographs.csv
    python tools/softmax_readings.py --out scenes.csv                on drawn scenes, as `make demo`

MASKS and GAZE are folders of one's own (see `datasets.folder`), both with object masks, the second
with gaze as well. As in §IV-A2 a network of Task 1 learns from MASKS, and then from each fold of
GAZE but one; the held-out folds are scored together. The VGG16 trunk is frozen and its features are
kept, so that only the decoder learns: 256-128-64 channels, Adam at 1e-4, batches of 10, as the
paper's but for the trunk. Sigmoid is trained alike, to hold the softmax against. A line of the
table is added as soon as it is known; what it has already is not made again. About 5 minutes for
each line on two cores with 499 and 66 photographs, 2 for each of the scenes.
"""

import argparse
import csv
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from keras_attn.gaze import FIXATION_SIGMA

CHANNELS = (256, 128, 64)
RATE, BATCH, FOLDS, MOMENTUM = 1e-4, 10, 5, 0.9
FIELDS = ("normalise", "softmax_of", "gate", "seed", "losses", "fold_losses", "max_f", "mae")
FIELDS += ("s_auc", "ig", "seconds")
READINGS = (
    ("sigmoid", "", "map"),
    ("softmax", "sigmoid", "positions"),
    ("softmax", "logits", "positions"),
    ("softmax", "sigmoid", "map"),
    ("softmax", "logits", "map"),
)
"""What normalises A, what the softmax is taken of, and what the gate multiplies by."""


@dataclass
class Kept:
    """Images of a dataset as the decoder learns from them: features and masks, `(n, H, W, C)`."""

    dataset: object
    features: np.ndarray
    masks: np.ndarray

    def of(self, indices):
        """Those of some of the images."""
        return self.features[indices], self.masks[indices]


def kept(dataset, network, trunk):
    """Send a dataset once through the trunk."""
    from keras_attn.datasets.batches import pipeline

    size = network.input["image"].shape[1:3]
    pixels = pipeline.Pixels.of(dataset, size).values
    features = [
        trunk(pixels[i : i + BATCH, ..., :3].astype(np.float32)).numpy()
        for i in range(0, len(pixels), BATCH)
    ]
    return Kept(dataset, np.concatenate(features), pixels[..., 3:].astype(np.float32) / 255)


def mechanism_of(reading):
    """The `Mechanism` of a reading."""
    from keras_attn.mechanisms import MECHANISMS

    normalise, softmax_of, gate = reading
    changes = {"gate": gate} | ({"softmax_of": softmax_of} if softmax_of else {})
    return replace(MECHANISMS[normalise], **changes)


class Decoder:
    """The decoder of a network of Task 1, which learns from kept features."""

    def __init__(self, network):
        import keras
        import tensorflow as tf

        images, features = network.input["image"], trunk_output(network)
        model = keras.Model([features, images], network.output)
        optimizer = keras.optimizers.Adam(RATE)
        entropy = keras.losses.BinaryCrossentropy()
        weights = model.trainable_weights
        optimizer.build(weights)
        side = [name for name in network.output if name.startswith("saliency")]
        shape = images.shape[1:]

        def step(some, masks):
            blank = tf.zeros((tf.shape(some)[0], *shape))
            with tf.GradientTape() as tape:
                made = model([some, blank], training=True)
                loss = tf.add_n([entropy(masks, made[name]) for name in side])
            gradients = tape.gradient(loss, weights)
            optimizer.apply_gradients(zip(gradients, weights, strict=True))
            return loss

        self.step = tf.function(step, reduce_retracing=True)
        self.run = tf.function(lambda some: model([some, tf.zeros((1, *shape))], training=False))
        self.model, self.optimizer = model, optimizer
        self.first = [variable.numpy() for variable in optimizer.variables]

    def learn(self, data, indices, epochs, seed):
        """Train on some of the images with a new optimizer; the mean loss of each epoch."""
        self.optimizer_as_new()
        losses = []
        for epoch in range(epochs):
            order = np.random.default_rng([seed, epoch]).permutation(indices)
            batches = (order[i : i + BATCH] for i in range(0, len(order), BATCH))
            losses.append(np.mean([float(self.step(*data.of(batch))) for batch in batches]))
        return losses

    def optimizer_as_new(self):
        """Forget the moments of what was learned before."""
        for variable, value in zip(self.optimizer.variables, self.first, strict=True):
            variable.assign(value)

    def outputs(self, features):
        """Of one image, arrays by name."""
        return {name: one.numpy()[0] for name, one in self.run(features[None]).items()}


def trunk_output(network):
    """The features that the first decoder layer takes."""
    return network.get_layer("decoder_1").input


def network_of(reading, weights, size):
    """The network of Task 1 with a reading's mechanism and the trunk's published weights."""
    import keras_attn as ka
    from keras_attn.tasks import encoders

    network = ka.models.salient_object(
        "vgg16",
        mechanism_of(reading),
        input_shape=(size, size, 3),
        channels=CHANNELS,
        momentum=MOMENTUM,
    )
    encoders.load_encoder(network, "vgg16", weights)
    return network


def on_photographs(reading, seed, masks, gaze, options):
    """A line of the table: learn from `masks`, then from all folds of `gaze` but one."""
    import keras

    from keras_attn.tasks.salient_object import SaliencyScorer

    keras.utils.set_random_seed(seed)
    network = network_of(reading, options.weights, options.size)
    decoder, scorer = Decoder(network), SaliencyScorer(network, FIXATION_SIGMA)
    losses = decoder.learn(masks, np.arange(len(masks.masks)), options.epochs, seed)
    start, whole = decoder.model.get_weights(), gaze.dataset
    place = {example.id: index for index, example in enumerate(whole)}
    rows, curves, ends = [], [], []
    for fold in range(FOLDS):
        train, test = whole.fold(fold, of=FOLDS)
        decoder.model.set_weights(start)
        ends.append(decoder.learn(gaze, [place[e.id] for e in train], options.fold_epochs, seed))
        for index in (place[example.id] for example in test):
            scores, own = scorer.score(whole, index, decoder.outputs(gaze.features[index]))
            rows.append(scores)
            curves.append(own["f_curve"])
    return told(losses, np.mean(ends, axis=0), pd.DataFrame(rows), curves)


def on_scenes(reading, seed):
    """A line of the table: the miniature preset on its one fold of drawn scenes."""
    import keras_attn as ka
    from keras_attn import tasks

    config = ka.configs.salient_object("miniature", attention=mechanism_of(reading), seed=seed)
    config = ka.configs.changed(config, tensorboard=False)
    task = tasks.of(config)
    with tempfile.TemporaryDirectory() as folder:
        whole = task.read(config.data, drawn=Path(folder) / "scenes")
        train, test = task.parts(config, whole)
        run = ka.train(config, train, out=Path(folder) / "run")
        found = ka.evaluate(run, test, progress=False)
        losses = run.history["loss"]
    return told(losses, [], found.rows, found.arrays["f_curve"])


def told(losses, fold_losses, rows, curves):
    """What a line of the table says."""
    scores = rows[["mae", "s_auc", "ig"]].mean().round(4)
    return {
        "losses": " ".join(f"{loss:.3f}" for loss in losses),
        "fold_losses": " ".join(f"{loss:.3f}" for loss in fold_losses),
        "max_f": round(float(np.mean(curves, axis=0).max()), 4),
        **scores,
    }


def known(path):
    """The lines that are made already, by reading and seed."""
    if not path.exists():
        return set()
    with path.open(newline="") as file:
        return {
            (*(row[name] for name in FIELDS[:3]), int(row["seed"])) for row in csv.DictReader(file)
        }


def arguments():
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", metavar="MASKS GAZE", help="default: drawn scenes")
    parser.add_argument("--weights", help="file of the VGG16 trunk")
    parser.add_argument("--out", type=Path, default=Path("readings.csv"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=4, help="of MASKS")
    parser.add_argument("--fold-epochs", type=int, default=6, help="of each fold of GAZE")
    parser.add_argument("--size", type=int, default=224, help="side of the input in pixels")
    options = parser.parse_args()
    if len(options.folders) not in (0, 2) or (options.folders and not options.weights):
        parser.error("expected both MASKS and GAZE with --weights, or neither")
    return options


def measure_of(options):
    """(reading, seed) -> a line of the table, on the data that the options name."""
    if not options.folders:
        return on_scenes
    import keras

    import keras_attn as ka

    network = network_of(READINGS[0], options.weights, options.size)
    trunk = keras.Model(network.input["image"], trunk_output(network))
    data = [kept(ka.datasets.folder(root), network, trunk) for root in options.folders]
    return lambda reading, seed: on_photographs(reading, seed, *data, options)


def main():
    """Measure every reading and seed that the table lacks."""
    options = arguments()
    measure, there = measure_of(options), known(options.out)
    with options.out.open("a", newline="") as file:
        table = csv.DictWriter(file, FIELDS)
        if not there:
            table.writeheader()
        for reading in READINGS:
            for seed in options.seeds:
                if (*reading, seed) in there:
                    continue
                began = time.perf_counter()
                line = dict(zip(FIELDS[:3], reading, strict=True)) | {"seed": seed}
                line |= measure(reading, seed)
                line["seconds"] = round(time.perf_counter() - began)
                print(*line.values(), sep="  ", flush=True)
                table.writerow(line)
                file.flush()


if __name__ == "__main__":
    main()
