"""Information gain where images or videos are few: the centre bias of an audit is nowhere zero."""

from dataclasses import replace

import numpy as np
import pytest
from cropped_gaze import CROP, flat, on_pixel, scored, three, video

import keras_attn as ka
from keras_attn import gaze as g
from keras_attn.evaluation.gaze_scores import Blur, GazeScores
from keras_attn.metrics import gaze
from keras_attn.metrics.columns import COLUMNS
from keras_attn.report.audit.table import legend

IG = [column.key for column in COLUMNS].index("ig")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three images, and of each no more than two fixations, far apart from image to image."""
    whole = ka.datasets.miniature(images=3, root=tmp_path_factory.mktemp("m") / "scenes")
    examples = []
    for place, example in enumerate(whole):
        height, width = example.shape
        x = (0.1 + 0.4 * place) * width
        points = np.array([[x, 0.1 * height], [x, 0.9 * height]])
        examples.append(replace(example, points=points, subjects=np.array(["a", "b"])))
    return replace(whole, examples=tuple(examples), whole=None)


def test_an_audit_of_three_images_gives_a_uniform_map_no_bits(data):
    """Each fixation lies where nobody looked on the other two, which once earned 38 bits."""
    result = ka.audit(lambda batch: batch.mean(axis=-1), data, progress=False)
    rows = result.rows.set_index("model")
    assert rows.loc["uniform", "ig"] == pytest.approx(np.log2(24 / 20), abs=0.01)
    assert rows.loc["centre", "ig"] == 0
    assert (rows.loc[["uniform", "centre", "all_observers"], "zero_share"] == 0).all()
    told = "\n".join(legend(result))
    assert "(1/(m + 1)" in told
    assert "exact zero" in told and "centre 0" not in told and "single_observer 100%" in told


def test_scores_of_an_image_are_those_of_the_public_metric(data):
    shapes, points = [e.shape for e in data], [e.points for e in data]
    maps = [np.random.default_rng(1).random(shape) + 0.3 for shape in shapes]
    scorers = [GazeScores.of_image(data, index, Blur()) for index in range(3)]
    expected = gaze.information_gain_per_image(maps, points)
    found = [scorer.s_auc_and_ig(one)[1] for scorer, one in zip(scorers, maps, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    densities = [scorer.all_observers for scorer in scorers]
    sims = [scorer.of(one)[5] for scorer, one in zip(scorers, maps, strict=True)]
    np.testing.assert_allclose(sims, gaze.sim_per_image(maps, densities), atol=1e-12)
    older = gaze.sim_per_image(maps, densities, convention="mit")
    assert np.abs(np.subtract(sims, older)).max() > 1e-3


def test_other_videos_of_few_points_make_almost_no_baseline():
    others = three().others(0)
    assert others.videos == 2 and others.uniform_share == 20 / 26
    looked = three().frames(0)
    for scores in looked.values():
        ig = scores.s_auc_and_ig(np.ones(CROP))[1]
        assert ig <= np.log2(26 / 20)


def test_many_points_of_one_other_video_are_no_second_video():
    """Its 500 points are one person's: half of the baseline is uniform, and no more is earned."""
    found = scored(video("a", on_pixel(1, 1)), video("b", on_pixel(30, 20, 500)), video("c", []))
    assert found.others(0).videos == 1 and found.others(0).uniform_share == 1 / 2
    uniform = np.ones(CROP)
    assert found.frames(0)[0].s_auc_and_ig(uniform)[1] == pytest.approx(1)
    assert found.frames(0)[0].of(found.frames(0)[0].centre_bias)[IG] == 0


def test_the_baseline_of_videos_is_that_of_the_same_points_on_images():
    found = three()
    counts = found.others(0).counts
    assert counts.ravel()[flat(3, 4)] == 1
    assert found.others(0).uniform_share == g.uniform_share(2, int(counts.sum()))
