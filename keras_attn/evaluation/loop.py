"""The one way over the examples of a dataset: read ahead, computed in order, scored in threads.

Evaluations, attacks and audits go it. Knows no task and no network, and loads no TensorFlow.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

BATCH = 8
"""Images or clips at a time; fixed, since what a convolution rounds to may depend on it."""
MOST = 4 * BATCH
"""Examples that wait to be scored."""


def run(score, examples, *, total, title="", progress=True, threads=2, most=MOST):
    """What `score` returns of each example, a list, in their order.

    examples: pool -> the arguments of `score`, tuples, one example after the other; it may use the
    pool to read ahead. total, title: of the bar of progress. most: examples that wait, so that
    memory is bounded.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeRemainingColumn(), disable=not progress)
    with ThreadPoolExecutor(threads) as pool, bar:
        try:
            found = in_order(pool, score, examples(pool), most)
            return list(bar.track(found, total=total, description=title))
        except BaseException:
            # An error is told at once, and not when all that waits has been scored.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def read_ahead(items, load, pool, size=BATCH):
    """Pairs of `size` items, in order, and what `load` makes of each, while others are computed."""
    bounds = [*range(0, len(items), size), len(items)]
    chunks = [items[start:stop] for start, stop in pairwise(bounds)]

    def begun(chunk):
        return [pool.submit(load, item) for item in chunk]

    coming = begun(chunks[0])
    for chunk, following in zip(chunks, [*chunks[1:], []], strict=True):
        loaded = [future.result() for future in coming]
        coming = begun(following)
        yield chunk, loaded


def in_order(pool, function, items, most=MOST):
    """`function(*item)` of each item, in order; at most `most` items wait, so memory is bounded."""
    waiting = deque()
    for item in items:
        waiting.append(pool.submit(function, *item))
        if len(waiting) == most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
