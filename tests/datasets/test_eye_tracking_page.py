"""The page on eye trackers' files: its code runs, and what it writes is read as it says.

Files are written in the form of each tracker's, and their fixations computed by hand. What needs
pymovements, no dependency of the package, is skipped without it; what reads the result is not.
"""

import ast
import re
import shlex
from collections import Counter
from contextlib import chdir

import numpy as np
import pytest
from conftest import ROOT, real

PAGE = (ROOT / "docs" / "eye_tracking.md").read_text(encoding="utf-8")


def blocks(language):
    """Code blocks of the page by the heading they are under."""
    found = {}
    for section in re.split(r"^##+ ", PAGE, flags=re.M)[1:]:
        heading = section.splitlines()[0]
        found[heading] = re.findall(rf"^```{language}\n(.*?)^```$", section, re.M | re.S)
    return {heading: code for heading, code in found.items() if code}


CODE = blocks("python")
COMMANDS = blocks("sh")


# --- files of each tracker ----------------------------------------------------------------------


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def csv(path, heading, rows, separator=","):
    lines = [heading.split(","), *rows]
    write(path, "".join(separator.join(map(str, line)) + "\n" for line in lines))


def eyelink(root):
    """250 Hz: a fixation from before a.jpg, two on it, one after it; and both eyes on b.jpg."""
    write(root / "eyelink" / "s1.asc", asc("LEFT", LEFT))
    write(root / "eyelink" / "s2.asc", asc("LEFT\tRIGHT", BOTH))


def asc(eyes, events):
    """events: messages, and (begin, end, place of one eye or of both). Lines by their time."""
    heading = [
        "** CONVERTED FROM x.edf using edfapi 4.2.1",
        "** VERSION: EYELINK II 1",
        "** EYELINK II CL v6.12 Feb  1 2018 (EyeLink Portable Duo)",
        "MSG\t900 DISPLAY_COORDS 0 0 1919 1079",
        f"MSG\t900 RECCFG CR 250 2 1 {''.join(eye[0] for eye in eyes.split())}",
        "MSG\t900 ELCLCFG BTABLER",
        "MSG\t900 GAZE_COORDS 0.00 0.00 1919.00 1079.00",
        f"START\t900 \t{eyes}\tSAMPLES\tEVENTS",
        f"SAMPLES\tGAZE\t{eyes}\tRATE\t 250.00\tTRACKING\tCR\tFILTER\t2\tINPUT",
    ]
    lines = []
    for event in events:
        lines += [event] if isinstance(event, str) else list(fixation(*event))
    lines.sort(key=written_at)
    return "\n".join([*heading, *lines, "END\t4000 \tSAMPLES\tEVENTS\tRES\t  30.00\t  30.00", ""])


def written_at(line):
    """Time of a line; that of the end of an event is the second number in it."""
    return int(re.findall(r"\d+", line)[line.startswith("E")])


def fixation(begin, end, *places):
    """Lines of one fixation of one eye or of both, which jitters by 2 pixels about its place."""
    eyes = "LR"[: len(places)]
    yield from (f"SFIX {eye}   {begin}" for eye in eyes)
    for i, time in enumerate(range(begin, end + 1, 4)):
        values = "".join(f"\t {x + (-1) ** i:.1f}\t {y:.1f}\t 900.0" for x, y in places)
        yield f"{time}{values}\t 127.0\t....."
    for eye, (x, y) in zip(eyes, places, strict=True):
        yield f"EFIX {eye}   {begin}\t{end}\t{end - begin + 4}\t  {x:.1f}\t  {y:.1f}\t    900"


LEFT = [
    (1000, 1196, (960, 540)),
    "MSG\t1100 IMAGE_ON a.jpg",
    (1220, 1416, (660, 440)),
    "SBLINK L 1420",
    *(f"{time}\t .\t .\t 0.0\t 127.0\t....." for time in range(1420, 1500, 4)),
    "EBLINK L 1420\t1496\t80",
    (1520, 1716, (1260, 640)),
    "MSG\t2000 IMAGE_OFF",
    (2020, 2216, (960, 540)),
]
BOTH = ["MSG\t1000 -2 IMAGE_ON b.jpg", (1020, 1216, (700, 500), (710, 510)), "MSG\t2000 IMAGE_OFF"]

