"""Folders that results are written to: no file is ever half there. Imports no model."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from keras_attn.errors import InputError, listing


def check_target(folder, names, *, overwrite=False):
    """Fail before the work is done if `folder` cannot take the files `names`."""
    folder = Path(folder).expanduser()
    earlier = [name for name in names if (folder / name).exists()]
    if earlier and not overwrite:
        expected = "a folder without earlier results, or overwrite=True (--overwrite)"
        raise InputError(folder, expected, f"{listing(earlier)} in it")
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    with _one_error(folder):
        tempfile.TemporaryFile(dir=there).close()
    return folder


@contextmanager
def writing(folder, names, *, overwrite=False):
    """A folder to write the files `names` into; at the end, all of them appear in `folder`.

    The temporary folder lies inside `folder`, so that moving is renaming, which needs no space.
    After an error while they are written nothing has changed, and nothing is left behind.
    """
    folder = check_target(folder, names, overwrite=overwrite)
    with _one_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
        try:
            yield stage
            for name in names:
                (stage / name).replace(folder / name)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _one_error(folder):
    try:
        yield
    except OSError as error:
        received = error.strerror or str(error)
        raise InputError(folder, "a folder that can be written to", received) from error
