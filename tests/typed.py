"""Commands as a user types them, but within this process, which has TensorFlow loaded already.

What a new process does is tested where that matters: what is imported, and what libraries print.
"""

import io
import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace

import pytest

from keras_attn.shell import cli


def typed(*arguments, cwd, script=None, **variables):
    """`returncode`, `stdout` and `stderr` of a command, as `subprocess.run` tells them.

    script: the path of one, or else it is `keras-attn`. variables: of the environment.
    """
    shown, told = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(shown), redirect_stderr(told):
        patched.chdir(cwd)
        patched.setattr(sys, "path", list(sys.path))
        patched.setattr(sys, "argv", [str(script or cli.PROGRAM), *map(str, arguments)])
        for name, value in variables.items():
            patched.setenv(name, value)
        with pytest.raises(SystemExit) as stopped:
            if script is None:
                sys.exit(cli.main())
            runpy.run_path(str(script), run_name="__main__")
    status = int(stopped.value.code or 0)
    return SimpleNamespace(returncode=status, stdout=shown.getvalue(), stderr=told.getvalue())
