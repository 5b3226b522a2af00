"""Where in the picture the axes of tensors begin and end, from measures that are never exact.

Networks are made of crops, borders and strides of whole pixels, and a tensor lies where one before
it does, or a whole number of cells from that; so a measure chooses between few places.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keras_attn.networks.maps.place import Place
from keras_attn.networks.maps.steps import SHARP

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
OF_A_SIZE = 0.15
"""How far, relatively, measured cells may be from those of a span that they are no multiple in."""
LIKELY = 1.5
"""How far, in cells, a blurred measure may be from where a stride leads to."""
STRIDES = (1, 2, 3, 4, 5, 6, 7, 8)
WHOLE_RATIO = 1e-6
"""How far, relatively, the cells of two tensors may be from multiples of each other."""
WHOLE_STEP = 0.02
"""How far, relatively, a step may be from a whole number of pixels."""


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

    def whole(self, cells, last):
        """Whether so many cells in its span are multiples or parts of the last cell before."""
        ratio = (self.span[1] - self.span[0]) / cells / last
        ratio = max(ratio, 1 / ratio)
        return abs(ratio - round(ratio)) <= WHOLE_RATIO * ratio

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
    span = found[-1] if found else _likely(steps.cells, measure, known[-1])
    return Found(span or "where in the picture its positions lie cannot be told", True)


def _likely(cells, measure, last):
    """The span in the middle of the last tensor before that a stride leads to, or None.

    None where a measure that can be trusted is far from it.
    """
    before = round((last.span[1] - last.span[0]) / last.cell)
    stride = round(before / cells) or 1 / round(cells / before)
    middle, half = sum(last.span) / 2, cells * last.cell * stride / 2
    span = (middle - half, middle + half)
    trusted = measure.scatter <= HALF_A_CELL * last.cell * stride
    near = last.apart(span, measure) <= LIKELY * last.cell * stride
    return span if near or not trusted else None


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
        options = [(not _whole(before, cells, cell, measure, known), False, before.span, 0.0)]
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


def _whole(before, cells, cell, measure, known):
    """Whether so many cells over the span of a tensor before are likely by their size.

    Of the last tensor they have to be multiples or parts. Of that one alone it takes a measure that
    does not speak against it: any whole number of pixels is a multiple of the picture's.
    """
    if before.whole(cells, known[-1].cell):
        return True
    of_a_size = abs(cell * cells / (before.span[1] - before.span[0]) - 1) <= OF_A_SIZE
    trusted = measure.scatter <= HALF_A_CELL * cell
    return before.whole(cells, before.cell) and (of_a_size or not trusted)


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
