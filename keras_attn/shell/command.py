"""What a command of the shell is.

Imports neither TensorFlow nor Keras.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass
from typing import ClassVar

from keras_attn.errors import InputError
from keras_attn.registries import COMMANDS
from keras_attn.registry import Registry


@dataclass(frozen=True)
class Command:
    """A command of `keras-attn`. Registered, it is one like those of this package.

    Args:
        name: what it is called.
        options: a dataclass. Its fields are the options, with the texts below them as their help;
            its docstring is the help of the command, and `__call__` carries it out. Or a function
            of names of tasks that makes one, for a command whose options depend on them.
        in_shell: whether `keras-attn` has it.
        in_task_scripts: whether the scripts of the single tasks in experiments/ have it; or what it
            is called there, where that is not its name.
        gaze_options: what stands before options of how gaze is written, such as "data." in
            --data.screen, for messages that name one of them; None for a command without such
            options.

    Raises:
        InputError: `options` is no dataclass that can be called.

    Example:

    >>> from dataclasses import dataclass
    >>> import keras_attn as ka
    >>> @dataclass(frozen=True)
    ... class Hello:
    ...     name: str = "you"
    ...     def __call__(self):
    ...         print("Hello,", self.name)
    >>> ka.Command("hello", Hello).of(())("reader")()
    Hello, reader
    """

    registry: ClassVar[Registry] = COMMANDS
    name: str
    options: type | Callable[[tuple[str, ...]], type]
    in_shell: bool = True
    in_task_scripts: bool | str = False
    gaze_options: str | None = None

    def __post_init__(self) -> None:
        made = is_dataclass(self.options) and "__call__" in dir(self.options)
        if isinstance(self.options, type) and not made:
            expected = "a dataclass that has __call__ as its options"
            raise InputError(f"command {self.name!r}", expected, self.options.__name__)
        if not callable(self.options):
            expected = "a dataclass that has __call__, or a function that makes one, as its options"
            raise InputError(f"command {self.name!r}", expected, repr(self.options))

    def of(self, tasks: Iterable[str]) -> type:
        """The dataclass of its options, for these tasks.

        Args:
            tasks: names of them; a command that does not depend on them takes any.

        Returns:
            A dataclass.
        """
        return self.options if isinstance(self.options, type) else self.options(tuple(tasks))

    @property
    def name_in_scripts(self) -> str:
        """What the scripts of the tasks that have it call it."""
        return self.in_task_scripts if isinstance(self.in_task_scripts, str) else self.name
