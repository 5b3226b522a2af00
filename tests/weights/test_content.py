"""What is no weight file is told by its content, in one error that says what it is."""

import bz2
import pickle
import tarfile
import zipfile

import h5py
import keras
import numpy as np
import pytest
from conftest import refused
from legacy_files import write_legacy

import keras_attn as ka
from keras_attn import weights
from keras_attn.weights import content


@pytest.fixture(scope="module")
def small():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(300, name="fc")], name="small")


def text(path, model):
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")


def empty(path, model):
    path.write_bytes(b"")


def truncated(path, model):
    write_legacy(path, {"fc": model.get_weights()})
    path.write_bytes(path.read_bytes()[:-1000])


def of_another_model(path, model):
    write_legacy(path, {"fc": [np.zeros((2, 4)), np.zeros(4)], "other": [np.zeros(1)]})


def of_no_network(path, model):
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros(3)


def with_code(path, model):
    with path.open("wb") as file:
        np.save(file, np.array({"fc": [print]}, dtype=object), allow_pickle=True)


def plain_pickle(path, model):
    path.write_bytes(pickle.dumps({"fc": [1.0]}))


def packed(path, model):
    path.write_bytes(bz2.compress(b"weights"))


def tar(path, model):
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "weights.h5")


def zipped(path, model):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.h5", b"")


def whole_model(path, model):
    model.save(path.with_suffix(".keras"))
    path.with_suffix(".keras").rename(path)


def folder(path, model):
    path.mkdir()


def saved_model(path, model):
    model.export(path, verbose=False)


@pytest.mark.parametrize(
    ("make", "received"),
    [
        (lambda path, model: None, "no such file"),
        (text, "text that begins 'version https://git-lfs"),
        (empty, "an empty file"),
        (truncated, "a file that cannot be read"),
        (of_another_model, "superfluous: other; of another shape: fc 2×4, 4 for 2×300, 300"),
        (of_no_network, "HDF5 with data at its root"),
        (with_code, "print, which was not made"),
        (plain_pickle, "a file of another kind, which begins"),
        (packed, "a bzip2 archive"),
        (tar, "a tar archive"),
        (zipped, "a zip archive with weights.h5"),
        (whole_model, "a whole model in a .keras archive, which keras.saving.load_model opens"),
        (folder, "a folder"),
        (saved_model, "the folder of a SavedModel"),
    ],
)
def test_what_is_no_weight_file_is_named_and_the_model_keeps_its_weights(
    tmp_path, small, make, received
):
    path, before = tmp_path / "weights.h5", small.get_weights()
    make(path, small)
    with refused("weights.h5", received=received):
        weights.load(small, path)
    for one, two in zip(before, small.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    with refused("weights.h5", "run"):
        ka.load(path)


def test_a_name_says_nothing_of_the_layout(tmp_path, small):
    for number, name in enumerate(("legacy.h5", "new.weights.h5")):
        small.set_weights([np.full(w.shape, number + 1.0) for w in small.weights])
        small.save(tmp_path / name) if number == 0 else small.save_weights(tmp_path / name)
    (tmp_path / "legacy.h5").rename(tmp_path / "a.weights.h5")
    (tmp_path / "new.weights.h5").rename(tmp_path / "b.bin")
    found = [weights.load(small, tmp_path / name) for name in ("a.weights.h5", "b.bin")]
    assert [each.layout for each in found] == [content.LEGACY, content.KERAS_3]
    assert small.get_weights()[1][0] == 2