TOBII = (
    "Recording timestamp [ms],Sensor,Participant name,Recording name,Presented Stimulus name,"
    "Eye movement type,Eye movement type index,Gaze event duration [ms],"
    "Gaze point X [DACS px],Gaze point Y [DACS px],"
    "Fixation point X [MCS norm],Fixation point Y [MCS norm]"
)


def tobii(root):
    """250 Hz: a fixation that goes on from the cross into a.jpg, two on a.jpg, one on b.jpg."""
    rows, time = [], 0
    for name, kind, number, count, x, y in (
        ("cross.jpeg", "Fixation", 1, 25, 960, 540),
        ("a.jpg", "Fixation", 1, 25, 960, 540),
        ("a.jpg", "Saccade", 1, 5, None, None),
        ("a.jpg", "Fixation", 2, 50, 660, 440),
        ("a.jpg", "EyesNotFound", 1, 25, "", ""),
        ("a.jpg", "Fixation", 3, 50, 1260, 640),
        ("b.jpg", "Saccade", 2, 5, None, None),
        ("b.jpg", "Fixation", 4, 50, 860, 390),
        ("", "Fixation", 5, 50, 100, 100),
    ):
        for i in range(count):
            place = (1000 + 40 * i, 100 + 40 * i) if x is None else (x, y)
            norm = ("", "")
            if kind == "Fixation" and name:
                norm = (x - 560) / 800, (y - 240) / 600  # 800 by 600, in the middle of the screen
            span = count * 4 if number != 1 else 200
            event = (name, kind, number, span)
            rows.append((time, "Eye Tracker", "p1", "r1", *event, *place, *norm))
            time += 4
    rows.insert(60, (rows[60][0], "Mouse", "p1", "r1", "a.jpg", *[""] * 7))
    csv(root / "tobii" / "all.tsv", TOBII, rows, "\t")


def smi(root):
    """250 Hz: two fixations, the first with samples that are lost, then one of lost ones alone."""
    heading = "Time,Type,Trial,L Dia X [px],L Dia Y [px],L POR X [px],L POR Y [px],L Event Info"
    rows, time = [], 84_000_000_000
    for what, count, x, y in (
        ("Saccade", 5, 300, 300),
        ("Fixation", 25, 720, 450),
        ("Fixation", 5, 0, 0),
        ("Fixation", 20, 720, 450),
        ("Blink", 25, 0, 0),
        ("Fixation", 50, 360, 225),
        ("Saccade", 5, 300, 300),
        ("Fixation", 25, 0, 0),
    ):
        for _ in range(count):
            rows.append((time, "SMP", 1, 9, 9, f"{x:.2f}", f"{y:.2f}", what))
            time += 4000
    csv(root / "samples" / "P01" / "P01_Trail002.txt", heading, rows, "\t")


def annotations(root):
    shown = [(0, 10.0, "a.jpg", 0), (1, 12.0, "end", 0), (2, 13.0, "b.jpg", 0)]
    csv(root / "annotations.csv", "index,timestamp,label,duration", shown)


def pupil_fixations(root):
    """Ids 1 to 5: before a.jpg, on it in two frames, off the surface, after it, and on b.jpg."""
    export = root / "pupil" / "s1" / "exports" / "000"
    annotations(export)
    heading = (
        "world_timestamp,world_index,fixation_id,start_timestamp,duration,dispersion,"
        "norm_pos_x,norm_pos_y,x_scaled,y_scaled,on_surf"
    )
    rows = [
        (9.9, 0, 1, 9.9, 150, 1, 0.5, 0.5, 0, 0, True),
        (10.5, 1, 2, 10.5, 200.5, 1, 0.24, 0.74, 0, 0, True),
        (10.6, 2, 2, 10.5, 200.5, 1, 0.26, 0.76, 0, 0, True),
        (11.0, 3, 3, 11.0, 120, 1, 1.5, 0.5, 0, 0, False),
        (12.5, 4, 4, 12.5, 130, 1, 0.5, 0.5, 0, 0, True),
        (13.5, 5, 5, 13.5, 180, 1, 0.75, 0.1, 0, 0, True),
    ]
    csv(export / "surfaces" / "fixations_on_surface_a.csv", heading, rows)


