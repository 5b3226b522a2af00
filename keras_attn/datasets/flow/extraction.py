"""Flow of many videos in parallel processes, on from where an earlier call has stopped."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from keras_attn import storage
from keras_attn.datasets.flow import files
from keras_attn.datasets.readers.frames import BadVideo
from keras_attn.errors import InputError, listing

if TYPE_CHECKING:
    from keras_attn.datasets.video import VideoDataset

LOCK = ".lock"
CALM = 0.5
"""Seconds between two looks at how far the processes are."""


@dataclass
class Extraction:
    """What was done: records of `flow.files.extract` by name, and what could not be done.

    records: of all finished videos. earlier: names of those that were finished before. bad: the
    `BadVideo` of each that cannot be used. pairs, seconds: of this call.
    """

    records: dict = field(default_factory=dict)
    earlier: list = field(default_factory=list)
    bad: dict = field(default_factory=dict)
    pairs: int = 0
    seconds: float = 0.0

    @property
    def shorter(self):
        """By name, (frames read, frames announced) of videos that ended before their header says.

        Either the header is wrong, or the file is damaged or cut off.
        """
        read = {name: (one["pairs"] + 1, one["announced"]) for name, one in self.records.items()}
        return {name: both for name, both in read.items() if both[1] and both[0] < both[1]}

    def check(self):
        """Raise the error of the one video that is bad, or one `InputError` that lists several."""
        if len(self.bad) == 1:
            raise next(iter(self.bad.values()))
        if self.bad:
            where = f"{len(self.bad)} of {len(self.bad) + len(self.records)} videos"
            raise InputError(where, "videos that can be used", listing(self.bad.values(), 5))


def extract_all(found, out, settings, *, jobs=None, overwrite=False, progress=True):
    """Write the flow of each of `found` into a folder of its name in `out`: an `Extraction`.

    found: paths of videos by name, see `frames.find`. settings: `flow.files.FlowSettings`. jobs:
    how many processes, by default one for each processor; what is written does not depend on it.
    Folders that are there are treated as `flow.files.extract` says; all are looked at before the
    work begins. A video that cannot be used does not keep the others from being done: see
    `Extraction.check`. Everything else, such as a full disk, ends the work with an `InputError`.
    """
    jobs = (os.cpu_count() or 1) if jobs is None else jobs
    if jobs < 1:
        raise InputError("jobs", "at least 1", jobs)
    out, began = Path(out).expanduser(), time.perf_counter()
    storage.check_target(out, ())
    done, coming = _looked_at(found, out, settings, overwrite)
    if coming:  # others may read meanwhile what is finished
        with _alone(out):
            _sweep({(out / name).parent for name in found})
            done, coming = _looked_at(found, out, settings, overwrite)
            with _bar(progress) as bar:
                shown = _Shown(bar, done, len(coming))
                _work(coming, done, max(1, min(jobs, len(coming))), shown)
    done.seconds = time.perf_counter() - began
    return done


def _looked_at(found, out, settings, overwrite):
    """What is there, as an `Extraction`, and the arguments of `_work` for what is not."""
    done, coming = Extraction(), []
    for name, path in found.items():
        try:
            record = files.finished(path, out / name, settings, overwrite=overwrite)
        except BadVideo as error:
            done.bad[name] = error
            continue
        if record:
            done.records[name] = record
            done.earlier.append(name)
        else:
            coming.append((name, path, out / name, settings, overwrite))
    return done, coming


def with_flow(
    dataset: VideoDataset,
    out: str | Path,
    settings: files.FlowSettings | None = None,
    *,
    jobs: int = 1,
    progress: bool = True,
) -> VideoDataset:
    """A dataset with the frames and flow of each video, extracted into `<out>/<id>`.

    What is there already is not extracted again.

    Args:
        dataset: A `VideoDataset` of files, or of folders of frames.
        out: The folder to write to.
        settings: `flow.files.FlowSettings`, by default those of the study.
        jobs: How many processes; more than one in a script want its code below
            `if __name__ == "__main__"`. What is written does not depend on it.
        progress: Show a bar.

    Returns:
        A `VideoDataset` whose examples know where their frames and flow lie.

    Raises:
        InputError: A video cannot be used, or the folder not be written to.

    Example:

    >>> import keras_attn as ka
    >>> from keras_attn.datasets.flow.files import FlowSettings
    >>> options = {"videos": 12, "frames": 2, "shape": (32, 40), "root": "videos"}
    >>> data = ka.datasets.miniature("video_folder", **options)
    >>> settings = FlowSettings("farneback", height=32)
    >>> ka.datasets.with_flow(data, "flow", settings, progress=False)[0].pairs
    1
    """
    out = Path(out).expanduser()
    found = {video.id: video.video for video in dataset}
    unknown = [name for name, path in found.items() if path is None]
    if unknown:
        raise InputError(f"video {unknown[0]!r}", "a file or a folder of frames", "none")
    settings = settings or files.FlowSettings()
    extract_all(found, out, settings, jobs=jobs, progress=progress).check()
    videos = tuple(replace(video, flow=out / video.id, images=None) for video in dataset)
    source = dataset.source and {**dataset.source, "flow_root": str(out.absolute())}
    if source:
        source.pop("image_root", None)
    return replace(dataset, examples=videos, source=source)


@contextmanager
def _alone(out):
    """Hold `out` for one process, whose half-written folders no other takes for abandoned ones."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(out / LOCK)
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        expected = "a folder that no other process is writing flow to"
        raise InputError(out, expected, "one that is in use") from error
    except OSError as error:
        received = error.strerror or error
        raise InputError(out, "a folder that can be written to", received) from error
    try:
        yield
    finally:
        lock.release()


