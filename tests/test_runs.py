"""Results appear whole or not at all."""

import errno
from pathlib import Path

import pytest

from keras_attn import runs
from keras_attn.errors import InputError

NAMES = ("a.csv", "b.html")


def write_both(stage, text="new"):
    for name in NAMES:
        (stage / name).write_text(text)


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_all_files_appear_at_the_end(tmp_path):
    out = tmp_path / "deep" / "er"
    with runs.writing(out, NAMES) as stage:
        write_both(stage)
        assert not any((out / name).exists() for name in NAMES)
    assert contents(out) == {"a.csv": "new", "b.html": "new"}


def test_an_error_half_way_leaves_what_was_there(tmp_path):
    with runs.writing(tmp_path, NAMES) as stage:
        write_both(stage, "old")
    with pytest.raises(RuntimeError), runs.writing(tmp_path, NAMES, overwrite=True) as stage:
        (stage / "a.csv").write_text("half")
        raise RuntimeError
    assert contents(tmp_path) == {"a.csv": "old", "b.html": "old"}


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    with (
        pytest.raises(
            InputError, match="out: expected a folder that can be written.*No space left"
        ),
        runs.writing(out, NAMES) as stage,
    ):
        (stage / "a.csv").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert contents(out) == {}


def test_earlier_results_are_kept_unless_told_otherwise(tmp_path):
    (tmp_path / "b.html").write_text("mine")
    (tmp_path / "other.txt").write_text("mine too")
    with pytest.raises(InputError, match=r"overwrite.*Received: b.html in it"):
        runs.check_target(tmp_path, NAMES)
    with runs.writing(tmp_path, NAMES, overwrite=True) as stage:
        write_both(stage)
    assert contents(tmp_path) == {"a.csv": "new", "b.html": "new", "other.txt": "mine too"}


def test_a_target_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nothing/here")):
        with pytest.raises(InputError, match="expected a folder that can be written"):
            runs.check_target(target, NAMES)


def test_checking_a_target_leaves_no_trace(tmp_path):
    runs.check_target(tmp_path / "a" / "b", NAMES)
    assert list(tmp_path.iterdir()) == []
