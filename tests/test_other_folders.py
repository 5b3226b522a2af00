"""Folders that are read as another dataset than they are, and what Task 1 needs of a folder."""

import numpy as np
import pytest
from conftest import refused
from PIL import Image

import keras_attn as ka
from keras_attn import configs, datasets
from keras_attn.datasets.drawing import drawn_in

PUBLISHED = (
    "dut_omron",
    "pascal_s",
    "cub_vwsw",
    "mit1003",
    "cat2000",
    "salicon",
    "osie",
    "cub_gha",
)


@pytest.fixture
def own(tmp_path):
    """A folder of anybody's own: five pictures with gaze, without masks."""
    (tmp_path / "images").mkdir()
    rng, rows = np.random.default_rng(0), ["image,subject,x,y"]
    for number in range(5):
        Image.new("RGB", (60, 40)).save(tmp_path / "images" / f"{number}.png")
        rows += [f"{number},s,{x},{y}" for x, y in rng.uniform(5, 35, (6, 2))]
    (tmp_path / "fixations.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_folder_of_ones_own_is_told_where_a_published_one_is_named(name, own):
    with refused(received=("images, fixations.csv", "--data.name folder")):
        getattr(datasets, name)(own)


@pytest.mark.parametrize("name", ["dut_omron", "pascal_s", "cub_vwsw", "video_folder"])
def test_a_published_dataset_is_told_where_a_folder_is_named(name):
    options = {"videos": 12, "frames": 16} if name == "video_folder" else {"images": 9}
    drawn = datasets.miniature(name, shape=(48, 64), **options)
    with refused(expected="folder", received=f"--data.name {name}"):
        datasets.folder(drawn_in(drawn))


def test_another_error_of_the_right_reader_stays_as_it_is(own):
    (own / "images" / "0.png").write_text("no picture")
    with refused("0.png", "image"):
        datasets.folder(own)


def test_a_folder_without_masks_is_refused_with_the_path_of_one(own, tmp_path):
    config = configs.salient_object("miniature", epochs=1, attention="sigmoid")
    with refused("dataset", f"{own}/masks/<name of the image>.png", "none for 5 of 5 images"):
        ka.train(config, datasets.folder(own), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("attention", ["supervised", "human"])
def test_attention_that_needs_gaze_is_refused_on_data_without_any(attention, own, tmp_path):
    (own / "fixations.csv").unlink()
    (own / "masks").mkdir()
    for path in (own / "images").iterdir():
        mask = Image.new("L", (60, 40))
        mask.paste(255, (10, 10, 30, 30))
        mask.save(own / "masks" / path.name)
    config = configs.salient_object("miniature", epochs=1, attention=attention)
    with refused("dataset", (f"'{attention}'", "fixations.csv", "--model.attention"), "none"):
        ka.train(config, datasets.folder(own), out=tmp_path / "run")
