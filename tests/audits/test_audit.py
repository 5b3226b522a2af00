"""The audit as a whole: rows, references, intervals, tests, files, and bad input."""

import tracemalloc

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import real, refused

import keras_attn as ka
from keras_attn import metrics
from keras_attn.evaluation.rows import REFERENCES
from keras_attn.metrics.columns import COLUMNS

pytestmark = pytest.mark.slow

OF_DENSITIES = ("cc", "sim", "kl")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return ka.datasets.miniature(images=12, root=tmp_path_factory.mktemp("m") / "scenes")


def brightness(batch):
    return batch.mean(axis=-1)


@pytest.fixture(scope="module")
def result(data):
    return ka.audit(brightness, data, progress=False)


def row(result, model):
    return result.rows.set_index("model").loc[model]


def test_the_reference_rows_are_always_there(result):
    assert result.rows["model"].tolist() == ["brightness", *REFERENCES]
    assert (result.rows["images"] == 12).all()


def test_a_uniform_map_is_at_chance_exactly_and_a_centre_map_about(result):
    uniform, centre = row(result, "uniform"), row(result, "centre")
    assert uniform["s_auc"] == uniform["s_auc_low"] == uniform["s_auc_high"] == 0.5
    assert uniform["nss"] == uniform["cc"] == 0
    assert uniform["constant"] == 12
    assert centre["s_auc"] == pytest.approx(0.5, abs=0.12)
    assert centre["ig"] == 0


def test_the_human_row_is_a_bound_and_one_viewer_lies_below_it(result):
    human, viewer = row(result, "all_observers"), row(result, "single_observer")
    for column in COLUMNS:
        better = human[column.key] - viewer[column.key]
        assert better > 0 if column.higher_is_better else better < 0
    assert human["cc"] == human["sim"] == pytest.approx(1)


def test_every_score_is_that_of_the_public_metrics(result, data):
    """The audit shares work between maps; the numbers must be those of the plain functions."""
    maps = [brightness(e.pixels()[None].astype("float32"))[0].astype(float) for e in data]
    points = [e.points for e in data]
    densities = [ka.gaze.density(e.points, e.shape) for e in data]
    expected = {
        "s_auc": metrics.gaze.s_auc_per_image(maps, points),
        "ig": metrics.gaze.information_gain_per_image(maps, points),
        "auc_judd": metrics.gaze.auc_judd_per_image(maps, points),
        "nss": metrics.gaze.nss_per_image(maps, points),
        "cc": metrics.gaze.cc_per_image(maps, densities),
        "sim": metrics.gaze.sim_per_image(maps, densities),
        "kl": metrics.gaze.kl_divergence_per_image(maps, densities),
    }
    examples = result.examples[result.examples["model"] == "brightness"]
    assert examples["image"].tolist() == [e.id for e in data]
    for key, values in expected.items():
        np.testing.assert_allclose(examples[key], values, atol=1e-12, err_msg=key)
        assert row(result, "brightness")[key] == pytest.approx(np.mean(values), abs=1e-12)


def test_one_viewer_is_the_mean_over_viewers_against_all_others(result, data):
    example = data[3]
    maps, rest = [], []
    for viewer in sorted(set(example.subjects)):
        own = example.subjects == viewer
        maps.append(ka.gaze.density(example.points[own], example.shape))
        rest.append(example.points[~own])
    others = np.concatenate([e.points for e in data if e is not example])
    expected = metrics.gaze.s_auc(maps, rest, negatives=[others] * len(maps))
    examples = result.examples.query("model == 'single_observer' and image == @example.id")
    assert examples["s_auc"].item() == pytest.approx(expected, abs=1e-12)


def test_intervals_hold_the_mean_and_p_values_are_corrected(result):
    for _, one in result.rows.iterrows():
        of_all = (
            one["model"] == "gold_standard"
        )  # for which densities of all viewers are no measure
        for column in [column for column in COLUMNS if not (of_all and column.key in OF_DENSITIES)]:
            assert one[f"{column.key}_low"] <= one[column.key] + 1e-12
            assert one[column.key] <= one[f"{column.key}_high"] + 1e-12
            itself = one["model"] == "centre" and column.key in ("ig", "sim", "kl")
            p = one[f"{column.key}_p"]
            assert np.isnan(p) if itself else 0 <= p <= 1
    assert row(result, "all_observers")["s_auc_p"] < 0.05
    assert row(result, "uniform")["s_auc_p"] == 1


