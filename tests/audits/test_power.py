"""How many images and viewers tell two maps apart: scores by viewer, components, power, files."""

import gzip
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import check_error_line, refused
from scipy import stats

import keras_attn as ka
from keras_attn import sample_size
from keras_attn.datasets import GazeDataset
from keras_attn.evaluation.gaze_scores import Blur, GazeScores
from keras_attn.evaluation.rows import EXAMPLES, VIEWERS
from keras_attn.metrics.columns import COLUMNS, Column
from keras_attn.metrics.gaze import nss_per_image, s_auc_per_image
from keras_attn.sample_size import ByViewer, Studies, components
from keras_attn.shell import cli
from keras_attn.statistics import paired_p, signed_rank_bound

WITH_VIEWERS = ["s_auc", "ig", "nss"]


# --- scores by viewer -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("m") / "scenes"
    return ka.datasets.miniature("folder", images=8, shape=(48, 64), root=root)


def brightness(batch):
    return batch.mean(axis=-1)


def slopes(batch):
    return np.abs(np.diff(batch.mean(axis=-1), axis=2, prepend=0))


@pytest.fixture(scope="module")
def result(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("audit") / "out"
    models = {"bright": brightness, "edges": slopes}
    return ka.audit(models, data, gallery=1, progress=False, out=out), out


def scored_again(viewers, key):
    """What the means of viewers make of each map and image, weighted by their fixations."""
    keys = ["model", "layer", "kind", "image"]
    told = viewers.assign(sum=viewers[key] * viewers["fixations"])
    sums = told.groupby(keys, observed=True)[["sum", "fixations"]].sum()
    return sums["sum"] / sums["fixations"]


@pytest.mark.parametrize("key", ["s_auc", "nss"])
def test_means_of_viewers_weighted_by_fixations_are_the_score_of_the_image(result, key):
    found, _ = result
    again = scored_again(found.viewers, key)
    scores = found.examples.set_index(["model", "layer", "kind", "image"])[key]
    assert len(again) == 4 * 8
    np.testing.assert_allclose(again, scores.loc[again.index], rtol=0, atol=1e-12)


def test_the_scores_of_an_image_are_those_of_the_public_metrics_to_the_bit(result, data):
    found, _ = result
    maps = [brightness(e.pixels()[None].astype("float32"))[0].astype(float) for e in data]
    points, own = [e.points for e in data], found.examples.query("model == 'bright'")
    assert own["s_auc"].tolist() == s_auc_per_image(maps, points).tolist()
    assert own["nss"].tolist() == nss_per_image(maps, points).tolist()
    scorer = GazeScores.of_image(data, 3, Blur())
    assert scorer.by_viewer(maps[3])[0].tolist() == scorer.of(maps[3]).tolist()


def test_there_is_a_row_for_each_map_image_and_viewer_but_for_what_is_no_map(result, data):
    viewers = result[0].viewers
    labels = ["model", "layer", "kind", "image", "viewer", "fixations"]
    assert viewers.columns.tolist() == [*labels, *WITH_VIEWERS]
    assert viewers["model"].unique().tolist() == ["bright", "edges", "centre", "uniform"]
    one = data[2]
    own = viewers.query("model == 'bright' and image == @one.id")
    counts = dict(zip(own["viewer"], own["fixations"], strict=True))
    names, expected = np.unique(one.subjects, return_counts=True)
    assert counts == dict(zip(names.astype(str), expected, strict=True))


def test_a_viewers_ig_is_over_all_of_the_viewers_fixations(result, data):
    """Each is told, though several are on one pixel; the image's own counts that pixel once."""
    one = data[2]
    scorer = GazeScores.of_image(data, 2, Blur())
    saliency = brightness(one.pixels()[None].astype("float32"))[0].astype(float)
    own = result[0].viewers.query("model == 'bright' and image == @one.id")
    gains = np.zeros(saliency.size)
    gains[scorer.gaze.distinct] = scorer.gaze.gains(saliency)[0]
    for _, row in own.iterrows():
        mine = scorer.gaze.pixels[one.subjects.astype(str) == row["viewer"]]
        assert row["ig"] == pytest.approx(gains[mine].mean(), abs=1e-12)


def test_the_file_has_the_rows_and_is_the_same_bytes_again(result, tmp_path):
    found, out = result
    read = pd.read_csv(out / VIEWERS, dtype={"image": str, "viewer": str}, keep_default_na=False)
    for name in found.viewers:
        assert read[name].tolist() == found.viewers[name].tolist()
    found.save(tmp_path)
    assert (tmp_path / VIEWERS).read_bytes() == (out / VIEWERS).read_bytes()


def test_where_viewers_are_not_told_apart_there_are_no_rows(data, tmp_path):
    alone = [replace(one, subjects=np.zeros(len(one.points), int)) for one in data]
    few = GazeDataset("alone", tuple(alone), data.report)
    models = {"bright": brightness, "edges": slopes}
    found = ka.audit(models, few, gallery=1, progress=False, out=tmp_path)
    assert found.viewers.empty and "s_auc" in found.viewers
    for source in (found, tmp_path):
        planned = ka.power(source, images=[20])
        assert planned.rows["viewers"].isna().all() and np.isnan(planned.components.within)
        assert any("column subject of fixations.csv" in note for note in planned.notes)


def test_an_audit_by_condition_tells_viewers_under_each(data):
    named = [
        replace(one, conditions={"task": np.array(["a", "b"])[np.arange(len(one.points)) % 2]})
        for one in data
    ]
    parts = GazeDataset("parts", tuple(named), data.report)
    models = {"bright": brightness, "edges": slopes}
    found = ka.audit(models, parts, by="task", gallery=1, progress=False)
    assert set(found.viewers["condition"]) == {"task=a", "task=b"}
    planned = ka.power(found, condition="task=b", images=[20], viewers=[5])
    assert planned.condition == "task=b" and "under task=b" in str(planned)
    with refused("condition", ("'task=a'", "'task=b'"), "None"):
        ka.power(found)
    with refused("maps", ('"bright · map"', "--condition"), "bright · map | task=a"):
        ka.power(found, ["bright · map | task=a", "centre"], condition="task=a")


def test_a_metric_that_is_a_mean_over_fixations_says_how_it_is_made():
    def at(saliency, gaze):
        """The map at a fixation."""
        return saliency.ravel()[gaze.pixels]

    gaze = SimpleNamespace(pixels=np.array([1, 0]), points=np.zeros((2, 2)))
    column, saliency = Column("own", "Own", per_fixation=at), np.array([[0.25, 0.75]])
    assert column.about == "The map at a fixation." and column(saliency, gaze) == 0.5
    score, values = column.with_fixations(saliency, gaze)
    assert score == 0.5 and values.tolist() == [0.75, 0.25]
    largest = Column("most", "Most", lambda s, g: s.max(), per_fixation=at)
    assert largest.with_fixations(saliency, gaze)[0] == 0.75
    assert not largest.is_mean_of_fixations and column.is_mean_of_fixations
    wrong = Column("wrong", "Wrong", per_fixation=lambda s, g: s)
    with refused("'wrong', per_fixation", "each of 2 fixations", "(1, 2)"):
        wrong.with_fixations(saliency, gaze)
    with refused("Column.function", "(saliency, gaze)", "None"):
        Column("none", "None")
    with refused("Column.per_fixation", "(saliency, gaze)", "7"):
        Column("none", "None", at, per_fixation=7)
    assert [one.key for one in COLUMNS if one.per_fixation] == WITH_VIEWERS


# --- components -----------------------------------------------------------------------------------

BETWEEN, WITHIN = 0.5, 1.0
"""Standard deviations of images, and of viewers of one image."""


def drawn(rng, images, viewers, mean=0.3, within=WITHIN):
    """Differences of viewers `(images, viewers)` of the model that components are of."""
    effects = mean + BETWEEN * rng.standard_normal((images, 1))
    return effects + within * rng.standard_normal((images, viewers))


def by_viewer(values, weights=None):
    images, viewers = (axis.ravel() for axis in np.indices(values.shape))
    weights = np.ones(values.shape) if weights is None else weights
    return ByViewer(images, viewers, values.ravel(), weights.ravel())


def test_components_of_normal_differences_are_those_they_were_drawn_with(rng):
    values = drawn(rng, 3000, 6)
    found = components(values.mean(axis=1), None, by_viewer(values))
    assert found.between == pytest.approx(BETWEEN**2, rel=0.1)
    assert found.within == pytest.approx(WITHIN**2, rel=0.05)
    assert found.viewers == 6 and found.told == 3000
    assert found.mean == pytest.approx(0.3, abs=0.05)


def test_components_are_those_of_the_analysis_of_variance_by_hand():
    """Unequal numbers: Searle and others, with sums of squares written out."""
    values = {0: [1.0, 3.0], 1: [2.0, 4.0, 9.0], 2: [7.0, 7.5, 8.0, 9.5]}
    rows = [(i, v, x) for i, own in values.items() for v, x in enumerate(own)]
    images, viewers, scores = map(np.array, zip(*rows, strict=True))
    means = np.array([np.mean(own) for own in values.values()])
    found = components(means, None, ByViewer(images, viewers, scores, np.full(9, 5)))
    within = sum(((np.array(own) - np.mean(own)) ** 2).sum() for own in values.values()) / 6
    counts, grand = np.array([2, 3, 4]), scores.mean()
    between = (counts * (means - grand) ** 2).sum() / 2
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx((between - within) / ((9 - 29 / 9) / 2))
    assert found.viewers == pytest.approx(3 / (1 / 2 + 1 / 3 + 1 / 4))


def test_no_variance_is_below_zero(rng):
    values = rng.standard_normal((12, 4)) * 3
    values += 0.2 - values.mean(axis=1, keepdims=True)
    found = components(values.mean(axis=1), None, by_viewer(values))
    assert found.between == 0 and found.within > 1


def test_viewers_with_more_fixations_count_more_as_in_the_score_of_the_image(rng):
    """What viewers add to the mean over fixations is what its variance is above the images'."""
    weights = rng.integers(1, 20, (4000, 8))
    values = drawn(rng, 4000, 8, within=0.6)
    values += 2 * rng.standard_normal(values.shape) / np.sqrt(weights)
    means = (values * weights).sum(axis=1) / weights.sum(axis=1)
    found = components(means, None, by_viewer(values, weights))
    assert found.between == pytest.approx(BETWEEN**2, rel=0.15)
    assert found.between + found.within / 8 == pytest.approx(means.var(), rel=0.04)


def test_units_of_grouped_images_are_groups_and_who_sees_all_of_one_is_one_viewer(rng):
    groups, each, viewers = 1500, 3, 5
    of_group, of_image = rng.normal(0, 0.4, (groups, 1, 1)), rng.normal(0, 0.5, (groups, each, 1))
    of_viewer = rng.normal(0, 0.7, (groups, 1, viewers))
    values = of_group + of_image + of_viewer + rng.normal(0, 1, (groups, each, viewers))
    values = values.reshape(-1, viewers)
    labels = np.repeat(np.arange(groups), each)
    found = components(values.mean(axis=1), labels, by_viewer(values))
    assert len(found.units) == groups and found.viewers == viewers
    assert found.between == pytest.approx(0.4**2 + 0.5**2 / each, rel=0.15)
    assert found.within == pytest.approx(0.7**2 + 1 / each, rel=0.06)


# --- power ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [6, 9, 23, 50, 51, 70])
def test_the_bound_of_signed_ranks_is_where_the_test_of_the_package_is_significant(count, rng):
    told = set()
    for mean in np.linspace(0, 1.5, 40):
        values = rng.normal(mean, 1, count)
        ranks = abs(np.sign(values) @ stats.rankdata(np.abs(values)))
        significant = paired_p(values, np.zeros(count)) < 0.05
        assert significant == (ranks >= signed_rank_bound(count))
        told.add(significant)
    assert told == {True, False} and signed_rank_bound(5) == np.inf


@pytest.fixture(scope="module")
def studies():
    values = drawn(np.random.default_rng(3), 2000, 6)
    return Studies(components(values.mean(axis=1), None, by_viewer(values)))


@pytest.mark.parametrize(("images", "viewers"), [(12, 2), (20, 5), (33, 10), (60, 3)])
def test_power_is_about_that_of_the_t_test_for_normal_differences(studies, images, viewers):
    """The signed-rank test is 95.5 % as efficient there (Pitman), so a little below it."""
    spread = np.sqrt(studies.components.between + studies.components.within / viewers)
    of_t = {
        share: stats.nct.sf(
            stats.t.ppf(0.975, images - 1), images - 1, 0.3 / spread * np.sqrt(share * images)
        )
        for share in (0.85, 1)
    }
    found = studies.power(images, viewers, 0.3)
    assert of_t[0.85] - 0.03 < found < of_t[1] + 0.03


@pytest.mark.parametrize("images", [10, 33, 80])
def test_where_maps_do_not_differ_one_study_in_twenty_tells_them_apart(studies, images):
    """By the test's own size, which is below 0.05 where few ranks can be had."""
    several = [Studies(studies.components, seed) for seed in range(5)]
    found = np.mean([one.power(images, 5, 0.0) for one in several])
    assert found == pytest.approx(0.05, abs=0.01)


def test_power_rises_with_images_viewers_and_the_difference(studies):
    by_images = [studies.power(n, 5) for n in (5, 8, 15, 30, 60, 120)]
    by_viewers = [studies.power(25, k) for k in (1, 2, 4, 8, 16, 100)]
    by_difference = [studies.power(25, 5, d) for d in (0.1, 0.2, 0.4, 0.8)]
    for powers in (by_images, by_viewers, by_difference):
        assert (np.diff(powers) > 0).all()
    assert by_images[0] == 0  # five images tell nothing, whatever they say


def test_power_is_the_share_of_drawn_studies_that_the_test_tells_apart():
    """Predicted from one study each, and counted over studies of the model they come from."""
    rng = np.random.default_rng(11)
    counted = np.mean(
        [paired_p(drawn(rng, 20, 4, 0.35).mean(axis=1), np.zeros(20)) < 0.05 for _ in range(600)]
    )
    predicted = []
    for _ in range(40):
        values = drawn(rng, 60, 6)
        found = components(values.mean(axis=1), None, by_viewer(values))
        predicted.append(Studies(found).power(20, 4, 0.35))
    assert np.mean(predicted) == pytest.approx(counted, abs=0.06)
    assert np.std(predicted) < 0.12


def test_the_needed_images_are_the_first_that_have_the_power(studies):
    needed = studies.needed(0.8, 10, 0.3)
    assert studies.power(needed, 10, 0.3) >= 0.8 > studies.power(needed - 1, 10, 0.3)
    assert studies.needed(0.8, 10, 0.15) > 3 * needed
    assert studies.needed(0.8, 10, 1e-4) == np.inf


def test_power_with_as_many_images_does_not_depend_on_what_was_asked_before(studies):
    first = Studies(studies.components).power(33, 10)
    later = Studies(studies.components)
    later.power(150, 3)
    assert later.power(33, 10) == first == studies.power(33, 10)


# --- what users call ------------------------------------------------------------------------------

NAMES = ("net · a · activation", "net · b · activation", "net · c · activation")


def table_of(values, fixations=4):
    """A row for each map, image and viewer. values: by name `(images, viewers)`."""
    rows = [
        (*name.split(" · "), f"{i:03}", str(v), fixations, x)
        for name, of in values.items()
        for i, own in enumerate(of)
        for v, x in enumerate(own)
    ]
    labels = ["model", "layer", "kind", "image", "viewer", "fixations", "s_auc"]
    return pd.DataFrame(rows, columns=labels)


def written(folder, values, **columns):
    """The two files of an audit with these scores."""
    folder.mkdir(exist_ok=True)
    viewers = table_of(values)
    keys = ["model", "layer", "kind", "image"]
    examples = viewers.groupby(keys, sort=False, as_index=False)["s_auc"].mean()
    examples["cc"] = examples["s_auc"] - 0.3
    examples.assign(**columns).to_csv(folder / EXAMPLES, index=False)
    viewers.to_csv(folder / VIEWERS, index=False)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(5)
    common = rng.normal(0.7, 0.1, (33, 1))
    values = {
        name: common + 0.1 * drawn(rng, 33, 10, mean)
        for name, mean in zip(NAMES, (0.0, 1.0, 0.5), strict=True)
    }
    return written(tmp_path_factory.mktemp("a") / "audit", values)


def test_of_an_audit_in_memory_and_of_its_files_the_numbers_are_the_same(result):
    found, out = result
    for maps, metric in ((None, "s_auc"), (["centre", "bright · map"], "ig")):
        options = {"maps": maps, "metric": metric, "images": [10, 40], "viewers": [3]}
        here, there = ka.power(found, **options), ka.power(out / EXAMPLES, **options)
        pd.testing.assert_frame_equal(here.rows, there.rows, check_exact=True)
        assert here.difference == there.difference and str(here) == str(there)


def test_by_default_the_best_and_the_next_best_are_compared(folder):
    found = ka.power(folder)
    assert found.maps == (NAMES[1], NAMES[2]) and found.difference > 0
    assert any("chosen for being the best" in note for note in found.notes)
    assert found.rows.columns.tolist() == ["images", "viewers", "power"]
    assert len(found.rows) == 5 * 4 and found.rows["power"].between(0, 1).all()


def test_the_text_tells_the_needed_images_and_what_the_numbers_are(folder):
    found = ka.power(folder, [NAMES[1], NAMES[0]], images=[10, 33], viewers=[1, 10])
    needed = found.needed.set_index("assumed")["images"]
    assert needed["measured"] < needed["half"] and needed["measured"] < needed["nearer end"]
    assert found.needed["difference"].iloc[2] == found.low > 0
    text = str(found)
    assert "winner's curse" in text and "±0.02" in text and "2,000 simulated studies" in text
    assert f"{needed['half']:.0f} for " in text and "10 viewers each, as here" in text


def test_maps_that_the_study_cannot_order_have_no_end_of_the_interval(tmp_path, rng):
    values = {name: 0.7 + 0.1 * drawn(rng, 20, 5, 0) for name in NAMES[:2]}
    found = ka.power(written(tmp_path / "same", values), NAMES[:2], images=[20])
    assert found.low < 0 < found.high
    assert np.isnan(found.needed["images"].iloc[2])
    assert "cannot tell the order of the two maps" in str(found)


def test_a_metric_without_viewers_is_planned_by_images_alone(folder):
    found = ka.power(folder, NAMES[:2], metric="cc", viewers=[1, 10])
    assert len(found.rows) == 5 and found.rows["viewers"].isna().all()
    assert any("CC is not told by viewer" in note for note in found.notes)


def test_an_audit_of_an_earlier_version_is_planned_by_images_and_the_remedy_told(folder, tmp_path):
    (tmp_path / EXAMPLES).write_bytes((folder / EXAMPLES).read_bytes())
    found = ka.power(tmp_path)
    assert any("run the audit again" in note for note in found.notes)
    both = ka.power(folder, viewers=[10])
    there = found.rows["power"].to_numpy()
    np.testing.assert_allclose(there, both.rows["power"], atol=0.08)


def test_the_density_of_the_very_fixations_has_no_viewers_and_says_so(result):
    found = ka.power(result[0], ["all_observers", "bright · map"])
    assert any("all_observers is not told by viewer" in note for note in found.notes)


def test_groups_of_images_are_the_units_where_there_are_some(folder, tmp_path):
    examples = pd.read_csv(folder / EXAMPLES, dtype={"image": str})
    numbers = examples["image"].astype(int)
    examples["group"] = np.where(numbers < 30, "g" + (numbers // 3).astype(str), "")
    examples.to_csv(tmp_path / EXAMPLES, index=False)
    (tmp_path / VIEWERS).write_bytes((folder / VIEWERS).read_bytes())
    found = ka.power(tmp_path, NAMES[:2])
    assert found.rows.columns[0] == "groups" and len(found.components.units) == 13
    assert round(found.components.viewers, 9) == 10 and "over 13 groups of images" in str(found)
    apart = examples[examples["layer"] == "a"].set_index("image")["s_auc"]
    apart -= examples[examples["layer"] == "b"].set_index("image")["s_auc"]
    whose = examples[examples["layer"] == "a"].set_index("image")["group"].tolist()
    assert found.p == pytest.approx(paired_p(apart, np.zeros(33), whose))


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"maps": [NAMES[0], NAMES[0]]}, ("maps", "different", "twice")),
        ({"maps": [NAMES[0], "vgg"]}, ("maps", NAMES, "vgg")),
        ({"maps": NAMES}, ("maps", "two maps", "net")),
        ({"maps": NAMES[0]}, ("maps", "two maps", "net")),
        ({"metric": "auc"}, ("metric", ("s_auc", "cc", "--plugin"), "'auc'")),
        ({"metric": "ig"}, ("metric", "s_auc", "'ig'")),
        ({"metric": None}, ("metric", "s_auc", "None")),
        ({"condition": "task=a"}, ("condition", "--by", "task=a")),
        ({"images": [4, 10]}, ("images", "5 to 2000", "[4, 10]")),
        ({"images": [10_000]}, ("images", "5 to 2000", "10000")),
        ({"images": []}, ("images", "5", "[]")),
        ({"images": [10.5]}, ("images", "whole", "10.5")),
        ({"images": "33"}, ("images", "5", "33")),
        ({"viewers": [0, 5]}, ("viewers", "1 or more", "[0, 5]")),
        ({"viewers": [True]}, ("viewers", "whole", "True")),
        ({"power": 1}, ("power", "below 1", "1")),
        ({"power": 80}, ("power", "below 1", "80")),
        ({"power": 0.05}, ("power", "above 0.05", "0.05")),
        ({"power": float("nan")}, ("power", "below 1", "nan")),
        ({"out": "power.xlsx"}, ("out", ".csv", "xlsx")),
        ({"out": "rows.csv"}, ("out", "audit's own", "rows.csv")),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_meant_is_one_error(folder, options, facts):
    where, expected, received = facts
    expected = () if where == "images" and expected == "whole" else expected
    with refused(where, expected, received):
        ka.power(folder, **options)


def test_what_is_no_table_of_an_audits_examples_is_named(folder, result, tmp_path):
    def file(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    header = "model,layer,kind,image,s_auc\n"
    evaluation = file("e.csv", "task,dataset,id,s_auc\nsalient_object,a,1,.5\n")
    for source, facts in (
        (tmp_path, (str(tmp_path / EXAMPLES), "keras-attn audit --out", "no such file")),
        (tmp_path / "none", ("none", "audit", "no such file")),
        (evaluation, ("e.csv", "of an audit", "of an evaluation")),
        (result[1] / "rows.csv", ("rows.csv", "of an audit", "a row per map")),
        (file("empty.csv", ""), ("empty.csv", "readable", "No columns")),
        (file("header.csv", header), ("header.csv", "audit", "no rows")),
        (file("text.csv", header + "a,b,c,1,high\n"), ("text.csv", "readable", "high")),
        (file("two.csv", header + 2 * "a,b,c,1,.5\n"), ("two.csv", "one row", "two of")),
        (file("infinite.csv", header + "a,b,c,1,inf\n"), ("infinite.csv", "finite", "s_auc")),
        (file("other.csv", "a,b\n1,2\n"), ("other.csv", "audit", "no column model")),
        (result[1] / "audit.png", ("audit.png", "readable", ())),
        (7, ("source", "AuditResult", "int")),
    ):
        with refused(*facts):
            ka.power(source)


def test_a_file_of_viewers_that_is_damaged_or_of_another_audit_is_refused(folder, tmp_path):
    (tmp_path / EXAMPLES).write_bytes((folder / EXAMPLES).read_bytes())
    whole = (folder / VIEWERS).read_bytes()
    (tmp_path / VIEWERS).write_bytes(whole[: len(whole) // 2])
    with refused(VIEWERS, "readable"):
        ka.power(tmp_path)
    (tmp_path / VIEWERS).write_bytes(b"model,layer")
    with refused(VIEWERS, "readable"):
        ka.power(tmp_path)
    own = pd.read_csv(folder / VIEWERS, dtype={"image": str})
    for other, received in (
        (own.assign(s_auc=own["s_auc"] + 0.01), "0.01 off"),
        (own.assign(image="x" + own["image"]), "other maps or images"),
        (own.assign(fixations=0), "fewer"),
        (own.drop(columns="viewer"), "viewer"),
    ):
        other.to_csv(tmp_path / VIEWERS, index=False)
        with refused(received=received):
            ka.power(tmp_path)
    with gzip.open(tmp_path / VIEWERS, "wt") as file:
        file.write("")
    with refused(VIEWERS, "readable"):
        ka.power(tmp_path)


def test_too_few_images_or_maps_that_are_equal_are_one_error(tmp_path, rng):
    values = {name: drawn(rng, 4, 3) for name in NAMES[:2]}
    with refused(NAMES[0], "at least 5 images", "4"):
        ka.power(written(tmp_path / "few", values), NAMES[:2])
    same = drawn(rng, 9, 3)
    with refused(NAMES[0], "maps that differ", "the same s-AUC on all 9 images"):
        ka.power(written(tmp_path / "same", dict.fromkeys(NAMES[:2], same)), NAMES[:2])
    values = {name: drawn(rng, 9, 3) for name in NAMES[:2]}
    with refused(NAMES[0], "at least 5 images", "0"):
        ka.power(written(tmp_path / "nan", values, s_auc=np.nan), NAMES[:2])
    with refused(NAMES[0], "at least 5 groups", "2"):
        grouped = written(tmp_path / "g", values, group=list("aaaabbbbb") * 2)
        ka.power(grouped, NAMES[:2])
    with refused("maps", (NAMES[0], "two"), "None"):
        ka.power(written(tmp_path / "one", {NAMES[0]: same}))


def test_images_without_a_score_of_both_maps_are_left_out_and_counted(folder, tmp_path):
    examples = pd.read_csv(folder / EXAMPLES, dtype={"image": str})
    examples.loc[[0, 3], "s_auc"] = np.nan
    examples.to_csv(tmp_path / EXAMPLES, index=False)
    found = ka.power(tmp_path, NAMES[:2])
    assert len(found.components.units) == 31
    assert any("2 images without a score of both" in note for note in found.notes)


def test_the_command_prints_the_table_and_writes_rows_once(folder, tmp_path, capsys):
    out = tmp_path / "power.csv"
    options = ["--maps", *NAMES[:2], "--images", "10", "33", "--viewers", "5", "10"]
    assert cli.main(["power", str(folder), *options, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert str(ka.power(folder, NAMES[:2], images=[10, 33], viewers=[5, 10])) in printed
    rows = pd.read_csv(out)
    labels = ["map", "other", "metric", "difference", "images", "viewers", "power"]
    assert rows.columns.tolist() == labels and len(rows) == 4
    assert rows["map"].unique() == [NAMES[0]]
    before = out.read_bytes()
    assert cli.main(["power", str(folder), "--out", str(out)]) == 2
    check_error_line(capsys.readouterr().err, str(tmp_path), "--overwrite", "power.csv")
    assert out.read_bytes() == before
    assert cli.main(["power", str(folder), "--out", str(out), "--overwrite"]) == 0
    assert out.read_bytes() != before and [*tmp_path.iterdir()] == [out]


def test_the_command_tells_what_is_wrong_in_one_line(folder, tmp_path, capsys):
    assert cli.main(["power", str(tmp_path)]) == 2
    check_error_line(capsys.readouterr().err, EXAMPLES, "keras-attn audit", "no such file")
    assert cli.main(["power", str(folder), "--maps", NAMES[0], "other"]) == 2
    check_error_line(capsys.readouterr().err, "--maps", NAMES, "'other'")


def test_the_file_that_is_read_is_not_written_over(folder, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes((folder / EXAMPLES).read_bytes())
    with refused("out", "another file"):
        ka.power(path, out=path, overwrite=True)
    assert path.read_bytes() == (folder / EXAMPLES).read_bytes()


def test_five_units_are_the_fewest_that_are_taken():
    assert sample_size.FEWEST == 5 and signed_rank_bound(6) < np.inf
