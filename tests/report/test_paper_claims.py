"""What the paper's own tables say of its claims, against numbers counted by hand."""

import numpy as np
import pytest
from conftest import refused

from keras_attn.report.paper.claims import CLAIMS
from keras_attn.report.paper.kinds.claim import QUESTIONS, alike_in_print, counts_of, shares
from keras_attn.report.paper.kinds.correlation import Correlated, within
from keras_attn.report.paper.kinds.margins import Alike
from keras_attn.report.paper.kinds.order import Order
from keras_attn.report.paper.printed import paper_cells
from keras_attn.report.paper.tables import BY_NUMBER

CLAIM = dict(CLAIMS)


def counted(key):
    """By heading: in how many cells the claim holds, the reverse, and of how many."""
    return {c.title: (c.holds, c.reverse, c.cells) for c in counts_of(CLAIM[key])}


def printed(key):
    """The paper's number of each comparison of a claim, part by part."""
    return [[one.printed for one in part.comparisons] for part in CLAIM[key].parts()]


# --- claims of an order -------------------------------------------------------------------------


def test_sigmoid_is_the_best_implicit_attention_in_one_of_six_cells_of_max_f():
    assert counted("sigmoid-salient")["max F"] == (1, 1, 6)


def test_the_supervised_attention_has_the_lowest_s_auc_on_two_backbones_of_three():
    assert counted("closest-birds") == {"s-AUC": (1, 2, 3), "IG": (3, 0, 3)}
    rows = paper_cells().query("table == 'VIII' and metric == 's_auc' and backbone != 'alexnet'")
    lowest = rows.loc[rows.groupby("backbone")["value"].idxmin(), "attention"]
    assert list(lowest) == ["supervised"] * 2


def test_human_attention_is_best_where_the_paper_says_so_but_not_everywhere():
    assert counted("human-salient") == {"max F": (6, 0, 6), "MAE": (6, 0, 6)}
    assert counted("human-birds") == {"accuracy": (3, 0, 3)}
    assert counted("human-action") == {"mAP": (1, 0, 2), "accuracy": (2, 0, 2)}
    assert counted("human-robust") == {"fooled": (2, 0, 3)}


def test_a_tie_is_neither_as_claimed_nor_the_reverse():
    """Human attention on UCF Sports is .915 in both fusions."""
    assert counted("early-explicit") == {"mAP": (2, 0, 2), "accuracy": (1, 0, 2)}


def test_the_untrained_attention_is_not_the_worst_of_all_on_ucf_sports():
    """Early .809 is above softmax (.617), late .681 above supervised (.617)."""
    assert counted("activation-action") == {"mAP": (2, 0, 2), "accuracy": (0, 0, 2)}
    assert {pair[0] for pair in CLAIM["activation-action"].pairs} == {
        "softmax",
        "sigmoid",
        "supervised",
        "human",
    }


def test_the_untrained_attention_agrees_best_with_gaze_late_and_mostly_least_early():
    assert counted("activation-gaze-action") == {"early": (0, 3, 4), "late": (4, 0, 4)}


def test_resnet_brings_maps_closest_to_gaze_in_half_of_the_cells_of_one_table_and_in_none():
    assert counted("backbone-gaze-salient") == {"s-AUC": (5, 1, 8), "IG": (3, 3, 8)}
    assert counted("backbone-gaze-birds") == {"s-AUC": (0, 3, 4), "IG": (0, 2, 4)}


def test_what_is_said_of_right_predictions_in_words_is_not_what_table_nine_has():
    """Positive above negative: s-AUC of VGG activation, ResNet activation and sigmoid; IG alike."""
    assert counted("covered-birds") == {"s-AUC": (3, 9, 12), "IG": (4, 8, 12)}


# --- claims within a margin ---------------------------------------------------------------------


def test_supervision_adds_more_than_little_over_softmax_in_early_fusion():
    """Of mAP .707 against .670 and of accuracy .830 against .617; late it is below both."""
    assert counted("supervised-action") == {"mAP": (1, 0, 2), "accuracy": (1, 0, 2)}
    assert printed("supervised-action") == [[0.037, 0], [-0.041, 0], [0.213, 0], [-0.128, -0.17]]


def test_supervision_loses_against_the_same_module_in_one_cell_and_equals_it_in_three():
    assert counted("harmless-action") == {"mAP": (2, 0, 2), "accuracy": (1, 1, 2)}
    assert printed("harmless-action") == [[0], [0], [0], [-0.17]]
    assert alike_in_print(CLAIM["harmless-action"]) == (3, 4)


def test_human_attention_is_superior_in_three_cells_of_four_where_none_is_claimed():
    """Late on Hollywood-2 .711 is below the .717 of softmax; the others are .029, .085, .128 up."""
    assert counted("no-superiority-action") == {"mAP": (1, 1, 2), "accuracy": (0, 2, 2)}
    assert [min(own) for own in printed("no-superiority-action")] == [0.029, -0.006, 0.085, 0.128]


