"""Readers of pickles, Caffe models and grouped HDF5: arrays, or one error; no code is run."""

import os

import foreign
import h5py
import numpy as np
import pytest
from conftest import refused

from keras_attn.errors import InputError
from keras_attn.weights import rules
from keras_attn.weights.caffemodel import read_caffemodel
from keras_attn.weights.layouts import read_groups_h5
from keras_attn.weights.pickled import read_pickled_npy


class MakesFolder:
    """What a pickle of it does when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def save(path, value):
    np.save(path, np.array(value, dtype=object), allow_pickle=True)
    return path


def test_code_in_a_pickle_is_not_run(tmp_path):
    folder = tmp_path / "made by the pickle"
    path = save(tmp_path / "evil.npy", {"conv1": [np.ones(2), MakesFolder(folder)]})
    with refused("evil.npy", received=".mkdir"):
        read_pickled_npy(path)
    assert not folder.exists()
    # It is a pickle that would have done it.
    np.load(path, allow_pickle=True)
    assert folder.exists()


def test_names_of_bytes_and_of_text_are_the_same(tmp_path):
    layers = {"conv1": [np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(3)]}
    old = tmp_path / "old.npy"
    foreign.write_npy_of_python2(old, layers)
    by_numpy = np.load(old, allow_pickle=True, encoding="bytes").item()
    np.testing.assert_equal(by_numpy, {b"conv1": layers["conv1"]})
    np.testing.assert_equal(read_pickled_npy(old), layers)
    np.testing.assert_equal(read_pickled_npy(save(tmp_path / "new.npy", layers)), layers)


@pytest.mark.parametrize(
    ("value", "received"),
    [
        ({"conv1": ["text"]}, "str in place of an array"),
        ({"conv1": [np.array([{}], dtype=object)]}, "ndarray in place of an array of numbers"),
        ([1, 2], "shape"),
        ({"conv1": 3}, "cannot be read"),
    ],
)
def test_pickles_of_anything_else_are_refused(tmp_path, value, received):
    with refused("x.npy", ".npy", received):
        read_pickled_npy(save(tmp_path / "x.npy", value))


def npy(path, *instructions):
    """A file of an array without axes whose pickle consists of these instructions."""
    with path.open("wb") as file:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(b"".join((b"\x80\x02", *instructions, b".")))
    return path


def array(shape, kind, content, order=b"<"):
    """Instructions that build an array: `shape` and `content` are instructions themselves."""
    new = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    flags = b"\x3f" if kind == b"O8" else b"\x00"
    state = b"NNN" + 2 * b"J\xff\xff\xff\xff" + b"K" + flags
    of = b"cnumpy\ndtype\n(U\x02%bK\x00K\x01tR(K\x03U\x01%b%btb" % (kind, order, state)
    return new + b"(K\x01" + shape + of + b"\x89" + content + b"tb"


def of_layer(*instructions):
    """A dict of one layer in the array that makes up the file."""
    layers = b"}U\x02fc](" + b"".join(instructions) + b"es"
    return array(b")", b"O8", b"](" + layers + b"e", b"|")


EIGHT = b"U\x08" + bytes(range(8))


def test_instructions_written_by_hand_build_an_array(tmp_path):
    path = npy(tmp_path / "x.npy", of_layer(array(b"(K\x02t", b"f4", EIGHT)))
    (found,) = read_pickled_npy(path)["fc"]
    np.testing.assert_array_equal(found, np.frombuffer(bytes(range(8)), "<f4"))
    by_numpy = np.load(path, allow_pickle=True, encoding="bytes").item()
    np.testing.assert_array_equal(by_numpy[b"fc"][0], found)


@pytest.mark.parametrize(
    ("instructions", "received"),
    [
        # An array of objects over raw bytes: its elements would be pointers of the file's choice.
        ([of_layer(array(b"(K\x01t", b"O8", EIGHT, b"|"))], "in place of an array of numbers"),
        ([array(b")", b"O8", EIGHT, b"|")], "no array with an object in it"),
        ([of_layer(array(b"(K\x01t", b"V8", EIGHT, b"|"))], "in place of an array of numbers"),
        ([of_layer(array(b"(J\xff\xff\xff\x7ft", b"f4", EIGHT))], "8 bytes for an array"),
        ([of_layer(array(b"(J\xfe\xff\xff\xfft", b"f4", EIGHT))], "without shape or bytes"),
        ([of_layer(array(b"K\x02", b"f4", EIGHT))], "cannot be read"),
        ([of_layer(b"cnumpy\nndarray\n(K\x01tR")], "a call that builds no array"),
        ([b"cbuiltins\neval\n(U\x011tR"], "a call for builtins.eval"),
        ([b"cnumpy\nload\n"], "a call for numpy.load"),
        ([b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\ntR"], "builds no array"),
        ([b"}", b"r\x00\x65\xcd\x1d"], "no array with an object in it"),  # memo 500,000,000
        ([b"N" * 100_001], "more than 100000 instructions"),
        ([b"P1\n"], "the instruction PERSID"),
        ([b"U\x04name", b"\x82\x01"], "the instruction EXT1"),
    ],
)
def test_pickles_that_would_reach_beyond_their_arrays_are_refused(tmp_path, instructions, received):
    path = npy(tmp_path / "x.npy", *instructions)
    with refused("x.npy", ".npy", received):
        read_pickled_npy(path)


def test_arrays_that_share_their_bytes_are_refused(tmp_path):
    one = array(b"(J\x00\x10\x00\x00t", b"f4", b"T\x00\x40\x00\x00" + bytes(2**14) + b"q\x05")
    other = array(b"(J\x00\x10\x00\x00t", b"f4", b"h\x05")
    with refused(received="65536 bytes"):
        read_pickled_npy(npy(tmp_path / "x.npy", of_layer(one, other, other, other)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_damaged_pickles_end_in_one_error(tmp_path, rng):
    path = tmp_path / "x.npy"
    layers = {"conv1": [np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(3)]}
    whole = save(path, layers).read_bytes()
    read = 0
    for _ in range(2000):
        damaged = np.frombuffer(whole, np.uint8).copy()
        damaged[rng.integers(len(whole), size=rng.integers(1, 4))] = rng.integers(256)
        path.write_bytes(damaged.tobytes())
        try:
            found = read_pickled_npy(path)
        except InputError:
            continue
        read += 1
        assert all(isinstance(one, np.ndarray) for arrays in found.values() for one in arrays)
    assert 0 < read < 2000


def test_that_nobody_publishes_a_checksum_is_said_before_the_file_is_opened(tmp_path, caplog):
    path = tmp_path / "none.npy"
    for _ in range(2):
        with refused(received="no such file"):
            rules.convert(path, "alexnet_npy")
    assert [record.getMessage()[: len(str(path))] for record in caplog.records] == [str(path)]
    assert "no checksum of this file is published" in caplog.text


def test_files_that_are_no_pickles_are_refused(tmp_path):
    np.save(tmp_path / "plain.npy", np.ones((2, 2)))
    with refused(received="float64"):
        read_pickled_npy(tmp_path / "plain.npy")
    whole = save(tmp_path / "x.npy", {"conv1": [np.ones(1000)]}).read_bytes()
    for length in (0, 5, 100, len(whole) - 10):
        (tmp_path / "x.npy").write_bytes(whole[:length])
        with refused("x.npy", received="cannot be read"):
            read_pickled_npy(tmp_path / "x.npy")
    with refused(received="no such file"):
        read_pickled_npy(tmp_path / "none.npy")


def test_bytes_written_by_hand_are_read(tmp_path):
    """A layer "fc" with one blob of 1×1×1×1×2, whose numbers are 1 and −2."""
    shape = bytes([0x08, 1, 0x10, 1, 0x18, 1, 0x20, 1, 0x28, 2])
    blob = shape + bytes([0x32, 8]) + bytes.fromhex("0000803f000000c0")
    layer = bytes([0x22, 2]) + b"fc" + bytes([0x28, 14]) + bytes([0x32, len(blob)]) + blob
    path = tmp_path / "model"
    path.write_bytes(bytes([0x0A, 1]) + b"n" + bytes([0x12, len(layer)]) + layer)
    (array,) = read_caffemodel(path)["fc"]
    assert array.shape == (1, 1, 1, 1, 2)
    np.testing.assert_array_equal(array.ravel(), [1, -2])
    # The same numbers, each in a field of its own.
    blob = shape + b"\x35" + bytes.fromhex("0000803f") + b"\x35" + bytes.fromhex("000000c0")
    layer = bytes([0x22, 2]) + b"fc" + bytes([0x32, len(blob)]) + blob
    path.write_bytes(bytes([0x12, len(layer)]) + layer)
    np.testing.assert_array_equal(read_caffemodel(path)["fc"][0].ravel(), [1, -2])


def test_layers_of_a_caffe_model_come_back_and_damage_is_one_error(tmp_path, rng):
    kernel, bias = foreign.kernel(rng, 20, 3, 3, 3, 3)
    path = tmp_path / "model"
    whole = foreign.caffe_layer("data", []) + foreign.caffe_layer("conv1a", [kernel, bias])
    path.write_bytes(whole)
    stored = read_caffemodel(path)
    assert list(stored) == ["conv1a"]
    np.testing.assert_array_equal(stored["conv1a"][0], kernel)
    np.testing.assert_array_equal(stored["conv1a"][1].ravel(), bias)
    for damaged in (whole[:-100], whole[:-1], b"<html>not found</html>", b"\xff" * 40):
        path.write_bytes(damaged)
        with refused("model", "Caffe", received="cannot be read"):
            read_caffemodel(path)
    path.write_bytes(foreign.caffe_layer("data", []))
    with refused("model", "Caffe", "without weights"):
        read_caffemodel(path)


def test_groups_of_another_file_are_refused(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["conv_1/kernel"] = np.ones(3)
    with refused("x.h5", "HDF5"):
        read_groups_h5(tmp_path / "x.h5")
    (tmp_path / "x.h5").write_text("no HDF5")
    with refused("x.h5", received="cannot be read"):
        read_groups_h5(tmp_path / "x.h5")
