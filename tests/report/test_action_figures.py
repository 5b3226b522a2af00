"""The figure and the animation of Task 2, from galleries made by hand."""

import numpy as np
import pytest
from conftest import refused
from PIL import Image

from keras_attn import pictures
from keras_attn.report.figures import study
from keras_attn.report.figures.action import MILLISECONDS, action, animation

SIDE = 32
FUSED = [f"{fusion}\n{attention}" for fusion in ("early", "late") for attention in ("soft", "hard")]


def clip(name, *, frames=6, correct=True, attention=None, first=0):
    """A video whose frames are grey, each lighter than the one before; gaze is in its first."""
    greys = np.arange(1, frames + 1, dtype=np.uint8) * 15
    return {
        "id": name,
        "frames": np.broadcast_to(greys[:, None, None, None], (frames, SIDE, SIDE, 3)),
        "numbers": np.arange(first, first + frames),
        "points": np.array([[SIDE / 2, SIDE / 2]]),
        "frame": np.array([0]),
        "class": "Run + Kiss",
        "predicted": "Run" if correct else "Hand_Shake",
        "correct": correct,
    } | ({} if attention is None else {"attention": np.float32(attention)})


def saved(folder, *clips):
    """Lists of run folders as figures take them: one with this gallery."""
    folder.mkdir(parents=True)
    arrays = {f"{k}/{name}": value for k, one in enumerate(clips) for name, value in one.items()}
    np.savez(folder / "gallery.npz", **arrays)
    return [folder]


def rising(frames=6):
    """Attention `(T, 2, 2)`, even within a frame and more in each than in the one before."""
    return np.broadcast_to(np.arange(frames)[:, None, None], (frames, 2, 2))


def attended(folder, *, correct=True, videos=("a", "b"), **how):
    return saved(folder, *(clip(v, correct=correct, attention=rising(), **how) for v in videos))


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def share(picture, colour, within=0):
    """Share of the pixels that are of a colour, or off by no more than `within` levels."""
    return (np.abs(picture - np.array(colour)).max(axis=-1) <= within).mean()


def test_a_network_has_a_row_and_a_video_a_column(tmp_path):
    one, two = attended(tmp_path / "1"), attended(tmp_path / "2")
    single = attended(tmp_path / "3", videos=("a",))
    width, height = Image.open(action({"x": one}, tmp_path / "a.png")).size
    wider, taller = Image.open(action({"x": one, "y": two}, tmp_path / "b.png")).size
    assert width == wider and 112 < taller - height < 140
    assert width - Image.open(action({"x": single}, tmp_path / "c.png")).width > 4 * 112


def test_ten_networks_fit_on_a_page(tmp_path):
    folders = {f"early\nattention{k}": attended(tmp_path / str(k)) for k in range(10)}
    width, height = Image.open(action(folders, tmp_path / "a.png")).size
    assert 900 < width < 1600 and 1200 < height < 1600


def test_frames_are_evenly_spaced_from_first_to_last(tmp_path):
    """Ten frames, of 15, 30, … 150: of places 0, 3, 6 and 9 the greys are 15, 60, 105 and 150."""
    path = action({"x": saved(tmp_path / "1", clip("a", frames=10))}, tmp_path / "a.png")
    row = pixels(path)[30, :, 0]  # above the dots
    found = [grey for grey in range(15, 151, 15) if (row == grey).sum() >= 100]
    assert found == [15, 60, 105, 150]


def test_a_wrong_prediction_is_framed_in_vermilion(tmp_path):
    right, wrong = attended(tmp_path / "1"), attended(tmp_path / "2", correct=False)
    blue = pixels(action({"x": right}, tmp_path / "a.png"))
    vermilion = pixels(action({"x": wrong}, tmp_path / "b.png"))
    assert share(blue, pictures.RIGHT) > 0.01 and share(blue, pictures.WRONG) == 0
    assert share(vermilion, pictures.WRONG) > 0.01 and share(vermilion, pictures.RIGHT) == 0


def test_only_a_wrong_class_is_told_below(tmp_path):
    """The caption is the last thing on the page."""
    right, wrong = attended(tmp_path / "1"), attended(tmp_path / "2", correct=False)
    below = [
        pixels(action({"x": one}, tmp_path / f"{k}.png"))[-14:]
        for k, one in enumerate((right, wrong))
    ]
    assert (below[0] == 255).all() and (below[1] < 100).any()


