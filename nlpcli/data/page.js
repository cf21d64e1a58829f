"use strict";
const root = document.documentElement, $ = id => document.getElementById(id);
const system = matchMedia("(prefers-color-scheme: dark)"), onTheme = []; // what a picture does when colours change
const isDark = () => root.dataset.theme === "dark" || (root.dataset.theme === "auto" && system.matches);
const counted = (count, one) => count.toLocaleString() + " " + one + (count === 1 ? "" : "s");
const recolour = () => onTheme.forEach(draw => draw());
system.addEventListener("change", recolour);
$("theme").onclick = () => { root.dataset.theme = isDark() ? "light" : "dark"; recolour(); };
// Parts that tell something when they are pointed at: Tab comes to one of them, the arrows go on to the others.
// Gives back what is to be called when some of them were hidden or shown.
function roam(parts, tell, columns = 1) {
  const stop = part => parts.forEach(one => { one.tabIndex = one === part ? 0 : -1; });
  const shown = part => part.getClientRects().length > 0, steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  parts.forEach((part, at) => {
    for (const kind of ["mouseenter", "click"]) part.addEventListener(kind, () => tell(part, at));
    part.addEventListener("focus", () => { stop(part); tell(part, at); });
    part.addEventListener("keydown", event => {
      const by = steps[event.key] || 0;
      let to = event.key === "Home" ? 0 : event.key === "End" ? parts.length - 1 : at + by;
      while (by && parts[to] && !shown(parts[to])) to += by;
      if (to === at || !parts[to] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault(); parts[to].focus();
    });
  });
  stop(parts[0]);
  return () => { if (!parts.some(part => part.tabIndex === 0 && shown(part))) stop(parts.find(shown) || parts[0]); };
}
// The key of a heat map: the fields of `kind` from one step to another, between what the ends stand for.
function scale(box, kind, from, to, low, high) {
  const fields = document.createElement("span"), ends = [low, high].map(text => document.createTextNode(text));
  for (let step = from; step <= to; step++) { const field = document.createElement("i"); field.className = kind + step; fields.append(field); }
  box.className = "scale"; box.setAttribute("role", "img"); box.setAttribute("aria-label", "colours from " + low + " to " + high);
  box.replaceChildren(ends[0], fields, ends[1]);
}
