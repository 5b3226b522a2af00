"""A folder of one's own videos: what is read of it, and what is refused with its remedy."""

import numpy as np
import pytest
from conftest import refused
from videos import SHAPE, frame, write_extracted, write_frames, write_video

from keras_attn import datasets
from keras_attn.datasets.drawing import avi
from keras_attn.datasets.readers.frames import probe
from keras_attn.datasets.readers.tabled_gaze import TabledGaze

RATE, FRAMES = 25, 20
HEAD = "video,subject,time_ms,x,y"


def own(root, *rows, head=HEAD, classes=None, videos=("a", "b"), frames=FRAMES):
    """A folder of videos of 20 frames, 25 a second, 48×64, with these rows of fixations.csv."""
    for name in videos:
        write_video(root / "videos" / f"{name}.avi", frames, RATE)
    if rows:
        (root / "fixations.csv").write_text("\n".join((head, *rows)) + "\n")
    if classes is not None:
        (root / "classes.csv").write_text("\n".join(classes) + "\n")
    return root


def seen(video):
    """Points by the numbers of their frames, as lists."""
    return {number: p.tolist() for number, p in enumerate(video.points) if len(p)}


# --- what is read -------------------------------------------------------------------------------


def test_a_row_is_in_the_frame_that_is_shown_at_its_time(tmp_path):
    """Frame 1 from 40 ms to 80; cut to whole ms, 79 is as good as its end."""
    rows = ("a,P1,0,1,2", "a,P2,50,3,4", "a.avi,P1,78,5,6", "a,P1,79.2,7,8", "b,P1,799,9,9")
    data = datasets.video_folder(own(tmp_path, *rows))
    assert [video.id for video in data] == ["a", "b"] and data[0].frames == FRAMES
    assert seen(data[0]) == {0: [[1, 2]], 1: [[3, 4], [5, 6]], 2: [[7, 8]]}
    assert seen(data[1]) == {19: [[9, 9]]}
    assert [subjects.tolist() for subjects in data[0].subjects[:3]] == [
        ["P1"],
        ["P2", "P1"],
        ["P1"],
    ]
    assert data.report.viewers == 2 and "no duration_ms" in data.note


def test_times_in_whole_ms_are_those_of_the_frames_that_they_were_cut_from(tmp_path):
    """33 and 66 are frames 1 and 2 of 30 a second, rounded or not."""
    times = [*np.floor(np.arange(18) * 1e3 / 30), *np.round(np.arange(18) * 1e3 / 30)]
    rows = [f"a,P1,{time:.0f},{5 + number % 18},4" for number, time in enumerate(times)]
    write_video(tmp_path / "videos" / "a.avi", 18, 30)
    (tmp_path / "fixations.csv").write_text("\n".join([HEAD, *rows]))
    found = seen(datasets.video_folder(tmp_path)[0])
    assert found == {number: [[5 + number, 4]] * 2 for number in range(18)}


def test_a_fixation_is_in_every_frame_from_its_start_to_its_end(tmp_path):
    """It ends before the frame that its end begins; what lasts into the video or out stays."""
    head = "video,subject,time_ms,duration_ms,x,y"
    rows = ("a,P1,40,80,1,2", "a,P1,130,5,3,4", "b,P1,-100,150,5,6", "b,P2,750,900,7,8")
    data = datasets.video_folder(own(tmp_path, *rows, head=head))
    assert seen(data[0]) == {1: [[1, 2]], 2: [[1, 2]], 3: [[3, 4]]}
    assert seen(data[1]) == {0: [[5, 6]], 1: [[5, 6]], 18: [[7, 8]], 19: [[7, 8]]}
    assert data.report.points_out_of_time == 0 and "every frame" in data.note


def test_frames_are_counted_from_0_or_from_1_as_is_said(tmp_path):
    head = "video,subject,frame,x,y"
    own(tmp_path, "a,P1,1,1,2", "a,P1,20,3,4", "b,P1,7.0,5,6", head=head)
    data = datasets.video_folder(tmp_path, first_frame=1)
    assert seen(data[0]) == {0: [[1, 2]], 19: [[3, 4]]} and seen(data[1]) == {6: [[5, 6]]}
    with refused("column frame", ("first_frame=1", "--data.first-frame 1")):
        datasets.video_folder(tmp_path)
    own(tmp_path, "a,P1,1,1,2", "a,P1,19,3,4", head=head)
    assert "first_frame=1 is wanted" in str(datasets.video_folder(tmp_path).report)


