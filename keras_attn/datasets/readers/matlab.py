"""Variables of MATLAB files, of version 5 and of version 7.3 (HDF5), as plain arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
from numpy.typing import NDArray

from keras_attn import hdf5
from keras_attn.errors import InputError, listing


def read_variable(path: str | Path, name: str) -> NDArray[Any]:
    """A numeric variable of a version 5 file.

    Args:
        path: the file.
        name: of the variable.

    Returns:
        An array of numbers or booleans in MATLAB's own shape, of two axes or more.

    Raises:
        InputError: The file is missing or damaged, or has no such variable of numbers.

    Example:

    >>> import numpy as np, scipy.io
    >>> from keras_attn.datasets.readers import read_variable
    >>> scipy.io.savemat("looks.mat", {"points": np.array([[4.5, 4.5], [9.5, 2.5]])})
    >>> read_variable("looks.mat", "points").shape
    (2, 2)
    """
    path, expected = Path(path), f"a MATLAB file with the variable {name!r}"
    if not path.is_file():
        raise InputError(path, expected, "no such file")
    try:
        variables = scipy.io.loadmat(path, variable_names=[name])
    except Exception as error:  # the reader raises whatever a broken file leads it to
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error
    if name not in variables:
        there = [entry[0] for entry in scipy.io.whosmat(path)]
        raise InputError(path, expected, f"the variables {listing(there)}")
    values = np.asarray(variables[name])
    if values.dtype.kind not in "biuf":
        raise InputError(path, f"numbers in {name!r}", f"type {values.dtype}")
    return values


def read_struct(path: str | Path, name: str, keys: Sequence[str]) -> tuple[float, ...]:
    """Numbers of a struct of a version 5 file.

    Args:
        path: the file.
        name: of the struct.
        keys: of the fields, a number each.

    Returns:
        Floats in the order of the keys.

    Raises:
        InputError: The file is missing or damaged, or has no such struct or field.

    Example:

    >>> import scipy.io
    >>> from keras_attn.datasets.readers import read_struct
    >>> scipy.io.savemat("screen.mat", {"screen": {"width": 1280, "height": 960}})
    >>> read_struct("screen.mat", "screen", ("width", "height"))
    (1280.0, 960.0)
    """
    path, expected = Path(path), f"a MATLAB file with {', '.join(keys)} in the struct {name!r}"
    if not path.is_file():
        raise InputError(path, expected, "no such file")
    try:
        struct = scipy.io.loadmat(path, variable_names=[name], squeeze_me=True)[name]
        return tuple(float(struct[key].item()) for key in keys)
    except Exception as error:  # the reader raises whatever a broken file leads it to
        received = f"a file that cannot be read ({type(error).__name__}: {error})"
        raise InputError(path, expected, received) from error


def read_cells(path: str | Path, name: str) -> list[NDArray[Any]]:
    """A cell array of a version 7.3 file, which is HDF5.

    Args:
        path: the file.
        name: of the cell array.

    Returns:
        A list of arrays in MATLAB's own shapes; an empty cell is `(0, 0)`.

    Raises:
        InputError: The file is missing or damaged, or has no such cell array.

    Example:

    >>> import h5py, numpy as np
    >>> from keras_attn.datasets.readers import read_cells
    >>> with h5py.File("looks.mat", "w") as file:
    ...     file["one"] = np.zeros((2, 5))  # as MATLAB writes 5 rows of x and y
    ...     file["looks"] = np.array([[file["one"].ref]], h5py.ref_dtype)
    >>> [cell.shape for cell in read_cells("looks.mat", "looks")]
    [(5, 2)]
    """
    path, expected = Path(path), f"a MATLAB 7.3 file with the cell array {name!r}"
    if not path.is_file():
        raise InputError(path, expected, "no such file")
    errors = (OSError, KeyError, RuntimeError, TypeError, ValueError)
    with hdf5.opened(path, expected, errors) as file:
        if name not in file:
            there = [key for key in file if not key.startswith("#")]
            raise InputError(path, expected, f"the variables {listing(there)}")
        # HDF5 keeps the columns first, so every array comes transposed; empty ones hold
        # their shape instead of values and say so by an attribute.
        cells = [file[reference] for reference in np.ravel(file[name][()])]
        return [np.zeros((0, 0)) if _is_empty(cell) else cell[()].T for cell in cells]


def _is_empty(cell):
    return bool(cell.attrs.get("MATLAB_empty", 0))


def read_structs(path: str | Path, layout: str) -> dict[str, Any]:
    """All variables of a version 5 file, in lists, dicts and arrays alone.

    Args:
        path: the file.
        layout: what is expected of the file, for the error.

    Returns:
        A dict by name. Cell arrays are lists, structs are lists of dicts, also where there is but
        one; text is `str`, numbers keep MATLAB's own shape.

    Raises:
        InputError: The file is missing or damaged.

    Example:

    >>> import scipy.io
    >>> from keras_attn.datasets.readers import read_structs
    >>> scipy.io.savemat("viewer.mat", {"viewer": {"name": "ann"}})
    >>> read_structs("viewer.mat", "a MATLAB file of viewers")
    {'viewer': [{'name': 'ann'}]}
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, layout, "no such file")
    try:
        variables = scipy.io.loadmat(path, chars_as_strings=True)
    except Exception as error:  # the reader raises whatever a broken file leads it to
        raise InputError(path, layout, f"a file that cannot be read ({error})") from error
    return {name: _plain(value) for name, value in variables.items() if not name.startswith("__")}


def _plain(value):
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.names:
        return [{name: _plain(one[name]) for name in value.dtype.names} for one in value.ravel("F")]
    if value.dtype.kind == "O":
        return [_plain(one) for one in value.ravel("F")]
    if value.dtype.kind in "US":
        return str(value.item()) if value.size == 1 else [str(one) for one in value.ravel("F")]
    return value
