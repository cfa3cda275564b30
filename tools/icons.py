"""The theme's icons as one small style sheet with the font in it.

The theme asks for 1.5 MB of script and four font files for some twenty icons. Here the icons in use
are cut out of its own font (Font Awesome Free, SIL OFL 1.1), so that a page asks for nothing else
and shows the same opened from disk.
"""

import base64
import io
import logging
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

NOTICE = "/* Icons: a part of Font Awesome Free 6.5.2, https://fontawesome.com, font licence SIL OFL 1.1 */"
BASE = """
:root{--fa-font-solid:normal 900 1em/1 "Font Awesome 6 Free";--fa-font-regular:var(--fa-font-solid);
--fa-font-brands:var(--fa-font-solid)}
.fa-solid,.fas,.fa,.far{font:var(--fa-font-solid);display:inline-block;font-variant:normal;text-rendering:auto;
-webkit-font-smoothing:antialiased}
.fa-lg{font-size:1.25em;line-height:.05em;vertical-align:-.075em}
"""


def _theme_folder() -> Path:
    spec = find_spec("pydata_sphinx_theme")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package pydata-sphinx-theme is missing")
    (folder,) = (Path(spec.origin).parent / "theme/pydata_sphinx_theme/static/vendor/fontawesome").iterdir()
    return folder


def code_points(names: Iterable[str], sheet: str) -> dict[str, int]:
    """Return the code points of the icons among `names` that Font Awesome's sheet defines."""
    rules = re.findall(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}', sheet)
    known = {name: int(code, 16) for heads, code in rules for name in re.findall(r"\.fa-([a-z0-9-]+):", heads)}
    return {name: known[name] for name in sorted(set(names)) if name in known}


def icon_sheet(texts: Iterable[str], styles: Iterable[str]) -> str:
    """Return the style sheet for icons named in pages and scripts, or used by the theme's own styles."""
    folder = _theme_folder()
    names = {name for text in texts for name in re.findall(r"\bfa-([a-z0-9-]+)", text)}
    icons = code_points(names, (folder / "css" / "all.min.css").read_text(encoding="utf-8"))
    drawn = {ord(c) for style in styles for c in style if 0xE000 <= ord(c) <= 0xF8FF}
    drawn |= {int(code, 16) for style in styles for code in re.findall(r"\\(f[0-9a-f]{3})\b", style)}
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options(flavor="woff", hinting=False, notdef_outline=False, layout_features=[])
    with TTFont(folder / "webfonts" / "fa-solid-900.ttf", recalcTimestamp=False) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=drawn | set(icons.values()))
        cutter.subset(font)
        font.flavor = "woff"
        buffer = io.BytesIO()
        font.save(buffer)
    packed = base64.b64encode(buffer.getvalue()).decode("ascii")
    face = (
        '@font-face{font-family:"Font Awesome 6 Free";font-style:normal;font-weight:900;font-display:block;'
        f'src:url(data:font/woff;base64,{packed}) format("woff")}}'
    )
    rules = "".join(f'.fa-{name}:before{{content:"\\{code:x}"}}\n' for name, code in icons.items())
    return f"{NOTICE}\n{face}{BASE}{rules}"
