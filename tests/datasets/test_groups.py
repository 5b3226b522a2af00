"""Groups of images that belong together: in one fold, in no two splits, one value in statistics."""

import numpy as np
import pandas as pd
import pytest
from conftest import refused
from PIL import Image

import keras_attn as ka
from keras_attn.datasets.readers.reading_report import ReadingReport
from keras_attn.evaluation.references import references
from keras_attn.evaluation.scorer import gaze_of_image
from keras_attn.report.tables.evaluation import Evaluation


def dataset(groups, splits=None):
    """Images without files, one for each of these groups (None: in none)."""
    examples = [
        ka.datasets.Example(f"i{n:02d}", None, (8, 10), [[n % 9 + 0.5, 3.0]], ["a"], group=group)
        for n, group in enumerate(groups)
    ]
    return ka.datasets.GazeDataset("d", tuple(examples), ReadingReport(), splits=splits or {})


def of_folder(root, groups, count=4):
    (root / "images").mkdir(parents=True)
    rows = []
    for n in range(count):
        Image.new("RGB", (10, 8), (20 * n, 9, 9)).save(root / "images" / f"i{n}.png")
        rows += [(f"i{n}", viewer, n + 1, 3) for viewer in ("a", "b")]
    table = pd.DataFrame(rows, columns=["image", "subject", "x", "y"])
    table.to_csv(root / "fixations.csv", index=False)
    (root / "groups.csv").write_text(groups, encoding="utf-8")
    return root


def test_a_file_of_groups_is_read_and_images_it_does_not_name_are_in_none(tmp_path):
    root = of_folder(tmp_path / "d", "image,group\ni0,room\ni2.png,room\ni1,01\n")
    data = ka.datasets.folder(root)
    assert [example.group for example in data] == ["room", "01", "room", None]
    assert "2 groups" in str(data)


@pytest.mark.parametrize("of", [2, 3, 5])
def test_a_group_is_in_one_fold_alone_and_folds_are_as_large_as_groups_allow(of):
    rng = np.random.default_rng(of)
    groups = [str(g) for g in rng.permutation(np.repeat(range(15), 2))] + [None] * 5
    data, tested = dataset(groups), []
    for number in range(of):
        train, test = data.fold(number, of=of)
        own, others = ({e.group for e in part} - {None} for part in (test, train))
        assert not own & others
        assert len(train) + len(test) == 35
        tested += [example.id for example in test]
    assert sorted(tested) == [example.id for example in data]
    sizes = [len(data.fold(number, of=of)[1]) for number in range(of)]
    assert max(sizes) - min(sizes) <= 1


def test_folds_do_not_depend_on_the_order_of_the_images_but_on_the_seed():
    groups = [str(n // 2) for n in range(20)]
    data = dataset(groups)
    turned = ka.datasets.GazeDataset("d", tuple(data)[::-1], ReadingReport())

    def tested(of, seed=0):
        return {example.id for example in of.fold(1, of=4, seed=seed)[1]}

    assert tested(data) == tested(turned)
    assert tested(data) != tested(data, seed=1)


def test_folds_without_groups_are_those_of_a_hash_of_seed_and_id():
    names = {example.id for example in dataset([None] * 11).fold(0)[1]}
    assert names == {example.id for example in dataset([f"i{n:02d}" for n in range(11)]).fold(0)[1]}
    assert names == {"i05", "i06", "i08"}


def test_fewer_groups_than_folds_are_an_error_that_says_how_many_there_are():
    with refused("fold", ("2 to 3 folds", "3 groups"), "0 of 5"):
        dataset(["a", "a", "b", "b", "c", "c"]).fold(0)


def test_an_example_in_both_splits_is_an_error_that_names_it():
    data = dataset([None] * 4, {"train": ("i00", "i01"), "test": ("i01", "i02")})
    with refused("splits of dataset 'd'", "alone", "1 in both: i01"):
        data.split("test")


def test_a_group_in_both_splits_is_an_error_that_names_it():
    splits = {"train": ("i00", "i02"), "test": ("i01", "i03")}
    data = dataset(["a", "a", "b", None], splits)
    with refused("split", received="1 in several: a"):
        data.split("train")
    assert len(dataset(["a", "b", "a", None], splits).split("train")) == 2


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_what_is_missing_is_no_group_and_numbers_are_names(nothing):
    assert [e.group for e in dataset([nothing, 3])] == [None, "3"]


def test_fingerprints_change_with_groups_and_only_with_them():
    none, pairs = dataset([None] * 4), dataset(["a", "a", "b", "b"])
    assert none.fingerprint != pairs.fingerprint
    assert pairs.fingerprint == dataset(["a", "a", "b", "b"]).fingerprint
    # As it was before there were groups.
    assert none.fingerprint[:12] == "24871a77b118"


def test_rows_tell_the_group_and_summaries_use_it():
    def found(groups):
        data = dataset(groups)
        scores = references("salient_object", data, lambda i: gaze_of_image(data, i, 0.05))
        return Evaluation.of(scores)

    single, pairs = found([None] * 6), found(["a", "a", "b", "b", "c", "c"])
    assert "group" not in single.rows
    assert pairs.rows.drop_duplicates("id")["group"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert "in 3 groups" in str(pairs) and "groups" not in str(single)


@pytest.mark.parametrize(("number", "of"), [("0", 5), (0.5, 5), (0, "5"), (0, None)])
def test_folds_are_counted_in_whole_numbers(tmp_path, number, of):
    data = ka.datasets.folder(of_folder(tmp_path / "d", "image,group\ni0,room\n"))
    with refused(expected="whole number"):
        data.fold(number, of=of)
