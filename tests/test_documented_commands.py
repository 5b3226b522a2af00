"""Every command that a page or a docstring tells one to type is one that its program takes.

Each is read by its program's own parser, in this process, and not carried out: an option, a choice
or a sub-command that is not there is an error here. Those that only tell something are carried out.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import documented
import program_parsers as parsers
import pytest
from conftest import ROOT
from plugged import plugged

from keras_attn.commands import audit, compare_networks
from keras_attn.configs.names import ImageDataset
from keras_attn.errors import InputError
from keras_attn.mechanisms import Mechanism
from keras_attn.metrics.columns import Column
from keras_attn.registries import BACKBONES, COMMANDS, DATASETS, KINDS
from keras_attn.report.paper.kinds.claim import CLAIMS
from keras_attn.shell import cli
from keras_attn.study import cells as study
from keras_attn.weights import registry

sys.path.insert(0, str(ROOT / "tools"))
from result_tables import TABLES

FOREIGN = {"pytest": set(), "ray": {"start"}, "pip": {"install", "download"}, "python": {"-m"}}
FOREIGN |= {"export": {"KERAS_BACKEND=jax"}}
"""Programs of others, by what of them is told."""
PLACES = {"PRESET": "paper"}
"""Words that stand for one of several choices, by one of these."""
TYPED = documented.commands()
SCRIPTS = sorted(
    f"{path.parent.name}/{path.name}"
    for path in documented.CODE
    if path.parent.name in ("experiments", "tools") and parsers.reads_arguments(path)
)
"""Scripts that have options."""


@cache
def plugin():
    """A file of all that the page on plug-ins registers, for those that commands name."""
    of_page = dict(documented.python_blocks())["docs/extending.md"]
    blocks = [code for code in of_page if "ka.register(" in code]
    path = Path(tempfile.mkdtemp(prefix="keras_attn_tests-")) / "plugins_of_the_page.py"
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


@pytest.fixture(scope="module", autouse=True)
def _plugin():
    kinds = (BACKBONES, CLAIMS, COMMANDS, DATASETS, KINDS, Mechanism.registry, Column.registry)
    with plugged(plugin(), *kinds):
        yield
    shutil.rmtree(plugin().parent)  # Python may have put bytecode beside it
    parsers.help_of.cache_clear()  # which has what was registered


def split(command):
    """The program of a command and its arguments, both as `parsers` takes them."""
    program, *words = [PLACES.get(word, word) for word in command.words]
    for at in [at for at, word in enumerate(words) if word == "--plugin"]:
        words[at + 1] = str(plugin())
    if re.search(r"(^|/)python[\d.]*$", program) and words[0].endswith(".py"):
        program, *words = words
    if not program.endswith(".py"):
        program = program.rpartition("/")[2]
    return program, words


def ours(command):
    """Whether a program of this repository reads the command."""
    return split(command)[0] == cli.PROGRAM or split(command)[0].endswith(".py")


def elsewhere(command):
    """Whether the command names the interpreter of another environment."""
    return "/" in command.words[0] and not command.words[0].startswith((".venv/", "tools/", "exp"))


def what_is_wrong(command):
    """Why a program of ours does not take a command; "" where it does."""
    program, words = split(command)
    if program != cli.PROGRAM and not (ROOT / program).exists():
        return f"there is no {program}"
    done = parsers.call(program, *words)
    known = parsers.options_of(program, *parsers.path_of(program, words))
    unknown = {word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)} - {*known}
    if unknown:
        return f"no option of it: {unknown}"
    left_out = re.search(r"[Mm]issing|[Rr]equired", done.refused)
    if done.status and not (command.mention and left_out):
        return done.refused
    return wrong_name(done.value) or ("" if command.shortened else refused_at_once(done.value))


def refused_at_once(value):
    """Why a program refuses what it has read of a command before it looks for any file."""
    name = type(value).__name__
    try:
        if name == "TrainCommand":
            value.config.check_start()
        elif name == "ComparisonCommand":
            compare_networks.planned(value)
        elif name == "StudyCommand" and value.preset != study.OWN:  # which looks at its folders
            grid = study.grid(value.preset, Path("out"), axes=value.axes, sources=value.sources)
            study.chosen(grid, value.only)
    except InputError as error:
        return str(error)
    return ""


def wrong_name(value):
    """Names that a program looks up only when it works."""
    if type(value).__name__ == "FetchWeights" and value.name not in ("list", *registry.entries()):
        return f"no weight file of that name: {value.name}"
    if type(value).__name__ in ("Check", "Write") and value.name not in (None, "NAME", *TABLES):
        return f"no table of that name: {value.name}"
    if isinstance(value, audit.AuditCommand) and value.data_name not in ImageDataset.allowed():
        return f"no dataset of that name: {value.data_name}"
    return ""


# --- the commands of the pages ------------------------------------------------------------------


def test_there_are_commands_in_every_kind_of_text():
    """Or else nothing would be tested below."""
    places = {command.where for command in TYPED}
    assert {"README.md", "docs/study.md", "docs/benchmarks.md", "weights/README.md"} <= places
    assert {"Makefile", "tools/benchmark.py", "experiments/action.py"} <= places
    assert {*SCRIPTS} > {"tools/benchmark.py", "tools/grid_cost.py"}
    assert len(TYPED) > 100 and sum(map(ours, TYPED)) > 80


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", [c for c in TYPED if ours(c) and not elsewhere(c)], ids=str)
def test_its_program_takes_it(command, tmp_path):
    assert what_is_wrong(command) == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [c for c in TYPED if ours(c) and elsewhere(c)], ids=str)
def test_what_runs_in_another_environment_is_a_script_that_is_there(command):
    assert (ROOT / split(command)[0]).exists()


@pytest.mark.parametrize("command", [c for c in TYPED if split(c)[0] == "make"], ids=str)
def test_make_knows_its_target_and_its_variables(command):
    words = [PLACES.get(word, word) for word in command.words[1:]]
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in re.findall(r"(?:^| )([A-Z]+)=", " ".join(words)):
        assert f"$({name})" in makefile or f"(if $({name})" in makefile


@cache
def extras():
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    return set(re.findall(r'^        "(\w+)": \[', setup, re.M))


REST = [c for c in TYPED if not ours(c) and split(c)[0] != "make"]


@pytest.mark.parametrize("command", REST, ids=str)
def test_a_program_of_others_is_one_that_is_known_here(command):
    """Every line of a shell's block is a command, so that none is passed over unseen."""
    program, words = split(command)
    assert words[0] in FOREIGN[program] or (program == "pytest" and (ROOT / words[0]).exists())
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1]) is not None
    for extra in re.findall(r"(?:keras_attn|\.)\[(\w+)\]", command.line):
        assert extra in extras()


