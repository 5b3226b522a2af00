"""A real browser without a window, for tests of pages; they are skipped where there is none."""

import shutil
from contextlib import contextmanager

import pytest

PROGRAMS = ("chromium", "chromedriver")


@contextmanager
def chromium():
    """A Selenium driver of the Chromium on this machine, which downloads and reports nothing."""
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    places = {name: shutil.which(name) for name in PROGRAMS}
    missing = [name for name, place in places.items() if place is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)} on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = places["chromium"]
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # A driver that is named is not looked for, and so none is downloaded.
    driver = webdriver.Chrome(options=options, service=Service(places["chromedriver"]))
    try:
        yield driver
    finally:
        driver.quit()


def show(driver, path, *, width=1280, height=900, scheme="light", hash=""):
    """Open a page from its file as a screen of this size, and a reader of this taste, would."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.get("about:blank")  # so that a hash alone loads the page anew as well
    driver.get(f"{path.resolve().as_uri()}{hash}")


def complaints(driver):
    """What the browser's console has been told since it was last asked."""
    return [entry["message"] for entry in driver.get_log("browser")]


CONTRASTS = r"""
const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
const behind = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const colour = numbers(getComputedStyle(at).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const found = {};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim(), node = walker.currentNode.parentElement;
  if (!text || !node.checkVisibility() || ["SCRIPT", "STYLE"].includes(node.tagName)) continue;
  const style = getComputedStyle(node);
  const ours = luminance(numbers(node instanceof SVGElement ? style.fill : style.color));
  const ground = luminance(behind(node));
  const ratio = (Math.max(ours, ground) + 0.05) / (Math.min(ours, ground) + 0.05);
  const key = `${node.tagName}.${node.getAttribute("class") ?? ""}`;
  if (!(key in found) || ratio < found[key][0]) found[key] = [ratio, text.slice(0, 40)];
}
return found;
"""


def contrasts(driver):
    """By kind of element, the smallest contrast of visible text to its ground, and such a text."""
    return driver.execute_script(CONTRASTS)
