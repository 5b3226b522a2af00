"""What tests share: where real data lies, and the check that every layer has to pass."""

import os
import re
import resource
import tempfile
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest
from every_module import (  # noqa: F401 - hooks, which pytest looks for here
    pytest_addoption,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from longest_first import pytest_collection_modifyitems  # noqa: F401 - another

# What the package keeps for a user is not the tests' to read or to fill.
_CACHE = tempfile.TemporaryDirectory(prefix="keras_attn_tests-")
os.environ["KERAS_ATTN_CACHE"] = _CACHE.name

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = Path(__file__).parent / "golden"
SHARED = ROOT.parent / "shared"
"""Real photographs, gaze and weights beside the checkout; tests that want them skip without."""


@pytest.fixture(scope="module", autouse=True)
def _plugins_end_with_their_tests():
    """What a module of tests plugs in, no test of another module may meet."""
    yield
    left = os.environ.pop("KERAS_ATTN_PLUGINS", "")
    assert not left, f"plug-ins left behind: {left}"


def real(path):
    """A file or folder of the real data; skips the test where it is absent."""
    path = SHARED / path
    if not path.exists():
        pytest.skip(f"no real data: {path.name} is not beside the checkout")
    return path


@pytest.fixture(scope="session")
def hollywood(tmp_path_factory):
    """Sixteen drawn videos of Hollywood-2's form with flow; four of them are to test on."""
    from drawn_videos import drawn

    return drawn(tmp_path_factory.mktemp("hollywood"))


@pytest.fixture(scope="session")
def chain(hollywood, tmp_path_factory):
    """Both streams alone, and early supervised attention that starts from them: the last `Run`."""
    from drawn_videos import trained_chain

    return trained_chain(hollywood, tmp_path_factory.mktemp("runs"))


@contextmanager
def refused(where="", expected=(), received=(), error=ValueError):
    """The block raises an `InputError`, or a kind of it, that tells these facts in any sentence.

    where: of the file or argument that it names. expected, received: of what it says of either.
    Each is one fact or several, texts or, for what has several forms, patterns of `re`.
    """
    with pytest.raises(error) as caught:
        yield caught
    parts = getattr(caught.value, "parts", None)
    assert parts, f"a message for developers: {caught.value!r}"
    _check_facts(parts, (where, expected, received))


def check_error_line(text, where="", expected=(), received=()):
    """A command has printed an `InputError` in a line that tells these facts, as in `refused`."""
    line = re.search(r"^(?:error: )?(.+?): expected (.+?)\. Received: (.+)\.$", text, re.MULTILINE)
    assert line, text
    _check_facts(line.groups(), (where, expected, received))


def _check_facts(parts, told):
    for facts, part in zip(told, parts, strict=True):
        for fact in (facts,) if isinstance(facts, (str, re.Pattern)) else facts:
            assert fact.search(part) if isinstance(fact, re.Pattern) else fact in part


@contextmanager
def raised(error, *facts):
    """The block raises this error, whose message tells these facts in any sentence."""
    with pytest.raises(error) as caught:
        yield caught
    for fact in facts:
        assert fact in str(caught.value)


@contextmanager
def room_for(bytes):
    """No file can grow longer, which to whoever writes one is like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(autouse=True)
def _keras_as_it_was():
    """No test leaves a precision policy or a session behind for the next one."""
    yield
    import sys

    if "keras" in sys.modules:
        sys.modules["keras"].config.set_dtype_policy("float32")


def check_layer(make, inputs, *, output_shape, weights, trainable):
    """Everything that has to hold for a layer of this package, under the three precisions.

    make: policy -> layer. inputs: arrays, one or a list. output_shape: of the first output.
    weights, trainable: how many variables it has, and how many of them learn.
    """
    import keras

    keras.utils.set_random_seed(0)
    for policy in ("float32", "mixed_bfloat16", "mixed_float16"):
        layer = make(policy)
        outputs = layer(inputs)
        first = outputs[0] if isinstance(outputs, (tuple, list)) else outputs
        assert tuple(first.shape) == output_shape
        assert len(layer.weights) == weights
        assert len(layer.trainable_weights) == trainable
        assert all(v.dtype == "float32" for v in layer.trainable_weights)
        assert np.isfinite(keras.ops.convert_to_numpy(keras.ops.cast(first, "float32"))).all()
        _check_symbolic(layer, inputs, outputs)
        _check_serialisation(layer, inputs, outputs)
        _check_training_step(make(policy), inputs)


def _symbolic(inputs):
    import keras

    several = isinstance(inputs, list)
    made = [keras.Input(x.shape[1:]) for x in (inputs if several else [inputs])]
    return made if several else made[0]


def _check_symbolic(layer, inputs, outputs):
    """The declared shapes and types are those that come out."""
    import keras

    declared = keras.tree.flatten(layer(_symbolic(inputs)))
    for spec, value in zip(declared, keras.tree.flatten(outputs), strict=True):
        assert tuple(spec.shape[1:]) == tuple(value.shape[1:])
        assert spec.dtype == keras.backend.standardize_dtype(value.dtype)


def _check_serialisation(layer, inputs, outputs):
    """A layer made from its configuration and weights does the same."""
    import keras

    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert twin.get_config() == layer.get_config()
    twin(inputs)
    twin.set_weights(layer.get_weights())
    for mine, its in zip(
        keras.tree.flatten(outputs), keras.tree.flatten(twin(inputs)), strict=True
    ):
        np.testing.assert_array_equal(np.asarray(mine, "float32"), np.asarray(its, "float32"))


def _check_training_step(layer, inputs):
    """Within a model, one step of `fit` gives a finite loss and changes what can learn."""
    import keras

    symbolic = _symbolic(inputs)
    # What learns before it makes even a layer without weights pass a gradient on.
    front = [
        keras.layers.Dense(x.shape[-1], kernel_initializer="identity", dtype="float32")
        for x in keras.tree.flatten(symbolic)
    ]
    fed = [dense(x) for dense, x in zip(front, keras.tree.flatten(symbolic), strict=True)]
    first = keras.tree.flatten(layer(fed if isinstance(symbolic, list) else fed[0]))[0]
    pooled = keras.layers.Flatten()(first)
    model = keras.Model(symbolic, keras.layers.Dense(1, dtype="float32")(pooled))
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    watched = [w for part in (layer, *front) for w in part.trainable_weights]
    before = [w.numpy() for w in watched]
    target = np.ones((len(inputs[0] if isinstance(inputs, list) else inputs), 1), "float32")
    history = model.fit(inputs, target, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    after = [w.numpy() for w in watched]
    assert all(np.isfinite(w).all() for w in after)
    moved = [(a != b).any() for a, b in zip(after, before, strict=True)]
    own = len(layer.trainable_weights)
    assert any(moved[own:]), "no gradient arrives before the layer"
    assert any(moved[:own]) or not own, "no gradient arrives in the layer"
