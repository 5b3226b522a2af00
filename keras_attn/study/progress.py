"""What is seen of a study while it is carried out: what runs, what has ended, what remains.

On a terminal a bar says so; elsewhere, as in the log of a server, lines do. The first table of a
task is shown as soon as it has two rows, and once more when the task is finished.
"""

import contextlib
import threading
import time
from statistics import fmean

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from keras_attn.errors import InputError
from keras_attn.study import schedule, standing
from keras_attn.study.cells import RUN

SILENCE = 20.0
"""Seconds after which a line says what is running, where there is no bar."""
SHORT = 100
"""Seconds up to which a time is told in seconds, and minutes up to which it is in minutes."""


class StudyProgress:
    """Tells of cells as they begin and end; a context manager.

    cells: all that are to be finished. finished: names of those that are already. slots: how many
    run at once. console: of rich, to print to; default standard output.
    """

    def __init__(self, cells, finished, slots, console=None):
        self.cells, self.slots, self.ended = cells, slots, set(finished)
        self.done = set(finished)
        self.seconds = {
            cell.name: standing.seconds(cell) for cell in cells if cell.name in finished
        }
        self.running, self.shown = {}, {}
        columns = (TextColumn("study"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(
            *columns, TextColumn("{task.fields[now]}"), transient=True, console=console
        )
        self.line = self.bar.add_task("study", total=len(cells), completed=len(finished), now="")
        self.over = threading.Event()
        self.spoke = time.monotonic()

    def __enter__(self):
        self.bar.start()
        threading.Thread(target=self._keep_telling, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.bar.stop()

    def begun(self, cell):
        """A cell has begun."""
        self.running[cell.name] = time.monotonic()
        self._move()

    def told(self, cell, outcome):
        """A cell has come to its end, with an `Outcome`."""
        self.running.pop(cell.name, None)
        self.ended.add(cell.name)
        if outcome.status == schedule.DONE:
            self.done.add(cell.name)
            self.seconds[cell.name] = outcome.seconds
        counted = ""
        if not self.bar.console.is_terminal:
            left = self.left()
            counted = f"  {len(self.ended)} of {len(self.cells)}" + (left and f", {left}")
        self._print(line_of(cell, outcome, counted))
        self._move()
        if outcome.status == schedule.DONE and cell.kind == RUN:
            self._show_table(cell.config.task)

    def left(self):
        """In words, the time that the rest will take, as far as cells that have ended tell.

        It is a lower bound where none alike has ended, or one takes longer than those alike.
        """
        known = standing.usual(self.cells, self.seconds)
        if not known:
            return ""
        any_cell = fmean(seconds for seconds in self.seconds.values() if seconds is not None)
        now, rest, more = time.monotonic(), [], False
        for cell in self.cells:
            if cell.name not in self.ended:
                cost = known.get(cell.alike, any_cell)
                spent = now - self.running.get(cell.name, now)
                rest.append(max(0.0, cost - spent))
                more |= spent > cost or cell.alike not in known
        # Nothing is quicker than the longest of those that are left.
        seconds = max([sum(rest) / min(self.slots, max(1, len(rest))), *rest], default=0.0)
        return f"{'at least' if more else 'about'} {in_words(seconds)} left" if rest else ""

    def _move(self):
        self.bar.update(self.line, completed=len(self.ended), now=self._now(), refresh=True)

    def _now(self):
        names = ", ".join(sorted(self.running))
        return "; ".join(part for part in (self.left(), names and f"running: {names}") if part)

    def _keep_telling(self):
        while not self.over.wait(1.0):
            if self.bar.console.is_terminal:
                self._move()
            elif self.running and time.monotonic() - self.spoke >= SILENCE:
                self._print(f"         {self._now()}")

    def _print(self, text):
        self.spoke = time.monotonic()
        self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _show_table(self, task):
        """Print the first table of a task, where it has two rows or all, and had not before."""
        own = [cell for cell in self.cells if cell.config.task == task and cell.kind == RUN]
        done = [cell for cell in own if cell.name in self.done]
        due = len(own) if len(done) == len(own) else 2
        if len(done) < due or self.shown.get(task, 0) >= due:
            return
        self.shown[task] = due
        # What is wrong with results is told by the report at the end, and stops no cell here.
        with contextlib.suppress(InputError):
            from keras_attn.report.tables import preview

            if text := preview.first([cell.folder for cell in done]):
                whole = len(done) == len(own)
                so_far = "" if whole else f"So far, {len(done)} of {len(own)} networks:\n"
                self._print(f"\n{so_far}{text}")


def line_of(cell, outcome, counted=""):
    """What is said of a cell that has come to its end. counted: how far the study is by now."""
    if outcome.status == schedule.SKIPPED:
        return f"not run  {cell.name}  ({outcome.reason}){counted}"
    line = f"{outcome.status:<7}  {cell.name}  ({outcome.seconds:.0f} s){counted}"
    if outcome.status == schedule.FAILED:
        line += f"; its log {outcome.log} ends:\n"
        line += "\n".join(f"    {told}" for told in outcome.tail.splitlines())
    return line


def in_words(seconds):
    """A time, such as "40 s" or "3 min"; rounded, as it is estimated."""
    if seconds < SHORT:
        return f"{10 * max(1, round(seconds / 10))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < SHORT else f"{minutes / 60:.0f} h"
