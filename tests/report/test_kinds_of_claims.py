"""What each kind of claim measures in rows of a known answer."""

import numpy as np
import pytest
from made_runs import curve, save_run, save_videos

from keras_attn.evaluation.rows import MAPS
from keras_attn.metrics.dispersion import standardised
from keras_attn.report.paper import findings, wording
from keras_attn.report.paper.claims import CLAIMS
from keras_attn.report.rows import results
from keras_attn.report.rows.samples import EVERY, sample
from keras_attn.statistics import paired_share_interval

CLAIM = dict(CLAIMS)
ARTIFICIAL = ("activation", "softmax", "sigmoid", "supervised")
BACKBONES = ("alexnet", "vgg16", "resnet50")
IMAGES = 30


def answer(folders, key):
    """The finding of a claim."""
    [found] = findings.findings(folders, [CLAIM[key]])
    return found


def save_image_runs(root, scores, datasets=("dut_omron", "pascal_s"), backbones=BACKBONES):
    """Runs of Task 1. scores: attention, backbone -> max F, MAE, s-AUC and IG of the images."""
    rng, folders = np.random.default_rng(1), []
    jitter = rng.normal(0, 0.001, IMAGES)
    for dataset in datasets:
        for backbone in backbones:
            for attention in (*ARTIFICIAL, "human"):
                peak, mae, s_auc, ig = scores(attention, backbone)
                rows = {"id": [f"{i:02d}" for i in range(IMAGES)], "mae": mae + jitter}
                rows |= {"s_auc": s_auc - jitter, "ig": ig - jitter}
                curves = [curve(peak - own) for own in jitter]
                who = {"dataset": dataset, "backbone": backbone, "attention": attention}
                folders.append(save_run(root / f"{len(folders)}", rows, curves, **who))
    return folders


def place(attention):
    return (*ARTIFICIAL, "human").index(attention)


# --- correlations -------------------------------------------------------------------------------


def rising(attention, backbone):
    """All scores rise with the attention; the backbones differ by more, and the other way round."""
    step, trunk = place(attention), BACKBONES.index(backbone)
    return 0.5 + 0.02 * step + 0.1 * trunk, 0.2 - 0.01 * step, 0.9 - 0.1 * trunk + 0.02 * step, step


@pytest.mark.slow
def test_a_correlation_is_taken_within_trunks_and_turned_where_lower_is_better(tmp_path):
    found = answer(save_image_runs(tmp_path, rising), "closer-better-salient")
    assert found.states == [1] * 8 and found.verdict == findings.SUPPORTED
    assert found.compared["gain"].to_numpy() == pytest.approx(1)
    assert found.compared["p"].isna().all() and set(found.compared["n"]) == {IMAGES}


@pytest.mark.slow
def test_a_correlation_below_zero_contradicts_and_is_told_with_its_interval(tmp_path):
    def falling(attention, backbone):
        peak, mae, s_auc, ig = rising(attention, backbone)
        return 1 - peak, 0.5 - mae, s_auc, ig

    found = answer(save_image_runs(tmp_path, falling), "closer-better-salient")
    assert found.verdict == findings.CONTRADICTED
    assert "ρ of max F and s-AUC, DUT-OMRON: −1.000 [−1.000, −1.000], n 30" in wording.least(found)


def test_a_correlation_that_resamples_disagree_about_is_undecided(tmp_path):
    """All attentions have the same scores but for what each image adds."""
    rng, folders = np.random.default_rng(0), []
    for attention in ARTIFICIAL:
        rows = {"id": [f"{i:02d}" for i in range(IMAGES)], "s_auc": rng.normal(0.7, 0.1, IMAGES)}
        rows |= {"ig": rng.normal(0, 1, IMAGES), "mae": rng.normal(0.1, 0.02, IMAGES)}
        curves = [curve(peak) for peak in rng.normal(0.5, 0.1, IMAGES)]
        folders.append(save_run(tmp_path / attention, rows, curves, attention=attention))
    found = answer(folders, "closer-better-salient")
    rows = found.compared
    assert (rows["low"] < 0).all() and (rows["high"] > 0).all() and found.states == [0] * 4
    # One trunk of three: what is measured of it is shown, and speaks for nothing.
    assert set(rows["parts"]) == {1} and set(rows["of"]) == {3}
    assert "from 1 of its 3 parts" in wording.least(found)


