"""Several sets as one: nothing of one is taken for something of another."""

import json

import pytest
from conftest import raised, refused

import keras_attn as ka
from keras_attn.datasets import groups, origin
from keras_attn.errors import InputError


def one(name, ids=("a", "b"), drawn=False, group="room", **options):
    """A dataset of small pictures without files, in one group, that viewer 7 looked at."""
    kinds = options.pop("labels", [None] * len(ids))
    examples = tuple(
        ka.datasets.Example(i, None, (8, 10), [(4, 4)], [7], group=group, label=kind)
        for i, kind in zip(ids, kinds, strict=True)
    )
    report = ka.datasets.ReadingReport(points_outside=2, remarks=["odd"], read=len(ids))
    return ka.datasets.GazeDataset(name, examples, report, f"Of {name}.", drawn=drawn, **options)


@pytest.fixture
def folders(tmp_path):
    """Two folders of drawn scenes of the same names, and the folder that joins them."""
    for seed, name in enumerate(("mine", "yours")):
        root = tmp_path / name
        ka.datasets.miniature("folder", images=3, shape=(48, 64), seed=seed, root=root)
    (tmp_path / "ours").mkdir()
    return tmp_path


def say(folders, *sets, **more):
    (folders / "ours" / "sets.json").write_text(json.dumps({"sets": list(sets), **more}))
    return folders / "ours"


def test_ids_viewers_and_groups_of_two_sets_are_told_apart():
    data = ka.datasets.join([one("x"), one("y")])
    assert [example.id for example in data] == ["x/a", "x/b", "y/a", "y/b"]
    assert [example.collection for example in data] == ["x", "x", "y", "y"]
    assert {example.group for example in data} == {"x/room", "y/room"}
    assert data.report.viewers == 2 and data.report.points == 4
    assert data.name == "x + y" and data.whole is None


def test_viewers_of_several_sets_are_the_same_people_where_that_is_said():
    assert ka.datasets.join([one("x"), one("y")], same_viewers=True).report.viewers == 1


def test_what_was_met_in_reading_is_added_up_and_remarks_and_notes_name_their_set():
    data = ka.datasets.join([one("x"), one("y")])
    assert data.report.points_outside == 4 and data.report.read == 4
    assert data.report.remarks == ["x: odd", "y: odd"]
    assert data.note == "x: Of x.\ny: Of y."


def test_folds_keep_groups_of_each_set_whole_and_hold_all_sets():
    data = ka.datasets.join([one("x"), one("y", "abc")])
    train, test = data.fold(0, of=2)
    assert {example.group for example in train}.isdisjoint(example.group for example in test)
    assert len(train.pool.points) == 5


def test_negatives_are_the_fixations_of_all_sets():
    assert len(ka.datasets.join([one("x"), one("y")]).pool.points) == 4


def test_rows_tell_which_set_an_example_comes_from():
    data = ka.datasets.join([one("x"), one("y")])
    assert groups.cell(data, data[3]) == {"group": "y/room", "collection": "y"}
    assert groups.column(data)["collection"] == ["x", "x", "y", "y"]
    assert "collection" not in groups.column(one("x"))


def test_classes_are_told_by_their_names_whatever_their_order_in_a_set():
    first = one("x", labels=[0, 1], classes=("dog", "owl"))
    second = one("y", labels=[0, 1], classes=("ape", "dog"))
    data = ka.datasets.join([first, second])
    told = [data.classes[example.label] for example in data]
    assert data.classes == ("ape", "dog", "owl") and told == ["dog", "owl", "ape", "dog"]


def test_splits_of_all_sets_are_joined():
    splits = {"train": ("a",), "test": ("b",)}
    data = ka.datasets.join([one(name, splits=splits, group=None) for name in "xy"])
    assert [example.id for example in data.split("test")] == ["x/b", "y/b"]


