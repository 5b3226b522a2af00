"""Which cells there are, what each needs, in which order they run, and how they stand."""

import math
import os
from collections import Counter
from dataclasses import replace

import pytest
from conftest import refused

from keras_attn import configs, storage
from keras_attn.commands import study as studying
from keras_attn.study import cells as study
from keras_attn.study import schedule, standing
from keras_attn.study.schedule import DONE, FAILED, SKIPPED, Outcome
from keras_attn.study.sources import check_sources


def made(preset="miniature", out="runs", **axes):
    return study.grid(preset, out, axes=study.Axes(**axes))


@pytest.fixture(scope="module")
def by_name():
    return {cell.name: cell for cell in made()}


@pytest.mark.parametrize(
    ("preset", "counts"),
    [
        # Task 1, datasets × backbones × mechanisms × folds. Task 2, datasets × fusions ×
        # mechanisms, and one stream of flow, of the miniature also that of frames. Task 3,
        # backbones × mechanisms, each attacked.
        ("paper", {"salient_object": 2 * 3 * 5 * 5, "action": 2 * 2 * 5 + 1, "fine_grained": 15}),
        ("miniature", {"salient_object": 2 * 3 * 5, "action": 22, "fine_grained": 15}),
    ],
)
def test_the_grid_has_every_network_of_the_tables(preset, counts):
    cells = made(preset)
    assert Counter(c.config.task for c in cells if c.kind == study.RUN) == counts
    assert sum(c.kind == study.ATTACK for c in cells) == 15
    folds = {"paper": 5, "miniature": 1}[preset]
    assert sum(c.kind == study.REFERENCES for c in cells) == 2 * folds + 2 + 1
    assert len({c.name for c in cells}) == len(cells)


def test_the_demo_is_a_part_of_the_miniature_with_every_mechanism_and_attack():
    small = made("demo")
    trained = Counter(cell.config.data.name for cell in small if cell.kind == study.RUN)
    # Late fusion, after each stream alone.
    assert trained == {"dut_omron": 5, "hollywood2": 5 + 2, "cub_vwsw": 5}
    assert sum(cell.kind == study.ATTACK for cell in small) == 5
    assert {c.name for c in small} < {c.name for c in made()}


def test_the_streams_are_fused_where_it_is_asked_for():
    names = {c.name for c in made(tasks=("action",), fusions=("early",)) if c.kind == study.RUN}
    assert "action/hollywood2-early-sigmoid-seed0" in names
    assert not any("late" in name for name in names)
    assert "action/hollywood2-late-human-seed0" in {c.name for c in made(tasks=("action",))}
    with refused("fusions", ("early", "late"), "both"):
        made(fusions=("both",))


def test_datasets_come_with_those_that_their_runs_start_from():
    few = made(datasets=("pascal_s",), backbones=("vgg16",))
    assert {c.config.data.name for c in few} == {"dut_omron", "pascal_s"}
    assert {c.config.data.name for c in made(datasets=("hollywood2",))} == {"hollywood2"}


def test_how_networks_are_trained_reaches_all_cells_and_is_no_part_of_their_identity():
    given = study.grid("demo", "runs", strategy="mirrored", precision="mixed_bfloat16")
    machines = [cell.config.machine for cell in given]
    assert {(m.strategy, m.precision) for m in machines} == {("mirrored", "mixed_bfloat16")}
    assert [cell.identity for cell in given] == [cell.identity for cell in made("demo")]


def test_axes_choose_tasks_backbones_seeds_and_folds():
    few = made("paper", tasks=("salient_object",), backbones=("vgg16",), seeds=(1, 2), folds=(3,))
    trained = [cell.config for cell in few if cell.kind == study.RUN]
    assert len(trained) == 2 * 5 * 2
    assert {c.data.fold for c in trained} == {3} and {c.training.seed for c in trained} == {1, 2}
    assert {c.model.backbone for c in trained} == {"vgg16"}
    two = made(tasks=("fine_grained",), attentions=("sigmoid", "human"))
    assert {c.config.model.attention for c in two if c.kind != study.REFERENCES} == {
        "sigmoid",
        "human",
    }


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["miniature", "paper"])
def test_what_a_cell_needs_stands_before_it(preset):
    seen = set()
    for cell in made(preset, seeds=(0, 1)):
        assert set(cell.needs) <= seen
        seen.add(cell.name)


