"""A study of one's own data: which cells there are, and which folders they can be made of."""

import json
from collections import Counter
from pathlib import Path

import pytest
from conftest import raised, refused

from keras_attn import configs, storage
from keras_attn.commands import study as studying
from keras_attn.errors import InputError
from keras_attn.shell import parser
from keras_attn.study import cells as study
from keras_attn.study import standing
from keras_attn.study.sets import MASKS, OwnSets, Place

NO_FILE = {"pretraining": "none"}


def folder(root, *parts):
    """A folder that looks like one of one's own, with these parts beside images/."""
    for part in ("images", *parts):
        path = root / part
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix:
            path.write_text("image\n")
        else:
            path.mkdir()
    return root


@pytest.fixture
def place(tmp_path):
    folder(tmp_path / "objects", "masks")
    folder(tmp_path / "rooms", "masks", "fixations.csv")
    folder(tmp_path / "streets", "masks", "fixations.csv")
    folder(tmp_path / "birds", "fixations.csv", "classes.csv")
    return tmp_path


def grid(place, masks=("objects",), gaze=("rooms",), changes=NO_FILE, **axes):
    places = {"masks": [f"{place}/{one}" for one in masks]}
    places |= {"gaze": [f"{place}/{one}" for one in gaze]}
    sources, axes = study.Sources(**places), study.Axes(**axes)
    return study.grid("own", place / "out", axes=axes, sources=sources, **changes)


def runs(cells):
    return {cell.name: cell for cell in cells if cell.trains}


def test_each_network_is_trained_on_the_masks_once_and_goes_on_with_each_fold_of_the_gaze(place):
    cells = grid(place, seeds=(0, 1, 2))
    found = runs(cells)
    counted = Counter(cell.config.data_name for cell in found.values())
    assert counted == {"objects": 5 * 3, "rooms": 5 * 3 * 5}
    assert sum(cell.kind == study.REFERENCES for cell in cells) == 5
    later = found["salient_object/rooms-vgg16-human-fold4-seed2"]
    first = found["salient_object/objects-vgg16-human-fold0-seed2"]
    assert later.config.training.start == first.folder and first.name in later.needs
    assert later.config.training.weights is None and later.config.data.fold == 4


def test_on_masks_alone_a_network_that_takes_gaze_is_trained_and_not_scored(place):
    found = runs(grid(place, folds=(0,)))
    kinds = {cell.config.model.attention: cell.kind for cell in list(found.values())[::2]}
    assert kinds.pop("human") == study.START and set(kinds.values()) == {study.RUN}
    assert not found["salient_object/objects-vgg16-human-fold0-seed0"].scores
    assert found["salient_object/rooms-vgg16-human-fold0-seed0"].scores
    with_gaze = runs(grid(place, masks=("streets",), folds=(0,)))
    assert {cell.kind for cell in with_gaze.values()} == {study.RUN}


def test_without_gaze_networks_are_told_to_learn_from_masks_alone(place):
    if not hasattr(configs.SalientObject().training, "without_gaze"):
        pytest.skip("no configuration says what is learnt without gaze")
    for masks, told in (("objects", "train"), ("streets", "raise")):
        cells = runs(grid(place, masks=(masks,), folds=(0,))).values()
        found = {(cell.config.data_name, cell.config.training.without_gaze) for cell in cells}
        assert found == {(masks, told), ("rooms", "raise")}


def test_a_start_is_finished_with_its_weights_and_without_scores(place):
    name = "salient_object/objects-vgg16-human-fold0-seed0"
    one = runs(grid(place, folds=(0,)))[name]
    one.folder.mkdir(parents=True)
    standing.mark(one.folder, one.identity, 1.0, {"name": "objects"})
    assert standing.finished([one]) == set()
    storage.RunFolder(one.folder).weights.write_bytes(b"")
    standing.mark(one.folder, one.identity, 1.0, {"name": "objects"})
    assert standing.finished([one]) == {name}


