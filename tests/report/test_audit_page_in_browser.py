"""The page of an audit in a real browser: long names, on a desk and on a phone."""

import pytest
from browser import chromium, complaints, contrasts, show
from made_audits import many_layers

pytestmark = pytest.mark.browser

DESK, PHONE = 1280, 390
NOTES = ["It was never trained.", "Pixels of 0 to 255 reach its first layer. It was never trained."]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    root = tmp_path_factory.mktemp("page")
    result = many_layers(["resnet50 trained on birds", "resnet50_untrained", "vgg16"], 10, root)
    places = range(len(result.rows))
    result.rows["note"] = [NOTES[0] if i < 2 else NOTES[1] if i == 12 else "" for i in places]
    return result.save(root / "out") / "audit.html"


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


def test_a_mark_leads_to_the_note_of_its_row(audit):
    marks = audit.find_elements("css selector", "#rows sup a")
    assert [mark.text for mark in marks] == ["1", "1", "2"]
    texts = [node.text for node in audit.find_elements("css selector", ".notes li")]
    assert texts == NOTES
    marks[2].click()
    target = audit.find_element("css selector", ":target")
    assert target.text == NOTES[1]
    assert -1 < target.rect["y"] - audit.execute_script("return window.scrollY") < 900


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_a_contrast_of_at_least_four_and_a_half(audit, path, scheme, width):
    show(audit, path, width=width, scheme=scheme, hash="#note-1")
    found = contrasts(audit)
    assert len(found) > 10
    assert {kind: told for kind, told in found.items() if told[0] < 4.5} == {}
