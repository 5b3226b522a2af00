"""Whether data are drawn, and how they were read, goes with them wherever they go."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from PIL import Image

from keras_attn import configs, datasets, storage
from keras_attn.datasets import origin
from keras_attn.datasets.flow.files import FlowSettings
from keras_attn.datasets.format import FOLDERS
from keras_attn.evaluation import about_data
from keras_attn.runs import known_data
from keras_attn.tasks.trained import _check_files, _with_fold

SMALL = {"dut_omron": {"images": 6}, "pascal_s": {"images": 6}, "folder": {"images": 6}}
SMALL |= {"cub_vwsw": {"images": 9}, "hollywood2": {"videos": 12, "frames": 3}}
SMALL |= {"ucf_sports": {"videos": 9, "frames": 3}}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    place = tmp_path_factory.mktemp("drawn")

    def make(name):
        return datasets.miniature(name, shape=(48, 48), root=place / name, **SMALL[name])

    return make


def read_again(data):
    """The dataset that the source of another one leads to."""
    options = dict(data.source)
    return getattr(datasets, options.pop("name"))(options.pop("root"), **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_what_is_drawn_is_known_as_drawn_by_every_reader_and_in_every_part(drawn, name):
    data = drawn(name)
    again = read_again(data)
    assert again.fingerprint == data.fingerprint
    assert data.drawn is again.drawn is True
    assert origin.ABOUT in again.note
    assert again.part("half", range(3)).drawn and again.fold(0, of=2)[1].drawn
    assert str(again).startswith(f"{again.name} (drawn): ")


def test_without_its_note_a_drawn_folder_is_drawn_and_without_its_marker_too(drawn, tmp_path):
    root = tmp_path / "mine"
    datasets.miniature("folder", images=4, shape=(48, 48), root=root)
    (root / "about.txt").unlink()
    assert datasets.folder(root).drawn and origin.ABOUT in datasets.folder(root).note
    (root / "about.txt").write_text(origin.ABOUT)
    (root / "drawn.json").unlink()
    assert datasets.folder(root).drawn
    (root / "about.txt").write_text("Photographs of my own.")
    assert datasets.folder(root).drawn  # as its pictures say
    for path in (root / "images").iterdir():
        Image.fromarray(np.array(Image.open(path))).save(path)
    assert not datasets.folder(root).drawn


@pytest.mark.parametrize("name", SMALL)
def test_drawn_files_that_were_copied_elsewhere_are_drawn(drawn, name, tmp_path):
    data = drawn(name)
    root = origin.drawn_folder(data.source["root"])
    copy = tmp_path / "mine"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("drawn.json", "about*"))
    options = dict(data.source)
    for place in {*FOLDERS} & {*options}:
        options[place] = copy / Path(options[place]).relative_to(root)
    again = getattr(datasets, options.pop("name"))(options.pop("root"), **options)
    assert again.drawn and again.label.endswith("(drawn)") and origin.ABOUT in again.note


def test_one_drawn_picture_among_photographs_makes_the_data_drawn(drawn, tmp_path):
    (tmp_path / "images").mkdir()
    lines = ["image,subject,x,y"]
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 255, (48, 48, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.jpg")
        lines += [f"{number},{viewer},{10 + number},{20 + viewer}" for viewer in range(3)]
    (tmp_path / "fixations.csv").write_text("\n".join(lines))
    assert not datasets.folder(tmp_path).drawn
    shutil.copy(drawn("folder")[0].image, tmp_path / "images" / "holiday.jpg")
    assert datasets.folder(tmp_path).drawn


def test_a_file_of_somebody_elses_by_the_name_of_the_marker_says_nothing(drawn, tmp_path):
    for content in ("{", "[]", json.dumps({"title": "sketches"})):
        (tmp_path / "drawn.json").write_text(content)
        assert origin.drawn_folder(tmp_path / "images" / "a.jpg") is None


def test_drawn_examples_under_any_name_are_drawn(drawn):
    data = drawn("dut_omron")
    made = datasets.GazeDataset("photographs", data.examples[:3], datasets.ReadingReport())
    assert made.drawn and made.label == "photographs (drawn)" and origin.ABOUT in made.note
    assert made.source is None and origin.kind_of(made) == "made in Python"
    assert replace(data, name="mine").label == "mine (drawn)"


def test_flow_that_is_extracted_is_found_again(drawn, tmp_path):
    videos = drawn("ucf_sports")
    settings = FlowSettings("dis", 8, 48, 48)
    flowing = datasets.with_flow(videos, tmp_path / "flow", settings, progress=False)
    again = read_again(flowing)
    assert [video.flow for video in again] == [video.flow for video in flowing]


# --- in a configuration -------------------------------------------------------------------------


def test_a_configuration_says_what_was_handed_over(drawn):
    config = configs.salient_object(root="/elsewhere", fold=2)
    data = read_again(drawn("folder"))
    told = configs.read_as(config, known_data.record(data)["source"])
    assert (told.data.name, str(told.data.root)) == ("folder", data.source["root"])
    assert told.data.fold == 2 and told.training == config.training
    assert configs.read_as(config, None) is None
    assert configs.read_as(config, drawn("cub_vwsw").source) is None
    birds = {"name": "cub_vwsw", "root": "/birds", "participants": ["VW-0"], "crop": False}
    told = configs.read_as(configs.fine_grained(gaze="/old"), birds)
    assert (told.data.participants, told.data.crop, told.data.gaze) == (("VW-0",), False, None)


def test_a_group_of_viewers_is_told_and_arguments_without_a_field_are_not():
    config = configs.action()
    source = {"name": "hollywood2", "root": "/films", "group": "free"}
    told = configs.read_as(config, source | {"groups": {"free": [1, 2]}})
    assert (told.data.group, told.data.subjects) == ("free", (1, 2))
    assert configs.read_as(config, source | {"events": "F"}) is None
    assert configs.read_as(config, {"name": "ucf_sports", "root": "/clips", "classes": 10}) is None


def test_what_is_drawn_anew_has_no_root():
    config = configs.salient_object(images=20, scenes_seed=3)
    assert configs.read_as(configs.salient_object(root="/x"), configs.source_of(config)) == config


# --- fingerprints -------------------------------------------------------------------------------


def halved(data):
    """The data without every other fixation."""
    half = [replace(e, points=e.points[::2], subjects=e.subjects[::2]) for e in data]
    return replace(data, examples=half)


def test_the_fingerprint_is_that_of_the_whole_unless_a_part_has_other_examples(drawn):
    data = drawn("dut_omron")
    test = data.fold(0, of=2)[1]
    assert known_data.fingerprint(test) == known_data.fingerprint(data) == data.fingerprint
    assert known_data.fingerprint(halved(test)) == halved(test).fingerprint != data.fingerprint


def test_other_data_by_the_name_of_the_training_are_told_with_their_counts(drawn):
    data = drawn("dut_omron")
    known = known_data.record(data.fold(0, of=2)[0])
    assert known_data.notes(data.fold(0, of=2)[1], known) == ()
    (note,) = known_data.notes(halved(data), known)
    before, now = data.report.points, halved(data).report.points
    assert f"{now} fixations on 6 examples in place of {before} fixations on 6" in note
    assert data.fingerprint[:12] in note and halved(data).fingerprint[:12] in note
    part = data.fold(0, of=2)[1]
    (note,) = known_data.notes(halved(part), known)
    assert f"on 3 examples in place of {part.report.points} fixations on 3" in note
    others = replace(halved(data), name="others", source=None)
    assert known_data.notes(others.fold(0, of=2)[1], known) == ()


def test_what_a_run_knows_as_drawn_stays_drawn_without_marker_and_note(drawn):
    data = drawn("dut_omron")
    known = known_data.record(data)
    bare = replace(data, drawn=False, note="")
    assert known_data.recognised(bare, known).drawn
    assert not known_data.recognised(halved(bare), known).drawn
    test = bare.fold(0, of=2)[1]
    found = known_data.recognised(test, known_data.record(data.fold(0, of=2)[0]))
    assert found.drawn and found.whole.drawn and found.fingerprint == test.fingerprint


def test_scores_of_a_network_of_drawn_data_on_real_ones_say_so_and_the_reverse(drawn):
    data = drawn("dut_omron")
    real = replace(drawn("pascal_s"), drawn=False, note="", name="photographs", source=None)
    (note,) = known_data.notes(real, known_data.record(data))
    assert "learnt from dut_omron (drawn)" in note
    (note,) = known_data.notes(data, known_data.record(real))
    assert "photographs and is scored on drawn data" in note
    columns = about_data.columns(real, known_data.record(data))
    assert (columns["drawn"], columns["trained_on"], columns["trained_drawn"]) == (
        *(False, "dut_omron"),
        True,
    )


def test_records_of_earlier_versions_tell_what_they_can(drawn):
    data = drawn("dut_omron")
    earlier = {"name": "dut_omron, all but fold 0", "fingerprint": "f" * 64, "examples": 3}
    earlier |= {"note": data.note, "reading": ""}
    assert known_data.is_drawn(earlier) and known_data.notes(data, earlier) == ()
    assert not known_data.is_drawn(earlier | {"note": ""})
    assert about_data.columns(data, earlier)["trained_fingerprint"] == ""


# --- what was learnt from, and what was held out ------------------------------------------------


def test_what_was_learnt_from_is_counted_in_whatever_is_scored(drawn):
    data = drawn("folder")
    train, test = data.fold(0, of=3)
    known = known_data.record(train)
    assert known_data.seen(test, known) == 0 and known_data.notes(test, known) == ()
    (note,) = known_data.notes(data, known)
    assert note == "The network learnt from 4 of these 6 examples, which were not held out."
    (note,) = known_data.notes(train, known)
    assert "from all of these 4 examples" in note
    renamed = replace(data, name="others", source=None)  # and moved, with other gaze
    assert known_data.seen(halved(renamed), known) == 4


def test_other_pictures_under_the_same_ids_were_not_learnt_from(drawn, tmp_path):
    known = known_data.record(drawn("folder"))
    sizes = {**SMALL["folder"], "shape": (48, 48)}
    others = datasets.miniature("folder", seed=1, root=tmp_path / "folder", **sizes)
    assert [example.id for example in others] == [example.id for example in drawn("folder")]
    assert known_data.seen(others, known) is None
    assert not any("learnt from" in note for note in known_data.notes(others, known))


@pytest.mark.parametrize("what", ["masks", "pictures"])
def test_other_masks_or_pictures_under_the_same_gaze_are_told(what, tmp_path):
    root = tmp_path / "mine"
    data = datasets.miniature("folder", images=4, shape=(48, 48), root=root)
    known = known_data.record(data.fold(0, of=2)[0])
    folder = root / {"masks": "masks", "pictures": "images"}[what]
    first, second, *_ = sorted(folder.iterdir())
    first.write_bytes(second.read_bytes())
    again = datasets.folder(root)
    assert again.fingerprint == data.fingerprint
    (note,) = known_data.notes(again.fold(0, of=2)[1], known)
    assert note.startswith(f"The {what} are not those of the training")
    assert about_data.columns(again)["files"] == ""  # of drawn data nothing hangs on a bit
    stamps = {about_data.columns(replace(one, drawn=False))["files"] for one in (again, again)}
    assert len(stamps) == 1 and "" not in stamps


def test_where_images_have_come_or_gone_it_is_told_that_what_was_held_out_is_not_known(tmp_path):
    root = tmp_path / "mine"
    data = datasets.miniature("folder", images=6, shape=(48, 48), root=root)
    known = known_data.record(data.fold(0, of=3)[0])
    fewer = replace(data, examples=data.examples[:5])
    assert known_data.seen(fewer.fold(0, of=3)[1], known) is None
    (note,) = known_data.notes(fewer.fold(0, of=3)[1], known)
    assert "held out is not known" in note
    with refused("run", ("6 examples", "--data.whole"), "5 examples"):
        known_data.check_held_out(fewer.fold(0, of=3), known, "run", own=True)


def test_a_run_on_some_conditions_alone_does_not_take_all_fixations_for_its_data(tmp_path):
    root = tmp_path / "mine"
    datasets.miniature("folder", images=6, shape=(48, 48), root=root)
    table = pd.read_csv(root / "fixations.csv")
    table["task"] = ["search" if turn % 2 else "free" for turn in range(len(table))]
    table.to_csv(root / "fixations.csv", index=False)
    data = datasets.folder(root)
    for chosen in (data.where(task="search"), data.fold(0)[0].where(task="search")):
        known = known_data.record(chosen)
        (note,) = known_data.notes(data, known)
        assert "same folder, as mine in place of mine, task=search: " in note
        assert known["source"]["where"] == {"task": ["search"]} and known["kind"] == "folder"
        config = configs.read_as(configs.salient_object(), known["source"])
        assert str(config.data.root) == str(root)
        with refused("run", received=("folder(root=", ".where(**{'task': ['search']}")):
            known_data.check_findable(config, known, "run")
    known_data.check_findable(config, known_data.record(data), "run")


@pytest.mark.parametrize("of", [2, 3, 4, 5])
def test_the_fold_that_is_left_out_is_found_again_with_and_without_groups(drawn, of):
    data = drawn("folder")
    groups = ["a", "a", "a", "b", None, None]  # of uneven sizes
    examples = [replace(e, group=g) for e, g in zip(data, groups, strict=True)]
    for whole in (data, replace(data, examples=examples)):
        if of > 4 and whole is not data:
            continue
        config = _with_fold(configs.salient_object(), whole.fold(1, of=of)[0])
        assert whole.fold(config.data.fold, of=config.data.folds)[0].fingerprint == (
            whole.fold(1, of=of)[0].fingerprint
        )


def test_most_of_a_few_examples_are_no_fold_of_more_than_there_are(drawn):
    whole = replace(drawn("folder"), examples=drawn("folder").examples[:4])
    config = _with_fold(configs.salient_object(), whole.part("most", [0, 1, 3]))
    assert config.data.folds <= 5


def test_data_for_a_run_on_data_made_in_python_are_named_by_format_and_folder(drawn):
    made = known_data.record(replace(drawn("folder"), source=None, drawn=False, note=""))
    config = configs.salient_object()
    with refused("--data.name", "folder", "none"):
        known_data.check_named(config, made, {"root": "rel"})
    with refused("--data.root", "dut_omron"):
        known_data.check_named(config, made, {"name": "dut_omron"})
    known_data.check_named(config, made, {"name": "folder", "root": "rel"})
    known_data.check_named(config, known_data.record(drawn("folder")), {"root": "moved"})
    known_data.check_named(config, known_data.record(drawn("folder")), {"name": "pascal_s"})


def test_a_run_does_not_go_on_with_other_masks_under_the_same_gaze(tmp_path):
    root, folder = tmp_path / "mine", storage.RunFolder(tmp_path / "run")
    data = datasets.miniature("folder", images=4, shape=(48, 48), root=root)
    folder.path.mkdir()
    record = {"identity": "1", "data": known_data.record(data) | {"drawn": False}}
    folder.config.write_text(json.dumps(record))
    folder.weights.touch()
    _check_files(folder, record)
    first, second, *_ = sorted((root / "masks").iterdir())
    first.write_bytes(second.read_bytes())
    changed = known_data.record(datasets.folder(root)) | {"drawn": False}
    with refused("run", "masks", "others"):
        _check_files(folder, record | {"data": changed})
    _check_files(folder, {"identity": "2", "data": changed})  # is refused as another run
