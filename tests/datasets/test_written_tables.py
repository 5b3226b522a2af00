"""Tables of other people's making: read as they were meant, or refused with the line."""

import unicodedata

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from PIL import Image

from keras_attn import datasets
from keras_attn.datasets.readers import tables
from keras_attn.errors import InputError
from keras_attn.gaze_format import GazeFormat

GAZE = "image,subject,x,y\na,s1,10,20\na,s2,11.5,21\nb,s1,,\n"
NUMBERS = ("x", "y")


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def read(path, **form):
    columns = ("image", "subject", "x", "y")
    return tables.read(path, columns, numbers=NUMBERS, form=GazeFormat(**form))


def as_rows(table):
    return [tuple(row) for row in table.rows.itertuples(index=False)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fixations.csv"


@pytest.mark.parametrize(
    ("separator", "form"),
    [
        (";", {"separator": ";"}),
        ("\t", {"separator": "tab"}),
        ("\t", {"separator": "\t"}),
        ("|", {"separator": "|"}),
    ],
)
def test_a_separator_that_is_named_separates(path, separator, form):
    plain = as_rows(read(write(path, GAZE)))
    assert str(as_rows(read(write(path, GAZE.replace(",", separator)), **form))) == str(plain)


@pytest.mark.parametrize(("separator", "name"), [(";", ";"), ("\t", "tab"), ("|", "|")])
def test_another_separator_is_told_with_how_to_name_it(path, separator, name):
    write(path, GAZE.replace(",", separator))
    with refused("fixations.csv", received=(f"separator='{name}'", "--separator")):
        read(path)


def test_decimal_commas_are_read_where_they_are_named(path):
    write(path, "image;subject;x;y\na;s1;10,5;20,25\n")
    table = read(path, separator=";", decimal=",")
    assert as_rows(table) == [("a", "s1", 10.5, 20.25)]
    with refused("line 2, column x", "decimal=',' (--decimal ,)"):
        read(path, separator=";")


def test_quoted_decimal_commas_are_read_between_commas(path):
    write(path, 'image,subject,x,y\na,s1,"10,5","20,25"\n')
    with refused("fixations.csv, line 2, column x", "decimal=',' (--decimal ,)"):
        read(path)
    assert as_rows(read(path, decimal=",")) == [("a", "s1", 10.5, 20.25)]
    write(path, "image,subject,x,y\na,s1,10,5,20,25\n")
    with refused("line 2", "4 fields"):
        read(path, decimal=",")


def test_a_point_is_no_decimal_sign_beside_decimal_commas(path):
    write(path, "image;subject;x;y\na;s1;1.234,5;20\n")
    with refused("line 2, column x"):
        read(path, separator=";", decimal=",")


@pytest.mark.parametrize("line", ["a,s1,10,5,20,25", "a,s1,10,20,", "a,s1,10,20,,"])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_row_of_more_fields_than_the_header_is_refused_with_its_line(path, line, before):
    good = "a,s1,1,2\n" * before
    write(path, f"image,subject,x,y\n{good}{line}\na,s1,1,2\n")
    with refused(f"line {2 + before}", "4 fields", ("decimal=','", "--decimal ,")):
        read(path)


def test_a_row_of_fewer_fields_has_no_number_there(path):
    write(path, "image,subject,x,y\na,s1,1,2\n\na,s1,3\n")
    np.testing.assert_array_equal(read(path)["y"], [2, np.nan])


def test_columns_at_the_end_that_are_not_needed_may_be_left_out(path):
    write(path, "image,subject,x,y,task\na,s1,1,2\n")
    assert as_rows(read(path)) == [("a", "s1", 1.0, 2.0, "")]


@pytest.mark.parametrize("code", ["", ".", "-", "--", "n/a", "N/A", "NaN", "null", "None", "#N/A"])
def test_what_trackers_write_for_no_gaze_is_no_number(path, code):
    table = read(write(path, f"image,subject,x,y\na,s1,{code},{code}\na,s1,1,2\n"))
    np.testing.assert_array_equal(table["x"], [np.nan, 1])


def test_further_words_for_no_gaze_are_named(path):
    write(path, "image,subject,x,y\na,s1,Lost,lost\na,s1,1,2\n")
    with refused("fixations.csv, line 2, column x", "missing=('Lost',) (--missing Lost)"):
        read(path)
    np.testing.assert_array_equal(read(path, missing=("lost",))["y"], [np.nan, 2])


def test_a_header_repeated_inside_is_no_number(path):
    write(path, GAZE + GAZE)
    with refused("line 5, column x"):
        read(path)


def test_lines_are_those_of_the_file_where_some_are_blank(path):
    write(path, "\n\nimage,subject,x,y\n\na,s1,1,2\n\n\na,s1,wrong,2\n")
    with refused("line 8, column x", received="'wrong'"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_told_and_read_where_it_is_named(path, encoding):
    write(path, GAZE, encoding)
    with refused("fixations.csv", received=("UTF-16", "encoding='utf-16' (--encoding utf-16)")):
        read(path)
    assert len(read(path, encoding=encoding).rows) == 3


def test_latin_1_is_told_and_read_where_it_is_named(path):
    write(path, "image,subject,x,y\nMüller,s1,1,2\n", "latin-1")
    with refused("fixations.csv", received="encoding='latin-1' (--encoding latin-1)"):
        read(path)
    assert as_rows(read(path, encoding="latin-1"))[0][0] == "Müller"


def test_latin_1_behind_a_long_plain_beginning_is_told(path):
    text = "image,subject,x,y\n" + "a,s1,1,2\n" * 100_000 + "Müller,s1,1,2\n"
    with refused("fixations.csv", received="encoding='latin-1'"):
        read(write(path, text, "latin-1"))


def test_a_mark_before_utf_8_is_no_part_of_the_first_column(path):
    assert len(read(write(path, GAZE, "utf-8-sig")).rows) == 3


@pytest.mark.parametrize(
    ("start", "what"),
    [(b"PK\x03\x04rest", "Excel"), (b"\xd0\xcf\x11\xe0rest", "Excel"), (b"\x1f\x8brest", "gzip")],
)
def test_a_spreadsheet_is_told(path, start, what):
    path.write_bytes(start)
    with refused(path.name, "CSV", (what, "CSV")):
        read(path)


def test_a_file_of_another_suffix_is_told(tmp_path):
    write(tmp_path / "fixations.tsv", GAZE)
    with refused("fixations.csv", received="fixations.tsv"):
        read(tmp_path / "fixations.csv")


def test_two_columns_of_one_name_are_refused(path):
    write(path, "image,subject,x,y,x\na,s1,1,2,3\n")
    with refused("fixations.csv", received="x more than once"):
        read(path)


def test_a_quote_that_never_ends_is_refused(path):
    write(path, 'image,subject,x,y\n"a,s1,1,2\nb,s1,1,2\n')
    with pytest.raises(InputError):
        read(path)
    write(path, 'image,subject,x,y\n"a,s1,1,2\nb",s1,1,2\nc,s1,1,2\n')
    with refused("fixations.csv, line 3, column image", "quote"):
        read(path)


@pytest.mark.parametrize("text", ["", "\n", "image,subject,x,y\n"])
def test_an_empty_file_is_refused(path, text):
    with pytest.raises(InputError):
        read(write(path, text))


def test_chunks_are_joined_and_their_lines_told(path, monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 2)
    write(path, "image,subject,x,y\n" + "".join(f"i{n},s{n % 2},{n},1\n" for n in range(5)))
    assert as_rows(read(path)) == [(f"i{n}", f"s{n % 2}", float(n), 1.0) for n in range(5)]
    write(path, "image,subject,x,y\na,s,1,1\na,s,1,1\na,s,1,1\na,s,q,1\n")
    with refused("line 5, column x"):
        read(path)


def test_one_name_in_two_unicode_forms_is_one_name(tmp_path):
    name = "Müller"
    forms = [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    assert forms[0] != forms[1]
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    pixels = np.zeros((40, 50), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "images" / f"{forms[1]}.png")
    pixels[:10] = 255
    Image.fromarray(pixels).save(tmp_path / "masks" / f"{forms[0]}.png")
    rows = [f"{form},{form},{x},20" for form, x in zip(forms, (10, 12), strict=True)]
    write(tmp_path / "fixations.csv", "\n".join(["image,subject,x,y", *rows]) + "\n")
    write(tmp_path / "classes.csv", f"image,class\n{forms[0]},{forms[1]}\n")
    data = datasets.folder(tmp_path)
    assert (data[0].id, len(data[0].points), data.report.viewers) == (forms[0], 2, 1)
    assert data[0].mask.is_file() and data.classes == (forms[0],)


def test_a_frame_is_read_as_a_file_is():
    frame = pd.DataFrame({"image": [1001, 1002.0], "subject": [1, None], "x": ["1", "."]})
    frame["y"] = [2, 3]
    table = tables.of_frame(frame, "fixations", ("image", "subject", "x", "y"), numbers=NUMBERS)
    assert str(as_rows(table)) == "[('1001', '1', 1.0, 2.0), ('1002', '', nan, 3.0)]"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_classes_and_groups_need_not_be_written_as_the_gaze_is(separator, tmp_path):
    (tmp_path / "images").mkdir()
    for name in "ab":
        Image.new("RGB", (50, 40)).save(tmp_path / "images" / f"{name}.png")
    write(tmp_path / "fixations.csv", "image;subject;x;y\na;s;1,5;2\nb;s;30;20\n", "utf-16")
    for name, column in (("classes", "class"), ("groups", "group")):
        text = f"image,{column}\na,é\nb,d\n".replace(",", separator)
        write(tmp_path / f"{name}.csv", text, "utf-16" if separator == ";" else "utf-8")
    data = datasets.folder(tmp_path, separator=";", decimal=",", encoding="utf-16")
    assert data.classes == ("d", "é") and [e.group for e in data] == ["é", "d"]
    np.testing.assert_array_equal(data[0].points, [[1.5, 2]])


@pytest.mark.parametrize("before", ["# exported\n", "sep=,\n", "Study 5;;;\n\n"])
def test_lines_before_the_header_are_told_with_its_line(path, before):
    write(path, before + GAZE)
    line = before.count("\n") + 1
    with refused(path.name, "first line", f"line {line};"):
        read(path)


def test_separators_at_the_end_of_rows_are_told_as_such(path):
    header, *rows = GAZE.splitlines()
    write(path, "\n".join([header, *(row + "," for row in rows)]))
    with refused("line 2", received="separators"):
        read(path)


def test_the_index_that_pandas_writes_is_no_condition(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (50, 40)).save(tmp_path / "images" / "a.png")
    write(tmp_path / "fixations.csv", ",image,subject,x,y,task\n0,a,s,1,2,t\n1,a,s,30,20,u\n")
    assert datasets.folder(tmp_path).conditions == {"task": ("t", "u")}