def test_batches_and_the_order_of_models_do_not_change_a_score(data, result):
    both = ka.audit(
        {"b": brightness, "a": lambda x: -brightness(x)}, data, batch_size=5, progress=False
    )
    for column in COLUMNS:
        ours, theirs = row(both, "b")[column.key], row(result, "brightness")[column.key]
        assert ours == pytest.approx(theirs, abs=1e-12)
    assert row(both, "a")["s_auc"] == pytest.approx(1 - row(both, "b")["s_auc"], abs=1e-12)


def test_a_perfect_map_scores_what_the_human_row_scores(data):
    by_content = {e.pixels().astype("float32").tobytes(): e for e in data}

    def oracle(batch):
        seen = [by_content[image.tobytes()] for image in batch]
        return np.stack([ka.gaze.density(e.points, e.shape) for e in seen])

    result = ka.audit(oracle, data, progress=False)
    for column in COLUMNS:
        ours, human = row(result, "oracle")[column.key], row(result, "all_observers")[column.key]
        assert ours == pytest.approx(human, abs=1e-12)


def test_a_keras_model_is_audited_by_layer_and_kind(data, tmp_path):
    keras.utils.set_random_seed(0)
    model = ka.models.resnet50((48, 64, 3), width=0.1, classes=3)
    result = ka.audit(
        model, data, layers=["conv4_block6_out"], out=tmp_path / "out", progress=False
    )
    found = list(zip(result.rows["layer"], result.rows["kind"], strict=True))
    assert found[:4] == [
        ("conv4_block6_out", "activation"),
        ("conv5_block3_out", "cam"),
        ("input", "gradient"),
        ("conv4_block6_out", "grad_cam"),
    ]


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    """Four times the images may not take half as much again: maps are not kept."""
    peaks = []
    for count in (8, 32):
        data = ka.datasets.miniature(images=count, shape=(150, 200), root=tmp_path / str(count))
        tracemalloc.start()
        ka.audit(brightness, data, gallery=2, batch_size=4, progress=False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_images_of_different_sizes_and_without_gaze_go_together(tmp_path):
    rng = np.random.default_rng(0)
    from PIL import Image

    (tmp_path / "images").mkdir()
    lines = ["image,subject,x,y"]
    for i, (height, width) in enumerate([(40, 60), (50, 50), (30, 30), (64, 48)]):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{i}.png")
        if i != 2:
            lines += [f"{i},{v},{rng.uniform(0, width)},{rng.uniform(0, height)}" for v in "aabbb"]
    (tmp_path / "fixations.csv").write_text("\n".join(lines))
    result = ka.audit(brightness, tmp_path, progress=False)
    of_maps = result.rows["model"] != "gold_standard"  # of which there is none: this gaze is random
    assert (result.rows.loc[of_maps, "images"] == 3).all()
    assert result.dataset.report.images_without_fixations == 1


def test_a_single_viewer_leaves_that_row_empty_and_the_rest_whole(tmp_path, data):
    import shutil

    shutil.copytree(data[0].image.parents[1], tmp_path / "one")
    table = pd.read_csv(tmp_path / "one" / "fixations.csv")
    table.assign(subject=1).to_csv(tmp_path / "one" / "fixations.csv", index=False)
    result = ka.audit(brightness, tmp_path / "one", progress=False, out=tmp_path / "out")
    viewer = row(result, "single_observer")
    assert viewer["images"] == 0 and np.isnan(viewer["s_auc"])
    assert np.isfinite(row(result, "brightness")["s_auc"])
    assert "–" in str(result)


# --- what bad input gets --------------------------------------------------------------------------


def test_a_nan_in_a_map_names_the_row_and_the_image(data):
    def broken(batch):
        maps = brightness(batch)
        maps[0, 0, 0] = np.nan
        return maps

    with refused("broken · map, image 'scene_0001'", "finite", "1 NaN"):
        ka.audit(broken, data, progress=False)


def test_constant_maps_are_scored_counted_and_told(data):
    result = ka.audit({"flat": lambda x: x[..., 0] * 0}, data, progress=False)
    assert row(result, "flat")["s_auc"] == 0.5
    assert row(result, "flat")["constant"] == 12
    assert "12 of 12 maps are constant" in str(result)


def test_maps_of_another_size_than_their_image_are_resized_and_told(data, tmp_path):
    for example in data:
        shape = example.shape if example is data[0] else (12, 16)
        np.save(tmp_path / f"{example.id}.npy", np.random.default_rng(0).random(shape))
    text = str(ka.audit(tmp_path, data, progress=False))
    assert "11 maps in" in text and "scene_0002: (12, 16) to (96, 128)" in text


def test_one_image_with_gaze_is_too_few(tmp_path, data):
    import shutil

    (tmp_path / "images").mkdir()
    shutil.copy(data[0].image, tmp_path / "images")
    (tmp_path / "fixations.csv").write_text(f"image,subject,x,y\n{data[0].id},a,5,5\n")
    with refused(expected=("two images", "s-AUC", "IG")):
        ka.audit(brightness, tmp_path, progress=False)


def test_the_result_says_what_was_audited(data, tmp_path):
    model = ka.models.vgg16((32, 32, 3), width=0.1)
    model.save(tmp_path / "mine.keras")
    text = str(ka.audit(tmp_path / "mine.keras", data, layers=["block3_conv3"], progress=False))
    assert "mine: Keras model 'vgg16' from mine.keras (sha256 " in text
    assert "input 32×32" in text
    assert "function brightness" in str(ka.audit(brightness, data, progress=False))


def test_a_model_that_bears_the_name_of_a_reference_row_is_told_apart(data, tmp_path):
    (tmp_path / "all_observers").mkdir()
    for example in data:
        np.save(tmp_path / "all_observers" / f"{example.id}.npy", np.eye(12, 16))
    result = ka.audit(tmp_path / "all_observers", data, progress=False)
    assert result.rows["model"].tolist() == ["all_observers (audited)", *REFERENCES]


def test_the_gallery_keeps_maps_at_the_size_of_pictures(tmp_path):
    data = ka.datasets.miniature(images=3, shape=(300, 800), root=tmp_path / "large")
    result = ka.audit(brightness, data, progress=False)
    for maps in result.gallery.maps.values():
        assert {(m.shape, m.dtype.name) for m in maps} == {((135, 360), "float32")}


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        (lambda d: ka.audit(brightness, d, gallery=0), ("gallery", "at least 1", "0")),
        (lambda d: ka.audit(brightness, 7), ("data", ("GazeDataset", "folder"), "7")),
        (lambda d: ka.audit({"all_observers": brightness}, d), ("model", "name", "all_observers")),
        (lambda d: ka.audit({}, d), ("model", "one model", "empty")),
        (lambda d: ka.audit(brightness, d, batch_size=0), ("batch_size", "at least 1", "0")),
        (
            lambda d: ka.audit(brightness, d, fixation_sigma=0),
            ("blur of fixations", "positive", "0"),
        ),
        (lambda d: ka.audit(brightness, "/nowhere"), ("/nowhere", "folder", "no such")),
    ],
)
def test_wrong_arguments_are_one_clear_error(data, call, facts):
    with refused(*facts):
        call(data)