def test_what_is_no_gaze_of_the_video_is_dropped_and_counted(tmp_path):
    rows = ("a,P1,0,1,2", "a,P1,40,64,2", "a,P1,80,nan,2", "a,P1,800,1,2", "a,P2,0,,", "a,P2,9,3,4")
    report = datasets.video_folder(own(tmp_path, *rows)).report
    assert (report.points, report.points_outside) == (2, 1)
    assert (report.points_not_a_number, report.points_out_of_time) == (2, 1)
    assert report.videos_without_fixations == 1


def test_folders_of_frames_are_videos_whose_rate_is_told(tmp_path):
    write_frames(tmp_path / "videos" / "a", 6)
    (tmp_path / "fixations.csv").write_text(f"{HEAD}\na,P1,250,1,2\n")
    assert seen(datasets.video_folder(tmp_path, fps=10)[0]) == {2: [[1, 2]]}
    with refused("fps of a", ("fps=", "--data.fps")):
        datasets.video_folder(tmp_path)
    (tmp_path / "fixations.csv").write_text("video,subject,frame,x,y\na,P1,2,1,2\n")
    assert seen(datasets.video_folder(tmp_path)[0]) == {2: [[1, 2]]}


def test_a_rate_for_files_that_tell_their_own_is_refused(tmp_path):
    with refused("fps", "none", "30"):
        datasets.video_folder(own(tmp_path, "a,P1,0,1,2"), fps=30)


def test_frames_of_different_duration_are_looked_up_one_by_one(tmp_path):
    source, report = _source(tmp_path), datasets.VideoReport()
    clock = np.array([0, 40, 80, 380, 420.0])
    points, _ = source.read("a", 5, SHAPE, clock, report)
    assert [len(p) for p in points] == [1, 0, 2, 1, 0]
    assert "different duration" in str(report)
    with refused("video 'a'", ("column frame", "time_ms")):
        source.read("a", 5, SHAPE, np.zeros(5), report)


def test_a_frame_without_a_time_of_its_own_follows_those_before_it(tmp_path):
    """The last one of an MPEG file is given that of the first."""
    source, report = _source(tmp_path), datasets.VideoReport()
    clock = np.arange(20) * 40.0
    clock[[7, 19]] = 0
    points, _ = source.read("a", 20, SHAPE, clock, report)
    assert [n for n, its in enumerate(points) if len(its)] == [0, 2, 9, 10] and not report.remarks
    assert source.seen["a"][2] == 800


def _source(root):
    path = root / "fixations.csv"
    path.write_text(f"{HEAD}\na,P1,0,1,2\na,P1,100,1,2\na,P1,370,1,2\na,P1,400,1,2\n")
    return TabledGaze(path, {"a": "a"})


def test_a_file_says_when_its_frames_are_shown_and_how_many_there_are(tmp_path):
    pictures = np.stack([frame(number) for number in range(FRAMES)])
    (tmp_path / "v.avi").write_bytes(avi.encode(pictures, 50))
    found = probe(tmp_path / "v.avi").counted()
    np.testing.assert_allclose(found.starts, np.arange(FRAMES) * 20)


def test_viewers_are_chosen_by_name(tmp_path):
    root = own(tmp_path, "a,01,0,1,2", "a,P2,0,3,4", "b,01,0,5,6")
    data = datasets.video_folder(root, subjects=("01",))
    assert data.report.viewers == 1 and seen(data[0]) == {0: [[1, 2]]}
    with refused("subjects", "fixations.csv: 01, P2"):
        datasets.video_folder(root, subjects=(1,))


# --- classes ------------------------------------------------------------------------------------


