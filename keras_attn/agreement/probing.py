"""Finds out by trying what the axes of a network's tensors are, and where in the picture they lie.

Two textures, A and B, go through the network, and pictures of A on one side of an edge and B on
the other. Cells of a tensor that see A alone answer as to A, those that see B alone as to B. So an
axis that follows the picture's width shows a step that moves with the edge, and says where it
crosses it: cropped, flipped, padded or not, whatever the network is made of. Axes of channels, of
heads or of windows show none. Plain arrays go in and out; this knows no network.

Each edge is tried with A before B and with B before A. So one pair of textures finds the ends of a
layer of the picture's own resolution, at 96×96, to 0.2 pixels (standard deviation), where one order
alone found them to 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import permutations

import cv2
import numpy as np

from keras_attn.agreement.place import WHOLE, Place

SEEDS = (1, 2)
MORE_SEEDS = (((3, 4), (5, 6), (7, 8)), tuple((seed, seed + 1) for seed in range(9, 17, 2)))
"""Of the textures; the latter for tensors whose answers to the first are unclear, and if they are
then."""
CONTRAST, GROWTH, GREY = (128, 256), (1, 2), 0.7
"""Deviation of the textures in grey levels, and of each scale from the one four times finer, of
the others and of the last ones; the share of grey in their variance. A layer may answer to what is
large and bright alone, as a unit with a threshold of 240 does."""
EDGES = (0.2, 0.35, 0.5, 0.65, 0.8)
"""Where the edges are, as shares of what is seen of a side."""
FOLLOWS, CERTAINLY = 0.6, 0.75
"""Least correlation of an axis with a slope; the latter for axes in an unusual order. Axes of
images have .79 and more, in networks with random weights and with real ones; others are near 0."""
CERTAINLY_SHARP = 0.9
"""Least correlation with steps that will do as well: a crop has edges beside it, and less slope."""
RATHER = 1.5
"""How much more an axis that follows one side tells apart along it than along the other."""
TOLD_APART = 0.15
"""Mean deviation, over cells, of answers between 0 (as to A) and 1 (as to B), from which on the
cells of an axis are told apart. Where positions are mixed it is some hundredths."""
WEAK = 0.3
"""Least height of the steps of an axis whose place is measured at all."""
OF_A_SIZE = 0.15
"""How far, relatively, measured cells may be from those of a span that they are no multiple in."""
FEW = 3
"""Edges that make a step; fewer found no place where nothing else is, unless they are sharp."""
SHARP = 0.8
"""Least height of the steps of an axis whose place is measured anew."""
HALF_A_CELL = 0.6
"""How far, in cells, a map may be from where strides put it. Networks begin at a picture's left or
middle as their padding has it, by up to half a cell; maps are stretched over pictures by custom."""
BLURRED = 0.5
"""How far, as a share of the width that steps are blurred over, kernels may shift them."""
SCATTERED = 2
"""How many times the scatter of its steps a map may be from where strides put it, besides."""
AT_AN_END = 0.4
"""How much nearer to a measure, in cells, a map has to be at an end than in the middle of another:
random kernels are not symmetrical."""
NEAR = 0.25
"""How far, in its cells, a map may be from the cells of another, to be put on them."""
FALLS = 0.6
"""Mean fall of the answers along an axis, which should rise, from which on it counts as rolled."""
NO_MAP = "its positions do not follow those of the picture"
STRIDES = (1, 2, 3, 4, 5, 6, 7, 8)
WHOLE_RATIO = 1e-6
"""How far, relatively, the cells of two tensors may be from multiples of each other."""
WHOLE_STEP = 0.02
"""How far, relatively, a step may be from a whole number of pixels."""
ALL_ALIKE = 0.02
"""Mean answer from which on an edge counts as beside all that is seen."""
MANY = 0.1
"""Share of cells that answer to nothing from which on what a tensor sees is not known."""
NO_ANSWER = 1e-3
"""Of the median answer: what a cell of a border answers less than."""
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


@dataclass
class Answers:
    """How much a tensor differs from those of A and of B, by axis, for every edge.

    shape: of one image's tensor. edges: `Edges` by the side that is cut, "x" or "y". to_a, to_b: by
    that side and the axis `(edges, cells)`: sums over all other axes of absolute differences, by
    the roots of both together.
    """

    shape: tuple
    edges: dict
    to_a: dict = field(default_factory=dict)
    to_b: dict = field(default_factory=dict)

    def add(self, side, edge, tensor, of_a, of_b):
        """Add the answer to a picture that is cut along a side, at that edge of EDGES."""
        to_a, to_b = np.abs(tensor - of_a), np.abs(tensor - of_b)
        # Few channels and positions that answer strongly would decide for all others.
        root = np.sqrt(to_a + to_b)
        root[root == 0] = 1
        for kept, apart in ((self.to_a, to_a), (self.to_b, to_b)):
            for axis, cells in enumerate(apart.shape):
                others = tuple(i for i in range(apart.ndim) if i != axis)
                sums = kept.setdefault((side, axis), np.zeros((len(EDGES), cells)))
                sums[edge] += (apart / root).sum(axis=others, dtype=np.float64)

    def along(self, side, axis):
        """The `Steps` of an axis."""
        both = (kept[side, axis] for kept in (self.to_a, self.to_b))
        return Steps(*both, self.edges[side])

    def along_grid(self, side, tokens, down):
        """Those of the rows (`down`) or columns of tokens that lie on a grid."""
        leading, height, width = tokens
        cells = slice(leading, leading + height * width)
        both = [
            kept[side, 0][:, cells].reshape(-1, height, width).sum(axis=2 if down else 1)
            for kept in (self.to_a, self.to_b)
        ]
        return Steps(*both, self.edges[side])


@dataclass(frozen=True)
class Edges:
    """Edges across a side of a picture, in pixels, between `low` and `high`."""

    low: float
    high: float

    @property
    def at(self):
        """Where they are: whole pixels."""
        return np.array([round(self.low + edge * (self.high - self.low)) for edge in EDGES])


@dataclass(frozen=True)
class Steps:
    """The steps that edges make along an axis. to_a, to_b: `(edges, cells)`."""

    to_a: np.ndarray
    to_b: np.ndarray
    edges: Edges

    @cached_property
    def answer(self):
        """`(cells,)`, how strongly each cell answers."""
        return (self.to_a + self.to_b).sum(axis=0)

    @cached_property
    def quiet(self):
        """`(cells,)`, which cells answer to nothing, as those of a border do."""
        return self.answer <= NO_ANSWER * np.median(self.answer)

    @cached_property
    def values(self):
        """`(edges, cells)`: 0 as to A, 1 as to B; a border is as what is beside it."""
        if self.quiet.all():
            return np.zeros_like(self.to_a)
        heard = np.flatnonzero(~self.quiet)
        total = self.to_a + self.to_b
        shares = np.divide(self.to_a, total, out=np.zeros_like(total), where=total > 0)
        nearest = heard[np.abs(np.arange(self.cells)[:, None] - heard).argmin(axis=1)]
        return shares[:, nearest]

    @property
    def cells(self):
        """How many there are."""
        return self.to_a.shape[1]

    @property
    def flipped(self):
        """Whether the axis follows the picture from its end."""
        return self.slope < 0

    @cached_property
    def straight(self):
        """The same from the picture's beginning."""
        return Steps(self.to_a[:, ::-1], self.to_b[:, ::-1], self.edges) if self.flipped else self

    @cached_property
    def sharpness(self):
        """The correlation with steps at the edges, or at where those that are there tell them."""
        low, high = self.edges.low, self.edges.high
        spans = [(low, high)]
        if self.measured and self.measured.edges > 2:
            spans.append((self.measured.low, self.measured.high))
        centres = (np.arange(self.cells) + 0.5) / self.cells
        ideals = (low + centres * (high - low) > self.edges.at[:, None] for low, high in spans)
        return max(_correlation(self.values, ideal.astype(float)) for ideal in ideals)

    @cached_property
    def slope(self):
        """The correlation with a slope, which steps are where all cells see far; or a fall."""
        if self.cells < 2:
            return 0.0
        rows = self.values - self.values.mean(axis=1, keepdims=True)
        ramp = np.broadcast_to(np.arange(self.cells) - (self.cells - 1) / 2, rows.shape)
        length = np.linalg.norm(rows) * np.linalg.norm(ramp)
        return float((rows * ramp).sum() / length) if length > 1e-9 else 0.0

    @cached_property
    def told_apart(self):
        """Mean deviation of the answers over the cells."""
        return float(self.values.std(axis=1).mean())

    @property
    def rolled(self):
        """Whether the answers fall where they should rise, as behind the border of a rolled map."""
        falls = np.maximum.accumulate(self.values, axis=1) - self.values
        return bool(falls.max(axis=1).mean() > FALLS)

    @cached_property
    def measured(self):
        """A `Measure` of where its cells lie, or None where too few edges make a step."""
        if self.cells < 2:
            return None
        crossings, heights = np.array([_crossing(values) for values in self.values]).T
        clear = heights > max(0.5 * heights.max(), 1e-6)
        if clear.sum() < 2:
            return None
        at, crossings, heights = self.edges.at[clear], crossings[clear], heights[clear]
        slope, offset = np.polyfit(at, crossings, 1, w=heights)
        if slope <= 0:
            return None
        low, high = float(-offset / slope), float((self.cells - offset) / slope)
        scatter = float(np.std(crossings - slope * at - offset) / slope)
        return Measure(low, high, float(np.median(heights)), len(at), scatter)

    def seen(self):
        """The pixels (low, high) between which all lies that the axis sees, by its edges."""
        at, mean = self.edges.at, self.values.mean(axis=1)
        behind = at[mean >= 1 - ALL_ALIKE]
        before = at[mean <= ALL_ALIKE]
        low = behind.max() if len(behind) else self.edges.low
        high = before.min() if len(before) else self.edges.high
        return float(low), float(high)