def test_earlier_results_are_not_touched_without_being_told(data, tmp_path):
    (tmp_path / "rows.csv").write_text("mine")
    with refused(str(tmp_path), "overwrite=True"):
        ka.audit(brightness, data, out=tmp_path, progress=False)
    assert (tmp_path / "rows.csv").read_text() == "mine"
    ka.audit(brightness, data, out=tmp_path, overwrite=True, progress=False)
    assert "brightness" in (tmp_path / "rows.csv").read_text()


# --- on real photographs --------------------------------------------------------------------------


def test_real_vgg16_looks_where_people_look_more_than_chance(tmp_path):
    """Fourteen of the photographs; the values are those of this package, pinned with a margin."""
    source = real("data/osie")
    weights = real("weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    whole = ka.datasets.folder(source)
    some = ka.datasets.GazeDataset("osie-14", whole.examples[::10], whole.report)
    options = {"gallery": 1, "progress": False, "out": tmp_path}
    result = ka.audit("vgg16", some, weights=weights, **options)
    rows = result.rows.set_index("layer")
    assert rows.loc["block4_conv3", "s_auc"] > 0.7
    assert rows.loc["block4_conv3", "s_auc_low"] > 0.5
    assert rows.loc["block4_conv3", "s_auc_side"] == "better"
    assert row(result, "uniform")["s_auc"] == 0.5


def test_on_all_real_photographs_the_centre_is_at_chance_and_the_density_a_bound():
    data = ka.datasets.folder(real("data/osie"))
    points = [example.points for example in data]
    centre = [data.pool.centre_bias(i, example.shape) for i, example in enumerate(data)]
    assert metrics.gaze.s_auc(centre, points) == pytest.approx(0.5, abs=0.02)
    assert metrics.gaze.s_auc(np.ones((140, 300, 400), bool), points) == 0.5
    densities = [ka.gaze.density(example.points, example.shape) for example in data]
    assert metrics.gaze.s_auc(densities, points) == pytest.approx(0.93, abs=0.005)
