// Run in every page that the browser check opens: each function returns what is wrong, in words.
window.v2gChecks = (() => {
  const shown = (element) => element.outerHTML.slice(0, 120);
  const visible = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;

  async function settled() {
    const startup = window.MathJax && window.MathJax.startup;
    if (startup && startup.promise) await startup.promise;
    await document.fonts.ready;
    return true;
  }

  function maths() {
    const faults = [...document.querySelectorAll("span.math, div.math")]
      .filter((element) => !element.querySelector("mjx-container"))
      .map((element) => `not rendered: ${element.textContent.trim().slice(0, 80)}`);
    const bad = document.querySelectorAll('mjx-merror, [data-mjx-error], [mathcolor="red"]');
    faults.push(...[...bad].map((element) => `bad TeX: ${(element.dataset.mjxError || element.textContent).slice(0, 80)}`));
    const text = document.querySelector("article, main, body").cloneNode(true);
    text.querySelectorAll("pre, code, script, style, mjx-container, span.math, div.math").forEach((e) => e.remove());
    const raw = text.textContent.match(/\\[a-zA-Z]{2,}[^\n]{0,60}|\\[()[\]][^\n]{0,60}|\$\$|\$[^$\n]*[\\^_{][^$\n]*\$/g) || [];
    faults.push(...raw.map((found) => `raw TeX in the text: ${found}`));
    return faults;
  }

  // What sticks out of the page to the right, unless something around it scrolls.
  function sideways() {
    const faults = [];
    const root = document.documentElement;
    if (root.scrollWidth > window.innerWidth + 1) faults.push(`the page is ${root.scrollWidth} px wide`);
    const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    const contained = (element, within) => {
      for (let e = element.parentElement; e && e !== within; e = e.parentElement) if (scrolls(e)) return true;
      return false;
    };
    for (const article of document.querySelectorAll("article, main")) {
      for (const element of article.querySelectorAll("*")) {
        if (element.closest("mjx-assistive-mml, svg svg, .bd-sidebar-secondary")) continue;
        const box = element.getBoundingClientRect();
        if (box.width > 1 && box.right > window.innerWidth + 1 && visible(element) && !contained(element, article)) {
          faults.push(`sticks out to ${Math.round(box.right)} px: ${shown(element)}`);
          break;
        }
      }
    }
    return faults;
  }

  function pictures() {
    const empty = /^(image|figure|plot|graph|picture|photo|diagram|chart)?s?[.\s\d]*$|\.(svg|png|jpe?g|gif)$|_images|\\[a-z(]|<figure/i;
    const faults = [];
    for (const image of document.querySelectorAll("article img, main img")) {
      const alt = (image.getAttribute("alt") || "").trim();
      if (empty.test(alt) || alt.length < 12) faults.push(`no real alternative text (${JSON.stringify(alt)}): ${image.src.slice(0, 60)}`);
      if (image.complete && !image.naturalWidth) faults.push(`does not load: ${image.src.slice(0, 80)}`);
    }
    for (const drawing of document.querySelectorAll('article svg[role="img"]')) {
      if (!drawing.getAttribute("aria-label") && !drawing.querySelector("title")) faults.push(`no name: ${shown(drawing)}`);
    }
    return faults;
  }

  function policy() {
    const meta = document.querySelector('meta[http-equiv="Content-Security-Policy"]');
    const rules = meta ? meta.content.split(";").map((rule) => rule.trim()) : [];
    const scripts = rules.find((rule) => rule.startsWith("script-src ")) || "";
    if (!rules.includes("default-src 'none'") || !scripts || /unsafe|\*|https?:/.test(scripts)) {
      return [`no strict Content-Security-Policy: ${meta ? meta.content.slice(0, 80) : "none"}`];
    }
    return [];
  }

  // a link inside an SVG has an object for an address
  const address = (link) => new URL(link.getAttribute("href"), document.baseURI).href;
  const links = () => [...document.querySelectorAll("a[href]")].map(address);

  function loaded() {
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return {
      bytes: entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0),
      firstPaint: paint ? paint.startTime / 1000 : null,
    };
  }

  // Words of code and formulas make up nine tenths of a page's elements and tell axe nothing new:
  // one word of each kind stands for all, and so do three formulas (their words for screen readers
  // stay). Comes last, since it takes the page apart.
  function thin() {
    const kinds = new Map();
    for (const word of document.querySelectorAll("div.highlight span, dt.sig span, code span")) {
      const around = word.closest("div.cell_output, div.cell_input, details, dt, code");
      const kind = `${word.className} in ${word.parentElement.className} in ${around?.className}`;
      kinds.set(kind, [...(kinds.get(kind) || []), word]);
    }
    for (const [, ...others] of kinds.values()) others.forEach((word) => word.replaceWith(...word.childNodes));
    [...document.querySelectorAll("mjx-math")].slice(3).forEach((drawn) => drawn.replaceChildren());
  }

  // Contrast follows from a text's colour, size and weight and from what lies behind it. Marks the
  // first text of each such look; axe needs minutes for all of them, seconds for these.
  function looks() {
    const grounds = new Map([[null, ""]]);
    const ground = (element) => {
      if (!grounds.has(element)) {
        const style = getComputedStyle(element);
        const own = `${style.backgroundColor} ${style.backgroundImage} ${style.opacity};`;
        const opaque = /^rgb\(/.test(style.backgroundColor) && style.opacity === "1";
        grounds.set(element, opaque ? own : own + ground(element.parentElement));
      }
      return grounds.get(element);
    };
    const seen = new Set();
    for (const element of document.body.querySelectorAll("*")) {
      element.removeAttribute("data-look");
      if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim().length > 1)) continue;
      if (!visible(element)) continue;
      const style = getComputedStyle(element);
      const link = element.closest("a") ? getComputedStyle(element.closest("a").parentElement).color : "";
      const look = `${style.color} ${style.fontSize} ${style.fontWeight} ${link} ${ground(element)}`;
      if (!seen.has(look)) element.setAttribute("data-look", "");
      seen.add(look);
    }
    document.querySelectorAll("[data-look]").forEach((element) => element.closest("a")?.setAttribute("data-look", ""));
  }

  const summary = (node) => (node.failureSummary || "").split("\n")[1].trim().slice(0, 160);

  async function run(context, options) {
    const found = await window.axe.run(context, { resultTypes: ["violations"], preload: false, ...options });
    return found.violations.map(
      (v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 120)} ${summary(v.nodes[0])}`,
    );
  }

  // All rules but those on colour, for the whole page.
  function structure(levels, colourRules) {
    thin();
    const off = Object.fromEntries(colourRules.map((rule) => [rule, { enabled: false }]));
    return run(document, { runOnly: { type: "tag", values: levels }, rules: off });
  }

  // The rules on colour, for one text of each look.
  function colours(colourRules) {
    looks();
    return run({ include: [["[data-look]"]] }, { runOnly: { type: "rule", values: colourRules } });
  }

  // On paper: called with the media set to print and the window as wide as the paper's text.
  function paper(hidden) {
    const faults = [];
    for (const element of document.querySelectorAll("main article *, main h1")) {
      if (element.closest("mjx-math, mjx-assistive-mml, script, style, pre > *, svg > *") || !visible(element)) continue;
      const box = element.getBoundingClientRect();
      const cut = getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth + 2;
      if (box.right > window.innerWidth + 1 && box.width > 1) faults.push(`wider than the paper, ${Math.round(box.right)} of ${window.innerWidth} px: ${shown(element)}`);
      else if (cut && element.clientWidth > 2 && !element.closest("img, button")) faults.push(`cut off on paper: ${shown(element)}`);
      if (faults.length > 3) break;
    }
    for (const selector of hidden) {
      const left = [...document.querySelectorAll(selector)].find(visible);
      if (left) faults.push(`is of no use on paper: ${shown(left)}`);
    }
    for (const solution of document.querySelectorAll(".solution.dropdown > section")) {
      if (!visible(solution) || solution.offsetHeight < 10) faults.push(`a solution stays closed: ${shown(solution)}`);
    }
    return faults;
  }

  // Everything the keyboard reaches; called after a key was pressed, so that focus shows itself.
  function focus() {
    const faults = [];
    const places = 'a[href], button:not([disabled]), input:not([disabled], [type="hidden"]), select, summary, [tabindex="0"]';
    const look = (element) => {
      const style = getComputedStyle(element);
      return [style.boxShadow, style.borderColor, style.backgroundColor, style.textDecoration].join();
    };
    for (const element of document.querySelectorAll(places)) {
      if (element.closest("dialog:not([open])") || !visible(element)) continue;
      document.activeElement?.blur();
      const before = look(element);
      element.focus({ preventScroll: true });
      if (document.activeElement !== element) continue;
      const style = getComputedStyle(element);
      const drawn = element.closest("svg") ? element.querySelector("rect, path, text") : element;
      const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      if (!outlined && look(element) === before && drawn === element) faults.push(`focus does not show: ${shown(element)}`);
      else if (!element.checkVisibility({ opacityProperty: true })) faults.push(`has focus, cannot be seen: ${shown(element)}`);
    }
    return faults;
  }

  return { paper, focus, settled, maths, sideways, pictures, policy, links, loaded, structure, colours };
})();
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`Content Security Policy: ${event.violatedDirective} refused ${event.blockedURI || "inline"}`);
});
