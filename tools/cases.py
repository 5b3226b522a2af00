"""What the scripts that time training share: a process for each case, and the time of a step."""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

RUNS, LONG = 3, 20


def arguments(doc, **more):
    """The arguments of a script: `backbones`, weight `files` by backbone, and those of `more`.

    more: by name, what each may be several of; all by default.
    """
    from keras_attn import configs

    backbones = configs.Backbone.allowed()
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, choices in {"backbones": backbones, **more}.items():
        parser.add_argument(f"--{name}", nargs="+", choices=choices, default=choices)
    parser.add_argument("--weights", nargs="+", default=[], metavar="BACKBONE=FILE")
    found = parser.parse_args()
    found.files = dict(pair.split("=", 1) for pair in found.weights)
    return found


def in_a_process(script, *arguments, **environment):
    """What `script --case ARGUMENTS` prints as JSON in a process of its own; exits if it fails.

    environment: variables of that process, beside those of this one.
    """
    command = [sys.executable, script, "--case", *map(str, arguments)]
    known = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=known)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def time_a_step(model, batches, steps):
    """Seconds a step and the last loss: one epoch of `steps` to trace and warm up, one timed."""
    import keras

    times = []
    mark = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: times.append(time.perf_counter()),
        on_epoch_end=lambda *_: times.append(time.perf_counter()),
    )
    history = model.fit(
        batches,
        epochs=2,
        steps_per_epoch=steps,
        callbacks=[mark],
        verbose=0,
        shuffle=False,
    )
    return (times[3] - times[2]) / steps, history.history["loss"][-1]


def lowest(run):
    """The lowest seconds of RUNS calls after one that traces; of the first alone, if it is LONG."""
    times = []
    while len(times) <= RUNS and not (times and times[0] > LONG):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def report(**found):
    """Print what a case has found, and its peak memory in GB, for `in_a_process` to read."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({**found, "peak": peak}))
