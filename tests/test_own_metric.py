"""A metric of one's own: one file outside the package, a column wherever gaze is scored."""

import os
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import refused

import keras_attn as ka
from keras_attn import plugins
from keras_attn.datasets.drawing import drawn_in
from keras_attn.evaluation import rows
from keras_attn.evaluation.gaze_scores import Blur, GazeScores
from keras_attn.evaluation.video_gaze import OtherVideos
from keras_attn.metrics.columns import COLUMNS, OWN, Column
from keras_attn.report.audit import page
from keras_attn.report.rows import results
from keras_attn.report.tables import sheets
from keras_attn.statistics import bootstrap_interval, holm, paired_p

pytestmark = pytest.mark.slow

PLUGIN = '''
import numpy as np

from keras_attn import register
from keras_attn.metrics.columns import Column


def percentile(saliency, gaze):
    """The mean share of pixels below a fixated one, ties counting one half.

    Peters and Itti 2008.
    """
    ranked, fixated = np.sort(saliency, axis=None), saliency.ravel()[gaze.pixels]
    below, up_to = (np.searchsorted(ranked, fixated, side) for side in ("left", "right"))
    return (below + up_to).mean() / (2 * ranked.size)


def peak_distance(saliency, gaze):
    """How far the highest point of the map is from the nearest fixation, in widths."""
    y, x = np.unravel_index(saliency.argmax(), gaze.shape)
    return np.hypot(*(gaze.points - (x + 0.5, y + 0.5)).T).min() / gaze.shape[1]


register(
    Column("percentile", "Percentile", percentile, "higher", chance=0.5, ceiling=percentile),
    Column("peak_distance", "Peak", peak_distance, "lower"),
)
'''


