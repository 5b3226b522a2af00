"""The promises of the package as a whole."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from import_graph import circles, import_graph
from setuptools import find_packages

PACKAGE = ROOT / "keras_attn"


def loaded_by(code):
    """Names of all modules that are loaded after running `code` in a fresh process."""
    code += "\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import keras_attn; keras_attn.metrics.gaze.s_auc; keras_attn.gaze; keras_attn.mechanisms",
        "import keras_attn as ka; ka.Mechanism; ka.mechanisms.get('human')",
        "import keras_attn; keras_attn.datasets.folder; keras_attn.datasets.miniature",
        "import keras_attn; keras_attn.audit; keras_attn.power",
        "import keras_attn.commands.power",
        "import keras_attn.evaluation.rows, keras_attn.evaluation.loop",
        "import keras_attn.weights.fetching as f, keras_attn.weights.registry as r; r.entries()",
        "import keras_attn.commands.study as s; s.StudyCommand('miniature', dry_run=True)()",
        "import keras_attn.shell.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: pass",
        "import keras_attn.shell.cli as c\ntry: c.main(['audit', '-h'])\nexcept SystemExit: pass",
    ],
)
def test_metrics_data_and_help_load_neither_tensorflow_nor_keras(code):
    assert not {"tensorflow", "keras"} & loaded_by(code)


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import keras_attn.metrics",
        "import keras_attn.shell.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: pass",
    ],
)
def test_metrics_and_help_load_no_library_that_takes_long(code):
    assert not {"pandas", "matplotlib", "scipy.stats", "scipy.ndimage"} & loaded_by(code)


@pytest.mark.slow
def test_auditing_a_folder_of_maps_loads_no_tensorflow(tmp_path):
    code = f"""
import numpy as np, pathlib, keras_attn as ka
data = ka.datasets.miniature(images=3, root=pathlib.Path({str(tmp_path)!r}) / "scenes")
maps = pathlib.Path({str(tmp_path)!r}) / "maps"
maps.mkdir()
for example in data:
    np.save(maps / f"{{example.id}}.npy", np.random.rand(12, 16))
ka.audit(maps, data, progress=False)
"""
    assert not {"tensorflow", "keras"} & loaded_by(code)


def test_every_public_name_is_there():
    import keras_attn

    for name in keras_attn.__all__:
        assert getattr(keras_attn, name) is not None
    assert set(keras_attn.__all__) <= set(dir(keras_attn))
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = keras_attn.nothing_like_it


def compared_strings(path):
    """Every string that a comparison or a case of this file holds, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Compare, ast.match_case)):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner.value, inner.lineno


def test_no_code_branches_on_the_name_of_a_mechanism():
    """What a mechanism does follows from its fields, so that anyone may pass another."""
    # "softmax" and "sigmoid" are normalisations as well, and "activation" is a kind of map in the
    # audit, and an attribute of Keras' layers: those are fields. What is left is enough to tell a
    # branch on names.
    for path in PACKAGE.rglob("*.py"):
        names = {"supervised", "human"}
        if not {"audits", "networks"} & {*path.relative_to(PACKAGE).parts}:
            names.add("activation")
        for value, line in compared_strings(path):
            assert value not in names, f"{path.name}:{line}"
        assert "mechanism.name ==" not in path.read_text(encoding="utf-8")


