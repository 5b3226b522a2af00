"""Keras callbacks: scores of the validation data, history and state, pictures, progress."""

import csv
import io
import math
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from keras_attn import storage
from keras_attn.errors import NotFinite, TrainingStopped
from keras_attn.training import state


class Validation(keras.callbacks.Callback):
    """Adds what `validate(model)` returns to the logs of an epoch, as `val_<name>`.

    validate: model -> (scores by name, pictures uint8 `(n, H, W, 3)` or None). every: epochs from
    one validation to the next; the last epoch is always validated. Where it is not, the values
    are NaN. folder: where the pictures go for TensorBoard, or None.
    """

    def __init__(self, validate, every=1, folder=None):
        super().__init__()
        self.validate, self.every, self.names = validate, every, ()
        self.writer = None if folder is None else tf.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch, logs=None):
        """Validate where it is due."""
        due = (epoch + 1) % self.every == 0 or epoch + 1 == self.params["epochs"]
        if not due:
            logs.update({f"val_{name}": math.nan for name in self.names})
            return
        scores, pictures = self.validate(self.model)
        self.names = tuple(scores)
        logs.update({f"val_{name}": value for name, value in scores.items()})
        if self.writer is not None and pictures is not None:
            with self.writer.as_default():
                tf.summary.image("attention", pictures, step=epoch, max_outputs=len(pictures))
            self.writer.flush()


class Checkpoint(keras.callbacks.Callback):
    """Keeps the history, and after each epoch writes the state and then `history.csv`.

    Stopped between the two, the history is made anew from the state, which alone decides where a
    run goes on.
    """

    def __init__(self, folder, history):
        super().__init__()
        self.folder, self.history, self.run = folder, history, folder.identity

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Write."""
        seconds = round(time.perf_counter() - self.began, 2)
        rate = learning_rate(self.model)
        row = {"epoch": epoch + 1, "seconds": seconds, "learning_rate": rate}
        self.history.append(row | {name: float(value) for name, value in logs.items()})
        state.save(self.folder.state, self.model, self.history, self.run)
        write_history(self.folder, self.history)


def learning_rate(model):
    """The current one, as a number; a variable on several devices is not one by itself."""
    return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


def write_history(folder, history):
    """Write `history.csv`: a row per epoch, every name that any of them has."""
    names = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    table = csv.DictWriter(text, names, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(history)
    storage.write_text(folder.history, text.getvalue())


class StopAtNaN(keras.callbacks.Callback):
    """Ends the run where it has diverged, before anything of that is validated or saved.

    A run has diverged where the loss is not finite, and at the end of an epoch where a weight, a
    variable of the optimizer or an output for the `probe` is not: the last step may be the one
    that went too far, and no loss has seen its weights. probe: a batch of inputs. precision: that
    of the run, for the message.
    """

    def __init__(self, probe, precision="float32"):
        super().__init__()
        self.probe, self.precision = probe, precision

    def on_epoch_begin(self, epoch, logs=None):
        """Remember which epoch it is."""
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Look at the loss."""
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise self._stopped(f"the loss became {loss} at step {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        """Look at the weights, and at what comes out."""
        if not _finite([*self.model.weights, *self.model.optimizer.variables]):
            raise self._stopped("weights became infinite or NaN in the last step")
        if not _finite(self.model(self.probe, training=False)):
            raise self._stopped("outputs became infinite or NaN after the last step")

    def guarding(self, validate):
        """`validate` as for `Validation`, ending the run where an output is not finite."""

        def guarded(model):
            try:
                return validate(model)
            except NotFinite as error:
                raise self._stopped(f"{error}".rstrip(".")) from error

        return guarded

    def _stopped(self, what):
        rate = learning_rate(self.model)
        advice = (
            "A smaller one (training.learning_rate) may help; that is another run, so name a new "
            "folder, or overwrite this one (overwrite, --overwrite)."
        )
        if self.precision != "float32":
            advice += " So may float32 (machine.precision), in which this run can go on."
        return TrainingStopped(f"epoch {self.epoch + 1}, learning rate {rate:g}: {what}. {advice}")


def _finite(values):
    """Whether all numbers of some tensors or variables are finite."""
    arrays = map(keras.ops.convert_to_numpy, keras.tree.flatten(values))
    return all(np.isfinite(array).all() for array in arrays)


class TrainingProgress(keras.callbacks.Callback):
    """A bar of the running epoch on a terminal, and a line for each finished one."""

    def __init__(self, label):
        super().__init__()
        self.label = label
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        live = console.is_terminal
        self.bar = Progress(
            *columns, TimeRemainingColumn(), console=console, transient=True, disable=not live
        )

    def __enter__(self):
        self.bar.start()
        return self

    def __exit__(self, *_):
        self.bar.stop()  # also after an error: a bar that stays would hide the message

    def on_train_begin(self, logs=None):
        """Show the bar."""
        self.task = self.bar.add_task(self.label, total=self.params["steps"])

    def on_epoch_begin(self, epoch, logs=None):
        """Begin it anew."""
        self.began = time.perf_counter()
        name = f"{self.label}, epoch {epoch + 1} of {self.params['epochs']}"
        self.bar.reset(self.task, description=name)

    def on_train_batch_end(self, batch, logs=None):
        """Move on."""
        self.bar.update(self.task, completed=batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        """A line that stays."""
        names = [name for name in logs if name == "loss" or name.startswith("val_")]
        names = [name for name in names if not math.isnan(logs[name])]  # not due in this epoch
        shown = [f"{name.removeprefix('val_')} {logs[name]:.4g}" for name in names]
        seconds = time.perf_counter() - self.began
        line = f"{self.label}  epoch {epoch + 1}/{self.params['epochs']}  {'  '.join(shown)}"
        self.bar.console.print(f"{line}  ({seconds:.1f} s)")
