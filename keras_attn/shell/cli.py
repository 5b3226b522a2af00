"""The command keras-attn: reads the line, calls what it names, and prints errors as one line.

Imports neither TensorFlow nor Keras until a command needs them.
"""

import os
import re
import sys
from collections.abc import Callable

from keras_attn import __version__, gaze_format
from keras_attn.errors import InputError, TrainingStopped
from keras_attn.shell import parser, standard_streams

PROGRAM = parser.PROGRAM


def main(arguments=None):
    """Run `keras-attn`; returns the exit status."""
    return run(parser.of_shell, arguments)


def run(parse: Callable, arguments=None):
    """Call the command that `parse()` reads from the arguments; 0, or 2 for input it cannot use.

    Other errors print one line too, and their trace with KERAS_ATTN_TRACEBACK=1. `--version` alone
    prints the version. A command whose output nobody reads any more does its work to the end.
    """
    if arguments is not None:
        sys.argv[1:] = arguments
    with standard_streams.unread():
        try:
            if parser.split(sys.argv[1:])[1] == ["--version"]:
                print(f"keras_attn {__version__}")
            else:
                parse()()
        except (Exception, KeyboardInterrupt) as error:
            if os.environ.get("KERAS_ATTN_TRACEBACK"):
                raise
            message, status = _outcome(error)
            print(message, file=sys.stderr)
            return status
    return 0


OPTIONS_OF_DATA = (*gaze_format.FIELDS, "on_bad_example")
"""Options that messages name, and that some commands have behind a word, as in `--data.screen`."""


def _in_options_of(command, message):
    """The message with options under the names that they have in the command, or None."""
    if command is None or command.gaze_options is None:
        return message
    names = "|".join(OPTIONS_OF_DATA)
    where = re.match(rf"(?:data\.)?({names}): ", message)
    if where:
        message = f"--{where[1].replace('_', '-')}: {message[where.end() :]}"
    names = names.replace("_", "-")
    return re.sub(rf"--(?:data\.)?({names})\b", rf"--{command.gaze_options}\1", message)


def _outcome(error):
    """What is printed for an error, and the exit status."""
    if isinstance(error, InputError):
        return f"error: {_in_options_of(parser.command_of(sys.argv[1:]), str(error))}", 2
    if isinstance(error, TrainingStopped):
        return f"stopped: {error}", 1
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", 130
    where = "(unexpected; KERAS_ATTN_TRACEBACK=1 shows where it happened)"
    return f"error: {type(error).__name__}: {error}\n{where}", 1


if __name__ == "__main__":
    sys.exit(main())
