"""Maps from files and functions, and which layers a name means."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import refused
from PIL import Image

from keras_attn.audits.folder_maps import FolderMaps
from keras_attn.audits.function_maps import FunctionMaps
from keras_attn.audits.sources import open_source
from keras_attn.datasets import Example
from keras_attn.networks.maps.choice import chosen_layers
from keras_attn.resizing import at_size


def example(name):
    return Example(name, None, (4, 6), np.zeros((0, 2)), np.zeros(0))


IMAGES = [np.full((4, 6, 3), n, np.uint8) for n in (10, 20)] + [np.full((5, 5, 3), 30, np.uint8)]


def test_maps_are_read_from_npy_and_png_of_8_and_16_bits(tmp_path, rng):
    values = rng.random((4, 6))
    np.save(tmp_path / "a.npy", values[..., None])
    Image.fromarray((values * 255).astype(np.uint8)).save(tmp_path / "b.png")
    Image.fromarray((values * 65535).astype(np.uint16)).save(tmp_path / "c.png")
    grey = np.repeat((values * 255).astype(np.uint8)[..., None], 3, -1)
    Image.fromarray(grey).save(tmp_path / "d.png")
    maps = FolderMaps(tmp_path)(None, [example(name) for name in "abcd"])
    a, b, c, d = maps["", "map"]
    np.testing.assert_array_equal(a, values)
    np.testing.assert_array_equal(b, (values * 255).astype(np.uint8))
    np.testing.assert_array_equal(c, (values * 65535).astype(np.uint16))
    np.testing.assert_array_equal(d, b)


@pytest.mark.parametrize(
    ("spoil", "received"),
    [
        (lambda p: np.save(p, np.ones((2, 2, 3)) * [1, 2, 3]), "(2, 2, 3)"),
        (lambda p: np.save(p, np.array([{}])), "cannot be read"),  # pickled: refused
        (lambda p: p.write_bytes(b"no array"), "cannot be read"),
        (lambda p: p.write_bytes(b""), "cannot be read"),
    ],
)
def test_a_file_that_is_no_map_is_one_clear_error(tmp_path, spoil, received):
    spoil(tmp_path / "a.npy")
    with refused("a.npy", "one map", received):
        FolderMaps(tmp_path)(None, [example("a")])
    (tmp_path / "b.png").write_bytes(b"no picture")
    with refused("b.png", "one map", "cannot be read"):
        FolderMaps(tmp_path)(None, [example("b")])


def test_missing_maps_are_told_before_the_work_begins(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((2, 2)))
    with refused(expected=(".npy", "2 images"), received=("1 maps", "none for: b")):
        FolderMaps(tmp_path).check([example("a"), example("b")])


def test_a_function_is_called_once_for_each_image_size_in_order():
    shapes = []

    def brightness(batch):
        shapes.append(batch.shape)
        assert batch.dtype == np.float32
        return batch.mean(axis=-1)

    maps = FunctionMaps(brightness)([IMAGES[0], IMAGES[2], IMAGES[1]], None)["", "map"]
    assert shapes == [(2, 4, 6, 3), (1, 5, 5, 3)]
    assert [m.mean() for m in maps] == [10, 30, 20]


def test_a_function_may_return_several_maps_and_have_its_images_resized():
    def both(batch):
        return {"one": batch[..., :1], "two": -batch[..., 0]}

    maps = FunctionMaps(both, size=8)(IMAGES, None)
    assert set(maps) == {("one", "map"), ("two", "map")}
    assert all(m.shape == (8, 8) for m in maps["one", "map"])


@pytest.mark.parametrize("wrong", [lambda b: b, lambda b: b[:1, ..., 0], lambda b: 3.0])
def test_a_function_that_returns_no_maps_is_told_what_was_expected(wrong):
    with refused("returned", "2 maps as (n, h, w)"):
        FunctionMaps(wrong)(IMAGES[:2], None)


def test_enlarging_is_bilinear_and_keeps_a_map_of_the_right_size():
    small = np.array([[0.0, 1], [2, 3]])
    np.testing.assert_array_equal(at_size(small, (2, 2)), small)
    large = at_size(small, (4, 4))
    np.testing.assert_allclose(large[0], [0, 0.25, 0.75, 1])
    assert large.mean() == pytest.approx(small.mean())


def test_reducing_averages_so_that_no_peak_is_lost_by_its_place():
    for column in range(8):
        large = np.zeros((8, 8))
        large[3, column] = 1
        assert at_size(large, (2, 2)).sum() == pytest.approx(1 / 16)


def test_two_files_for_one_image_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((2, 2)))
    Image.fromarray(np.ones((2, 2), np.uint8)).save(tmp_path / "a.png")
    with refused(expected="one map", received="a.npy and a.png"):
        FolderMaps(tmp_path)


SHAPES = {
    "a": (None, 8, 8, 16),
    "b": (None, 8, 8, 16),
    "net/c": (None, 4, 4, 32),
    "net/map": (None, 4, 4, 1),
    "net/map/inner": (None, 4, 4, 1),
    "other/c": (None, 2, 2, 32),
}


def test_without_names_the_last_layer_of_each_resolution_and_every_map_is_chosen():
    assert chosen_layers((), SHAPES) == ["b", "net/c", "net/map", "other/c"]


def test_layers_are_named_by_path_or_by_an_unambiguous_end():
    assert chosen_layers(["net/c", "a"], SHAPES) == ["a", "net/c"]
    assert chosen_layers("inner", SHAPES) == ["net/map/inner"]
    with refused("layers", received=("'c'", "net/c, other/c")):
        chosen_layers(["c"], SHAPES)
    with refused("layers", "a, b, net/c", "'conv9'"):
        chosen_layers(["conv9"], SHAPES)
    with refused("layers", "(batch, H, W, C)", "none"):
        chosen_layers((), {})


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        (lambda t: open_source(3), ("model", ("Keras model", ".keras"), "3")),
        (lambda t: open_source("vgg19"), ("model", "path", "'vgg19'")),
        (lambda t: open_source(t / "no.keras"), ("no.keras", "", "no such file")),
        (lambda t: open_source(t, layers=("a",)), ("layers", ("none", "folder of maps"), "('a',)")),
        (
            lambda t: open_source(np.mean, kinds=("cam",)),
            ("'cam'", ("occlusion", "rise"), "mean returned"),
        ),
        (
            lambda t: open_source(np.mean, weights="w.h5"),
            ("weights", "backbone"),
        ),
        (
            lambda t: open_source("vgg16", preprocess=np.abs),
            ("preprocess", ("none", "backbone")),
        ),
        (lambda t: open_source(np.mean, size=0), ("size", ("side", "(height, width)"), "0")),
        (
            lambda t: open_source(np.mean, size=(2, 3, 4)),
            ("size", ("side", "(height, width)"), "(2, 3, 4)"),
        ),
        (lambda t: FolderMaps(t / "nowhere"), ("nowhere", "folder of maps")),
    ],
)
def test_what_is_no_source_of_maps_is_refused(tmp_path, call, facts):
    with refused(*facts):
        call(tmp_path)


@pytest.mark.parametrize(("shape", "told"), [((6, 4), True), ((5, 5), False), ((8, 12), False)])
def test_maps_with_height_and_width_exchanged_are_told(tmp_path, shape, told):
    Image.new("RGB", (6, 4)).save(tmp_path / "picture.jpg")
    np.save(tmp_path / "a.npy", np.zeros(shape))
    maps = FolderMaps(tmp_path)
    maps(None, [replace(example("a"), image=tmp_path / "picture.jpg")])
    assert ("height and width exchanged: transposed?" in maps.notes()[0]) == told


def test_without_its_libraries_an_onnx_file_is_refused_with_the_extra_that_brings_them(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "net.onnx").write_bytes(b"network")
    with refused("onnx", "keras_attn[onnx]"):
        open_source(tmp_path / "net.onnx")
