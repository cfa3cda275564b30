// What the theme's buttons do: inline handlers are refused by the pages' security policy.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-does]");
  if (!button) return;
  if (button.dataset.does === "print") window.print();
  else if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
});

// Paper is white, whatever the screen is.
let screenTheme;
window.addEventListener("beforeprint", () => {
  screenTheme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
window.addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = screenTheme;
});

// Opened from disk, a page may not fetch the others: the search then lists titles only.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What scrolls within the page can be scrolled by keyboard too, and fades where it goes on.
const SCROLLERS = ".v2g-table, .pst-scrollable-table-container, .output, div.highlight pre, div.math, div.math mjx-container";
function fade(place) {
  const left = place.scrollLeft > 2;
  const right = place.scrollLeft + place.clientWidth < place.scrollWidth - 2;
  if (left || right) place.dataset.more = left && right ? "both" : left ? "left" : "right";
  else delete place.dataset.more;
}
function reachable() {
  for (const place of document.querySelectorAll(SCROLLERS)) {
    if (getComputedStyle(place).overflowX !== "auto") continue;
    if (place.scrollWidth > place.clientWidth + 1) place.tabIndex = 0;
    fade(place);
  }
  for (const formula of document.querySelectorAll("span.math")) {
    const drawn = formula.querySelector("mjx-math");
    const wide = drawn !== null && drawn.getBoundingClientRect().width > formula.clientWidth + 1;
    formula.classList.toggle("v2g-wide", wide);
    if (wide) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
    if (wide) fade(formula);
    else delete formula.dataset.more;
  }
}
document.addEventListener("scroll", (event) => event.target.matches?.("[data-more]") && fade(event.target), true);
window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  await document.fonts.ready;
  reachable();
  window.addEventListener("resize", reachable);
});

// A small preview of the theorem, figure, exercise or source that a link leads to. Nothing is fetched:
// what stands on this page is copied, a source stands in its link's title.
const preview = document.createElement("div");
preview.id = "v2g-preview";
preview.setAttribute("role", "tooltip");
let previewed, waiting;

function content(link) {
  if (link.title) {
    link.dataset.preview = link.title; // else the browser shows it as well, and never to the keyboard
    link.removeAttribute("title");
  }
  if (link.dataset.preview) return document.createTextNode(link.dataset.preview);
  if (link.origin + link.pathname !== location.origin + location.pathname || !link.hash) return null;
  const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  const shown = target?.closest("figure, .admonition, div.math, .v2g-frames");
  if (!shown || shown.contains(link)) return null;
  const copy = shown.cloneNode(true);
  copy.querySelectorAll("button, script, input, a.v2g-data, a.headerlink").forEach((part) => part.remove());
  copy.querySelectorAll("a").forEach((part) => part.replaceWith(...part.childNodes));
  copy.querySelectorAll("[tabindex]").forEach((part) => part.removeAttribute("tabindex"));
  [copy, ...copy.querySelectorAll("[id]")].forEach((part) => part.removeAttribute("id"));
  copy.classList.remove("toggle", "toggle-hidden");
  return copy;
}
function hide() {
  clearTimeout(waiting);
  previewed?.removeAttribute("aria-describedby");
  previewed = undefined;
  preview.remove();
}
function show(link) {
  const shown = content(link);
  if (!shown || link === previewed) return;
  hide();
  previewed = link;
  preview.replaceChildren(shown);
  document.body.append(preview);
  link.setAttribute("aria-describedby", preview.id);
  put();
}
function put() {
  const [place, box] = [previewed.getBoundingClientRect(), preview.getBoundingClientRect()];
  const below = place.bottom + 6 + box.height < innerHeight || place.top < box.height + 6;
  preview.style.top = `${below ? place.bottom + 6 : place.top - box.height - 6}px`;
  preview.style.left = `${Math.max(16, Math.min(place.left, document.body.clientWidth - box.width - 16))}px`;
}
const linkAt = (event) => event.target.closest?.("article a.reference.internal");
document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch" || preview.contains(event.target)) return clearTimeout(waiting);
  const link = linkAt(event);
  clearTimeout(waiting);
  if (link) waiting = setTimeout(show, 200, link);
  else if (previewed) waiting = setTimeout(hide, 300);
});
document.addEventListener("focusin", (event) => {
  const link = linkAt(event);
  if (link?.matches(":focus-visible")) show(link);
  else hide();
});
document.addEventListener("focusout", hide);
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
document.addEventListener("scroll", (event) => event.target === document && previewed && put()); // focus scrolls too
