"""Interactive figures that need no server: every frame is drawn beforehand, sliders choose one.

The page gets plain HTML: one labelled range input a parameter, and all frames in one deflate
stream that a few lines of script unpack. Without scripts the frame it starts at stands as an image.
"""

import base64
import html
import inspect
import itertools
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure

from v2g_nb import checks
from v2g_nb.checks import Text
from v2g_nb.errors import InvalidInput
from v2g_nb.figures.data import FigureData, FigureName, in_words
from v2g_nb.figures.style import picture

MAX_FRAMES = 80  # beyond this a page grows heavy without telling more

# The same text for every figure, so that one hash in the page's security policy admits them all.
SCRIPT = """(async function(box){
const raw=Uint8Array.from(atob(box.querySelector('script[type="text/plain"]').textContent.trim()),c=>c.charCodeAt(0));
const stream=new Blob([raw]).stream().pipeThrough(new DecompressionStream('deflate'));
const data=JSON.parse(await new Response(stream).text());
const image=box.querySelector('img'),inputs=[...box.querySelectorAll('input')];
const outputs=[...box.querySelectorAll('output')];
function show(){let j=0;inputs.forEach((input,i)=>{const k=+input.value,names=data.labels[i];j=j*names.length+k;
outputs[i].value=names[k];input.setAttribute('aria-valuetext',names[k])});
image.src='data:image/svg+xml,'+encodeURIComponent(data.svg[j]);image.alt=data.alts[j]}
inputs.forEach(input=>{input.disabled=false;input.addEventListener('input',show)});box.dataset.ready='1'
})(document.currentScript.parentElement)"""


@dataclass(frozen=True)
class Parameter:
    """One slider: what it is called and the values it takes."""

    label: str
    values: tuple[Any, ...]

    @property
    def names(self) -> list[str]:
        """The values as a reader sees them."""
        return [v if isinstance(v, str) else f"{v:g}" for v in self.values]


