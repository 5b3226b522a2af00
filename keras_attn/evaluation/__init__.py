"""Scores of networks on the examples of a dataset: task, agreement with gaze, attacks."""
