"""Maps from a function on images, such as a network of another framework.

It returns maps; or class scores, which kinds of maps then explain. Loads no TensorFlow for maps.
"""

from keras_attn.audits.returned import as_maps
from keras_attn.errors import InputError
from keras_attn.resizing import resized, size_of


class FunctionMaps:
    """Maps from a function of float32 RGB images `(n, H, W, 3)` in [0, 255].

    It returns `(n, h, w)` or `(n, h, w, 1)`, or a dict of such by name; with `kinds`, class scores
    `(n, classes)`. size: what the images are resized to; without it they keep their size, and only
    images of one size share a call. kinds, explain: as for `KerasMaps`; kinds that need the scores
    alone.
    """

    def __init__(self, function, size=None, kinds=None, explain=None):
        self.function, self.size = function, None if size is None else size_of(size)
        self.name = getattr(function, "__name__", type(function).__name__)
        self.explained = self._explained(kinds, explain) if kinds else None

    def _explained(self, kinds, explain):
        from keras_attn.audits import black_box
        from keras_attn.audits.kinds import chosen

        box = black_box.BlackBox(f"what {self.name} returned", self._returned)
        return black_box.Explained(box, chosen(kinds), explain)

    @property
    def decided(self):
        """What is asked for the scores of changed pictures, None where no decision is explained."""
        return self.explained.decided(self.size, self) if self.explained else None

    def describe(self):
        """What is called, and on what."""
        given = "their own size" if self.size is None else f"{self.size[0]}×{self.size[1]}"
        explained = self.explained.told if self.explained else ""
        return f"function {self.name} on images of {given}{explained}"

    def __call__(self, images, examples):
        """Call the function once per image size, and put the maps back in order."""
        shapes = [self.size or image.shape[:2] for image in images]
        maps = {}
        for shape in dict.fromkeys(shapes):
            at = [i for i, other in enumerate(shapes) if other == shape]
            batch = resized([images[i] for i in at], shape)
            its = [examples[i] for i in at] if examples else None
            for key, values in self._maps_of(batch, its).items():
                for i, saliency in zip(at, values, strict=True):
                    maps.setdefault(key, [None] * len(images))[i] = saliency
        return maps

    def _maps_of(self, batch, examples):
        if self.explained:
            return self.explained.maps(batch, examples)
        returned = self._returned(batch)
        named = returned if isinstance(returned, dict) else {"": returned}
        what = f"what {self.name} returned"
        return {
            (name, "map"): as_maps(values, len(batch), f"{what} as {name!r}" if name else what)
            for name, values in named.items()
        }

    def _returned(self, batch):
        try:
            return self.function(batch)
        except Exception as error:  # whatever a function of the user's raises
            expected = f"a function of float32 RGB images (n, H, W, 3), here {batch.shape}"
            received = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            raise InputError(f"function {self.name}", expected, received) from error
