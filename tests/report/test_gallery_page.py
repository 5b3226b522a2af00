"""The gallery's section in a real browser; skipped where there is none."""

import shutil

import numpy as np
import pytest
from made_galleries import save_clips, save_images

from keras_attn import pictures
from keras_attn.report import web
from keras_attn.report.page import gallery
from keras_attn.report.rows import results

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>gallery</title><style>
:root { --ground: #fff; --panel: #eee; --text: #111; --muted: #555; --line: #ccc; --accent: #06c;
  --right: #0072b2; --wrong: #d55e00; }
%s</style><body>%s<script>%s</script>"""
PIXEL = """((label, x, y) => {
  const canvas = document.querySelector(`#gallery canvas[aria-label="${label}"]`);
  const at = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
  return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
})(...arguments)"""
SECONDS = 20


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a page with the section alone, of three datasets and of networks of all kinds."""
    root = tmp_path_factory.mktemp("study")
    scores = {"mae": 0.125, "s_auc": [0.5, 0.7], "ig": -0.25}
    folders = [
        save_images(root / "1", ["a", "b/ä"], scores=scores),
        save_images(root / "2", "a", heat=((1, 0), (1, 0)), attention="supervised"),
        save_images(root / "3", ["a", "b/ä"], backbone="alexnet"),
        save_clips(root / "4", [True, False]),
        save_clips(
            root / "5",
            [True, True],
            shown={"heat": None},
            attention="none",
            fusion="flow",
            gaze=False,
        ),
    ]
    section = web.environment().get_template("web/gallery.html.j2")
    data = web.gallery.for_page(gallery.of(results.read(folders)))
    script = web.all_of(name for name in web.SCRIPTS if "gallery" in name)
    drawn = section.render(gallery=data)
    page = root / "page.html"
    page.write_text(PAGE % (web.all_of(["web/gallery.css"]), drawn, script), "utf-8")
    return page.as_uri()


class Browser:
    """A headless Chromium. By CSS selector, or as JavaScript of the page."""

    def __init__(self, driver):
        self.driver = driver

    def js(self, script, *arguments):
        return self.driver.execute_script(f"return {script}", *arguments)

    def all(self, selector):
        return self.driver.find_elements("css selector", f"#gallery {selector}")

    def click(self, selector, place=0):
        self.all(selector)[place].click()

    def texts(self, selector):
        return [one.text for one in self.all(selector)]

    def wait(self, what):
        """Until JavaScript is true."""
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, SECONDS).until(lambda _: self.js(what))

    def drawn(self, name):
        """Wait until an example is on the canvases."""
        self.wait(f"document.querySelector('#gallery').dataset.drawn?.endsWith('{name}')")

    def media(self, **features):
        listed = [{"name": n.replace("_", "-"), "value": v} for n, v in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": listed})

    def pixel(self, label, x, y):
        """RGB of a canvas at a share of its width and height."""
        return self.js(PIXEL, label, x, y)


@pytest.fixture(scope="module")
def driver():
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    binary, service = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not service:
        pytest.skip("no chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable_path=service))
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver, address):
    """At the first example of a page that was just opened; its console stays empty."""
    made = Browser(driver)
    made.media(prefers_reduced_motion="no-preference")
    driver.get("about:blank")
    driver.get(address)
    made.drawn("dut_omron/a")
    yield made
    told = [entry["message"] for entry in driver.get_log("browser")]
    # Only reading the canvases back, as these tests do, is worth a remark to the browser.
    assert [message for message in told if "getImageData" not in message] == []


def press(*keys):
    """Type on whatever has the focus."""
    from selenium.webdriver.common.keys import Keys

    return "".join(getattr(Keys, key) for key in keys)


def test_heat_is_the_colour_of_the_map_over_the_grey_image(browser):
    """85 % of the brightest colour over grey 128 on the right, 35 % of black on the left.

    Both by hand: the ends of inferno are (0, 0, 4) and (252, 255, 164); figures have the same.
    """
    hot = [0.85 * c + 0.15 * 128 for c in (252, 255, 164)]
    cold = [0.35 * c + 0.65 * 128 for c in (0, 0, 4)]
    grey, heat = np.full((1, 2, 3), 128, np.uint8), np.array([[0, 1]], np.float32)
    np.testing.assert_allclose(pictures.overlay(grey, heat, (0, 1)), [[cold, hot]], atol=1)
    browser.click(".g-trunks input", 1)
    browser.wait("document.querySelectorAll('#gallery .g-cards figure').length === 4")
    np.testing.assert_allclose(browser.pixel("attention of sigmoid on a", 0.99, 0.5), hot, atol=2)
    np.testing.assert_allclose(browser.pixel("attention of sigmoid on a", 0, 0.5), cold, atol=2)
    np.testing.assert_allclose(browser.pixel("attention of supervised on a", 0, 0.5), hot, atol=3)
    browser.js(
        "(() => { const s = document.querySelector('#gallery-strength'); s.value = 0;"
        "s.dispatchEvent(new Event('input')); })()"
    )
    browser.wait("document.querySelector('#gallery-strength').value === '0'")
    np.testing.assert_allclose(browser.pixel("attention of sigmoid on a", 0.99, 0.5), 128, atol=3)


def test_gaze_prediction_and_object_are_where_they_were(browser):
    """A point is at (1/4, 1/2), in white; the object is from 1/5 to 3/5 of the width."""
    assert browser.pixel("gaze on a", 0.25, 0.5) == [255, 255, 255]
    np.testing.assert_allclose(browser.pixel("gaze on a", 0.5, 0.9), 128, atol=3)
    assert browser.pixel("true object of a", 0.4, 0.5) == [255, 255, 255]
    assert browser.pixel("true object of a", 0.7, 0.5) == [0, 0, 0]
    assert browser.pixel("prediction of sigmoid on a", 0.203, 0.5) == [230, 159, 0]
    assert min(browser.pixel("prediction of sigmoid on a", 0.4, 0.5)) > 240
    assert max(browser.pixel("prediction of sigmoid on a", 0.9, 0.5)) < 16
    browser.click(".g-gaze input", 1)
    browser.wait("document.querySelector('#gallery .g-gaze input[value=density]').checked")
    dense, empty = (browser.pixel("gaze on a", x, y) for x, y in ((0.25, 0.5), (0.5, 0.9)))
    assert sum(dense) > 500 > 3 * sum(empty) / 2


def test_scores_stand_below_and_networks_are_chosen(browser):
    assert browser.texts(".g-cards figcaption") == ["example", "people", "sigmoid"]
    browser.click(".g-trunks input", 1)
    assert browser.texts(".g-cards figcaption") == ["example", "people", "sigmoid", "supervised"]
    assert browser.texts(".g-cards dl")[0].split("\n")[2:] == [
        *("MAE", "0.125", "s-AUC", "0.500", "IG", "−0.25")
    ]
    # Of `supervised`: MAE, s-AUC and IG. Both have the same F, so that none is the best.
    assert browser.texts(".g-cards dd b") == ["0.100", "0.600", "0.20"]
    browser.click(".g-attentions input", 0)
    assert browser.texts(".g-cards figcaption") == ["example", "people", "supervised"]


def choose(browser, selector, value):
    """Choose from a list as a reader would, or type into a field."""
    script = "((s, v) => { const one = document.querySelector(`#gallery ${s}`); one.value = v;"
    script += "one.dispatchEvent(new Event(one.matches('select') ? 'change' : 'input')); })"
    browser.js(f"{script}(...arguments)", selector, value)


def strip(browser):
    return [one.get_attribute("title") for one in browser.all(".g-strip button")]


def test_examples_are_ordered_by_a_score_of_a_network_and_found_by_name(browser):
    """Of sigmoid s-AUC is .5 on the first and .7 on the second; of others it is there once."""
    assert strip(browser) == ["a", "b/ä"]
    networks = [one.get_attribute("textContent") for one in browser.all(".g-of option")]
    at = networks.index("VGG16 · sigmoid")
    choose(browser, ".g-by", "s_auc/best")
    choose(browser, ".g-of", str(at))
    assert strip(browser) == ["b/ä", "a"] and browser.texts(".g-id") == ["b/ä"]
    browser.all(".g-strip button")[0].send_keys(press("ARROW_RIGHT"))
    browser.drawn("dut_omron/a")
    choose(browser, ".g-by", "s_auc/worst")
    assert strip(browser) == ["a", "b/ä"]
    choose(browser, ".g-of", str(networks.index("VGG16 · supervised")))
    assert strip(browser) == ["a", "b/ä"]  # which it was not scored on
    choose(browser, ".g-search", " Ä")
    assert strip(browser) == ["b/ä"] and browser.texts(".g-count") == ["1 of 2"]
    choose(browser, ".g-search", "nothing")
    assert strip(browser) == [] and browser.texts(".g-count") == ["0 of 2"]
    browser.js("location.hash = '#example/dut_omron/b%2F%C3%A4'")  # an address shows it anyway
    browser.wait("document.querySelectorAll('#gallery .g-strip button').length === 2")
    assert browser.texts(".g-id") == ["b/ä"]


def test_points_are_laid_over_the_maps_when_that_is_wanted(browser):
    browser.click(".g-trunks input", 1)
    label = "attention of sigmoid on a"
    browser.wait(f"document.querySelector('#gallery canvas[aria-label=\"{label}\"]').width === 320")
    assert max(browser.pixel(label, 0.25, 0.5)) < 250
    browser.click(".g-over")
    assert browser.pixel(label, 0.25, 0.5) == [255, 255, 255]


def test_without_scripts_all_pictures_and_scores_stand_in_a_list(browser):
    """As the browser lays them, which is what the script draws."""
    browser.js("(() => { document.querySelector('#gallery .g-list').hidden = false; })()")
    assert len(browser.all(".g-list details")) == 4
    names = browser.texts(".g-list details:first-of-type li b")
    assert names[:2] == ["gaze", "AlexNet · sigmoid"]
    told = [one for one in browser.texts(".g-list details:first-of-type .muted") if "MAE" in one]
    assert told[1] == "adaptive F 0.500, MAE 0.125, s-AUC 0.500, IG −0.25"


def test_arrow_keys_move_through_examples_and_the_address_tells_which(browser, driver):
    strip = browser.all(".g-strip button")
    strip[0].send_keys(press("ARROW_RIGHT"))
    browser.drawn("dut_omron/b%2F%C3%A4")
    assert browser.js("location.hash") == "#example/dut_omron/b%2F%C3%A4"
    assert driver.switch_to.active_element == strip[1]
    assert [one.get_attribute("aria-selected") for one in strip] == ["false", "true"]
    strip[1].send_keys(press("HOME"))
    browser.drawn("dut_omron/a")
    strip[0].send_keys(press("ARROW_LEFT"))
    assert browser.texts(".g-id") == ["a"]


def test_an_address_opens_its_example_and_a_wrong_one_none(browser, driver, address):
    driver.get("about:blank")
    driver.get(f"{address}#example/hollywood2/clip001")
    browser.drawn("hollywood2/clip001")
    driver.execute_script("location.hash = '#example/dut_omron/b%2F%C3%A4'")
    browser.drawn("dut_omron/b%2F%C3%A4")
    for wrong in ("#example/dut_omron/none", "#example/%", "#other"):
        driver.execute_script("location.hash = arguments[0]", wrong)
    assert browser.texts(".g-id") == ["b/ä"]


def test_a_network_without_pictures_or_attention_says_so(browser):
    browser.click(".g-trunks input", 1)
    browser.click(".g-strip button", 1)
    browser.drawn("%C3%A4")
    assert "not scored on this example" in browser.texts(".g-cards figure")[3]
    browser.click(".g-tabs button", 1)
    browser.click(".g-trunks input", 1)
    browser.drawn("clip000")
    assert "has no attention" in browser.texts(".g-cards figure")[2]


def test_the_class_told_is_marked_by_colour_sign_and_name(browser):
    browser.click(".g-tabs button", 1)
    browser.drawn("clip000")
    colours = []
    for place, (sign, name) in enumerate((("✓", "c0"), ("✗", "c1"))):
        browser.click(".g-strip button", place)
        browser.drawn(f"clip00{place}")
        assert f"{sign} {name}" in browser.texts(".g-cards figure")[2]
        (mark,) = browser.all(".g-cards .g-mark")
        colours.append(mark.value_of_css_property("background-color"))
        assert mark.get_attribute("aria-label") == ("right:", "wrong:")[place]
    assert [c.replace(", 1)", ")") for c in colours] == ["rgba(0, 114, 178)", "rgba(213, 94, 0)"]


def test_a_video_moves_by_slider_and_plays_unless_motion_is_unwanted(browser):
    browser.click(".g-tabs button", 1)
    browser.drawn("clip000")
    output = "document.querySelector('#gallery .g-film output').textContent"
    assert browser.js(output) == "5 of 8: frame 27"
    before = browser.pixel("clip000", 0.5, 0.5)
    browser.all("#gallery-frame")[0].send_keys(press("ARROW_RIGHT"))
    browser.wait(f"{output} === '6 of 8: frame 33'")
    assert browser.pixel("clip000", 0.5, 0.5)[0] - before[0] == pytest.approx(24, abs=3)
    browser.click(".g-play")
    browser.wait(f"{output}.startsWith('2 of 8')")  # it went round
    browser.click(".g-play")
    browser.media(prefers_reduced_motion="reduce")
    browser.wait("document.querySelector('#gallery .g-play').hidden")


def test_all_pictures_have_names_and_all_controls_labels(browser):
    for place in (0, 1):
        browser.click(".g-tabs button", place)
        assert all(one.get_attribute("alt") for one in browser.all("img"))
        assert all(one.get_attribute("aria-label") for one in browser.all("canvas"))
        for one in browser.all("input, button"):
            assert not one.is_displayed() or one.accessible_name


def test_a_telephone_needs_no_scrolling_aside(browser, driver):
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for place in (0, 1):
        browser.click(".g-tabs button", place)
        assert browser.js("document.documentElement.scrollWidth") <= 390
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
