"""CSV files of other people as they were meant: text without blanks around it, numbers, names.

What may be read in two ways is refused with its line: a row of more fields than the header, another
separator, another decimal sign, another encoding, a spreadsheet.
"""

from __future__ import annotations

import codecs
import csv
import unicodedata
import warnings
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_attn.errors import InputError, listing
from keras_attn.gaze_format import GazeFormat

NO_NUMBERS = ("boolean", "bytes", "complex", "date", "datetime", "period", "time", "timedelta")
"""Kinds of values, as pandas infers them, that it would make numbers of without a word."""
AHEAD = 20
"""Lines among which the header is looked for where the first one is none."""
MISSING = ("", "nan", "na", "n/a", "#n/a", "null", "none", ".", "-", "--")
"""What is written for a number that is not there, in any case of its letters."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
ROWS = 500_000
"""Rows that are text at a time: as numbers and categories they take a tenth of the memory."""
STARTS = {
    b"PK\x03\x04": "an Excel or other zipped file",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\x1f\x8b": "a gzip file",
    b"{": "a JSON file",
}


@dataclass(frozen=True, eq=False)
class TextTable:
    """Rows under names, and where each comes from.

    rows: a DataFrame; columns of text are categories, without blanks around, names in the composed
    Unicode form; columns of numbers float64, NaN where there is none. name: of the file or frame.
    lines: a function, number of a row -> where it stands, such as "line 7".
    """

    rows: pd.DataFrame
    name: Any
    lines: Any

    def __getitem__(self, column):
        return self.rows[column]

    def __contains__(self, column):
        return column in self.rows

    def refuse(self, column, bad, expected):
        """Raise `InputError` for the first row that is bad, naming its place."""
        bad = np.asarray(bad)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            self.refuse_value(row, column, expected, self.rows[column].iloc[row])

    def refuse_value(self, row, column, expected, value):
        """Raise `InputError` for the value of a row."""
        value = value.item() if isinstance(value, np.generic) else value
        received = "nothing" if value is None or value == "" or value != value else repr(value)
        raise InputError(f"{self.name}, {self.lines(row)}, column {column}", expected, received)


def read(path, columns, *, numbers=(), unread=(), more="", form=None):
    """A CSV file as a `TextTable`.

    columns: those that have to be there. numbers: columns that hold numbers, where they are there.
    unread: columns that are left out. more: what the message for a missing file says of further
    columns. form: a `GazeFormat`; it names separator, decimal sign, encoding and missing values.
    Raises `InputError` that names file and line for all that may be read in two ways.
    """
    path, form = Path(path), form or GazeFormat()
    expected = f"a CSV file with the columns {', '.join(columns)}{more}"
    _check_file(path, expected, form)
    header = _header(path, columns, expected, form)
    parts = []
    try:
        with warnings.catch_warnings(), _reader(path, form) as reader:
            # pandas reads on behind the last column of the header, and only warns.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            for chunk in reader:
                parts.append(_typed(chunk, header, numbers, unread, path, form, parts))
    except pd.errors.EmptyDataError as error:
        raise InputError(path, expected, "an empty file") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        _refuse_long_row(path, len(header), form)
        received = f"a file that cannot be read ({error})"
        raise InputError(path, expected, received) from error
    except UnicodeDecodeError as error:
        raise _of_another_encoding(path, form) from error
    except OSError as error:
        raise InputError(path, expected, f"a file that cannot be read ({error})") from error
    if not sum(map(len, parts)):
        raise InputError(path, "at least one row", "a header and no rows")
    return TextTable(_joined(parts), path, lambda row: f"line {_line(path, row, form)}")


def read_beside(path, columns, *, more="", form):
    """A CSV file of names alone that lies beside the gaze, by whatever separates its columns.

    form: of the gaze, which need not be written by the program that has written this file.
    """
    path = Path(path)
    plain = replace(form, separator=",", decimal=".", encoding="utf-8")
    others = [replace(plain, separator=separator) for separator in SEPARATORS]
    fit = (one for one in (form, *others) if _fits(path, columns, one))
    return read(path, columns, more=more, form=next(fit, form))


def _fits(path, columns, form):
    try:
        return path.is_file() and set(columns) <= set(
            _split(_first_line(path, form), form.separator)
        )
    except InputError:
        return False


def of_frame(frame, name, columns, *, numbers=(), form=None):
    """A pandas DataFrame as a `TextTable`, as if it had been read from a file."""
    if not isinstance(frame, pd.DataFrame):
        expected = f"a pandas DataFrame with the columns {', '.join(columns)}"
        raise InputError(name, expected, type(frame).__name__)
    indexed = [column for column in columns if column in frame.index.names]
    if indexed and not set(indexed) & set(frame.columns):
        expected = f"the columns {', '.join(columns)}"
        received = (
            f"{listing(indexed)} as the index, and no column; frame.reset_index() makes it one"
        )
        raise InputError(name, expected, received)
    _check_columns(name, [str(column) for column in frame.columns], columns)
    if frame.empty:
        raise InputError(name, "at least one row", "none")
    table = TextTable(frame, name, lambda row: f"row {frame.index[row]}")
    made = {}
    for column in map(str, frame.columns):
        values = frame[column]
        if column in numbers and values.dtype.kind in "iuf":
            made[column] = values.to_numpy(np.float64)
        elif column in numbers:
            kind = pd.api.types.infer_dtype(values, skipna=True).rstrip("0123456789")
            if kind in NO_NUMBERS:
                raise InputError(f"{name}, column {column}", "numbers", f"{kind} values")
            made[column] = _numbers(table, column, values, form or GazeFormat())
        else:
            made[column] = pd.Categorical(map(_as_text, values))
    return TextTable(pd.DataFrame(made, copy=False), name, table.lines)


def composed(text):
    """A name without blanks around it, in the Unicode form that has one sign for `ü`."""
    return unicodedata.normalize("NFC", text.strip())


# --- the file as it is --------------------------------------------------------------------------


def _check_file(path, expected, form):
    if not path.is_file():
        others = sorted(p.name for p in path.parent.glob(f"{path.stem}.*")) if path.stem else []
        received = f"no such file, but {listing(others)}" if others else "no such file"
        raise InputError(path, expected, received)
    with path.open("rb") as file:
        start = file.read(4096)
    for sign, kind in STARTS.items():
        if start.startswith(sign):
            raise InputError(path, expected, f"{kind}; save it as CSV, in UTF-8")
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in start
    if wide and not form.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        received = "UTF-16; save it as UTF-8, or say encoding='utf-16' (--encoding utf-16)"
        raise InputError(path, "text in UTF-8", received)


def _encoding(form):
    """UTF-8 with or without the mark that some programs write before it."""
    plain = form.encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    return "utf-8-sig" if plain else form.encoding


def _open(path, form):
    return path.open(encoding=_encoding(form), newline="")


def _of_another_encoding(path, form):
    received = (
        "bytes that are none; save it as UTF-8, or say which it is, such as encoding='latin-1' "
        "(--encoding latin-1)"
    )
    return InputError(path, f"text in {form.encoding}", received)


def _header(path, columns, expected, form):
    """Names of the columns; told by what else could separate them where some are missing."""
    line = _first_line(path, form)
    if not line:
        raise InputError(path, expected, "an empty file")
    header = _split(line, form.separator)
    if not set(columns) <= set(header):
        for separator, name in SEPARATORS.items():
            if set(columns) <= set(_split(line, separator)):
                say = "tab" if separator == "\t" else separator
                received = f"columns between {name}; say separator={say!r} (--separator '{say}')"
                raise InputError(path, expected, received)
        later = _later_header(path, columns, form)
        if later:
            received = f"them in line {later}; remove the lines before it"
            raise InputError(path, f"{expected} in its first line", received)
    _check_columns(path, header, columns, expected)
    return header


def _first_line(path, form):
    """The first line that is not blank; "" where there is none."""
    return next((line for line in _first_lines(path, form) if line.strip()), "")


def _later_header(path, columns, form):
    """The line behind the first that has all columns, or None."""
    for number, line in enumerate(islice(_first_lines(path, form), AHEAD), 1):
        if any(set(columns) <= set(_split(line, separator)) for separator in SEPARATORS):
            return number
    return None


def _first_lines(path, form):
    try:
        with _open(path, form) as file:
            yield from file
    except UnicodeError as error:
        raise _of_another_encoding(path, form) from error


def _split(line, separator):
    fields = next(csv.reader([line.strip("\r\n")], delimiter=separator, skipinitialspace=True), [])
    return [composed(field) for field in fields]


def _check_columns(name, header, columns, expected=None):
    expected = expected or f"the columns {', '.join(columns)}"
    missing = [column for column in columns if column not in header]
    if missing:
        received = f"{listing(header)} (missing: {', '.join(missing)})"
        raise InputError(name, expected, received)
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise InputError(name, "columns of different names", f"{listing(twice)} more than once")


def _reader(path, form):
    # As text: what is no number is told with its line. The first column is never an index.
    options = {"dtype": str, "index_col": False, "keep_default_na": False}
    return pd.read_csv(
        path,
        sep=form.separator,
        encoding=_encoding(form),
        skipinitialspace=True,
        chunksize=ROWS,
        compression=None,
        **options,
    )


def _rows(path, form):
    """Rows of the file with the number of the line that each ends on; blank lines are none."""
    with _open(path, form) as file:
        reader = csv.reader(file, delimiter=form.separator, skipinitialspace=True)
        for fields in reader:
            if fields and (len(fields) > 1 or fields[0].strip()):
                yield reader.line_num, fields


def _line(path, row, form):
    """The line of the file that data row `row` ends on."""
    for number, (line, _) in enumerate(_rows(path, form)):
        if number == row + 1:
            return line
    return row + 2


def _refuse_long_row(path, count, form):
    for line, fields in _rows(path, form):
        if len(fields) > count:
            told = ""
            if not any(field.strip() for field in fields[count:]):
                told = "; nothing but separators at its end, which the header lacks"
            if form.decimal == "." and form.separator == ",":
                told += (
                    "; with decimal commas, separate columns by semicolons and say separator=';', "
                    "decimal=',' (--separator ';' --decimal ,)"
                )
            received = f"{len(fields)}: {form.separator.join(fields)}{told}"
            raise InputError(f"{path}, line {line}", f"{count} fields, as in the header", received)


# --- values -------------------------------------------------------------------------------------


def _typed(chunk, header, numbers, unread, path, form, earlier):
    """Rows that were read as text, as categories and numbers; `earlier` rows count the lines."""
    before = sum(map(len, earlier))
    table = TextTable(chunk, path, lambda row: f"line {_line(path, before + row, form)}")
    chunk.columns = header
    made = {}
    for column in (name for name in header if name not in unread):
        values = chunk[column]
        if column in numbers:
            made[column] = _numbers(table, column, values, form)
        else:
            made[column] = _text(table, column, values)
    return pd.DataFrame(made, copy=False)


def _text(table, column, values):
    codes, names = pd.factorize(values)
    names = [composed(name) for name in names]
    for code, name in enumerate(names):
        if "\n" in name or "\0" in name:
            row = int(np.flatnonzero(codes == code)[0])
            table.refuse_value(row, column, "a name in one line (a quote that never ends?)", name)
    kept, places = {}, []
    for name in names:
        places.append(kept.setdefault(name, len(kept)))
    places = np.array(places, np.intp)
    return pd.Categorical.from_codes(places[codes], list(kept))


def _numbers(table, column, values, form):
    numbers = pd.to_numeric(_pointed(values, form), errors="coerce").to_numpy(np.float64, copy=True)
    none = ~np.isfinite(numbers)
    if none.any():
        absent = values[none].isna().to_numpy()
        text = values[none].astype(str).str.strip().str.lower()
        known = text.isin({*MISSING, *form.words, "<na>", "inf", "-inf"}).to_numpy()
        wrong = np.flatnonzero(~(known | absent))
        if len(wrong):
            row = int(np.flatnonzero(none)[wrong[0]])
            _refuse_number(table, column, row, str(values.iloc[row]).strip(), form)
    numbers[none] = np.nan
    return numbers


def _pointed(text, form):
    if form.decimal == ".":
        return text
    return text.str.replace(".", " ", regex=False).str.replace(",", ".", regex=False)


def _refuse_number(table, column, row, value, form):
    expected = "a number, or nothing"
    if form.decimal == "." and value.count(",") == 1:
        expected = "a number; with decimal commas say decimal=',' (--decimal ,)"
    elif value[:1].isalpha():
        expected += f"; a word for no gaze is said by missing=({value!r},) (--missing {value})"
    table.refuse_value(row, column, expected, value)


def _as_text(value):
    if value is None or value != value or value is pd.NA:
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    return composed(str(value))


def _joined(parts):
    if len(parts) == 1:
        return parts[0]
    made = {}
    for column in parts[0]:
        pieces = [part[column] for part in parts]
        if isinstance(pieces[0].dtype, pd.CategoricalDtype):
            made[column] = pd.api.types.union_categoricals(pieces)
        else:
            made[column] = np.concatenate(pieces)
    return pd.DataFrame(made, copy=False)