def pupil_gaze(root):
    """100 Hz: a look from before a.jpg, one on it that, three on b.jpg."""
    export = root / "pupil" / "s1" / "exports" / "000"
    annotations(export)
    heading = (
        "world_timestamp,world_index,gaze_timestamp,x_norm,y_norm,x_scaled,y_scaled,"
        "on_surf,confidence"
    )
    rows, time = [], 9800
    for count, x, y, confidence in (
        (40, 0.5, 0.5, 0.9),  # to 10.2 s
        (30, 0.25, 0.75, 0.9),  # to 10.5
        (20, 0.9, 0.1, 0.2),  # to 10.7
        (30, 0.25, 0.75, 0.9),  # to 11.0
        (230, 0, 0, 0),  # to 13.3
        (30, 0.75, 0.1, 0.9),  # to 13.6
        (30, 0.2, 0.5, 0.9),  # to 13.9
        (30, 0.6, 0.6, 0.9),
    ):
        for _ in range(count):
            rows.append((time / 1000, 0, (time + 2) / 1000, x, y, 0, 0, True, confidence))
            time += 10
    csv(export / "surfaces" / "gaze_positions_on_surface_a.csv", heading, rows)


def neon(root):
    """Two recordings; of the first a fixation on a.jpg twice, one off it, and one before it."""
    heading = (
        "section id,recording id,fixation id,start timestamp [ns],end timestamp [ns],duration [ms],"
        "fixation detected on surface,fixation x [normalized],fixation y [normalized]"
    )
    ns = 1_700_000_000_000_000_000
    rows = [
        ("s", "r2", 1, ns + 500, ns + 600, 180, True, 0.75, 0.9),
        ("s", "r1", 1, ns + 50, ns + 150, 140, True, 0.5, 0.5),
        ("s", "r1", 2, ns + 200, ns + 300, 210, True, 0.25, 0.25),
        ("t", "r1", 2, ns + 200, ns + 300, 210, True, 0.25, 0.25),
        ("s", "r1", 3, ns + 400, ns + 450, 90, False, 1.2, 0.5),
        ("s", "r1", 4, ns + 900, ns + 950, 90, True, 0.5, 0.5),
    ]
    csv(root / "neon" / "fixations.csv", heading, rows)
    events = [
        ("r1", ns, "recording.begin", "recording"),
        ("r1", ns + 100, "a.jpg", "recording"),
        ("r1", ns + 800, "end", "recording"),
        ("r2", ns + 100, "b.jpg", "recording"),
    ]
    csv(root / "neon" / "events.csv", "recording id,timestamp [ns],name,type", events)


# --- what comes out -----------------------------------------------------------------------------

SMI_COLUMNS = ("video", "subject", "time_ms", "duration_ms", "x", "y")
PICTURES = "image,subject,x,y,duration_ms\n"
ON_SCREEN = {"a": [(100, 200), (700, 400)], "b": [(150, 270)]}
"""Of the screen's (660, 440), (1260, 640) and (710, 510), in pictures of 800 by 600."""

