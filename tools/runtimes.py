"""An exported network of Task 1 in Keras, TensorFlow alone and onnxruntime, for `benchmark.py`.

Each runtime is a function of the folder that `make` has filled. It imports what it needs and
returns a function that loads the network, which returns one that runs it: images
`(n, H, W, 3)` and a batch size -> arrays `(n, ...)` by name of output.
"""

import importlib.util
import resource
import time

import numpy as np

BATCH, IMAGES = 4, 8


def make(folder, width, size):
    """Write VGG16 with supervised attention, its weights random, in every format, and images."""
    import keras

    import keras_attn as ka
    from keras_attn import tasks

    keras.utils.set_random_seed(0)
    options = {"attention": "supervised", "base_rate": 0.2, "width": width, "size": size}
    config = ka.configs.salient_object("paper", backbone="vgg16", **options)
    model = tasks.tag(tasks.of(config).network(config), config)
    rng = np.random.default_rng(0)
    np.save(folder / "images.npy", rng.uniform(0, 255, (IMAGES, size, size, 3)).astype(np.float32))
    model.save(folder / "network.keras")
    ka.export(model, folder / "exported", onnx="onnxruntime" in installed())


def installed():
    """The names of the runtimes that can be measured here."""
    needed = {"onnxruntime": ("onnxruntime", "tf2onnx")}
    return [name for name in RUNTIMES if all(map(importlib.util.find_spec, needed.get(name, ())))]


def _keras(folder):
    import keras

    from keras_attn import models  # noqa: F401  the network's own layers

    def load():
        model = keras.saving.load_model(folder / "network.keras")
        return lambda images, batch: model.predict(images, batch_size=batch, verbose=0)

    return load


def _saved_model(folder):
    import tensorflow as tf

    def load():
        network = tf.saved_model.load(str(folder / "exported"))
        return _in_batches(lambda images: {k: v.numpy() for k, v in network.serve(images).items()})

    return load


def _onnxruntime(folder):
    import onnxruntime

    def load():
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path, providers = str(folder / "exported" / "model.onnx"), ["CPUExecutionProvider"]
        session = onnxruntime.InferenceSession(path, options, providers=providers)
        names, image = [made.name for made in session.get_outputs()], session.get_inputs()[0].name
        return _in_batches(
            lambda images: dict(zip(names, session.run(names, {image: images}), strict=True))
        )

    return load


RUNTIMES = {"keras": _keras, "saved_model": _saved_model, "onnxruntime": _onnxruntime}


def _in_batches(run):
    def run_all(images, batch):
        parts = [run(images[i : i + batch]) for i in range(0, len(images), batch)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    return run_all


def measure(name, folder):
    """Seconds of processor time of one runtime, and its peak memory in GB.

    `first`: to load the network and run one image; `single`: for an image of those that are given
    one by one afterwards; `batch`: for an image in batches. Imports and reading the images are not
    counted. What comes out is left in the folder for `difference`.
    """
    images, load = np.load(folder / "images.npy"), RUNTIMES[name](folder)
    start = time.process_time()
    run = load()
    run(images[:1], 1)
    first = time.process_time() - start
    single = _seconds(lambda: [run(images[i : i + 1], 1) for i in range(BATCH)]) / BATCH
    run(images[:BATCH], BATCH)  # other shapes are traced and planned anew
    batch = _seconds(lambda: run(images, BATCH)) / len(images)
    outputs = run(images[:1], 1)
    np.savez(folder / f"{name}.npz", **(_as_exported(outputs) if name == "keras" else outputs))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"first": first, "single": single, "batch": batch, "peak": peak}


def _seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def _as_exported(outputs):
    """What an export returns of the model's outputs: the last saliency, attention enlarged."""
    import tensorflow as tf

    size = outputs["saliency_3"].shape[1:3]
    attention = {k: tf.image.resize(v, size) for k, v in outputs.items() if "attention" in k}
    return attention | {"saliency": outputs["saliency_3"]}


def difference(name, folder):
    """How far a runtime's outputs are from Keras's, relative to the largest value of each."""
    wanted, found = np.load(folder / "keras.npz"), np.load(folder / f"{name}.npz")
    if set(found) != set(wanted):
        raise ValueError(f"outputs of {name}: expected {set(wanted)}. Received: {set(found)}")
    apart = [np.abs(found[key] - wanted[key]).max() / np.abs(wanted[key]).max() for key in wanted]
    return float(np.max(apart))  # NaN if one is
