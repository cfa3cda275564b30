"""What a chapter does besides mathematics: figures with their data, tables, the ledger, quoted numbers.

With the environment variable ``V2G_RECORD`` set to a folder, the numbers behind figures and the values for
the ledger are written there, and a number or claim of the prose that does not hold ends the run. In a
reader's own notebook nothing is written: where a parameter has been changed, a line says what holds no more.
"""

import json
import math
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from v2g_nb import checks
from v2g_nb.arguments import checks_arguments
from v2g_nb.certificate import Result, require
from v2g_nb.checks import Text, Whole
from v2g_nb.errors import Infeasible, InvalidInput, NotAnEquilibrium, NotConverged
from v2g_nb.figures import Frames, Table, frames
from v2g_nb.figures.data import DIGITS, FigureData, differing
from v2g_nb.figures.style import PALETTE, Picture, picture, use_style
from v2g_nb.ledger import Value, load_items, status
from v2g_nb.sweep import sweep

__all__ = [
    "PALETTE",
    "Chapter",
    "Infeasible",
    "InvalidInput",
    "NotAnEquilibrium",
    "NotConverged",
    "Table",
    "sweep",
]


ChapterPath = Annotated[str, Text(pattern=r"[a-z]+/[a-z0-9-]+", right="a path such as 'tools/waiting-lines'")]
ExperimentName = Annotated[str, Text(pattern=r"exp-[a-z0-9-]+", right="a name such as 'exp-random-roads'")]
SECONDS = 20.0  # how long a chapter may redo a part of a large experiment