CASES = {
    "EyeLink": (
        eyelink,
        PICTURES + "a.jpg,s1,660.0,440.0,196\na.jpg,s1,1260.0,640.0,196\n"
        "b.jpg,s2,710.0,510.0,196\n",
        ON_SCREEN,
    ),
    "Fixations of Tobii Pro Lab": (
        tobii,
        PICTURES + "a.jpg,p1,0.125,0.3333333333333333,200\na.jpg,p1,0.875,0.6666666666666666,200\n"
        "b.jpg,p1,0.375,0.25,200\n",
        {"a": [(100, 200), (700, 400)], "b": [(300, 150)]},
    ),
    "Raw gaze of Tobii": (
        tobii,
        # A velocity spans both neighbours, so that the outermost samples of each are left out.
        PICTURES + "a.jpg,p1,660.0,440.0,188\na.jpg,p1,1260.0,640.0,188\n"
        "b.jpg,p1,860.0,390.0,188\n",
        {"a": [(100, 200), (700, 400)], "b": [(300, 150)]},
    ),
    "SMI": (
        smi,
        ",".join(SMI_COLUMNS) + "\n"
        "002,P01,20,196,720.0,450.0\n002,P01,320,196,360.0,225.0\n002,P01,540,96,,\n",
        None,
    ),
    "Fixations of Pupil Core": (
        pupil_fixations,
        PICTURES + "a.jpg,s1,0.25,0.75,200.5\nb.jpg,s1,0.75,0.1,180.0\n",
        {"a": [(200, 150)], "b": [(600, 540)]},
    ),
    "Raw gaze of Pupil Core": (
        pupil_gaze,
        # Of two looks in a row the first sample of the second counts as the last of the first.
        PICTURES + "a.jpg,s1,0.25,0.25,260\na.jpg,s1,0.25,0.25,280\nb.jpg,s1,0.75,0.9,280\n"
        "b.jpg,s1,0.2,0.5,280\nb.jpg,s1,0.6,0.4,260\n",
        {"a": [(200, 150)] * 2, "b": [(600, 540), (160, 300), (480, 240)]},
    ),
    "Fixations of Neon and Invisible": (
        neon,
        PICTURES + "a.jpg,r1,0.25,0.25,210\nb.jpg,r2,0.75,0.9,180\n",
        {"a": [(200, 150)], "b": [(600, 540)]},
    ),
}
"""By heading: what writes the tracker's files, fixations.csv, and points in pixels by picture."""
FRAMES = "Frame by frame"


def test_every_block_of_the_page_is_tried():
    assert set(CODE) == {*CASES, FRAMES}
    assert all(len(code) == 2 for code in CODE.values())


def run(heading, number, root):
    """Execute a block of the page where the files of its example lie; returns its variables."""
    names = {}
    with chdir(root):
        exec(compile(CODE[heading][number], heading, "exec"), names)
    return names


