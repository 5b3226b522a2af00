"""The data of a report's gallery, from folders made by hand."""

import json

import numpy as np
from conftest import refused
from made_galleries import BOX, HEIGHT, WIDTH, image, keep, levels, save_clips, save_images
from made_runs import save_references, save_run, save_videos

from keras_attn.report.page import gallery
from keras_attn.report.rows import results


def of(*folders):
    return gallery.of(results.read(folders))


def test_data_are_what_the_folder_holds(tmp_path):
    """The mask has 16 of 40 columns in 10 of 30 rows, the points are at quarters and halves."""
    scores = {"adaptive_f": 0.25, "mae": 0.125, "s_auc": 0.75, "ig": np.nan}
    (only,) = of(save_images(tmp_path / "run", "ab", scores=scores))["sets"]
    assert (only["task"], only["dataset"], only["title"]) == (
        "salient_object",
        "dut_omron",
        "DUT-OMRON",
    )
    assert (only["trunks"], only["attentions"], only["networks"]) == (
        ["VGG16"],
        ["sigmoid"],
        [(0, 0)],
    )
    first, second = only["examples"]
    assert (first["id"], second["id"]) == ("a", "b")
    assert first["points"] == [[250, 500, 750, 250]]
    mask = np.repeat(np.arange(len(first["mask"]["runs"])) % 2, first["mask"]["runs"])
    wanted = np.zeros((HEIGHT, WIDTH), int)
    wanted[BOX] = 1
    np.testing.assert_array_equal(mask.reshape(first["mask"]["size"]), wanted)
    seen = first["seen"][0]
    assert seen["scores"] == {"adaptive_f": 0.25, "mae": 0.125, "s_auc": 0.75}
    assert seen["attention"]["size"] == (2, 2)
    np.testing.assert_array_equal(levels(seen["attention"]), [[[0, 255], [0, 255]]])
    (predicted,) = levels(seen["prediction"])
    assert np.abs(predicted - 255.0 * wanted).mean() < 8  # JPEG is soft at the edge
    json.dumps(only)


def test_the_table_of_colours_is_that_of_the_other_pictures(tmp_path):
    from keras_attn import pictures

    colours = np.array(of(save_images(tmp_path / "run", "a"))["heat"]["colours"])
    assert colours.shape == (256, 3)
    drawn, _ = pictures.heat(np.array([[0.0, 0.5, 1.0]]), (0, 1))
    np.testing.assert_array_equal(colours[[0, 128, 255]], drawn[0])


def test_an_example_is_shown_by_the_fold_that_held_it_out_and_by_the_first_seed(tmp_path):
    folders = [
        save_images(tmp_path / "f1", "cd", fold=1, seed=0, scores={"mae": 0.4}),
        save_images(tmp_path / "s1", "ab", fold=0, seed=1, scores={"mae": 0.3}),
        save_images(tmp_path / "s0", "ab", fold=0, seed=0, scores={"mae": 0.2}),
    ]
    (only,) = of(*folders)["sets"]
    shown = {one["id"]: one["seen"][0]["scores"]["mae"] for one in only["examples"]}
    assert shown == {"a": 0.2, "b": 0.2, "c": 0.4, "d": 0.4}


def test_networks_without_attention_or_pictures_of_an_example_say_nothing_of_it(tmp_path):
    folders = [
        save_images(tmp_path / "1", "ab"),
        save_images(tmp_path / "2", "a", heat=None, backbone="mine"),
        save_run(tmp_path / "3", {"id": ["a", "b"]}, attention="softmax"),  # kept no pictures
    ]
    (only,) = of(*folders)["sets"]
    assert only["trunks"] == ["VGG16", "mine"] and only["attentions"] == ["sigmoid"]
    first, second = only["examples"]
    assert "attention" in first["seen"][0] and "attention" not in first["seen"][1]
    assert list(second["seen"]) == [0]


def test_what_most_networks_have_is_chosen_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "EXAMPLES", 8)
    everyone = [f"{k:03d}" for k in range(9)]
    folders = [
        save_images(tmp_path / "1", [*everyone, "z"]),
        save_images(tmp_path / "2", everyone, attention="softmax"),
        save_images(tmp_path / "3", everyone, dataset="pascal_s"),
    ]
    one, two = of(*folders)["sets"]
    for part in (one, two):  # four of either: places 0, 8/3, 16/3 and 8
        assert [e["id"] for e in part["examples"]] == ["000", "003", "005", "008"]