def test_a_video_has_one_class_or_several_and_a_split(tmp_path):
    classes = ("video,class,split", "b.avi,run,test", "a,run,train", "a,jump,train")
    data = datasets.video_folder(own(tmp_path, "a,P1,0,1,2", classes=classes))
    assert data.classes == ("jump", "run")
    assert [video.labels for video in data] == [(0, 1), (1,)]
    assert data.splits == {"train": ("a",), "test": ("b",)}


@pytest.mark.parametrize(
    ("classes", "facts"),
    [
        (("video,class", "a,run"), ("classes.csv", "class", "none for b")),
        (("video,class", "c,run"), ("line 2, column video", "video")),
        (("video,class", "a,", "b,run"), ("line 2, column class", "class")),
        (("video,class", "a,run", "a.avi,run", "b,run"), ("line 3, column class", "once", "'run'")),
        (
            ("video,class,split", "a,run,train", "b,run,"),
            ("line 3, column split", "train or test", "nothing"),
        ),
        (
            ("video,class,split", "a,x,train", "a,y,test", "b,x,test"),
            ("column split", "same split", "'train'"),
        ),
        (
            ("video,class,split", "a,x,train", "b,x,train"),
            ("classes.csv", "train and test", "none of test"),
        ),
    ],
)
def test_classes_that_do_not_fit_the_videos_are_refused(tmp_path, classes, facts):
    with refused(*facts):
        datasets.video_folder(own(tmp_path, "a,P1,0,1,2", classes=classes))


# --- what cannot be -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "received"),
    [
        ((0, 0.2, 0.5, 0.79), ("0.79", "seconds", "1000")),
        ((0, 1e5, 4e5, 7.9e5), ("75% of 4 rows", "from 0 to 790000", "microseconds")),
        ((84_000, 84_100, 84_200), "another clock"),
        ((-900, -500, -100, 10), "before the video"),
    ],
)
def test_times_that_cannot_be_those_of_the_video_are_told_for_what_they_seem(
    tmp_path, times, received
):
    rows = [f"a,P1,{time},1,2" for time in times]
    with refused("fixations.csv, column time_ms", "ms", received):
        datasets.video_folder(own(tmp_path, *rows))


@pytest.mark.parametrize(
    ("durations", "received"),
    [((0.25, 0.3, 0.1), ": seconds"), ((250_000, 90_000, 30_000), "microseconds")],
)
def test_durations_in_another_unit_are_told_for_what_they_seem(tmp_path, durations, received):
    rows = [f"a,P1,{40 * n},{duration},1,2" for n, duration in enumerate(durations)]
    root = own(tmp_path, *rows, head="video,subject,time_ms,duration_ms,x,y")
    with refused("column duration_ms", "in ms", received):
        datasets.video_folder(root)


def test_samples_of_a_fast_tracker_may_last_half_a_millisecond(tmp_path):
    rows = [f"a,P1,{40 * n},0.5,1,2" for n in range(20)]
    root = own(tmp_path, *rows, head="video,subject,time_ms,duration_ms,x,y")
    assert datasets.video_folder(root).report.points == 20


def test_gaze_that_reaches_only_the_beginning_of_the_videos_is_remarked(tmp_path):
    """As frames of a lower rate do."""
    early = datasets.video_folder(own(tmp_path, *(f"a,P1,{n * 10},1,2" for n in range(20))))
    assert "after the first 23.8%" in str(early.report)
    late = datasets.video_folder(own(tmp_path, *(f"a,P1,{40 * n},1,2" for n in range(20))))
    assert "no gaze begins" not in str(late.report)


def test_frames_beyond_the_video_are_dropped_unless_they_are_most(tmp_path):
    head = "video,subject,frame,x,y"
    data = datasets.video_folder(own(tmp_path, "a,P1,0,1,2", "a,P1,500,1,2", head=head))
    assert data.report.points_out_of_time == 1
    own(tmp_path, "a,P1,0,1,2", "a,P1,500,1,2", "a,P1,600,1,2", head=head)
    with refused("column frame, video 'a'", ("20 frames", "from 0"), "67% of 3 rows"):
        datasets.video_folder(tmp_path)


