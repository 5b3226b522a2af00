"""The gallery of an audit's page: its numbers are those of the rows, and its size is bounded."""

import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from made_audits import by_task
from made_galleries import levels, pixels

import keras_attn as ka
from keras_attn import pictures
from keras_attn.evaluation.rows import IMAGE, RowName, name_of
from keras_attn.report.audit import gallery
from keras_attn.report.audit import page as audit_page
from keras_attn.report.audit.result import Gallery
from keras_attn.report.web import gallery as web
from keras_attn.resizing import at_size

MODELS = {"bright": lambda x: x.mean(-1), "red": lambda x: x[..., 0]}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    data = ka.datasets.miniature(images=6, root=tmp_path_factory.mktemp("m") / "scenes")
    return ka.audit(MODELS, data, gallery=3, progress=False)


def rows_by_name(result):
    return {(name_of(row), row[IMAGE]): row for _, row in result.examples.iterrows()}


def test_scores_on_an_image_are_those_of_its_row(result):
    (one,) = gallery.of(result)["sets"]
    rows = rows_by_name(result)
    names = list(result.gallery.maps)
    titles = [web.title_of(one, place) for place in range(len(names))]
    assert titles == [str(name) for name in names]
    for example in one["examples"]:
        for place, seen in example["seen"].items():
            row = rows[names[place], example["id"]]
            assert set(seen["scores"]) == {"s_auc", "ig", "nss", "cc"}
            assert seen["scores"] == {key: round(row[key], 4) for key in seen["scores"]}
        observer = rows[RowName("single_observer"), example["id"]]
        assert example["observer"]["s_auc"] == round(observer["s_auc"], 4)


def test_maps_points_and_photographs_are_those_of_the_audit(result):
    (one,) = gallery.of(result)["sets"]
    for at, example in enumerate(one["examples"]):
        original = result.dataset[result.gallery.indices[at]]
        height, width = original.shape[:2]
        points = np.reshape(example["points"][0], (-1, 2)) * [width, height] / 1000
        np.testing.assert_allclose(points, original.points, atol=0.001 * width)
        assert pixels(example["image"]).shape == (*example["shape"], 3)
        for place, name in enumerate(result.gallery.maps):
            saliency = result.gallery.maps[name][at]
            (shown,) = levels(example["seen"][place]["attention"])
            assert max(shown.shape) <= gallery.SIDE
            small = at_size(saliency, shown.shape)
            wanted = pictures.levels(small, pictures.ends(saliency))
            np.testing.assert_array_equal(shown, wanted)


def test_the_best_maps_are_shown_at_first_and_references_when_they_are_chosen(result):
    (one,) = gallery.of(result)["sets"]
    assert one["hidden"] == ["all_observers", "centre"]
    assert web.title_of(one, one["best"]) in ("bright · map", "red · map")


def test_what_the_script_reads_has_no_picture_and_the_page_has_each_once(result):
    page = audit_page.page(result)
    data = re.search(r'id="gallery-data">(.*?)</script>', page, re.DOTALL)[1]
    assert "base64" not in data
    (one,) = json.loads(data)["sets"]
    assert len(one["examples"]) == 3 and len(one["examples"][0]["seen"]) == 4
    sources = re.findall(r"base64,[^&'\")]+", page)
    assert len(sources) == 3 * (1 + 4)


def test_the_table_has_the_numbers_of_the_rows(result):
    page = audit_page.page(result)
    found = re.findall(r'<th scope="row" data-sort="([^"]*)">(.*?)</tr>', page, re.DOTALL)
    rows = {str(name_of(row)): row for _, row in result.rows.iterrows()}
    assert [html.unescape(name) for name, _ in found] == list(rows)
    for name, cells in found:
        row = rows[html.unescape(name)]
        numbers = [float(number) for number in re.findall(r'<td data-sort="([^"]*)"', cells)]
        keys = ["s_auc", "ig", "ig_share", "auc_judd", "nss", "cc", "sim", "kl"]
        np.testing.assert_array_equal(numbers, [row[key] for key in keys])


def test_a_page_of_many_images_shows_so_many_and_says_so(result, monkeypatch):
    monkeypatch.setattr(gallery, "IMAGES", 2)
    (one,) = gallery.of(result)["sets"]
    ids = [result.dataset[index].id for index in result.gallery.indices]
    assert [example["id"] for example in one["examples"]] == [ids[0], ids[2]]
    assert "2 of 3 images are shown." in audit_page.page(result)


def test_the_largest_page_takes_less_than_five_megabytes(result, rng, monkeypatch):
    """One image of a photograph's grain with 24 maps of noise, whose bytes are those of 24."""
    grain = np.clip(rng.normal(128, 20, (600, 800, 3)), 0, 255).astype(np.uint8)
    grain[::2], grain[:, ::2] = grain[1::2], grain[:, 1::2]
    monkeypatch.setattr(type(result.dataset[0]), "pixels", lambda self: grain)
    noise = [rng.random((270, 360)).astype(np.float32)]
    names = [RowName("m", f"layer{k}", "map") for k in range(gallery.MAPS + 8)]
    few = replace(result, gallery=Gallery(result.gallery.indices[:1], dict.fromkeys(names, noise)))
    row = result.rows.iloc[:1]
    few.__dict__["rows"] = row.loc[row.index.repeat(len(names))].assign(
        model="m", layer=[name.layer for name in names], kind="map"
    )
    made = gallery.of(few)
    (example,) = made["sets"][0]["examples"]
    assert len(example["seen"]) == gallery.MAPS
    assert gallery.IMAGES * len(json.dumps(example)) < 5_000_000


def test_under_conditions_a_map_has_its_scores_under_each(tmp_path):
    result = by_task(MODELS, tmp_path)
    (one,) = gallery.of(result)["sets"]
    keys = [key for key, *_ in one["scores"]]
    parts = list(result.parts)
    assert keys == [f"{key} | {part}" for key in ("s_auc", "ig") for part in parts]
    rows, names = rows_by_name(result), list(result.gallery.maps)
    for place, seen in one["examples"][0]["seen"].items():
        name = names[place]
        own = [name.condition] if name.condition else parts
        assert seen["scores"] == {
            f"{key} | {part}": round(
                rows[replace(name, condition=part), one["examples"][0]["id"]][key], 4
            )
            for key in ("s_auc", "ig")
            for part in own
        }


def test_what_nobody_is_told_of_takes_no_room(result):
    """Without viewers there is no single observer, no gold standard and no share of it."""
    rows = result.rows.copy()
    without = rows["model"].isin(["single_observer", "gold_standard"])
    numbers = [name for name in rows.columns if rows[name].dtype.kind == "f"]
    rows.loc[without, numbers] = np.nan
    rows.loc[without, "images"] = 0
    rows.loc[:, [name for name in rows if name.startswith("ig_share")]] = np.nan
    page = audit_page.page(replace(result, rows=rows))
    table = page[page.index('id="rows"') : page.index("</table>")]
    assert "single_observer" not in table and "gold_standard" not in table
    assert "IG share" not in table and "<dt>IG share" not in page
    assert "<dt>single_observer" not in page and "<dt>gold_standard" not in page
    assert re.search(r'<ul class="notes">.*gold_standard: none', page, re.DOTALL)
