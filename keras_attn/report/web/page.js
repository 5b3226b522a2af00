"use strict";
// What both pages do: the theme, words beside what is pointed at, and where the reader is.
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

/* An element with attributes and children; text becomes text, never markup. */
const element = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.flat().filter((child) => child !== null));
  return node;
};

{
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

  // --- words of what is pointed at ---
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

  // --- contents: where the reader is; closed at first where it would fill a small screen ---
  const contents = $(".toc details");
  if (contents && matchMedia("(max-width: 60rem)").matches) contents.open = false;
  const links = new Map($$(".toc > details > ol > li > a").map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const section of $$("main > section")) seen.observe(section);
}
