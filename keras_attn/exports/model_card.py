"""The page that goes with an exported network: what it is, what it returns, how far to trust it."""

from dataclasses import dataclass
from pathlib import Path

import jinja2

from keras_attn.datasets import origin
from keras_attn.report.naming import BACKBONES, dataset_title
from keras_attn.report.numbers import decimals
from keras_attn.report.rows import results
from keras_attn.report.tables import sheets
from keras_attn.runs import known_data

DIGITS = 3
TITLES = {
    "salient_object": "Salient object segmentation",
    "action": "Action recognition",
    "fine_grained": "Fine-grained classification",
}
INPUTS = {
    "image": "RGB in [0, 255], as image files decode; any size. Resizing and all other "
    "preprocessing is inside",
    "frames": "RGB in [0, 255], a clip of consecutive frames of this size",
    "flow": "horizontal and vertical optical flow of the same frames in the 8-bit code, where 128 "
    "is no motion",
    "gaze": "density of human fixations on the same image or frames, 0 or more, at any size; all 0 "
    "where there is none",
}
OUTPUTS = {
    "saliency": "how salient each pixel is, 0 to 1",
    "logits": "class scores before softmax",
    "probabilities": "their softmax, which sums to 1; of sigmoids, each class on its own",
    "classes": "the name of the likeliest class",
}
ATTENTION = {
    "none": "0 or more, in no fixed unit",
    "softmax": "0 to 1, summing to 1 over the positions of the network's own grid",
    "sigmoid": "0 to 1",
    "max": "0 to 1, the largest value 1 on the network's own grid",
}
"""What attention is, by the normalisation of its mechanism."""
EXAMPLES = {
    "image": (
        'file = tf.io.read_file("photo.jpg")',
        "image = tf.io.decode_image(file, channels=3, expand_animations=False)[None]",
    ),
    "frames": ("frames = tf.zeros({shape}, tf.uint8)  # yours",),
    "flow": ("flow = tf.fill({shape}, 128.0)  # yours",),
    "gaze": ("gaze = tf.zeros({shape})  # somebody's, on this picture",),
}
"""Lines of Python that make each input."""
PEOPLE = (
    "It cannot run without a person: its attention is the gaze that it is given. Without fixations "
    "it sees the whole picture, which is not what it was trained for."
)
DRAWN = "Drawn data, in training or evaluation, say nothing about people."
SIZES = (
    "Images are resized to {size} bilinearly without antialiasing, as in training, but not rounded "
    "to whole grey levels; maps are resized to the image in the same way."
)
UPRIGHT = (
    "Pictures were read upright, as EXIF says; `tf.io.decode_image` reads them as they are stored."
)
ATTENDS = "Attention says where the network weighs its features, not why it decides."
AGREES = "How far it agrees with people is measured above, on that data alone."
NOT_SCORED = "None: this network was exported without an evaluation beside its weights."
OTHER_FORMAT = (
    "None: those beside its weights are of an earlier version of the package ({other}), in which "
    "some of them mean something else. `keras-attn evaluate` scores it anew."
)
UNMEASURED = "How far it agrees with people has not been measured here."


@dataclass(frozen=True)
class Row:
    """An input or output: its name, its type and shape in words, and what it is."""

    name: str
    type: str
    shape: str
    what: str


@dataclass(frozen=True)
class About:
    """What a card is made from.

    task: its name. who: backbone, fusion, attention and seed, as in the rows of an evaluation.
    inputs, outputs: types and shapes, `(dtype, shape)` by name. size: (H, W) that images are
    resized to, or None. normalise: how attention is normalised, or None without. data: what the
    run says of its training data, or None. scored: the run folder with the scores, or None.
    classes: how many have names. formats: names of further files. versions: by package.
    """

    task: str
    who: dict
    inputs: dict
    outputs: dict
    size: tuple | None
    normalise: str | None
    data: dict | None
    scored: Path | None
    classes: int
    formats: tuple
    versions: dict


