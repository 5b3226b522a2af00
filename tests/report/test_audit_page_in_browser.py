"""The page of an audit in a real browser: long names, on a desk and on a phone."""

import re
from itertools import pairwise

import pytest
from browser import chromium, complaints, contrasts, show
from made_audits import by_task, many_layers

from keras_attn.evaluation.rows import name_of
from keras_attn.report.audit import gallery
from keras_attn.report.numbers import decimals

pytestmark = pytest.mark.browser

DESK, PHONE = 1280, 390
NOTES = ["It was never trained.", "Pixels of 0 to 255 reach its first layer. It was never trained."]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    root = tmp_path_factory.mktemp("page")
    result = many_layers(["resnet50 trained on birds", "resnet50_untrained", "vgg16"], 10, root)
    places = range(len(result.rows))
    result.rows["note"] = [NOTES[0] if i < 2 else NOTES[1] if i == 12 else "" for i in places]
    return result


@pytest.fixture(scope="module")
def path(result, tmp_path_factory):
    return result.save(tmp_path_factory.mktemp("page") / "out") / "audit.html"


@pytest.fixture(scope="module")
def driver():
    with chromium() as driver:
        yield driver


@pytest.fixture
def audit(path, driver):
    show(driver, path, width=DESK)
    yield driver
    assert complaints(driver) == []


def test_a_desk_shows_the_whole_table(audit):
    widths = (
        "const box = document.querySelector('.scroll'); return [box.scrollWidth, box.clientWidth]"
    )
    whole, seen = audit.execute_script(widths)
    assert whole <= seen
    assert audit.execute_script("return document.documentElement.scrollWidth") <= DESK


S_AUC = """return [...document.querySelectorAll("#rows tbody tr")].map((row) => {
  const cell = row.cells[2].getBoundingClientRect(), name = row.cells[0].getBoundingClientRect();
  return [name.left, name.right, cell.left, cell.right];
})"""


def test_a_phone_shows_each_s_auc_beside_its_name(audit, path):
    show(audit, path, width=PHONE, height=800)
    places = audit.execute_script(S_AUC)
    assert len(places) == 35
    for left, right, begins, ends in places:
        assert 0 <= left < right <= begins + 1 and ends <= PHONE
    assert audit.execute_script("return document.documentElement.scrollWidth") <= PHONE


def test_the_name_stays_where_a_phone_scrolls_sideways(audit, path):
    show(audit, path, width=PHONE, height=800)
    audit.execute_script("document.querySelector('.scroll').scrollLeft = 300")
    left, right, *_ = audit.execute_script(S_AUC)[0]
    assert 0 <= left < right < PHONE


def test_a_column_sorts_by_click_and_by_key(audit):
    from selenium.webdriver.common.keys import Keys

    button = audit.find_elements("css selector", "#rows th button")[1]
    button.click()
    cells = "#rows tbody td:nth-child(3)"
    key = [float(n.get_attribute("data-sort")) for n in audit.find_elements("css selector", cells)]
    assert key == sorted(key, reverse=True)
    button.send_keys(Keys.ENTER)
    key = [float(n.get_attribute("data-sort")) for n in audit.find_elements("css selector", cells)]
    assert key == sorted(key)


def test_differences_between_conditions_sort_as_numbers_with_their_signs(driver, tmp_path):
    models = {"bright": lambda x: x.mean(-1), "red": lambda x: x[..., 0]}
    result = by_task(models, tmp_path)
    show(driver, result.save(tmp_path / "out") / "audit.html", width=PHONE)
    button = driver.find_element("css selector", ".apart th:nth-child(3) button")
    driver.execute_script("arguments[0].click()", button)
    cells = driver.find_elements("css selector", ".apart td:nth-child(3) .value")
    texts = [cell.get_attribute("textContent").rstrip("▲▼") for cell in cells]
    numbers = [float(text.replace("−", "-")) for text in texts]
    assert numbers == sorted(numbers, reverse=True)
    assert any(text.startswith("+") for text in texts)
    assert any(text.startswith("−") for text in texts)
    head = button.find_element("xpath", "..")
    assert head.get_attribute("aria-sort") == "descending"
    assert driver.execute_script("return document.documentElement.scrollWidth") <= PHONE
    assert len(driver.find_elements("css selector", ".answers li")) == 2
    assert complaints(driver) == []


