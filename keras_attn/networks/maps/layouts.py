"""Which axes of a tensor are height and width, from its answers to pictures with edges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations

from keras_attn.networks.maps.place import WHOLE, Place
from keras_attn.networks.maps.steps import FEW, Steps

FOLLOWS, CERTAINLY = 0.6, 0.75
"""Least correlation of an axis with a slope; the latter for axes in an unusual order. Axes of
images have .79 and more, in networks with random weights and with real ones; others are near 0."""
CERTAINLY_SHARP = 0.9
"""Least correlation with steps that will do as well: a crop has edges beside it, and less slope."""
RATHER = 1.5
"""How much more an axis that follows one side tells apart along it than along the other."""
TOLD_APART, CERTAIN = 0.15, 0.3
"""Mean deviation, over cells, of answers between 0 (as to A) and 1 (as to B), from which on the
cells of an axis are told apart; and so well that it is no noise. Where positions are mixed it is
some hundredths, in a single channel that answers to little up to a quarter, else .4 and more."""
NO_MAP = "its positions do not follow those of the picture"
EXTRA = (0, 1, 2, 5, 4, 8, 9)
"""How many tokens are no patches: none, a class token, a distilled one too, registers with and
without a class token."""


@dataclass(frozen=True)
class Layout:
    """How a tensor `(n, ...)` becomes features `(n, h, w, C)`, and where these lie.

    axes: those of height and width. tokens: (leading, h, w) of `(n, T, C)`, or None. place: a
    `Place`. doubt: what a reader has to know of it, or "".
    """

    axes: tuple[int, int]
    tokens: tuple[int, int, int] | None = None
    place: Place = WHOLE
    doubt: str = ""

    def sentences(self):
        """What a reader of its maps has to know."""
        said = [f"{self.doubt[0].upper()}{self.doubt[1:]}."] if self.doubt else []
        if not self.place.nearly_whole:
            beside = "" if self.place.share == 1 else "; beside them stands their smallest value"
            said.append(f"Its maps lie on {self.place.describe()} of the picture{beside}.")
        return said


@dataclass(frozen=True)
class Fit:
    """A layout that a tensor may have, before its place is known.

    down, across: the steps of its rows by edges across the height, of its columns by edges across
    the width. down_by_columns, across_by_rows: those by the other edges, which should be none.
    """

    layout: Layout
    down: Steps
    across: Steps
    down_by_columns: Steps
    across_by_rows: Steps

    @property
    def slope(self):
        """The smaller of the slopes of both axes."""
        return min(abs(self.down.slope), abs(self.across.slope))

    @property
    def sharpness(self):
        """The smaller sharpness of both."""
        return min(self.down.straight.sharpness, self.across.straight.sharpness)

    @property
    def told_apart(self):
        """How well the cells of any of both axes are told apart by any edges."""
        steps = (self.down, self.across, self.down_by_columns, self.across_by_rows)
        return max(one.told_apart for one in steps)

    @property
    def grid(self):
        """Its rows and columns."""
        return self.down.cells, self.across.cells

    @property
    def certain(self):
        """Whether even axes in an unusual order are those of the picture."""
        return self.slope >= CERTAINLY or self.sharpness >= CERTAINLY_SHARP

    @property
    def follows(self):
        """Whether both axes follow those of the picture, each its own rather than the other."""
        rather = all(
            own.told_apart >= RATHER * other.told_apart
            for own, other in (
                (self.down, self.down_by_columns),
                (self.across, self.across_by_rows),
            )
        )
        return rather and self.slope >= FOLLOWS


def layout_of(answers, size, rank_is_known=False):
    """The `Fit` of a tensor's answers, or a sentence that says why it is no map of the picture.

    size: (H, W) of the pictures. rank_is_known: whether its layer is known to make features of an
    image, so that what does not answer, or in no order, is taken for one.
    """
    if len(answers.shape) == 3:
        usual = _of_axes(answers, (0, 1))
        likely = [usual]
        others = [_of_axes(answers, axes) for axes in permutations((0, 1, 2), 2)]
    else:
        likely = [_of_tokens(answers, tokens) for tokens in grids(answers.shape[0], size)]
        usual = likely[0] if likely else None
        others = [_of_axes(answers, axes) for axes in ((0, 1), (1, 0))]
    others = [fit for fit in others if fit.certain]
    for fits in (likely, others):
        found = [fit for fit in fits if fit.follows]
        if found:
            return max(found, key=lambda fit: fit.sharpness)
    if usual is None or usual.told_apart >= (CERTAIN if rank_is_known else TOLD_APART):
        return NO_MAP
    sensible = rank_is_known or usual.layout.tokens or alike(usual.grid, size)
    return _doubted(usual) if sensible else NO_MAP


def _doubted(fit):
    doubt = (
        "what lies where in it could not be measured, since its positions do not answer to parts "
        "of a picture of their own; it is taken as its shape has it"
    )
    return replace(fit, layout=replace(fit.layout, doubt=doubt))


def sure(fit):
    """Whether a tensor was found to be a map, rather than taken for one."""
    return not isinstance(fit, str) and not fit.layout.doubt


def unclear(fit):
    """Whether a tensor is worth a closer look: it met too few edges to tell where it lies."""
    if isinstance(fit, str) or fit.layout.doubt:
        return True
    found = [steps.straight.measured for steps in (fit.down, fit.across)]
    return any(measure is None or (measure.edges < FEW and not measure.weak) for measure in found)


def _of_axes(answers, axes):
    down, across = axes
    steps = [
        answers.along(*one) for one in (("y", down), ("x", across), ("x", down), ("y", across))
    ]
    return Fit(Layout((down + 1, across + 1)), *steps)


def _of_tokens(answers, tokens):
    sides = (("y", True), ("x", False), ("x", True), ("y", False))
    steps = [answers.along_grid(side, tokens, down) for side, down in sides]
    return Fit(Layout((1, 2), tokens), *steps)


def alike(grid, size):
    """Whether a grid (h, w) has the proportions of a picture (H, W), to a cell."""
    height, width = grid
    return min(grid) > 1 and abs(height * size[1] / size[0] - width) <= 1


def grids(count, size):
    """Grids of square patches that so many tokens may be: (leading, h, w), the likelier first.

    Of tokens that are no patches, all come before them or all behind.
    """
    found, (height, width) = [], size
    for extra in EXTRA:
        patches = count - extra
        patch = round((height * width / patches) ** 0.5) if patches > 1 else 0
        if patch > 1 and height % patch == width % patch == 0:
            grid = height // patch, width // patch
            if grid[0] * grid[1] == patches and min(grid) > 1:
                found += [(leading, *grid) for leading in dict.fromkeys((extra, 0))]
    return found
