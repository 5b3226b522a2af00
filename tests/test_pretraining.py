"""The trunk that has learnt drawn shapes: trained once, whoever asks for it."""

from concurrent.futures import ThreadPoolExecutor

import filelock
import pytest

from keras_attn import weights
from keras_attn.tasks import pretraining

pytestmark = pytest.mark.slow


def test_a_drawn_trunk_is_trained_once_and_is_the_same_for_all(tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining, "PICTURES", 8)
    monkeypatch.setattr(pretraining, "EPOCHS", 1)
    path = pretraining.drawn_trunk("alexnet", 0.125, 67, tmp_path)
    stamp = path.stat().st_mtime_ns
    assert pretraining.drawn_trunk("alexnet", 0.125, 67, tmp_path) == path
    assert path.stat().st_mtime_ns == stamp
    assert weights.settings(path)["trunk"]["learnt"] == "drawn shapes"
    first = weights.settings(path)["trunk"]["digest"]
    path.unlink()
    again = pretraining.drawn_trunk("alexnet", 0.125, 67, tmp_path)
    assert weights.settings(again)["trunk"]["digest"] == first


def test_a_trunk_that_another_process_is_training_is_waited_for(tmp_path):
    path = tmp_path / f"alexnet-0.125-67-{pretraining.VERSION}.weights.h5"
    with ThreadPoolExecutor(1) as pool:
        with filelock.FileLock(tmp_path / f".{path.name}.lock"):
            waiting = pool.submit(pretraining.drawn_trunk, "alexnet", 0.125, 67, tmp_path)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            path.write_bytes(b"theirs")
        assert waiting.result(timeout=5) == path
    assert path.read_bytes() == b"theirs"
