"""Tools that run in a peer's environment need nothing of this package there."""

import ast
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow

TOOLS = ROOT / "tools"
sys.path.insert(0, str(TOOLS))
import benchmark  # noqa: E402

PEER, *OTHERS = (name.split("=")[0].split("<")[0] for name in benchmark.PEER_PACKAGES)
THERE = {PEER, *OTHERS, "sklearn"} | sys.stdlib_module_names
"""What that environment has."""


def imports(path):
    """The modules that a file imports, anywhere in it, by the first part of their names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def needed_by(path):
    """All modules that a tool imports, by itself or through other tools."""
    found, left = set(), [path]
    while left:
        for name in set(imports(left.pop())) - found:
            found.add(name)
            left += [one for one in [TOOLS / f"{name}.py"] if one.exists()]
    return found


ELSEWHERE = sorted(path for path in TOOLS.glob("*.py") if PEER in needed_by(path))


def test_what_runs_in_a_peers_environment_imports_what_is_there():
    assert {"peer.py", "golden_values.py", "gold_standard_peer.py"} <= {
        path.name for path in ELSEWHERE
    }
    siblings = {path.stem for path in TOOLS.glob("*.py")}
    for path in ELSEWHERE:
        assert needed_by(path) <= THERE | siblings, path.name


IMPORT_IT = """
import runpy, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
sys.path.insert(0, sys.argv[2])
here = {path.stem for path in Path(sys.argv[1]).parent.glob("*.py")}
there = here | set(sys.argv[3:])

class OnlyWhatIsThere:
    def find_spec(self, name, path=None, target=None):
        # The last is a module of the standard library whose name depends on the machine.
        if name.partition(".")[0] not in there and not name.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, OnlyWhatIsThere())
runpy.run_path(sys.argv[1], run_name="imported")
"""


@pytest.fixture
def stand_in(tmp_path):
    """A folder with modules of the peer's names, which have any attribute that is asked for."""
    for name in ("", "baseline_utils", "datasets", "models", "saliency_map_models"):
        file = tmp_path / PEER / f"{name or '__init__'}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text("def __getattr__(name):\n    return type(name, (), {})\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: path.name)
def test_it_is_imported_where_this_package_is_not_installed(path, stand_in):
    command = [sys.executable, "-I", "-c", IMPORT_IT, path, stand_in, *sorted(THERE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_both_sides_of_the_benchmark_read_the_inputs_that_it_makes(tmp_path):
    benchmark.metrics_case.make(3, tmp_path)
    found = benchmark.measure_ours(tmp_path)
    assert set(found) == {"s_auc", "ig"}
    assert 0.5 < found["s_auc"]["value"] <= 1 and found["ig"]["value"] > 0


def test_the_peer_is_asked_in_its_own_environment(tmp_path, monkeypatch):
    """By a script that needs nothing else, with the same inputs as ours."""
    commands = []

    def told(command, side):
        commands.append(command)
        return {name: {"seconds": 1.0, "value": 0.5} for name in ("s_auc", "ig")}

    monkeypatch.setattr(benchmark, "_told", told)
    monkeypatch.setattr(benchmark, "peer_python", lambda: "its python")
    monkeypatch.setattr(benchmark, "WORK", tmp_path)
    benchmark.metrics(2)
    ours, theirs = commands
    assert ours[0] == sys.executable and theirs[0] == "its python"
    assert theirs[1] in ELSEWHERE and theirs[2] in ours
