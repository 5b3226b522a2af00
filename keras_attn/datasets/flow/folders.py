"""Flow that was extracted, read again: the folder of a video among others, and what is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from keras_attn.datasets.readers.image_files import read_image
from keras_attn.errors import InputError, listing

NUMBERED = re.compile(r"(img?|flow_x|flow_y)_(\d+)\.(?i:jpg|jpeg|png)")


class FlowFolder:
    """Images and flow of one video on disk, read as far as they are asked for; see `files.extract`.

    folder: with the files of either naming. images: the folder of the images, if it is another, as
    the original tool has it. `len()` is the number of pairs. Raises `InputError` where there are
    no pairs, where images and flow are not of the same number, and where a number is missing or
    there twice.
    """

    def __init__(self, folder, images=None):
        self.folder = Path(folder).expanduser()
        self.images = None if images is None else Path(images).expanduser()
        flow = _numbered(self.folder)
        pictures = flow if images is None else _numbered(self.images)
        self._paths = {"images": pictures["im"]}
        self._paths.update({"flow_x": flow["flow_x"], "flow_y": flow["flow_y"]})
        counts = {len(paths) for paths in self._paths.values()}
        if len(counts) > 1 or 0 in counts:
            received = ", ".join(f"{len(paths)} {name}" for name, paths in self._paths.items())
            raise InputError(self.folder, "an image, flow_x and flow_y for each pair", received)
        for name, paths in self._paths.items():
            missing = sorted(set(range(1, len(paths) + 1)) - paths.keys())
            if missing:
                expected = f"{name} numbered from 1 to {len(paths)}"
                raise InputError(self.folder, expected, f"none for {listing(missing, 5)}")

    def __len__(self):
        return len(self._paths["images"])

    def frames(self, start=0, stop=None):
        """Images `start` to `stop`, counted from 0: uint8 RGB `(n, H, W, 3)`."""
        return self._stacked("images", start, stop)

    def flow(self, start=0, stop=None):
        """Codes of the flow to these images, x and y: uint8 `(n, H, W, 2)`; see `flow.decode`."""
        both = [self._stacked(name, start, stop)[..., 0] for name in ("flow_x", "flow_y")]
        if both[0].shape != both[1].shape:
            shapes = [some.shape[1:] for some in both]
            raise InputError(self.folder, "flow_x and flow_y of one size", shapes)
        return np.stack(both, axis=-1)

    def _stacked(self, name, start, stop):
        chosen = range(len(self))[start:stop]
        if not chosen:
            raise InputError("start, stop", f"at least one of {len(self)} pairs", (start, stop))
        pictures = [read_image(self._paths[name][place + 1]) for place in chosen]
        shapes = {picture.shape for picture in pictures}
        if len(shapes) > 1:
            raise InputError(self.folder, f"{name} of one size", listing(sorted(shapes)))
        return np.stack(pictures)


def find_flow(
    names: Sequence[str], flow_root: str | Path | None, image_root: str | Path | None = None
) -> FlowFolder | None:
    """The extracted flow of a video, in a folder of its name.

    What bears the name may also hold the folder, if it holds no other: a file that lies in a
    folder of its own gets one of its own below that, see `frames.find`.

    Args:
        names: what the video may be called there.
        flow_root: the folder of all flow, as `files.extract` fills it, or None.
        image_root: where the images are, under the same names, if not beside the flow.

    Returns:
        A `FlowFolder`; None without a `flow_root`.

    Raises:
        InputError: There is no folder of these names, or files are missing in it.

    Example:

    >>> from pathlib import Path
    >>> from keras_attn.datasets.readers import find_flow
    >>> Path("flow/dive").mkdir(parents=True)
    >>> for kind in ("im", "flow_x", "flow_y"):
    ...     Path(f"flow/dive/{kind}_0001.jpg").touch()
    >>> len(find_flow(["dive.avi", "dive"], "flow")), find_flow(["dive"], None)
    (1, None)
    """
    if flow_root is None:
        return None
    roots = [flow_root] if image_root is None else [flow_root, image_root]
    return FlowFolder(*(_find_folder(Path(root).expanduser(), names) for root in roots))


def _find_folder(root, names):
    for folder in (root / name for name in names):
        if folder.is_dir():
            inner = [path for path in folder.iterdir() if path.name[0] != "."]
            return inner[0] if len(inner) == 1 and inner[0].is_dir() else folder
    raise InputError(root, f"the extracted folder {' or '.join(names)}", "no such folder")


def _numbered(folder):
    """Paths by number, of each kind of file."""
    if not folder.is_dir():
        raise InputError(folder, "a folder of images and flow", "no such folder")
    found = {kind: {} for kind in ("im", "flow_x", "flow_y")}
    for path in folder.iterdir():
        match = NUMBERED.fullmatch(path.name)
        if match:
            kind = found[match[1].removesuffix("g")]
            other = kind.setdefault(int(match[2]), path)
            if other is not path:
                raise InputError(folder, "one file of each number", f"{other.name}, {path.name}")
    return found
