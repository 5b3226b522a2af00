"""Training on kept features of clips: what frozen streams return is computed once, not each time.

For one stream alone, whose learner is what lies behind its convolutions, and for late fusion, where
both streams are fused there. Early fusion changes what the stream of frames sees from its first
block on, so that nothing of that can be kept.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf

from keras_attn import kept_arrays, mechanisms, storage
from keras_attn.datasets.batches import clips
from keras_attn.errors import InputError
from keras_attn.evaluation.network import forward
from keras_attn.models.c3d import FLOW, FRAMES
from keras_attn.models.common import GAZE
from keras_attn.resizing import size_of
from keras_attn.tasks.pretraining import digest
from keras_attn.training.plan import Plan, Trainee

LAST = "conv5b"
"""The layer whose output is kept."""
BATCH = 16
"""Clips at a time; fixed, since what a convolution rounds to may depend on it."""
VERSION = 2
"""Of the files; those of another version are not taken for those of this one."""


def wanted(config):
    """Whether a configuration asks for it: frozen convolutions, whose features can be kept."""
    return config.training.encoder == "frozen" and config.model.fusion != "early"


def plan(config, train, *, build, compiled, scorer):
    """The `Plan` of training what lies behind the frozen convolutions.

    build: () -> the whole network, with its initial weights. compiled: model -> the same, compiled.
    scorer: network -> its `Scorer`; the network itself is scored, on clips.
    """
    made, training = {}, config.training
    epochs = training.iterations // training.save_every
    steps = training.save_every * training.accumulate

    def built():
        made["network"] = network = build()
        return Trainee(network, compiled(head(network)))

    def batches(learner, first):
        return KeptClips.of_network(config, made["network"], train, epochs, steps).of(
            learner, first
        )

    return Plan(built, epochs, steps, batches, scorer, opened=lambda learner: made["network"])


def head(network):
    """What lies behind the convolutions of the streams, sharing the layers of the network.

    Inputs "frames_features" and "flow_features", of the streams that there are, and "gaze" if the
    network takes it; outputs those of the network.
    """
    taken, inputs = [], {}
    for stream, layer in ends(network).items():
        shape = layer.output.shape[1:]
        inputs[f"{stream}_features"] = keras.Input(shape, name=f"{stream}_features")
        taken.append(layer.output)
    for tensor in network.inputs:
        if tensor.name == GAZE:
            inputs[GAZE] = keras.Input(tensor.shape[1:], name=GAZE)
            taken.append(tensor)
    part = keras.Model(taken, network.output, name=network.name)
    return keras.Model(inputs, part(list(inputs.values())), name=f"{network.name}_head")


def ends(network):
    """The last convolution of each stream of a network, by stream."""
    inputs = {tensor.name for tensor in network.inputs}
    streams = [stream for stream in (FRAMES, FLOW) if stream in inputs]
    alone = len(streams) == 1
    return {one: network.get_layer(LAST if alone else f"{one}_{LAST}") for one in streams}


class KeptClips(clips.ClipBatches):
    """Training batches of kept features: each clip in the middle of its frames, mirrored or not.

    features: float32 `(2 · clips, t, h, w, C)` by stream. gaze: whether densities are made, which
    takes longer than all else; without, they are 0.
    """

    def __init__(self, footage, size, features=None, gaze=True, **options):
        super().__init__(footage, size, **options)
        # Of the five crops the middle is the first: features of all would cost five times as much.
        self.views = self.views[:: len(self.views) // 2]
        self.features, self.gaze = features, gaze

    @classmethod
    def of_network(cls, config, network, train, epochs, steps):
        """Those of a network whose streams are frozen, from the disk or computed."""
        training, machine = config.training, config.machine
        mechanism = mechanisms.get(config.model.attention)
        footage = clips.Footage.of(train, machine.threads, keep=machine.keep_clips)
        made = cls(
            footage,
            size_of(config.model.size),
            gaze=config.stream is None and (mechanism.supervised or mechanism.takes_gaze),
            batch_size=training.batch_size // training.accumulate,
            epochs=epochs,
            steps=steps,
            seed=training.seed,
            sigma=config.data.fixation_sigma,
            threads=machine.threads,
        )
        made.features = {
            stream: made.kept(stream, layer, network, config)
            for stream, layer in ends(network).items()
        }
        return made

    def kept(self, stream, layer, network, config):
        """The features of one stream of all clips."""
        source = next(tensor for tensor in network.inputs if tensor.name == stream)
        trunk = keras.Model({stream: source}, layer.output, name=stream)
        folder = config.machine.features
        folder = storage.cache("features") if folder is None else folder.expanduser()
        about = [VERSION, BATCH, self.footage.dataset.fingerprint, self.footage.digest]
        about += [config.machine.precision, keras.version(), digest(trunk), self.size]
        name = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
        path = folder / f"clips-{name}.npy"
        count = self.count * len(self.views)
        if not path.is_file():
            values = self._computed(stream, forward(trunk), count)
            kept_arrays.write(path, values)
        return _read(path, count)

    def _computed(self, stream, call, count):
        place = (FRAMES, FLOW).index(stream)
        found = []
        with ThreadPoolExecutor(self.threads) as pool:
            for start in range(0, count, BATCH):
                # The last batch is filled up: one of another size would be traced anew.
                numbers = [min(number, count - 1) for number in range(start, start + BATCH)]
                seen = np.stack([both[place] for both in pool.map(self._seen, numbers)])
                found.append(call({stream: seen.astype(np.float32)})[""])
        return np.concatenate(found)[:count].astype(np.float32)

    def _seen(self, number):
        snippet, _, view = self._chosen(number)
        return self.pixels(snippet, view)

    def named(self, first=0):
        """All batches of the epochs from `first` on: features, density and label by name."""
        pool = ThreadPoolExecutor(self.threads)
        names = [f"{stream}_features" for stream in self.features]
        shapes = [(None, *values.shape[1:]) for values in self.features.values()]
        shapes += [(None, clips.SNIPPET, *self.size, 1), (None,)]
        nobody = np.zeros(shapes[-2][1:], np.float32)
        types = (*(tf.float32,) * (len(names) + 1), tf.int64)

        def one(number):
            snippet, label, view = self._chosen(number)
            values = [values[number] for values in self.features.values()]
            density = clips.clip_density(snippet, view, self.sigma) if self.gaze else nobody
            return *values, density, np.int64(label)

        def gather(numbers):
            return tuple(map(np.stack, zip(*pool.map(one, numbers), strict=True)))

        def load(numbers):
            made = tf.numpy_function(gather, [numbers], types, stateful=False)
            pairs = zip([*names, "density", "label"], made, shapes, strict=True)
            return {name: tf.ensure_shape(value, shape) for name, value, shape in pairs}

        return self.numbers(first).map(load, num_parallel_calls=clips.AHEAD)


def _read(path, count):
    expected = f"the features of {count} clips, or no file"
    values = kept_arrays.checked(path, expected)
    if values.ndim != 5 or len(values) != count:
        raise InputError(path, expected, f"shape {values.shape}")
    return values
