"""Optical flow between two frames, without the camera's motion, and its 8-bit code.

The algorithm is that of `gpu_compensated_optical_flow` (antran89/dense_flow), which the two-stream
networks of the study were trained on, on the CPU. Two things differ: its SURF features are no
longer part of OpenCV's packages, so that SIFT or ORB take their place, and Farneback and DIS are
faster choices beside TV-L1. Files are read and written elsewhere: `frames`, `flow.files`.
"""

from typing import Literal, get_args

import cv2
import numpy as np

from keras_attn.errors import InputError, one_of

Method = Literal["tvl1", "farneback", "dis"]
Features = Literal["sift", "orb"]
BOUND = 20.0
"""Displacement in pixels that the 8-bit code ends at; what exceeds it is clipped."""
SMALLEST = 32
"""Least side of a frame, in pixels."""
CORNERS, CORNER_QUALITY, CORNER_DISTANCE = 1000, 0.001, 3
"""Points that the flow itself is followed at: `goodFeaturesToTrack`, as in the original."""
RANSAC_PIXELS = 1.0
MORE_MATCHES_THAN, MORE_INLIERS_THAN = 50, 25
"""A homography made from no more than these is not believed: the camera stands still then."""


def _solver(method):
    # OpenCV's own parameters are those of the original for TV-L1 and Farneback.
    if method == "tvl1":
        return cv2.optflow.DualTVL1OpticalFlow_create()
    if method == "farneback":
        return cv2.FarnebackOpticalFlow_create()
    solver = cv2.DISOpticalFlow_create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    # By default it stops at half the size, where people in a frame of 128×171 are lost.
    solver.setFinestScale(0)
    return solver


class FlowEstimator:
    """Flow from one grey frame to the next; called with both, returns float32 `(H, W, 2)`.

    Flow is x and y in pixels: what is at (x, y) in the first frame is at (x, y) + flow in the
    second. With `compensated`, in the second as it would be had the camera not moved.

    method: "tvl1", "farneback" or "dis". compensated: whether the camera's motion is taken out.
    features: "sift" or "orb", matched between the frames to find that motion.
    The same frames give the same flow; of DIS that holds for a fixed number of OpenCV's threads.
    """

    def __init__(self, method="tvl1", *, compensated=True, features="sift"):
        self._solver = _solver(one_of("method", method, get_args(Method)))
        one_of("features", features, get_args(Features))
        sift = features == "sift"
        self._detector = cv2.SIFT_create() if sift else cv2.ORB_create()
        self._matcher = cv2.BFMatcher(cv2.NORM_L2 if sift else cv2.NORM_HAMMING)
        self._compensated = compensated
        self._latest = (None, None)

    def __call__(self, first, second):
        """Flow from `first` to `second`, uint8 `(H, W)` both; `InputError` if they are not."""
        _check(first, second)
        flow = self._solver.calc(first, second, None)
        if not self._compensated:
            return flow
        motion = self.camera_motion(first, second, flow)
        if np.array_equal(motion, np.eye(3)):
            return flow
        return self._solver.calc(first, without_motion(second, motion), None)

    def camera_motion(self, first, second, flow):
        """The homography from `first` to `second`, float64 `(3, 3)`; identity if none is found.

        By RANSAC from matched features and from corners that `flow` is followed at.
        """
        matched, followed = self._matched(first, second), _followed(first, flow)
        there, here = (np.concatenate(points) for points in zip(followed, matched, strict=True))
        if len(there) <= MORE_MATCHES_THAN:
            return np.eye(3)
        motion, inliers = cv2.findHomography(there, here, cv2.RANSAC, RANSAC_PIXELS)
        if motion is None or np.count_nonzero(inliers) <= MORE_INLIERS_THAN:
            return np.eye(3)
        return motion

    def _matched(self, first, second):
        """For each feature of `second` the place of the nearest of `first`, and its own."""
        # The second frame of a pair is the first of the next one.
        known, described = self._latest
        if known is not first:
            described = self._detector.detectAndCompute(first, None)
        self._latest = (second, self._detector.detectAndCompute(second, None))
        (ours, our_values), (others, other_values) = described, self._latest[1]
        if not ours or not others:
            return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
        matches = self._matcher.match(other_values, our_values)
        there = [ours[match.trainIdx].pt for match in matches]
        here = [others[match.queryIdx].pt for match in matches]
        return np.array(there, np.float32), np.array(here, np.float32)


def _check(first, second):
    for name, frame in (("first", first), ("second", second)):
        good = getattr(frame, "dtype", None) == np.uint8 and frame.ndim == 2
        if not good or min(frame.shape) < SMALLEST:
            received = f"{getattr(frame, 'dtype', type(frame))} {getattr(frame, 'shape', '')}"
            raise InputError(f"{name} frame", f"uint8 (H, W), at least {SMALLEST} each", received)
    if first.shape != second.shape:
        raise InputError("second frame", f"shape {first.shape}, as the first", second.shape)


def _followed(first, flow):
    """Corners of `first`, and where `flow` takes them: float32 `(N, 2)` each."""
    corners = cv2.goodFeaturesToTrack(first, CORNERS, CORNER_QUALITY, CORNER_DISTANCE)
    if corners is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    there = corners.reshape(-1, 2)
    columns, rows = there.round().astype(int).T
    return there, there + flow[rows, columns]


def without_motion(frame, motion):
    """`frame` warped back by the homography `motion`; what comes from outside repeats its border.

    frame: uint8 `(H, W)`. motion: `(3, 3)`, from the frame before to this one, in (x, y, 1).
    """
    # The inverse of the inverse: OpenCV wants the map from where pixels go to where they are from.
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = frame.shape[::-1]
    return cv2.warpPerspective(frame, motion, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def encode(flow, bound=BOUND):
    """Flow in pixels as uint8 of the same shape: −bound is 0, bound is 255, no motion is 128.

    `clip(round(255 · (flow + bound) / (2 · bound)), 0, 255)`, which is the published code.
    """
    flow = np.asarray(flow, np.float64)
    if not np.isfinite(flow).all():
        raise InputError("flow", "finite values", f"{(~np.isfinite(flow)).sum()} that are not")
    return np.clip(np.round(255 * (flow + bound) / (2 * bound)), 0, 255).astype(np.uint8)


def decode(code, bound=BOUND):
    """Flow in pixels from its code, float32; within `bound` / 255 of what was encoded.

    Code 128 becomes `bound` / 255, for no value of the code is exactly zero.
    """
    return (np.asarray(code, np.float64) * (2 * bound) / 255 - bound).astype(np.float32)
