"""The gaze metrics as columns of tables: what each computes, its heading, which way is better.

A metric of one's own is a `Column` that is registered: it stands in the rows of audits and
evaluations and in the study's tables from then on. The seven here come in the same way.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from keras_attn.errors import InputError, one_of
from keras_attn.metrics import gaze as gaze_metrics
from keras_attn.metrics import one_map
from keras_attn.registry import Registry, register

OWN = ("s_auc", "ig", "auc_judd", "nss", "cc", "sim", "kl")
"""Keys of this package's own, in the order of tables."""

Floats = NDArray[np.float64]
Gaze = Any
"""An `evaluation.picture_gaze.PictureGaze`."""


@dataclass(frozen=True)
class Heading:
    """A column of numbers: its key in files, its title, and whether more of it is better.

    Args:
        key, title: as of a `Column`.
        higher_is_better: whether more of it is.
        chance: as of a `Column`.

    Example:

    >>> from keras_attn.metrics.columns import Heading
    >>> Heading("mae", "MAE", higher_is_better=False).title
    'MAE'
    """

    key: str
    title: str
    higher_is_better: bool = True
    chance: float | None = None


@dataclass(frozen=True)
class Column:
    """A metric that compares a map with the gaze on one image or frame.

    Args:
        key: its name in files, such as "s_auc".
        title: its heading, such as "s-AUC".
        function: `(saliency, gaze) -> float`. saliency: a finite map `(H, W)`, which may not be
            written to; gaze: a `PictureGaze` at the same size, whose fields `points`, `subjects`,
            `pixels`, `density`, `negatives` and `centre_bias` it may use. NaN where an image has
            no such score. The first paragraph of its docstring explains it on the page of an audit.
            None where that is the mean of `per_fixation`.
        better: "higher" or "lower".
        chance: what a map scores that tells nothing, which rows of an audit are tested against;
            None where that depends on the gaze: they are tested against the row `centre` then.
        ceiling: `(density, gaze) -> float`, what the density of all other viewers scores on the
            gaze of the one left out; None for no ceiling.
        per_fixation: `(saliency, gaze) -> (N,)`, what the map scores at each of `gaze.points`, of
            which an audit keeps the mean of each viewer; None for a metric that has no such values.

    Raises:
        InputError: The key is none, or files have other columns of that name.

    Example:

    >>> import types, numpy as np
    >>> from keras_attn.metrics.columns import Column
    >>> def at_fixations(saliency, gaze):
    ...     return saliency.ravel()[gaze.pixels].mean()
    >>> column = Column("at_fixations", "At fixations", at_fixations)
    >>> column(np.array([[0.2, 0.8]]), types.SimpleNamespace(pixels=np.array([1])))
    0.8
    """

    registry: ClassVar = Registry("metric", first=OWN)

    key: str
    title: str
    function: Callable[[Floats, Gaze], float] | None = None
    better: str = "higher"
    chance: float | None = None
    ceiling: Callable[[Floats, Gaze], float] | None = None
    per_fixation: Callable[[Floats, Gaze], Floats] | None = None

    def __post_init__(self) -> None:
        if self.function is None and callable(self.per_fixation):
            object.__setattr__(self, "function", _Mean(self.per_fixation))
        one_of("Column.better", self.better, ("higher", "lower"))
        if not isinstance(self.title, str) or not self.title.strip():
            raise InputError("Column.title", "a heading", repr(self.title))
        for name in ("function", "ceiling", "per_fixation"):
            value = getattr(self, name)
            if not callable(value) and (name == "function" or value is not None):
                raise InputError(f"Column.{name}", "a function (saliency, gaze)", repr(value))
        if not isinstance(self.key, str) or not _is_key(self.key):
            expected = (
                "letters a to z, digits and _, a letter first, and none of the beginnings and "
                f"endings {', '.join((*BEGINNINGS, *ENDINGS))}, which columns beside it have"
            )
            raise InputError("Column.key", expected, repr(self.key))

    @property
    def name(self) -> str:
        """Its key, by which it is registered."""
        return self.key

    @property
    def higher_is_better(self) -> bool:
        """Whether `better` is "higher"."""
        return self.better == "higher"

    @property
    def is_mean_of_fixations(self) -> bool:
        """Whether the score is the mean of `per_fixation`, and nothing else."""
        return isinstance(self.function, _Mean) and self.function.values is self.per_fixation

    @property
    def about(self) -> str:
        """What the page of an audit says of it: the first paragraph of the function's docstring."""
        text = inspect.getdoc(self.function) or ""
        return " ".join(text.partition("\n\n")[0].split())

    def __call__(self, saliency: ArrayLike, gaze: Gaze) -> float:
        """The score of a map.

        Args:
            saliency: finite, `(H, W)`.
            gaze: a `PictureGaze` at the same size.

        Returns:
            A float, NaN where the image has no such score.

        Raises:
            InputError: The function fails, or returns no finite number and no NaN.
        """
        return self._number(self.function, saliency, gaze)

    def with_fixations(self, saliency: ArrayLike, gaze: Gaze) -> tuple[float, Floats | None]:
        """The score of a map, and what it is at each fixation; the costly part is computed once.

        Args:
            saliency: finite, `(H, W)`.
            gaze: a `PictureGaze` at the same size.

        Returns:
            A float, and float64 `(N,)` in the order of `gaze.points`, or None without
            `per_fixation`.

        Raises:
            InputError: As a call does, or `per_fixation` returns other than N numbers.
        """
        if self.per_fixation is None:
            return self(saliency, gaze), None
        values = np.asarray(self._called(self.per_fixation, saliency, gaze))
        count = len(gaze.points)
        if values.shape != (count,) or values.dtype.kind not in "fiub" or np.isinf(values).any():
            expected = f"a finite number, or NaN, for each of {count} fixations"
            received = f"{values.dtype} of shape {values.shape}"
            raise InputError(f"metric {self.key!r}, per_fixation", expected, received)
        if self.is_mean_of_fixations:
            return float(values.mean()), values
        return self(saliency, gaze), values

    def ceiling_of(self, density: ArrayLike, gaze: Gaze) -> float:
        """What the density of the others scores on one viewer's gaze.

        Args:
            density: `(H, W)`, sum 1.
            gaze: a `PictureGaze` at the same size, of the viewer left out.

        Returns:
            A float, NaN without a `ceiling`.

        Raises:
            InputError: As a call does.
        """
        if self.ceiling is None:
            return np.nan
        return self._number(self.ceiling, density, gaze)

    def _called(self, function: Any, values: ArrayLike, gaze: Gaze) -> Any:
        try:
            return function(_unwritable(values), gaze)
        except InputError:
            raise
        except Exception as error:
            received = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise InputError(f"metric {self.key!r}", "a number", received) from error

    def _number(self, function: Any, values: ArrayLike, gaze: Gaze) -> float:
        value = self._called(function, values, gaze)
        kind = np.asarray(value)
        if kind.ndim or kind.dtype.kind not in "fiub" or np.isinf(kind):
            expected = "one finite number for an image, or NaN where it has none"
            received = repr(value) if not kind.ndim else f"an array of shape {kind.shape}"
            raise InputError(f"metric {self.key!r}", expected, received)
        return float(kind)