@dataclass(frozen=True)
class Measure:
    """Where cells begin and end, in pixels; the height of the steps; how many edges made one.

    scatter: how far steps lie from where they should by that, in pixels.
    """

    low: float
    high: float
    height: float
    edges: int
    scatter: float = 0.0

    @property
    def weak(self):
        """Whether the steps are too low to tell where they are."""
        return self.height * min(self.edges, FEW) < WEAK * FEW

    @property
    def vague(self):
        """Whether too few steps that are too low lie in what the axis sees."""
        return self.edges <= FEW and self.height < SHARP

    @property
    def blur(self):
        """Pixels that the steps are blurred over."""
        return (1 - self.height) * (self.high - self.low)

    def cell(self, cells):
        """The size of each of so many cells, in pixels."""
        return (self.high - self.low) / cells


def _correlation(found, ideal):
    found, ideal = (_without_means(one).ravel() for one in (found, ideal))
    length = np.linalg.norm(found) * np.linalg.norm(ideal)
    return float(found @ ideal / length) if length > 1e-9 else 0.0


def _without_means(values):
    """Without what all cells share for an edge, and all edges for a cell."""
    both = values.mean(axis=0) + values.mean(axis=1, keepdims=True)
    return values - both + values.mean()


def _crossing(values):
    """Where, in cells, a row of values steps from 0 to 1; and how high the step is."""
    cells = len(values)
    sums = np.concatenate([[0], np.cumsum(values)])
    at = np.arange(1, cells)
    before, behind = sums[at] / at, (sums[-1] - sums[at]) / (cells - at)
    best = int(np.argmax((behind - before) * np.sqrt(at * (cells - at))))
    height = behind[best] - before[best]
    # One half is where both textures are seen alike, however far the cells see.
    rises = np.flatnonzero((values[:-1] < 0.5) & (values[1:] >= 0.5))
    if not len(rises):
        return float(at[best]), 0.0
    cell = rises[np.abs(rises + 1 - at[best]).argmin()]
    low, high = values[cell], values[cell + 1]
    return cell + 0.5 + (0.5 - low) / (high - low), height


