"""Which tensors of a network are maps of the picture, and these as features of their grid.

A tensor is a map where its first axis is that of the images, two others follow the height and width
of the picture, and its positions keep their order. That is tried, not guessed from its rank.
"""

from __future__ import annotations

from collections import Counter

import tensorflow as tf

from keras_attn.errors import InputError
from keras_attn.networks.maps import layouts, probing, spans
from keras_attn.networks.maps.choice import as_names, chosen_layers, named_layers

CLOSER_LOOKS = 3
"""At tensors that see a small part of the picture, of which less is left each time."""
TRIED = 2
"""How many pictures tensors are tried with; what has another first axis is no map of each."""


def to_numpy(tensor):
    """A tensor as a float32 array."""
    return tf.cast(tensor, tf.float32).numpy()


def on_grid(layout, values, what):
    """A tensor of a `layouts.Layout` as features `(n, h, w, C)`; what: its name, for an error."""
    rank = len(values.shape)
    if layout.tokens:
        leading, height, width = layout.tokens
        if rank != 3 or values.shape[1] < leading + height * width:
            raise InputError(what, f"tokens of {height}×{width} patches", tuple(values.shape))
        patches = values[:, leading : leading + height * width]
        return tf.reshape(patches, (-1, height, width, values.shape[2]))
    values = values[..., None] if rank == 3 else values
    (channels,) = {1, 2, 3} - {*layout.axes}
    order = (0, *layout.axes, channels)
    return values if order == (0, 1, 2, 3) else tf.transpose(values, order)


class Laid:
    """What is told of maps, by the layouts of their layers, to those who score them.

    layouts: a `layouts.Layout` by layer. expectation: what has to be known of the input of the
    network, or "".
    """

    @property
    def places(self):
        """A `Place` by layer."""
        return {layer: layout.place for layer, layout in self.layouts.items()}

    def note_on(self, layer):
        """What a reader of the rows of a layer has to know: sentences, or ""."""
        said = [self.expectation] if self.expectation else []
        return " ".join(said + (self.layouts[layer].sentences() if layer in self.layouts else []))