def test_what_a_cell_needs_stands_before_it(place):
    seen = set()
    for cell in grid(place, seeds=(0, 1)):
        assert set(cell.needs) <= seen
        seen.add(cell.name)


def test_without_a_set_of_masks_folds_start_from_the_backbone(place):
    found = runs(grid(place, masks=(), changes={}, attentions=("sigmoid",)))
    assert len(found) == 5
    assert {str(cell.config.training.weights) for cell in found.values()} == {"vgg16"}


def test_a_set_of_masks_that_has_gaze_has_references(place):
    cells = grid(place, masks=("streets",), folds=(0,))
    kinds = {cell.name for cell in cells if cell.kind == study.REFERENCES}
    assert kinds == {f"salient_object/references-{name}-fold0" for name in ("streets", "rooms")}


def test_several_sets_are_one_dataset_that_is_written_down_before_the_cells(place):
    gaze = ("rooms:task=free_viewing,age=9", "streets")
    cells = grid(place, gaze=gaze, attentions=("sigmoid",), folds=(1,))
    one = runs(cells)["salient_object/rooms+streets-vgg16-sigmoid-fold1-seed0"]
    root = place / "out" / "data" / "rooms+streets"
    assert (one.config.data.name, one.config.data.root) == ("joined", root)
    assert not root.exists()
    OwnSets(study.Sources(gaze=[f"{place}/{name}" for name in gaze]), place / "out").write()
    assert json.loads((root / "sets.json").read_text())["sets"] == [
        {"root": f"{place}/rooms", "where": {"task": "free_viewing", "age": "9"}},
        {"root": f"{place}/streets"},
    ]


def test_a_single_folder_is_read_where_it_lies(place):
    data = next(iter(runs(grid(place, masks=())).values())).config.data
    assert (data.name, data.root) == ("folder", place / "rooms")
    OwnSets(study.Sources(gaze=[str(place / "rooms")]), place / "out").write()
    assert not (place / "out").exists()


def test_classes_make_a_study_of_task_3_with_attacks(place):
    cells = grid(place, masks=(), gaze=("birds",), attentions=("sigmoid", "human"))
    assert [cell.name for cell in cells] == [
        "fine_grained/references-birds",
        "fine_grained/birds-vgg16-sigmoid-seed0",
        "fine_grained/birds-vgg16-sigmoid-seed0/fgsm",
        "fine_grained/birds-vgg16-human-seed0",
        "fine_grained/birds-vgg16-human-seed0/fgsm",
    ]


def test_changes_reach_the_configurations_that_have_them(place):
    cells = grid(place, changes=NO_FILE | {"epochs": 3, "fold_seed": 8})
    assert {cell.config.training.epochs for cell in cells} == {3}
    assert {cell.config.data.fold_seed for cell in cells} == {8}
    with refused("configuration field", received="'fusion'"):
        grid(place, changes=NO_FILE | {"fusion": "late"})
    folder(place / "both", "masks", "fixations.csv", "classes.csv")
    cells = grid(place, masks=(), gaze=("both",), changes=NO_FILE | {"channels": (64, 32, 16)})
    tasks = {cell.config.task for cell in cells}
    assert tasks == {configs.SalientObject.task, configs.FineGrained.task}


def test_changes_may_be_of_one_set_alone(place):
    cells = grid(place, changes=NO_FILE | {"epochs": 2, "objects.epochs": 5, "rooms.clip": 1.0})
    for cell in cells:
        masks = cell.config.data_name == "objects"
        assert cell.config.training.epochs == (5 if masks else 2)
        assert cell.config.training.clip == (None if masks else 1.0)
    with refused("dataset of object.epochs", ("'objects'", "'rooms'"), "'object'"):
        grid(place, changes=NO_FILE | {"object.epochs": 5})
    with refused("configuration field", received="'epoch'"):
        grid(place, changes=NO_FILE | {"objects.epoch": 5})


