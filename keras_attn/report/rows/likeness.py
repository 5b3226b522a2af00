"""How alike the maps of a network's examples are: of each with the others, and of resamples.

Reads no file and knows no table.
"""

from dataclasses import dataclass, replace

import numpy as np

from keras_attn.metrics.dispersion import with_others
from keras_attn.statistics import resamples


@dataclass(frozen=True, eq=False)
class Likeness:
    """The maps of examples as several trained networks, of each fold and seed, have made them.

    vectors: float32 `(rows, d)`, each of mean 0 and length 1, or zeros. example: of each row the
    place of its example, from 0 to count − 1. network: of each row a number. Only maps of one
    network are compared: another may have its own habits.
    """

    vectors: np.ndarray
    example: np.ndarray
    network: np.ndarray
    count: int

    def among(self, places):
        """The likeness of some of the examples, at their new places; −1 is an unknown one."""
        places = np.asarray(places, np.intp)
        new = np.full(self.count, -1)
        there = places >= 0
        new[places[there]] = np.flatnonzero(there)
        moved = new[self.example]
        kept = moved >= 0
        return replace(
            self,
            vectors=self.vectors[kept],
            example=moved[kept],
            network=self.network[kept],
            count=len(places),
        )

    def values(self):
        """Of each example the mean CC with the others, and of how many networks it is the mean.

        NaN and 0 where no network has a map of it and of another one.
        """
        sums, counts = np.zeros(self.count), np.zeros(self.count, int)
        for own in self._networks():
            if len(own) > 1:
                sums[self.example[own]] += with_others(self.vectors[own])
                counts[self.example[own]] += 1
        return np.divide(sums, counts, out=np.full(self.count, np.nan), where=counts > 0), counts

    def resampled(self, places, codes=None):
        """The mean CC of pairs of different examples in each bootstrap resample of all of them.

        places: of the examples that are compared; the others are drawn as well. codes: of groups
        that are drawn as a whole, as `statistics.resamples` takes them. An example that is drawn
        twice is not compared with itself; those of a group are, once for each time it is drawn.
        Each network counts as the examples drawn that it has made maps of. NaN where none has two.
        """
        groups = np.arange(self.count) if codes is None else codes
        inside = np.isin(self.example, places)
        found = [
            _Groups.of(self.vectors[own], groups[self.example[own]])
            for own in self._networks(inside)
        ]
        made = []
        for drawn in resamples(int(groups.max(initial=-1)) + 1):
            sums, weights = np.zeros(len(drawn)), np.zeros(len(drawn))
            for one in found:
                value, size = one.mean_of_pairs(drawn)
                there = ~np.isnan(value)
                sums[there] += (value * size)[there]
                weights[there] += size[there]
            made.append(
                np.divide(sums, weights, out=np.full(len(drawn), np.nan), where=weights > 0)
            )
        return np.concatenate(made)

    def _networks(self, inside=None):
        """Rows of each network."""
        there = np.ones(len(self.network), bool) if inside is None else inside
        for network in np.unique(self.network[there]):
            yield np.flatnonzero(there & (self.network == network))


@dataclass(frozen=True, eq=False)
class _Groups:
    """Vectors summed over each group. places: of the groups. apart: sums of squares of lengths."""

    places: np.ndarray
    sums: np.ndarray
    apart: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, vectors, groups):
        places, own = np.unique(groups, return_inverse=True)
        sums = np.zeros((len(places), vectors.shape[1]), np.float32)
        np.add.at(sums, own, vectors)
        squares = np.einsum("nd,nd->n", vectors, vectors)
        apart = np.bincount(own, squares, minlength=len(places))
        return cls(places, sums, apart, np.bincount(own, minlength=len(places)))

    def mean_of_pairs(self, drawn):
        """Mean product of pairs of different vectors, and how many vectors are drawn.

        drawn: `(resamples, groups)`, how often each is. Pairs of two groups count as often as both
        are drawn together, those within one as often as it is drawn.
        """
        times = drawn[:, self.places]
        total = times @ self.sums
        together = np.einsum("gd,gd->g", self.sums, self.sums).astype(np.float64)
        squared = times.astype(np.float64) ** 2
        products = np.einsum("rd,rd->r", total, total, dtype=np.float64)
        products += times @ (together - self.apart) - squared @ together
        size = times @ self.sizes
        pairs = size**2 + times @ (self.sizes**2 - self.sizes) - squared @ self.sizes**2
        value = np.divide(products, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
        return value, size


def likeness_of(rows, maps):
    """The `Likeness` of the rows of a group.

    rows: a DataFrame with id, fold and seed. maps: `(rows, d)`, NaN in rows without a map and in
    the columns that the group does not have.
    """
    ids, example = np.unique(rows["id"].to_numpy(str), return_inverse=True)
    there = ~np.isnan(maps).all(axis=1)
    fold = rows["fold"].to_numpy(np.float64) if "fold" in rows else np.zeros(len(rows))
    names = np.column_stack([fold, rows["seed"].to_numpy(np.float64)])
    _, network = np.unique(np.nan_to_num(names, nan=-1.0), axis=0, return_inverse=True)
    vectors = np.nan_to_num(maps[there]).astype(np.float32)
    return Likeness(vectors, example[there], network.ravel()[there], len(ids))
