"""Optical flow of videos: estimated, extracted for whole datasets, and kept as files."""
