"""Each kind of map that explains a class, beside what other libraries make of the same network."""

import sys

import numpy as np
import pytest
from conftest import ROOT

from keras_attn.registries import KINDS

sys.path.insert(0, str(ROOT / "tools"))
import golden_attributions as golden
from attribution_case import case

TOLERANCE = {"occlusion": 5e-5}
"""Shares of a map's largest value; a window takes a thirtieth of a score, which is rounded."""


@pytest.mark.parametrize(("kind", "layer", "peer"), golden.kept())
def test_a_kind_is_what_another_library_returns(kind, layer, peer):
    assert golden.difference(kind, layer, peer) < TOLERANCE.get(kind, 1e-5)


def test_every_kind_that_explains_a_class_of_a_convolutional_network_has_a_witness():
    explaining = {kind.name for kind in KINDS.values() if kind.scores}
    assert {kind for kind, _, _ in golden.kept()} == explaining - {"attention_relevance"}


@pytest.mark.parametrize(("kind", "layer", "peer"), golden.kept())
def test_the_maps_of_a_witness_tell_pictures_and_kinds_apart(kind, layer, peer):
    """A map that is flat, or the same as another one, would be met by a wrong one too."""
    first, second = (maps / maps.max() for maps in case()[f"{peer}/{kind}/{layer}"])
    assert min(first.std(), second.std(), np.abs(first - second).max()) > 0.01
    for other in {one for one, place, _ in golden.kept() if place == layer} - {kind}:
        maps = golden.ours(other)[layer]
        assert np.abs(maps[0] / maps[0].max() - first).max() > 0.01, other