class Chapter:
    """One chapter of the book, named by its path, such as ``tools/waiting-lines``.

    Parameters
    ----------
    path : str
        Folder and file name without ending, below ``book/``.

    Raises
    ------
    InvalidInput
        If `path` is not of that form.

    Examples
    --------
    >>> chapter = Chapter("tools/waiting-lines")
    >>> chapter.quote(0.45703, "0.457")
    """

    @checks_arguments
    def __init__(self, path: ChapterPath) -> None:
        self.path = path
        self._values: dict[str, Value] = {}
        use_style()

    @checks_arguments
    def figure(self, fig: Figure, name: str, **columns: Any) -> Picture:
        """Register the numbers behind a drawn figure and return it for display.

        Parameters
        ----------
        fig : matplotlib.figure.Figure
            The figure.
        name : str
            Its name, the same as in the cell's metadata (``mystnb.figure.name``).
        **columns : array_like
            What is drawn, by name with the unit in it.

        Returns
        -------
        Picture
            Make it the last expression of the cell.

        Raises
        ------
        InvalidInput
            If `fig` is no figure, `name` is not of the form ``fig-...``, or a column is empty, not
            one-dimensional or holds NaN.
        """
        self._store(FigureData(name, columns))
        return picture(fig, f"<figure {name}>")

    def frames(
        self,
        name: str,
        parameters: Mapping[str, Sequence[Any]],
        compute: Callable[..., Mapping[str, Any]],
        draw: Callable[..., Figure],
        alt: str | Callable[..., str],
        *,
        start: Sequence[int] | None = None,
    ) -> Frames:
        """Return an interactive figure and register its numbers; arguments as in :func:`v2g_nb.figures.frames`."""
        link = f"{self.path.split('/')[1]}-data/{name}.csv"
        made = frames(name, parameters, compute, draw, alt, start=start, link=link)
        self._store(made.data)
        return made

    def certify(self, result: Result) -> Table:
        """Require that all certificates of `result` hold, and return them as a table.

        Parameters
        ----------
        result : object with `certificates`
            What a solver returned.

        Returns
        -------
        Table

        Raises
        ------
        NotAnEquilibrium
            If the solver did not converge, or one does not hold.
        InvalidInput
            If `result` has no certificate.
        """
        require(result)
        rows = [[c.name, f"at most {c.tolerance:g} {c.unit}".rstrip(), "holds"] for c in result.certificates]
        return Table(["Certificate", "Value", "Verdict"], rows)

    def record(self, *pairs: Any) -> None:
        """Record our values of ledger items.

        Parameters
        ----------
        *pairs : str and float, bool or str
            An item's id, such as ``highway.eq-9``, and what we get; as many pairs as there are.

        Raises
        ------
        InvalidInput
            If the ledger has no such item, it belongs to another chapter, or a value is not finite or of another
            type.
        """
        items = load_items()
        for item, value in _pairs("pairs", pairs):
            if not isinstance(item, str) or item not in items or items[item].chapter != self.path:
                raise checks.invalid("pairs", item, f"an item of the ledger whose chapter is {self.path!r}")
            # more digits differ between processors
            kept = value if isinstance(value, (bool, str)) else float(f"{checks.real('pairs', value):.6g}")
            self._values[item] = kept
        folder = _record_folder("ledger")
        if folder:
            target = folder / f"{self.path}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(self._values, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def ledger(self, *items: str) -> Table:
        """Return "the paper says / we get / status" for items recorded in this run.

        Parameters
        ----------
        *items : str
            Ids, in the order of the table; all recorded ones by default.

        Returns
        -------
        Table

        Raises
        ------
        InvalidInput
            If an item has not been recorded, or none has.
        """
        if not items and not self._values:
            raise InvalidInput(f"items of {self.path}: none has been recorded, must be at least one")
        rows = []
        known = load_items()
        for item in items or tuple(self._values):
            if item not in self._values:
                raise checks.invalid("items", item, "recorded before, by chapter.record")
            line, value = known[item], self._values[item]
            rows.append([line.what, _said(line.reported, line.unit), _said(value, line.unit), status(line, value)])
        return Table(["Item", "The paper says", "We get", "Status"], rows)

    @checks_arguments
    def experiment(
        self,
        name: ExperimentName,
        instance: Callable[..., Mapping[str, Any]],
        *,
        seed: Annotated[int, Whole(low=0)],
        size: Annotated[int, Whole(low=1)],
        **parameters: Any,
    ) -> dict[str, NDArray[Any]]:
        """Return the stored results of a large experiment, of which a random tenth is computed anew and compared.

        ``python tasks.py experiment CHAPTER NAME`` computes all instances and stores them beside the chapter. A
        tenth that takes more than 20 seconds ends there. Where a reader has changed `seed`, `size` or a
        parameter, the part computed here is returned instead, and a printed line says how large it is.

        Parameters
        ----------
        name : str
            Its name, such as ``exp-random-roads``.
        instance : callable
            ``instance(rng, **parameters)`` returns the named numbers or words of one instance, drawn from its own
            :class:`numpy.random.Generator`.
        seed : int
            Seed of all streams; at least 0.
        size : int
            How many instances.
        **parameters
            What else the instances depend on; numbers, words, or lists of them.

        Returns
        -------
        dict of str to numpy.ndarray
            One column a name, one entry an instance.

        Raises
        ------
        InvalidInput
            If an argument is not of that kind, an instance gives another number than is stored, or, in a run that
            is recorded, nothing is stored for this seed, size and these parameters.
        """
        path = Path(f"{self.path.split('/')[1]}-data") / f"{name}.json"  # a notebook runs in its own folder
        stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        current = setting(seed, size, parameters).items() <= stored.items()
        if not current and _record_folder("experiments"):
            command = f"python tasks.py experiment {self.path} {name}"
            raise InvalidInput(f"name = {name!r}: {path} is not of this seed, size and parameters, run `{command}`")
        drawn: dict[int, dict[str, float | str]] = {}
        begin = time.monotonic()
        for number in np.random.default_rng().permutation(size)[: -(-size // 10)].tolist():
            if not drawn or time.monotonic() - begin < SECONDS:
                drawn[number] = one_instance(instance, seed, number, parameters)
        ours = {key: np.array([row[key] for row in drawn.values()]) for key in next(iter(drawn.values()))}
        if not current:
            print(f"{name}: {len(drawn)} of {size} instances, computed here: others are stored, or none")
            return ours
        columns = {key: np.array(column) for key, column in stored["columns"].items()}
        faults = differing(ours, {key: column[list(drawn)] for key, column in columns.items()})
        if faults:
            numbers = ", ".join(map(str, sorted(drawn)[:5]))
            raise InvalidInput(
                f"name = {name!r}: {faults} is not what is stored, in instances such as {numbers}; "
                "what an instance depends on is one of its parameters"
            )
        return columns

    def quote(self, *pairs: Any) -> None:
        """Assert that numbers quoted in the prose are the values computed, rounded as they stand there.

        Parameters
        ----------
        *pairs : float and str
            What was computed, and how the prose says it, such as ``"0.457"`` or ``"12 %"``; a percentage is of 1.
            As many pairs as there are.

        Raises
        ------
        InvalidInput
            If a value is not finite, or a text holds no number or, in a run that is recorded, another one.
        """
        for value, text in _pairs("pairs", pairs):
            if not _says(checks.text("pairs", text), checks.real("pairs", value)):
                _missed(f"the prose says {text}, but the value is {float(value):.6g}")

    @checks_arguments
    def claim(self, holds: bool, words: str) -> None:
        """Assert what the prose says of this instance, which another choice of parameters may end.

        Parameters
        ----------
        holds : bool
            Whether it is so.
        words : str
            What the prose says.

        Raises
        ------
        InvalidInput
            If it does not hold, in a run that is recorded.
        """
        if not holds:
            _missed(f"the prose says: {words}; it is not so")

    def _store(self, data: FigureData) -> None:
        folder = _record_folder("figures")
        if folder:
            target = folder / self.path / f"{data.name}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(data.to_csv(), encoding="utf-8")


def _pairs(name: str, given: Sequence[Any]) -> list[tuple[Any, Any]]:
    if not given or len(given) % 2:
        raise checks.invalid(name, given, "pairs: an even number of arguments, at least two")
    return list(zip(given[::2], given[1::2], strict=True))


def _missed(words: str) -> None:
    """End a run that is recorded; tell a reader who has changed a parameter."""
    if _record_folder(""):
        raise InvalidInput(f"{words}: correct the prose, or the cell")
    print(f"At these parameters {words}.")


def _says(text: str, value: float) -> bool:
    """Return whether a number in words is `value`, rounded as it stands there."""
    match = re.fullmatch(r"\s*(-?[\d,\u202f ]*\d(?:\.(\d+))?(?:e(-?\d+))?)\s*(%?)\s*", text)
    said = float(re.sub(r"[,\u202f ]", "", match[1])) if match else math.nan
    if match is None or not math.isfinite(said):
        raise checks.invalid("pairs", text, "a number such as '0.457' or '12 %', not too large to compute with")
    ours = value * (100.0 if match[4] else 1.0)
    half = 0.5 * 10.0 ** (int(match[3] or 0) - len(match[2] or ""))
    return abs(said - ours) <= half * (1 + 1e-9)


def setting(seed: int, size: int, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the results of an experiment belong to, as it is stored."""
    try:
        known: dict[str, Any] = json.loads(json.dumps(dict(parameters)))
    except TypeError:
        raise checks.invalid("parameters", parameters, "numbers, words, or lists of them") from None
    return {"seed": seed, "size": size, "parameters": known}


def one_instance(
    instance: Callable[..., Mapping[str, Any]], seed: int, number: int, parameters: Mapping[str, Any]
) -> dict[str, float | str]:
    """Return what an experiment's instance of that number gives, drawn from a stream of its own."""
    given = instance(np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,))), **parameters)
    if not isinstance(given, Mapping) or not given:
        raise checks.invalid("instance", instance, "a function that returns named numbers or words")
    words = {key: value for key, value in given.items() if isinstance(value, str)}
    numbers = {k: checks.real(f"instance, {k}", v + 0.0) for k, v in given.items() if k not in words}
    return {key: words[key] if key in words else float(f"{numbers[key]:.{DIGITS}g}") for key in given}


def _record_folder(kind: str) -> Path | None:
    record = os.environ.get("V2G_RECORD")
    return Path(record) / kind if record else None


def _said(value: Value | None, unit: str) -> str:
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return f"{value:.4g} {unit}".rstrip()
