"""Which dataset a folder looks like, for those who name another one than it is."""

from pathlib import Path

from keras_attn.errors import InputError, listing

PARTS = {
    "dut_omron": ("DUT-OMRON-image",),
    "pascal_s": ("datasets/imgs/pascal",),
    "cub_vwsw": ("attributes/images-dirs.txt",),
    "cub_gha": ("train_test_split.txt", "CUB_200_2011/train_test_split.txt"),
    "mit1003": ("ALLSTIMULI",),
    "cat2000": ("FIXATIONLOCS", "trainSet/FIXATIONLOCS"),
    "salicon": ("fixations/train", "fixations/val"),
    "osie": ("eye/fixations.mat", "data/eye/fixations.mat"),
    "hollywood2": ("AVIClips",),
    "folder": ("images",),
    "video_folder": ("videos",),
}
"""By the name of its reader, what lies in the folder of a dataset: one of these."""
BESIDE = ("fixations.csv", "masks", "classes.csv")
"""What lies beside the images or videos of a folder of anybody's own."""


def found(root):
    """`{name: parts}` of the datasets that a folder may be, by what lies in it."""
    root = Path(root).expanduser()
    there = {name: [p for p in parts if (root / p).exists()] for name, parts in PARTS.items()}
    beside = [name for name in BESIDE if (root / name).exists()]
    for name in ("folder", "video_folder"):
        there[name] = [*there[name], *beside] if there[name] and beside else []
    return {name: parts for name, parts in there.items() if parts}


def explained(error, name, root):
    """The `InputError` of a reader that failed, or a better one where its folder is another's."""
    there = found(root)
    if not there or name in there:
        return error
    other, parts = next(iter(there.items()))
    received = (
        f"one with {listing(parts)}, as {other} has; say --data.name {other} (--data-name in an "
        f"audit), or in Python datasets.{other}"
    )
    return InputError(root, f"a folder of {name}", received)