def test_what_images_have_in_common_by_chance_is_no_correlation_of_networks(tmp_path):
    """All networks are alike; of each, images that it does well on are those it agrees on."""
    rng, folders = np.random.default_rng(0), []
    for backbone in BACKBONES:
        for attention in ARTIFICIAL:
            luck = rng.normal(0, 0.1, 60)
            rows = {"id": [f"{i:02d}" for i in range(60)], "mae": 0.3 - luck}
            rows |= {"s_auc": 0.7 + luck, "ig": luck}
            who = {"backbone": backbone, "attention": attention}
            curves = [curve(0.5 + own) for own in luck]
            folders.append(save_run(tmp_path / f"{len(folders)}", rows, curves, **who))
    rows = answer(folders, "closer-better-salient").compared
    # Of all images, scores and agreement would rank the networks in the very same way.
    assert (rows["state"] == 0).all() and (rows["low"] < 0).all() and (rows["gain"] < 0.6).all()
    assert (rows["low"] <= rows["gain"]).all() and (rows["gain"] <= rows["high"]).all()


def test_halves_share_no_group_and_make_up_the_whole(tmp_path):
    rows = {"id": list("abcdef"), "group": ["x", "y", "x", "z", "z", "y"]}
    read = results.read(save_run(tmp_path / "run", rows))
    who = {"dataset": "dut_omron", "backbone": "vgg16", "fusion": "", "attention": "sigmoid"}
    own = sample(read, "salient_object", EVERY, **who)
    assert [list(own.half(second).all_ids) for second in (0, 1)] == [list("acde"), list("bf")]
    alone = results.read(save_run(tmp_path / "alone", {"id": list("abc")}))
    own = sample(alone, "salient_object", EVERY, **who)
    assert [list(own.half(second).all_ids) for second in (0, 1)] == [list("ac"), ["b"]]


# --- gains --------------------------------------------------------------------------------------


def test_gains_are_compared_over_the_same_images_and_lower_errors_are_gains(tmp_path):
    def more_on_resnet(attention, backbone):
        gain = 0.1 if (attention, backbone) == ("human", "resnet50") else 0.0
        human = 0.05 * (attention == "human")
        return 0.5 + human + gain, 0.2 - human - gain, 0.7, 0.3

    found = answer(save_image_runs(tmp_path, more_on_resnet), "boost-resnet")
    rows = found.compared
    assert len(rows) == 8 and rows["gain"].to_numpy() == pytest.approx(0.1)
    assert (rows["low"] > 0.09).all() and (rows["high"] < 0.11).all()
    # Accuracy was not measured.
    assert found.states == [1] * 4 and found.cells == 5 and found.verdict == findings.UNDECIDED
    assert "gain of ResNet50 − of " in wording.least(found)


def save_fooled(root, rates, count=100):
    """Runs of attacks. rates: attention, backbone -> how many of the images are fooled."""
    folders = []
    for (attention, backbone), fooled in rates.items():
        scores = {"id": [f"{i:03d}" for i in range(count)], "fooling_rate_all": 0.5}
        scores |= {"fooling_rate": 1.0 * (np.arange(count) < fooled), "epsilon": 2.0}
        who = {"task": "adversarial", "dataset": "cub_vwsw", "search": "smallest"}
        who |= {"attention": attention, "backbone": backbone}
        folders.append(save_run(root / f"{len(folders)}", scores, **who))
    return folders


def test_gains_in_shares_have_an_interval_with_a_width_where_no_image_differs(tmp_path):
    rates = {("human", "alexnet"): 10, ("activation", "alexnet"): 70}
    rates |= {("human", "resnet50"): 50, ("activation", "resnet50"): 50}
    found = answer(save_fooled(tmp_path, rates), "relief-weak")
    [row] = found.compared.to_dict("records")
    assert row["gain"] == pytest.approx(0.6) and (row["better"], row["worse"]) == (
        "AlexNet",
        "ResNet50",
    )
    low, high = paired_share_interval([1] * 60 + [0] * 40)
    width = paired_share_interval([0] * 100)[1]
    assert row["low"] == pytest.approx(0.6 - np.hypot(0.6 - low, width))
    assert row["high"] == pytest.approx(0.6 + np.hypot(high - 0.6, width))
    assert found.states == [1] and found.cells == 3