def test_no_module_is_longer_than_four_hundred_lines():
    for folder in ("keras_attn", "experiments", "tools"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


READERS = tuple(f"keras_attn.{folder}" for folder in ("report", "commands", "study", "shell"))
SCORERS = tuple(
    f"keras_attn.evaluation.{name}"
    for name in (
        "scorer",
        "video_scorer",
        "gaze_scores",
        "video_gaze",
        "network",
        "loop",
        "evaluate",
    )
)


def test_imports_run_one_way():
    """Those who make rows know nobody who reads them, nor the other way round.

    Reports know neither networks nor what scored them; models know no weight files. Nobody but the
    parser knows a command, and that by its name alone.
    """
    forbidden = {
        "report": ("tensorflow", "keras", "keras_attn.audits", "keras_attn.study", *SCORERS),
        "metrics": ("tensorflow", "keras", "keras_attn.datasets", "keras_attn.audits"),
        "models": ("keras_attn.weights",),
        "datasets": ("keras_attn.audits", "keras_attn.models", "keras_attn.report"),
        **dict.fromkeys(("evaluation", "audits", "tasks", "training", "runs"), READERS),
        **dict.fromkeys(("commands", "study"), ("keras_attn.commands",)),
        "shell": ("keras_attn.commands", "keras_attn.study"),
    }
    for folder, modules in forbidden.items():
        for path in (PACKAGE / folder).rglob("*.py"):
            for name in imported_modules(path):
                bad = [m for m in modules if name == m or name.startswith(f"{m}.")]
                assert not bad, f"{path.name} imports {name}"


def test_a_circle_of_imports_is_seen():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}
    assert circles(graph) == ["b", "c"]
    assert "keras_attn.metrics.columns" in import_graph()["keras_attn.evaluation.rows"]
    assert (
        "keras_attn.evaluation.evaluate" in import_graph()["keras_attn.api.evaluating"]
    )  # within a function


def test_no_import_leads_back_to_where_it_started():
    assert not circles(import_graph())


def test_version_and_licence_are_stated_once_and_alike():
    import keras_attn

    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {keras_attn.__version__}" in citation
    assert f"## {keras_attn.__version__}" in changelog
    assert "license: MIT" in citation
    assert Path(ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_no_test_module_imports_another():
    """What tests share is in modules of its own, so that each runs alone and may be moved."""
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        # Code that a test runs in a process of its own is a string.
        named = re.findall(r"^\s*(?:from|import) (test_\w+)", text, re.MULTILINE)
        assert not {*named} & tests, path.name


def own_errors():
    """Names of the errors whose messages the package words."""
    names = {"InputError", "TrainingStopped"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            bases = map(ast.unparse, node.bases) if isinstance(node, ast.ClassDef) else ()
            if any(base.split(".")[-1] == "InputError" for base in bases):
                names.add(node.name)
    return names


SENTENCE = re.compile(r":\sexpected\s|\.\sReceived:\s")
"""What stands between the parts of a message."""


def sentences_in(path, errors):
    """Lines in which a test holds an error to its sentence."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and "raises" in (
            getattr(node.func, "attr", ""),
            getattr(node.func, "id", ""),
        ):
            own = errors & {*re.findall(r"\w+", ast.unparse(node.args[0]))}
            if own and "match" in {keyword.arg for keyword in node.keywords}:
                yield node.lineno
        elif isinstance(node, ast.Constant) and SENTENCE.search(str(node.value)):
            yield node.lineno


def test_assertions_on_errors_check_their_facts_and_not_the_sentence(tmp_path):
    """File, expected and received, by `refused`, `raised` or `check_error_line` of conftest.py."""
    errors = own_errors()
    assert {"InputError", "BadVideo", "NotFinite", "TrainingStopped"} <= errors
    prose = tmp_path / "prose.py"
    for line in (
        "raises(errors.InputError, match='x')",
        "'a: ' 'expected b'",
        "'a. ' 'Received: b'",
    ):
        prose.write_text(line)
        assert list(sentences_in(prose, errors)) == [1]
    for path in (ROOT / "tests").rglob("*.py"):
        if path.name != "conftest.py":
            assert not list(sentences_in(path, errors)), path.name


def test_every_module_is_part_of_what_is_installed():
    packages = find_packages(str(ROOT), include=["keras_attn", "keras_attn.*"])
    for path in PACKAGE.rglob("*.py"):
        assert ".".join(path.parent.relative_to(ROOT).parts) in packages, path
