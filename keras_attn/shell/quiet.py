"""TensorFlow without what its libraries print about drivers that are not there.

They write to the process's standard error before any Python setting can reach them.
"""

import contextlib
import os
import re
import sys
import tempfile

OF_TENSORFLOW = re.compile(
    r"WARNING: All log messages before absl|[IWE]\d{4} \d\d:|\d{4}-\d\d-\d\d [\d:.]+: [IWE] |"
    r"To enable the following instructions:"
)
"""How lines of those libraries begin."""


def import_tensorflow():
    """Import TensorFlow in silence, and say so where it sees no GPU; nothing where it is imported.

    If the import fails, all that was written is shown.
    """
    if "tensorflow" not in sys.modules:
        load_tensorflow()
        tell_device()


def load_tensorflow():
    """Import TensorFlow in silence, and no more: a process that has not looked can be forked."""
    with _held(lambda _: False):
        import tensorflow  # noqa: F401


def tell_device():
    """Say so where TensorFlow, which is imported, sees no GPU."""
    with _held(lambda _: False):
        import tensorflow as tf

        without_gpu = not tf.config.list_physical_devices("GPU")
    if without_gpu:
        print("TensorFlow sees no GPU here and runs on the CPU.", flush=True)


def loading():
    """Within, other code is loaded, which may import TensorFlow; the rest of what it says is shown.

    If it fails, its error says all there is to say.
    """
    if "tensorflow" in sys.modules:
        return contextlib.nullcontext()
    return _held(lambda line: not OF_TENSORFLOW.match(line), also_after_errors=True)


@contextlib.contextmanager
def _held(shown, also_after_errors=False):
    """Hold back what is written to standard error, and show the lines of it for which `shown`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            if not also_after_errors:
                shown = bool
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            lines = held.read().decode(errors="replace").splitlines(keepends=True)
            with contextlib.suppress(OSError):  # where nobody reads it
                os.write(2, "".join(filter(shown, lines)).encode())
