"""The table, the page and the figure of an audit."""

import html
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from made_audits import many_layers

import keras_attn as ka
from keras_attn import pictures
from keras_attn.report.audit import page as audit_page
from keras_attn.report.audit import table
from keras_attn.report.audit.result import Gallery

FILES = {"rows.csv", "examples.csv", "viewers.csv.gz", "audit.json", "audit.html", "audit.png"}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    data = ka.datasets.miniature(images=6, root=tmp_path_factory.mktemp("m") / "scenes")
    models = {"bright <&> dark": lambda x: x.mean(-1), "other": lambda x: x[..., 0]}
    return ka.audit(models, data, gallery=3, progress=False)


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    return result.save(tmp_path_factory.mktemp("page") / "out")


@pytest.mark.slow
def test_the_table_has_four_decimals_arrows_marks_and_a_legend(result):
    text = str(result)
    uniform = next(line for line in text.splitlines() if line.lstrip().startswith("uniform"))
    assert "0.5000" in uniform
    assert all(title in text for title in ("s-AUC ↑", "IG ↑", "AUC-Judd ↑", "KL ↓"))
    assert "Wilcoxon" in text and "bits per fixation" in text
    assert "say nothing about people" in text
    assert re.search(r"all_observers.*1\.0000", text)
    assert "−0.0000" not in text


def test_the_answer_names_the_highest_map_and_its_bounds(result):
    best = result.rows[result.rows["model"].isin(["bright <&> dark", "other"])].nlargest(1, "s_auc")
    answer = table.answer(result)
    assert best["model"].item() in answer
    assert f"{best['s_auc'].item():.3f}" in answer
    assert "a single observer" in answer and "better than chance, as far as 6 images tell" in answer
    assert "Note: 6 images are too few to tell 7 rows from chance: p cannot be below 0.22" in str(
        result
    )


def test_names_in_brackets_stand_as_they_are(tmp_path):
    """To what prints tables they may be markup, and "[/x]" an end without a beginning."""
    made = many_layers(["net[bold]", "[/x]", ":smile:"], 1, tmp_path)
    for name in ("net[bold] · ", "[/x] · ", ":smile: · "):
        assert name in str(made)


@pytest.mark.slow
def test_saving_writes_all_files_and_the_csv_reads_back(result, folder):
    assert {path.name for path in folder.iterdir()} == FILES
    pd.testing.assert_frame_equal(
        pd.read_csv(folder / "rows.csv", keep_default_na=False, na_values=["nan"]).astype(
            {"layer": str, "kind": str}
        )[["model", "s_auc"]],
        result.rows[["model", "s_auc"]],
    )
    examples = pd.read_csv(folder / "examples.csv")
    assert len(examples) == 6 * len(result.rows)


class Page(HTMLParser):
    """Collects what the page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "wbr", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_is_well_formed(folder):
    text = (folder / "audit.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    sources = [a.get("src") or a.get("href") for _, a in page.tags if "src" in a or "href" in a]
    assert sources and all(s == "data:," or s.startswith("#") for s in sources)
    addresses = re.findall(r"url\((&#39;|['\"]?)(.{5})", text)
    assert {start for _, start in addresses} == {"data:", "#gall"}
    assert "http" not in text.replace("http-equiv", "")
    assert all(a["aria-label"] for _, a in page.tags if a.get("role") == "img")
    assert "bright &lt;&amp;&gt; dark" in text and "<&>" not in text


def test_the_page_shows_every_row_the_gallery_and_the_conventions(result, folder):
    text = (folder / "audit.html").read_text(encoding="utf-8")
    assert text.count("<tr") == len(result.rows) + 1
    # gaze, all_observers, two maps and the centre, for three images, each picture once
    assert text.count('class="g-layers"') == 3 * 5
    assert text.count("data:image/jpeg") == 3 and text.count("data:image/png") == 3 * 4
    for word in ("2.2e-16", "ties counting one half", "2.8 %", "5.0 %", "Holm", "not a ceiling"):
        assert word in text
    assert result.dataset.note in text
    assert result.dataset.fingerprint[:16] in text


def test_the_gallery_runs_from_the_best_to_the_worst_image(result):
    best = table.ranked(result.rows)[0]["model"]
    scores = result.examples.query("model == @best").set_index("image")["s_auc"]
    shown = [scores[result.dataset[i].id] for i in result.gallery.indices]
    assert shown == sorted(shown, reverse=True)
    assert (shown[0], shown[-1]) == (scores.max(), scores.min())
    sentence = f"Images from the best to the worst s-AUC of {best} · map."
    assert sentence in html.unescape(audit_page.page(result))


def test_a_note_is_marked_at_its_rows_and_told_once_below_the_table(result):
    notes = ["It was never trained.", "It was never trained.", "A. B.", "", "", "", ""]
    noted = replace(result, rows=result.rows.assign(note=notes))
    lines = [line.strip() for line in str(noted).splitlines()]
    first, second = (line for line in lines if "· map¹ " in line)
    assert first.startswith("bright <&> dark · map¹ ") and second.startswith("other · map¹ ")
    assert any(line.startswith("centre² ") for line in lines)
    told = lines.index("¹ It was never trained.")
    assert lines[told + 1 : told + 3] == ["² A. B.", ""]
    assert lines.index(second) < told < lines.index(table.answer(noted))
    page = audit_page.page(noted)
    assert page.count('href="#note-1"') == 2 and page.count('href="#note-2"') == 1
    assert page.count('<li id="note-1" value="1">It was never trained.</li>') == 1
    assert "¹" not in str(result) and "note-" not in audit_page.page(result)


def test_numbers_of_notes_have_as_many_raised_digits_as_they_need():
    assert [table.superscript(number) for number in (1, 12, 305)] == ["¹", "¹²", "³⁰⁵"]


@pytest.mark.browser
def test_the_page_sorts_in_a_real_browser(folder, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    page = (folder / "audit.html").read_text(encoding="utf-8")
    click = '<script>document.querySelectorAll("#rows th button")[1].click()</script></body>'
    (tmp_path / "clicked.html").write_text(page.replace("</body>", click), encoding="utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-sync"]
    command += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--dump-dom", (tmp_path / "clicked.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    rows = re.findall(r'<th scope="row" data-sort="([^"]*)">', done.stdout)
    assert rows[0] == "all_observers"
    assert 'aria-sort="descending"' in done.stdout


def test_heat_runs_from_dark_to_bright_and_a_constant_map_is_dark(rng):
    colours, unit = pictures.heat(np.linspace(0, 1, 400).reshape(20, 20))
    luminance = colours.astype(float).mean(-1).ravel()
    assert luminance[0] < 5 and luminance[-1] > 150
    assert (np.diff(luminance) > -3).all()
    assert unit.min() == 0 and unit.max() == 1
    assert pictures.heat(np.ones((4, 4)))[0].max() < 10


def test_drawing_fixations_leaves_the_image_alone(rng):
    image = rng.integers(0, 255, (30, 40, 3), np.uint8)
    before = image.copy()
    drawn = pictures.with_fixations(image, np.array([[20.0, 15.0]]))
    np.testing.assert_array_equal(image, before)
    assert drawn[15, 20].tolist() == [255, 255, 255]


def test_a_figure_of_two_images_is_possible(result):
    two = Gallery(result.gallery.indices[:2], {k: v[:2] for k, v in result.gallery.maps.items()})
    assert len(audit_page.figure(replace(result, gallery=two)).axes) == 2 * 6