@dataclass(frozen=True, eq=False)
class Frames:
    """An interactive figure: `html` for the page, `data` behind all frames, `live` for a kernel."""

    name: str
    html: str
    data: FigureData
    parameters: tuple[Parameter, ...]
    draw: Callable[..., Figure]
    compute: Callable[..., Mapping[str, Any]]
    start: tuple[int, ...]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return the forms in which Jupyter may show the figure."""
        size = " x ".join(f"{len(p.values)} of {p.label}" for p in self.parameters)
        return {"text/html": self.html, "text/plain": f"<interactive figure {self.name}: {size}>"}

    def live(self) -> Any:
        """Return ipywidgets sliders that compute and draw with the running kernel."""
        import ipywidgets  # only a live notebook needs it

        def show(**chosen: Any) -> Any:
            values = list(chosen.values())
            return picture(self.draw(self.compute(*values), *values), self.name)

        sliders = {
            f"p{i}": ipywidgets.SelectionSlider(
                options=list(zip(p.names, p.values, strict=True)), value=p.values[k], description=p.label
            )
            for i, (p, k) in enumerate(zip(self.parameters, self.start, strict=True))
        }
        return ipywidgets.interactive(show, **sliders)


def frames(
    name: FigureName,
    parameters: Mapping[str, Sequence[Any]],
    compute: Callable[..., Mapping[str, Any]],
    draw: Callable[..., Figure],
    alt: str | Callable[..., str],
    *,
    start: Sequence[int] | None = None,
    link: Annotated[str, Text(blank=True)] = "",
) -> Frames:
    """Draw every frame of an interactive figure.

    Parameters
    ----------
    name : str
        The figure's name, such as ``fig-load``; unique in the book.
    parameters : dict of str to sequence
        One or two sliders: label (with its unit) and the values it takes, numbers or strings.
    compute : callable
        ``compute(*values)`` returns the named columns of one frame; they are registered.
    draw : callable
        ``draw(columns, *values)`` returns a matplotlib figure made of those columns only.
    alt : str or callable
        What the frame shows in words, its main number included: ``{name}`` stands for the value of the slider
        that `compute` calls so, ``{column.last:.3g}`` for an entry of a column (`first`, `last`, `min`, `max`;
        none of these where it has one entry only). Or ``alt(columns, *values)``, where words need more than that.
    start : sequence of int, optional
        Which value each slider starts at, by position; the first by default.
    link : str, optional
        Address of the figure's data, relative to the page.

    Returns
    -------
    Frames
        The last expression of a notebook cell; ``.live()`` gives sliders for a running kernel.

    Raises
    ------
    InvalidInput
        If the name is not of the form ``fig-...``, there are no or more than two parameters, more than 80
        frames, a parameter without values, a `start` out of range, frames with different columns, or a frame
        whose columns have unequal lengths.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> def line(columns, slope):
    ...     figure = Figure()
    ...     figure.subplots().plot(columns["x"], columns["y"])
    ...     return figure
    >>> made = frames("fig-slope", {"slope": [1, 2]}, lambda s: {"x": [0, 1], "y": [0, s]}, line,
    ...               "A line that rises to {y.last:g}.")
    >>> made.data.columns["y"]
    array([0., 1., 0., 2.])
    """
    sliders = _sliders(parameters)
    first = _start(start, sliders)
    names = list(inspect.signature(compute).parameters)[: len(sliders)]
    svgs: list[str] = []
    alts: list[str] = []
    parts: list[dict[str, Any]] = []
    for values in itertools.product(*(p.values for p in sliders)):
        columns = FigureData(name, compute(*values)).columns
        length = max(len(c) for c in columns.values())
        if any(len(c) not in (1, length) for c in columns.values()):
            raise InvalidInput(
                f"compute = {checks.shown(compute)}: columns of one frame must be equally long, or scalars"
            )
        chosen = {p.label: value for p, value in zip(sliders, values, strict=True)}
        parts.append({key: np.broadcast_to(column, length) for key, column in (chosen | dict(columns)).items()})
        svgs.append(picture(draw(columns, *values), name).svg)
        known = dict(zip(names, values, strict=True)) | dict(columns)
        alts.append(in_words(alt, known) if isinstance(alt, str) else checks.text("alt", alt(columns, *values)))
    if any(part.keys() != parts[0].keys() for part in parts):
        raise InvalidInput(f"compute = {checks.shown(compute)}: must return the same columns for every frame")
    data = FigureData(name, {k: np.concatenate([part[k] for part in parts]) for k in parts[0]})
    page = _html(name, sliders, first, svgs, alts, link)
    return Frames(name, page, data, sliders, draw, compute, first)


def _sliders(parameters: Mapping[str, Sequence[Any]]) -> tuple[Parameter, ...]:
    if not 1 <= len(parameters) <= 2:
        raise checks.invalid("parameters", parameters, "a dict of one or two sliders")
    sliders = []
    for label, values in parameters.items():
        checks.text("parameters", label)
        if isinstance(values, str) or not hasattr(values, "__len__") or not len(values):
            raise checks.invalid(f"parameters[{label!r}]", values, "a sequence with at least one value")
        for value in values:
            if not isinstance(value, str):
                checks.real(f"parameters[{label!r}]", value)
        sliders.append(Parameter(label, tuple(v if isinstance(v, str) else _plain(v) for v in values)))
    count = int(np.prod([len(p.values) for p in sliders]))
    if count > MAX_FRAMES:
        raise InvalidInput(f"parameters = {checks.shown(parameters)} give {count} frames: must be at most {MAX_FRAMES}")
    return tuple(sliders)


def _plain(value: Any) -> int | float:
    """Return a Python number: a NumPy integer stays a whole number."""
    return int(value) if isinstance(value, Integral) else float(value)


def _start(start: Sequence[int] | None, sliders: tuple[Parameter, ...]) -> tuple[int, ...]:
    if start is None:
        return (0,) * len(sliders)
    if len(start) != len(sliders):
        raise checks.invalid("start", start, f"{len(sliders)} positions, one a slider")
    return tuple(checks.integer("start", k, low=0, high=len(p.values) - 1) for k, p in zip(start, sliders, strict=True))


def _html(
    name: str, sliders: tuple[Parameter, ...], first: tuple[int, ...], svgs: list[str], alts: list[str], link: str
) -> str:
    shown = 0
    for k, p in zip(first, sliders, strict=True):
        shown = shown * len(p.values) + k
    payload = json.dumps({"labels": [p.names for p in sliders], "alts": alts, "svg": svgs}, separators=(",", ":"))
    packed = base64.b64encode(zlib.compress(payload.encode("utf-8"), 9)).decode("ascii")
    image = base64.b64encode(svgs[shown].encode("utf-8")).decode("ascii")
    rows = "".join(
        f'<div class="v2g-slider"><label for="{name}-{i}">{html.escape(p.label)}</label> '
        f'<input type="range" id="{name}-{i}" min="0" max="{len(p.values) - 1}" step="1" value="{k}" '
        f'aria-valuetext="{html.escape(p.names[k], quote=True)}" disabled> '
        f'<output for="{name}-{i}">{html.escape(p.names[k])}</output></div>'
        for i, (p, k) in enumerate(zip(sliders, first, strict=True))
    )
    group = html.escape("Interactive figure: " + ", ".join(p.label for p in sliders), quote=True)
    data = (
        f'<a class="v2g-data" href="{html.escape(link, quote=True)}" download>Data of this figure (CSV)</a>'
        if link
        else ""
    )
    return (
        f'<div class="v2g-frames" id="{name}" role="group" aria-label="{group}">{rows}'
        f'<img class="v2g-figure" src="data:image/svg+xml;base64,{image}" alt="{html.escape(alts[shown], quote=True)}">'
        f'{data}<script type="text/plain">{packed}</script><script>{SCRIPT}</script></div>'
    )