def test_networks_without_attention_are_left_out(tmp_path):
    one = attended(tmp_path / "1")
    without = saved(tmp_path / "2", clip("a"), clip("b"))
    for draw, name in ((action, "png"), (animation, "gif")):
        alone = draw({"x": one}, tmp_path / f"alone.{name}")
        both = draw({"flow\nnone": without, "x": one}, tmp_path / f"both.{name}")
        assert both.read_bytes() == alone.read_bytes()
        draw({"flow\nnone": without}, tmp_path / f"gaze.{name}")
        assert Image.open(tmp_path / f"gaze.{name}").height < 170


def test_heat_has_one_scale_for_the_clip(tmp_path):
    """Even attention that rises with time is dark in the first frame and bright in the last.

    Scaled by itself each frame would be dark.
    """
    still = clip("a", attention=rising())
    still["frames"] = np.full_like(still["frames"], 128)
    picture = pixels(action({"x": saved(tmp_path / "1", still)}, tmp_path / "a.png"))
    strip = picture[-60, :].sum(axis=-1)
    left, right = np.flatnonzero(strip == sum(pictures.RIGHT))[[0, -1]]
    values = strip[left + 20 : right : 116]  # 112 of a frame and 4 between
    assert len(values) == 4 and (np.diff(values) > 30).all()


def test_a_long_name_is_not_cut_off(tmp_path):
    folders = {"early\nan_attention_of_our_own": attended(tmp_path / "1")}
    for path in (action(folders, tmp_path / "a.png"), animation(folders, tmp_path / "a.gif")):
        assert (pixels(path)[:, 0] == 255).all()


@pytest.mark.parametrize("draw", [action, animation])
def test_galleries_of_other_videos_or_frames_are_refused(draw, tmp_path):
    one, other = attended(tmp_path / "1"), attended(tmp_path / "2", videos=("a", "c"))
    with refused(str(tmp_path / "2"), "x, a, b", "a, c"):
        draw({"x": one, "y": other}, tmp_path / "out")
    later = attended(tmp_path / "3", first=4)
    with refused(str(tmp_path / "3"), ("frames 0, 1", "video a"), "4, 5"):
        draw({"x": one, "y": later}, tmp_path / "out")
    empty = saved(tmp_path / "4")
    with refused(str(tmp_path / "4"), "pictures", "none"):
        draw({"x": empty}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_animation_loops_through_the_frames_of_both_videos(tmp_path):
    film = Image.open(animation({"x": attended(tmp_path / "1")}, tmp_path / "a.gif"))
    assert film.n_frames == 2 * 6 and film.info["loop"] == 0
    assert film.info["duration"] == MILLISECONDS


def test_a_long_clip_is_thinned_out(tmp_path):
    watched = clip("a", frames=32)
    watched["frames"] = np.arange(32 * SIDE * SIDE * 3).reshape(32, SIDE, SIDE, 3).astype(np.uint8)
    watched["frames"] //= np.arange(1, 33, dtype=np.uint8)[:, None, None, None]
    film = Image.open(animation({"x": saved(tmp_path / "1", watched)}, tmp_path / "a.gif"))
    assert film.n_frames == 16


def test_fusions_are_rows_and_attentions_columns(tmp_path):
    def size(titles):
        folders = {title: one for title in titles}
        return Image.open(animation(folders, tmp_path / "a.gif")).size

    one = attended(tmp_path / "1")
    (wide, high), row, column = size(FUSED), size(FUSED[:2]), size(FUSED[::2])
    assert row[1] < high == column[1]
    assert wide - column[0] == 100  # a picture and what is between
    assert size(["soft", "hard"]) == (row[0] - 16, row[1])  # no label of a fusion


def test_what_stands_still_does_not_flicker(tmp_path):
    """Titles, frames and captions are the same in all pictures of a video, though heat moves."""
    films = {title: attended(tmp_path / title[-6:], correct=k % 2) for k, title in enumerate(FUSED)}
    film = Image.open(animation(films, tmp_path / "a.gif"))
    seen = []
    for k in range(6):
        film.seek(k)
        seen.append(np.asarray(film.convert("RGB")).astype(int))
    moved = (np.ptp(seen, axis=0) > 0).any(axis=-1)
    assert not moved[:40].any() and not moved[:, :4].any() and moved.any()
    for colour in (pictures.RIGHT, pictures.WRONG):
        counts = {share(picture, colour) for picture in seen}
        assert len(counts) == 1 and counts.pop() > 0.005


def test_the_same_galleries_make_the_same_bytes(tmp_path):
    folders = {title: attended(tmp_path / title[-6:]) for title in FUSED}
    one, two = (study.write("action", folders, tmp_path / name) for name in ("one", "two"))
    assert [path.name for path in one] == ["action.png", "action.gif"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