def test_runs_start_from_those_that_the_paper_starts_them_from(by_name):
    first = "salient_object/dut_omron-vgg16-human-fold0-seed0"
    later = by_name["salient_object/pascal_s-vgg16-human-fold0-seed0"]
    assert first in later.needs and later.config.training.start == by_name[first].folder
    two = by_name["action/hollywood2-late-softmax-seed0"]
    assert "action/hollywood2-flow-seed0" in two.needs
    assert two.config.training.flow_from == by_name["action/hollywood2-flow-seed0"].folder
    sports = by_name["action/ucf_sports-late-softmax-seed0"]
    assert two.name in sports.needs and sports.config.training.start == two.folder
    attack = by_name["fine_grained/cub_vwsw-alexnet-human-seed0/fgsm"]
    assert attack.needs == ("fine_grained/cub_vwsw-alexnet-human-seed0",)


def test_weights_of_the_paper_are_those_of_each_network_but_where_a_run_is_the_start():
    cells = {cell.name: cell.config.training for cell in made("paper")}
    of = {name: None if t.weights is None else str(t.weights) for name, t in cells.items()}
    assert of["salient_object/dut_omron-resnet50-human-fold2-seed0"] == "resnet50"
    assert of["salient_object/pascal_s-resnet50-human-fold2-seed0"] is None
    assert of["fine_grained/cub_vwsw-alexnet-human-seed0"] == "alexnet"
    assert of["action/hollywood2-flow-seed0"] == "c3d_caffe"
    assert of["action/ucf_sports-early-human-seed0"] is None


def test_what_others_wait_for_is_learnt_first():
    """No two that wait for one trunk are begun at a time while there is anything else."""
    cells = study.trunks_first(made("demo"))
    assert sorted(c.name for c in cells) == sorted(c.name for c in made("demo"))
    assert [c.kind == study.REFERENCES for c in cells[:4]] == [True, True, True, False]
    assert [c.name for c in cells[3:7]] == [
        "salient_object/dut_omron-vgg16-activation-fold0-seed0",
        "action/hollywood2-frames-seed0",
        "action/hollywood2-flow-seed0",
        "fine_grained/cub_vwsw-vgg16-activation-seed0",
    ]
    for every in (made(), made("demo"), made("paper")):
        seen = set()
        for cell in study.trunks_first(every):
            assert set(cell.needs) <= seen
            seen.add(cell.name)


def test_only_takes_a_part_of_the_name_or_a_glob_and_what_is_needed(by_name):
    cells = list(by_name.values())
    wanted = [
        "action/references-hollywood2",
        "action/references-ucf_sports",
        "action/hollywood2-frames-seed0",
        "action/hollywood2-flow-seed0",
        "action/hollywood2-early-human-seed0",
        "action/ucf_sports-early-human-seed0",
    ]
    for only in ("ucf_sports-early-human", "*/ucf*early-human-*"):
        assert [cell.name for cell in study.chosen(cells, only)] == wanted
    assert study.chosen(cells) == cells
    with refused("--only", "cell", "'vgg19'"):
        study.chosen(cells, "vgg19")


@pytest.mark.slow
def test_real_data_reach_the_cells_and_their_absence_is_one_error(tmp_path):
    sources = study.Sources(hollywood2=tmp_path, hollywood2_flow=tmp_path / "flow")
    cells = study.grid("paper", "runs", axes=study.Axes(tasks=("action",)), sources=sources)
    data = next(c for c in cells if "hollywood2-late" in c.name).config.data
    assert (data.root, data.flow_root) == (tmp_path, tmp_path / "flow")
    with refused("--sources.ucf-sports", "folder"):
        check_sources("paper", cells, sources)
    first = [cell for cell in cells if cell.config.data.name == "hollywood2"]
    nowhere = [
        replace(c, config=configs.changed(c.config, weights=tmp_path / "none.h5")) for c in first
    ]
    with refused("none.h5", "weight file"):
        check_sources("paper", nowhere, sources)
    with refused("--sources.ucf-sports"):
        studying.StudyCommand("paper", axes=study.Axes(tasks=("action",)), sources=sources)()


def test_a_folder_that_cannot_be_written_to_is_refused_before_any_cell(tmp_path):
    (tmp_path / "file").write_text("")
    with refused("out", "written"):
        studying.StudyCommand("miniature", out=tmp_path / "file" / "out")()


