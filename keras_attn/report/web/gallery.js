// The gallery: its data are those of gallery.py, in #gallery-data, and its pictures those of the list
// that readers without scripts see; gallery_drawing.js draws them, gallery_order.js orders them.
(() => {
  const section = document.getElementById("gallery");
  if (!section) return;
  const { sets, heat, sigma } = JSON.parse(document.getElementById("gallery-data").textContent);
  const MILLISECONDS = 300, PREFIX = "#example/";
  const find = (selector) => section.querySelector(selector);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const table = heat.colours, strongest = heat.opacity[1];
  const { decoded, levels, heated, density, predicted, masked, dots } = galleryDrawing(table, heat.opacity, sigma);
  // What is chosen; example, trunk and order are of each set, titles those that are not shown.
  const state = { set: 0, frame: 0, hidden: new Set(sets.flatMap((set) => set.hidden)), density: false, over: false, strength: strongest };
  for (const set of sets) Object.assign(set, { example: 0, chosen: 0, text: "", by: "", of: set.best });

  const sourceOf = (node, name) => node.style.getPropertyValue(name).trim().slice(5, -2); // what stands in the quotes
  sets.forEach(({ examples }, s) => examples.forEach((example, e) => {
    const item = find(`#gallery-${s}-${e}`);
    example.image = sourceOf(item, "--photograph");
    for (const map of item.querySelectorAll(".g-map")) {
      example.seen[map.dataset.network][map.dataset.kind].source = sourceOf(map, "--map");
    }
  }));
  let timer = null, latest = {};

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  /** What `decoded` promises of an example, its maps decoded too; that of the last one is kept. */
  function framesOf(example) {
    if (latest.example !== example) latest = { example, frames: ready(example) };
    return latest.frames;
  }

  async function ready(example) {
    const maps = Object.values(example.seen).flatMap(({ attention, prediction }) => [attention, prediction]);
    await Promise.all(maps.map(async (map) => { if (map) map.levels ??= await levels(map); }));
    return decoded(example);
  }

  // --- what is shown ----------------------------------------------------------------------------

  const levelsOf = (map) => map.levels[state.frame];

  /** A picture with dots where people looked, if they are wanted there. */
  function dotted(made, example) {
    const canvas = made.lastChild, draw = canvas.draw;
    canvas.draw = (frame) => {
      draw(frame);
      if (state.over) dots(canvas, example.points[state.frame]);
    };
    return made;
  }

  /** A picture with its label; draw: a frame's ImageData and the canvas -> what is put on it. */
  function picture(label, words, draw) {
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", words);
    canvas.draw = (frame) => {
      Object.assign(canvas, { width: frame.width, height: frame.height });
      canvas.getContext("2d").putImageData(draw(frame), 0, 0);
      return canvas;
    };
    return make("div", { className: "g-picture" }, make("span", { textContent: label }), canvas);
  }

  const printed = (value, digits) => value.toFixed(digits).replace("-", "−");

  /** A list of scores; best: the values that are marked, by column. */
  function numbers(scores, columns, best = {}) {
    const list = make("dl");
    for (const [key, title, digits] of columns) {
      if (!(key in scores)) continue;
      const value = printed(scores[key], digits);
      const shown = value === best[key] ? make("b", { textContent: value }) : value;
      list.append(make("dt", { textContent: title }), make("dd", {}, shown));
    }
    return list;
  }

  /** The best of what is shown in each column, as it is printed; none where all are alike. */
  function bestOf(all, columns) {
    const best = {};
    for (const [key, , digits, higher] of columns) {
      const values = all.filter((scores) => key in scores).map((scores) => scores[key]);
      const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => printed(value, digits));
      if (least !== most) best[key] = higher ? most : least;
    }
    return best;
  }

  function card(title, ...children) {
    // A long name may go on in a new line after each slash.
    const parts = title.split("/").flatMap((part, k) => (k ? ["/", make("wbr"), part] : [part]));
    return make("figure", {}, make("figcaption", {}, ...parts), make("div", {}, ...children));
  }

  function peopleCard(example, name) {
    const points = () => example.points[state.frame];
    const gaze = picture("gaze", `gaze on ${name}`, (frame) => {
      if (!state.density) return frame;
      const { levels, size } = density(points(), frame.width, frame.height);
      return heated(frame, levels, size, state.strength);
    });
    const canvas = gaze.lastChild, draw = canvas.draw, count = make("p", { className: "g-told" });
    canvas.draw = (frame) => {
      draw(frame);
      if (!state.density) dots(canvas, points());
      const n = points().length / 2;
      count.textContent = `${n} fixation${n === 1 ? "" : "s"}${example.frames ? " in this frame" : ""}`;
    };
    const parts = [gaze];
    if (example.mask) parts.push(picture("true object", `true object of ${name}`, (frame) => masked(frame, example.mask)));
    parts.push(count);
    if (example.observer) parts.push(make("p", { className: "g-told", textContent: "single observer on the others:" }), numbers(example.observer, sets[state.set].scores));
    return card(example.mask ? "people" : "gaze", ...parts);
  }

  function networkCard(set, example, place, title, best) {
    const seen = example.seen[place], name = example.id;
    if (!seen) return card(title, make("p", { className: "g-none", textContent: "This network was not scored on this example, or no pictures of it were kept." }));
    const { attention, prediction } = seen, parts = [];
    const label = set.together ? `map ${title} on ${name}` : `attention of ${title} on ${name}`;
    if (attention) parts.push(dotted(picture("attention", label, (frame) => heated(frame, levelsOf(attention), attention.size, state.strength)), example));
    else parts.push(make("p", { className: "g-none", textContent: "This network has no attention." }));
    if (prediction) parts.push(picture("prediction", `prediction of ${title} on ${name}`, (frame) => predicted(frame, levelsOf(prediction), prediction.size, example.mask)));
    if ("told" in seen) {
      const kind = seen.right ? "g-right" : "g-wrong";
      parts[0].classList.add("g-framed", kind);
      const mark = make("b", { className: `g-mark ${kind}`, textContent: seen.right ? "✓" : "✗" });
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", seen.right ? "right:" : "wrong:");
      parts.push(make("p", { className: "g-told" }, mark, ` ${seen.told}`));
    }
    return card(title, ...parts, numbers(seen.scores, set.scores, best));
  }

  /** What a network is called among those that are shown with it. */
  function titleOf(set, [trunk, attention]) {
    const names = [set.together ? set.trunks[trunk] : "", set.attentions[attention]];
    return names.filter((name) => name).join(" · ");
  }

  function cards(set, example) {
    const titles = set.networks.map((network) => titleOf(set, network));
    const places = set.networks.flatMap(([trunk], k) => ((set.together || trunk === set.chosen) && !state.hidden.has(titles[k]) ? [k] : []));
    const compared = places.filter((k) => set.trunks[set.networks[k][0]]);
    const best = bestOf(compared.flatMap((k) => example.seen[k]?.scores ?? []), set.scores);
    return [
      card(example.mask ? "example" : "image", picture("image", example.id, (frame) => frame)),
      peopleCard(example, example.id),
      ...places.map((k) => networkCard(set, example, k, titles[k], compared.includes(k) ? best : {})),
    ];
  }

  function current() {
    const set = sets[state.set];
    return { set, example: set.examples[set.example] };
  }

  /** Draw the frame that is chosen on all canvases. */
  async function draw() {
    const { example } = current();
    const frames = await framesOf(example);
    if (current().example !== example) return;
    for (const canvas of section.querySelectorAll(".g-cards canvas")) canvas.draw(frames[state.frame]);
    find(".g-film output").textContent = example.frames ? `${state.frame + 1} of ${frames.length}: frame ${example.frames[state.frame]}` : "";
    find("#gallery-frame").value = state.frame;
    section.dataset.drawn = address();
  }

  function address() {
    const { set, example } = current();
    return `${PREFIX}${encodeURIComponent(set.dataset)}/${encodeURIComponent(example.id)}`;
  }

  /** Show the example that is chosen, by the networks that are. */
  function show() {
    const { set, example } = current();
    for (const one of find(".g-strip").children) chosen(one, one.place === set.example);
    find(".g-id").textContent = example.id;
    find(".g-class").textContent = example.class ?? "";
    find(".g-link").href = address();
    const film = find(".g-film");
    film.hidden = !example.frames;
    find("#gallery-frame").max = example.points.length - 1;
    find(".g-play").hidden = still.matches;
    const all = cards(set, example);
    find(".g-cards").classList.toggle("g-plain", !example.mask);
    find(".g-cards").style.setProperty("--columns", Math.min(7, Math.max(4, all.length)));
    find(".g-cards").replaceChildren(...all);
    draw();
  }

  function chosen(element, is) {
    element.setAttribute("aria-selected", is);
    element.tabIndex = is ? 0 : -1;
  }

  /** Place of the frame in the middle; 0 of an image. */
  const middle = (example) => Math.floor(example.points.length / 2);

  function pick(place, { addressed = true } = {}) {
    stop();
    sets[state.set].example = place;
    state.frame = middle(current().example);
    show();
    // Within the strip alone: scrollIntoView would move the whole page.
    const strip = find(".g-strip"), one = [...strip.children].find((child) => child.place === place);
    if (one) strip.scrollLeft = one.offsetLeft - strip.offsetLeft - (strip.clientWidth - one.clientWidth) / 2;
    if (addressed) history.replaceState(null, "", address());
  }

  function open(place) {
    state.set = place;
    const { set } = current();
    [...find(".g-tabs").children].forEach((one, k) => chosen(one, k === place));
    find("#gallery-panel").setAttribute("aria-labelledby", `gallery-tab-${place}`);
    find(".g-search").value = set.text;
    choices(".g-by", galleryOrder.choices(set), set.by);
    choices(".g-of", set.networks.map((network, k) => [k, titleOf({ ...set, together: true }, network)]), set.of);
    strip(set);
    find(".g-trunks").hidden = set.together || set.trunks.length < 2;
    find(".g-trunks").replaceChildren(make("legend", { textContent: set.trunk }), ...set.trunks.map((title, k) =>
      control(title, { type: "radio", name: "gallery-trunk", checked: k === set.chosen }, () => {
        set.chosen = k;
        attentions(set);
        show();
      })));
    attentions(set);
    const [one] = set.examples;
    find(".g-of-masks").hidden = !one.mask;
    find(".g-of-classes").hidden = !one.class;
    find(".g-of-clip").hidden = !one.frames;
    pick(set.example, { addressed: false });
  }

  /** Fill a list of choices with pairs of a value and its words. */
  function choices(selector, pairs, value) {
    find(selector).replaceChildren(...pairs.map(([own, words]) => make("option", { value: own, textContent: words })));
    find(selector).value = value;
  }

  /** The examples that are found, in the order that is chosen. */
  function strip(set) {
    const all = galleryOrder.places(set, set.by, set.of);
    const places = all.filter((place) => galleryOrder.found(set.examples[place], set.text));
    find(".g-strip").replaceChildren(...places.map((place) => thumbnail(set.examples[place], place)));
    find(".g-of").parentElement.hidden = !set.by || set.networks.length < 2;
    find(".g-count").textContent = places.length < all.length ? `${places.length} of ${all.length}` : `${all.length} in all`;
    return places;
  }

  /** Show the examples anew, and the first of them. */
  function listed() {
    const { set } = current(), [first] = strip(set);
    if (first !== undefined) pick(first, { addressed: false });
  }

  function thumbnail(example, place) {
    const image = make("img", { src: example.image, alt: example.class ? `${example.id}, ${example.class}` : example.id, loading: "lazy" });
    const count = example.points.length;
    if (count > 1) image.style.objectPosition = `${(100 * middle(example)) / (count - 1)}% 0`;
    const button = make("button", { type: "button", title: image.alt, place }, image);
    button.setAttribute("role", "option");
    button.addEventListener("click", () => pick(place));
    return button;
  }

  /** Boxes of the maps that may be shown, of all groups or of the one that is chosen. */
  function attentions(set) {
    const groups = set.together ? set.trunks.map((_, trunk) => trunk) : [set.chosen];
    find(".g-attentions").replaceChildren(...groups.map((trunk) => {
      const there = new Map(set.networks.filter(([own]) => own === trunk).map((network) => [network[1], network]));
      const shown = set.together ? [...there.keys()] : set.attentions.map((_, k) => k);
      return make("fieldset", {}, make("legend", { textContent: set.together ? set.trunks[trunk] || "references" : "attention" }), ...shown.map((k) => {
        const title = titleOf(set, [trunk, k]), disabled = !there.has(k), checked = !disabled && !state.hidden.has(title);
        return control(set.attentions[k] || "map", { type: "checkbox", checked, disabled }, ({ target }) => {
          state.hidden[target.checked ? "delete" : "add"](title);
          show();
        });
      }));
    }));
  }

  /** An input in its label; act: what is done when it changes. */
  function control(title, properties, act) {
    const input = make("input", properties);
    input.addEventListener("change", act);
    return make("label", { className: input.disabled ? "g-absent" : "" }, input, ` ${title}`);
  }

  // --- moving -----------------------------------------------------------------------------------

  function stop() {
    clearInterval(timer);
    timer = null;
    find(".g-play").textContent = "▶";
    find(".g-play").setAttribute("aria-label", "Play the frames");
  }

  function play() {
    if (timer !== null) return stop();
    find(".g-play").textContent = "❚❚";
    find(".g-play").setAttribute("aria-label", "Stop");
    timer = setInterval(() => {
      state.frame = (state.frame + 1) % current().example.points.length;
      draw();
    }, MILLISECONDS);
  }

  /** Arrow keys, Home and End choose among the children of an element. */
  function keys(parent, choose) {
    parent.addEventListener("keydown", (event) => {
      const all = [...parent.children], at = all.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      if (!all[to]) return;
      choose(all[to].place ?? to);
      all[to].focus({ preventScroll: true });
    });
  }

  /** Show the example that the address names, if it does. */
  function follow() {
    if (!location.hash.startsWith(PREFIX)) return;
    let dataset, id;
    try {
      [dataset, id] = location.hash.slice(PREFIX.length).split("/").map(decodeURIComponent);
    } catch {
      return; // A sign of percent without a code.
    }
    const place = sets.findIndex((set) => set.dataset === dataset && set.examples.some((one) => one.id === id));
    if (place < 0) return;
    sets[place].example = sets[place].examples.findIndex((one) => one.id === id);
    sets[place].text = ""; // what is looked for may hide it
    open(place);
    section.scrollIntoView();
  }

  [...find(".g-tabs").children].forEach((tab, place) => tab.addEventListener("click", () => open(place)));
  keys(find(".g-tabs"), open);
  keys(find(".g-strip"), pick);
  const on = (selector, kind, act) => find(selector).addEventListener(kind, act);
  on(".g-gaze", "change", ({ target }) => {
    if (target.type === "radio") state.density = target.value === "density";
    else state.over = target.checked;
    draw();
  });
  on(".g-search", "input", ({ target }) => {
    current().set.text = target.value;
    listed();
  });
  on(".g-by", "change", ({ target }) => {
    current().set.by = target.value;
    listed();
  });
  on(".g-of", "change", ({ target }) => {
    current().set.of = Number(target.value);
    listed();
  });
  on("#gallery-strength", "input", ({ target }) => {
    state.strength = target.value / 100;
    draw();
  });
  on("#gallery-frame", "input", ({ target }) => {
    stop();
    state.frame = Number(target.value);
    draw();
  });
  on(".g-play", "click", play);
  still.addEventListener("change", () => {
    stop();
    show();
  });
  const stops = Array.from({ length: 9 }, (_, k) => table[Math.round((255 * k) / 8)]);
  find(".g-scale").style.background = `linear-gradient(to right, ${stops.map((colour) => `rgb(${colour.join()})`)})`;
  addEventListener("hashchange", follow);
  find(".g-list").hidden = true;
  find(".g-live").hidden = false;
  open(0);
  follow();
})();