def test_a_mark_leads_to_the_note_of_its_row(audit):
    marks = audit.find_elements("css selector", "#rows sup a")
    assert [mark.text for mark in marks] == ["1", "1", "2"]
    texts = [node.text for node in audit.find_elements("css selector", "ol.notes li")]
    assert texts == NOTES
    marks[2].click()
    target = audit.find_element("css selector", ":target")
    assert target.text == NOTES[1]
    assert -1 < target.rect["y"] - audit.execute_script("return window.scrollY") < 900


def test_heading_and_name_stay_where_a_long_table_scrolls(audit):
    scroll = "const box = document.querySelector('.tall'); box.scrollTop = 500;"
    head, box, first = audit.execute_script(
        f"{scroll} const top = (node) => node.getBoundingClientRect().top;"
        "return [top(box.querySelector('thead th')), top(box), top(box.querySelector('tbody th'))]"
    )
    assert abs(head - box) <= 1 and first < box
    corner = audit.execute_script(
        "const box = document.querySelector('.tall'), at = box.getBoundingClientRect();"
        "return document.elementFromPoint(at.left + 9, at.top + 9).closest('th').cellIndex"
    )
    assert corner == 0


def shown(driver):
    """Titles of the maps that lie over the photograph, and what stands below each."""
    script = """const cards = [...document.querySelectorAll("#gallery .g-cards figure")].slice(2);
    const scores = (card) => [...card.querySelectorAll("dt")].map((title) =>
      [title.textContent, title.nextElementSibling.textContent]);
    return cards.map((card) =>
      [card.querySelector("figcaption").textContent, Object.fromEntries(scores(card))])"""
    return dict(driver.execute_script(script))


def test_maps_are_chosen_and_have_the_scores_of_their_rows(audit, result):
    (title,) = audit.find_elements("css selector", "#gallery .g-id")
    assert len(shown(audit)) == gallery.SHOWN
    boxes = audit.find_elements("css selector", "#gallery .g-attentions input")
    assert len(boxes) == gallery.MAPS
    for box in boxes:
        if not box.is_selected():
            audit.execute_script("arguments[0].click()", box)
    of_image = result.examples[result.examples["image"] == title.text]
    rows = {str(name_of(row)): row for _, row in of_image.iterrows()}
    found = shown(audit)
    assert len(found) == gallery.MAPS
    for name, scores in found.items():
        assert scores["s-AUC"] == decimals(round(rows[name]["s_auc"], 4), 3)
        assert scores["NSS"] == decimals(round(rows[name]["nss"], 4), 3)


def test_images_are_ordered_by_how_far_a_map_is_from_people(audit, result):
    order = "const one = document.querySelector('.g-by'); one.value = 's_auc/below';"
    audit.execute_script(f"{order} one.dispatchEvent(new Event('change'))")
    options = audit.find_elements("css selector", "#gallery .g-of option")
    name = next(one.text for one in options if one.is_selected())
    scores = result.examples.assign(name=[str(name_of(r)) for _, r in result.examples.iterrows()])
    table = scores.pivot(index="image", columns="name", values="s_auc")
    apart = table["single_observer"] - table[name]
    strip = audit.find_elements("css selector", "#gallery .g-strip button")
    ids = [button.get_attribute("title") for button in strip]
    assert len(ids) == 3 and ids == sorted(ids, key=lambda one: -apart[one])


def test_without_scripts_the_page_is_a_list_of_all_maps(path, driver, tmp_path):
    text = re.sub(r"<script.*?</script>", "", path.read_text("utf-8"), flags=re.DOTALL)
    plain = tmp_path / "plain.html"
    plain.write_text(text, "utf-8")
    show(driver, plain, width=PHONE)
    assert not driver.find_element("css selector", ".g-live").is_displayed()
    assert not driver.find_element("css selector", "#theme").is_displayed()
    tiles = driver.find_elements("css selector", ".g-list details[open] li")
    assert len(tiles) == 1 + gallery.MAPS and all(tile.is_displayed() for tile in tiles)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= PHONE
    assert complaints(driver) == []


def test_every_control_and_picture_has_a_name(audit):
    for one in audit.find_elements("css selector", "button, input, select, canvas"):
        assert not one.is_displayed() or one.accessible_name
    levels = [
        int(node.tag_name[1]) for node in audit.find_elements("css selector", "h1, h2, h3, h4")
    ]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_a_contrast_of_at_least_four_and_a_half(audit, path, scheme, width):
    show(audit, path, width=width, scheme=scheme, hash="#note-1")
    audit.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    found = contrasts(audit)
    assert len(found) > 10
    assert {kind: told for kind, told in found.items() if told[0] < 4.5} == {}
