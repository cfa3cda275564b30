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

// What scrolls within the page can be scrolled by keyboard too.
function reachable() {
  const places = ".pst-scrollable-table-container, .output, div.highlight pre, div.math mjx-container";
  for (const place of document.querySelectorAll(places)) if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  for (const formula of document.querySelectorAll("span.math")) {
    const drawn = formula.querySelector("mjx-math");
    const wide = drawn !== null && drawn.getBoundingClientRect().width > formula.clientWidth + 1;
    formula.classList.toggle("v2g-wide", wide);
    if (wide) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
}
window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  await document.fonts.ready;
  reachable();
  window.addEventListener("resize", reachable);
});
