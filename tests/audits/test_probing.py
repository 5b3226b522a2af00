"""Probing against networks written in NumPy, of which it is known where their cells lie."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from keras_attn.networks.maps import layouts, probing, spans

SIZE = (48, 64)


def found(network, size=SIZE, seeds=(probing.SEEDS,)):
    """The `Layout` of what a function of one picture (H, W, 3) returns, or a sentence."""

    def run(pictures):
        return {"it": np.stack([network(picture.astype(float)) for picture in pictures])}

    answers = probing.answers(run, size, None, seeds)["it"]
    fit = layouts.layout_of(answers, size)
    return fit if isinstance(fit, str) else spans.placed({"it": fit}, size)[0]["it"]


def pixels(layout, size=SIZE):
    """Where its cells begin and end, in pixels: (rows, columns)."""
    sides = zip((layout.place.rows, layout.place.columns), size, strict=True)
    return tuple(tuple(round(side * end, 2) for end in span) for span, side in sides)


def pooled(picture, stride):
    height, width = (side // stride for side in picture.shape[:2])
    cut = picture[: height * stride, : width * stride]
    return cut.reshape(height, stride, width, stride, 3).mean(axis=(1, 3))


@pytest.mark.parametrize(
    ("network", "rows", "columns"),
    [
        (lambda x: x, (0, 48), (0, 64)),
        (lambda x: pooled(x, 4), (0, 48), (0, 64)),
        (lambda x: np.repeat(np.repeat(pooled(x, 4), 4, 0), 4, 1), (0, 48), (0, 64)),
        (lambda x: x[10:40, 7:50], (10, 40), (7, 50)),
        (lambda x: pooled(x[8:40, 4:36], 4), (8, 40), (4, 36)),
        (lambda x: x[:, ::-1], (0, 48), (64, 0)),
        (lambda x: x[40:9:-1], (41, 10), (0, 64)),
        (lambda x: np.pad(x, ((8, 8), (16, 16), (0, 0))), (-8, 56), (-16, 80)),
        (lambda x: uniform_filter(x, (5, 5, 1))[2:-2, 2:-2], (2, 46), (2, 62)),
        (lambda x: np.maximum(uniform_filter(x, (5, 5, 1)) - 140, 0), (0, 48), (0, 64)),
    ],
)
def test_the_place_of_cells_is_found_to_the_pixel(network, rows, columns):
    layout = found(network)
    assert layout.axes == (1, 2) and not layout.doubt
    assert pixels(layout) == (rows, columns)


def test_axes_are_found_in_any_order():
    assert found(lambda x: x.transpose(2, 0, 1)).axes == (2, 3)
    assert found(lambda x: x.transpose(1, 0, 2)).axes == (2, 1)
    assert found(lambda x: x.mean(axis=-1)).axes == (1, 2)
    turned = found(lambda x: np.rot90(x))
    assert turned.axes == (2, 1) and pixels(turned) == ((0, 48), (64, 0))


@pytest.mark.parametrize("leading", [0, 1, 5])
def test_tokens_are_found_before_and_behind_others(leading):
    def network(x, before):
        tokens = pooled(x, 8).reshape(48, 3)
        others = np.zeros((leading, 3))
        return np.concatenate([others, tokens] if before else [tokens, others])

    assert found(lambda x: network(x, True)).tokens == (leading, 6, 8)
    assert found(lambda x: network(x, False)).tokens == (0, 6, 8)


@pytest.mark.parametrize(
    "network",
    [
        lambda x: np.roll(x, 20, axis=1),
        lambda x: np.roll(x, (-3, 0), axis=(0, 1)),
        lambda x: x + x[:, ::-1],
        lambda x: pooled(x, 8).reshape(2, 3, 2, 4, 3).swapaxes(1, 2).reshape(4, 12, 3),
        lambda x: pooled(x, 8).reshape(2, 3, 2, 4, 3).swapaxes(1, 2).reshape(48, 3),
        lambda x: pooled(x, 8).reshape(48, 3).T,
        lambda x: pooled(x, 8).reshape(48, 1, 3).repeat(4, axis=1),
    ],
    ids=["rolled", "rolled a little", "folded", "windows", "window order", "turned", "heads"],
)
def test_what_does_not_keep_the_order_of_positions_is_no_map(network):
    assert isinstance(found(network), str)


def test_what_answers_to_the_whole_picture_alike_is_taken_as_its_shape_has_it_with_a_note():
    layout = found(lambda x: np.broadcast_to(x.mean(axis=(0, 1)), (3, 4, 3)))
    assert layout.doubt and layout.place.whole
    assert "could not be measured" in layout.sentences()[0]


def test_a_detector_of_white_blobs_alone_is_found_by_the_later_textures():
    def network(x):
        return np.maximum(uniform_filter(x.mean(axis=-1), 3) - 235, 0)[..., None]

    layout = found(network, (96, 96), seeds=probing.MORE_SEEDS[-1])
    assert pixels(layout, (96, 96)) == ((0, 96), (0, 96))


def test_what_lies_where_another_lies_has_its_cells():
    """A crop by whole cells behind strides of four lies on the cells of what it is cut from."""

    def run(pictures):
        four = np.stack([pooled(p.astype(float), 4) for p in pictures])
        cut = four[:, 1:9, 5:15]
        return {"four": four, "cut": cut}

    answers = probing.answers(run, SIZE)
    fits = {name: layouts.layout_of(answers[name], SIZE) for name in answers}
    placed, new = spans.placed(fits, SIZE)
    assert new == ["cut"]
    assert pixels(placed["cut"]) == ((4, 36), (20, 60))


def test_textures_are_the_same_every_time_and_of_all_brightnesses():
    first, again = probing.textures(SIZE), probing.textures(SIZE)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (2, *SIZE, 3) and first.dtype == np.uint8
    assert (first == 0).any() and (first == 255).any() and abs(first.mean() - 128) < 5
