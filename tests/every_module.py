"""`pytest --every-module`: the run fails where its tests load not every module of the package.

What a test runs in a process of its own does not count.
"""

import sys

import pytest

from keras_attn.errors import listing

FOUND = pytest.StashKey[set]()


def pytest_addoption(parser):
    told = "fail where the tests of this run load not every module of the package"
    parser.addoption("--every-module", action="store_true", help=told)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Of pytest-xdist: what a worker has loaded is known when it ends."""
    node.config.stash.setdefault(FOUND, set()).update(node.workeroutput.get("modules", ()))


def pytest_sessionfinish(session):
    config = session.config
    if not config.getoption("every_module"):
        return
    loaded = config.stash.setdefault(FOUND, set())
    loaded.update(name for name in sys.modules if name.partition(".")[0] == "keras_attn")
    if hasattr(config, "workeroutput"):
        config.workeroutput["modules"] = sorted(loaded)
    elif session.exitstatus == pytest.ExitCode.OK and absent(loaded):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("every_module"):
        names = absent(config.stash[FOUND])
        told = f"no test of this run loads {listing(names)}" if names else "every module is loaded"
        terminalreporter.write_line(told, red=bool(names), green=not names)


def absent(loaded):
    """Modules of the package that are not among those loaded, sorted."""
    from conftest import ROOT

    files = (path.relative_to(ROOT) for path in (ROOT / "keras_attn").rglob("*.py"))
    names = {".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files}
    return sorted(names - loaded)