def test_a_strong_network_that_is_relieved_more_speaks_against_its_pair(tmp_path):
    rates = {("human", "alexnet"): 50, ("activation", "alexnet"): 50}
    rates |= {("human", "resnet50"): 10, ("activation", "resnet50"): 70}
    rates |= {("human", "vgg16"): 20, ("activation", "vgg16"): 80}
    found = answer(save_fooled(tmp_path, rates), "relief-weak")
    # VGG and ResNet gain as much.
    assert found.states == [-1, -1, 0] and found.verdict == findings.UNDECIDED


# --- ranks and gaps -----------------------------------------------------------------------------


def save_video_runs(root, gaze, datasets=("hollywood2", "ucf_sports")):
    """Runs of Task 2 in both fusions. gaze: attention, fusion, dataset -> s-AUC and IG."""
    rng, folders = np.random.default_rng(2), []
    labels = np.eye(2)[np.arange(20) % 2]
    jitter = rng.normal(0, 0.001, 20)
    for dataset in datasets:
        for fusion in ("early", "late"):
            for attention in (*ARTIFICIAL, "human"):
                pairs = [
                    [value + own for value in gaze(attention, fusion, dataset)] for own in jitter
                ]
                who = {"dataset": dataset, "fusion": fusion, "attention": attention}
                folder = root / f"{len(folders)}"
                folders.append(save_videos(folder, labels * 0.8 + 0.1, labels, pairs, **who))
    return folders


def second_everywhere(attention, fusion, dataset):
    """Softmax is first on one dataset and sigmoid on the other; supervised is second on both."""
    first, last = ("softmax", "sigmoid") if dataset == "hollywood2" else ("sigmoid", "softmax")
    order = [last, "activation", "supervised", first, "human"]
    return 0.5 + 0.05 * order.index(attention), 0.1 * order.index(attention)


def test_a_steady_second_has_the_best_mean_rank_without_being_best_anywhere(tmp_path):
    """Mean ranks 2 (supervised), 2.5, 2.5 and 3."""
    found = answer(save_video_runs(tmp_path, second_everywhere), "consistent-action")
    gains = found.compared.set_index("worse")["gain"].to_dict()
    assert gains == {"activation": 1, "softmax": 0.5, "sigmoid": 0.5}
    assert found.states == [1] * 3 and found.verdict == findings.SUPPORTED
    assert set(found.compared["n"]) == {40}


def test_ranks_over_one_dataset_alone_are_shown_and_decide_nothing(tmp_path):
    folders = save_video_runs(tmp_path, second_everywhere, datasets=("ucf_sports",))
    found = answer(folders, "consistent-action")
    assert found.states == [0] * 3 and found.verdict == findings.UNDECIDED
    assert "from 4 of its 8 parts" in wording.as_markdown([found])


@pytest.mark.slow
def test_gaps_are_means_over_trunks_of_human_less_the_best_of_the_others(tmp_path):
    """In action .05 and 0.1 above the best, in segmentation .2 and 0.5."""

    def wide(attention, backbone):
        return 0.5, 0.1, 0.5 + 0.2 * (attention == "human"), 0.1 + 0.5 * (attention == "human")

    folders = save_video_runs(tmp_path / "videos", second_everywhere)
    folders += save_image_runs(tmp_path / "images", wide)
    found = answer(folders, "gap-narrow")
    gains = found.compared.set_index("metric")["gain"]
    assert gains.to_dict() == pytest.approx({"s_auc": 0.15, "ig": 0.4})
    # Table VIII was not measured.
    assert found.states == [1, 1] and found.cells == 4 and found.verdict == findings.UNDECIDED
    assert "gap in Table V − in Table VI, s-AUC: 0.150" in wording.least(found)


# --- no superiority -----------------------------------------------------------------------------