# --- what is told without a program -------------------------------------------------------------


@cache
def every_option():
    """The options of all programs: choices by name, a list of them for each program."""
    found = {}
    for program in (cli.PROGRAM, *SCRIPTS):
        for path in parsers.below(program):
            for option, choices in parsers.options_of(program, *path).items():
                found.setdefault(option, []).append(choices)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("where", "span"), documented.spans_of_options())
def test_an_option_that_is_told_alone_is_one_of_some_program(where, span):
    words = span.split()
    for word, value in zip(words, [*words[1:], "--"], strict=True):
        if word.startswith("--"):
            choices = every_option()[word]
            given = value.rstrip(",…") if not value.startswith("--") and value.islower() else None
            assert given is None or any(some is None or given in some for some in choices)


def test_a_sub_command_that_is_told_alone_is_taken_by_some_program():
    verbs = {p: parsers.verbs_of(p) for p in (cli.PROGRAM, *SCRIPTS)}
    spans = documented.spans_of_verbs({verb for every in verbs.values() for verb in every})
    assert spans
    for where, span in spans:
        programs = [p for p, every in verbs.items() if span.split()[0] in every]
        made = [documented.Command(where, f"{p} {span}", mention=True) for p in programs]
        assert "" in map(what_is_wrong, made), f"{where}: {span}"


