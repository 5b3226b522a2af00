"""Plug-ins of every kind: how they are named, what they may do, and what is said when they fail."""

import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT, check_error_line, refused

import keras_attn as ka
from keras_attn import plugins, storage
from keras_attn.configs import Attention
from keras_attn.runs import provenance

pytestmark = pytest.mark.slow

MECHANISM = 'ka.register(ka.Mechanism("{name}", "module", "sigmoid", supervised=True, p=1.0))\n'
PLUGIN = "import keras_attn as ka\n" + MECHANISM


def write(path, text=None):
    """A plug-in that registers a mechanism of its own name, or of this text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PLUGIN.format(name=path.stem) if text is None else text, encoding="utf-8")
    return path


def call(*arguments, cwd, start=("-m", "keras_attn.shell.cli"), **variables):
    env = {k: v for k, v in os.environ.items() if k != plugins.VARIABLE}
    return subprocess.run(
        [sys.executable, *start, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**env, "COLUMNS": "90", **variables},
    )


def names_in(done):
    """The mechanisms that a call of `study` has in its cells."""
    assert done.returncode == 0, done.stderr
    return {word for word in ("mine", "other") if f"-{word}-" in done.stdout}


STUDY = ("study", "miniature", "--dry-run", "--tasks", "fine_grained", "--backbones", "vgg16")
STUDY += ("--attentions", "mine")


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """Plug-ins of a test in this process, which are forgotten after it."""
    monkeypatch.setenv(plugins.VARIABLE, "")
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setattr(sys, "path", list(sys.path))
    things, modules = dict(Attention.registry._things), set(sys.modules)
    yield tmp_path
    Attention.registry._things.clear()
    Attention.registry._things.update(things)
    for name in set(sys.modules) - modules:
        if not name.startswith("keras_attn"):
            del sys.modules[name]


COUNTED = "import pathlib\nwith open('count', 'a') as file: file.write('.')\n" + PLUGIN


@pytest.mark.parametrize(
    "names",
    [
        ("mine",),
        ("mine.py",),
        ("./mine.py",),
        ("../here/mine.py",),
        ("mine", "mine"),
        ("mine", "mine.py"),
        ("mine.py", "mine"),
        ("mine.py", "../here/mine.py"),
        ("mine", "link/mine.py"),
    ],
    ids=" ".join,
)
def test_a_plugin_is_a_module_or_a_file_and_counts_once(alone, monkeypatch, names):
    here = write(alone / "here" / "mine.py", COUNTED.format(name="mine")).parent
    (here / "link").symlink_to(here, target_is_directory=True)
    monkeypatch.chdir(here)
    for name in names:
        plugins.use(name)
    plugins.load()
    assert (here / "count").read_text() == "." and "mine" in Attention.allowed()
    (told,) = plugins.names()
    assert told in ("mine", str(here / "mine.py"), str(here / "../here/mine.py"))


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--plugin", "mine"), ("--plugin=mine.py", "--plugin", "mine")])
def test_commands_take_it(tmp_path, words):
    write(tmp_path / "mine.py")
    assert names_in(call(*STUDY, *words, cwd=tmp_path)) == {"mine"}


@pytest.mark.slow
def test_a_path_may_be_relative_and_begin_at_home(tmp_path):
    write(tmp_path / "home" / "lib" / "mine.py")
    (tmp_path / "elsewhere").mkdir()
    for path in ("../home/lib/mine.py", "~/lib/mine.py"):
        for where in ({"words": ("--plugin", path)}, {"variable": path}):
            variables = {"HOME": str(tmp_path / "home")}
            if "variable" in where:
                variables[plugins.VARIABLE] = where["variable"]
            words = where.get("words", ())
            done = call(*STUDY, *words, cwd=tmp_path / "elsewhere", **variables)
            assert names_in(done) == {"mine"}


@pytest.mark.slow
def test_a_plugin_may_import_a_file_beside_it(tmp_path):
    write(tmp_path / "lib" / "beside.py", "NAME = 'mine'\n")
    text = "import beside\n" + PLUGIN.replace('"{name}"', "beside.NAME")
    write(tmp_path / "lib" / "whole.py", text)
    assert names_in(call(*STUDY, "--plugin", "lib/whole.py", cwd=tmp_path)) == {"mine"}


@pytest.mark.slow
def test_what_a_plugin_prints_harms_nothing(tmp_path):
    write(tmp_path / "mine.py", PLUGIN.format(name="mine") + "print('here I am')\n")
    done = call(*STUDY, "--plugin", "mine", cwd=tmp_path)
    assert names_in(done) == {"mine"} and done.stdout.startswith("here I am\n")


@pytest.mark.slow
def test_names_of_plugins_are_choices_in_help_and_in_errors(tmp_path):
    write(tmp_path / "mine.py")
    shown = call("study", "--help", "--plugin", "mine", cwd=tmp_path).stdout
    assert ",mine}" in "".join(shown.split())
    refused = call("study", "demo", "--attentions", "no", "--plugin", "mine", cwd=tmp_path)
    assert refused.returncode == 2 and "'mine'" in refused.stderr
    command = "train", "fine_grained:miniature", "--model.attention", "no", "--plugin", "mine"
    assert "'mine'" in call(*command, cwd=tmp_path).stderr


@pytest.mark.slow
@pytest.mark.parametrize("script", ["salient_object", "action", "fine_grained", "reproduce"])
def test_every_script_takes_plugins(tmp_path, script):
    write(tmp_path / "mine.py")
    words = {"reproduce": ("study", "--help")}.get(script, ("train", "miniature", "--help"))
    start = (str(ROOT / "experiments" / f"{script}.py"),)
    shown = call("--plugin", "mine", *words, cwd=tmp_path, start=start).stdout
    assert ",mine}" in "".join(shown.split()) and "--plugin MODULE" in shown


@pytest.mark.slow
@pytest.mark.parametrize("script", ["adversarial", "gaze_agreement"])
def test_a_script_of_one_command_loads_plugins_too(tmp_path, script):
    start = (str(ROOT / "experiments" / f"{script}.py"),)
    done = call("--help", "--plugin", "nowhere.py", cwd=tmp_path, start=start)
    assert done.returncode == 2 and "nowhere.py (no such file)" in done.stderr
    assert "--plugin MODULE" in call("--help", cwd=tmp_path, start=start).stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n1 / 0\n", "ZeroDivisionError: division by zero ({path}, line 2)"),
        ("import no_such_module\n", "No module named 'no_such_module' ({path}, line 1)"),
        ("def f(:\n", "SyntaxError"),
        ("raise RuntimeError('two\\nlines')\n", "RuntimeError: two lines ({path}, line 1)"),
        ("import sys\nsys.exit(0)\n", "SystemExit: 0 ({path}, line 2)"),
        (PLUGIN.format(name="human"), "'human'"),
        ("import keras_attn as ka\nka.register({})\n", "a dict"),
        ("\x00", "null bytes"),
    ],
)
@pytest.mark.parametrize("named", ["mine", "mine.py"])
def test_a_plugin_that_fails_is_named_with_the_reason(alone, monkeypatch, text, told, named):
    path = write(alone / "mine.py", text)
    monkeypatch.chdir(alone)
    with refused("--plugin", named, told.format(path=path)) as caught:
        plugins.use(named)
    assert "\n" not in str(caught.value)
    assert plugins.names() == () and "mine" not in sys.modules


@pytest.mark.slow
def test_a_plugin_that_fails_is_one_line_before_anything_is_done(tmp_path):
    path = write(tmp_path / "mine.py", "import keras\n1 / 0\n")
    done = call("study", "demo", "--plugin", "mine", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: --plugin: ") and f"({path}, line 2)" in line
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_plugin_may_use_all_of_the_package_and_keras_says_nothing(tmp_path):
    text = "import sys\nimport keras_attn as ka\n[getattr(ka, name) for name in ka.__all__]\n"
    text += "from keras_attn.study import cells\nka.configs.action()\nprint('x', file=sys.stderr)\n"
    write(tmp_path / "mine.py", text + PLUGIN.format(name="mine"))
    for words, variables in ((("--plugin", "mine"), {}), ((), {plugins.VARIABLE: "mine.py"})):
        done = call(*STUDY, *words, cwd=tmp_path, **variables)
        assert names_in(done) == {"mine"} and done.stderr == "x\n"


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("nowhere", "No module named 'nowhere'"),
        ("nowhere.py", "nowhere.py (no such file)"),
        ("folder.py", "folder.py (no such file)"),
        ("./folder", "'./folder'"),
        ("..", "'..'"),
        ("a b", "'a b'"),
        ("a:b", "'a:b'"),
        ("~no_such_user/mine.py", "~no_such_user/mine.py"),
        ("wi:th/mine.py", "wi:th/mine.py"),
        ("json.py", "json.py"),
        ("tensorflow.py", "tensorflow"),
        ("sys.py", "sys"),
        ("json", "json.py"),
    ],
)
def test_what_cannot_be_a_plugin_is_not_imported(alone, monkeypatch, named, told):
    for name in ("json.py", "tensorflow.py", "sys.py", "wi:th/mine.py"):
        write(alone / name, "raise AssertionError('imported')\n")
    (alone / "folder.py").mkdir()
    (alone / "folder").mkdir()
    monkeypatch.chdir(alone)
    with refused("--plugin") as caught:
        plugins.use(named)
    assert told in str(caught.value) and "AssertionError" not in str(caught.value)


def test_two_files_of_one_name_are_one_too_many(alone):
    one, other = write(alone / "a" / "mine.py"), write(alone / "b" / "mine.py", "")
    plugins.use(one)
    with refused("--plugin", "another name", (str(other), str(one))):
        plugins.use(other)


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--plugin"], ["--plugin", "--help"], ["--plugin="]])
def test_an_option_without_a_plugin_is_an_error(tmp_path, words):
    done = call("study", "demo", *words, cwd=tmp_path)
    assert done.returncode == 2
    check_error_line(done.stderr, "--plugin", "module")


def installed(folder, value, module="mine_installed"):
    """A small distribution in a folder, as pip installs one."""
    about = folder / "mine-0.1.dist-info"
    about.mkdir(parents=True)
    write(about / "METADATA", "Metadata-Version: 2.1\nName: mine\nVersion: 0.1\n")
    write(about / "entry_points.txt", f"[keras_attn.plugins]\nown = {value}\n")
    write(folder / f"{module}.py", PLUGIN.format(name="mine"))
    return str(folder)


@pytest.mark.slow
@pytest.mark.parametrize("value", ["mine_installed", "mine_installed:ka"])
def test_an_installed_plugin_needs_no_option(tmp_path, value):
    site = installed(tmp_path / "site", value)
    path = os.pathsep.join([site, str(ROOT)])
    assert names_in(call(*STUDY, cwd=tmp_path, PYTHONPATH=path)) == {"mine"}
    twice = call(*STUDY, "--plugin", "mine_installed", cwd=tmp_path, PYTHONPATH=path)
    assert names_in(twice) == {"mine"}


@pytest.mark.slow
def test_an_installed_plugin_that_fails_is_named_with_its_package(tmp_path):
    site = installed(tmp_path / "site", "no_such_module")
    path = os.pathsep.join([site, str(ROOT)])
    done = call(*STUDY, cwd=tmp_path, PYTHONPATH=path)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    for word in ("entry point 'own' of keras_attn.plugins in mine", "no_such_module"):
        assert word in done.stderr
    assert call("--version", cwd=tmp_path, PYTHONPATH=path).returncode == 0


def test_provenance_tells_the_plugins_of_any_work(alone):
    path = write(alone / "mine_told.py")
    with provenance.recorded(alone, "train"):
        pass
    plugins.use(path)
    with provenance.recorded(alone, "evaluate"):
        pass
    assert [work["plugins"] for work in provenance.read(alone)] == [[], [str(path)]]


def test_an_error_names_the_plugin_that_a_run_was_made_with(alone):
    path = write(alone / "mine_needed.py")
    storage.write_text(
        storage.RunFolder(alone).provenance,
        json.dumps({"work": [{"what": "train", "command": [], "format": 2, "versions": {},
                              "plugins": ["installed_one", str(path)]}]}),
    )  # fmt: skip
    with (
        refused("model.attention", "--plugin installed_one --plugin"),
        provenance.with_plugins(alone),
    ):
        ka.configs.fine_grained(attention="mine_needed")
    plugins.use(path)
    with provenance.with_plugins(alone):
        assert ka.configs.fine_grained(attention="mine_needed").model.attention == "mine_needed"
    with (
        refused("model.attention", "(--plugin installed_one)"),
        provenance.with_plugins(alone),
    ):
        ka.configs.fine_grained(attention="no_such_one")


def test_a_run_without_plugins_is_refused_as_ever(alone):
    with pytest.raises(ka.InputError) as refused, provenance.with_plugins(alone):
        raise ka.InputError("model.attention", "one of 'human'", "'x'")
    assert refused.value.parts == ("model.attention", "one of 'human'", "'x'")
