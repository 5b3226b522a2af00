"""What is seen of a study while it is carried out, here by an engine that does nothing."""

import io
import time

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from keras_attn.study import cells as study
from keras_attn.study import progress, schedule
from keras_attn.study.schedule import DONE, FAILED, Outcome

SHOWN = "Table I."


def score(cell):
    """The files of a run of Task 1, as far as tables are made from them."""
    who = {"task": "salient_object", "dataset": "dut_omron (drawn)", "backbone": "vgg16"}
    who |= {"fusion": "", "attention": cell.config.model.attention, "fold": 0, "seed": 0}
    rows = pd.DataFrame({**who, "id": list("abcd"), "fixations": 3, "adaptive_f": 0.5, "mae": 0.1})
    cell.folder.mkdir(parents=True)
    rows.assign(s_auc=0.6, ig=0.2).to_csv(cell.folder / "examples.csv", index=False)
    curves = np.full((4, 256), 0.5)
    ids, notes = rows["id"].to_numpy(str), np.array([], str)
    np.savez(cell.folder / "arrays.npz", id=ids, f_curve=curves, e_curve=curves, notes=notes)


class Scoring:
    """An engine whose networks have scores when they end, in order; some fail. seconds: of each."""

    early = False

    def __init__(self, failing=(), seconds=60.0):
        self.slots, self.failing, self.seconds, self.running = 2, failing, seconds, []

    def submit(self, cell):
        self.running.append(cell)

    def wait(self):
        cell = self.running.pop(0)
        if cell.name in self.failing:
            return cell, Outcome(FAILED, 1.0, tail="damaged.h5")
        if cell.kind == study.RUN:
            score(cell)
        return cell, Outcome(DONE, self.seconds)

    def stop(self):
        self.running.clear()


def seen(cells, engine, terminal=False):
    """All that is printed while cells are carried out."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=200, color_system=None)
    with progress.StudyProgress(cells, (), engine.slots, console) as shown:
        schedule.carry_out(cells, (), engine, shown.told, begun=shown.begun)
    return text.getvalue()


@pytest.fixture
def cells(tmp_path):
    axes = study.Axes(tasks=("salient_object",))
    return study.grid("demo", tmp_path, axes=axes)


def test_a_table_is_shown_with_its_second_row_and_once_more_when_it_is_whole(cells):
    first, so_far, second, *others, last = seen(cells, Scoring()).split("\ndone ")
    assert SHOWN not in first + so_far + "".join(others)
    assert "So far, 2 of 5 networks:\nTable I." in second
    assert second.count("Implicit (") == 2
    assert SHOWN in last and "So far" not in last and last.count("plicit (") == 5


def test_a_network_that_failed_has_no_row_and_ends_no_table(cells):
    failing = cells[-1].name
    text = seen(cells, Scoring({failing}))
    assert f"failed   {failing}  (1 s)  6 of 6; its log None ends:\n    damaged.h5\n" in text
    assert text.count(SHOWN) == 1


def test_results_that_make_no_table_stop_nothing(cells, monkeypatch):
    """The report says in the end what is wrong with them."""

    def stale(cell, scored=score):
        scored(cell)
        (cell.folder / "examples.csv").write_text("of,another,format\n")

    monkeypatch.setitem(globals(), "score", stale)
    text = seen(cells, Scoring())
    assert text.count("done  ") == len(cells) and SHOWN not in text


def test_lines_say_how_many_have_ended_and_what_the_rest_will_take(cells):
    lines = [line for line in seen(cells, Scoring()).splitlines() if line.startswith("done")]
    assert lines[0].endswith("(60 s)  1 of 6, at least 2 min left")
    assert lines[-1].endswith("(60 s)  6 of 6")


def test_on_a_terminal_the_bar_says_what_is_running(cells):
    text = seen(cells, Scoring(), terminal=True)
    assert f"running: {cells[1].name}" in text and "left" in text
    assert " of 6" not in text


def test_where_there_is_no_bar_silence_is_broken(cells, monkeypatch):
    monkeypatch.setattr(progress, "SILENCE", 0.0)
    text = io.StringIO()
    console = Console(file=text, force_terminal=False, width=200)
    with progress.StudyProgress(cells, (), 2, console) as shown:
        shown.begun(cells[0])
        until = time.monotonic() + 30
        while cells[0].name not in text.getvalue():
            assert time.monotonic() < until
            time.sleep(0.05)
    assert f"running: {cells[0].name}" in text.getvalue()


def test_what_is_left_is_reckoned_from_cells_alike_less_what_has_passed(tmp_path, monkeypatch):
    cells = study.grid("demo", tmp_path, axes=study.Axes(tasks=("salient_object",)))
    references, *runs = cells
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    now = 0.0
    shown = progress.StudyProgress(cells, (), 2, Console(file=io.StringIO()))
    assert shown.left() == ""
    shown.told(references, Outcome(DONE, 6.0))
    shown.begun(runs[0])
    shown.begun(runs[1])
    monkeypatch.setattr(progress.StudyProgress, "_show_table", lambda *_: None)
    now = 120.0
    shown.told(runs[0], Outcome(DONE, 120.0))
    # Three that have not begun; that which runs has had its time.
    assert shown.left() == "about 3 min left"
    shown.begun(runs[2])
    # The second has taken longer than the first: nobody knows how long it will.
    now = 180.0
    assert shown.left() == "at least 2 min left"


def test_the_last_long_cell_is_not_halved_by_a_free_slot(tmp_path, monkeypatch):
    cells = study.grid("demo", tmp_path, axes=study.Axes(tasks=("salient_object",)))
    monkeypatch.setattr(progress.StudyProgress, "_show_table", lambda *_: None)
    shown = progress.StudyProgress(cells, (), 2, Console(file=io.StringIO()))
    for cell in cells[:-1]:
        shown.told(cell, Outcome(DONE, 600.0))
    assert shown.left() == "about 10 min left"


@pytest.mark.parametrize(
    ("seconds", "told"), [(1, "10 s"), (44, "40 s"), (150, "2 min"), (7200, "2 h")]
)
def test_times_are_rounded_as_what_is_estimated(seconds, told):
    assert progress.in_words(seconds) == told
