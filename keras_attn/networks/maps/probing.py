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

from dataclasses import dataclass, field

import cv2
import numpy as np

from keras_attn.networks.maps.steps import EDGES, Edges, Steps

SEEDS = (1, 2)
MORE_SEEDS = (((3, 4), (5, 6), (7, 8)), tuple((seed, seed + 1) for seed in range(9, 17, 2)))
"""Of the textures; the latter for tensors whose answers to the first are unclear, and if they are
then."""
CONTRAST, GROWTH, GREY = (128, 256), (1, 2), 0.7
"""Deviation of the textures in grey levels, and of each scale from the one four times finer, of
the others and of the last ones; the share of grey in their variance. A layer may answer to what is
large and bright alone, as a unit with a threshold of 240 does."""
MANY = 0.1
"""Share of cells that answer to nothing from which on what a tensor sees is not known."""


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
        np.maximum(root, np.finfo(root.dtype).tiny, out=root)
        for kept, apart in ((self.to_a, to_a), (self.to_b, to_b)):
            apart /= root
            for axis, sums in enumerate(_sums(apart)):
                so_far = kept.setdefault((side, axis), np.zeros((len(EDGES), len(sums))))
                so_far[edge] += sums

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


def _sums(values):
    """The sums along each axis over all others, for arrays of two or three axes."""
    if values.ndim == 2:
        return values.sum(axis=1), values.sum(axis=0)
    rows = values.sum(axis=2)
    return rows.sum(axis=1), rows.sum(axis=0), values.sum(axis=(0, 1))


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
