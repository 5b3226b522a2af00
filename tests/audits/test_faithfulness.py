"""Deletion, insertion and random weights, on networks whose answers are known by hand."""

import keras
import numpy as np
import pytest
from conftest import refused

import keras_attn as ka
from keras_attn.audits import faithfulness
from keras_attn.audits.keras_maps import KerasMaps
from keras_attn.audits.randomised import randomised
from keras_attn.evaluation.gaze_scores import Blur
from keras_attn.report.audit import faithfulness as of_report

pytestmark = pytest.mark.slow

SIDE = 28


def corner(images):
    """Scores of a network that sees the upper left quarter alone: its mean, less half the range."""
    mean = np.asarray(images)[:, : SIDE // 2, : SIDE // 2].mean(axis=(1, 2, 3))
    return np.stack([mean - 127.5, np.zeros(len(mean))], axis=1)


@pytest.fixture
def white():
    return np.full((SIDE, SIDE, 3), 255, np.float32)


def order_of(values):
    return np.argsort(-np.ravel(values), kind="stable")


def test_what_is_seen_first_taken_away_is_lost_at_once(white):
    """The probability is 1 until enough of the corner is gone, and 0 from then on."""
    first = np.zeros((SIDE, SIDE))
    first[: SIDE // 2, : SIDE // 2] = 1
    early = faithfulness.areas(corner, white, order_of(first), 0)
    late = faithfulness.areas(corner, white, order_of(-first), 0)
    # The corner is a quarter, of which 94 % have to be gone before the mean is below 127.5.
    lost = (255 - 127.5) / (255 - np.mean(faithfulness.COLOUR)) / 4
    assert early["deletion"] == pytest.approx(lost, abs=1.5 / faithfulness.STEPS)
    assert late["deletion"] == pytest.approx(lost + 3 / 4, abs=1.5 / faithfulness.STEPS)


def test_areas_are_means_of_the_curve_by_the_trapezoidal_rule():
    """Of a picture whose share that is left tells the score exactly."""

    def scores(images):
        share = np.clip((np.asarray(images)[..., 0] > 200).mean(axis=(1, 2)), 1e-9, 1 - 1e-9)
        return np.stack([np.log(share), np.log(1 - share)], axis=1)

    picture = np.full((SIDE, SIDE, 3), 255, np.float32)
    found = faithfulness.areas(scores, picture, np.arange(SIDE * SIDE), 0)
    assert found["deletion"] == pytest.approx(0.5, abs=1e-6)
    assert found["insertion"] == pytest.approx(1.0, abs=1e-6)  # a blurred white one is white


def test_equal_values_are_taken_in_random_order():
    shuffled = np.random.default_rng(0).permutation(100)
    order = faithfulness._order(np.repeat([0.0, 1.0], 50).reshape(10, 10), shuffled)
    assert set(order[:50]) == set(range(50, 100)) and (np.diff(order[:50]) < 0).any()
    assert np.array_equal(faithfulness._order(np.zeros((10, 10)), shuffled), shuffled)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(2)
    image = keras.Input((32, 32, 3))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(6, 3, activation="relu", name="conv")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(3)(x), name="net")


def test_random_weights_are_the_same_numbers_and_come_back(network):
    before = network.get_weights()
    with randomised(network):
        during = network.get_weights()
    for old, new, now in zip(before, during, network.get_weights(), strict=True):
        assert np.array_equal(old, now)
        assert np.array_equal(np.sort(old, axis=None), np.sort(new, axis=None))
    assert any(not np.array_equal(*pair) for pair in zip(before, during, strict=True))
    with pytest.raises(KeyError), randomised(network):
        raise KeyError
    assert all(map(np.array_equal, before, network.get_weights()))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return ka.datasets.miniature(images=6, root=tmp_path_factory.mktemp("scenes") / "data")


@pytest.fixture(scope="module")
def result(network, data):
    def darkness(model, images, targets):
        return 255 - np.asarray(images).mean(axis=-1)

    kind = ka.audits.Kind("darkness", darkness, scores=False)
    options = {"kinds": ["activation", "gradient", kind], "layers": ["conv"], "progress": False}
    return ka.audit({"net": network}, data, faithfulness=5, **options)


def test_each_map_stands_beside_people_the_centre_and_random_order(result):
    rows = result.faithfulness.rows.set_index("kind")
    assert list(rows.index) == [
        *("activation", "darkness", "gradient", "all_observers", "centre", "random")
    ]
    assert (rows["images"] == 5).all() and rows["deletion"].between(0, 1).all()
    assert rows["insertion"].between(0, 1).all() and np.isnan(rows.loc["random", "deletion_p"])
    examples = result.faithfulness.examples
    assert len(examples) == 5 * 6 and examples["image"].nunique() == 5
    means = examples.groupby("kind")["deletion"].mean()
    np.testing.assert_allclose(rows["deletion"], means[rows.index])


def test_a_map_that_does_not_look_at_the_weights_survives_them(result):
    rows = result.faithfulness.rows.set_index("kind")
    assert rows.loc["darkness", "randomised"] == pytest.approx(1)
    assert rows.loc["gradient", "randomised"] < 0.5
    assert np.isnan(rows.loc["centre", "randomised"])
    text = str(result)
    assert next(line for line in text.splitlines() if "darkness" in line and "!" in line)
    assert "5 images are too few" in text


def test_the_class_that_is_explained_is_that_of_the_network_itself(network, data):
    """With random weights another one would be predicted."""
    source, asked = KerasMaps(network, kinds=["gradient"]), []

    def maps(images, examples, targets):
        asked.append(int(targets[0]))
        return source(images, examples, targets)

    class Watched:
        decided = source.decided._replace(maps=maps)

    found = faithfulness.run({"net": Watched()}, data, [0, 1], Blur(), progress=False)
    assert asked[0] == asked[1] and asked[2] == asked[3] and len(found.rows) == 4


def test_the_plane_has_each_map_by_what_it_gains_on_the_same_images(result):
    made = {point["label"]: point for point in of_report.points(result)}
    assert set(made) == {
        "net · conv · activation",
        "net · input · gradient",
        "net · input · darkness",
    }
    rows = result.faithfulness.rows.set_index("kind")["deletion"]
    for label, point in made.items():
        gained = rows["random"] - rows[label.rpartition(" · ")[2]]
        value, low, high = point["y"]
        assert value == pytest.approx(gained) and low <= value <= high


def test_files_are_written_and_go_with_the_next_audit(result, network, data, tmp_path):
    out = tmp_path / "out"
    result.save(out)
    assert {"faithfulness.csv", "faithfulness_examples.csv", "faithfulness.png"} < {
        path.name for path in out.iterdir()
    }
    page = (out / "audit.html").read_text(encoding="utf-8")
    assert 'id="faithfulness"' in page and "data:image/png;base64," in page
    plain = ka.audit(network, data, kinds=["activation"], layers=["conv"], progress=False)
    plain.save(out, overwrite=True)
    assert not list(out.glob("faithfulness*"))
    assert 'id="faithfulness"' not in (out / "audit.html").read_text(encoding="utf-8")


def test_a_function_of_scores_is_followed_as_well(data):
    def scores(images):
        return np.stack([images.mean(axis=(1, 2, 3)) / 50, np.zeros(len(images))], axis=1)

    options = {"kinds": ["occlusion"], "size": 24, "progress": False, "faithfulness": 3}
    rows = ka.audit(scores, data, **options).faithfulness.rows.set_index("kind")
    assert rows.loc["occlusion", "deletion"] <= rows.loc["random", "deletion"]
    assert np.isnan(rows.loc["occlusion", "randomised"])


def test_what_cannot_be_followed_is_refused(network, data):
    with refused("faithfulness", "class scores", "none"):
        ka.audit(lambda images: images.mean(axis=-1), data, faithfulness=True)
    for value in (1, "all", 2.5):
        with refused("faithfulness", "number of images", repr(value)):
            ka.audit(network, data, faithfulness=value)