class _Mean:
    """The mean of values at fixations: a score with the docstring of what makes them."""

    def __init__(self, values: Callable[[Floats, Gaze], Floats]) -> None:
        self.values, self.__doc__ = values, inspect.getdoc(values)

    def __call__(self, saliency: Floats, gaze: Gaze) -> float:
        return np.asarray(self.values(saliency, gaze)).mean()


BEGINNINGS = ("ceiling_", "fooled_", "predicted_")
ENDINGS = ("_low", "_high", "_p", "_side", "_share", "_difference", "_after", "_<number>")
"""Of keys of columns that are about another column."""


def _is_key(text: str) -> bool:
    plain = text.isascii() and text.isidentifier() and text == text.lower() and text[0] != "_"
    last = text.rpartition("_")[2]
    ends = text.endswith(ENDINGS) or ("_" in text and last.isdigit())
    return plain and not ends and not text.startswith(BEGINNINGS)


def _unwritable(values: ArrayLike) -> NDArray:
    """The same array, which what it is handed to cannot change for the metrics that follow."""
    view = np.asarray(values).view()
    view.flags.writeable = False
    return view


COLUMNS = Column.registry.values()
"""All that are registered at the time they are asked for: OWN, then those of plug-ins."""


def further() -> list[Column]:
    """The `Column`s of plug-ins, in the order they were registered."""
    return [column for column in COLUMNS if column.key not in OWN]


def s_auc(saliency: Floats, gaze: Gaze) -> Floats:
    """Shuffled AUC: fixations against those on all other images."""
    return gaze.auc_per_positive(saliency.ravel())


def ig(saliency: Floats, gaze: Gaze) -> float:
    """Information gain over the centre bias, in bits per fixation."""
    return gaze.gains(saliency)[0].mean()


def _gains_at_fixations(saliency: Floats, gaze: Gaze) -> Floats:
    """Of all fixations, of which several may be on one pixel: those of one viewer are all told."""
    return gaze.gains_at_fixations(saliency)


def _ceiling_of_ig(density: Floats, gaze: Gaze) -> float:
    """That of the density as it is: scaled to minimum 0, as maps are, it loses its uniform part."""
    p, uniform = gaze.pixel * density.ravel()[gaze.distinct], gaze.pixel / density.size
    return one_map.bits_mit(p, uniform).mean() + gaze.gains_of_uniform.mean()


def auc_judd(saliency: Floats, gaze: Gaze) -> float:
    """Fixated pixels against all others of the same image."""
    return gaze_metrics.auc_judd_of(saliency, gaze.pixels)


def nss(saliency: Floats, gaze: Gaze) -> Floats:
    """The mean standard score of the map at the fixations."""
    return one_map.nss(saliency, gaze.pixels)


def cc(saliency: Floats, gaze: Gaze) -> float:
    """Pearson's correlation of the map and the density of fixations."""
    return one_map.cc(saliency, gaze.density)


def sim(saliency: Floats, gaze: Gaze) -> float:
    """Histogram intersection of the map and the density, each divided by its sum."""
    return one_map.sim(saliency, gaze.density)


def kl(saliency: Floats, gaze: Gaze) -> float:
    """Divergence of the map from the density, in nats."""
    return one_map.kl_divergence(saliency, gaze.density, gaze.pixel)


register(
    Column("s_auc", "s-AUC", chance=0.5, ceiling=_Mean(s_auc), per_fixation=s_auc),
    Column(
        "ig",
        "IG",
        ig,
        chance=0.0,
        ceiling=_ceiling_of_ig,
        per_fixation=_gains_at_fixations,
    ),
    Column("auc_judd", "AUC-Judd", auc_judd, chance=0.5, ceiling=auc_judd),
    Column("nss", "NSS", chance=0.0, ceiling=_Mean(nss), per_fixation=nss),
    # A map's are of the density of all viewers; a ceiling's would be of a single viewer's.
    Column("cc", "CC", cc, chance=0.0),
    Column("sim", "SIM", sim),
    Column("kl", "KL", kl, better="lower"),
)
