"""HDF5 files of others: nothing outside of the file is read, and no memory filled."""

import zipfile

import h5py
import keras
import numpy as np
import pytest
from conftest import refused

import keras_attn as ka
from keras_attn import hdf5
from keras_attn.datasets.readers import read_cells
from keras_attn.loading import opening
from keras_attn.weights import layouts

EXPECTED = "a file of the test"
SECRET = np.arange(6, dtype="<f4")


@pytest.fixture
def secret(tmp_path):
    """A file of another, in plain bytes and as HDF5."""
    path = tmp_path / "secret"
    path.write_bytes(SECRET.tobytes())
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["numbers"] = SECRET
    return path


def external_storage(file, secret):
    outside = [(str(secret), 0, SECRET.nbytes)]
    file.create_dataset("layers/one/numbers", SECRET.shape, "<f4", external=outside)


def external_link(file, secret):
    file["layers/one/numbers"] = h5py.ExternalLink(f"{secret}.h5", "/numbers")


def virtual(file, secret):
    layout = h5py.VirtualLayout(SECRET.shape, "<f4")
    layout[:] = h5py.VirtualSource(f"{secret}.h5", "numbers", SECRET.shape)
    file.create_virtual_dataset("layers/one/numbers", layout)


def circle(file, secret):
    file["layers/one/numbers"] = h5py.SoftLink("/layers/one/numbers")


def to_an_ancestor(file, secret):
    file.create_group("layers/one")["numbers"] = h5py.SoftLink("/layers")


def absurd_shape(file, secret):
    file.create_dataset("layers/one/numbers", (200_000, 200_000), "<f4", chunks=(100, 100))


HOSTILE = (external_storage, external_link, virtual, circle, to_an_ancestor, absurd_shape)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "read",
    [
        lambda path: ka.weights.shapes(path),
        lambda path: ka.weights.of_run(path),
        lambda path: layouts.read_legacy_h5(path),
        lambda path: layouts.read_groups_h5(path),
        lambda path: read_cells(path, "layers"),
    ],
)
def test_what_leads_out_of_a_file_or_fills_the_memory_is_refused(tmp_path, secret, hostile, read):
    path = tmp_path / "mine.weights.h5"
    with h5py.File(path, "w") as file:
        hostile(file, secret)
    with refused(path.name, received="layers/one/numbers"):
        read(path)


def test_a_hard_link_to_an_ancestor_does_not_lead_in_a_circle(tmp_path):
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file.create_group("layers")["again"] = file["/"]
    with hdf5.opened(tmp_path / "one.h5", EXPECTED) as file:
        assert list(file) == ["layers"]


def test_arrays_that_are_packed_well_are_read(tmp_path):
    with h5py.File(tmp_path / "one.h5", "w") as file:
        zeros = np.zeros((3000, 3000), np.float32)
        file.create_dataset("zeros", data=zeros, compression="gzip", compression_opts=9)
        file["none"] = np.zeros((0, 4))
        file["text"] = ["one", "two"]
    with hdf5.opened(tmp_path / "one.h5", EXPECTED) as file:
        assert not file["zeros"][()].any()


def small():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


@pytest.mark.parametrize("hostile", HOSTILE[:4])
def test_weights_within_a_keras_file_are_looked_through_too(tmp_path, secret, hostile):
    small().save(tmp_path / "good.keras")
    with h5py.File(tmp_path / "bad.h5", "w") as file:
        hostile(file, secret)
    with (
        zipfile.ZipFile(tmp_path / "good.keras") as good,
        zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad,
    ):
        for name in good.namelist():
            if name == hdf5.WEIGHTS:
                bad.write(tmp_path / "bad.h5", name)
            else:
                bad.writestr(name, good.read(name))
    with refused("bad.keras", received="layers/one/numbers"):
        opening.keras_network(tmp_path / "bad.keras", "evaluate")


def test_an_archive_that_unpacks_to_far_more_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.keras"
    small().save(tmp_path / "good.keras")
    with (
        zipfile.ZipFile(tmp_path / "good.keras") as good,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            bad.writestr(name, good.read(name))
        bad.writestr("assets/zeros", bytes(2**25))
    with refused("bomb.keras", received="assets/zeros"):
        opening.keras_network(path, "evaluate")


def test_a_whole_model_in_h5_is_looked_through(tmp_path, secret):
    path = tmp_path / "whole.h5"
    small().save(path)
    with h5py.File(path, "r+") as file:
        file["model_weights/more"] = h5py.ExternalLink(f"{secret}.h5", "/numbers")
    with refused("whole.h5", received="more"):
        opening.keras_network(path, "evaluate")
