"""Datasets with human gaze, from their files on disk to lists of examples."""

from keras_attn.datasets.base import Example, GazeDataset, ReadingReport, read_image
from keras_attn.datasets.folder import folder
from keras_attn.datasets.miniature import miniature

__all__ = ["Example", "GazeDataset", "ReadingReport", "folder", "miniature", "read_image"]
