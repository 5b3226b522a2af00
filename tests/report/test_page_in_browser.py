"""The page of a report in a real browser: what a reader sees, clicks and types."""

import json
from itertools import pairwise

import numpy as np
import pytest
from browser import chromium, complaints, contrasts, show
from made_runs import save_study
from PIL import Image

from keras_attn.report import page
from keras_attn.report.paper import findings
from keras_attn.report.paper.claims import CLAIMS
from keras_attn.report.paper.kinds.claim import counts_of
from keras_attn.report.rows import results
from keras_attn.report.tables import sheets

pytestmark = pytest.mark.browser

PHONE = 390
RUN = "run4"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page of a made-up study, and what it was made from."""
    root = tmp_path_factory.mktemp("page")
    folders = save_study(root / "runs")
    record = {"config": {"model": {"attention": "human", "channels": [4, 2]}}, "versions": {}}
    (root / "runs" / RUN / "config.json").write_text(json.dumps(record))
    picture = root / "attention.png"
    Image.fromarray(np.full((90, 1800, 3), 200, np.uint8)).save(picture)
    read = results.read(folders)
    written = sheets.write(read, root / "tables")
    path, _ = page.write(read, root, written, findings.findings(read), [picture])
    return path, written


@pytest.fixture(scope="module")
def driver():
    with chromium() as driver:
        yield driver


@pytest.fixture
def report(made, driver):
    show(driver, made[0])
    yield driver
    assert complaints(driver) == []


def all_of(driver, selector):
    return driver.find_elements("css selector", selector)


def texts(driver, selector):
    return [node.text.strip() for node in all_of(driver, selector)]


FIRST = "#tables .sheet table"


def test_the_tables_hold_the_numbers_of_the_cells(report, made):
    cells = made[1].cells
    value = cells[(cells["table"] == "I") & (cells["metric"] == "max_f")]["value"].max()
    head = texts(report, f"{FIRST} thead tr:last-child th")
    assert [text.split("\n")[-1] for text in head[:3]] == ["attention", "max F ↑", "MAE ↓"]
    shown = texts(report, "#table-I ~ .scroll .value")
    assert f"{value:.3f}" in shown
    assert len([text for text in shown if text != "–"]) == len(cells[cells["table"] == "I"])


def column(driver, place):
    table = all_of(driver, FIRST)[0]
    found = table.find_elements("css selector", f"tbody tr > :nth-child({place}) .value")
    return [node.text for node in found]


def test_a_heading_sorts_its_table_by_click_and_by_key(report):
    from selenium.webdriver.common.keys import Keys

    table = all_of(report, FIRST)[0]
    button = table.find_elements("css selector", "th button")[2]  # MAE of the first backbone
    head = button.find_element("xpath", "..")
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    numbers = [float(text) for text in column(report, 3) if text != "–"]
    assert len(numbers) == 5 and numbers == sorted(numbers, reverse=True)
    button.send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "ascending"
    shown = column(report, 3)
    # The network of ours has no number on AlexNet, and stays below in either order.
    assert shown[-1] == "–" and shown[:-1] == sorted(shown[:-1])
    table.find_elements("css selector", "th button")[0].click()
    assert head.get_attribute("aria-sort") is None


def test_claims_are_filtered_by_verdict(report):
    every = len(all_of(report, "li.claim"))
    button = all_of(report, '[data-show="not-borne-out"]')[0]
    button.click()
    shown = [node for node in all_of(report, "li.claim") if node.is_displayed()]
    assert button.get_attribute("aria-pressed") == "true"
    short = [c for c in CLAIMS.values() if any(count.holds < count.cells for count in counts_of(c))]
    assert len(shown) == len(short) < every
    all_of(report, '[data-show="all"]')[0].click()
    assert all(node.is_displayed() for node in all_of(report, ".question li.claim"))
    # Of those that the rows cannot answer there is one line, until somebody asks for them.
    left = all_of(report, "#unmeasured li.claim")
    assert left and not any(node.is_displayed() for node in left)
    all_of(report, '[data-show="not measured"]')[0].click()
    assert all(node.is_displayed() for node in left)
    all_of(report, '[data-show="all"]')[0].click()


def test_a_point_tells_what_it_is_when_it_gets_the_focus_and_leads_to_its_run(report):
    from selenium.webdriver.common.keys import Keys

    point = all_of(report, '.chart:not([hidden]) a[aria-label^="human, AlexNet"]')[0]
    report.execute_script("arguments[0].focus()", point)
    tip = all_of(report, "#tip")[0]
    assert tip.is_displayed() and "max F 0.900" in tip.text and "s-AUC 0.950" in tip.text
    point.send_keys(Keys.ENTER)
    assert "AlexNet · human" in texts(report, "#run-page h1")


def test_information_gain_takes_the_place_of_s_auc(report):
    assert {node.is_displayed() for node in all_of(report, '[data-gaze="ig"]')} == {False}
    all_of(report, '#gaze-metric input[value="ig"]')[0].click()
    assert {node.is_displayed() for node in all_of(report, '[data-gaze="ig"]')} == {True}
    assert {node.is_displayed() for node in all_of(report, '[data-gaze="s_auc"]')} == {False}


def test_the_page_of_a_run_shows_its_configuration(report, made):
    show(report, made[0], hash=f"#run/{RUN}")
    text = all_of(report, "#run-page")[0].text
    assert "channels" in text and "4, 2" in text
    assert not all_of(report, "#main")[0].is_displayed()
    all_of(report, '#run-page a[href="#runs"]')[0].click()
    assert all_of(report, "#main")[0].is_displayed()
    assert not all_of(report, "#run-page")[0].is_displayed()


def ground(driver):
    return driver.execute_script("return getComputedStyle(document.body).backgroundColor")


def test_the_theme_is_the_readers_until_the_button_changes_it(report, made):
    light = ground(report)
    all_of(report, "#theme")[0].click()
    dark = ground(report)
    assert dark != light
    report.execute_script("localStorage.clear()")
    show(report, made[0], scheme="dark")
    assert ground(report) == dark
    assert texts(report, "#theme") == ["Light theme"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("hash", ["", f"#run/{RUN}"])
def test_text_has_a_contrast_of_at_least_four_and_a_half(report, made, scheme, hash):
    show(report, made[0], scheme=scheme, hash=hash)
    report.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    found = contrasts(report)
    assert len(found) > 10
    assert {kind: told for kind, told in found.items() if told[0] < 4.5} == {}


@pytest.mark.parametrize("hash", ["", f"#run/{RUN}"])
def test_a_phone_needs_not_scroll_sideways(report, made, hash):
    show(report, made[0], width=PHONE, height=800, hash=hash)
    report.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    assert report.execute_script("return document.documentElement.scrollWidth") <= PHONE


def test_every_picture_has_words_and_every_control_a_name(report):
    pictures = all_of(report, "img")
    assert len(pictures) == 1
    assert all(len(node.get_attribute("alt")) > 40 for node in pictures)
    drawn = "svg:not([aria-hidden]):not([aria-label])"
    assert all_of(report, drawn) == []
    assert all(node.get_attribute("textContent").strip() for node in all_of(report, "button"))


def test_the_keyboard_comes_first_to_the_link_that_skips_to_the_report(report):
    from selenium.webdriver.common.keys import Keys

    all_of(report, "body")[0].send_keys(Keys.TAB)
    focused = report.switch_to.active_element
    assert focused.text == "Skip to the report"
    focused.send_keys(Keys.ENTER)
    assert report.switch_to.active_element.get_attribute("id") == "main"


def test_headings_skip_no_level(report):
    levels = [int(node.tag_name[1]) for node in all_of(report, "h1, h2, h3, h4")]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
