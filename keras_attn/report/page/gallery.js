// The gallery: its data are those of gallery.py, in #gallery-data; heat is drawn on canvases here.
(() => {
  const section = document.getElementById("gallery");
  if (!section) return;
  const { sets, colours, sigma } = JSON.parse(document.getElementById("gallery-data").textContent);
  const WIDTH = 320, DENSITY = 60, MILLISECONDS = 300, OUTLINE = [230, 159, 0], PREFIX = "#example/";
  // Of an outline: pixels that lie outside the object within two steps of its edge.
  const THICK = [[2, 0], [-2, 0], [0, 2], [0, -2]];
  const find = (selector) => section.querySelector(selector);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const table = bytes(colours);
  // What is chosen; example and trunk are of each set, attentions are those that are not shown.
  const state = { set: 0, frame: 0, hidden: new Set(), density: false, strength: 0.85 };
  for (const set of sets) Object.assign(set, { example: 0, chosen: 0 });
  const pictures = new Map();
  let timer = null;

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  // --- drawing ----------------------------------------------------------------------------------

  /** The pixels of each frame of an example at WIDTH, as a promise of a list of ImageData. */
  function framesOf(example) {
    if (!pictures.has(example)) pictures.set(example, decoded(example));
    return pictures.get(example);
  }

  async function decoded(example) {
    const image = new Image();
    image.src = example.image;
    await image.decode();
    const count = example.points.length, width = image.naturalWidth / count;
    const height = Math.max(1, Math.round((WIDTH * image.naturalHeight) / width));
    const canvas = make("canvas", { width: WIDTH, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    return example.points.map((_, frame) => {
      context.drawImage(image, frame * width, 0, width, image.naturalHeight, 0, 0, WIDTH, height);
      return context.getImageData(0, 0, WIDTH, height);
    });
  }

  /** A map enlarged bilinearly to a picture's size, its pixels' centres kept in place. */
  function enlarged(levels, [rows, columns], width, height) {
    const made = new Float32Array(width * height);
    const places = (count, most) => Array.from({ length: count }, (_, k) => {
      const at = Math.min(most - 1, Math.max(0, ((k + 0.5) * most) / count - 0.5));
      return [Math.floor(at), Math.min(most - 1, Math.floor(at) + 1), at % 1];
    });
    const across = places(width, columns);
    places(height, rows).forEach(([top, bottom, down], y) => {
      for (let x = 0; x < width; x++) {
        const [left, right, aside] = across[x];
        const row = (r) => levels[r * columns + left] * (1 - aside) + levels[r * columns + right] * aside;
        made[y * width + x] = row(top) * (1 - down) + row(bottom) * down;
      }
    });
    return made;
  }

  const copy = ({ data, width, height }) => new ImageData(new Uint8ClampedArray(data), width, height);

  /** The grey picture under the colours of a map: the hotter, the less of the picture shows. */
  function heated(picture, levels, size) {
    const made = copy(picture), { data, width, height } = made;
    enlarged(levels, size, width, height).forEach((level, k) => {
      const p = 4 * k, colour = 3 * Math.round(level);
      const grey = (data[p] + data[p + 1] + data[p + 2]) / 3;
      const opacity = state.strength * (0.4 + (0.6 * level) / 255);
      for (let c = 0; c < 3; c++) data[p + c] = grey * (1 - opacity) + table[colour + c] * opacity;
    });
    return made;
  }

  /** A Gaussian at each point, and the levels of their sum. */
  function density(points, width, height) {
    const columns = DENSITY, rows = Math.max(1, Math.round((DENSITY * height) / width));
    const sum = new Float32Array(rows * columns), spread = 2 * (sigma * columns) ** 2;
    for (let i = 0; i < points.length; i += 2) {
      const x = (points[i] / 1000) * columns - 0.5, y = (points[i + 1] / 1000) * rows - 0.5;
      for (let k = 0; k < sum.length; k++) {
        const apart = ((k % columns) - x) ** 2 + (Math.floor(k / columns) - y) ** 2;
        if (apart < 8 * spread) sum[k] += Math.exp(-apart / spread);
      }
    }
    const most = Math.max(...sum) || 1;
    return { levels: sum.map((value) => (255 * value) / most), size: [rows, columns] };
  }

  /** Whether each pixel of a picture's size is of the object. */
  function maskAt({ size: [rows, columns], runs }, width, height) {
    const whole = new Uint8Array(rows * columns);
    let place = 0;
    runs.forEach((length, k) => whole.fill(k % 2, place, (place += length)));
    const at = (k, count, most) => Math.min(most - 1, Math.floor(((k + 0.5) * most) / count));
    const made = new Uint8Array(width * height);
    for (let k = 0; k < made.length; k++) {
      const row = at(Math.floor(k / width), height, rows);
      made[k] = whole[row * columns + at(k % width, width, columns)];
    }
    return made;
  }

  /** A map of predictions in grey, with the outline of the true object. */
  function predicted(picture, levels, size, mask) {
    const made = copy(picture), { data, width, height } = made;
    const map = enlarged(levels, size, width, height);
    const truth = maskAt(mask, width, height);
    for (let k = 0; k < truth.length; k++) {
      const edge = truth[k] && THICK.some((step) => !truth[k + step[0] + step[1] * width]);
      for (let c = 0; c < 3; c++) data[4 * k + c] = edge ? OUTLINE[c] : map[k];
    }
    return made;
  }

  function masked(picture, mask) {
    const made = copy(picture);
    maskAt(mask, made.width, made.height).forEach((inside, k) => made.data.fill(255 * inside, 4 * k, 4 * k + 3));
    return made;
  }

  function dots(canvas, points) {
    const context = canvas.getContext("2d");
    for (const [radius, colour] of [[3.4, "#141414"], [2.4, "#fff"]]) {
      context.fillStyle = colour;
      for (let i = 0; i < points.length; i += 2) {
        context.beginPath();
        context.arc((points[i] / 1000) * canvas.width, (points[i + 1] / 1000) * canvas.height, radius, 0, 7);
        context.fill();
      }
    }
  }

  /** The frame's own part of a map's levels. */
  function levelsOf(map) {
    map.decoded ??= bytes(map.levels);
    const count = map.size[0] * map.size[1];
    return map.decoded.subarray(state.frame * count, (state.frame + 1) * count);
  }

  // --- what is shown ----------------------------------------------------------------------------

  /** A picture with its label; draw: a frame's ImageData and the canvas -> what is put on it. */
  function picture(label, told, draw) {
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", told);
    canvas.draw = (frame) => {
      Object.assign(canvas, { width: frame.width, height: frame.height });
      const made = draw(frame);
      canvas.getContext("2d").putImageData(made, 0, 0);
      return canvas;
    };
    return make("div", { className: "g-picture" }, canvas, ...(label ? [make("span", { textContent: label })] : []));
  }

  const minus = (value, digits) => value.toFixed(digits).replace("-", "−");

  /** A list of scores; best: the values that are marked, by column. */
  function numbers(scores, columns, best = {}) {
    const list = make("dl");
    for (const [key, title, digits] of columns) {
      if (!(key in scores)) continue;
      const value = minus(scores[key], digits);
      const shown = value === best[key] ? make("b", { textContent: value }) : value;
      list.append(make("dt", { textContent: title }), make("dd", {}, shown));
    }
    return list;
  }

  /** The best of what is shown in each column, as it is printed; none where only one has it. */
  function bestOf(all, columns) {
    const best = {};
    for (const [key, , digits, higher] of columns) {
      const values = all.filter((scores) => key in scores).map((scores) => scores[key]);
      if (values.length > 1) best[key] = minus((higher ? Math.max : Math.min)(...values), digits);
    }
    return best;
  }

  function card(title, ...children) {
    return make("figure", {}, make("figcaption", { textContent: title }), ...children);
  }

  function peopleCard(example, name) {
    const points = () => example.points[state.frame];
    const gaze = picture(example.mask ? "gaze" : "", `gaze on ${name}`, (frame) => {
      if (!state.density) return frame;
      const { levels, size } = density(points(), frame.width, frame.height);
      return heated(frame, levels, size);
    });
    const canvas = gaze.firstChild, draw = canvas.draw;
    canvas.draw = (frame) => {
      draw(frame);
      if (!state.density) dots(canvas, points());
    };
    const count = make("p", { className: "g-told" });
    gaze.told = () => {
      const n = points().length / 2;
      count.textContent = `${n} fixation${n === 1 ? "" : "s"}${example.frames ? " in this frame" : ""}`;
    };
    const made = [gaze];
    if (example.mask) made.push(picture("true object", `true object of ${name}`, (frame) => masked(frame, example.mask)));
    made.push(count);
    if (example.viewer) made.push(make("p", { className: "g-told", textContent: "one viewer against the others:" }), numbers(example.viewer, sets[state.set].scores));
    return card(example.mask ? "people" : "gaze", ...made);
  }

  function networkCard(set, example, place, title, best) {
    const seen = example.seen[place], name = example.id;
    if (!seen) return card(title, make("p", { className: "g-none", textContent: "This network was not scored on this example, or no pictures of it were kept." }));
    const { attention, prediction } = seen, made = [];
    if (attention) made.push(picture(prediction ? "attention" : "", `attention of ${title} on ${name}`, (frame) => heated(frame, levelsOf(attention), attention.size)));
    else made.push(make("p", { className: "g-none", textContent: "This network has no attention." }));
    if (prediction) made.push(picture("prediction", `prediction of ${title} on ${name}`, (frame) => predicted(frame, levelsOf(prediction), prediction.size, example.mask)));
    if ("told" in seen) {
      const kind = seen.right ? "g-right" : "g-wrong";
      made[0].classList.add("g-framed", kind);
      const mark = make("b", { className: `g-mark ${kind}`, textContent: seen.right ? "✓" : "✗" });
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", seen.right ? "right:" : "wrong:");
      made.push(make("p", { className: "g-told" }, mark, ` ${seen.told}`));
    }
    return card(title, ...made, numbers(seen.scores, set.scores, best));
  }

  function cards(set, example) {
    const titles = set.networks.map(([, attention]) => set.attentions[attention]);
    const places = set.networks.flatMap(([trunk], k) => (trunk === set.chosen && !state.hidden.has(titles[k]) ? [k] : []));
    const best = bestOf(places.flatMap((k) => example.seen[k]?.scores ?? []), set.scores);
    return [
      card("image", picture("", example.id, (frame) => frame)),
      peopleCard(example, example.id),
      ...places.map((k) => networkCard(set, example, k, titles[k], best)),
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
    for (const one of section.querySelectorAll(".g-picture")) one.told?.();
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
    [...find(".g-strip").children].forEach((one, k) => chosen(one, k === set.example));
    find(".g-id").textContent = example.id;
    find(".g-class").textContent = example.class ?? "";
    find(".g-link").href = address();
    const film = find(".g-film");
    film.hidden = !example.frames;
    find("#gallery-frame").max = example.points.length - 1;
    find(".g-play").hidden = still.matches;
    const all = cards(set, example);
    find(".g-cards").style.setProperty("--columns", Math.max(4, all.length));
    find(".g-cards").replaceChildren(...all);
    draw();
  }

  function chosen(element, is) {
    element.setAttribute("aria-selected", is);
    element.tabIndex = is ? 0 : -1;
  }

  /** Place of the frame in the middle; 0 of an image. */
  const middle = (example) => Math.floor(example.points.length / 2);

  function pick(place, { told = true } = {}) {
    stop();
    sets[state.set].example = place;
    state.frame = middle(current().example);
    show();
    // Within the strip alone: scrollIntoView would move the whole page.
    const strip = find(".g-strip"), one = strip.children[place];
    strip.scrollLeft = one.offsetLeft - strip.offsetLeft - (strip.clientWidth - one.clientWidth) / 2;
    if (told) history.replaceState(null, "", address());
  }

  function open(place) {
    state.set = place;
    const { set } = current();
    [...find(".g-tabs").children].forEach((one, k) => chosen(one, k === place));
    find("#gallery-panel").setAttribute("aria-labelledby", `gallery-tab-${place}`);
    find(".g-strip").replaceChildren(...set.examples.map(thumbnail));
    find(".g-trunks").hidden = set.trunks.length < 2;
    find(".g-trunks").replaceChildren(make("legend", { textContent: set.trunk }), ...set.trunks.map((title, k) => {
      const input = make("input", { type: "radio", name: "gallery-trunk", checked: k === set.chosen });
      input.addEventListener("change", () => {
        set.chosen = k;
        attentions(set);
        show();
      });
      return make("label", {}, input, ` ${title}`);
    }));
    attentions(set);
    const [one] = set.examples;
    find(".g-of-masks").hidden = !one.mask;
    find(".g-of-classes").hidden = !one.class;
    find(".g-of-clip").hidden = !one.frames;
    pick(set.example, { told: false });
  }

  function thumbnail(example, place) {
    const image = make("img", { src: example.image, alt: example.class ? `${example.id}, ${example.class}` : example.id, loading: "lazy" });
    const count = example.points.length;
    if (count > 1) image.style.objectPosition = `${(100 * middle(example)) / (count - 1)}% 0`;
    const button = make("button", { type: "button", title: image.alt }, image);
    button.setAttribute("role", "option");
    button.addEventListener("click", () => pick(place));
    return button;
  }

  function attentions(set) {
    const there = new Set(set.networks.filter(([trunk]) => trunk === set.chosen).map(([, attention]) => attention));
    find(".g-attentions").replaceChildren(make("legend", { textContent: "attention" }), ...set.attentions.map((title, k) => {
      const has = there.has(k);
      const input = make("input", { type: "checkbox", checked: has && !state.hidden.has(title), disabled: !has });
      input.addEventListener("change", () => {
        state.hidden[input.checked ? "delete" : "add"](title);
        show();
      });
      return make("label", { className: has ? "" : "g-absent" }, input, ` ${title}`);
    }));
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
      choose(to);
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
    open(place);
    section.scrollIntoView();
  }

  [...find(".g-tabs").children].forEach((tab, place) => tab.addEventListener("click", () => open(place)));
  keys(find(".g-tabs"), open);
  keys(find(".g-strip"), pick);
  for (const input of section.querySelectorAll("input[name=gallery-gaze]")) {
    input.addEventListener("change", () => {
      state.density = input.value === "density";
      draw();
    });
  }
  find("#gallery-strength").addEventListener("input", (event) => {
    state.strength = event.target.value / 100;
    draw();
  });
  find("#gallery-frame").addEventListener("input", (event) => {
    stop();
    state.frame = Number(event.target.value);
    draw();
  });
  find(".g-play").addEventListener("click", play);
  still.addEventListener("change", () => {
    stop();
    show();
  });
  const stops = Array.from({ length: 9 }, (_, k) => 3 * Math.round((255 * k) / 8));
  find(".g-scale").style.background = `linear-gradient(to right, ${stops.map((k) => `rgb(${table.slice(k, k + 3).join()})`)})`;
  addEventListener("hashchange", follow);
  open(0);
  follow();
})();