def test_agreement_is_hardly_higher_where_an_action_is_told_rightly_but_in_one_cell():
    """IG of early sigmoid on UCF Sports: 1.121 less 0.952."""
    assert counted("not-the-key-action") == {"s-AUC": (16, 0, 16), "IG": (15, 1, 16)}
    assert max(value for [value] in printed("not-the-key-action")) == 0.169


def test_sigmoid_and_softmax_are_alike_on_birds_on_either_side():
    """Of accuracy .009, .003 and −.002."""
    assert counted("alike-birds") == {"accuracy": (3, 0, 3)}
    assert printed("alike-birds") == [[0.009], [0.003], [-0.002]]


def test_a_difference_as_large_as_the_margin_is_within_it_and_a_larger_one_is_not():
    claim = CLAIM["alike-birds"]
    [comparison] = claim.parts()[0].comparisons
    assert [claim.state(comparison, v, v) for v in (-0.021, -0.02, 0.02, 0.021)] == [-1, 1, 1, -1]
    above = CLAIM["supervised-action"]
    assert [above.state(comparison, v, v) for v in (-0.5, 0.02, 0.021)] == [1, 1, -1]
    below = CLAIM["harmless-action"]
    assert [below.state(comparison, v, v) for v in (0.5, -0.02, -0.021)] == [1, 1, -1]


# --- claims of consistency, correlation, gaps and gains -----------------------------------------


def test_the_supervised_attention_has_the_best_mean_rank_over_eight_cells_and_is_never_last():
    """Its ranks are 2, 2, 3, 3 on Hollywood-2 and 1, 2, 3, 1 on UCF Sports: 17 / 8."""
    assert counted("consistent-action") == {"rivals with a worse mean rank": (3, 0, 3)}
    assert CLAIM["consistent-action"].numbers() == (
        "mean ranks over 8 cells: supervised 2.1 (worst 3), activation 2.5 (worst 4), "
        "softmax 2.6 (worst 4), sigmoid 2.8 (worst 4)"
    )
    # 20 / 8, 21 / 8 and 22 / 8, less 17 / 8.
    assert printed("consistent-action") == [[0.375], [0.5], [0.625]]


def test_the_closer_the_better_holds_in_segmentation_alone():
    """Spearman's ρ over artificial attentions, the mean of each trunk taken out."""
    found = {part.comparisons[0].what: [] for part in CLAIM["closer-better-salient"].parts()}
    for part in CLAIM["closer-better-salient"].parts():
        found[part.comparisons[0].what].append(round(part.comparisons[0].printed, 2))
    assert found["ρ of max F and s-AUC"] == [0.37, 0.65]
    assert found["ρ of max F and IG"] == [0.51, 0.68]
    birds = [round(value, 2) for [value] in printed("closer-better-birds")]
    assert birds == [-0.30, 0.66]
    action = [round(value, 2) for [value] in printed("closer-better-action")]
    assert action == [-0.30, -0.41, -0.19, -0.48]
    assert counted("closer-better-action") == {"s-AUC": (0, 2, 2), "IG": (0, 2, 2)}


def test_a_correlation_takes_out_what_trunks_differ_by_and_lets_ties_share_a_rank():
    scores = [np.array([1.0, 2.0, 3.0]), np.array([11.0, 12.0, 13.0])]
    assert within(scores, [scores[1], scores[0]]) == pytest.approx(1)
    # Without it, the second trunk alone would turn the sign.
    assert within(scores, [-scores[0], -scores[1] + 99]) == pytest.approx(-1)
    assert np.isnan(within(scores, [np.ones(3), np.zeros(3)]))
    # Ranks 2, 2, 2 and 5, 5, 5 against 1 to 6 of both: 3.5 apart in none of the trunks.
    noise = [np.array([0.1 + 0.2, 0.3, 0.3]), np.array([0.3, 0.3, 0.1 + 0.2])]
    assert np.isnan(within(noise, scores))
    # Resamples are a first axis.
    many = within(
        [np.stack([own, -own]) for own in scores], [np.stack([own] * 2) for own in scores]
    )
    assert many.tolist() == pytest.approx([1, -1])


def test_the_gap_in_action_recognition_is_wider_by_s_auc_and_narrower_by_ig():
    """Human less the best artificial one, such as .918 − .679, over 6, 4 and 3 trunks."""
    assert counted("gap-narrow") == {"s-AUC": (0, 2, 2), "IG": (2, 0, 2)}
    gaps = {
        "V": np.mean([0.861 - 0.748, 0.901 - 0.789, 0.900 - 0.791])
        + np.mean([0.773 - 0.678, 0.816 - 0.698, 0.817 - 0.707]),
        "VI": np.mean([0.918 - 0.679, 0.884 - 0.713, 0.909 - 0.754, 0.864 - 0.730]),
        "VIII": np.mean([0.866 - 0.678, 0.878 - 0.692, 0.808 - 0.692]),
    }
    apart = [[gaps["V"] / 2 - gaps["VI"]], [gaps["VIII"] - gaps["VI"]]]
    assert printed("gap-narrow")[:2] == [[pytest.approx(own, abs=1e-6)] for [own] in apart]
    assert CLAIM["gap-narrow"].numbers() == (
        "mean gaps: s-AUC 0.175 in VI, 0.109 in V, 0.163 in VIII; "
        "IG 1.191 in VI, 1.601 in V, 1.378 in VIII"
    )