def _sweep(folders):
    """Delete what processes that were killed have left half written."""
    for folder in folders:
        for stage in folder.glob(f"{storage.PARTIAL}*"):
            shutil.rmtree(stage, ignore_errors=True)


class _Shown:
    """A progress bar of videos, with the pairs done and how many a second."""

    def __init__(self, bar, done, coming):
        self.bar, self.done, self.began = bar, done, time.perf_counter()
        before = len(done.records) + len(done.bad)
        options = {"total": before + coming, "completed": before, "pairs": 0, "rate": 0}
        self.task = bar.add_task("videos", **options)

    def pairs(self, count, ended=0):
        """So many pairs are done in all, and so many videos more."""
        self.done.pairs = count
        rate = count / (time.perf_counter() - self.began)
        self.bar.update(self.task, advance=ended, pairs=count, rate=rate)


def _work(coming, done, jobs, shown):
    if jobs == 1:
        _work_here(coming, done, shown)
    else:
        _work_in_pool(coming, done, jobs, shown)


def _work_here(coming, done, shown):
    for name, path, folder, settings, overwrite in coming:
        try:
            done.records[name] = files.extract(
                path,
                folder,
                settings,
                overwrite=overwrite,
                on_pair=lambda: shown.pairs(done.pairs + 1),
            )
        except BadVideo as error:
            done.bad[name] = error
        shown.pairs(done.pairs, ended=1)


def _work_in_pool(coming, done, jobs, shown):
    # Started afresh: a process that is forked while OpenCV's threads run may hang.
    context = multiprocessing.get_context("spawn")
    counter, stop = context.Value("q", 0), context.Event()
    with ProcessPoolExecutor(jobs, context, _remember, (counter, stop)) as pool:
        waiting = {pool.submit(_one, *one[1:]): one[0] for one in coming}
        try:
            while waiting:
                ended, _ = wait(waiting, CALM, FIRST_COMPLETED)
                for future in ended:
                    _collect(future, waiting.pop(future), done)
                shown.pairs(counter.value, len(ended))
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _bar(progress):
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pairs]} pairs, {task.fields[rate]:.1f}/s"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, disable=not progress)


def _collect(future, name, done):
    try:
        done.records[name] = future.result()
    except BadVideo as error:
        done.bad[name] = error


_shared: dict[str, Any] = {}
"""In a process of the pool: what it shares with the one that started it."""


def _remember(counter, stop):
    _shared.update(counter=counter, stop=stop)
    # Ctrl-C goes to all processes; the first one tells the others, which end without a trace each.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    # One that is killed takes no process of its pool along; they would wait for work forever.
    multiprocessing.parent_process().join()
    os._exit(1)


class _Stopped(Exception):
    """The process that started this one gives up."""


def _one(path, folder, settings, overwrite):
    return files.extract(path, folder, settings, overwrite=overwrite, on_pair=_count)


def _count():
    if _shared["stop"].is_set():
        raise _Stopped
    with _shared["counter"].get_lock():
        _shared["counter"].value += 1
