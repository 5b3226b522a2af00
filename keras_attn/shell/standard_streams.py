"""Standard output and error that let work go on when nobody reads them any more.

Python raises `BrokenPipeError` where something is printed into a pipe whose reader has ended, as
`| head` does, and that may be in the middle of writing results.
"""

import errno
import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

NAMES = ("stdout", "stderr")
GONE = (errno.EPIPE, errno.ECONNRESET, errno.EIO)
"""What a pipe, a socket and a terminal answer when the other end is gone."""


@contextmanager
def unread():
    """Within, what is printed to a standard stream that nobody reads any more is lost in silence.

    So it is where the process was started without that stream. Other errors, such as those of a
    full disk that a stream is redirected to, are raised as ever.
    """
    before = {name: getattr(sys, name) for name in NAMES}
    guarded = {name: _Guarded(_opened(stream)) for name, stream in before.items()}
    for name, stream in guarded.items():
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, stream in guarded.items():
            with suppress(OSError):  # which the end of the process tells, as ever
                stream.flush()
            if getattr(sys, name) is stream:
                setattr(sys, name, before[name])


def _opened(stream):
    # The first free descriptor is taken, which is that of the stream: no file gets it then, into
    # which libraries would write what is meant for the stream.
    return Path(os.devnull).open("w", encoding="utf-8") if stream is None else stream


class _Guarded:
    """A text stream that from the first word that finds no reader on goes nowhere."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        """As that of the stream."""
        return self._unless_gone(len(text), self._stream.write, text)

    def writelines(self, lines):
        """As that of the stream."""
        self.write("".join(lines))

    def flush(self):
        """As that of the stream."""
        self._unless_gone(None, self._stream.flush)

    def _unless_gone(self, instead, call, *arguments):
        try:
            return call(*arguments)
        except OSError as error:
            if error.errno not in GONE:
                raise
        # For libraries that write past Python, for processes that are started, and for what is
        # kept here to be written at the end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        return instead
