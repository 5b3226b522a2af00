"use strict";
{
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* An element with attributes and children; text becomes text, never markup. */
  const made = (name, attributes = {}, ...children) => {
    const svg = ["svg", "path", "text", "g", "circle"].includes(name);
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children.flat().filter((child) => child !== null));
    return node;
  };

  // --- theme ---
  const root = document.documentElement, theme = $("#theme");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { theme.textContent = isDark() ? "Light theme" : "Dark theme"; };
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("keras_attn-theme", root.dataset.theme); } catch { /* not kept, then */ }
    name();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();

  // --- tables that sort ---
  const numbers = new Intl.Collator("en", { numeric: true });
  const keyOf = (cell) => (($(".value", cell) ?? cell).textContent.trim());
  const numberOf = (text) => (/^[−-]?[\d.,]+/.test(text) ? parseFloat(text.replace("−", "-").replaceAll(",", "")) : NaN);
  for (const button of $$(".sortable th button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th"), table = button.closest("table"), column = head.cellIndex;
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of $$("th[aria-sort]", table)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map((row) => {
        const text = keyOf(row.cells[column]);
        return { row, text, number: numberOf(text) };
      });
      const textual = rows.every((one) => Number.isNaN(one.number));
      rows.sort((a, b) => {
        if (textual) return numbers.compare(a.text, b.text) * (down ? -1 : 1);
        // What has no number stays below, however it is sorted.
        return Number.isNaN(a.number) - Number.isNaN(b.number) || (down ? b.number - a.number : a.number - b.number);
      });
      table.tBodies[0].append(...rows.map((one) => one.row));
    });
  }

  // --- filter of the findings ---
  const show = (what) => {
    let shown = 0;
    for (const claim of $$("li.claim")) {
      const { verdict, own } = claim.dataset;
      claim.hidden = !(what === "all" || verdict === what || (what === "not-borne-out" && (own === "partly" || own === "no")));
      shown += !claim.hidden;
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
  const tip = $("#tip");
  const tell = (node) => {
    const target = node.closest?.("[data-tip]");
    tip.hidden = !target;
    if (!target) return;
    tip.textContent = target.dataset.tip;
    const at = ($(".dot", target) ?? target).getBoundingClientRect(), own = tip.getBoundingClientRect();
    const left = Math.max(6, Math.min(at.left + at.width / 2 - own.width / 2, innerWidth - own.width - 6));
    tip.style.left = `${left}px`;
    tip.style.top = `${at.top > own.height + 12 ? at.top - own.height - 7 : at.bottom + 7}px`;
  };
  for (const type of ["pointerover", "focusin"]) document.addEventListener(type, (event) => tell(event.target));
  document.addEventListener("focusout", () => { tip.hidden = true; });
  // A point that gets the focus may have scrolled into sight: its words go along.
  addEventListener("scroll", () => tell(document.activeElement), { passive: true, capture: true });
  addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

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

  // --- contents: where the reader is; closed at first where it would fill a small screen ---
  if (matchMedia("(max-width: 60rem)").matches) $(".toc details").open = false;
  const links = new Map($$(".toc > details > ol > li > a").map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const section of $$("main > section")) seen.observe(section);

  // --- pages of runs ---
  const runs = JSON.parse($("#runs-data").textContent);
  const link = (run, text) => made("a", { href: `#run/${encodeURIComponent(run.name)}` }, text);

  const NAMES = { seconds: "duration", peak_memory_bytes: "peak memory" };  // printed with other units
  const printed = (key, value) => {
    if (value === null || value === "") return "–";
    if (key === "peak_memory_bytes") return `${(value / 2 ** 30).toFixed(2)} GiB`;
    if (key === "seconds") return value < 120 ? `${value.toFixed(1)} s` : `${(value / 60).toFixed(1)} min`;
    if (key === "command" && Array.isArray(value)) return made("code", {}, value.join(" "));
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
        plain.push(made("tr", {}, made("th", { scope: "row" }, words), made("td", {}, printed(key, value))));
      }
    }
    const head = path.length && plain.length
      ? [made("tr", {}, made("th", { colspan: 2, class: "part", scope: "colgroup" }, path.join(" · ")))] : [];
    return [...head, ...plain, ...inner];
  };
  const facts = (title, values) => {
    if (!values || !Object.keys(values).length) return null;
    return made("section", {}, made("h2", {}, title), made("table", {}, made("tbody", {}, rowsOf(values))));
  };

  const step = (raw) => {
    const power = 10 ** Math.floor(Math.log10(raw));
    return [1, 2, 5, 10].map((times) => times * power).find((one) => one >= raw * (1 - 1e-9));
  };
  const ticks = (low, high, count) => {
    const by = step((high - low) / count), digits = Math.max(0, -Math.floor(Math.log10(by) + 1e-9));
    const found = [];
    for (let k = Math.ceil(low / by - 1e-9); k * by <= high + by * 1e-9; k++) {
      const text = digits > 3 && k ? (k * by).toExponential(1) : (k * by).toFixed(digits);
      found.push([k * by, text.replaceAll("-", "−")]);
    }
    return found;
  };

  /* A chart of some series, each a name and lists of steps and values. */
  const chart = (title, series, unit) => {
    const all = series.flatMap(([, [, values]]) => values), steps = series.flatMap(([, [xs]]) => xs);
    let [low, high] = [Math.min(...all), Math.max(...all)];
    const room = (high - low || Math.abs(high) || 1) * 0.07;
    [low, high] = [low - room, high + room];
    const [first, last] = [Math.min(...steps), Math.max(...steps)];
    const x = (v) => (last > first ? 46 + ((v - first) / (last - first)) * 264 : 178).toFixed(1);
    const y = (v) => (150 - ((v - low) / (high - low)) * 140).toFixed(1);
    const picture = made("svg", { viewBox: "0 0 320 186", role: "img", "aria-label": `${title}: from ${all[0]} to ${series[0][1][1].at(-1)}` });
    for (const [at, text] of ticks(low, high, 4)) {
      picture.append(made("g", { class: "grid" }, made("path", { d: `M46 ${y(at)}H310` })));
      picture.append(made("text", { x: 40, y: y(at), dy: ".35em", "text-anchor": "end" }, text));
    }
    const marks = last > first ? ticks(first, last, 5).filter(([v]) => Number.isInteger(v)) : [[first, String(first)]];
    for (const [at, text] of marks) picture.append(made("text", { x: x(at), y: 165, "text-anchor": "middle" }, text));
    picture.append(made("text", { x: 178, y: 182, "text-anchor": "middle" }, unit));
    series.forEach(([, [xs, values]], place) => {
      const group = made("g", { class: `m${(place + 2) % 6}` });
      const line = xs.map((at, k) => `${k ? "L" : "M"}${x(at)} ${y(values[k])}`).join("");
      group.append(made("path", { class: "line", d: line }));
      if (xs.length < 25) xs.forEach((at, k) => group.append(made("circle", { class: "dot", cx: x(at), cy: y(values[k]), r: 2.2 })));
      picture.append(group);
    });
    const names = series.length < 2 ? null : made("p", { class: "legend" }, series.map(([name], place) => made("span", {},
      made("svg", { class: `mark m${(place + 2) % 6}`, viewBox: "-8 -8 16 16", "aria-hidden": "true" }, made("path", { d: "M-7 0H7" })), name)));
    return made("figure", {}, made("figcaption", {}, title), picture, names);
  };
  const curves = ({ step: unit, steps, series }) => {
    const all = Object.entries(series).filter(([name]) => name !== "seconds");
    const losses = all.filter(([name]) => name.endsWith("loss"));
    const others = all.filter(([name]) => !losses.some(([loss]) => loss === name));
    const panels = [losses.length ? chart("training loss", losses, unit) : null];
    for (const one of others) panels.push(chart(one[0], [one], unit));
    return made("section", {}, made("h2", {}, "Training"),
      made("p", { class: "muted" }, `${steps} ${steps === 1 ? "row" : "rows"} of history; curves of more than 60 points are thinned.`), made("div", { class: "curves" }, panels));
  };

  const scores = (run) => made("section", {}, made("h2", {}, "Scores"), made("div", { class: "scroll" }, made("table", {},
    made("thead", {}, made("tr", {}, ["score", "value", "95 % interval", "examples"].map((text) => made("th", { scope: "col" }, text)))),
    made("tbody", {}, run.scores.map(([title, value, low, high, n]) => made("tr", {}, made("th", { scope: "row" }, title),
      made("td", {}, value), made("td", {}, low === "–" ? "–" : `${low} to ${high}`), made("td", {}, n.toLocaleString("en"))))))));

  const pageOf = (run) => {
    const alike = runs.filter((one) => one !== run && ["task", "dataset", "network"].every((key) => one[key] === run[key]));
    const part = [["fold", run.fold], ["seed", run.seed]].filter(([, value]) => value !== null).map((pair) => pair.join(" "));
    return [
      made("p", {}, made("a", { href: "#runs" }, "← All runs")),
      made("p", { class: "eyebrow" }, `${run.task} · ${run.dataset}`),
      made("h1", {}, run.network),
      made("p", { class: "muted" }, [run.name, ...part, `${run.examples.toLocaleString("en")} examples`].join(" · ")),
      alike.length ? made("p", {}, "The same network: ", alike.flatMap((one, k) => [k ? ", " : "", link(one, one.name)])) : null,
      run.scores.length ? scores(run) : null,
      run.curves.series && Object.keys(run.curves.series).length ? curves(run.curves) : null,
      made("div", { class: "facts" }, facts("Configuration", run.config), made("div", {},
        facts("Data", run.data), facts("Environment", run.versions), facts("Provenance", run.provenance))),
    ].filter((node) => node !== null);
  };

  const parts = [$(".hero"), $(".layout"), $("footer")], page = $("#run-page"), title = document.title;
  let back = 0;
  const route = () => {
    tip.hidden = true;
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
