// In which order the gallery shows examples, and which of them; keeps no state.
const galleryOrder = {
  /** Pairs of a value and its words, the order as they are first. set: one of the gallery's data. */
  choices(set) {
    const made = [["", "as listed"]];
    for (const [key, title, , higher] of set.scores) {
      made.push([`${key}/best`, `${title}, best first`], [`${key}/worst`, `${title}, worst first`]);
      const known = set.examples.some((one) => one.observer && key in one.observer);
      if (known) made.push([`${key}/below`, `${title}, furthest ${higher ? "below" : "above"} a single observer first`]);
    }
    return made;
  },

  /** Places of all examples of a set in an order; those without such a score are last. */
  places(set, choice, network) {
    const all = set.examples.map((_, place) => place);
    if (!choice) return all;
    const [key, how] = choice.split("/");
    const sign = set.scores.find(([name]) => name === key)[3] ? 1 : -1;
    const rank = new Map(all.map((place) => {
      const { seen, observer } = set.examples[place];
      const score = seen[network]?.scores[key] ?? NaN;
      const worse = how === "below" ? (observer?.[key] ?? NaN) - score : how === "worst" ? -score : score;
      return [place, sign * worse];
    }));
    return all.sort((a, b) => Number.isNaN(rank.get(a)) - Number.isNaN(rank.get(b)) || rank.get(b) - rank.get(a) || a - b);
  },

  /** Whether an example has a text in its name or its class. */
  found: ({ id, class: kind = "" }, text) => `${id} ${kind}`.toLowerCase().includes(text.trim().toLowerCase()),
};