# --- order --------------------------------------------------------------------------------------


class Listing:
    """An engine that ends its cells in the order in which they were begun; some of them fail."""

    early = False

    def __init__(self, slots, failing=()):
        self.slots, self.failing = slots, failing
        self.running, self.begun, self.most = [], [], 0

    def submit(self, cell):
        self.running.append(cell)
        self.begun.append(cell.name)
        self.most = max(self.most, len(self.running))

    def wait(self):
        cell = self.running.pop(0)
        return cell, Outcome(FAILED if cell.name in self.failing else DONE)

    def stop(self):
        self.running.clear()


def test_cells_begin_when_what_they_need_has_ended_and_no_more_at_once_than_there_is_room():
    cells, ended = made(), []

    class Checked(Listing):
        def submit(self, cell):
            assert set(cell.needs) <= set(ended)
            super().submit(cell)

    engine = Checked(slots=3)
    outcomes = schedule.carry_out(cells, (), engine, lambda cell, _: ended.append(cell.name))
    assert sorted(ended) == sorted(engine.begun) == sorted(cell.name for cell in cells)
    assert engine.most == 3 and {o.status for o in outcomes.values()} == {DONE}


def test_an_engine_that_orders_cells_itself_gets_all_of_them_at_once_and_in_order():
    class Ordering(Listing):
        early = True

        def wait(self):
            assert len(self.begun) == len(cells)
            return super().wait()

    cells, engine = made(tasks=("action",)), Ordering(slots=math.inf)
    outcomes = schedule.carry_out(cells, (), engine, lambda *_: None)
    assert engine.begun == list(outcomes) == [cell.name for cell in cells]


def test_what_needs_a_failed_cell_is_not_run_and_all_else_is():
    cells = made(tasks=("action",))
    failing = "action/hollywood2-early-human-seed0"
    outcomes = schedule.carry_out(cells, (), Listing(2, {failing}), lambda *_: None)
    bad = {name: o.status for name, o in outcomes.items() if o.status != DONE}
    after = "action/ucf_sports-early-human-seed0"
    assert bad == {failing: FAILED, after: SKIPPED}
    assert outcomes[after].reason == f"needs {failing}"


def test_a_failure_is_passed_on_to_the_end_of_the_chain():
    cells = made(tasks=("action",))
    outcomes = schedule.carry_out(
        cells, (), Listing(1, {"action/references-hollywood2"}), lambda *_: None
    )
    # But for the references of UCF Sports all of it starts from Hollywood-2.
    assert Counter(o.status for o in outcomes.values()) == {FAILED: 1, DONE: 1, SKIPPED: 22}


def test_finished_cells_are_not_begun():
    cells = made(tasks=("fine_grained",), backbones=("vgg16",))
    finished = {cell.name for cell in cells[:-2]}
    engine = Listing(1)
    schedule.carry_out(cells, finished, engine, lambda *_: None)
    assert engine.begun == [cell.name for cell in cells[-2:]]


# --- how they stand -----------------------------------------------------------------------------


def finish(cell, seconds):
    """The files of a finished cell, as far as they are looked at."""
    cell.folder.mkdir(parents=True, exist_ok=True)
    (cell.folder / "examples.csv").write_text("")
    folder = storage.RunFolder(cell.folder)
    folder.weights.write_text("")
    folder.history.write_text(f"epoch,seconds\n1,{seconds}\n2,{seconds}\n")
    data = {"name": cell.config.data.name, "fingerprint": "as read"}
    standing.mark(cell.folder, cell.identity, seconds, data)


def later(path):
    at = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(at, at))


@pytest.fixture
def pair(tmp_path):
    """Runs of human attention on DUT-OMRON and on PASCAL-S, which starts from it."""
    cells = study.chosen(made(out=tmp_path, backbones=("vgg16",)), "pascal_s-vgg16-human")
    trained = [cell for cell in cells if cell.kind == study.RUN]
    for cell in trained:
        finish(cell, 20)
    return trained


def names(cells):
    return {cell.name for cell in cells}


def test_a_cell_is_finished_when_all_its_files_are_there(pair):
    first, second = pair
    assert standing.finished(pair) == names(pair)
    storage.RunFolder(second.folder).weights.unlink()
    assert standing.finished(pair) == {first.name}
    (first.folder / standing.MARK).write_text("[")
    assert standing.finished(pair) == set()


