"""What a kind of map of a network is: one file each, this package's own as anybody else's.

A kind is a function, or an instance of a class, `(model, images, targets) -> maps`, and what is
declared of it. `model` is a `PixelModel`, `images` a float32 tensor `(n, H, W, 3)` of RGB in
[0, 255] at the size that the network is given, `targets` an int32 tensor `(n,)` of the classes that
are explained, or None for a kind that explains none. Loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from keras_attn.errors import InputError, listing, one_of
from keras_attn.networks.maps.choice import INPUT
from keras_attn.registries import KINDS
from keras_attn.registry import NAME, Registry

IMAGE, LAYERS = "image", "layers"
"""What maps can be of, beside INPUT: the pixels, or the outputs of layers."""


class Unfit(Exception):
    """A network lacks what a kind of map needs; the message names it, as in "a model with ..."."""


@dataclass(frozen=True)
class Kind:
    """A kind of map of a network, such as Grad-CAM.

    A kind of many runs without a gradient, such as RISE or occlusion, calls `model(changed images)`
    as often as it likes, quicker within `model.as_graph()` where it changes nothing inside, and
    declares a `batch` if it needs memory. One that reads inner tensors,
    such as a rollout of attention, declares `scores=False` and asks for `model.outputs(images,
    paths)`; what a layer does not return, such as the weights of a head, it catches with
    `networks.inside.replaced` around `model.run(images)`.

    Args:
        name: as it stands in `kinds`, in --kinds and in tables.
        function: `(model, images, targets) -> maps`; see `PixelModel` for what the model does. A
            class is called without arguments once for each network, and what that returns for each
            batch; at the end its `notes()`, if it has them, say what a reader has to know, a
            sentence each.
        of: "image", where maps are of the pixels: the function returns `(n, h, w)` or
            `(n, h, w, 1)`, tensors or arrays of real numbers at any size that covers the whole
            image. "input" for the same behind the preprocessing, which may crop. "layers", where it
            returns a dict of such by the paths of layers, `model.layers`; a key may be
            (path, name), for maps that have a name of their own.
        scores: whether it explains a class; then networks without class scores are refused.
        gradients: whether it goes back through the network; then networks that take whole numbers
            are refused, and what `model.gradients` and `model.input_gradient` return is computed
            once for all kinds.
        reads: a function of the model that returns the paths of further layers that it reads; it
            raises `Unfit` for a network that it cannot be made for.
        batch: most images that it takes at a time, default as many as the audit.
        by_default: whether an audit that names no kinds has it.
        about: what its maps are, in a sentence or two for the page of an audit.

    Raises:
        InputError: A field cannot be meant; the message names it.

    Example:

    >>> from keras_attn.audits import Kind
    >>> def darkness(model, images, targets):
    ...     return 255 - images.numpy().mean(axis=-1)
    >>> Kind("darkness", darkness, scores=False).of
    'image'
    """

    registry: ClassVar[Registry] = KINDS

    name: str
    function: Callable[..., Any]
    of: str = IMAGE
    scores: bool = True
    gradients: bool = False
    reads: Callable[[Any], Iterable[str]] | None = None
    batch: int | None = None
    by_default: bool = False
    about: str = ""

    def __post_init__(self) -> None:
        where = f"kind of map {self.name!r}"
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            expected = "letters, digits and any of _ . + - as its name: Kind('a_name', function)"
            raise InputError("kind of map", expected, repr(self.name))
        if not callable(self.function):
            expected = "a function (model, images, targets) -> maps"
            raise InputError(where, expected, repr(self.function))
        one_of(f"of, of {where}", self.of, (IMAGE, INPUT, LAYERS))
        if self.batch is not None and (not isinstance(self.batch, int) or self.batch < 1):
            raise InputError(f"batch of {where}", "a number of images, or None", repr(self.batch))

    @property
    def scores_alone(self) -> bool:
        """Whether it needs no more of a network than its class scores, as occlusion does."""
        inside = self.gradients or self.reads is not None
        return self.of == IMAGE and self.scores and not inside

    def ready(self) -> Kind:
        """The same for one network, with an instance where its function is a class.

        Returns:
            A `Kind`.

        Raises:
            InputError: The class wants arguments.
        """
        function: Any = self.function
        if not inspect.isclass(function):
            return self
        try:
            instance: Any = function()
            return replace(self, function=instance)
        except TypeError as error:
            expected = f"an instance, as in Kind({self.name!r}, {function.__name__}(...))"
            raise InputError(f"kind of map {self.name!r}", expected, error) from error


def chosen(kinds: Any, where: str = "kinds") -> tuple[Kind, ...]:
    """The `Kind`s that a user names: by name, as a `Kind`, or as a function; each once.

    kinds: one or several, or None. `InputError`, which lists what there is, for an unknown name,
    and for two kinds of one name.
    """
    one = isinstance(kinds, str | Kind) or callable(kinds)
    if not one and not isinstance(kinds or (), Iterable):
        raise InputError(where, "a name, a Kind or a function, or several", repr(kinds))
    named: dict[str, Kind] = {}
    for kind in (kinds,) if one else tuple(kinds or ()):
        kind = _kind(kind, where)
        other = named.setdefault(kind.name, kind)
        if other != kind or (kind.name in KINDS and KINDS[kind.name] != kind):
            expected = f"another name than {kind.name!r} for a kind of your own: Kind('name', ...)"
            raise InputError(where, expected, f"names that are taken: {listing(KINDS)}")
    return tuple(named.values())


def _kind(kind: Any, where: str) -> Kind:
    if isinstance(kind, str):
        return KINDS.find(kind, where)
    if isinstance(kind, Kind):
        return kind
    if not callable(kind):
        raise InputError(where, "a name, a Kind or a function", repr(kind))
    # One that is registered is known by its declarations.
    known = (KINDS[name] for name in KINDS)
    return next((one for one in known if one.function is kind), None) or Kind(_name(kind), kind)


def _name(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)