# --- the pictures ---------------------------------------------------------------------------------


def textures(size, seeds=SEEDS):
    """Two pictures `(2, H, W, 3)` of noise at all scales, uint8, the same every time."""
    later = seeds in MORE_SEEDS[-1]
    return np.stack([_texture(size, seed, CONTRAST[later], GROWTH[later]) for seed in seeds])


def _texture(size, seed, contrast, growth):
    rng, made, scale, weight = np.random.default_rng(seed), np.zeros((*size, 3)), 1, 1.0
    while scale <= max(size):
        coarse = [-(-side // scale) for side in size]
        grey, colours = rng.standard_normal((*coarse, 1)), rng.standard_normal((*coarse, 3))
        noise = GREY**0.5 * grey + (1 - GREY) ** 0.5 * colours
        made += weight * cv2.resize(noise, size[::-1], interpolation=cv2.INTER_LINEAR)
        scale, weight = 4 * scale, growth * weight
    made = (made - made.mean()) / made.std()
    return np.clip(np.round(128 + contrast * made), 0, 255).astype(np.uint8)


def answers(run, size, spans=None, seeds=(SEEDS,)):
    """`Answers` by name of what `run` returns for two pictures, `{name: (2, ...)}` float arrays.

    size: (H, W) of the pictures. spans: the pixels (low, high) of both sides that edges lie
    between; default all. seeds: of the pairs of textures; the answers to all are added up.
    """
    down, across = (Edges(*span) for span in spans or [(0.0, float(side)) for side in size])
    found = {}
    for pair in seeds:
        pictures = textures(size, pair)
        base = run(pictures)
        for name, values in base.items():
            found.setdefault(name, Answers(values.shape[1:], {"x": across, "y": down}))
        for place, (row, column) in enumerate(zip(down.at, across.at, strict=True)):
            # Both ways: what one texture does beside an edge by chance cancels.
            for a, b in ((0, 1), (1, 0)):
                cut = np.stack([pictures[a], pictures[a]])
                cut[0, :, column:] = pictures[b, :, column:]
                cut[1, row:] = pictures[b, row:]
                for name, (right, below) in run(cut).items():
                    before, behind = base[name][a], base[name][b]
                    found[name].add("x", place, right, before, behind)
                    found[name].add("y", place, below, before, behind)
    return found


def closer(answers, size):
    """The spans of the sides to look at once more, with edges closer to each other; or None.

    A tensor that sees a small part of the picture meets few of the first edges.
    """
    axes, spans = range(len(answers.shape)), []
    for side, length in zip("yx", size, strict=True):
        along = [answers.along(side, axis) for axis in axes]
        if any(steps.quiet.mean() > MANY for steps in along):
            return None
        seen = [steps.seen() for steps in along]
        spans.append((max(low for low, _ in seen), min(high for _, high in seen)))
        if not 0 <= spans[-1][0] < spans[-1][1] <= length:
            return None
    smaller = any(high - low < 0.99 * side for (low, high), side in zip(spans, size, strict=True))
    return tuple(spans) if smaller else None


# --- what follows ---------------------------------------------------------------------------------


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
    image, so that what does not answer at all is taken for one.
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
    if (
        usual is None
        or usual.told_apart >= TOLD_APART
        or not (rank_is_known or _alike(usual, size))
    ):
        return NO_MAP
    return _doubted(usual)


def _doubted(fit):
    doubt = (
        "what lies where in it could not be measured, since all of its positions answer alike to "
        "all parts of a picture; it is taken as its shape has it"
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


def _alike(fit, size):
    """Whether a grid has the proportions of the picture, to a cell."""
    if fit.layout.tokens:
        return True
    height, width = fit.down.cells, fit.across.cells
    return abs(height * size[1] / size[0] - width) <= 1 and min(height, width) > 1


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


def placed(fits, size):
    """Layouts by name with their places, or why they have none; and the names of those that lie
    where no tensor before them does, which are worth a closer look.

    fits: `{name: Fit}`, in the order of execution. A tensor lies where one before it does, or in
    the middle of that, with the same step or a multiple of it, or, where its steps are sharp,
    wherever they are.
    """
    known = [[Known((0.0, float(side)), 1.0)] for side in size]
    made, unsure = {}, []
    for name, fit in fits.items():
        if fit.layout.doubt:
            made[name] = fit.layout
            continue
        found = _spans([fit.down, fit.across], known)
        wrong = [one.span for one in found if isinstance(one.span, str)]
        spans = [one.span for one in found]
        made[name] = wrong[0] if wrong else replace(fit.layout, place=_place(spans, size))
        if any(one.new for one in found):
            unsure.append(name)
    return made, unsure


def _spans(steps, known):
    """The `Found` of both axes of a tensor; known: of the tensors before, by side."""
    found = [_span(one.straight, before, ()) for one, before in zip(steps, known, strict=True)]
    # Cells are square more often than not, and what is known of one side tells of the other.
    for i, one in enumerate(found):
        other = found[1 - i]
        if one.new and not other.new:
            found[i] = _span(steps[i].straight, known[i], (other.cell(steps[1 - i].cells),))
    for one, along, before in zip(found, steps, known, strict=True):
        measure = along.straight.measured
        if measure and not measure.weak and not isinstance(one.span, str):
            before.append(one.known(along.straight))
    return [
        replace(one, span=one.span[::-1])
        if along.flipped and not isinstance(one.span, str)
        else one
        for one, along in zip(found, steps, strict=True)
    ]


@dataclass(frozen=True)
class Found:
    """Where an axis begins and ends in pixels, or a sentence that says why that is not known.

    new: whether no tensor before it lies there.
    """

    span: tuple[float, float] | str
    new: bool = False

    def cell(self, cells):
        """The size of each of so many cells, in pixels."""
        return (self.span[1] - self.span[0]) / cells

    def known(self, steps):
        """What later tensors know of it."""
        (low, high), measure = self.span, steps.measured
        shift = measure.low - low, measure.high - high
        return Known(self.span, self.cell(steps.cells), shift, measure.blur)


@dataclass(frozen=True)
class Known:
    """Where a tensor lies along a side, in pixels.

    span: where it begins and ends. cell: the size of a cell. shift: how far what was measured is
    from that, at both ends, as the kernels before it are not symmetrical; blur: as of `Measure`.
    """

    span: tuple[float, float]
    cell: float
    shift: tuple[float, float] = (0.0, 0.0)
    blur: float = 0.0

    def stretched(self, cells):
        """Its own span, and whether so many cells in it are a multiple or a part of its own."""
        ratio = (self.span[1] - self.span[0]) / cells / self.cell
        ratio = max(ratio, 1 / ratio)
        return self.span, abs(ratio - round(ratio)) <= WHOLE_RATIO * ratio

    def aligned(self, cells, cell):
        """Spans of cells of about that size in its middle, or beginning or ending where it does.

        Each with what it has to be nearer to a measure, in pixels, than one in the middle.
        """
        low, high = self.span
        for factor in (*STRIDES, *(1 / stride for stride in STRIDES[1:])):
            length = cells * self.cell * factor
            if 0.75 < self.cell * factor / cell < 1.33:
                for first in (low, high - length):
                    yield (first, first + length), AT_AN_END * cell
                yield ((low + high - length) / 2, (low + high + length) / 2), 0.0

    def apart(self, span, measure):
        """How far a measure is from what it would be for a span."""
        ends = zip(span, self.shift, (measure.low, measure.high), strict=True)
        return max(abs(end + shift - found) for end, shift, found in ends)


def _place(spans, size):
    shares = zip(spans, size, strict=True)
    return Place(*((float(low / side), float(high / side)) for (low, high), side in shares))


def _span(steps, known, cells):
    """The `Found` of an axis that is not flipped.

    known: of the tensors before. cells: sizes that its cells may have too.
    """
    if steps.rolled:
        border = "its positions run over the border of the picture and go on at the other side"
        return Found(border)
    measure = steps.measured
    if measure is None or measure.weak:
        return Found(_of_as_many_cells(steps.cells, known))
    found = min(_agreeing(steps.cells, measure, known), default=None)
    half = HALF_A_CELL * measure.cell(steps.cells)
    if found and not found[1]:
        return Found(found[-1])
    if measure.height >= SHARP and measure.scatter <= half:
        span, whole = _snapped(measure, steps.cells, known, cells)
        if not found or (whole and known[-1].apart(span, measure) + half < found[2]):
            return Found(span, True)
    if found:
        return Found(found[-1], True)
    return Found("where in the picture its positions lie cannot be told", True)


def _of_as_many_cells(cells, known):
    """Where the last tensor before lies that has so many cells, or any."""
    as_many = [one for one in known if abs(one.span[1] - one.span[0] - cells * one.cell) < 1e-6]
    return (as_many or known)[-1].span


def _agreeing(cells, measure, known):
    """Spans that agree with a measure, each behind what it is to be chosen by: the smallest.

    A span that leaves the cells multiples of those before is better than one that does not, and a
    span that is known already than a new one. A blurred measure founds no span beyond all others.
    """
    cell = (measure.high - measure.low) / cells
    least, most = min(one.span[0] for one in known), max(one.span[1] for one in known)
    found = []
    for place, before in enumerate(known):
        span, whole = before.stretched(cells)
        options = [(not whole, False, span, 0.0)]
        for span, behind in before.aligned(cells, cell):
            if measure.height >= SHARP or least <= span[0] < span[1] <= most:
                options.append((False, True, span, behind))
        allowed = HALF_A_CELL * cell + SCATTERED * measure.scatter
        blurred = BLURRED * max(0.0, measure.blur - before.blur)
        for broken, new, span, behind in options:
            apart = before.apart(span, measure)
            loose = measure.scatter > max(HALF_A_CELL * cell, WHOLE_STEP * (span[1] - span[0]))
            if new and (loose or measure.vague):
                continue
            if broken and abs(cell * cells / (span[1] - span[0]) - 1) > OF_A_SIZE:
                continue
            if apart <= allowed + (min(blurred, NEAR * cell) if new else blurred):
                apart = apart + behind if new else max(apart, HALF_A_CELL * cell)
                found.append((broken, new, apart, place, span))
    return found


def _snapped(measure, cells, known, others):
    """A measured span, and whether its steps are whole, as crops, borders and strides leave them.

    Then it begins whole cells behind a tensor before it, or whole pixels.
    """
    low, high = measure.low - known[-1].shift[0], measure.high - known[-1].shift[1]
    cell = (high - low) / cells
    whole = [n for n in (round(cell), 1 / max(1, round(1 / cell))) if n > 0]
    step = min([*whole, *others, *(one.cell for one in known)], key=lambda n: abs(n - cell))
    if abs(step - cell) > WHOLE_STEP * cell + SCATTERED * measure.scatter / cells:
        return (float(round(low)), float(round(high))), False
    first, grids = (low + high - cells * step) / 2, {(one.cell, one.span[0]) for one in known}
    for unit, start in sorted(grids, reverse=True):
        snapped = start + round((first - start) / unit) * unit
        if unit <= (1 + WHOLE_STEP) * step and abs(snapped - first) <= NEAR * unit:
            return (snapped, snapped + cells * step), True
    unit = min(step, 1.0) / 2
    snapped = round(first / unit) * unit
    return (snapped, snapped + cells * step), True
