"""Small videos with gaze in the published forms, for the tests of their readers."""

import cv2
import numpy as np

SHAPE = (48, 64)
SCREEN = (1024, 1280)


def frame(number, shape=SHAPE):
    return np.full((*shape, 3), 5 * number % 256, np.uint8)


def write_video(path, frames, rate=25.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate, SHAPE[::-1])
    for number in range(frames):
        writer.write(frame(number))
    writer.release()


def write_frames(folder, frames, name="2538-5_{:05d}.jpg", shape=SHAPE):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, frames + 1):
        cv2.imwrite(str(folder / name.format(number)), frame(number, shape))


def write_extracted(folder, pairs):
    for kind in ("im", "flow_x", "flow_y"):
        write_frames(folder, pairs, kind + "_{:04d}.jpg", (8, 8))


def write_samples(root, samples, *, shape=SHAPE):
    """samples: (subject, video) -> lines. The videos of `shape` fill the screen's width."""
    (root / "samples").mkdir(parents=True, exist_ok=True)
    for (subject, video), lines in samples.items():
        path = root / "samples" / f"{subject:03d}_{video}.avi.txt"
        path.write_text("".join(f"{line}\n" for line in lines))
    (root / "geometry.txt").write_text(f"600.0 475.0 295.0 {SCREEN[1]} {SCREEN[0]}\n")
    lines = {f"{video}.avi {shape[1]} {shape[0]} 1.0\n" for _, video in samples}
    (root / "resolution.txt").write_text("".join(sorted(lines)))


def sample(time, x, y, event="F", *, shape=SHAPE):
    """The line of a sample at (x, y) of the video, by the mapping turned round."""
    scale = SCREEN[1] / shape[1]
    return f"{time} 0 0 {x * scale} {y * scale + (SCREEN[0] - shape[0] * scale) / 2} {event}"


def write_points(path, points, shape=SHAPE):
    picture = np.zeros(shape, np.uint8)
    for x, y in points:
        picture[y, x] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)