@pytest.mark.parametrize(
    ("masks", "gaze", "facts"),
    [
        ((), (), ("--sources.gaze: ", "images/", "fixations.csv")),
        ((), ("nowhere",), ("--sources.gaze: ", "folder of a dataset")),
        ((), ("objects",), ("without gaze are --sources.masks",)),
        (("birds",), ("rooms",), ("--sources.masks: ", "masks/")),
        (
            ("objects",),
            ("birds",),
            ("--sources.masks: ", "none", "--sources.gaze has no masks"),
        ),
        (("rooms",), ("rooms",), ("--sources.masks: ", "another name")),
        ((), ("rooms", "rooms"), ("--sources.gaze: ", "different names")),
        ((), ("dut_omron",), ("--sources.gaze: ", "another name", "dut_omron")),
        (("pascal_s",), ("rooms",), ("--sources.masks: ", "another name", "pascal_s")),
        ((), ("rooms:task",), ("--sources.gaze: ", "folder of a dataset")),
        ((), ("rooms:task=",), ("FOLDER:COLUMN=VALUE",)),
        ((), ("plain",), ("masks/", "Task 1", "classes.csv", "Task 3")),
        ((), ("empty",), ("empty: ", "images/")),
        ((), ("films",), ("experiments/action.py compare",)),
        ((), ("birds", "rooms"), ("masks/ beside the gaze",)),
    ],
)
def test_folders_that_no_study_can_be_made_of_are_refused_before_any_work(
    place, masks, gaze, facts
):
    folder(place / "plain", "fixations.csv")
    folder(place / "dut_omron", "masks", "fixations.csv")
    folder(place / "pascal_s", "masks")
    (place / "empty").mkdir()
    (place / "films" / "videos").mkdir(parents=True)
    (place / "films" / "fixations.csv").write_text("video\n")
    with raised(InputError, *facts):
        grid(place, masks=masks, gaze=gaze)
    assert not (place / "out").exists()


def test_datasets_of_the_paper_are_no_axis_of_ones_own_study(place):
    with refused("--datasets", "nothing"):
        grid(place, datasets=("dut_omron",))


def test_a_folder_that_joins_sets_has_what_all_of_them_have(place):
    (place / "ours").mkdir()
    sets = {"sets": [{"root": "../rooms"}, {"root": "../objects"}]}
    (place / "ours" / "sets.json").write_text(json.dumps(sets))
    one = Place.of(place / "ours", MASKS)
    assert one.has("masks") and not one.has("fixations.csv")


def test_a_colon_in_the_name_of_a_folder_is_part_of_it(place):
    folder(place / "a:b", "masks", "fixations.csv")
    assert Place.of(f"{place}/a:b", MASKS).root == place / "a:b"
    assert Place.of(f"{place}/a:b:task=x", MASKS).where == (("task", "x"),)


def of_line(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["keras-attn", "study", "own", *words])
    return parser.of_shell()


def test_the_command_line_names_several_folders_and_fields(place, monkeypatch):
    words = ["--sources.gaze", f"{place}/rooms", "--sources.gaze", f"{place}/streets:task=x"]
    words += ["--sources.masks", f"{place}/objects", "--change", "encoder=frozen", "epochs=8"]
    command = of_line(monkeypatch, *words)
    assert command.sources.gaze == (f"{place}/rooms", f"{place}/streets:task=x")
    assert command.change == ("encoder=frozen", "epochs=8")
    assert dict(map(studying._change, command.change)) == {"encoder": "frozen", "epochs": 8}
    with refused("--change", "FIELD=VALUE"):
        studying._change("epochs")


def test_a_dry_run_lists_the_cells_and_writes_nothing(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    words = ["--sources.gaze", "rooms", "--sources.gaze", "streets", "--dry-run"]
    of_line(monkeypatch, *words)()
    assert "30 cells, 30 to do" in capsys.readouterr().out
    assert sorted(place.rglob("*")) == before


def test_the_weights_have_to_be_there(place):
    sources = study.Sources(gaze=str(place / "rooms"), vgg16=Path("none.h5"))
    with refused("none.h5", "weight file"):
        studying.StudyCommand("own", sources=sources, out=place / "out")()
    assert not (place / "out").exists()