def test_one_rival_that_is_as_good_is_enough_against_superiority(tmp_path):
    """Videos of two classes; of 200 one network tells 190, others fewer."""
    right = {"human": 200, "softmax": 200, "activation": 100, "sigmoid": 100, "supervised": 100}
    labels = np.eye(2)[np.arange(200) % 2]
    folders = []
    for name, count in right.items():
        told = np.where(np.arange(200)[:, None] < count, labels, 1 - labels) * 0.8 + 0.1
        who = {"attention": name, "dataset": "ucf_sports"}
        folders.append(save_videos(tmp_path / name, told, labels, **who))
    found = answer(folders, "no-superiority-action")
    assert found.states == [1] and found.weakest["worse"] == "softmax"
    alone = [folder for folder in folders if folder.name != "softmax"]
    # One rival is missing, which might be the one.
    assert answer(alone, "no-superiority-action").states == [0]
    worse = [
        *alone,
        save_videos(tmp_path / "worse", told, labels, attention="softmax", dataset="ucf_sports"),
    ]
    assert answer(worse, "no-superiority-action").states == [-1]


# --- dispersion ---------------------------------------------------------------------------------


def save_spread(folder, correct, entropy, maps, **who):
    """A run of Task 3 with the entropy and the map of each image's attention."""
    count = len(correct)
    rows = {"id": [f"{i:03d}" for i in range(count)], "class": ["c0"] * count}
    rows |= {"predicted": np.where(correct, "c0", "c1"), "correct": np.array(correct, float)}
    rows |= {"entropy": entropy}
    about = {"dataset": "cub_vwsw", "backbone": "vgg16", "attention": "sigmoid", **who}
    save_run(folder, rows, task="fine_grained", **about)
    with np.load(folder / "arrays.npz") as file:
        arrays = dict(file)
    vectors = standardised(np.asarray(maps)).astype(np.float32)
    np.savez(folder / "arrays.npz", **arrays, **{MAPS: vectors})
    return folder


def test_wrong_predictions_with_more_dispersed_and_more_like_attention_are_found(tmp_path, rng):
    """The wrong half attends to one side always, evenly; the right half to a place of its own."""
    right = np.repeat([1, 0], 20)
    maps = rng.uniform(size=(40, 6, 6))
    maps[20:, :3] += 5
    entropy = np.where(right, 0.4, 0.8) + rng.normal(0, 0.01, 40)
    folder = save_spread(tmp_path / "a", right, entropy, maps)
    spread = answer([folder], "dispersed-birds")
    [row] = spread.compared.to_dict("records")
    assert row["gain"] == pytest.approx(0.4, abs=0.02) and row["p"] < 0.001
    assert spread.states == [1] and spread.cells == 12
    alike = answer([folder], "alike-wrong-birds")
    [row] = alike.compared.to_dict("records")
    assert row["gain"] > 0.5 and row["low"] > 0 and np.isnan(row["p"]) and alike.states == [1]
    page = wording.as_markdown([spread, alike])
    assert page.count("none: the paper prints no numbers of it") == 2
    assert "negative − positive, CUB-VWSW, VGG16, sigmoid, entropy: 0.39" in page


def test_results_without_entropy_and_maps_leave_dispersion_unmeasured(tmp_path):
    rows = {"id": ["a", "b", "c"], "correct": [1.0, 0.0, 1.0], "class": "x", "predicted": "x"}
    who = {"task": "fine_grained", "dataset": "cub_vwsw"}
    folder = save_run(tmp_path / "old", rows, **who)
    for key in ("dispersed-birds", "alike-wrong-birds"):
        assert answer([folder], key).verdict == findings.NOT_MEASURED


def test_numbers_of_drawn_data_are_told_as_a_check_of_the_machinery(tmp_path):
    from keras_attn.datasets.drawing.scenes import ABOUT

    folders = []
    for attention in ARTIFICIAL:
        step = place(attention)
        rows = {"id": [f"{i:02d}" for i in range(9)], "mae": 0.2 - 0.01 * step}
        rows |= {"s_auc": 0.5 + 0.1 * step, "ig": 0.1 * step}
        curves = [curve(0.5 + 0.1 * step)] * 9
        folder = tmp_path / attention
        folders.append(save_run(folder, rows, curves, [f"{ABOUT} Other."], attention=attention))
    found = answer(folders, "closer-better-salient")
    assert found.verdict == findings.MACHINERY
    assert "DUT-OMRON (drawn)" in wording.least(found)
