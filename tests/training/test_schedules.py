"""Learning rates that fall to 0: their values, whoever trains by them, and runs that go on."""

import numpy as np
import pytest
from conftest import refused
from small_networks import assert_close
from small_runs import EPOCHS, STEPS, network, train

from keras_attn import configs
from keras_attn.storage import RunFolder
from keras_attn.tasks import action
from keras_attn.training.schedules import WARM, adam, cosine

pytestmark = pytest.mark.slow


def rates(schedule, updates):
    return np.array([float(schedule(number)) for number in range(updates)])


def test_a_cosine_rises_over_the_first_twentieth_and_ends_at_0():
    found = rates(cosine(0.4, 200), 200)
    rising = int(WARM * 200)
    assert found.argmax() == rising and found.max() == pytest.approx(0.4)
    assert_close(found[:rising], 0.4 * np.arange(1, rising + 1) / (rising + 1))
    assert (np.diff(found[rising:]) < 0).all() and 0 < found[-1] < 1e-4
    half = 0.4 * (1 + np.cos(np.pi * np.arange(190) / 190)) / 2
    np.testing.assert_allclose(found[rising:], half, rtol=1e-4, atol=1e-7)


def test_of_a_few_updates_none_is_lost_to_rising():
    assert rates(cosine(0.4, 3), 3)[0] == pytest.approx(0.4)
    assert (rates(cosine(0.4, 20), 20) > 0).all()
    with refused("updates", "from 1", "0"):
        cosine(0.4, 0)


@pytest.mark.parametrize("task", ["salient_object", "fine_grained"])
def test_the_papers_rate_stays_and_nothing_is_clipped(task):
    training = configs.changed(configs.PRESETS[task]["paper"], learning_rate=1e-3).training
    assert (training.schedule, training.clip) == ("constant", None)
    optimizer = adam(training, 100)
    assert float(optimizer.learning_rate) == pytest.approx(1e-3)
    assert optimizer.global_clipnorm is None


@pytest.mark.parametrize("task", ["salient_object", "fine_grained"])
def test_a_configuration_says_that_the_rate_falls_and_gradients_are_clipped(task):
    options = {"schedule": "cosine", "clip": 0.5, "learning_rate": 1e-3}
    optimizer = adam(configs.changed(configs.PRESETS[task]["paper"], **options).training, 100)
    assert optimizer.global_clipnorm == 0.5
    optimizer.build([])
    assert float(optimizer.learning_rate) == pytest.approx(1e-3 / 6)
    optimizer.iterations.assign(99)
    assert float(optimizer.learning_rate) < 1e-5


def test_task_2_falls_by_steps_or_along_a_cosine():
    config = configs.action("paper", iterations=100)
    assert config.schedule.rate_steps == (40, 80)
    falling = configs.changed(config, schedule="cosine", learning_rate=0.1)
    assert falling.schedule == (100, 0.1, ())
    rate = action.optimizer(configs.changed(falling, **falling.schedule._asdict()).training)
    assert float(rate.learning_rate) == pytest.approx(0.1 / 6)
    for name in ("rate_steps", "stream_rate_steps"):
        with refused(f"training.{name}", "--training.schedule steps", "4"):
            configs.changed(falling, **{name: (4, 8)})


def test_a_run_that_broke_off_goes_on_at_its_place_of_the_cosine(tmp_path):
    training = configs.salient_object(schedule="cosine", learning_rate=1e-2, clip=1.0).training

    def build():
        model = network()
        model.compile(adam(training, EPOCHS * STEPS), {"y": "mse"})
        return model

    def interrupted(model):
        if int(model.optimizer.iterations) > 2 * STEPS:
            raise KeyboardInterrupt
        return {}, None

    whole = train(tmp_path / "whole", build=build)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", build=build, validate=interrupted)
    assert RunFolder(tmp_path / "broken").state.is_file()
    resumed = train(tmp_path / "broken", build=build)
    assert int(resumed.optimizer.iterations) == EPOCHS * STEPS
    assert float(resumed.optimizer.learning_rate) == pytest.approx(0, abs=1e-9)
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