def text(about):
    """The card as Markdown."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("keras_attn", "exports"),
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    scored_on, scores = _scores(about.scored)
    return environment.get_template("model_card.md.j2").render(
        title=TITLES[about.task],
        what=_what(about),
        example=_example(about.inputs),
        inputs=[_input(name, *spec) for name, spec in about.inputs.items()],
        outputs=[_output(name, *spec, about.normalise) for name, spec in about.outputs.items()],
        trained_on=_trained_on(about.data),
        scored_on=scored_on,
        scores=scores,
        limits=_limits(about, scores),
        classes=about.classes,
        formats=about.formats,
        versions=", ".join(f"{name} {version}" for name, version in about.versions.items()),
    )


def _what(about):
    """The network in a sentence."""
    who = about.who
    trunk = BACKBONES.get(who["backbone"], who["backbone"])
    parts = [trunk, f"attention `{who['attention']}`"]
    if who["fusion"]:
        parts.insert(1, f"fusion `{who['fusion']}`")
    if who["seed"] == who["seed"]:  # NaN for a model from elsewhere
        parts.append(f"seed {who['seed']:g}")
    return f"{', '.join(parts)}."


def _example(inputs):
    lines = []
    for name, (_, shape) in inputs.items():
        side = 64 if name == "gaze" else None
        whole = (1, *(side if length is None else length for length in shape[1:]))
        lines += [line.format(shape=whole) for line in EXAMPLES[name]]
    return [*lines, f"outputs = network.serve({', '.join(inputs)})"]


def _input(name, dtype, shape):
    kinds = dtype if name == "gaze" else "uint8 or float32"
    return Row(name, kinds, _shape(name, shape), INPUTS[name])


def _output(name, dtype, shape, normalise):
    if name in OUTPUTS:
        return Row(name, dtype, _shape(name, shape), OUTPUTS[name])
    what = f"where the network looks: {ATTENTION[normalise]}" if normalise else "attention"
    return Row(name, dtype, _shape(name, shape), what)


def _shape(name, shape):
    sides = ("h", "w") if name == "gaze" else ("H", "W")
    free = iter(("batch", *sides))
    return f"({', '.join(next(free) if n is None else str(n) for n in shape)})"


def _trained_on(data):
    if data is None:
        return ["Not known: the network was exported from memory or made elsewhere."]
    title = dataset_title(origin.label(data["name"], known_data.is_drawn(data)))
    lines = [f"{title}: {data['examples']} examples"]
    lines.append(f"Fingerprint of the data: `{data['fingerprint']}`")
    return lines + ([data["note"]] if data.get("note") else [])


def _scores(folder):
    """On what it was scored, and a dict of cells per score; or why there is none, and ()."""
    if folder is None:
        return NOT_SCORED, ()
    if other := results.other_format(folder):
        return OTHER_FORMAT.format(other=other), ()
    found = results.read(folder)
    dataset, count = found.rows["dataset"].iloc[0], len(found.rows)
    notes = [note for sentences in found.notes.values() for note in sentences]
    on = f"On {count} examples of {dataset_title(dataset)} that were scored after training."
    cells = sheets.summary(found.rows, found.arrays).to_dict("records")
    numbers = ("value", "low", "high")
    rows = [row | {name: decimals(row[name], DIGITS) for name in numbers} for row in cells]
    return " ".join([on, *notes]), rows


def _limits(about, scored):
    found = [PEOPLE] if "gaze" in about.inputs else []
    found += [UPRIGHT] * ("image" in about.inputs)
    if about.size is not None:
        found.append(SIZES.format(size=f"{about.size[0]}×{about.size[1]}"))
    if any(name.startswith("attention") for name in about.outputs):
        found.append(f"{ATTENDS} {AGREES if scored else UNMEASURED}")
    return [*found, DRAWN]