class Tensors:
    """The tensors of a network that may be maps.

    shapes: those for TRIED pictures by name, in the order of execution, None where it is no tensor.
    size: (H, W) of the pictures. known: by name, whether its layer is known to make maps of an
    image. first: names that come first in tables: of whole networks within the network. unusual:
    names of what is not shown unless it is asked for. answers: a function of names that returns a
    function of pictures `(n, H, W, 3)`, which returns these tensors by name, float32 arrays; of
    the name INPUT too, the pictures as the network gets them.
    """

    def __init__(self, shapes, size, known, first, unusual, answers):
        self.size, self.known, self.answers = size, known, answers
        self.reasons, guesses = {}, {}
        for name, shape in shapes.items():
            guess = self._guess(shape)
            if isinstance(guess, str):
                self.reasons[name] = guess
            else:
                guesses[name] = guess
        self.order = [*guesses]
        self.guesses = {name: guesses[name] for name in first if name in guesses} | guesses
        self.unusual = unusual
        self.fits, self.found, self.looked_at = {}, {}, Counter()

    def chosen(self, names, needs=(), optional=False):
        """Layouts by name of the tensors that are audited and of `needs`; and the former's names.

        names: as for `choice.chosen_layers`. optional: whether there may be none at all.
        """
        usual = {name: s for name, s in self.guesses.items() if names or name not in self.unusual}
        while True:
            self._check_named(names)
            none = optional and not usual
            chosen = [] if none else chosen_layers(names, usual, self.reasons)
            found = self.layouts([*needs, *chosen])
            wrong = {name: told for name, told in found.items() if isinstance(told, str)}
            if not wrong:
                return found, chosen
            for name in wrong:
                if name in needs or names:
                    raise InputError(f"layer {name!r}", "a map of the picture", wrong[name])
            usual = self._without(usual, wrong)

    def _without(self, usual, wrong):
        """The usual tensors without those that are wrong, and others of their shapes that are.

        In the place of those that follow the picture clearly none is worth a closer look.
        """
        shapes = {self.guesses[name] for name in wrong}
        others = [name for name in usual if self.guesses[name] in shapes]
        new = [name for name in others if name not in self.fits]
        if new:
            self._look(new, None, (probing.SEEDS,))
        self._refuse_unknown_grids(others)
        self.reasons |= wrong | {n: self.fits[n] for n in others if isinstance(self.fits[n], str)}
        return {name: shape for name, shape in usual.items() if name not in self.reasons}

    def _check_named(self, names):
        """Say why a tensor that is asked for is no map, if that is known."""
        for name in as_names(names):
            refused = named_layers(name, self.reasons)
            if len(refused) == 1 and not named_layers(name, self.guesses):
                path = refused[0]
                raise InputError(f"layer {path!r}", "a map of the picture", self.reasons[path])

    def _guess(self, shape):
        """A shape `(n, h, w, C)` of a tensor as it is likely to lie, or why it is no map."""
        if shape is None or len(shape) not in (3, 4):
            return "no tensor (batch, H, W, C) or (batch, tokens, C)"
        if shape[0] != TRIED:
            return f"a tensor of {shape[0]} rows for {TRIED} images: {tuple(shape)}"
        if len(shape) == 3:
            grids = layouts.grids(shape[1], self.size)
            if grids:
                return (shape[0], *grids[0][1:], shape[2])
            shape = (*shape, 1)
        last, first = (layouts.alike(sides, self.size) for sides in (shape[1:3], shape[2:]))
        channels_first = first and not last
        channels_first = channels_first or min(shape[1:3]) < 2 <= min(shape[2:])
        height, width, channels = (
            (shape[2], shape[3], shape[1]) if channels_first else tuple(shape[1:])
        )
        if min(height, width) < 2:
            return f"a tensor without height and width: {tuple(shape)}"
        return (shape[0], height, width, channels)

    def layouts(self, names):
        """`Layout`s by name, or sentences that say why a tensor is no map."""
        no_maps = {name: self.reasons[name] for name in names if name in self.reasons}
        names = list(dict.fromkeys(name for name in names if name not in no_maps))
        self._try([name for name in names if name not in self.fits])
        placed, unsure = self._placed()
        # What was never asked for has no need to be right.
        unsure = [name for name in unsure if name in names]
        if unsure:
            references = [n for n in self._references() if n in self._with_grids(unsure)]
            self._look_closer_while_unclear(references)
            self._look_closer([*unsure, *references], once=True)
            placed, unsure = self._placed()
        refused = [name for name in names if name in unsure and isinstance(placed[name], str)]
        if refused:
            self._look_closer(refused)
            placed, _ = self._placed()
        return no_maps | {name: placed.get(name, self.fits[name]) for name in names}

    def _with_grids(self, names):
        """All tensors that have the height and width of one of these."""
        grids = {self.guesses[name][1:3] for name in names if name in self.guesses}
        return {name for name, shape in self.guesses.items() if shape[1:3] in grids}

    def _placed(self):
        """Layouts of all fits, in the order of execution; and names of what lies where none did."""
        order = sorted(self.fits, key=self._place)
        fits = {name: self.fits[name] for name in order if not isinstance(self.fits[name], str)}
        return spans.placed(fits, self.size)

    def _place(self, name):
        return self.order.index(name) if name in self.order else -1

    def _references(self):
        """The first tensor of each resolution: what lies where shows best there."""
        first = {}
        for name in self.order:
            first.setdefault(self.guesses[name][1:3], name)
        return [*first.values()]

    def _try(self, names):
        """Fill in the fits of these tensors; those that are unclear get a closer look."""
        new = list(dict.fromkeys([*names, *self._references()]))
        new = [name for name in new if name not in self.fits]
        if new:
            self._look(new, None, (probing.SEEDS,))
        self._look_closer_while_unclear(names)
        self._refuse_unknown_grids(names)

    def _refuse_unknown_grids(self, names):
        """Tokens that answer to all of the picture alike are on a grid that others are on."""
        sure = {fit.grid for fit in self.fits.values() if layouts.sure(fit)}
        for name in names:
            fit = self.fits[name]
            doubtful = not isinstance(fit, str) and not layouts.sure(fit)
            if doubtful and fit.layout.tokens and fit.grid not in sure:
                self.fits[name] = layouts.NO_MAP

    def _look_closer_while_unclear(self, names):
        for _ in range(CLOSER_LOOKS):
            unclear = [name for name in names if layouts.unclear(self.fits[name])]
            self._look_closer([name for name in unclear if self._worth_it(name)])

    def _worth_it(self, name):
        """Whether a closer look may show more than the one before."""
        closer = probing.closer(self.found[name], self.size)
        return (
            closer is not None
            or not self.looked_at[name, closer]
            or self.fits[name] == layouts.NO_MAP
        )

    def _look_closer(self, names, once=False):
        """The same with more textures, and edges in what the tensors see.

        At the same part a tensor is looked at twice, if not once; the second time with others.
        """
        spans = {}
        for name in names:
            span = probing.closer(self.found[name], self.size)
            times = self.looked_at[name, span]
            if times < (1 if once else len(probing.MORE_SEEDS)):
                self.looked_at[name, span] += 1
                spans.setdefault((span, probing.MORE_SEEDS[times]), []).append(name)
        for (span, seeds), seen in spans.items():
            self._look(seen, span, seeds)

    def _look(self, names, span, seeds):
        found = probing.answers(self.answers(names), self.size, span, seeds)
        self.found |= found
        for name, answers in found.items():
            self.fits[name] = layouts.layout_of(answers, self.size, self.known.get(name, False))
