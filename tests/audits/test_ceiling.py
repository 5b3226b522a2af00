"""The ceiling of audits and evaluations: the gold standard of a dataset, scored like maps."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import real

import keras_attn as ka
from keras_attn.datasets import GazeDataset
from keras_attn.evaluation import ceiling
from keras_attn.evaluation.gaze_scores import Blur, GazeScores, mixture_of
from keras_attn.metrics import gold_standard
from keras_attn.metrics.columns import COLUMNS
from keras_attn.report.audit import page as audit_page

KEYS = [column.key for column in COLUMNS]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return ka.datasets.miniature(images=12, root=tmp_path_factory.mktemp("m") / "scenes")


def brightness(batch):
    return batch.mean(axis=-1)


@pytest.fixture(scope="module")
def result(data):
    return ka.audit(brightness, data, progress=False)


def unknown(data, images=None):
    """The same, but of all images, or these alone, nobody told who looked."""
    chosen = range(len(data)) if images is None else images
    examples = [
        replace(one, subjects=np.zeros(len(one.points), int)) if place in chosen else one
        for place, one in enumerate(data)
    ]
    return GazeDataset(data.name, tuple(examples), data.report)


def row(result, model):
    return result.rows.set_index("model").loc[model]


def test_the_ceiling_is_the_mean_over_viewers_of_the_others_mixture(data):
    """Made anew from plain functions, without what is shared between viewers."""
    index, blur = 3, Blur()
    scorer, example, mixture = GazeScores.of_image(data, 3, blur), data[3], mixture_of(data, blur)
    others = data.pool.other_pixels(index, example.shape)
    gains, aucs = [], []
    for viewer in set(example.subjects):
        own = example.subjects == viewer
        density = ka.gaze.density(
            example.points[~own], example.shape, mixture.blur * example.shape[1]
        )
        density = mixture.others * density + mixture.centre * scorer.centre_bias
        density += mixture.uniform / density.size
        pixels = ka.gaze.pixels(example.points[own], example.shape)
        values = density.ravel()
        above = values[pixels][:, None] - values[others]
        aucs.append((0.5 * (np.sign(above) + 1)).mean())
        over_uniform = np.log2(values[np.unique(pixels)] * density.size).mean()
        uniform, first = np.ones(example.shape), np.unique(pixels, return_index=True)[1]
        alone = example.points[own][first], example.subjects[own][first]
        alone = GazeScores(*alone, scorer.others, blur, example.shape)
        gains.append(over_uniform + alone.of(uniform)[1])
    found = dict(zip(KEYS, scorer.gold_standard(), strict=False))
    assert found["s_auc"] == pytest.approx(np.mean(aucs), abs=1e-9)
    assert found["ig"] == pytest.approx(np.mean(gains), abs=1e-9)
    assert scorer.ceiling_s_auc_and_ig() == pytest.approx(scorer.gold_standard()[:2], abs=1e-12)
    assert np.isnan([found[key] for key in ("cc", "sim", "kl")]).all()


def test_the_ceiling_lies_between_one_viewer_and_the_density_on_its_own_points(result):
    human, ceiling, viewer = (
        row(result, name) for name in ("all_observers", "gold_standard", "single_observer")
    )
    assert human["s_auc"] > ceiling["s_auc"] > viewer["s_auc"]
    assert ceiling["ig"] > viewer["ig"] and ceiling["ig"] > 0
    assert ceiling["zero_share"] == 0


def test_the_share_is_the_ratio_of_the_means_and_the_ceiling_has_all(result):
    ceiling = row(result, "gold_standard")
    for _, one in result.rows.iterrows():
        assert one["ig_share"] == pytest.approx(one["ig"] / ceiling["ig"])
        assert one["ig_share_low"] <= one["ig_share"] + 1e-6
        assert one["ig_share"] <= one["ig_share_high"] + 1e-6
    assert ceiling[["ig_share", "ig_share_low", "ig_share_high"]].tolist() == pytest.approx([1] * 3)
    assert row(result, "centre")["ig_share"] == 0


def test_the_table_and_the_page_say_what_the_ceiling_is_made_of(result):
    text = str(result)
    assert "IG share ↑" in text and f"({result.ceilings['']}; chosen once by" in text
    assert "CC, SIM and KL have no ceiling" in text
    page = audit_page.page(result)
    assert "IG share ↑" in page and "<dt>gold_standard</dt>" in page and "of the width;" in page


@pytest.mark.slow
def test_viewers_who_are_not_told_apart_leave_a_dash_and_a_sentence(data):
    found = ka.audit(brightness, unknown(data), progress=False)
    ceiling = row(found, "gold_standard")
    assert ceiling["images"] == 0 and np.isnan(ceiling[KEYS].astype(float)).all()
    assert found.rows["ig_share"].isna().all() and found.ceilings == {"": None}
    assert "gold_standard: none, and no IG share: no image has two viewers" in str(found)


@pytest.mark.slow
def test_where_some_images_have_one_viewer_the_ceiling_says_how_many_it_is_of(data):
    found = ka.audit(brightness, unknown(data, images=range(5)), progress=False)
    ceiling, mine = row(found, "gold_standard"), row(found, "brightness")
    assert ceiling["images"] == 7 and "over the 7 of 12 images with several viewers" in str(found)
    own = found.examples[found.examples["model"] == "brightness"]["ig"].to_numpy()[5:]
    assert mine["ig_share"] == pytest.approx(own.mean() / ceiling["ig"])


def test_a_part_without_several_viewers_has_no_ceiling_though_the_whole_has(data):
    """Its mixture is that of the whole, and is scored on none of its images."""
    found = ka.audit(brightness, unknown(data, range(3)).part("few", range(3)), progress=False)
    assert row(found, "gold_standard")["images"] == 0 and found.ceilings[""] is not None
    assert "gold_standard: none, and no IG share: no image has two viewers" in str(found)
    assert "not above 0" not in str(found) and "CC, SIM and KL have no" not in str(found)


@pytest.mark.slow
def test_one_group_of_images_is_told_in_the_singular(data):
    examples = tuple(replace(one, group="a") for one in data)
    found = ka.audit(brightness, GazeDataset("one", examples, data.report), progress=False)
    assert "Note: 1 group of images is too few to tell 6 rows from chance" in str(found)
    assert "\n1 group of images: intervals draw" in str(found)


def looking(data, draw):
    """The same images, of each six viewers with what `draw` makes of its shape: `(6, k, 2)`."""
    examples = []
    for one in data:
        points = draw(one.shape)
        whose = np.repeat(np.arange(6), points.shape[1])
        examples.append(replace(one, points=points.reshape(-1, 2), subjects=whose))
    return GazeDataset(data.name, tuple(examples), data.report)


def anywhere(rng):
    return lambda shape: rng.random((6, 3, 2)) * shape[::-1]


def in_the_middle(rng):
    return lambda shape: np.array(shape[::-1]) / 2 + rng.normal(0, 8, (6, 1, 2))


@pytest.mark.slow
@pytest.mark.parametrize("draw", [anywhere, in_the_middle])
def test_where_others_tell_no_more_than_the_centre_bias_there_is_no_ceiling(data, rng, draw):
    """The uniform part alone can be above a centre bias of few images, and is no ceiling."""
    nothing = looking(data, draw(rng))
    assert not mixture_of(nothing, Blur()).tells
    found = ka.audit(brightness, nothing, progress=False)
    assert found.rows["ig_share"].isna().all() and row(found, "gold_standard")["images"] == 0
    assert "gold_standard: none, and no IG share: what others look at tells no more" in str(found)
    assert "CC, SIM and KL have no ceiling" not in str(found)
    assert "what others look at tells no more" in ceiling.note(mixture_of(nothing, Blur()))


def test_a_ceiling_that_is_not_above_0_is_no_measure_and_said_to_be_none(result):
    rows = result.rows.assign(ig_share=np.nan)
    told = str(replace(result, rows=rows))
    assert "no IG share, for its IG is not above 0 beyond chance" in told


def test_a_part_has_the_mixture_of_the_whole(data):
    part = data.part("some", [2, 5, 7])
    assert mixture_of(part, Blur()) is mixture_of(data, Blur())
    whole, own = GazeScores.of_image(data, 5, Blur()), GazeScores.of_image(part, 1, Blur())
    np.testing.assert_array_equal(whole.gold_standard(), own.gold_standard())


@pytest.mark.slow
def test_the_mixture_is_chosen_once_for_each_condition(data, monkeypatch):
    counted = []
    fit = gold_standard.fit
    monkeypatch.setattr(gold_standard, "fit", lambda views: counted.append(1) or fit(views))
    named = [
        replace(one, conditions={"task": np.array(list("abc"))[np.arange(len(one.points)) % 3]})
        for one in data
    ]
    found = ka.audit(
        brightness, GazeDataset("many", tuple(named), data.report), by="task", progress=False
    )
    assert len(counted) == len(found.ceilings) == 3
    assert "gold_standard, task=a: of each viewer's fixations the score" in str(found)
    top = found.rows[found.rows["model"] == "gold_standard"].set_index("condition")
    mine = found.rows[found.rows["model"] == "brightness"].set_index("condition")
    known = top["ig_share"].notna()
    expected = mine.loc[known, "ig"] / top.loc[known, "ig"]
    assert mine.loc[known, "ig_share"].to_numpy() == pytest.approx(expected.to_numpy())


@pytest.mark.slow
def test_real_viewers_tell_more_of_each_other_than_one_of_them_does():
    photographs = ka.datasets.folder(real("data/osie"))
    blur, scores = Blur(), {}
    for index in range(0, len(photographs), 20):
        for name, found in GazeScores.of_image(photographs, index, blur).references().items():
            scores.setdefault(name, []).append(found[:2])
    means = {name: np.mean(found, axis=0) for name, found in scores.items()}
    assert (means["single_observer"] < means["gold_standard"]).all()
    assert (means["gold_standard"] < means["all_observers"]).all()