@pytest.mark.parametrize(
    ("head", "row", "facts"),
    [
        (
            "video,subject,x,y",
            "a,P1,1,2",
            ("fixations.csv", ("video, subject, x, y", "frame or time_ms")),
        ),
        (
            "video,subject,frame,time_ms,x,y",
            "a,P1,0,0,1,2",
            ("fixations.csv", "frame and time_ms", "both"),
        ),
        (
            "video,subject,frame,duration_ms,x,y",
            "a,P1,0,9,1,2",
            ("fixations.csv", ("duration_ms", "time_ms"), "frame and duration_ms"),
        ),
        ("video,subject,frame,x,y", "a,P1,1.5,1,2", ("column frame", "whole number")),
        ("video,subject,frame,x,y", "a,P1,-1,1,2", ("column frame", "from 0", "-1.0")),
        (HEAD, "a,P1,,1,2", ("line 2, column time_ms", "number", "nothing")),
        (HEAD, "a,P1,0,left,2", ("line 2, column x", "number", "'left'")),
        (HEAD, ",P1,0,1,2", ("column video", "video")),
        (HEAD, "a,,0,1,2", ("column subject", "viewer")),
        ("video,subject,time_ms,duration_ms,x,y", "a,P1,0,-1,1,2", ("duration_ms", "0 or more")),
    ],
)
def test_a_table_that_does_not_say_what_it_has_to_is_refused(tmp_path, head, row, facts):
    with refused(*facts):
        datasets.video_folder(own(tmp_path, row, head=head))


def test_rows_of_videos_that_are_not_there_are_refused_or_listed(tmp_path):
    own(tmp_path, "a,P1,0,1,2", "2,P1,0,1,2")
    with refused("fixations.csv", "videos", "1 others: 2"):
        datasets.video_folder(tmp_path)
    data = datasets.video_folder(tmp_path, on_bad_example="skip")
    assert len(data) == 2 and len(data.report.skipped) == 1


def test_a_folder_without_videos_says_where_they_belong(tmp_path):
    with refused("videos", "folder of videos"):
        datasets.video_folder(tmp_path)


# --- units --------------------------------------------------------------------------------------


def test_points_on_a_screen_are_laid_on_the_video_that_filled_it(tmp_path):
    """48×64 in a screen of 144 wide and 120 high: enlarged by 2.25, 6 pixels from its top."""
    rows = (
        f"{video},P1,{40 * t},{2.25 * (5 + t)},{6 + 2.25 * 8}" for video in "ab" for t in range(9)
    )
    root = own(tmp_path, *rows)
    data = datasets.video_folder(root, screen=(144, 120), place="fit")
    for number in range(9):
        np.testing.assert_allclose(data[1].points[number], [[5 + number, 8]])


def test_points_that_cannot_be_pixels_of_the_videos_are_refused(tmp_path):
    rng = np.random.default_rng(3)
    rows = [
        f"{v},P{n % 5},{n},{x:.3f},{y:.3f}"
        for v in "ab"
        for n, (x, y) in enumerate(0.99 * rng.random((60, 2)))
    ]
    root = own(tmp_path, *rows)
    with refused("fixations.csv", received="coordinates='normalised'"):
        datasets.video_folder(root)
    assert datasets.video_folder(root, coordinates="normalised").report.points == 120
    assert datasets.video_folder(root, most_lost=1).report.points == 120


def test_a_table_of_semicolons_and_decimal_commas_is_read_as_such(tmp_path):
    rows = (own(tmp_path, "a;P1;40,5;1,5;2", head=HEAD.replace(",", ";")),)
    data = datasets.video_folder(*rows, separator=";", decimal=",")
    assert seen(data[0]) == {1: [[1.5, 2]]}


def test_names_are_the_same_in_either_unicode_form(tmp_path):
    own(tmp_path, "fu\u0308r,P1,0,1,2", videos=("f\u00fcr",))
    assert seen(datasets.video_folder(tmp_path)[0]) == {0: [[1, 2]]}


def test_without_gaze_there_have_to_be_classes(tmp_path):
    with refused("fixations.csv", ("fixations.csv", "classes.csv")):
        datasets.video_folder(own(tmp_path))
    data = datasets.video_folder(own(tmp_path, classes=("video,class", "a,run", "b,jump")))
    assert data.report.points == 0 and "no gaze" in str(data.report)


