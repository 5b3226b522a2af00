"""Where the cells of a map lie in the picture, and a map laid there.

A map usually stands for the whole picture. Behind a crop, a border or a flip inside the network it
does not, and stretched over the picture it would be compared with fixations elsewhere.
"""

from dataclasses import dataclass

import numpy as np

from keras_attn.resizing import at_size

Span = tuple[float, float]
NEARLY = 0.05


@dataclass(frozen=True)
class Place:
    """Where the first cell of a map begins and its last one ends, as shares of the picture.

    rows: from the top, 0, to the bottom, 1. columns: from the left to the right. What begins behind
    its end is flipped; what lies beyond 0 and 1 is a border that the network has added.
    """

    rows: Span = (0.0, 1.0)
    columns: Span = (0.0, 1.0)

    @property
    def whole(self):
        """Whether the map stands for the whole picture as it is."""
        return self == WHOLE

    @property
    def nearly_whole(self):
        """Whether it is that to a few hundredths, as strides and kernels leave it in most networks.

        Then there is nothing that a reader has to know.
        """
        ends = zip((*self.rows, *self.columns), (*WHOLE.rows, *WHOLE.columns), strict=True)
        return all(abs(end - whole) <= NEARLY for end, whole in ends)

    @property
    def share(self):
        """The share of the picture that the map covers, from 0 to 1."""
        return float(np.prod([_covered(span) for span in (self.rows, self.columns)]))

    def describe(self):
        """The place in words."""
        words = [_in_words("rows", self.rows), _in_words("columns", self.columns)]
        return " and ".join(word for word in words if word)

    def laid(self, saliency, shape):
        """A map `(h, w)` as one `(H, W)` of the picture, float64.

        Enlarged bilinearly, reduced by averaging, as `resizing.at_size` does for the whole picture.
        Where the network sees nothing stands the smallest value that it gives to what it sees.
        """
        if self.whole:
            return at_size(saliency, shape)
        saliency = np.asarray(saliency, np.float64)
        rows, seen_rows = _weights(saliency.shape[0], self.rows, shape[0])
        columns, seen_columns = _weights(saliency.shape[1], self.columns, shape[1])
        laid = rows @ saliency @ columns.T
        seen = np.outer(seen_rows, seen_columns)
        if seen.any():
            laid[~seen] = laid[seen].min()
        else:
            laid[:] = saliency.min()
        return laid


WHOLE = Place()


def _covered(span):
    low, high = sorted(span)
    return max(0.0, min(1.0, high) - max(0.0, low))


def _in_words(axis, span):
    low, high = sorted(span)
    flipped = ", flipped" if span[0] > span[1] else ""
    if (low, high) == (0, 1):
        return f"{axis} flipped" if flipped else ""
    return f"{axis} from {100 * low:.1f} % to {100 * high:.1f} %{flipped}"


def _weights(cells, span, pixels):
    """What each pixel takes of each cell, `(pixels, cells)`; and whether it lies on the map."""
    low, high = (pixels * end for end in sorted(span))
    step = (high - low) / cells
    centres = np.arange(pixels) + 0.5
    if step >= 1:
        made = _interpolation((centres - low) / step - 0.5, cells)
    else:
        edges = (np.arange(pixels + 1) - low) / step
        made = _averages(edges, cells)
    return (made if span[0] <= span[1] else made[:, ::-1]), (centres > low) & (centres < high)


def _interpolation(at, cells):
    """Linear weights of the cells around the positions `at`; beyond its ends the map goes on."""
    at = np.clip(at, 0, cells - 1)
    left = np.minimum(at.astype(int), max(cells - 2, 0))
    made = np.zeros((len(at), cells))
    pixel = np.arange(len(at))
    made[pixel, left] = 1 - (at - left)
    made[pixel, np.minimum(left + 1, cells - 1)] += at - left
    return made


def _averages(edges, cells):
    """The share of each cell in each of the intervals between `edges`, which are wider than it."""
    inside = np.clip(edges, 0, cells)
    overlap = np.minimum(inside[1:, None], np.arange(1, cells + 1))
    overlap = overlap - np.maximum(inside[:-1, None], np.arange(cells))
    overlap = np.maximum(overlap, 0)
    total = overlap.sum(axis=1, keepdims=True)
    return np.divide(overlap, total, out=np.zeros_like(overlap), where=total > 0)
