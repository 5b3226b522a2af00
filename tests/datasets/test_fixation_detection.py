"""Fixations in raw samples: what lies between saccades."""

import numpy as np
import pytest
from conftest import refused

from keras_attn.datasets.readers.fixation_detection import find_fixations, speed_change


def recording(*stays, saccade=8):
    """Samples of stays (x, y, samples), with saccades that speed up and slow down between them."""
    parts, before = [], None
    for x, y, length in stays:
        if before is not None:
            share = np.linspace(0, 1, saccade + 2)[1:-1]
            share = (3 - 2 * share) * share**2
            parts.append(before + share[:, None] * (np.array([x, y]) - before))
        before = np.array([x, y], float)
        parts.append(np.tile(before, (length, 1)))
    return np.concatenate(parts)


def test_each_stay_is_a_fixation_at_its_place():
    samples = recording((512, 384, 80), (200, 100, 60), (800.5, 500.25, 100), (300, 600, 90))
    expected = [[512, 384], [200, 100], [800.5, 500.25], [300, 600]]
    np.testing.assert_allclose(find_fixations(samples), expected)


def test_without_a_saccade_the_whole_recording_is_one_fixation():
    drift = np.column_stack([np.linspace(100, 110, 500), np.full(500, 50.0)])
    np.testing.assert_allclose(find_fixations(drift), [[105, 50]])
    np.testing.assert_allclose(find_fixations([[3.0, 4.0]]), [[3, 4]])


def test_a_stay_of_less_than_50_ms_is_part_of_the_saccade():
    long = find_fixations(recording((500, 400, 80), (300, 400, 40), (100, 400, 80)))
    short = find_fixations(recording((500, 400, 80), (300, 400, 6), (100, 400, 80)))
    np.testing.assert_allclose(long, [[500, 400], [300, 400], [100, 400]])
    np.testing.assert_allclose(short, [[500, 400], [100, 400]])


def test_a_last_stay_that_is_cut_short_is_no_fixation():
    found = find_fixations(recording((500, 400, 80), (300, 400, 80), (100, 400, 14)))
    np.testing.assert_allclose(found, [[500, 400], [300, 400]])


def test_a_centre_is_the_median_so_that_a_lost_sample_does_not_move_it():
    samples = recording((500, 400, 80), (300, 200, 81))
    samples[100:104] = np.nan
    np.testing.assert_allclose(find_fixations(samples), [[500, 400], [300, 200]])


def test_a_recording_of_nothing_but_blinks_has_no_place():
    assert np.isnan(find_fixations(np.full((300, 2), np.nan))).all()


def test_a_blink_lies_where_the_tracker_puts_it():
    found = find_fixations(recording((500, 400, 80), (-20, -20, 60), (300, 200, 80), saccade=6))
    np.testing.assert_allclose(found, [[500, 400], [-20, -20], [300, 200]])


def test_speed_changes_by_the_step_that_enters_the_window():
    """By hand: a step of 4 pixels between samples 19 and 20, smoothed over four, is 1 in 20-23."""
    samples = np.column_stack([np.where(np.arange(40) < 20, 0.0, 4.0), np.zeros(40)])
    change = speed_change(samples)
    assert np.flatnonzero(change > 0).tolist() == [15, 16, 17, 18]
    assert np.flatnonzero(change < 0).tolist() == [20, 21, 22, 23]
    np.testing.assert_allclose(change[[15, 20]], [60, -60])


@pytest.mark.parametrize("samples", [np.zeros((0, 2)), np.zeros((5, 3)), np.zeros(4)])
def test_what_is_no_recording_is_refused(samples):
    with refused("samples", "array (T, 2)"):
        find_fixations(samples)
