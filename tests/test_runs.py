"""Results appear whole or not at all."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import refused

from keras_attn import storage

pytestmark = pytest.mark.slow

NAMES = ("a.csv", "b.html")


def write_both(stage, text="new"):
    for name in NAMES:
        (stage / name).write_text(text)


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_all_files_appear_at_the_end(tmp_path):
    out = tmp_path / "deep" / "er"
    with storage.writing(out, NAMES) as stage:
        write_both(stage)
        assert not any((out / name).exists() for name in NAMES)
    assert contents(out) == {"a.csv": "new", "b.html": "new"}


def test_an_error_half_way_leaves_what_was_there(tmp_path):
    with storage.writing(tmp_path, NAMES) as stage:
        write_both(stage, "old")
    with pytest.raises(RuntimeError), storage.writing(tmp_path, NAMES, overwrite=True) as stage:
        (stage / "a.csv").write_text("half")
        raise RuntimeError
    assert contents(tmp_path) == {"a.csv": "old", "b.html": "old"}


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    with (
        refused("out", "written", "No space left"),
        storage.writing(out, NAMES) as stage,
    ):
        (stage / "a.csv").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert contents(tmp_path) == {}


def test_earlier_results_are_kept_unless_told_otherwise(tmp_path):
    (tmp_path / "b.html").write_text("mine")
    (tmp_path / "other.txt").write_text("mine too")
    with refused(str(tmp_path), "overwrite", "b.html"):
        storage.check_target(tmp_path, NAMES)
    with storage.writing(tmp_path, NAMES, overwrite=True) as stage:
        write_both(stage)
    assert contents(tmp_path) == {"a.csv": "new", "b.html": "new", "other.txt": "mine too"}


def test_a_target_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nothing/here")):
        with refused(str(target), "written"):
            storage.check_target(target, NAMES)


def test_checking_a_target_leaves_no_trace(tmp_path):
    storage.check_target(tmp_path / "a" / "b", NAMES)
    assert list(tmp_path.iterdir()) == []


# --- single files, and folders of runs ----------------------------------------------------------


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "history.csv"
    storage.write_text(path, "old")
    with pytest.raises(RuntimeError), storage.replacing(path) as stage:
        stage.write_text("half")
        raise RuntimeError
    with refused(str(tmp_path), received="No space left"), storage.replacing(path) as stage:
        stage.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert contents(tmp_path) == {"history.csv": "old"}


def test_two_that_write_one_file_have_a_temporary_file_each(tmp_path):
    """As two containers do that share a disk, where each process has the number 1."""
    path = tmp_path / "kept.npy"
    with storage.replacing(path) as one, storage.replacing(path) as two:
        assert one != two
        one.write_text("one")
        two.write_text("two")
    assert contents(tmp_path) == {"kept.npy": "one"}


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "model"
    for text in ("old", "new"):
        with storage.replacing_folder(path) as stage:
            (stage / f"{text}.txt").write_text(text)
    assert contents(path) == {"new.txt": "new"}
    with pytest.raises(RuntimeError), storage.replacing_folder(path) as stage:
        (stage / "half.txt").write_text("half")
        raise RuntimeError
    assert contents(path) == {"new.txt": "new"}
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_folder_is_there_until_the_new_one_is(tmp_path, monkeypatch):
    path = tmp_path / "model"
    with storage.replacing_folder(path) as stage:
        (stage / "old.txt").write_text("old")

    def deleted(folder, **options):
        assert "new.txt" in contents(path)
        return kept_rmtree(folder, **options)

    kept_rmtree = storage.shutil.rmtree
    monkeypatch.setattr(storage.shutil, "rmtree", deleted)
    with storage.replacing_folder(path) as stage:
        (stage / "new.txt").write_text("new")


def test_results_of_two_evaluations_are_never_mixed_whenever_it_is_killed(tmp_path, monkeypatch):
    """The first name is what readers look for: beside it lie its own files alone."""
    with storage.writing(tmp_path, NAMES) as stage:
        write_both(stage, "old")
    moves, move = [], Path.replace

    def watched(path, target):
        moves.append(contents_of_files(tmp_path))
        return move(path, target)

    monkeypatch.setattr(Path, "replace", watched)
    with storage.writing(tmp_path, NAMES, overwrite=True) as stage:
        write_both(stage)
    moves.append(contents_of_files(tmp_path))
    assert moves == [{"b.html": "old"}, {"b.html": "new"}, {"a.csv": "new", "b.html": "new"}]


def contents_of_files(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path):
    path = tmp_path / "kept.npy"
    for name, age in (("old", 2 * storage.DAY), ("young", 60)):
        left = tmp_path / f"{storage.PARTIAL}{path.name}-{name}"
        left.mkdir()
        (left / path.name).write_text("half")
        os.utime(left, (time.time() - age,) * 2)
    storage.write_text(path, "whole")
    assert {one.name for one in tmp_path.iterdir()} == {"kept.npy", ".partial-kept.npy-young"}


def test_a_name_as_long_as_the_system_takes_is_written(tmp_path):
    path = tmp_path / ("n" * 250)
    storage.write_text(path, "whole")
    assert path.read_text() == "whole"


def test_a_fingerprint_is_the_sha_256_of_the_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert storage.fingerprint(tmp_path / "abc") == known
    with refused("none", "file", "no such file"):
        storage.fingerprint(tmp_path / "none")


def record(identity="1", **model):
    return {"identity": identity, "config": {"task": "t", "model": model}}


def test_the_same_run_goes_on_and_another_is_refused_by_where_they_differ(tmp_path):
    folder = storage.RunFolder(tmp_path / "run")
    with folder.working(record(width=1, size=96)):
        folder.state.write_text("state")
    with folder.working(record(width=1, size=96), overwrite=True):
        assert folder.state.read_text() == "state"
    with (
        refused("run", received="model.width 1, not 2"),
        folder.working(record("2", width=2, size=96)),
    ):
        raise AssertionError
    assert folder.record() == record(width=1, size=96)


def test_overwriting_another_run_deletes_it_and_its_results_and_nothing_else(tmp_path):
    folder = storage.RunFolder(tmp_path)
    with folder.working(record()):
        for path in (folder.state, folder.history, folder.weights):
            path.write_text("old")
        (tmp_path / "examples.csv").write_text("old")
        (tmp_path / "notes.txt").write_text("mine")
        folder.curves.mkdir()
    assert folder.finished
    with folder.working(record("2"), results=["examples.csv"], overwrite=True):
        assert not folder.finished
        left = {path.name for path in tmp_path.iterdir()}
    assert left == {".lock", "config.json", "notes.txt"}
    assert folder.record() == record("2")


def test_work_without_a_record_is_not_taken_for_this_runs(tmp_path):
    folder = storage.RunFolder(tmp_path)
    with folder.working(record()):
        folder.weights.write_text("old")
    folder.config.unlink()
    with (
        refused(str(tmp_path), received=("model.weights.h5", "config.json")),
        folder.working(record()),
    ):
        raise AssertionError
    assert folder.finished and folder.record() is None
    with folder.working(record(), overwrite=True):
        assert not folder.finished
    assert folder.record() == record()


def test_a_record_without_work_gives_way_to_another_run(tmp_path):
    """Such as that of a run whose weight file was refused."""
    folder = storage.RunFolder(tmp_path)
    with pytest.raises(RuntimeError), folder.working(record()):
        folder.curves.mkdir()
        raise RuntimeError
    (tmp_path / "examples.csv").write_text("mine")
    with folder.working(record("2"), results=["examples.csv"]):
        pass
    assert folder.record() == record("2")
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "config.json", "examples.csv"}


def test_what_a_killed_process_has_half_written_is_removed(tmp_path):
    for name in ("state.npz", "model.weights.h5", "config.json"):
        left = tmp_path / f".partial-{name}-99"
        left.mkdir()
        (left / name).write_text("half")
    (tmp_path / ".partial-mine.txt-99").mkdir()  # not of a run
    with storage.RunFolder(tmp_path).working(record()):
        pass
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {".lock", "config.json", ".partial-mine.txt-99"}


def test_a_folder_is_worked_in_by_one_alone(tmp_path):
    with (
        storage.RunFolder(tmp_path).working(record()),
        refused(str(tmp_path), received="in use"),
        storage.RunFolder(tmp_path).working(record()),
    ):
        raise AssertionError
    with pytest.raises(RuntimeError), storage.RunFolder(tmp_path).working(record()):
        raise RuntimeError
    with storage.RunFolder(tmp_path).working(record()):
        pass


def test_a_killed_process_leaves_no_lock_behind(tmp_path):
    code = f"""
import time
from pathlib import Path
from keras_attn import storage
with storage.RunFolder(Path({str(tmp_path)!r})).working({record()!r}):
    print("held", flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with (
        refused(str(tmp_path), received="in use"),
        storage.RunFolder(tmp_path).working(record()),
    ):
        raise AssertionError
    process.kill()
    process.wait()
    with storage.RunFolder(tmp_path).working(record()):
        pass


def test_a_damaged_record_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with refused("config.json", "JSON"):
        storage.RunFolder(tmp_path).record()