# --- flow ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "videos/a"])
def test_flow_lies_where_the_tool_puts_it_for_the_videos_or_for_the_root(tmp_path, name):
    own(tmp_path / "own", "a,P1,0,1,2", videos=("a",))
    write_extracted(tmp_path / "flow" / name, FRAMES - 1)
    data = datasets.video_folder(tmp_path / "own", flow_root=tmp_path / "flow")
    assert len(data[0].extracted()) == data[0].pairs == FRAMES - 1


def test_flow_of_another_number_of_frames_is_refused(tmp_path):
    own(tmp_path / "own", "a,P1,0,1,2", videos=("a",))
    write_extracted(tmp_path / "flow" / "a", FRAMES)
    with refused("flow/a", f"{FRAMES - 1} pairs", str(FRAMES)):
        datasets.video_folder(tmp_path / "own", flow_root=tmp_path / "flow")


def test_a_drawn_folder_of_videos_is_read_like_a_real_one(tmp_path):
    data = datasets.miniature(
        "video_folder", videos=7, frames=8, shape=(48, 64), root=tmp_path / "d"
    )
    assert len(data) == 7 and len(data.classes) == 6 and data.report.viewers == 6
    assert data.splits["test"] == ("clip_0007",) and data.note.count("Drawn scenes") == 1
    assert all(len(points) for video in data for points in video.points)


# --- times of some ------------------------------------------------------------------------------


def looking(root, change, *, durations=None, viewers=("P1", "P2"), **form):
    """Viewers look at two videos in every frame; change: name, viewer, ms -> what is written."""
    head = HEAD if durations is None else f"{HEAD},duration_ms"
    rows = [
        f"{name},{who},{change(name, who, 40 * n):.10g},{20 + n},{15 + n % 9}"
        + ("" if durations is None else f",{durations(40 * n):.10g}")
        for name in "ab"
        for who in viewers
        for n in range(FRAMES)
    ]
    return datasets.video_folder(own(root, *rows, head=head), **form)


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (lambda name, who, ms: ms / 1e3 if who == "P2" else ms, ("viewer 'P2'", "", "seconds")),
        (lambda name, who, ms: ms / 1e3 if name == "b" else ms, ("video 'b'", "", "seconds")),
        (lambda name, who, ms: ms / 40 if who == "P2" else ms, ("viewer 'P2'", "", "column frame")),
        (lambda name, who, ms: ms / 40, ("time_ms", "ms", "column frame")),
        (lambda name, who, ms: ms * 2, ("time_ms", "800", "50% of 40 rows")),
    ],
)
def test_times_of_one_viewer_or_video_in_another_unit_are_told(tmp_path, change, facts):
    with refused(*facts):
        looking(tmp_path, change)


def test_a_viewer_whose_clock_is_another_is_told(tmp_path):
    viewers = ("P1", "P2", "P3")
    with refused("viewer 'P3'", "within the videos"):
        looking(tmp_path, lambda name, who, ms: ms + 9e4 * (who == "P3"), viewers=viewers)


def test_ends_of_fixations_are_not_taken_for_durations(tmp_path):
    with refused("column duration_ms", received="its end"):
        looking(tmp_path, lambda name, who, ms: ms, durations=lambda ms: ms + 200)
    data = looking(tmp_path, lambda name, who, ms: ms, durations=lambda ms: 200)
    assert data.report.points_out_of_time == 0


@pytest.mark.parametrize("fps", ["25", 0, -1, float("nan")])
def test_a_rate_that_is_no_positive_number_is_refused(tmp_path, fps):
    own(tmp_path, "a,P1,40,1,2", videos=())
    write_frames(tmp_path / "videos" / "a", 5)
    with refused("fps", "25"):
        datasets.video_folder(tmp_path, fps=fps)


def test_one_viewer_may_be_chosen_without_a_list(tmp_path):
    data = looking(tmp_path, lambda name, who, ms: ms, viewers=("1", "2", "12"), subjects="12")
    assert data.report.viewers == 1 and set(data[0].subjects[0].tolist()) == {"12"}