def convert(heading, root):
    """The fixations.csv that the block of this heading makes of the files that lie in `root`."""
    pytest.importorskip("pymovements")
    (root / "study").mkdir()
    run(heading, 0, root)
    return (root / "study" / "fixations.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("heading", CASES)
def test_a_trackers_files_become_the_fixations_that_were_written_into_them(heading, tmp_path):
    make, expected, _ = CASES[heading]
    make(tmp_path)
    assert convert(heading, tmp_path) == expected


def test_real_files_of_smi_become_the_fixations_that_the_page_tells_of(tmp_path):
    samples = real("data/video_002/samples")
    (tmp_path / "samples").symlink_to(samples)
    lines = convert("SMI", tmp_path).splitlines()[1:]
    rows = [dict(zip(SMI_COLUMNS, line.split(","), strict=True)) for line in lines]
    counts = sorted(Counter(row["subject"] for row in rows).values())
    assert (len(rows), len(counts), counts[0], counts[-1]) == (879, 17, 18, 83)
    places = [(float(row["x"]), float(row["y"])) for row in rows if row["x"]]
    assert len(places) == 877 and min(places) > (200, 0)
    off = [(x, y) for x, y in places if not (0 <= x < 1440 and 45 <= y < 855)]
    late = [row for row in rows if float(row["time_ms"]) > 783 * 1000 / 30]
    assert (len(off), len(late)) == (2, 39)
    assert "Of 17 viewers and 879 fixations (18 to 83 each" in " ".join(PAGE.split())


def picture_study(root, table):
    Image = pytest.importorskip("PIL.Image")
    (root / "study" / "images").mkdir(parents=True)
    for name in "ab":
        Image.new("RGB", (800, 600)).save(root / "study" / "images" / f"{name}.jpg")
    write(root / "study" / "fixations.csv", table)


@pytest.mark.parametrize("heading", [heading for heading in CASES if heading != "SMI"])
def test_fixations_are_read_where_they_were_on_the_picture(heading, tmp_path):
    pytest.importorskip("tyro")
    _, table, expected = CASES[heading]
    picture_study(tmp_path, table)
    data = run(heading, 1, tmp_path)["data"]
    assert [example.id for example in data] == ["a", "b"]
    for example in data:
        assert example.points == pytest.approx(np.array(expected[example.id]), abs=1e-9)


def video_study(root, frames, rate):
    import cv2

    (root / "study" / "videos").mkdir(parents=True)
    path = str(root / "study" / "videos" / "002.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), rate, (640, 360))
    for frame in frames:
        writer.write(frame)
    writer.release()


def test_fixations_of_a_video_are_read_where_and_when_they_were(tmp_path):
    """A screen of 1440 by 900 showed 640 by 360 pixels 2.25 times as large, 45 below its top."""
    pytest.importorskip("tyro")
    video_study(tmp_path, [np.zeros((360, 640, 3), np.uint8)] * 16, 25.0)
    write(tmp_path / "study" / "fixations.csv", CASES["SMI"][1])
    data = run("SMI", 1, tmp_path)["data"]
    assert data.report.points_not_a_number == 3  # one fixation without a place, in three frames
    (video,) = data
    places = [[tuple(point) for point in points] for points in video.points]
    first, second = [(320.0, 180.0)], [(160.0, 80.0)]
    # 40 ms a frame: the one from 20 to 216 ms is in frames 0 to 5, that to 516 ms in 8 to 12.
    assert places == [first] * 6 + [[]] * 2 + [second] * 5 + [[]] * 3


@pytest.mark.slow
def test_gaze_of_a_video_meets_the_crop_that_the_network_saw(monkeypatch, tmp_path):
    """A bright square, looked at in the middle of it, is where the picture and the gaze meet."""
    pytest.importorskip("tyro")
    from keras_attn.datasets import folder
    from keras_attn.shell import parser

    dark, frames = np.zeros((360, 640, 3), np.uint8), []
    for number in range(47):
        frames.append(dark.copy())
        frames[-1][160:200, 200 + number : 240 + number] = 255
    video_study(tmp_path, frames, 30.0)
    looks = [f"002,s{s},{500 * n},30,{(220 + 15 * n) * 2.25},{45 + 180 * 2.25}"
             for s in (1, 2) for n in range(4)]  # fmt: skip
    heading = "video,subject,time_ms,duration_ms,x,y"
    write(tmp_path / "study" / "fixations.csv", "\n".join([heading, *looks]) + "\n")
    monkeypatch.setitem(CODE, FRAMES, [c.replace("=12", "=12, width=1 / 64") for c in CODE[FRAMES]])
    run(FRAMES, 0, tmp_path)
    run(FRAMES, 1, tmp_path)
    (line,) = COMMANDS[FRAMES]
    monkeypatch.setattr("sys.argv", shlex.split(line))
    told = parser.of_shell().gaze
    data = folder(tmp_path / "frames", screen=told.screen, place=told.place)
    assert [(example.id, example.shape) for example in data] == [
        (name, (315, 419)) for name in ("0015", "0030", "0045")
    ]
    for example, left in zip(data, (235, 250, 265), strict=True):
        x, y = (left - 109, 180 - 22)
        assert example.points == pytest.approx(np.array([[x, y]] * 2), abs=1)
        assert example.pixels()[y, x].min() > 200 > example.pixels()[y, x - 30].max()
        assert np.load(tmp_path / "frames" / "maps" / f"{example.id}.npy").shape == (56, 56)


@pytest.mark.parametrize("heading", [heading for heading in CASES if heading != "SMI"])
def test_the_audit_is_told_the_same_as_the_reader(heading, monkeypatch):
    pytest.importorskip("tyro")
    from keras_attn import gaze_format
    from keras_attn.shell import parser

    (line,) = COMMANDS[heading]
    monkeypatch.setattr("sys.argv", shlex.split(line))
    told = gaze_format.changed(parser.of_shell().gaze)
    call = next(node for node in ast.walk(ast.parse(CODE[heading][1])) if is_reading(node))
    assert told == {word.arg: ast.literal_eval(word.value) for word in call.keywords}


def is_reading(node):
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "folder"