def forgotten(registry=Column.registry):
    for name in set(registry._things) - set(OWN):
        del registry._things[name]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The `Column`s that a plug-in registers, which is loaded as `--plugin` does it."""
    path = tmp_path_factory.mktemp("plugin") / "own_metric.py"
    path.write_text(PLUGIN, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(plugins.VARIABLE, os.environ.get(plugins.VARIABLE, ""))
        plugins.use(path)
    columns = [Column.registry[key] for key in ("percentile", "peak_distance")]
    forgotten()
    return columns


@pytest.fixture
def plugin(loaded):
    """The plug-in, for as long as a test runs."""
    ka.register(*loaded)
    yield
    forgotten()


@pytest.fixture
def _as_it_was():
    yield
    forgotten()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return ka.datasets.miniature(images=5, root=tmp_path_factory.mktemp("m") / "scenes")


def brightness(batch):
    return batch.mean(axis=-1)


def test_the_seven_metrics_are_registered_like_any_other():
    assert [column.key for column in COLUMNS] == list(Column.registry) == list(OWN)
    assert all(callable(column.function) for column in COLUMNS)


# --- audits -------------------------------------------------------------------------------------


def test_an_audit_has_the_column_in_rows_examples_table_and_page(plugin, data):
    found = ka.audit(brightness, data, gallery=1, progress=False)
    examples, table = found.examples.set_index("model"), found.rows.set_index("model")
    for key, against in (("percentile", 0.5), ("peak_distance", None)):
        values = examples.loc["brightness", key].to_numpy()
        expected = [score(key, data, i) for i in range(len(data))]
        np.testing.assert_allclose(values, expected)
        row = table.loc["brightness"]
        assert row[key] == pytest.approx(np.mean(expected))
        np.testing.assert_allclose(row[[f"{key}_low", f"{key}_high"]].astype(float), ends(values))
        others = {name: examples.loc[name, key].to_numpy() for name in examples.index.unique()}
        held = {n: against if against else others["centre"] for n in others}
        tested = {n: paired_p(values, held[n]) for n, values in others.items()}
        if against is None:
            tested["centre"] = np.nan
        np.testing.assert_allclose(table[f"{key}_p"], holm([tested[n] for n in table.index]))
    assert table.loc["uniform", "percentile"] == 0.5
    assert 0.5 < table.loc["gold_standard", "percentile"] <= 1
    assert np.isnan(table.loc["gold_standard", "peak_distance"])  # which has no ceiling
    assert list(found.rows).index("kl_side") + 1 == list(found.rows).index("percentile")
    printed, html = str(found), page.page(found)
    for text in (printed, html):
        assert "Percentile ↑" in text and "Peak ↓" in text
        assert "SIM, KL and Peak" in text  # of which chance is not known
    assert "ceiling of its own: Peak" in printed
    assert "ties counting one half." in html and "Peters" not in html


def ends(values):
    return bootstrap_interval(values)


def score(key, data, index):
    gaze = GazeScores.of_image(data, index, Blur()).gaze
    return Column.registry[key](brightness(data[index].pixels()[None])[0], gaze)


def test_an_audit_by_condition_and_its_files_have_it(plugin, data, tmp_path):
    root = drawn_in(data)
    table = pd.read_csv(root / "fixations.csv", dtype=str)
    viewers = {name: place for place, name in enumerate(sorted(table["subject"].unique()))}
    table["task"] = np.where(table["subject"].map(viewers) % 2, "search", "free")
    shutil.copytree(root, tmp_path / "scenes")
    table.to_csv(tmp_path / "scenes" / "fixations.csv", index=False)
    told = ka.datasets.folder(tmp_path / "scenes")
    found = ka.audit(brightness, told, by="task", gallery=1, progress=False, out=tmp_path / "audit")
    of_each = found.rows.groupby("condition")["percentile_p"].count()
    assert (of_each > 0).all() and len(of_each) == 2
    written = pd.read_csv(tmp_path / "audit" / rows.ROWS)
    assert written["percentile"].notna().any()


# --- evaluations and the study's tables ---------------------------------------------------------


def attending():
    """A network of the first task that attends to what is bright."""
    image = keras.Input((32, 32, 3), name="image")
    third = keras.initializers.Constant(1 / 3 / 255)
    grey = keras.layers.Conv2D(1, 1, kernel_initializer=third, name="grey")(image)
    small = keras.layers.AveragePooling2D(4, name="small")(grey)
    return keras.Model(image, {"saliency": grey, "attention": small})


def test_an_evaluation_has_the_column_of_every_example_and_a_table_the_mean(plugin, data, tmp_path):
    found = ka.evaluate(attending(), data, out=tmp_path / "run", progress=False)
    written = pd.read_csv(tmp_path / "run" / rows.EXAMPLES)
    assert list(written).index("kl") + 1 == list(written).index("percentile")
    assert written["percentile"].between(0, 1).all()
    summary = found.summary().set_index("metric")
    assert summary.loc["percentile", "value"] == pytest.approx(written["percentile"].mean())
    assert "percentile" in str(found)
    table = sheets.cells(results.read(tmp_path / "run"))
    cell = table[(table["table"] == "V") & (table["metric"] == "percentile")].iloc[0]
    assert cell["value"] == pytest.approx(written["percentile"].mean())
    assert cell["low"] < cell["value"] < cell["high"] and cell["n"] == len(data)
    sheets.write(tmp_path / "run", tmp_path / "tables")
    text = (tmp_path / "tables" / "V.md").read_text(encoding="utf-8")
    assert "Percentile ↑" in text and "Peak ↓" in text
    assert "Percentile" not in (tmp_path / "tables" / "I.md").read_text(encoding="utf-8")


def study(root, **more):
    """Run folders of two networks made by hand; more: by attention, further columns."""
    folders = []
    for attention in ("softmax", "sigmoid"):
        folder = root / attention
        folder.mkdir(parents=True)
        table = {"id": list("abcd"), "fixations": 3, "adaptive_f": 0.5, "mae": 0.1}
        table |= {"s_auc": [0.5, 0.6, 0.7, 0.8], "ig": [0.1, 0.2, 0.3, 0.4]}
        who = {"task": "salient_object", "dataset": "dut_omron", "backbone": "vgg16"}
        who |= {"fusion": "", "attention": attention, "fold": 0, "seed": 0}
        table = pd.DataFrame(table).assign(**who, **more.get(attention, {}))
        table.to_csv(folder / rows.EXAMPLES, index=False)
        curves = {name: np.full((4, 256), 0.5) for name in rows.CURVES}
        named = {rows.ID: table["id"].to_numpy(str), rows.NOTES: np.array([], str)}
        np.savez(folder / rows.ARRAYS, **named, **curves)
        folders.append(folder)
    return folders


SCORES = {"percentile": [0.5, 0.6, 0.9, 1.0], "peak_distance": [0.1, 0.2, 0.3, 0.2]}


def test_tables_compare_it_in_the_direction_that_is_better(plugin, tmp_path):
    less = {key: np.array(values) / 2 for key, values in SCORES.items()}
    found = sheets.cells(results.read(study(tmp_path, softmax=SCORES, sigmoid=less)))
    own = found[found["table"] == "V"].set_index(["metric", "attention"])
    assert own.loc[("percentile", "softmax"), "value"] == pytest.approx(0.75)
    # The best of a column is held against nothing.
    assert np.isnan(own.loc[("percentile", "softmax"), "behind"])
    assert np.isnan(own.loc[("peak_distance", "sigmoid"), "behind"])
    assert own.loc[("peak_distance", "softmax"), "behind"] == pytest.approx(0.1)


def test_where_some_evaluations_lack_it_the_table_says_so(plugin, tmp_path):
    found = results.read(study(tmp_path / "some", softmax=SCORES))
    (notes,) = found.gaze_notes.values()
    assert "Percentile: only 1 of 2 run folders have it" in " ".join(notes)
    cells = sheets.cells(found)
    assert set(cells.loc[cells["metric"] == "percentile", "attention"]) == {"softmax"}
    written = sheets.write(tmp_path / "some" / "sigmoid", tmp_path / "tables")
    one, two, five = (sheet.legend for sheet in written.sheets if sheet.number in ("I", "II", "V"))
    assert "Percentile: no run folder has it" in " ".join(two)
    assert "Percentile" in " ".join(five) and "Percentile" not in " ".join(one)


def test_numbers_that_some_examples_lack_are_told_of(plugin, tmp_path):
    some = SCORES | {"percentile": [0.5, np.nan, np.nan, 1.0]}
    found = results.read(study(tmp_path / "runs", softmax=SCORES, sigmoid=some))
    (notes,) = found.gaze_notes.values()
    assert [n for n in notes if n.startswith("Percentile: 2 of 8 rows have no number")]
    none = SCORES | {"percentile": np.nan}
    found = results.read(study(tmp_path / "none", softmax=SCORES, sigmoid=none))
    assert "run folders have it" not in " ".join(*found.gaze_notes.values())


def test_a_column_of_no_registered_metric_is_left_out_and_the_table_says_so(tmp_path):
    with_it = study(tmp_path / "with", softmax=SCORES, sigmoid=SCORES)
    found = results.read(with_it)
    assert "percentile" not in found.rows
    (notes,) = found.gaze_notes.values()
    assert [n for n in notes if "percentile" in n and "--plugin" in n]
    assert not results.read(study(tmp_path / "without")).gaze_notes


def test_without_a_plugin_known_columns_are_no_reason_for_a_note():
    names = [*rows.LABELS, *OWN, *rows.EXTRAS, *rows.CEILING, "s_auc_2", "ig_after", "fooled_0.5"]
    names += ["predicted_0.5", "mae_raw", "entropy", *rows.ABOUT_DATA]
    assert rows.unregistered([*names, "percentile", "percentile_2"]) == [
        "percentile",
        "percentile_2",
    ]


# --- what a metric is handed, and what it may not do --------------------------------------------


def test_gaze_is_at_the_size_of_the_map_and_nobody_can_change_it(_as_it_was, data):
    def kept(saliency, gaze):
        seen.append(gaze)
        with pytest.raises(ValueError, match="read-only"):
            saliency[0, 0] = 1
        for name in ("points", "pixels", "density", "negatives", "centre_bias"):
            with pytest.raises(ValueError, match="read-only"):
                getattr(gaze, name)[0] = 0
        return 0.0

    seen = []
    ka.register(Column("own", "Own", kept))
    scorer = GazeScores.of_image(data, 0, Blur())
    scorer.of(np.random.default_rng(0).random(scorer.shape))
    (gaze,) = seen
    count = len(data[0].points)
    assert gaze.shape == gaze.density.shape == gaze.centre_bias.shape == scorer.shape
    assert len(gaze.points) == len(gaze.subjects) == len(gaze.pixels) == count
    x, y = np.floor(gaze.points).astype(int).T
    np.testing.assert_array_equal(gaze.pixels, y * gaze.shape[1] + x)
    assert gaze.density.sum() == pytest.approx(1) and gaze.centre_bias.sum() == pytest.approx(1)
    assert len(gaze.negatives) == sum(len(e.points) for e in data) - count


def test_negatives_of_videos_are_as_many_as_points():
    counts = np.array([[0, 2], [1, 0]])
    others = OtherVideos(counts, np.array([2.0, 2.0]), 1)
    assert others.negatives.tolist() == [1, 1, 2]


@pytest.mark.parametrize("value", [np.inf, "0.5", None, np.zeros(3), 1j])
def test_a_metric_returns_one_finite_number(_as_it_was, data, value):
    ka.register(Column("own", "Own", lambda saliency, gaze: value))
    with refused("metric 'own'", "finite"):
        ka.audit(brightness, data, progress=False)


def test_an_image_may_have_no_score(_as_it_was, data):
    def sometimes(saliency, gaze):
        return float(saliency.mean()) if len(gaze.points) > fewest else np.nan

    counts = sorted(len(example.points) for example in data)
    fewest = counts[0] if counts[0] < counts[-1] else -1
    ka.register(Column("own", "Own", sometimes))
    found = ka.audit(brightness, data, gallery=1, progress=False)
    told = found.examples.loc[found.examples["model"] == "brightness", "own"]
    assert told.notna().sum() == sum(count > fewest for count in counts)
    assert found.rows.loc[0, "own"] == pytest.approx(told.mean())


@pytest.mark.parametrize("key", ["", "S", "a b", "ig_low", "x_p", "x_1", "ceiling_x", "_x", 3, "ä"])
def test_a_key_is_no_name_that_another_column_could_have(key):
    with refused("Column.key", ("a to z", "digits")):
        Column(key, "Title", brightness)


@pytest.mark.parametrize("key", ["model", "mae", "correct", "max_f", "map", "images"])
def test_a_key_that_files_have_already_is_refused(_as_it_was, data, key):
    ka.register(Column(key, "Title", lambda saliency, gaze: 0.0))
    with refused("metric 'Title'", ("key", "examples.csv", "rows.csv"), f"'{key}'"):
        ka.audit(brightness, data, progress=False)


def test_a_metric_that_fails_is_named(_as_it_was, data):
    ka.register(Column("own", "Own", lambda saliency, gaze: saliency[0, 0, 0]))
    with refused("metric 'own'", received="IndexError"):
        ka.audit(brightness, data, progress=False)


def test_a_metric_says_which_way_is_better_and_is_a_function():
    with refused("Column.better", ("'higher'", "'lower'")):
        Column("own", "Own", brightness, better="more")
    with refused("Column.function", "(saliency, gaze)", "0.5"):
        Column("own", "Own", 0.5)
    with refused("Column.title", "heading"):
        Column("own", " ", brightness)
    with refused("metric", "not taken", "'nss'"):
        ka.register(Column("nss", "Own", lambda saliency, gaze: 0.0))