def test_resnet_gains_least_by_human_attention_on_birds_and_most_on_one_of_two_datasets():
    found = counted("boost-resnet")
    assert found == {"max F": (1, 1, 2), "MAE": (1, 1, 2), "accuracy": (0, 1, 1)}
    # .556 − .534, .448 − .409, .256 − .223
    assert printed("boost-resnet")[-1] == [round(0.022 - 0.039, 6), round(0.022 - 0.033, 6)]


def test_human_attention_relieves_vgg_most_and_resnet_least():
    """By .0390 (AlexNet), .0573 and .0247 of the fooling rate."""
    assert counted("relief-weak") == {"fooled": (2, 1, 3)}
    assert printed("relief-weak") == [[-0.0183], [0.0143], [0.0326]]


# --- all of them --------------------------------------------------------------------------------


def test_accuracies_on_ucf_sports_are_of_47_videos_and_of_no_other_number():
    values = paper_cells().query("dataset == 'ucf_sports' and metric == 'accuracy'")["value"]
    assert len(values) == 10
    assert [n for n in range(1, 200) if shares(values, n) == 10] == [47, 94, 141, 188]
    assert shares([0.333, 0.5], 3) == 1
    with refused("count", "number", "0"):
        shares(values, 0)


def test_claims_answer_all_seven_questions_and_each_has_parts_with_numbers():
    assert len(CLAIM) == len(CLAIMS) >= 40
    assert {claim.question for claim in CLAIMS.values()} == set(QUESTIONS)
    for claim in CLAIMS.values():
        parts = claim.parts()
        assert parts and all(one.quantity.cells for part in parts for one in part.comparisons)
        if not any(BY_NUMBER[number].ours for number in claim.tables):
            assert sum(count.cells for count in counts_of(claim)) == len(parts)
            assert not np.isnan([one.printed for part in parts for one in part.comparisons]).any()


def test_claims_that_the_paper_prints_no_numbers_of_are_counted_in_none():
    """What it says of dispersion is over its networks, two subsets each, in tables of ours."""
    unprinted = {claim.key: claim for claim in CLAIMS.values() if not counts_of(claim)}
    assert {BY_NUMBER[number].ours for one in unprinted.values() for number in one.tables} == {True}
    sizes = {key: len(claim.parts()) for key, claim in unprinted.items()}
    assert sizes == {
        "consistent-best-salient": 2 * 3 * 5,
        "dispersed-action": 2 * 2 * 4,
        "dispersed-birds": 3 * 4,
        "alike-wrong-action": 2 * 2 * 4,
        "alike-wrong-birds": 3 * 4,
        "even-machine-birds": 3,
    }
    assert alike_in_print(unprinted["dispersed-birds"]) == (0, 0)


def test_what_a_claim_compares_is_printed_in_the_tables_that_it_names():
    for claim in CLAIMS.values():
        cells = [c for p in claim.parts() for one in p.comparisons for c in one.quantity.cells]
        assert {cell.labels["table"] for cell in cells} == set(claim.tables), claim.key


def test_only_claims_of_maps_made_from_gaze_are_marked_as_true_by_construction():
    marked = {key for key, claim in CLAIM.items() if claim.of_itself}
    assert marked == {
        "gap-salient",
        "gap-action",
        "gap-birds",
        "gap-narrow",
        "explicit-salient",
        "explicit-birds",
    }


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"question": "Q8"}, "question"),
        ({"axis": "metric"}, "axis"),
        ({"tables": ("XI",)}, "tables"),
        ({"worse": ("human",)}, "better, worse"),
        ({"worse": ()}, "better, worse"),
        ({"margins": {"max_f": 0.0, "mae": 1.0}}, "margins, max_f"),
        ({"margins": {"max_f": 0.1}}, "margins, mae"),
        ({"better": ("humane",)}, "attention"),
        ({"axis": "fusion", "better": ("early",), "worse": ("late",)}, "tables"),
    ],
)
def test_a_claim_that_cannot_be_meant_is_refused(change, where):
    fields = {"question": "Q1", "section": "V", "words": "", "tables": ("I",), "axis": "attention"}
    fields |= {"better": ("human",), "worse": ("sigmoid",)}
    kind = Alike if "margins" in change else Order
    with refused(where):
        kind("key", **{**fields, **change})


def test_a_claim_of_tables_without_a_common_network_is_refused():
    with refused("Claim.tables", received="I, VI"):
        Correlated("key", "Q1", "V", "", ("I", "VI"), ("sigmoid", "softmax"))
