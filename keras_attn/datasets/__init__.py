"""Datasets with human gaze, from their files on disk to lists of examples."""

from keras_attn.datasets.base import Example, GazeDataset, ReadingReport, read_image
from keras_attn.datasets.folder import folder

__all__ = ["Example", "GazeDataset", "ReadingReport", "folder", "read_image"]