def test_a_cell_of_another_configuration_is_not_finished(pair):
    first, second = pair
    other = replace(first, config=configs.changed(first.config, epochs=3))
    assert standing.finished([other, second]) == {second.name}
    elsewhere = replace(first, config=configs.changed(first.config, threads=1))
    assert standing.finished([elsewhere]) == {first.name}


def test_a_cell_is_not_finished_when_what_it_starts_from_is_newer(pair):
    first, _ = pair
    later(storage.RunFolder(first.folder).weights)
    later(first.folder / standing.MARK)
    assert standing.finished(pair) == {first.name}


def test_costs_are_those_of_the_history_and_of_cells_alike(tmp_path):
    cells = made(out=tmp_path, tasks=("salient_object",), backbones=("alexnet", "vgg16"))
    dut = [c for c in cells if c.name.startswith("salient_object/dut_omron-vgg16")]
    finish(next(c for c in cells if c.kind == study.REFERENCES), 1)
    finish(dut[0], 10)
    finish(dut[1], 20)
    costs = standing.costs(cells, standing.finished(cells))
    # Two epochs each: 20 and 40 seconds, so 30 for others of the kind.
    assert [costs[c.name] for c in dut] == [20, 40, 30, 30, 30]
    assert costs["salient_object/dut_omron-alexnet-human-fold0-seed0"] is None


def test_a_dry_run_lists_the_cells_and_leaves_nothing(tmp_path, capsys):
    axes = study.Axes(tasks=("fine_grained",), backbones=("vgg16",))
    out = tmp_path / "out"
    command = studying.StudyCommand("miniature", axes=axes, only="human", out=out, dry_run=True)
    command()
    assert not out.exists()
    cells = study.grid("miniature", out, axes=axes)
    finish(next(c for c in cells if c.name.endswith("activation-seed0")), 30)
    finish(next(c for c in cells if c.kind == study.REFERENCES), 5)
    capsys.readouterr()
    command()
    assert capsys.readouterr().out.splitlines() == [
        "finished        5 s  fine_grained/references-cub_vwsw",
        "to do          60 s  fine_grained/cub_vwsw-vgg16-human-seed0",
        "to do       unknown  fine_grained/cub_vwsw-vgg16-human-seed0/fgsm",
        "3 cells, 2 to do: 60 s of training and scoring, and 1 of unknown cost.",
    ]


# --- data that change ---------------------------------------------------------------------------


def seen(cells, **fingerprints):
    """Finish cells on data of these fingerprints."""
    for cell in cells:
        finish(cell, 1)
        data = {"name": cell.config.data.name, "fingerprint": fingerprints[cell.config.data.name]}
        standing.mark(cell.folder, cell.identity, 1, data)


@pytest.fixture
def on_both(tmp_path):
    """References and runs of human attention on DUT-OMRON and PASCAL-S."""
    return study.chosen(made(out=tmp_path, backbones=("vgg16",)), "pascal_s-vgg16-human")


def test_cells_are_looked_at_again_once_the_references_of_their_data_are_gone(on_both):
    seen(on_both, dut_omron="a", pascal_s="b")
    assert standing.finished(on_both) == names(on_both)
    references = next(c for c in on_both if c.name.endswith("references-pascal_s-fold0"))
    (references.folder / standing.MARK).unlink()
    assert standing.finished(on_both) == {c.name for c in on_both if "pascal_s" not in c.name}


def test_cells_of_other_data_than_their_references_are_not_finished(on_both):
    seen(on_both, dut_omron="a", pascal_s="b")
    seen([c for c in on_both if c.kind == study.REFERENCES], dut_omron="a", pascal_s="changed")
    kept = {c.name for c in on_both if c.kind == study.REFERENCES or "pascal_s" not in c.name}
    assert standing.finished(on_both) == kept


def test_data_that_have_changed_under_finished_cells_are_one_clear_error(on_both):
    seen(on_both, dut_omron="a", pascal_s="b")
    before = [cell.folder for cell in on_both]
    standing.check_data({"name": "pascal_s", "fingerprint": "b"}, before)
    standing.check_data({"name": "cub_vwsw", "fingerprint": "c"}, before)
    with refused("pascal_s", ("fingerprint b", "cell.json", "--"), "fingerprint changed"):
        standing.check_data({"name": "pascal_s", "fingerprint": "changed"}, before)
