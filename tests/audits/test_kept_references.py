"""What references score is kept by the data, and is what it was without that."""

import numpy as np
import pandas as pd
import pytest
from plugged import plugged

import keras_attn as ka
from keras_attn import storage
from keras_attn.evaluation.gaze_scores import Blur, GazeScores
from keras_attn.evaluation.kept_references import KeptReferences
from keras_attn.metrics.columns import Column


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_ATTN_CACHE", str(tmp_path / "cache"))
    return ka.datasets.miniature(images=6, shape=(48, 64), root=tmp_path / "scenes")


@pytest.fixture
def computed(monkeypatch):
    """How often the references of an image are computed."""
    made = []
    compute = GazeScores.references_by_viewer

    def counted(self):
        made.append(self)
        return compute(self)

    monkeypatch.setattr(GazeScores, "references_by_viewer", counted)
    return made


def red(images):
    return images[..., 0]


def audited(data, **options):
    return ka.audit({"red": red}, data, gallery=1, progress=False, **options)


def same(one, other):
    for name in ("rows", "examples", "viewers"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.ceilings == other.ceilings


def read_again(data):
    return ka.datasets.folder(data[0].image.parents[1])


def test_a_second_audit_of_the_same_data_scores_no_reference_and_tells_the_same(data, computed):
    first = audited(data)
    assert len(computed) == len(data)
    second = audited(read_again(data))
    assert len(computed) == len(data)
    same(first, second)


@pytest.mark.parametrize("options", [{"fixation_sigma": 0.05}, {"centre_bias_sigma": 0.1}])
def test_other_blurs_are_computed_anew(data, computed, options):
    audited(data)
    other = audited(data, **options)
    assert len(computed) == 2 * len(data)
    same(other, audited(data, **options))


def test_other_gaze_is_computed_anew(data, computed):
    audited(data)
    audited(data.part("part", range(5)))
    assert len(computed) == len(data) + 5


def test_a_damaged_file_is_made_anew(data, computed):
    first = audited(data)
    (path,) = storage.cache("references").glob("*.npz")
    whole = path.read_bytes()
    for number, broken in enumerate((b"", whole[:-100], b"no archive", b"\0" * len(whole)), 1):
        path.write_bytes(broken)
        same(first, audited(read_again(data)))
        assert len(computed) == (1 + number) * len(data) and path.read_bytes() == whole


def test_numbers_that_were_changed_are_not_taken(data, computed):
    audited(data)
    (path,) = storage.cache("references").glob("*.npz")
    with np.load(path) as file:
        made = dict(file)
    made["scores"] = made["scores"] + 1
    np.savez(path, **made)
    audited(read_again(data))
    assert len(computed) == 2 * len(data)


def test_data_without_viewers_are_kept_too(data, computed, tmp_path):
    table = pd.read_csv(tmp_path / "scenes" / "fixations.csv").assign(subject="all")
    table.to_csv(tmp_path / "scenes" / "fixations.csv", index=False)
    alone = read_again(data)
    same(audited(alone), audited(read_again(data)))
    assert len(computed) == len(data)


METRIC = """
import keras_attn as ka
from keras_attn.metrics.columns import Column

def mean(saliency, gaze):
    return saliency.mean()

ka.register(Column("mean", "Mean", mean))
"""


def test_nothing_is_kept_beside_metrics_whose_code_is_not_known(data, tmp_path):
    (tmp_path / "own_mean.py").write_text(METRIC)
    with plugged(tmp_path / "own_mean.py", Column.registry):
        audited(data)
    assert not storage.cache("references").exists()


def test_a_cache_that_cannot_be_written_to_does_not_stop_an_audit(data, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERAS_ATTN_CACHE", str(tmp_path / "file"))
    assert len(audited(data).rows) == 6


def test_an_audit_that_breaks_off_keeps_nothing(data):
    made = KeptReferences(data, Blur())
    made.of(0, GazeScores.of_image(data, 0, Blur()))
    made.keep()
    assert not storage.cache("references").exists()
