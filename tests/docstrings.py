"""What the package offers to users and plug-ins, and what docstrings say of it."""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import keras_attn as ka
from keras_attn.networks import registration

EXTENDING = Path(__file__).parents[1] / "docs" / "extending.md"
HIDDEN = ("self", "kwargs")
"""Arguments that any layer of Keras has."""


def is_ours(one):
    """Whether it is a function or a class of this package."""
    made = inspect.isfunction(one) or inspect.isclass(one)
    return made and one.__module__.partition(".")[0] == ka.__name__


def names_in(module):
    """What a module offers: what it says it does, or else what it has itself."""
    if hasattr(module, "__all__"):
        return [*module.__all__]
    own = vars(module).items()
    return [name for name, one in own if name[0] != "_" and _made_in(module, one)]


def _made_in(module, one):
    return getattr(one, "__module__", None) == module.__name__


def offered(module, within=True):
    """Functions and classes by whole name, of a module and of the modules that it offers.

    within: whether these count too.
    """
    found = {}
    for name in names_in(module):
        one = getattr(module, name)
        if inspect.ismodule(one):
            found |= offered(one) if within else {}
        elif is_ours(one):
            found[f"{one.__module__}.{one.__qualname__}"] = one
    return found


def implemented():
    """Classes that docs/extending.md names in its table, which plug-ins make objects of."""
    table = re.findall(r"^\| an? .*?\| `([\w.]+)`", EXTENDING.read_text(encoding="utf-8"), re.M)
    found = {}
    for name in table:
        module, _, last = name.rpartition(".")
        one = getattr(importlib.import_module(module), last)
        found[f"{one.__module__}.{one.__qualname__}"] = one
    return found


def registered():
    """Classes that Keras finds in saved networks."""
    return {
        f"keras_attn.{module}.{name}": getattr(
            importlib.import_module(f"keras_attn.{module}"), name
        )
        for module, names in registration.CLASSES.items()
        for name in names
    }


def sections(of):
    """The sections of a docstring by their headings."""
    text = inspect.cleandoc(of.__doc__ or "")
    parts = re.split(r"^([A-Z][a-z]+(?: shape)?):$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def whole_sections(of):
    """The same; where a class says nothing, what the class says that it is made of as well."""
    bases = of.__mro__ if inspect.isclass(of) else (of,)
    found = {}
    for one in filter(is_ours, bases):
        found = sections(one) | found
    return found


def told_arguments(of):
    """Names of the arguments that a docstring tells of, or the texts below fields, in order."""
    told = re.findall(r"^    (\w[\w, ]*):", whole_sections(of).get("Args", ""), re.MULTILINE)
    if not told and inspect.isclass(of):
        return told_fields(of)
    return [argument for one in told for argument in one.split(", ")]


def told_fields(of):
    """Names of the fields of a dataclass with a text below, as options of commands need it."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(of))).body
    pairs = zip(body.body, body.body[1:], strict=False)
    return [
        one.target.id
        for one, after in pairs
        if isinstance(one, ast.AnnAssign)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    ]


def arguments(of):
    """Names of what a caller hands over, but for those of any Keras layer."""
    # Of an exception without a constructor of its own Python tells no signature.
    made = of.__init__ if inspect.isclass(of) and issubclass(of, Exception) else of
    return [name for name in inspect.signature(made).parameters if name not in HIDDEN]


def refuses(of):
    """Whether its own code, of a class all of it, raises an error for what it is called with."""
    names = ("__init__", "__post_init__", "__call__", "build", "check")
    own = [vars(of).get(name) for name in names] if inspect.isclass(of) else [of]
    # A dataclass makes some of them itself, of which there is no file.
    there = (one for one in own if inspect.isfunction(one))
    written = [one for one in there if Path(inspect.unwrap(one).__code__.co_filename).is_file()]
    code = "".join(map(inspect.getsource, written))
    # Not those of functions within, nor what an example shows.
    code = re.sub(r'""".*?"""', "", code, flags=re.DOTALL)
    return re.search(r"^\s+raise [\w.]*InputError|\bone_of\(", code, re.MULTILINE) is not None
