"""Whether data are drawn, and how they were read, goes with them wherever they go."""

import json
from dataclasses import replace

import pytest

from keras_attn import configs, datasets, known_data, origin
from keras_attn.datasets.flow_files import FlowSettings

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
    assert not datasets.folder(root).drawn


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
    assert known_data.notes(replace(halved(data), name="others", source=None), known) == ()


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
    assert "learnt from photographs and is scored on drawn data" in note
    columns = known_data.columns(real, known_data.record(data))
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
    assert known_data.columns(data, earlier)["trained_fingerprint"] == ""
