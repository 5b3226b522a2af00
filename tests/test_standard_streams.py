"""Commands do their work to the end, whether or not anybody reads what they print."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from report.made_runs import save_run

import keras_attn as ka
from keras_attn.evaluation.rows import AUDIT_FILES as FILES

pytestmark = pytest.mark.slow

# Without a buffer, the first line that is printed meets the pipe; bars move on terminals alone.
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}
FULL = Path("/dev/full")
COMMAND = [sys.executable, "-m", "keras_attn.shell.cli"]


def unread(arguments, *streams):
    """The exit status of a command of which nobody reads these streams, and what the others say."""
    ends = {name: os.pipe() for name in streams}
    for reading, _ in ends.values():
        os.close(reading)
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    given |= {name: writing for name, (_, writing) in ends.items()}
    done = subprocess.run([*COMMAND, *map(str, arguments)], **given, text=True, env=ENVIRONMENT)
    for _, writing in ends.values():
        os.close(writing)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def audit(tmp_path):
    data = ka.datasets.miniature(images=4, root=tmp_path / "scenes")
    (tmp_path / "maps").mkdir()
    for example in data:
        np.save(tmp_path / "maps" / f"{example.id}.npy", example.pixels().mean(-1))
    root = data[0].image.parents[1]
    return ["audit", root, "--model", tmp_path / "maps", "--out", tmp_path / "out"]


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_report_into_a_closed_pipe_is_a_whole_report(tmp_path):
    run = save_run(tmp_path / "run", {"id": ["a", "b", "c"]})
    read, there = tmp_path / "read", tmp_path / "unread"
    assert subprocess.run([*COMMAND, "report", run, "--out", read]).returncode == 0
    assert unread(["report", run, "--out", there], "stdout") == (0, None, "")
    assert files(there) == files(read) and "report.html" in files(there)


@pytest.mark.parametrize("streams", [("stdout",), ("stderr",), ("stdout", "stderr")])
def test_bars_and_tables_into_closed_pipes_stop_no_audit(audit, streams, tmp_path):
    status, *said = unread(audit, *streams)
    assert status == 0 and "error" not in "".join(text or "" for text in said)
    assert files(tmp_path / "out") == set(FILES)


def test_an_error_that_nobody_reads_keeps_its_status():
    assert unread(["audit", "nowhere"], "stderr") == (2, "", None)
    assert unread(["--help"], "stdout", "stderr")[0] == 0


def test_a_terminal_that_has_been_closed_stops_no_audit(audit, tmp_path):
    """As it happens to a job that was left running in the background."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    os.close(master)
    command = [*COMMAND, *map(str, audit)]
    assert subprocess.run(command, stdout=slave, stderr=slave).returncode == 0
    os.close(slave)
    assert files(tmp_path / "out") == set(FILES)


def test_a_command_runs_without_any_standard_stream(audit, tmp_path):
    shell = ["sh", "-c", '"$@" >&- 2>&-', "sh", *COMMAND, *map(str, audit)]
    assert subprocess.run(shell).returncode == 0
    assert files(tmp_path / "out") == set(FILES)


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
def test_output_that_a_full_disk_loses_is_no_success():
    with FULL.open("w") as full:
        done = subprocess.run([*COMMAND, "--version"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode != 0 and b"No space left" in done.stderr


def test_the_version_is_told_without_loading_what_a_command_needs():
    code = "import sys, keras_attn.shell.cli as c; c.main(['--version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told, loaded = done.stdout.splitlines()
    assert told == f"keras_attn {ka.__version__}"
    assert not {"tensorflow", "keras", "pandas", "matplotlib"} & set(loaded.split())