def test_a_video_has_eight_frames_side_by_side_and_one_scale(tmp_path):
    rising = np.broadcast_to(np.arange(16)[:, None, None], (16, 2, 2))
    (only,) = of(save_clips(tmp_path / "1", [True, False], shown={"heat": rising}))["sets"]
    assert (only["trunk"], only["trunks"]) == ("fusion", ["early"])
    right, wrong = only["examples"]
    places = np.array([0, 2, 4, 6, 9, 11, 13, 15])
    assert right["frames"] == (3 * places).tolist()
    assert right["points"][0] == [250, 500] and right["points"][1:] == [[]] * 7
    heat = levels(right["seen"][0]["attention"])
    np.testing.assert_array_equal(heat, np.broadcast_to(17 * places[:, None, None], (8, 2, 2)))
    told = [
        (one["class"], one["seen"][0]["told"], one["seen"][0]["right"]) for one in (right, wrong)
    ]
    assert told == [("c0", "c0", True), ("c0", "c1", False)]


def test_a_network_that_kept_other_frames_of_a_video_is_left_out_of_it(tmp_path):
    one = save_clips(tmp_path / "1", [True])
    two = save_clips(tmp_path / "2", [True], attention="sigmoid", shown={"first": 1})
    (only,) = of(one, two)["sets"]
    assert len(only["networks"]) == 2 and list(only["examples"][0]["seen"]) == [0]


def test_what_one_viewer_says_of_the_others_stands_with_the_gaze(tmp_path):
    seen = save_references(
        tmp_path / "r", {"single_observer": [(0.8, 1.5)], "centre": [(0.5, 0.0)]}
    )
    (only,) = of(save_images(tmp_path / "1", "01"), seen)["sets"]
    first, second = only["examples"]
    assert first["observer"] == {"s_auc": 0.8, "ig": 1.5} and "observer" not in second


def test_without_pictures_there_is_no_gallery(tmp_path):
    assert of(save_run(tmp_path / "1", {"id": ["a"]})) is None
    attacked = {"id": ["a"], "fooling_rate": 1.0, "fooling_rate_all": 1.0}
    folder = save_run(tmp_path / "2", attacked, task="adversarial", dataset="cub_vwsw")
    assert of(keep(folder, [image("a")])) is None


def test_pictures_of_other_examples_than_the_rows_are_refused(tmp_path):
    folder = save_images(tmp_path / "1", "ab")
    keep(folder, [image("a"), image("c")])
    with refused("gallery.npz", "examples.csv", "c"):
        of(folder)


def test_the_paper_s_study_takes_less_than_ten_megabytes(rng, tmp_path):
    """One example a task at the size of the paper's networks, whose bytes are those of forty."""
    photograph = np.clip(rng.normal(128, 20, (180, 240, 3)), 0, 255).astype(np.uint8)
    photograph[::2], photograph[:, ::2] = photograph[1::2], photograph[:, 1::2]
    gaze = {"id": "a", "points": rng.uniform(0, 100, (40, 2))}
    still = gaze | {"image": photograph, "attention": rng.random((14, 14))}
    disc = np.hypot(*(np.indices((180, 240)) - 90)) < 60
    segmented = still | {"mask": disc, "saliency": rng.random((180, 240))}
    segmented["attention"] = rng.random((28, 28))
    film = gaze | {"frames": np.stack([photograph[:112, :112]] * 16), "numbers": np.arange(16)}
    film |= {"frame": np.arange(40) % 16}
    told = {"class": "c", "predicted": "c", "correct": 1.0}
    columns = {"adaptive_f": 0.12345, "mae": 0.12345, "s_auc": 0.12345, "ig": -1.12345}
    folders = []
    for task, dataset, one, networks in (
        ("salient_object", "dut_omron", segmented, 15),
        ("fine_grained", "cub_vwsw", still | told, 15),
    ):
        for k in range(networks):
            folder, who = tmp_path / f"{task}{k}", {"task": task, "dataset": dataset}
            save_run(folder, {"id": ["a"]} | columns | told, **who, attention=f"own{k}")
            folders.append(keep(folder, [one]))
    for k in range(10):
        folder = save_videos(tmp_path / f"clips{k}", [[1.0]], [[True]], attention=f"own{k}")
        side = (56, 7)[k % 2]  # of early and late fusion
        heat = {"attention": rng.random((16, side, side))}
        folders.append(keep(folder, [film | told | heat | {"id": "clip000"}]))
    examples = [one for part in of(*folders)["sets"] for one in part["examples"]]
    assert [len(one["seen"]) for one in examples] == [15, 10, 15]
    bytes_of_all = gallery.EXAMPLES * sum(len(json.dumps(one)) for one in examples)
    assert 5_000_000 < bytes_of_all < 10_000_000
