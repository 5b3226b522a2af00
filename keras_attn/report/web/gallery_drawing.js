// Draws the pictures of the gallery from its data; keeps no state.

/**
 * Functions that draw. table: RGB of each of the 256 levels of heat. faintest, strongest: its opacity at the
 * lowest and at the highest level. sigma: as a share of the width.
 */
function galleryDrawing(table, [faintest, strongest], sigma) {
  // Pixels of a picture and of the map of a density across.
  const WIDTH = 320, DENSITY = 60;
  const OUTLINE = [230, 159, 0];
  // Of an outline are the pixels of an object from which one of these steps leads out of it.
  const STEPS = [[3, 0], [-3, 0], [0, 3], [0, -3], [2, 2], [-2, 2], [2, -2], [-2, -2]];

  /** The pixels of each frame of an example at WIDTH, as a promise of a list of ImageData. */
  async function decoded(example) {
    const image = new Image();
    image.src = example.image;
    await image.decode();
    const count = example.points.length, width = image.naturalWidth / count;
    const height = Math.max(1, Math.round((WIDTH * image.naturalHeight) / width));
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    return example.points.map((_, frame) => {
      context.drawImage(image, frame * width, 0, width, image.naturalHeight, 0, 0, WIDTH, height);
      return context.getImageData(0, 0, WIDTH, height);
    });
  }

  /** The levels of a map of each frame, as a promise: they stand side by side in its picture. */
  async function levels({ source, size: [rows, columns] }) {
    const image = new Image();
    image.src = source;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return Array.from({ length: width / columns }, (_, frame) => {
      const at = (k) => 4 * (Math.floor(k / columns) * width + frame * columns + (k % columns));
      return Uint8Array.from({ length: rows * columns }, (_, k) => data[at(k)]);
    });
  }

  /** A map enlarged bilinearly to a picture's size, its pixels' centres kept in place. */
  function enlarged(levels, [rows, columns], width, height) {
    const values = new Float32Array(width * height);
    const places = (count, most) => Array.from({ length: count }, (_, k) => {
      const at = Math.min(most - 1, Math.max(0, ((k + 0.5) * most) / count - 0.5));
      return [Math.floor(at), Math.min(most - 1, Math.floor(at) + 1), at % 1];
    });
    const across = places(width, columns);
    places(height, rows).forEach(([top, bottom, down], y) => {
      for (let x = 0; x < width; x++) {
        const [left, right, aside] = across[x];
        const row = (r) => levels[r * columns + left] * (1 - aside) + levels[r * columns + right] * aside;
        values[y * width + x] = row(top) * (1 - down) + row(bottom) * down;
      }
    });
    return values;
  }

  const copy = ({ data, width, height }) => new ImageData(new Uint8ClampedArray(data), width, height);

  /** The grey picture under the colours of a map: the hotter, the less of the picture shows. */
  function heated(picture, levels, size, strength) {
    const drawn = copy(picture), { data, width, height } = drawn;
    enlarged(levels, size, width, height).forEach((level, k) => {
      const p = 4 * k, colour = table[Math.round(level)];
      const grey = (data[p] + data[p + 1] + data[p + 2]) / 3;
      const opacity = (strength / strongest) * (faintest + ((strongest - faintest) * level) / 255);
      for (let c = 0; c < 3; c++) data[p + c] = grey * (1 - opacity) + colour[c] * opacity;
    });
    return drawn;
  }

  /** The levels of the sum of a Gaussian at each point, for a picture's size, and the map's. */
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
    const inside = new Uint8Array(width * height);
    for (let k = 0; k < inside.length; k++) {
      const row = at(Math.floor(k / width), height, rows);
      inside[k] = whole[row * columns + at(k % width, width, columns)];
    }
    return inside;
  }

  /** A map of predictions in grey, with the outline of the true object. */
  function predicted(picture, levels, size, mask) {
    const drawn = copy(picture), { data, width, height } = drawn;
    const map = enlarged(levels, size, width, height);
    const truth = maskAt(mask, width, height);
    for (let k = 0; k < truth.length; k++) {
      const edge = truth[k] && STEPS.some((step) => !truth[k + step[0] + step[1] * width]);
      for (let c = 0; c < 3; c++) data[4 * k + c] = edge ? OUTLINE[c] : map[k];
    }
    return drawn;
  }

  function masked(picture, mask) {
    const drawn = copy(picture);
    maskAt(mask, drawn.width, drawn.height).forEach((inside, k) => drawn.data.fill(255 * inside, 4 * k, 4 * k + 3));
    return drawn;
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

  return { decoded, levels, heated, density, predicted, masked, dots };
}
