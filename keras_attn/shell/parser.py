"""Reads command lines: of `keras-attn`, and of the scripts that offer some of its commands.

What a line names by --plugin is loaded before its parser is made, so that names which plug-ins
register are known to it. Imports neither TensorFlow nor Keras.
"""

import contextlib
import io
import sys
from dataclasses import field, make_dataclass
from typing import Annotated, Any, Union

import tyro

from keras_attn import configs, plugins
from keras_attn.configs import earlier
from keras_attn.errors import InputError, one_of
from keras_attn.registries import COMMANDS
from keras_attn.shell import names, quiet

PROGRAM = "keras-attn"
ABOUT = (
    "Does my network look where people look? Audit it, or train and score the study's. "
    "--version alone prints which version this is."
)
PLUGIN = (
    "A module, or a .py file, that registers what this package does not have (docs/extending.md); "
    "it is loaded first. Anywhere on the line."
)


def of_shell():
    """What `keras-attn` is called with: the options of a command, ready to be called.

    `InputError` for values that are refused, and SystemExit for other arguments and for help.
    """
    return read(_in_shell, prog=PROGRAM, description=ABOUT)


def of_task(task, description):
    """The same of the script of a task."""
    return read(lambda only: _in_task_script(task, only), description=description)


def of_commands(*commands, description):
    """The same of a script that offers the commands of these names."""
    return read(lambda _: {name: _kind(name) for name in commands}, description=description)


def of_command(command, description):
    """The same of a script that is one command: its name, or a dataclass as `Command` has it."""
    return read(lambda _: command if isinstance(command, type) else _kind(command), description)


def _kind(name, tasks=tuple(configs.TASKS)):
    return COMMANDS[name].of(tasks)


def _in_shell(only):
    return {name: _kind(name) for name in _offered("in_shell", only)}


def _in_task_script(task, only):
    there = (COMMANDS[name] for name in _offered("in_task_scripts", only))
    return {command.name_in_scripts: command.of((task,)) for command in there}


def _offered(where, only):
    """Names of commands that are offered there; that alone which is asked for, if it is one."""
    # The files of the others are not imported then.
    if only in COMMANDS and getattr(COMMANDS[only], where):
        return [only]
    return [name for name, command in COMMANDS.items() if getattr(command, where)]


def read(offered, description=None, prog=None):
    """Read this process's arguments, after its plug-ins are loaded.

    offered: a function of the first word that returns dataclasses by name, of which the line names
    one; or a dataclass whose options follow at once.
    """
    modules, words = split(sys.argv[1:])
    with quiet.loading():
        for module in modules:
            plugins.use(module)
        plugins.load()
    earlier.check_options(words)
    options = {"args": words, "prog": prog, "description": description}
    only = words[0] if words else None
    kinds = offered(only)
    if isinstance(kinds, dict) and [*kinds] == [only]:
        with contextlib.suppress(_Usage):
            return _parsed(kinds, **options)
        kinds = offered(None)  # the message speaks of all of them
    try:
        return _parsed(kinds, **options)
    except _Usage as error:
        sys.stderr.write(error.told)
        raise SystemExit(error.code) from None


class _Usage(Exception):
    """Arguments that the parser does not take; told: what it has to say of it."""

    def __init__(self, told, code):
        super().__init__(told)
        self.told, self.code = told, code


def _parsed(kinds, **options):
    written = io.StringIO()
    markers = (tyro.conf.CascadeSubcommandArgs,)
    try:
        with contextlib.redirect_stderr(written), names.RULES:
            return tyro.cli(_line(kinds), config=markers, **options).command
    except SystemExit as end:
        # The parser words it anew, with names of its own insides.
        refused = _refused(end)
        if refused is not None:
            raise refused from None
        if end.code:
            raise _Usage(written.getvalue(), end.code) from None
        sys.stderr.write(written.getvalue())
        raise


def _line(kinds):
    """The dataclass of a whole line: a command, and the option that each of them has.

    That option is here for help alone: `split` has taken it out.
    """
    if isinstance(kinds, dict):
        each = [
            Annotated[Any, tyro.conf.subcommand(name=name, constructor=kind)]
            for name, kind in kinds.items()
        ]
        # Made while the program runs, so that X | Y cannot be written out; it needs two at least.
        command = Union[(*each, Annotated[None, tyro.conf.Suppress])]
    else:
        command = kinds
    plugin = Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]],
        tyro.conf.arg(help=PLUGIN, metavar="MODULE"),
    ]
    parts = [("command", Annotated[command, tyro.conf.arg(name="")])]
    return make_dataclass("Line", [*parts, ("plugin", plugin, field(default=()))], frozen=True)


def _refused(error):
    """The `InputError` that led to an error; None where another did."""
    while error is not None and not isinstance(error, InputError):
        error = error.__context__
    return error


def split(words):
    """What follows --plugin anywhere among the words of a line, and the other words."""
    modules, rest, words = [], [], iter(words)
    for word in words:
        option, equals, value = word.partition("=")
        if option != plugins.OPTION:
            rest.append(word)
            continue
        value = value if equals else next(words, "")
        if not value or value.startswith("--"):
            raise InputError(plugins.OPTION, plugins.EXPECTED, value or "nothing")
        modules.append(value)
    return modules, rest


def command_of(words):
    """The `Command` that a line names; None where there is none, or the line cannot be read.

    Of two of one name, in the shell and in scripts, the one that has options of gaze.
    """
    try:
        _, rest = split(words)
        known = list(COMMANDS.values())  # plug-ins are loaded for it, which may fail
    except InputError:
        return None
    named = [one for one in known if rest[:1] in ([one.name], [one.name_in_scripts])]
    return max(named, key=lambda one: one.gaze_options is not None, default=None)


def preset_of(tasks):
    """A configuration as an argument: the name of a preset, then any of its fields.

    tasks: names of tasks; of several, the names of presets begin with that of the task.
    """
    named = {
        preset if len(tasks) == 1 else f"{task}:{preset}": config
        for task in tasks
        for preset, config in configs.PRESETS[one_of("task", task, tuple(configs.TASKS))].items()
    }
    each = [
        Annotated[
            type(config), tyro.conf.subcommand(name, default=config, description=config.about)
        ]
        for name, config in named.items()
    ]
    # Made while the program runs, so that X | Y cannot be written out.
    return Annotated[Union[tuple(each)], tyro.conf.arg(name="")]  # noqa: UP007
