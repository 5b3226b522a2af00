"""What a network sees in pictures and videos, written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_attn import gaze_format
from keras_attn.api import arguments
from keras_attn.api.arguments import Preprocess, Size

if TYPE_CHECKING:
    from keras_attn.prediction.result import Predictions


def predict(
    model: Any,
    source: str | Path,
    *,
    out: str | Path,
    gaze: str | Path | None = None,
    raw: bool = False,
    size: Size = None,
    preprocess: Preprocess = None,
    weights: str | Path | None = None,
    output: str | int | None = None,
    on_bad_example: str = "raise",
    overwrite: bool = False,
    progress: bool = True,
    **form: Any,
) -> Predictions:
    """Let a network look at images or videos, and write what it makes of them.

    Everything is computed as in `evaluate`, and written whole or not at all: for an image
    `<name>_saliency.png` of networks that segment, and `<name>_overlay.png`, the last attention, of
    networks that attend; for a video `<name>_overlay.gif`; and predictions.csv of networks that
    tell classes.

    Args:
        model: as for `evaluate`.
        source: an image file or a folder of images; for networks of clips a video file, a folder of
            frames, or a folder of those. Flow is estimated as that which the network learnt from.
        out: the folder to write to.
        gaze: a CSV file of fixations on the images as `datasets.folder` reads it, for networks that
            take gaze.
        raw: write `<name>.npz` too, with every map in float32. Of a video `attention` has a map for
            each of the frames `numbers`, counted from 0, of the crop that the network sees:
            `place` is its left, top, width and height in the video's pixels.
        size: as for `evaluate`.
        preprocess: as for `evaluate`.
        weights: as for `evaluate`.
        output: as for `evaluate`.
        on_bad_example: "raise", or "skip" to leave out and list what cannot be read.
        overwrite: replace earlier predictions in `out`.
        progress: show a bar.
        form: fields of `GazeFormat` for the file of fixations, such as screen=(1920, 1080),
            separator=";".

    Returns:
        `Predictions`; its `.rows` are those of predictions.csv, its `.files` the names of all
        files.

    Raises:
        InputError: The model, a picture, a video or the gaze cannot be used; then nothing is
            written.

    Example:

    >>> import keras, keras_attn as ka
    >>> data = ka.datasets.miniature("dut_omron", images=2, shape=(32, 40), root="scenes")
    >>> image = keras.Input((32, 40, 3))
    >>> saliency = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(image)
    >>> model = keras.Model(image, saliency)
    >>> ka.predict(model, data[0].image, out="seen", progress=False)
    Predictions(1 files in 'seen')
    """
    from keras_attn.prediction import images, result, videos

    gaze_form = gaze_format.GazeFormat(**form)
    images.check_form(gaze_form, gaze)
    settings: dict[str, Any] = {"size": size, "preprocess": preprocess, "output": output}
    network = arguments.network(model, "predict", weights=weights, **settings)
    gaze = None if gaze is None else Path(gaze).expanduser()
    out = Path(out).expanduser()
    options = result.Options(out, gaze, raw, on_bad_example, overwrite, progress, gaze_form)
    scorer, notes = network.scorer()
    make = videos.of_videos if network.of_clips else images.of_images
    found = make(network.model, scorer, source, options)
    return replace(found, notes=(*notes, *found.notes))
