"""An audit as it is shown: table, page and figure."""

STUDY_IMAGES, STUDY_VIEWERS = (10, 20, 33, 50, 100), (1, 5, 10, 15)
"""Sizes of studies that power is told of by default."""
