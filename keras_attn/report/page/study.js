// What the page of a study does beside web/page.js, whose functions it calls.
{
  // --- filter of the findings ---
  const show = (what) => {
    let shown = 0;
    for (const claim of $$("li.claim")) {
      const { verdict, own } = claim.dataset;
      claim.hidden = !(what === "all" || verdict === what || (what === "not-borne-out" && (own === "partly" || own === "no")));
      shown += !claim.hidden;
    }
    const rest = $("#unmeasured");
    if (rest) {
      rest.hidden = !$("li.claim:not([hidden])", rest);
      rest.open = what !== "all" && !rest.hidden;
    }
    for (const part of $$(".question")) part.hidden = !$("li.claim:not([hidden])", part);
    for (const button of $$(".filter button")) button.setAttribute("aria-pressed", button.dataset.show === what);
    $("#filtered").textContent = `${shown} claims shown`;
  };
  for (const button of $$(".filter button")) button.addEventListener("click", () => show(button.dataset.show));
  for (const link of $$("[data-filter]")) link.addEventListener("click", () => show(link.dataset.filter));

  // --- charts ---
  for (const radio of $$("#gaze-metric input")) {
    radio.addEventListener("change", () => {
      for (const chart of $$("[data-gaze]")) chart.hidden = chart.dataset.gaze !== radio.value;
    });
  }
  // --- figures ---
  for (const button of $$(".enlarge")) {
    const figure = button.closest("figure"), picture = $("img", figure);
    // There is nothing to enlarge of a picture that is shown as large as it is.
    new ResizeObserver(() => {
      const whole = picture.clientWidth >= picture.getAttribute("width");
      button.hidden = whole && !figure.classList.contains("full");
    }).observe(picture);
    button.addEventListener("click", () => {
      const full = figure.classList.toggle("full");
      button.setAttribute("aria-pressed", full);
    });
  }

  // --- pages of runs ---
  const runs = JSON.parse($("#runs-data").textContent);
  const link = (run, text) => element("a", { href: `#run/${encodeURIComponent(run.name)}` }, text);

  const NAMES = { seconds: "duration", peak_memory_bytes: "peak memory" };  // printed with other units
  const printed = (key, value) => {
    if (value === null || value === "") return "–";
    if (key === "peak_memory_bytes") return `${(value / 2 ** 30).toFixed(2)} GiB`;
    if (key === "seconds") return value < 120 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(1)} min`;
    if (key === "command" && Array.isArray(value)) return element("code", {}, value.join(" "));
    if (Array.isArray(value)) return value.join(", ");
    return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  };

  /* Rows of a table from nested values; a heading above each inner part. */
  const rowsOf = (values, path = []) => {
    const plain = [], inner = [];
    for (const [key, value] of Object.entries(values)) {
      const words = NAMES[key] ?? key.replaceAll("_", " ");
      if (Array.isArray(value) && value.some((one) => one && typeof one === "object")) {
        for (const one of value) inner.push(...rowsOf(one, [...path, words]));
      } else if (value && typeof value === "object" && !Array.isArray(value)) {
        inner.push(...rowsOf(value, [...path, words]));
      } else {
        plain.push(element("tr", {}, element("th", { scope: "row" }, words), element("td", {}, printed(key, value))));
      }
    }
    const head = path.length && plain.length
      ? [element("tr", {}, element("th", { colspan: 2, class: "part", scope: "colgroup" }, path.join(" · ")))] : [];
    return [...head, ...plain, ...inner];
  };
  const facts = (title, values) => {
    if (!values || !Object.keys(values).length) return null;
    return element("section", {}, element("h2", {}, title), element("table", {}, element("tbody", {}, rowsOf(values))));
  };

  const scores = (run) => element("section", {}, element("h2", {}, "Scores"), element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, ["score", "value", "95 % interval", "examples"].map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, run.scores.map(([title, value, low, high, n]) => element("tr", {}, element("th", { scope: "row" }, title),
      element("td", {}, value), element("td", {}, low === "–" ? "–" : `${low} to ${high}`), element("td", {}, n.toLocaleString("en"))))))));

  const pageOf = (run) => {
    const alike = runs.filter((one) => one !== run && ["task", "dataset", "network"].every((key) => one[key] === run[key]));
    const part = [["fold", run.fold], ["seed", run.seed]].filter(([, value]) => value !== null).map((pair) => pair.join(" "));
    return [
      element("p", {}, element("a", { href: "#runs" }, "← All runs")),
      element("p", { class: "eyebrow" }, `${run.task} · ${run.dataset}`),
      element("h1", {}, run.network),
      element("p", { class: "muted" }, [run.name, ...part, `${run.examples.toLocaleString("en")} examples`].join(" · ")),
      alike.length ? element("p", {}, "The same network: ", alike.flatMap((one, k) => [k ? ", " : "", link(one, one.name)])) : null,
      run.scores.length ? scores(run) : null,
      element("div", { class: "facts" }, facts("Configuration", run.config), element("div", {},
        facts("Data", run.data), facts("Environment", run.versions), facts("Provenance", run.provenance))),
    ].filter((node) => node !== null);
  };

  const parts = [$(".hero"), $(".layout"), $("footer")], page = $("#run-page"), title = document.title;
  let back = 0;
  const route = () => {
    $("#tip").hidden = true;
    const wanted = location.hash.startsWith("#run/") ? decodeURIComponent(location.hash.slice(5)) : null;
    const run = runs.find((one) => one.name === wanted);
    if (run && page.hidden) back = scrollY;
    const returned = !run && !page.hidden;
    page.hidden = !run;
    for (const part of parts) part.hidden = Boolean(run);
    document.title = run ? `${run.name} · ${title}` : title;
    if (run) {
      page.replaceChildren(...pageOf(run));
      scrollTo({ top: 0, behavior: "instant" });
      page.focus({ preventScroll: true });
    } else if (returned) {
      const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
      if (target && location.hash !== "#runs") target.scrollIntoView();
      else scrollTo({ top: back, behavior: "instant" });
    }
  };
  addEventListener("hashchange", route);
  route();
}
