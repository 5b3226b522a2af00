"""Optical flow of videos without the camera's motion, as JPEG files for a two-stream network.

    python tools/extract_flow.py Hollywood2/AVIClips --out flow/hollywood2
    python tools/extract_flow.py "ucf_sports_actions/ucf action" --out flow/ucf_sports --jobs 8
    python tools/extract_flow.py clip.avi frames_of_a_clip/ --out flow --method dis

VIDEOS are video files, folders of frames, or folders that hold those at any depth. Each gets a
folder OUT/<name> with im_0001.jpg, flow_x_0001.jpg, flow_y_0001.jpg, ... : image k is frame k of
the video, counted from 0, and flow k leads to it. Called again, it goes on where it has stopped.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import tyro

# Of damaged files, OpenCV and FFmpeg would print lines that name neither file nor frame.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

from keras_attn.datasets.flow import estimation, extraction, files
from keras_attn.datasets.readers import frames
from keras_attn.errors import InputError, listing
from keras_attn.shell import cli


@dataclass(frozen=True)
class ExtractFlow:
    """Flow of VIDEOS into OUT."""

    videos: tyro.conf.Positional[tuple[Path, ...]]
    """Video files, folders of frames, or folders of those."""
    out: Path = Path("runs/flow")
    """Folder that gets a folder for each video."""
    method: estimation.Method = "tvl1"
    """tvl1 is the study's; farneback and dis are some 25 times faster."""
    compensation: bool = True
    """Whether the camera's motion is taken out, for which flow is computed twice."""
    features: estimation.Features = "sift"
    """What is matched to find the camera's motion, in place of SURF, which OpenCV's packages no
    longer have."""
    bound: float = estimation.BOUND
    """Displacement in pixels that becomes 255, and its negative 0; no motion is 128."""
    width: int = files.WIDTH
    """Of images and flow, in pixels; 0 is the video's own."""
    height: int = files.HEIGHT
    """Of images and flow, in pixels; 0 is the video's own."""
    names: files.Names = "im"
    """im: im_0001.jpg, flow_x_0001.jpg. tsn: img_00001.jpg, flow_x_00001.jpg."""
    jobs: int = os.cpu_count() or 1
    """Videos at a time, each in a process of its own."""
    overwrite: bool = False
    """Replace flow that was made from other videos or by other settings."""

    def __call__(self):
        """Find the videos, write their flow, and say where it is."""
        if not self.videos:
            raise InputError("VIDEOS", "at least one video or folder", "none")
        own = ("method", "features", "bound", "width", "height", "names")
        settings = {name: getattr(self, name) for name in own}
        settings = files.FlowSettings(**settings, compensated=self.compensation)
        found = frames.find(self.videos, passing_over=self._is_flow)
        print(f"{len(found)} videos", flush=True)
        options = {"jobs": self.jobs, "overwrite": self.overwrite}
        done = extraction.extract_all(found, self.out, settings, **options)
        self._report(done)
        done.check()

    def _is_flow(self, folder):
        return folder.resolve() == self.out.expanduser().resolve() or files.is_marked(folder)

    def _report(self, done):
        if done.shorter:
            short = [f"{n} ({a} of {b} frames)" for n, (a, b) in done.shorter.items()]
            print(f"Note: shorter than their headers say, perhaps cut off: {listing(short, 5)}")
        rate = done.pairs / done.seconds if done.pairs else 0
        print(
            f"{len(done.records)} videos done, {len(done.earlier)} of them before; "
            f"{done.pairs} pairs in {done.seconds:.0f} s ({rate:.1f} a second)"
        )
        print(f"Flow: {self.out.expanduser().resolve()}", flush=True)


if __name__ == "__main__":
    sys.exit(cli.run(lambda: tyro.cli(ExtractFlow, description=__doc__)))