@pytest.mark.parametrize(
    ("sets", "facts"),
    [
        ([], ("different names", "none")),
        ([one("x"), one("x")], ("different names", "x more than once")),
        ([one("x"), one("y", drawn=True)], ("drawn pictures in y and none in x",)),
        ([one("x", labels=[0, 0], classes=("ape",)), one("y")], ("classes in x and none in y",)),
        ([one("x", splits={"train": ("a",)}), one("y")], ("splits in x and none in y",)),
        ([one("x"), 5], ("sets, ", "GazeDataset")),
    ],
)
def test_what_cannot_be_one_dataset_is_an_error(sets, facts):
    with raised(InputError, *facts):
        ka.datasets.join(dict(enumerate(sets)) if 5 in sets else sets)


def test_a_folder_names_the_sets_and_is_read_again_from_its_source(folders):
    root = say(folders, {"root": "../mine"}, {"root": str(folders / "yours"), "name": "theirs"})
    data = ka.datasets.joined(root)
    assert data.name == "ours" and data.drawn and data.note == origin.ABOUT
    assert [e.id for e in data][2:4] == ["mine/scene_0003", "theirs/scene_0001"]
    again = getattr(ka.datasets, data.source.pop("name"))(**data.source)
    assert again.fingerprint == data.fingerprint


def test_of_a_set_the_fixations_of_a_condition_alone_are_read(folders):
    table = folders / "yours" / "fixations.csv"
    head, *rows = table.read_text().splitlines()
    marked = [f"{row},{'search' if n % 2 else 'free'}" for n, row in enumerate(rows)]
    table.write_text("\n".join([f"{head},task", *marked]) + "\n")
    root = say(folders, {"root": "../mine"}, {"root": "../yours", "where": {"task": "search"}})
    data = ka.datasets.joined(root)
    points = sum(len(e.points) for e in data if e.collection == "yours")
    assert points == len(rows) // 2


def test_arguments_of_one_set_are_its_own(folders):
    table = folders / "yours" / "fixations.csv"
    table.write_text(table.read_text().replace(",", ";"))
    root = say(folders, {"root": "../mine"}, {"root": "../yours", "separator": ";"})
    assert len(ka.datasets.joined(root)) == 6
    with raised(InputError, "separator"):
        ka.datasets.joined(say(folders, {"root": "../mine"}, {"root": "../yours"}))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("{", ("JSON",)),
        ("[]", ('{"sets"',)),
        ('{"sets": []}', ('{"sets"',)),
        ('{"sets": [{"path": "x"}]}', ("root for each",)),
        ('{"sets": [{"root": "../mine"}], "viewers": 1}', ("same_viewers", "'viewers'")),
        ('{"sets": [{"root": "../mine"}], "same_viewers": 1}', ("true or false",)),
        ('{"sets": [{"root": "../mine", "colour": 1}]}', ("set 1: ", "'colour'")),
        ('{"sets": [{"root": "../mine", "format": "osie2"}]}', ("set 1, format",)),
        ('{"sets": [{"root": "../mine", "where": "x"}]}', ("set 1, where",)),
        ('{"sets": [{"root": "../mine"}, {"root": "../mine"}]}', ('say "name"',)),
        ('{"sets": [{"root": "../nowhere"}]}', ("nowhere: ", "folder")),
    ],
)
def test_a_file_that_does_not_say_which_sets_is_one_error(folders, text, facts):
    (folders / "ours" / "sets.json").write_text(text)
    with raised(InputError, *facts):
        ka.datasets.joined(folders / "ours")


def test_other_sets_are_not_written_over_those_that_results_were_made_from(tmp_path):
    from keras_attn.datasets.formats import joined

    joined.write(tmp_path / "ours", [{"root": "x"}])
    joined.write(tmp_path / "ours", [{"root": "x"}])
    with refused(str(tmp_path), "another folder"):
        joined.write(tmp_path / "ours", [{"root": "y"}])
    assert joined.sets_in(tmp_path / "ours") == [{"root": "x"}]
