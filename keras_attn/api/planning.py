"""How large the next study has to be, from the scores of the last one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from keras_attn.errors import InputError
from keras_attn.report.audit import STUDY_IMAGES, STUDY_VIEWERS
from keras_attn.report.audit.result import AuditResult

if TYPE_CHECKING:
    from keras_attn.report.audit.power import Power


def power(
    source: AuditResult | str | Path,
    maps: Sequence[str] | None = None,
    *,
    metric: str = "s_auc",
    condition: str | None = None,
    images: Sequence[int] = STUDY_IMAGES,
    viewers: Sequence[int] = STUDY_VIEWERS,
    power: float = 0.8,
    out: str | Path | None = None,
    overwrite: bool = False,
) -> Power:
    """How many images and viewers tell two maps apart, from the paired differences at hand.

    Args:
        source: what `audit` returned; or the folder that an audit was written to, or its
            examples.csv.
        maps: the names of two maps as the audit's table prints them, such as "VGG16 · block4_conv3
            · activation", "centre" or "uniform". Default: the best of the models' by the metric,
            and the next best.
        metric: key of the metric. Of s_auc, ig and nss, which are means over fixations, the scores
            of single viewers are known (viewers.csv.gz beside examples.csv); of others, power is by
            images alone.
        condition: of an audit by condition, such as "task=search".
        images: how many images studies have, 5 to 2,000; of data with groups how many groups.
        viewers: how many viewers look at each image, 1 or more.
        power: what the needed number of images is told for, above 0.05 and below 1.
        out: a .csv file to write the rows to.
        overwrite: replace a file `out` that is there.

    Returns:
        A `report.audit.power.Power`: print it, or read `.rows` (images, viewers, power) and
        `.needed`.

    Raises:
        InputError: There is no such audit, map or metric; fewer than 5 images have scores of both
            maps, or these are equal on all; a number is out of its bounds. Then nothing is written.

    Example:

    >>> import keras_attn as ka
    >>> data = ka.datasets.miniature("folder", images=6, shape=(32, 40), root="scenes")
    >>> def darkness(images):
    ...     return 255 - images.mean(axis=-1)
    >>> found = ka.audit({"darkness": darkness}, data, progress=False)
    >>> planned = ka.power(found, ["darkness · map", "centre"], images=[20], viewers=[5, 10])
    >>> planned.rows.columns.tolist(), len(planned.rows)
    (['images', 'viewers', 'power'], 2)
    """
    from keras_attn.report.audit import pairs
    from keras_attn.report.audit import power as sizes

    counts = sizes.check_sizes("images", images, sizes.FEWEST, sizes.MOST)
    persons = sizes.check_sizes("viewers", viewers, 1, None)
    asked = sizes.check_power(power)
    if out is not None:
        sizes.check_out(out, overwrite=overwrite)
        if isinstance(source, (str, Path)) and Path(source).resolve() == Path(out).resolve():
            raise InputError("out (--out)", "another file than the one that is read", out)
    pair = pairs.chosen(pairs.read(source), maps, metric, condition)
    result = sizes.planned(pair, counts, persons, asked)
    if out is not None:
        result.save(out, overwrite=overwrite)
    return result
