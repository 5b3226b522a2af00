"""The programs' own parsers, asked within this process: what they read, and their help."""

import argparse
import io
import re
import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from types import SimpleNamespace

import pytest
from conftest import ROOT

from keras_attn.shell import cli

TELLING = {"--help", "--version", "--dry-run", "list"}
"""Words of commands that end at once and write nothing: these are carried out."""


class Read(BaseException):
    """What a program has read of its arguments; no error of its own can be taken for it."""


def call(program, *words):
    """A program with these arguments: `value` that it read or None, `status`, `shown`, `refused`.

    program: keras-attn, or a script by its path in the repository. Nothing is carried out but what
    `TELLING` has; a script that reads no arguments would be, and is an error.
    """
    shown, refused, status, value = io.StringIO(), io.StringIO(), 0, None
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(shown), redirect_stderr(refused):
        patched.setattr(sys, "argv", [program, *words])
        patched.setenv("COLUMNS", "90")  # wider, help has two columns
        if not TELLING & set(words):
            _stop_after_reading(patched)
        try:
            _begin(program, patched)
            raise AssertionError(f"{program} has read no arguments")
        except Read as read:
            (value,) = read.args
        except SystemExit as end:
            status = int(end.code or 0)
    shown, refused = shown.getvalue(), refused.getvalue()
    return SimpleNamespace(value=value, status=status, shown=shown, refused=refused)


def _stop_after_reading(patched):
    parse_args = argparse.ArgumentParser.parse_args
    run = cli.run

    def read_by_argparse(parser, *arguments):
        raise Read(parse_args(parser, *arguments))

    def read_by_ours(parse, arguments=None):
        def read():
            raise Read(parse())

        return run(read, arguments)  # so that refused values are told as they are to a user

    patched.setattr(argparse.ArgumentParser, "parse_args", read_by_argparse)
    patched.setattr(cli, "run", read_by_ours)


def _begin(program, patched):
    if program == cli.PROGRAM:
        sys.exit(cli.main())
    script = ROOT / program
    patched.syspath_prepend(str(script.parent))
    runpy.run_path(str(script), run_name="__main__")


def reads_arguments(path):
    """Whether a file is a script with options, and not a module or a script without."""
    text = path.read_text(encoding="utf-8")
    return (
        "__main__" in text and re.search(r"cli\.run|parse_args|cases\.arguments", text) is not None
    )


@cache
def help_of(program, *verbs):
    """The help of a program's sub-command."""
    done = call(program, *verbs, "--help")
    assert done.status == 0, done.refused
    return done.shown


def verbs_of(program, *verbs):
    """The sub-commands below a sub-command."""
    text = help_of(program, *verbs)
    usage = re.search(r"\{([^{}\s]+)\}\s*$", text.partition("\n\n")[0])
    return usage[1].split(",") if usage and "subcommands" in text else []


def path_of(program, words):
    """The sub-commands that are among a command's words, in order."""
    path = []
    for word in words:
        if word in verbs_of(program, *path):
            path.append(word)
    return path


def options_of(program, *path):
    """Options that may follow these sub-commands, with their choices or None."""
    found = {}
    for depth in range(len(path) + 1):
        text = help_of(program, *path[:depth])
        for line in re.findall(r"^[^\w-]{0,4}(-.*?)(?:  |$)", text, re.M):
            names = re.findall(r"(?<![\w-])--\w[\w.-]*", line)
            choices = None if "|" in line else re.search(r"\{([^{}]+)\}", line)
            found |= dict.fromkeys(names, choices and choices[1].split(","))
    return found


def below(program, *path):
    """All paths of sub-commands from here on."""
    yield path
    for verb in verbs_of(program, *path):
        yield from below(program, *path, verb)
