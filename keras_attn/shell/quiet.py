"""TensorFlow without what its libraries print about drivers that are not there."""

import contextlib
import os
import sys
import tempfile


def import_tensorflow():
    """Import TensorFlow without what its libraries print about drivers that are not there.

    They write to the process's standard error before any Python setting can reach them. If the
    import fails, all they wrote is shown.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        try:
            import tensorflow as tf

            without_gpu = not tf.config.list_physical_devices("GPU")
        except BaseException:
            captured.seek(0)
            with contextlib.suppress(OSError):  # where nobody reads it; the error itself is told
                os.write(kept, captured.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    if without_gpu:
        print("TensorFlow sees no GPU here and runs on the CPU.", flush=True)
