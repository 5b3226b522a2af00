"""Which maps the pictures of an audit show: every model has its turn, and nothing is hidden."""

import pandas as pd
import pytest
from made_audits import many_layers
from matplotlib.backends.backend_agg import FigureCanvasAgg

from keras_attn.evaluation.rows import REFERENCES, RowName
from keras_attn.report.audit import choice
from keras_attn.report.audit import figure as audit_figure
from keras_attn.report.audit import page as audit_page
from keras_attn.report.audit.result import AuditResult, Gallery

pytestmark = pytest.mark.slow


def result_of(scores):
    """An audit that knows nothing but the s-AUC of its maps: `{(model, layer): s-AUC}`."""
    names = [RowName(*key, kind="map") for key in scores]
    rows = [
        {"model": n.model, "layer": n.layer, "kind": n.kind, "s_auc": s}
        for n, s in zip(names, scores.values(), strict=True)
    ]
    rows += [{"model": m, "layer": "", "kind": "", "s_auc": 0.99} for m in REFERENCES]
    shown = [RowName("all_observers"), *names, RowName("centre")]
    gallery = Gallery([0], {name: [] for name in shown})
    return AuditResult(pd.DataFrame(rows), None, None, None, gallery, 0.0)


THREE = result_of(
    {
        ("a", "1"): 0.60,
        ("a", "2"): 0.90,
        ("a", "3"): 0.80,
        ("b", "1"): 0.55,
        ("c", "1"): 0.30,
        ("c", "2"): 0.40,
        ("c", "3"): 0.35,
    }
)


def test_models_take_turns_with_their_best_maps_and_the_order_is_that_of_the_table():
    shown = [(name.model, name.layer) for name in choice.chosen(THREE, 7)]
    taken = [("a", "2"), ("a", "3"), ("b", "1"), ("c", "2"), ("c", "3")]
    assert shown == [("all_observers", ""), *taken, ("centre", "")]


def test_all_maps_are_shown_where_they_fit():
    assert choice.chosen(THREE, 9) == list(THREE.gallery.maps)
    assert choice.left_out(THREE, choice.chosen(THREE, 9)) == ""


@pytest.mark.parametrize("most", [1, 3, 4])
def test_the_best_map_orders_the_images_and_is_shown_however_few_fit(most):
    assert choice.order(THREE) == "Images from the best to the worst s-AUC of a · 2 · map."
    assert RowName("a", "2", "map") in choice.chosen(THREE, most)


def test_what_is_left_out_is_counted_and_models_without_a_map_are_named():
    assert choice.left_out(THREE, choice.chosen(THREE, 7)) == (
        "5 of 7 audited maps are shown, the highest by s-AUC of each model in turn."
    )
    assert choice.left_out(THREE, choice.chosen(THREE, 4)) == (
        "2 of 7 audited maps are shown, the highest by s-AUC of each model in turn; no map is "
        "shown of 1 of 3 models: c."
    )


def test_layers_of_a_single_model_take_no_turns():
    one = result_of({("a", str(i)): i / 10 for i in range(5)})
    shown = choice.chosen(one, 4)
    assert [name.layer for name in shown] == ["", "3", "4", ""]
    assert choice.left_out(one, shown) == "2 of 5 audited maps are shown, the highest by s-AUC."


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    names = ["resnet50 trained on birds", "costs_$5_or_$6", "W" * 60]
    return many_layers(names, 10, tmp_path_factory.mktemp("m"))


def test_figure_and_page_show_every_model(result):
    titles = [axis.get_title().replace("\n", "") for axis in audit_page.figure(result).axes]
    page = audit_page.page(result)
    for model in result.rows["model"][~result.rows["model"].isin(REFERENCES)].unique():
        assert any(title.startswith(model) for title in titles)
        assert f'aria-label="attention, {model} · backbone/' in page
    assert "22 of 30 audited maps are shown" in page
    assert choice.order(result) in page


def test_no_title_of_the_figure_is_cut_or_meets_another(result):
    figure = audit_page.figure(result)
    FigureCanvasAgg(figure).draw()
    texts = [axis.title for axis in figure.axes if axis.get_title()] + figure.texts
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) == audit_figure.MAPS + 2 + 1
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    pictured = [axis.get_window_extent() for axis in figure.axes]
    assert not any(box.overlaps(other) for box in boxes for other in pictured)
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