def test_options_and_sub_commands_that_messages_name_are_there():
    """What the package's own strings tell one to type, such as the remedy in an error."""
    known = {*every_option(), "--version", "--logdir", "--porcelain"}
    known |= {name.partition(".")[0] for name in known}  # f"--data.{name}"
    verbs = parsers.verbs_of(cli.PROGRAM)
    seen = set()
    for where, text in documented.strings():
        options = set(re.findall(r"(?<![\w-])--[a-z][\w.-]*\w", text))
        assert options <= known, where
        assert set(re.findall(rf"{cli.PROGRAM} ([a-z]+)", text)) <= {*verbs}, where
        seen |= options
    assert len(seen) > 50


@pytest.mark.parametrize(("where", "path"), documented.files())
def test_a_file_that_is_named_is_there(where, path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("where", "target"), documented.links())
def test_a_link_leads_to_a_page_and_a_heading(where, target):
    page, _, anchor = target.partition("#")
    file = (ROOT / where).parent / page if page else ROOT / where
    assert file.exists()
    if anchor:
        assert anchor in documented.anchors(file.read_text(encoding="utf-8"))


# --- this page itself ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "keras-attn audit gaze --no-such-option 1",
        "keras-attn audit gaze --coordinates metres",
        "keras-attn audit gaze --batch-size many",
        "keras-attn audit gaze --data-name no_such_set",
        "keras-attn audit",
        "keras-attn no-such-verb",
        "keras-attn study miniature --only no_such_cell",
        "keras-attn train salient_object:paper --data.root DUT-OMRON",
        "TF_NUM_INTRAOP_THREADS=1 keras-attn audit gaze --no-such-option 1",
        "python experiments/salient_object.py train paper --data.name pascal_s --data.root PASCAL "
        "--training.weights vgg16",
        "python experiments/action.py train paper --data.name ucf_sports --training.weights C3D",
        "python experiments/salient_object.py compare paper --data.name pascal_s --data.root X "
        "--training.weights vgg16",
        "python experiments/salient_object.py compare miniature --model.attention human",
        "python tools/documented_results.py check no_such_table",
        "keras-attn --no-such-option --help",
        "python experiments/fine_grained.py train paper --model.fusion early",
        "python experiments/fine_grained.py train paper --training.epochs 0",
        "python experiments/no_such_script.py",
        "python tools/benchmark.py no-such-part",
        "python tools/benchmark.py metrics --pictures 3",
        "python tools/training_cost.py --attentions no_such_mechanism",
        "python tools/fetch_weights.py no_such_file",
    ],
)
def test_a_command_that_no_program_takes_is_found(line):
    assert what_is_wrong(documented.Command("here", line)) != ""


def test_a_mention_may_leave_arguments_out_but_not_invent_options():
    assert what_is_wrong(documented.Command("here", "keras-attn audit --by task", True)) == ""
    wrong = documented.Command("here", "keras-attn audit --no-such-option 1", mention=True)
    assert what_is_wrong(wrong) != ""


def test_every_block_is_of_a_kind_whose_commands_are_read():
    for where, text in documented.pages():
        found = re.findall(r"^([ >]*)(`{3,}|~{3,})(\S*)$", text, re.M)
        assert {(indent, fence) for indent, fence, _ in found} <= {("", "```")}, where
        kinds = {language for _, _, language in found}
        assert kinds <= {"", "python", "toml", *documented.SHELL}, where


def test_a_prompt_and_variables_before_a_program_are_no_part_of_it():
    text = "`A=1 make demo X=1`\n\n```\n$ make x\nB=2 make y | make z; make w\n```\n"
    assert documented.written(text) == ["make x", "B=2 make y", "make z", "make w"]
    assert documented.is_command("A=1 make demo X=1")
    assert documented.Command("here", "A=1 B=2 make X=1").words == ["make", "X=1"]


def test_commands_are_read_out_of_blocks_spans_and_docstrings():
    text = "`make demo X=1`\n\n```sh\n# no\na b \\\n    c  # d\npytest x\n```\n\n    make y   why\n"
    assert documented.written(text) == ["a b c", "pytest x", "make y"]
    assert documented.Command("here", "a 'b c' ... # d").words == ["a", "b c"]
    assert documented.inline(text) == ["make demo X=1"]
